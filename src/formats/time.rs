//! When something happened: the times that are believed, and RFC 3339.
//!
//! Invariant: a time that leaves here is in milliseconds since 1970-01-01T00:00:00Z and between [`EARLIEST_MS`] and
//! [`END_MS`]. RFC 3339 is read by hand because it stands in nearly every record, and because general parsers also
//! take what is not RFC 3339.

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

/// A date and time as RFC 3339 has it, with any offset and any number of decimals; what is finer than a millisecond is
/// cut off. A leap second (`:60`) is refused: no clock that counts from 1970 has a number for it.
pub(super) fn rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (stamp, rest) = bytes.split_first_chunk::<19>()?;
    let separated = stamp[4] == b'-' && stamp[7] == b'-' && stamp[13] == b':' && stamp[16] == b':';
    if !separated || !matches!(stamp[10], b'T' | b't' | b' ') {
        return None;
    }
    // Read all, then ask once whether all were digits.
    let mut most = 0;
    let mut pair = |at: usize| {
        let [tens, ones] = [stamp[at], stamp[at + 1]].map(|byte| byte.wrapping_sub(b'0'));
        most = most.max(tens).max(ones);
        i64::from(tens) * 10 + i64::from(ones)
    };
    let (year, month, day) = (pair(0) * 100 + pair(2), pair(5), pair(8));
    let (hour, minute, second) = (pair(11), pair(14), pair(17));
    if most > 9 {
        return None;
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, rest) = fraction(rest)?;
    let offset_min = offset(rest)?;
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset_min) * 60 + second;
    Some(seconds * 1000 + millis)
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

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the years 0 to 9999. Years are counted from March, so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;
    let (year, months_since_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (months_since_march * 153 + 2) / 5 + day - 1 - DAYS_FROM_YEAR_0_TO_1970
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

    proptest! {
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
