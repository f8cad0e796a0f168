//! Ids as they stand in rows: UUIDs and hashes in hexadecimal take half the bytes of their text or less.
//!
//! Invariant: the text that comes out is the text that went in, byte for byte; what could come out otherwise, such as a UUID in
//! capitals, is left as it is. A short id is never made shorter: its row has room for it, and it is looked at most often.

/// The longest id that every row has room for.
pub(super) const NARROW_MAX: usize = 23;
/// The longest id, as it stands there, that a row can have.
pub(super) const WIDE_MAX: usize = 35;

/// The longest text of an id that stands in a row.
const TEXT_MAX: usize = 2 * WIDE_MAX;
const UUID_TEXT: usize = 36;
const UUID_BYTES: usize = 16;
/// Where a UUID's text has hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// What an id's bytes in a row mean. In the row it is one byte, the last of the id's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// There is no customer in the row.
    Nobody,
    /// The text itself, of so many bytes.
    Text(usize),
    /// So many bytes, written in the text as two lower-case digits each.
    Hex(usize),
    /// The sixteen bytes of a UUID in lower case with its hyphens.
    Uuid,
    /// The id stands elsewhere.
    Long,
}

impl Form {
    const HEX: u8 = 128;
    const UUID: u8 = 254;
    const LONG: u8 = 255;

    #[inline]
    pub(super) fn of(mark: u8) -> Self {
        match mark {
            0 => Self::Nobody,
            1..Self::HEX => Self::Text(usize::from(mark)),
            Self::HEX..Self::UUID => Self::Hex(usize::from(mark - Self::HEX)),
            Self::UUID => Self::Uuid,
            Self::LONG => Self::Long,
        }
    }

    pub(super) fn mark(self) -> u8 {
        match self {
            Self::Nobody => 0,
            Self::Text(bytes) => bytes as u8,
            Self::Hex(bytes) => Self::HEX + bytes as u8,
            Self::Uuid => Self::UUID,
            Self::Long => Self::LONG,
        }
    }

    /// Bytes that stand in the row.
    #[inline]
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Nobody | Self::Long => 0,
            Self::Text(bytes) | Self::Hex(bytes) => bytes,
            Self::Uuid => UUID_BYTES,
        }
    }
}

const _: () = assert!(WIDE_MAX < Form::HEX as usize && WIDE_MAX < (Form::UUID - Form::HEX) as usize);

/// The form of an id, which is not empty, and the bytes that stand in its row.
pub(super) fn pack(id: &str) -> (Form, [u8; WIDE_MAX]) {
    let (text, mut bytes) = (id.as_bytes(), [0; WIDE_MAX]);
    let form = match text.len() {
        0..=NARROW_MAX => None,
        UUID_TEXT if HYPHENS.iter().all(|&place| text[place] == b'-') => {
            let digits = text.iter().enumerate().filter(|(place, _)| !HYPHENS.contains(place)).map(|(_, digit)| *digit);
            pack_hex(digits, &mut bytes).then_some(Form::Uuid)
        }
        length if length <= TEXT_MAX && length % 2 == 0 => {
            pack_hex(text.iter().copied(), &mut bytes).then_some(Form::Hex(length / 2))
        }
        _ => None,
    };
    let form = form.unwrap_or_else(|| {
        bytes = [0; WIDE_MAX];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                Form::Text(text.len())
            }
            None => Form::Long,
        }
    });
    (form, bytes)
}

/// Whether these are lower-case digits all, an even number, two of which then are in each byte.
fn pack_hex(mut digits: impl Iterator<Item = u8>, bytes: &mut [u8]) -> bool {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for byte in bytes {
        let Some(high) = digits.next() else { return true };
        let low = digits.next().and_then(value);
        match (value(high), low) {
            (Some(high), Some(low)) => *byte = high << 4 | low,
            _ => return false,
        }
    }
    digits.next().is_none()
}

/// Where an id's text is written when it does not stand in the row as it is.
pub(super) struct Scratch([u8; TEXT_MAX]);

