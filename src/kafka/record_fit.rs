//! What of a dead letter is written when it is larger than a record may be: a record that cannot be written would stop the
//! partition for good, so something has to give, and the record says what.

/// How many bytes of each part are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// Bytes of the key.
    pub(super) key: usize,
    /// Bytes of the value.
    pub(super) value: usize,
    /// Whether the headers are kept.
    pub(super) headers: bool,
}

impl Fit {
    /// Cuts the value first, then drops the headers, then cuts the key, until all fit into `limit` bytes.
    pub(super) fn into(limit: usize, key: usize, value: usize, headers: usize) -> Fit {
        let keep_headers = key.saturating_add(headers) <= limit;
        let left = limit - if keep_headers { headers } else { 0 };
        let key = key.min(left);
        Fit { key, value: value.min(left - key), headers: keep_headers }
    }

    /// What is missing, in words; `None` if nothing is.
    pub(super) fn missing(self, key: usize, value: usize) -> Option<String> {
        let mut cuts = Vec::new();
        if self.value < value {
            cuts.push(format!("value: the first {} of {value} bytes", self.value));
        }
        if !self.headers {
            cuts.push("headers left out".to_owned());
        }
        if self.key < key {
            cuts.push(format!("key: the first {} of {key} bytes", self.key));
        }
        (!cuts.is_empty()).then(|| cuts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_whole_and_the_value_gives_first() {
        #[track_caller]
        fn check(
            limit: usize,
            (key, value, headers): (usize, usize, usize),
            expected: (usize, usize, bool),
            said: Option<&str>,
        ) {
            let fit = Fit::into(limit, key, value, headers);
            assert_eq!((fit.key, fit.value, fit.headers), expected);
            assert_eq!(fit.missing(key, value).as_deref(), said);
            assert!(fit.key + fit.value + if fit.headers { headers } else { 0 } <= limit);
        }
        check(100, (10, 60, 30), (10, 60, true), None);
        check(100, (10, 61, 30), (10, 60, true), Some("value: the first 60 of 61 bytes"));
        check(100, (70, 61, 30), (70, 0, true), Some("value: the first 0 of 61 bytes"));
        check(100, (71, 61, 30), (71, 29, false), Some("value: the first 29 of 61 bytes; headers left out"));
        check(100, (101, 0, 0), (100, 0, false), Some("headers left out; key: the first 100 of 101 bytes"));
    }
}
