//! Times as a mapping says they are written.

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::field::as_text;
use super::spec::{TimeFormat, TimeSpec};
use crate::formats::found::Found;
use crate::formats::number::Decimal;
use crate::formats::time;

/// Reads times that are written in one of several ways, checked.
#[derive(Debug, Clone)]
pub(super) struct Clocks(Vec<Clock>);

impl Clocks {
    /// Checks the formats, and that there is a zone exactly if one is needed; `of_input` is the one that the input says.
    pub(super) fn new(spec: &TimeSpec, of_input: Option<&str>) -> Result<Self, String> {
        let one = |format: &TimeFormat| Clock::new(format, spec.zone.as_deref(), of_input, spec.format.0.len() > 1);
        spec.format.0.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Adds the ways of others.
    pub(super) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Epoch milliseconds, if it is such a time.
    pub(super) fn read(&self, found: &Found<'_>) -> Option<i64> {
        self.0.iter().find_map(|clock| clock.read(found).and_then(time::believable))
    }
}

/// Reads times of one format.
#[derive(Debug, Clone)]
enum Clock {
    Rfc3339,
    EpochS,
    EpochMs,
    EpochUs,
    /// A pattern that tells the offset too.
    Absolute(String),
    /// A pattern of local times. A time that a change of the clock skips or repeats is taken with the offset from before
    /// the change; a day without a time is its first moment.
    Local(String, TimeZone, Option<Plain>),
}

/// An ordinary pattern of times that are those of UTC, which are read without looking at the pattern.
#[derive(Debug, Clone, Copy)]
struct Plain {
    /// What is between date and time.
    separator: u8,
    has_fraction: bool,
}

impl Plain {
    fn of(pattern: &str, zone: &TimeZone) -> Option<Self> {
        let separator = *pattern.strip_prefix("%Y-%m-%d")?.as_bytes().first()?;
        let has_fraction = match pattern.get(9..)? {
            "%H:%M:%S" => false,
            "%H:%M:%S%.f" => true,
            _ => return None,
        };
        (*zone == TimeZone::UTC).then_some(Self { separator, has_fraction })
    }
}

impl Clock {
    fn new(
        format: &TimeFormat,
        zone: Option<&str>,
        of_input: Option<&str>,
        is_one_of_several: bool,
    ) -> Result<Self, String> {
        let clock = match format {
            TimeFormat::Rfc3339 => Self::Rfc3339,
            TimeFormat::EpochS => Self::EpochS,
            TimeFormat::EpochMs => Self::EpochMs,
            TimeFormat::EpochUs => Self::EpochUs,
            TimeFormat::Pattern(pattern) if has_offset(pattern)? => Self::Absolute(pattern.clone()),
            TimeFormat::Pattern(pattern) => {
                let name = zone.ok_or_else(|| {
                    format!(
                        "the time pattern \"{pattern}\" has no offset; add `zone`, such as `zone: Europe/Amsterdam`"
                    )
                })?;
                let name = match (name, of_input) {
                    ("input", Some(zone)) => zone,
                    ("input", None) => {
                        return Err("these times have no zone; say which one it is with `zone` beside `format`, such as `zone: Europe/Amsterdam`".into());
                    }
                    (name, _) => name,
                };
                let zone = TimeZone::get(name).map_err(|_| {
                    format!("there is no time zone `{name}`; write an IANA name such as `Europe/Amsterdam` or `UTC`")
                })?;
                let plain = Plain::of(pattern, &zone);
                return Ok(Self::Local(pattern.clone(), zone, plain));
            }
        };
        match zone {
            None => Ok(clock),
            Some(_) if is_one_of_several => Ok(clock),
            Some(_) => {
                Err("`zone` is only for a time pattern without an offset; leave it out, for this format tells the zone itself".into())
            }
        }
    }

    fn read(&self, found: &Found<'_>) -> Option<i64> {
        match self {
            Self::Rfc3339 => time::rfc3339(found.text()?.trim_ascii()),
            Self::EpochS => match found {
                Found::Unsigned(seconds) => i64::try_from(*seconds).ok()?.checked_mul(1000),
                found => decimal(found)?.thousandths(),
            },
            Self::EpochMs => match found {
                Found::Unsigned(ms) => i64::try_from(*ms).ok(),
                found => decimal(found)?.whole(),
            },
            Self::EpochUs => decimal(found)?.whole().map(|us| us.div_euclid(1000)),
            Self::Absolute(pattern) => {
                let moment = BrokenDownTime::parse(pattern, as_text(found)?.trim_ascii()).ok()?.to_timestamp().ok()?;
                Some(moment.as_millisecond())
            }
            Self::Local(pattern, zone, plain) => {
                let text = as_text(found)?;
                let text = text.trim_ascii();
                // What is not ordinary about it, the pattern says.
                let at = plain.and_then(|plain| time::of_utc(text, plain.separator, plain.has_fraction));
                if at.is_some() {
                    return at;
                }
                let local = BrokenDownTime::parse(pattern, text).ok()?.to_datetime().ok()?;
                Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_millisecond())
            }
        }
    }
}

/// A number, also one that is written as a text.
pub(super) fn decimal(found: &Found<'_>) -> Option<Decimal> {
    match found {
        Found::Float(number) => Decimal::of_float(*number),
        Found::Unsigned(number) => Some(Decimal::of_integer((*number).into())),
        Found::Signed(number) => Some(Decimal::of_integer((*number).into())),
        Found::Text(text) => Decimal::parse(text),
        Found::Absent | Found::Null | Found::Bool(_) | Found::Other | Found::Raw(_) => None,
    }
}

/// Whether what a pattern describes is a moment, rather than a local time. Tried out, so that a pattern that cannot work
/// is refused now and not with every record.
fn has_offset(pattern: &str) -> Result<bool, String> {
    let refused = |why: &dyn std::fmt::Display| format!("the time pattern \"{pattern}\" cannot be used: {why}");
    let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
    let text = BrokenDownTime::from(&sample).to_string(pattern).map_err(|error| refused(&error))?;
    let read = BrokenDownTime::parse(pattern, &text).map_err(|error| refused(&error))?;
    if read.to_timestamp().is_ok() {
        return Ok(true);
    }
    read.to_datetime().map(|_| false).map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ordinary_patterns_are_read_as_any(
            text in "(199|200|201|202)[0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?[Zx]?",
        ) {
            for pattern in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"] {
                let zone = TimeZone::get("UTC").expect("it is there");
                let plain = Plain::of(pattern, &zone).expect("an ordinary pattern");
                let clock = |plain| Clock::Local(pattern.to_owned(), zone.clone(), plain);
                let found = Found::Text(text.as_str().into());
                prop_assert_eq!(clock(Some(plain)).read(&found), clock(None).read(&found), "{} as {}", text, pattern);
            }
        }
    }
}
