//! Eight bytes looked at together, in a word whose lowest byte is the first of them.

const ONES: u64 = u64::from_le_bytes([1; 8]);

/// A bit for each byte of a word that is less than a limit of at most 128: of the first of them, and perhaps of some behind it
/// that are not. (Subtracting borrows into the top bit; a borrow may reach further, but only from a byte that was found.)
#[inline(always)]
pub(crate) fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(limit)) & !word & (ONES << 7)
}

/// The same for each byte that is this one.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// The place of the first byte that has a bit; eight if none has.
#[inline(always)]
pub(crate) fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_of_equal_bytes_is_found(bytes in prop::array::uniform8(b'Y'..=b'^'), byte in b'X'..=b'_') {
            let place = bytes.iter().position(|other| *other == byte).unwrap_or(8);
            prop_assert_eq!(first(equal(u64::from_le_bytes(bytes), byte)), place);
        }
    }
}
