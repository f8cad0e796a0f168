//! When something happened: the times that are believed, and RFC 3339.
//!
//! Invariant: a time that leaves here is in milliseconds since 1970-01-01T00:00:00Z and between [`EARLIEST_MS`] and
//! [`END_MS`]. RFC 3339 is read by hand because it stands in nearly every record, and because general parsers also
//! take what is not RFC 3339.

use crate::journey::Reject;

/// The first moment an event may have: 1990-01-01T00:00:00Z.
pub const EARLIEST_MS: i64 = 631_152_000_000;
/// The first moment an event may not have any more: 2100-01-01T00:00:00Z.
pub const END_MS: i64 = 4_102_444_800_000;

/// Where an event's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// From the event itself.
    #[default]
    Event,
    /// The record's timestamp.
    Record,
}

/// The time, if it is one that an event may have.
pub(super) fn believable(ms: i64) -> Option<i64> {
    (EARLIEST_MS..END_MS).contains(&ms).then_some(ms)
}

/// The record's timestamp as the time of its event.
pub(super) fn record_time(timestamp: i64) -> Result<i64, Reject> {
    const PLACE: &str = "the record's timestamp";
    match timestamp {
        -1 => Err(Reject::NoTime(PLACE.into())),
        ms => believable(ms).ok_or_else(|| Reject::BadTime(format!("{PLACE} is {ms}"))),
    }
}

/// A date and time as RFC 3339 has it, with any offset and any number of decimals; what is finer than a millisecond is
/// cut off. A leap second (`:60`) is refused: no clock that counts from 1970 has a number for it.
pub(super) fn rfc3339(text: &str) -> Option<i64> {
    let (at, separator, rest) = date_and_time(text)?;
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    match rest {
        // Nearly all.
        [b'.', a, b, c, b'Z'] => Some(at + digits(&[*a, *b, *c])?),
        _ => Some(at + millis_behind(rest)?),
    }
}

/// `2025-01-03T10:00:00`, with this between date and time, and a fraction of a second if it may have one: a time of UTC that
/// does not say so.
pub(super) fn of_utc(text: &str, separator: u8, may_have_fraction: bool) -> Option<i64> {
    let (at, between, rest) = date_and_time(text)?;
    let (millis, rest) = if may_have_fraction { fraction(rest)? } else { (0, rest) };
    (between == separator && rest.is_empty()).then_some(at + millis)
}

/// The time that the first nineteen characters say if they are of UTC, what is between its date and time, and what follows.
#[inline(always)]
fn date_and_time(text: &str) -> Option<(i64, u8, &[u8])> {
    let (stamp, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let eight = |from: usize| stamp[from..].first_chunk().expect("nineteen bytes have eight behind the eleventh");
    let century = digits(&stamp[..2])?;
    let [year, month, day] = three_pairs(eight(2), b'-')?;
    let [hour, minute, second] = three_pairs(eight(11), b':')?;
    let year = century as u32 * 100 + year;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if !(1..=12).contains(&month) || day < 1 || (day > 28 && day > days_in_month(year, month)) {
        return None;
    }
    let of_day = (hour * 60 + minute) * 60 + second;
    let at = (i64::from(days_since_1970(year, month, day)) * 86_400 + i64::from(of_day)) * 1000;
    Some((at, stamp[10], rest))
}

/// What a fraction and an offset, of any kind there is, add to a time.
#[cold]
fn millis_behind(bytes: &[u8]) -> Option<i64> {
    let (millis, rest) = fraction(bytes)?;
    Some(millis - offset(rest)? * 60_000)
}

/// Three numbers of two digits each with a sign in between, as `23:59:58`; all are asked and read at once.
#[inline(always)]
fn three_pairs(bytes: &[u8; 8], between: u8) -> Option<[u32; 3]> {
    // What is added to a byte so that its highest bit shows whether it is more than nine, or than zero.
    const TO_128: u64 = u64::from_le_bytes([118, 118, 127, 118, 118, 127, 118, 118]);
    const HIGHEST: u64 = u64::from_le_bytes([128; 8]);
    let zeros = u64::from_le_bytes([b'0', b'0', between, b'0', b'0', between, b'0', b'0']);
    // Digits become their numbers this way and no other bytes become so little; the signs become zero.
    let values = u64::from_le_bytes(*bytes) ^ zeros;
    // Should a byte of 128 or more carry into the next one, it shows by itself.
    if (values.wrapping_add(TO_128) | values) & HIGHEST != 0 {
        return None;
    }
    let pairs = values * 10 + (values >> 8);
    Some([pairs, pairs >> 24, pairs >> 48].map(|pair| (pair & 0xff) as u32))
}

/// `.123…` in milliseconds, if there is one, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(decimals) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let length = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (decimals, rest) = decimals.split_at(length);
    let millis = match decimals {
        [] => return None,
        [a] => digits(&[*a])? * 100,
        [a, b] => digits(&[*a, *b])? * 10,
        [a, b, c, ..] => digits(&[*a, *b, *c])?,
    };
    Some((millis, rest))
}