impl Scratch {
    pub(super) fn new() -> Self {
        Self([0; TEXT_MAX])
    }

    /// The text of bytes that are half of it.
    #[inline]
    pub(super) fn hex(&mut self, bytes: &[u8]) -> &[u8] {
        let text = &mut self.0[..2 * bytes.len()];
        for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
            *pair = digits(*byte);
        }
        text
    }

    /// The text of a UUID.
    #[inline]
    pub(super) fn uuid(&mut self, bytes: &[u8]) -> &[u8] {
        const GROUPS: [(usize, usize, usize); 5] = [(0, 0, 4), (9, 4, 6), (14, 6, 8), (19, 8, 10), (24, 10, 16)];
        let text = &mut self.0[..UUID_TEXT];
        HYPHENS.iter().for_each(|&place| text[place] = b'-');
        for (place, from, to) in GROUPS {
            for (pair, byte) in text[place..].as_chunks_mut().0.iter_mut().zip(&bytes[from..to]) {
                *pair = digits(*byte);
            }
        }
        text
    }
}

#[inline(always)]
fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|value| value + if value < 10 { b'0' } else { b'a' - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The form of an id, whose text must come out as it went in.
    fn form(id: &str) -> Form {
        let (form, bytes) = pack(id);
        assert_eq!(Form::of(form.mark()), form);
        let (there, mut scratch) = (&bytes[..form.bytes()], Scratch::new());
        match form {
            Form::Text(_) => assert_eq!(there, id.as_bytes()),
            Form::Hex(_) => assert_eq!(scratch.hex(there), id.as_bytes()),
            Form::Uuid => assert_eq!(scratch.uuid(there), id.as_bytes()),
            Form::Long => assert!(id.len() > WIDE_MAX),
            Form::Nobody => unreachable!("an id is somebody's"),
        }
        form
    }

    #[test]
    fn uuids_and_hashes_in_lower_case_take_half_their_text() {
        assert_eq!(form("c00000001"), Form::Text(9));
        assert_eq!(form("18446744073709551615"), Form::Text(20));
        assert_eq!(form("0f8fad5b-d9cb-469f-a165-70867728950e"), Form::Uuid);
        assert_eq!(form("d41d8cd98f00b204e9800998ecf8427e"), Form::Hex(16));
        assert_eq!(form("da39a3ee5e6b4b0d3255bfef95601890afd80709"), Form::Hex(20));
        assert_eq!(form(&"0123456789abcdef".repeat(4)), Form::Hex(32));
    }

    #[test]
    fn what_would_come_out_otherwise_is_left_as_it_is() {
        for id in [
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "0f8fad5b-d9cb-469f-a165-70867728950E",
            "0f8fad5bd-9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950-",
            "{0f8fad5b-d9cb-469f-a165-70867728950}",
            &"0123456789abcdef".repeat(4).to_uppercase(),
            &("0".repeat(63) + "g"),
        ] {
            assert_eq!(form(id), Form::Long, "{id}");
        }
        assert_eq!(form("d41d8cd98f00b204e9800998ecf8427E"), Form::Text(32));
        assert_eq!(form("d41d8cd98f00b204e9800998ecf8427"), Form::Text(31));
    }

    #[test]
    fn lengths_about_what_a_row_has_room_for() {
        for length in 1..=NARROW_MAX {
            assert_eq!(form(&"a".repeat(length)), Form::Text(length));
        }
        for length in NARROW_MAX + 1..=TEXT_MAX + 2 {
            let expected = match length {
                _ if length % 2 == 0 && length <= TEXT_MAX => Form::Hex(length / 2),
                _ if length <= WIDE_MAX => Form::Text(length),
                _ => Form::Long,
            };
            assert_eq!(form(&"a".repeat(length)), expected);
            assert_eq!(form(&"x".repeat(length)), if length <= WIDE_MAX { Form::Text(length) } else { Form::Long });
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_out_as_it_went_in(
            id in "[0-9a-f]{1,80}|[0-9a-fA-F]{24,40}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-fA-F-]{36}|.{1,40}",
        ) {
            form(&id);
        }
    }
}
