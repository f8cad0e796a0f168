//! What customers are called: ids of one kind, all of the same length.

use std::io::Write as _;

/// A kind of id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// `c00000001`, as in the job.
    Short,
    /// A number of 64 bits, in 19 digits.
    Number,
    /// A random UUID in its 36 characters.
    Uuid,
    /// A hash of 32 bytes in hexadecimal, as SHA-256 of an e-mail address would be.
    Hash,
}

impl Ids {
    pub const ALL: [Self; 4] = [Self::Short, Self::Number, Self::Uuid, Self::Hash];

    pub fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Number => "number",
            Self::Uuid => "uuid",
            Self::Hash => "hash",
        }
    }

    /// Characters of an id.
    pub fn bytes(self) -> usize {
        match self {
            Self::Short => 9,
            Self::Number => 19,
            Self::Uuid => 36,
            Self::Hash => 64,
        }
    }

    /// The id of a customer.
    pub fn of(self, customer: u64) -> String {
        let mut id = Vec::new();
        self.push(customer, &mut id);
        String::from_utf8(id).expect("letters and digits")
    }

    /// Writes the id of a customer behind what is there.
    pub fn push(self, customer: u64, ids: &mut Vec<u8>) {
        let word = |number: u64| mixed(customer * 4 + number);
        let done = match self {
            Self::Short => {
                let (mut id, mut rest) = (*b"c00000000", customer);
                for digit in id[1..].iter_mut().rev() {
                    *digit = b'0' + (rest % 10) as u8;
                    rest /= 10;
                }
                ids.write_all(&id)
            }
            Self::Number => write!(ids, "{}", 1_000_000_000_000_000_000 + word(0) % 8_000_000_000_000_000_000),
            Self::Uuid => {
                let (high, low) = (word(0), word(1));
                let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
                let (fourth, fifth) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
                write!(ids, "{first:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{fifth:012x}")
            }
            Self::Hash => (0..4).try_for_each(|number| write!(ids, "{:016x}", word(number))),
        };
        done.expect("memory takes what is written");
    }
}

/// A number that looks like chance.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
