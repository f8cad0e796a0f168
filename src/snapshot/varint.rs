//! Numbers in as few bytes as they need: LEB128, zigzag for signed ones.

/// Appends an unsigned number.
pub fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number.
pub fn put_signed(value: i64, out: &mut Vec<u8>) {
    put(((value << 1) ^ (value >> 63)) as u64, out);
}

/// Takes an unsigned number off the front; `None` if the bytes end too early or the number is too long.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        if shift == 63 && low > 1 {
            return None;
        }
        value |= low << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Takes a signed number off the front.
pub fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
}

/// Appends a text with its length.
pub fn put_text(text: &str, out: &mut Vec<u8>) {
    put(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Takes a text off the front.
pub fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(take(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(value: u64, signed: i64) {
            let mut out = Vec::new();
            put(value, &mut out);
            put_signed(signed, &mut out);
            put_text("é", &mut out);
            let mut bytes = out.as_slice();
            prop_assert_eq!(take(&mut bytes), Some(value));
            prop_assert_eq!(take_signed(&mut bytes), Some(signed));
            prop_assert_eq!(take_text(&mut bytes), Some("é"));
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn bytes_that_end_too_early_are_refused(value in 128_u64.., cut in 1_usize..9) {
            let mut out = Vec::new();
            put(value, &mut out);
            let end = out.len().saturating_sub(cut).min(out.len() - 1);
            prop_assert_eq!(take(&mut &out[..end]), None);
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert_eq!(take(&mut [0xff; 10].as_slice()), None);
    }
}
