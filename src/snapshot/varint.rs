//! Numbers in as few bytes as they need: LEB128, zigzag for signed ones.

/// The lowest bit of each of eight bytes.
const ONES: u64 = u64::from_le_bytes([1; 8]);
/// The highest bit of each of eight bytes: set where a number goes on.
const TOPS: u64 = ONES << 7;

/// The most bytes that a number takes.
pub const BYTES_MAX: usize = 10;

/// Appends an unsigned number.
pub fn put(value: u64, out: &mut Vec<u8>) {
    let mut room = [0; BYTES_MAX];
    let mut pen = Pen::new(&mut room);
    pen.number(value);
    let length = pen.written();
    out.extend_from_slice(&room[..length]);
}

/// Writes into room that was made before, so that there is no look at a vector's capacity for every number.
pub struct Pen<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl<'a> Pen<'a> {
    /// Begins at the front. There must be room for [`BYTES_MAX`] bytes behind whatever is written.
    pub fn new(room: &'a mut [u8]) -> Self {
        Self { room, at: 0 }
    }

    /// How many bytes are written.
    pub fn written(&self) -> usize {
        self.at
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.room[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Writes a few bytes, so few that there is no call for copying them.
    #[inline]
    pub fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.room[self.at..].first_chunk_mut().expect("there is room behind whatever is written") = bytes;
        self.at += N;
    }

    /// Writes words as they are, each lowest byte first.
    #[inline]
    pub fn words(&mut self, words: &[u32]) {
        let end = self.at + words.len() * 4;
        let (places, _) = self.room[self.at..end].as_chunks_mut();
        places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_le_bytes());
        self.at = end;
    }

    /// Writes an unsigned number.
    #[inline(always)]
    pub fn number(&mut self, value: u64) {
        if value < 0x80 {
            self.room[self.at] = value as u8;
            self.at += 1;
        } else if value < 1 << 56 {
            // All eight bytes are written, and those behind the number written over by what comes next.
            let spread = spread(value);
            let length = 8 - spread.leading_zeros() as usize / 8;
            let goes_on = TOPS & ((1 << (8 * (length - 1))) - 1);
            self.fixed((spread | goes_on).to_le_bytes());
            self.at -= 8 - length;
        } else {
            self.long_number(value);
        }
    }

    /// Writes a signed number.
    #[inline(always)]
    pub fn signed(&mut self, value: i64) {
        self.number(zigzag(value));
    }

    #[cold]
    fn long_number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.fixed([value as u8 | 0x80]);
            value >>= 7;
        }
        self.fixed([value as u8]);
    }
}

/// Moves 56 bits apart, so that seven stand in each byte, lowest first: halves, then quarters, then eighths.
fn spread(value: u64) -> u64 {
    let halves = (value & 0x0fff_ffff) | (value & 0x00ff_ffff_f000_0000) << 4;
    let quarters = (halves & 0x0000_3fff_0000_3fff) | (halves & 0x0fff_c000_0fff_c000) << 2;
    (quarters & 0x007f_007f_007f_007f) | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// Moves seven bits of each of eight bytes together.
fn gather(bytes: u64) -> u64 {
    let quarters = (bytes & 0x007f_007f_007f_007f) | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let halves = (quarters & 0x0000_3fff_0000_3fff) | (quarters & 0x3fff_0000_3fff_0000) >> 2;
    (halves & 0x0fff_ffff) | (halves & 0x0fff_ffff_0000_0000) >> 4
}

/// Appends a signed number.
pub fn put_signed(value: i64, out: &mut Vec<u8>) {
    put(zigzag(value), out);
}

/// Small numbers of either sign as small ones without.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Takes an unsigned number off the front; `None` if the bytes end too early or the number is too long.
#[inline(always)]
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    // Of a small number, and most are small, it is known where it ends before it is looked at closely: what comes behind it
    // need not wait.
    if let Some((&byte, rest)) = bytes.split_first()
        && byte < 0x80
    {
        *bytes = rest;
        return Some(u64::from(byte));
    }
    take_some(bytes)
}

/// The same for a number of several bytes.
#[inline]
fn take_some(bytes: &mut &[u8]) -> Option<u64> {
    if let Some(eight) = bytes.first_chunk() {
        let eight = u64::from_le_bytes(*eight);
        let last = (!eight & TOPS).trailing_zeros();
        if last < 64 {
            *bytes = &bytes[last as usize / 8 + 1..];
            return Some(gather(eight & u64::MAX >> (63 - last)));
        }
    }
    take_slowly(bytes)
}

/// The same byte by byte, for numbers of more than eight bytes, or near the end.
fn take_slowly(bytes: &mut &[u8]) -> Option<u64> {
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
    fn numbers_around_every_length_are_written_as_leb128_and_come_back() {
        for bits in 0..64 {
            for value in [(1 << bits) - 1, 1 << bits, (1 << bits) + 1, u64::MAX >> bits] {
                let (mut out, mut plain, mut rest) = (b"before".to_vec(), b"before".to_vec(), value);
                put(value, &mut out);
                while rest >= 0x80 {
                    plain.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                plain.push(rest as u8);
                assert_eq!(out, plain, "{value}");
                for behind in [0, 1, 8] {
                    let bytes = [&plain[6..], &vec![0x80; behind]].concat();
                    let mut bytes = bytes.as_slice();
                    assert_eq!((take(&mut bytes), bytes.len()), (Some(value), behind), "{value}");
                }
            }
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert_eq!(take(&mut [0xff; 10].as_slice()), None);
    }
}
