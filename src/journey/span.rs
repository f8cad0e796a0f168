//! Lengths of time as people write them: `100ms`, `2d`, `1h30m`.

use std::fmt;
use std::str::FromStr;

/// A length of time in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

/// Why a text is not a [`Span`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It is not written as one.
    #[error("`{0}` is not a span of time; write e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`")]
    NotASpan(String),
    /// It is longer than anything here lasts.
    #[error("`{0}` is too long; write a span of at most 1000 years (`365000d`)")]
    TooLong(String),
}

/// Units by size: what they are called, and how many milliseconds they have.
const UNITS: [(&str, i64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The longest span: added to any time an event may have, it stays far within the numbers.
const LONGEST: i64 = 365_000 * 86_400_000;

impl FromStr for Span {
    type Err = SpanError;

    /// Whole numbers with units, the larger units first.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let wrong = || SpanError::NotASpan(text.to_owned());
        let mut rest = text.trim();
        let mut sum = 0_i64;
        let mut smaller_than = i64::MAX;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
            let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
            let size = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size).ok_or_else(wrong)?;
            if number.is_empty() || size >= smaller_than {
                return Err(wrong());
            }
            smaller_than = size;
            sum = number
                .parse::<i64>()
                .ok()
                .and_then(|count| count.checked_mul(size)?.checked_add(sum))
                .filter(|sum| *sum <= LONGEST)
                .ok_or_else(|| SpanError::TooLong(text.to_owned()))?;
            rest = &rest[digits + letters..];
        }
        Ok(Self(sum))
    }
}

impl fmt::Display for Span {
    /// As it may be parsed again; whole weeks are given in days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in &UNITS[1..] {
            if rest / size > 0 {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time with its unit, e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_written_as_people_write_it() {
        let check = |text: &str, ms: i64, written: &str| {
            assert_eq!(text.parse(), Ok(Span(ms)), "{text}");
            assert_eq!(Span(ms).to_string(), written);
            assert_eq!(written.parse(), Ok(Span(ms)));
        };
        check("100ms", 100, "100ms");
        check("0s", 0, "0s");
        check("0ms", 0, "0s");
        check("90s", 90_000, "1m30s");
        check("1h30m", 5_400_000, "1h30m");
        check(" 2d ", 172_800_000, "2d");
        check("1w", 604_800_000, "7d");
        check("1w2d3h4m5s6ms", 788_645_006, "9d3h4m5s6ms");
        check("365000d", LONGEST, "365000d");
    }

    #[test]
    fn what_is_not_a_span_is_an_error_that_shows_how_to_write_one() {
        for text in ["", "2", "d", "2 d", "2days", "-1h", "1.5h", "1m1h", "1h1h", "1h30", "2D", "1µs", "é"] {
            assert_eq!(text.parse::<Span>(), Err(SpanError::NotASpan(text.to_owned())), "{text}");
        }
        for text in ["365001d", "99999999999999999999ms", "9223372036854775807w"] {
            assert_eq!(text.parse::<Span>(), Err(SpanError::TooLong(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_span_in_a_file_needs_its_unit() {
        assert_eq!(serde_json::from_str::<Span>("\"2d\"").ok(), Some(Span(172_800_000)));
        let error = serde_json::from_str::<Span>("100").expect_err("no unit").to_string();
        assert!(error.contains("a span of time with its unit, e.g. `100ms`"), "{error}");
        let error = serde_json::from_str::<Span>("\"soon\"").expect_err("no span").to_string();
        assert!(error.contains("`soon` is not a span of time; write e.g."), "{error}");
    }
}
