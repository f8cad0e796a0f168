//! Numbers, times and texts as they stand in JSON, written by hand: every transition has a dozen of them, and the general
//! ways of writing them cost more than everything else about it.
//!
//! Invariant: the bytes are those that `serde_json` and `jiff` write.

use std::ops::Range;

use crate::formats::swar;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// From the first moment of the year 1 to the last second but one that `jiff` has (it leaves room for offsets at the end of
/// the year 9999).
const PLAIN_TIMES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_199_999;
/// Days from March 1st of the year 0 to the first of January 1970.
const DAYS_TO_1970: i64 = 719_468;
/// Days of four centuries, of one (but the last of four), of four years (but the last of a century), and of a year.
const DAYS: [u32; 4] = [146_097, 36_524, 1_461, 365];

/// The two digits of every number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// The two hexadecimal digits of every byte.
const HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// A number of 128 bits as 32 hexadecimal digits.
pub fn hex(number: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair.copy_from_slice(&HEX[usize::from(byte)]);
    }
    digits
}

/// Appends a whole number.
pub fn whole(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a number that may have a fraction.
pub fn number(number: f64, out: &mut Vec<u8>) {
    // Counters are whole numbers and read better without a fraction.
    if number.fract() == 0.0 && number.abs() < 1e15 {
        whole(number as i64, out);
    } else {
        serde_json::to_writer(out, &number).expect("writing to memory does not fail");
    }
}

/// Appends a time as RFC 3339 has it, in UTC with milliseconds and without quotes.
pub fn time(at: i64, out: &mut Vec<u8>) {
    if PLAIN_TIMES.contains(&at) {
        out.extend_from_slice(&plain_time(at));
        return;
    }
    match jiff::Timestamp::from_millisecond(at) {
        Ok(time) => out.extend_from_slice(format!("{time:.3}").as_bytes()),
        // Only reachable for a timer centuries away; the number is still a time.
        Err(_) => whole(at, out),
    }
}

/// A time of a year with four digits.
fn plain_time(at: i64) -> [u8; 24] {
    let (year, month, day) = civil(at.div_euclid(DAY_MS));
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut pair = |place: usize, number: u32| text[place..place + 2].copy_from_slice(&PAIRS[number as usize]);
    let milliseconds = at.rem_euclid(DAY_MS) as u32;
    let seconds = milliseconds / 1_000;
    pair(0, year / 100);
    pair(2, year % 100);
    pair(5, month);
    pair(8, day);
    pair(11, seconds / 3_600);
    pair(14, seconds / 60 % 60);
    pair(17, seconds % 60);
    let fraction = milliseconds % 1_000;
    pair(20, fraction / 10);
    text[22] = b'0' + (fraction % 10) as u8;
    text
}

/// Year, month and day of a day after 1970-01-01. Years begin in March here, so that a leap day is the last of its year, and
/// each stretch of years has all its days but, at times, the last.
fn civil(day: i64) -> (u32, u32, u32) {
    let day = (day + DAYS_TO_1970) as u32;
    let [four_centuries, century, four_years, year] = DAYS;
    let (age, day) = (day / four_centuries, day % four_centuries);
    let centuries = (day / century).min(3);
    let day = day - centuries * century;
    let (fours, day) = (day / four_years, day % four_years);
    let years = (day / year).min(3);
    let day = day - years * year;
    // From March on, months of 31, 30, 31, 30, 31 days follow each other: 153 days for five.
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (age * 400 + centuries * 100 + fours * 4 + years + next, month, day)
}

/// Appends a text with its quotes. If it stands there as it is, without a backslash: where, between the quotes.
pub fn text(text: &str, out: &mut Vec<u8>) -> Option<Range<u32>> {
    if !is_plain(text.as_bytes()) {
        serde_json::to_writer(out, text).expect("writing to memory does not fail");
        return None;
    }
    out.push(b'"');
    let start = out.len() as u32;
    out.extend_from_slice(text.as_bytes());
    let end = out.len() as u32;
    out.push(b'"');
    Some(start..end)
}

/// Whether no byte of a text needs a backslash in JSON: quotes, backslashes and what is below a space do.
fn is_plain(bytes: &[u8]) -> bool {
    let Some(&last) = bytes.last_chunk() else {
        return bytes.iter().all(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    };
    // The last eight may overlap those before: looking twice does no harm.
    let (eights, _) = bytes.as_chunks();
    are_plain(last) && eights.iter().all(|&eight| are_plain(eight))
}

/// The same of eight bytes at once.
fn are_plain(eight: [u8; 8]) -> bool {
    let bytes = u64::from_le_bytes(eight);
    (swar::below(bytes, b' ') | swar::equal(bytes, b'"') | swar::equal(bytes, b'\\')) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("what is written is UTF-8")
    }

    #[track_caller]
    fn check_time(at: i64) {
        let expected =
            jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |time| format!("{time:.3}"));
        assert_eq!(written(|out| time(at, out)), expected, "{at}");
    }

    fn midnight(year: i16, month: i8, day: i8) -> Option<i64> {
        let midnight = jiff::civil::date(year, month, day).at(0, 0, 0, 0);
        jiff::tz::TimeZone::UTC.to_timestamp(midnight).ok().map(|time| time.as_millisecond())
    }

    #[test]
    fn times_around_every_new_year_and_leap_day_are_written_as_they_are_by_jiff() {
        let mut days = 0;
        for year in 1..=9999_i16 {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let Some(start) = midnight(year, month, day) else { continue };
                for at in [start - 1, start, start + DAY_MS - 1, start + DAY_MS] {
                    check_time(at);
                }
                days += 1;
            }
        }
        assert!(days >= 4 * 9998, "{days}");
    }

    #[test]
    fn times_at_the_edges_are_written_as_they_are_by_jiff_or_as_a_number() {
        let (first, last) = (*PLAIN_TIMES.start(), *PLAIN_TIMES.end());
        let beyond = jiff::Timestamp::MAX.as_millisecond();
        assert_eq!(Some(first), midnight(1, 1, 1));
        [first, last, beyond, 0, -1].into_iter().flat_map(|at| [at - 1, at, at + 1]).for_each(check_time);
        [i64::MIN, i64::MAX, jiff::Timestamp::MIN.as_millisecond()].into_iter().for_each(check_time);
    }

    #[test]
    fn a_text_stands_as_it_is_unless_a_byte_needs_a_backslash_wherever_it_is() {
        for length in 0..20 {
            for place in 0..length {
                for byte in 0..0x80_u8 {
                    let mut bytes = vec![b'~'; length];
                    bytes[place] = byte;
                    let plain = String::from_utf8(bytes).expect("ASCII");
                    let mut out = b"before".to_vec();
                    let range = text(&plain, &mut out);
                    let expected = serde_json::to_string(&plain).expect("a text is JSON");
                    assert_eq!(&out[6..], expected.as_bytes(), "{plain:?}");
                    let found = range.map(|range| &out[range.start as usize..range.end as usize]);
                    assert_eq!(found, (expected.len() == length + 2).then_some(plain.as_bytes()), "{plain:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn everything_is_written_as_it_always_was(at: i64, id: u128, count: i64, value: f64, string: String) {
            let at = at % (2 * jiff::Timestamp::MAX.as_millisecond());
            check_time(at);
            prop_assert_eq!(hex(id).to_vec(), format!("{id:032x}").into_bytes());
            prop_assert_eq!(written(|out| whole(count, out)), count.to_string());
            prop_assert_eq!(written(|out| _ = text(&string, out)), serde_json::to_string(&string).expect("JSON"));
            let plain = if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).to_string() } else {
                serde_json::to_string(&value).expect("JSON")
            };
            prop_assert_eq!(written(|out| number(value, out)), plain);
            prop_assert_eq!(written(|out| number(count as f64, out)).parse::<f64>().expect("a number"), count as f64);
        }
    }
}
