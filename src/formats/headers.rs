//! The headers of a record, asked for by those few who need them.

use std::fmt;

/// The headers of a record.
pub trait Headers: fmt::Debug {
    /// All of them, in their order: copied, because hardly ever asked for.
    fn all(&self) -> Vec<(String, Option<Vec<u8>>)>;

    /// The value of the last header of that name, in whatever case it is written.
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let all = self.all();
        all.into_iter().rev().find(|(own, _)| own.eq_ignore_ascii_case(name)).and_then(|(_, value)| value)
    }
}

/// There are none.
#[derive(Debug, Clone, Copy)]
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn all(&self) -> Vec<(String, Option<Vec<u8>>)> {
        Vec::new()
    }
}

impl Headers for Vec<(String, Option<Vec<u8>>)> {
    fn all(&self) -> Vec<(String, Option<Vec<u8>>)> {
        self.clone()
    }
}
