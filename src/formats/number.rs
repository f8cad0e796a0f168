//! Money and other numbers, exact as far as they were written.

use std::fmt;

use crate::journey::Amount;

/// Ten-thousandths in a unit, as in [`Amount`].
const PARTS: i64 = 10_000;
/// Billionths in a unit: what products are taken in.
const BILLION: i64 = 1_000_000_000;
/// Millionths in a unit: as fine as most floats are written.
const MILLION: i64 = 1_000_000;

/// A whole number of units; `None` if it is too large.
pub(super) fn amount_of_integer(units: i64) -> Option<Amount> {
    units.checked_mul(PARTS).map(Amount)
}

/// An amount in the currency's smallest unit, such as cents; `None` if it is too large.
pub(super) fn amount_of_minor(minor: i64, currency: &str) -> Option<Amount> {
    minor.checked_mul(10_i64.pow(4 - decimals(currency))).map(Amount)
}

/// Decimals of a currency's smallest unit (ISO 4217): two, except for these.
fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// A decimal number in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal(i128);

impl Decimal {
    /// `12`, `-0.5`, `+3.`, `.5`: digits with a point, to the nearest billionth; `None` for anything else, also for
    /// signs of currency, groups of thousands and exponents.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit());
        if !only_digits || whole.len() + decimals.len() == 0 || whole.len() > 20 {
            return None;
        }
        let digit = |at: usize| decimals.as_bytes().get(at).map_or(0, |byte| i64::from(byte - b'0'));
        // Most numbers are so small that half the width will do, which is several times as fast.
        let whole = match whole.len() {
            ..=18 => whole.bytes().fold(0, |number, byte| number * 10 + i64::from(byte - b'0')).into(),
            _ => whole.bytes().fold(0, |number, byte| number * 10 + i128::from(byte - b'0')),
        };
        let fraction = match decimals.len() {
            0 => 0,
            _ => (0..9).fold(0, |number, at| number * 10 + digit(at)) + i64::from(digit(9) >= 5),
        };
        let billionths = whole * i128::from(BILLION) + i128::from(fraction);
        Some(Self(if negative { -billionths } else { billionths }))
    }

    /// A whole number of at most 64 bits.
    pub(super) fn of_integer(number: i128) -> Self {
        Self(number * i128::from(BILLION))
    }

    /// The number a float was written as: the shortest text that gives this float.
    pub(super) fn of_float(number: f64) -> Option<Self> {
        match millionths(number) {
            Some(millionths) => Some(Self(i128::from(millionths) * i128::from(BILLION / MILLION))),
            None => Self::parse(&number.to_string()),
        }
    }

    /// The sum; `None` if it is too large.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The quotient, to the nearest billionth.
    pub(super) fn over(self, divisor: u32) -> Self {
        Self(divide_rounding(self.0, divisor.max(1).into()))
    }

    /// Without its sign.
    pub(super) fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The product, to the nearest billionth; `None` if it is too large.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(|product| Self(divide_rounding(product, BILLION)))
    }

    /// In thousandths, to the nearest; `None` if it is too large.
    pub(super) fn thousandths(self) -> Option<i64> {
        i64::try_from(divide_rounding(self.0, BILLION / 1000)).ok()
    }

    /// In units, to the nearest; `None` if it is too large.
    pub(super) fn whole(self) -> Option<i64> {
        i64::try_from(divide_rounding(self.0, BILLION)).ok()
    }

    /// As money, to the nearest ten-thousandth; `None` if it is too large.
    pub(super) fn amount(self) -> Option<Amount> {
        i64::try_from(divide_rounding(self.0, BILLION / PARTS)).ok().map(Amount)
    }
}