/// `Z` or `±hh:mm`, in minutes east of Greenwich.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let east = if *sign == b'+' { 1 } else { -1 };
            (hours <= 23 && minutes <= 59).then_some(east * (hours * 60 + minutes))
        }
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

#[inline(always)]
fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the years 0 to 9999. Years are counted from March, so that the leap day is the last,
/// and from four hundred years earlier, so that there is one before the year 0.
#[inline(always)]
fn days_since_1970(year: u32, month: u32, day: u32) -> i32 {
    const DAYS_OF_400_YEARS: i32 = 146_097;
    const DAYS_FROM_YEAR_0_TO_1970: i32 = 719_468;
    let (year, months_since_march) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let (leap_days, days_of_months) = (year / 4 - year / 100 + year / 400, (months_since_march * 153 + 2) / 5);
    (year * 365 + leap_days + days_of_months + day) as i32 - 1 - DAYS_OF_400_YEARS - DAYS_FROM_YEAR_0_TO_1970
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(rfc3339(text), expected, "{text}");
    }

    #[test]
    fn fractions_and_offsets_of_any_kind_are_read() {
        const NEW_YEAR: i64 = 1_735_689_600_000;
        check("2025-01-01T00:00:00Z", Some(NEW_YEAR));
        check("2025-01-01t00:00:00z", Some(NEW_YEAR));
        check("2025-01-01 00:00:00Z", Some(NEW_YEAR));
        check("2025-01-01T00:00:00.5Z", Some(NEW_YEAR + 500));
        check("2025-01-01T00:00:00.25Z", Some(NEW_YEAR + 250));
        check("2025-01-01T00:00:00.123Z", Some(NEW_YEAR + 123));
        check("2025-01-01T00:00:00.123999999999Z", Some(NEW_YEAR + 123));
        check("2025-01-01T01:30:00+01:30", Some(NEW_YEAR));
        check("2024-12-31T23:00:00.000-01:00", Some(NEW_YEAR));
        check("2025-01-01T00:00:00-00:00", Some(NEW_YEAR));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000));
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-01-01",
            "2025-01-01T00:00:00",
            "2025-01-01T00:00Z",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00,5Z",
            "2025-01-01T00:00:00Z ",
            " 2025-01-01T00:00:00Z",
            "2025-01-01T00:00:00Z[Europe/Amsterdam]",
            "2025-01-01T00:00:00+0100",
            "2025-01-01T00:00:00+24:00",
            "2025-01-01T00:00:00+01:60",
            "2025-02-29T00:00:00Z",
            "2025-04-31T00:00:00Z",
            "2025-00-01T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:60:00Z",
            "2016-12-31T23:59:60Z",
            "+2025-01-01T00:00:00Z",
            "2025-01-01T00:00:0éZ",
            "２025-01-01T00:00:00Z",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn only_1990_to_2100_is_believed() {
        assert_eq!(believable(rfc3339("1989-12-31T23:59:59.999Z").unwrap()), None);
        assert_eq!(believable(rfc3339("1990-01-01T00:00:00Z").unwrap()), Some(EARLIEST_MS));
        assert_eq!(believable(rfc3339("2099-12-31T23:59:59.999Z").unwrap()), Some(END_MS - 1));
        assert_eq!(believable(rfc3339("2100-01-01T00:00:00Z").unwrap()), None);
    }

    /// [`rfc3339`], digit by digit, and date by date since 1970.
    fn plainly(text: &str) -> Option<i64> {
        let (stamp, mut rest) = text.as_bytes().split_first_chunk::<19>()?;
        let number = |bytes: &[u8]| {
            bytes.iter().all(u8::is_ascii_digit).then(|| bytes.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
        };
        let is_separated = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')].iter().all(|(at, byte)| stamp[*at] == *byte);
        if !is_separated || !b"Tt ".contains(&stamp[10]) {
            return None;
        }
        let (year, month, day) = (number(&stamp[..4])?, number(&stamp[5..7])?, number(&stamp[8..10])?);
        let (hour, minute, second) = (number(&stamp[11..13])?, number(&stamp[14..16])?, number(&stamp[17..])?);
        let date = jiff::civil::Date::new(year as i16, month as i8, day as i8).ok()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut millis = 0;
        if let Some(decimals) = rest.strip_prefix(b".") {
            let length = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
            millis = number(&[&decimals[..length.min(3)], &b"000"[..3 - length.min(3)]].concat())?;
            rest = &decimals[length..];
            if length == 0 {
                return None;
            }
        }
        let east_min = match rest {
            b"Z" | b"z" => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 60 + minutes) * if *sign == b'+' { 1 } else { -1 }
            }
            _ => return None,
        };
        let days = date.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
        Some((((i64::from(days) * 24 + hour) * 60 + minute - east_min) * 60 + second) * 1000 + millis)
    }

    #[test]
    fn every_day_of_the_years_0_to_9999_is_one_more_than_the_one_before() {
        let mut days = days_since_1970(0, 1, 1);
        assert_eq!(days, -719_528);
        for (year, month) in (0..10_000).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            for day in 1..=days_in_month(year, month) {
                assert_eq!(days_since_1970(year, month, day), days, "{year}-{month}-{day}");
                days += 1;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn times_with_anything_changed_are_read_as_digit_by_digit(
            date in (0_u32..10_000, 0_u32..14, 0_u32..33),
            separator in proptest::sample::select(&b"TTTt "[..]),
            time in (0_u32..25, 0_u32..61, 0_u32..61),
            rest in "(\\.[0-9]{3}|\\.[0-9]{0,10})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), proptest::sample::select(&b"/0:;9.,-+TtZz 8x\0\x7f"[..]), 0..4), 0..3,
            ),
        ) {
            let ((year, month, day), (hour, minute, second)) = (date, time);
            let separator = char::from(separator);
            let text =
                format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{rest}");
            prop_assert_eq!(rfc3339(&text), plainly(&text), "{}", text);
            let mut bytes = text.into_bytes();
            for (at, byte, how) in changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 => drop(bytes.splice(at..(at + 2).min(bytes.len()), "é".bytes())),
                    _ => drop(bytes.remove(at)),
                }
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                prop_assert_eq!(rfc3339(text), plainly(text), "{}", text);
            }
        }

        #[test]
        fn any_time_of_the_years_1_to_9998_is_read_as_a_general_parser_reads_it(
            ms in -62_000_000_000_000_i64..253_000_000_000_000, offset_min in -1439_i32..1440,
        ) {
            let moment = jiff::Timestamp::from_millisecond(ms).unwrap();
            let zone = jiff::tz::Offset::from_seconds(offset_min * 60).unwrap();
            prop_assert_eq!(rfc3339(&format!("{moment:.3}")), Some(ms));
            prop_assert_eq!(rfc3339(&format!("{:.3}", moment.display_with_offset(zone))), Some(ms));
        }
    }
}
