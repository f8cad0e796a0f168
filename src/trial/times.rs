//! How times are written, told by the times themselves.

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;

use super::fields::Field;

/// Patterns that are tried, those with an offset first, the day before the month where both could be.
const PATTERNS: [&str; 24] = [
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f UTC",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y%m%d",
];

/// Words that say that something is a time.
const TIME_WORDS: [&str; 12] =
    ["time", "timestamp", "date", "at", "ts", "datetime", "when", "occurred", "created", "day", "moment", "datum"];

/// How the times of a field are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimeForm {
    /// The format, as a mapping says it.
    pub(super) format: String,
    /// Whether it tells no offset.
    pub(super) needs_zone: bool,
    /// Whether the day could be the month, too.
    pub(super) is_ambiguous: bool,
    /// Whether it tells the day alone.
    pub(super) is_day: bool,
}

/// How the times of a field are written; `None`: it holds none.
pub(super) fn form(field: &Field) -> Option<TimeForm> {
    let is_named = field.own().iter().any(|word| TIME_WORDS.contains(&word.as_str()));
    let simple = |format: &str| {
        Some(TimeForm { format: format.to_owned(), needs_zone: false, is_ambiguous: false, is_day: false })
    };
    if field.is_number() {
        // A number is a time only if it is called one: ids may be as large.
        let within = |low: f64, high: f64| {
            is_named && field.mostly(|text| text.parse::<f64>().is_ok_and(|number| (low..high).contains(&number)))
        };
        return match () {
            () if within(631_152_000.0, 4_102_444_800.0) => simple("epoch_s"),
            () if within(631_152_000_000.0, 4_102_444_800_000.0) => simple("epoch_ms"),
            () if within(631_152_000_000_000.0, 4_102_444_800_000_000.0) => simple("epoch_us"),
            () if is_named => pattern(field).filter(|form| form.format == "%Y%m%d"),
            () => None,
        };
    }
    if field.mostly(|text| text.contains(['T', 't']) && text.parse::<Timestamp>().is_ok()) {
        return simple("rfc3339");
    }
    pattern(field)
}

fn pattern(field: &Field) -> Option<TimeForm> {
    let fits = |pattern: &str| field.mostly(|text| reads(pattern, text));
    let found = PATTERNS.iter().find(|pattern| fits(pattern))?;
    let other = found.replace("%d/%m", "%m/%d");
    Some(TimeForm {
        format: (*found).to_owned(),
        needs_zone: !(found.contains("%z") || found.contains("%:z")),
        is_ambiguous: other != *found && fits(&other),
        is_day: !found.contains("%H"),
    })
}

fn reads(pattern: &str, text: &str) -> bool {
    BrokenDownTime::parse(pattern, text).is_ok_and(|time| time.to_datetime().is_ok() || time.to_timestamp().is_ok())
}

/// How likely a field that holds times is the one that says when something happened; more is likelier.
pub(super) fn likelihood(field: &Field, form: &TimeForm, records: u64) -> i64 {
    let says = |words: &[&str]| field.own().iter().any(|word| words.contains(&word.as_str()));
    let mut points = (field.count() * 20 / records.max(1)) as i64;
    points += if says(&["occurred", "event", "happened", "original"]) { 6 } else { 0 };
    points += if says(&["timestamp", "time", "ts", "datetime"]) { 4 } else { 0 };
    points += if says(&["created", "at", "ordered", "placed", "date"]) { 2 } else { 0 };
    points -= if says(&[
        "updated",
        "modified",
        "received",
        "processed",
        "expires",
        "expiry",
        "birth",
        "birthday",
        "due",
        "until",
        "sent",
    ]) {
        8
    } else {
        0
    };
    points -= if form.is_day { 3 } else { 0 };
    points - field.path.len() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::fields::Fields;

    /// The format, `zone` if it needs one, `?` if the day could be the month.
    fn check(name: &str, values: &[&str], expected: Option<&str>) {
        let mut fields = Fields::default();
        values.iter().for_each(|value| fields.add(&serde_json::json!({ name: value })));
        let told = form(&fields.all[0]).map(|form| {
            let zone = if form.needs_zone { " zone" } else { "" };
            let doubt = if form.is_ambiguous { " ?" } else { "" };
            format!("{}{zone}{doubt}", form.format)
        });
        assert_eq!(told.as_deref(), expected, "{name}: {values:?}");
    }

    #[test]
    fn times_tell_how_they_are_written() {
        check("x", &["2025-01-03T10:00:00.123Z", "2025-01-03T10:00:00+01:00"], Some("rfc3339"));
        check("x", &["2025-01-03 10:00:00", "2025-01-03 10:00:00.5"], Some("%Y-%m-%d %H:%M:%S%.f zone"));
        check("x", &["2025-01-03 10:00:00 UTC"], Some("%Y-%m-%d %H:%M:%S%.f UTC zone"));
        check("x", &["2025-01-03"], Some("%Y-%m-%d zone"));
        check("x", &["03/01/2025 10:00"], Some("%d/%m/%Y %H:%M zone ?"));
        check("x", &["03/01/2025 10:00", "31/01/2025 10:00"], Some("%d/%m/%Y %H:%M zone"));
        check("x", &["01/31/2025 10:00"], Some("%m/%d/%Y %H:%M zone"));
        check("created_at", &["1735898400"], Some("epoch_s"));
        check("created_at", &["1735898400000"], Some("epoch_ms"));
        check("eventTime", &["1735898400000000"], Some("epoch_us"));
        check("date", &["20250103"], Some("%Y%m%d zone"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        check("order_id", &["1735898400"], None);
        check("at", &["here"], None);
        check("amount", &["12.50"], None);
        check("date", &["12"], None);
    }
}