/// The shortest text that gives a float.
pub(super) fn text_of_float(number: f64) -> String {
    let Some(millionths) = millionths(number).filter(|millionths| *millionths > 0) else { return number.to_string() };
    const LENGTH_MAX: usize = "4000000000.000000".len();
    let (mut part, mut decimals) = (millionths % MILLION, 6);
    let mut text = String::with_capacity(LENGTH_MAX);
    text.push_str(itoa::Buffer::new().format(millionths / MILLION));
    if part != 0 {
        while part % 10 == 0 {
            (part, decimals) = (part / 10, decimals - 1);
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(part);
        text.push('.');
        text.extend(std::iter::repeat_n('0', decimals - digits.len()));
        text.push_str(digits);
    }
    text
}

/// A float in millionths, if the shortest text that gives it is so many.
fn millionths(number: f64) -> Option<i64> {
    // Below this, floats lie closer together than numbers of six decimals. So if one of those is this float, no other is, and
    // none that is shorter.
    const CLOSE: f64 = 4e9;
    let millionths = (number * MILLION as f64).round();
    (number.abs() < CLOSE && millionths / MILLION as f64 == number).then_some(millionths as i64)
}

/// As a decimal, without needless zeros.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, part) = (size / u128::from(BILLION.unsigned_abs()), size % u128::from(BILLION.unsigned_abs()));
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{part:09}").trim_end_matches('0'))
    }
}

/// Halves go away from zero, so that a return undoes its sale.
#[inline]
fn divide_rounding(number: i128, divisor: i64) -> i128 {
    let half = divisor / 2;
    // Nearly always: then it takes a few instructions instead of a hundred.
    if let Ok(number) = i64::try_from(number)
        && let Some(number) = number.checked_add(half * number.signum())
    {
        return (number / divisor).into();
    }
    (number + i128::from(half) * number.signum()) / i128::from(divisor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(Decimal::parse(text).and_then(Decimal::amount).map(|amount| amount.0), expected, "{text}");
    }

    #[test]
    fn plain_decimals_are_read_exactly() {
        check("1.43", Some(14_300));
        check(" -12.5 ", Some(-125_000));
        check("+3.", Some(30_000));
        check(".5", Some(5_000));
        check("0.00005", Some(1));
        check("0.00004", Some(0));
        check("-0.00005", Some(-1));
        check("922337203685477.5807", Some(i64::MAX));
        check("922337203685477.5808", None);
        check("0.9999999999", Some(10_000));
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", " ", "-", ".", "1,50", "€ 3", "1e3", "NaN", "inf", "1.2.3", "--1", "٣", "1 000"] {
            check(text, None);
        }
        check(&"9".repeat(40), None);
    }

    #[test]
    fn products_are_exact_and_too_large_ones_are_none() {
        let product = |a, b| Decimal::parse(a)?.times(Decimal::parse(b)?)?.amount();
        assert_eq!(product("6", "2.55"), Some(Amount(153_000)));
        assert_eq!(product("-1", "4.65"), Some(Amount(-46_500)));
        assert_eq!(product("1000", "0.00123"), Some(Amount(12_300)));
        assert_eq!(product("99999999999999999999", "99999999999999999999"), None);
    }

    #[test]
    fn a_currency_has_its_own_smallest_unit() {
        for (minor, currency, expected) in [
            (3999, "EUR", Some(399_900)),
            (3999, "JPY", Some(39_990_000)),
            (3999, "KWD", Some(39_990)),
            (3999, "CLF", Some(3_999)),
            (-3999, "USD", Some(-399_900)),
            (i64::MAX, "EUR", None),
        ] {
            assert_eq!(amount_of_minor(minor, currency).map(|amount| amount.0), expected, "{minor} {currency}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn floats_are_read_as_their_shortest_texts(units in -5_000_000_000_i64..5_000_000_000, decimals: u32, places in 0..9_u32, bits: u64) {
            for number in [
                f64::from_bits(bits),
                format!("{units}.{:0>1$}", decimals % 10_u32.pow(places), places as usize).parse().unwrap_or_default(),
            ] {
                prop_assert_eq!(Decimal::of_float(number), Decimal::parse(&number.to_string()), "{}", number);
                prop_assert_eq!(text_of_float(number), number.to_string());
            }
        }

        #[test]
        fn divisions_of_any_width_are_rounded_alike(number: i128, shift in 2..127_u32, divisor in 1..i64::MAX) {
            let (number, wide) = (number >> shift, i128::from(divisor));
            let is_nearer_away = (number % wide).abs() >= (wide + 1) / 2;
            let expected = number / wide + i128::from(is_nearer_away) * number.signum();
            prop_assert_eq!(divide_rounding(number, divisor), expected);
        }
    }

    #[test]
    fn a_float_is_the_number_it_was_written_as() {
        assert_eq!(Decimal::of_float(0.1).and_then(Decimal::amount), Some(Amount(1_000)));
        assert_eq!(Decimal::of_float(1e-7), Decimal::parse("0.0000001"));
    }
}
