//! Money, exact to a ten-thousandth, so that sums do not depend on the order they are taken in.

use std::fmt::{self, Write as _};

/// An amount in ten-thousandths of the unit (of a euro, say).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(pub i64);

/// Why something is not an [`Amount`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is not a number.
    #[error("`{0}` is not an amount; write a decimal number such as `12.50`")]
    NotANumber(String),
    /// It does not fit.
    #[error("`{0}` is too large for an amount; amounts go up to 922337203685477.5807")]
    OutOfRange(String),
}

/// Digits kept after the point.
const PLACES: i64 = 4;

impl Amount {
    /// The amount a decimal text says (`12.5`, `-3`, `1.25e3`, as JSON writes numbers too), rounded half away from zero.
    ///
    /// # Errors
    /// If it is not a number or too large.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let Some(decimal) = Decimal::read(text.trim()) else {
            return Err(AmountError::NotANumber(shorten(text)));
        };
        decimal.scaled().map(Self).ok_or_else(|| AmountError::OutOfRange(shorten(text)))
    }

    /// The amount of a floating-point number, taken as the shortest decimal that means it: 1.00005 is 1.0001.
    ///
    /// # Errors
    /// If it is infinite, not a number, or too large.
    pub fn from_f64(number: f64) -> Result<Self, AmountError> {
        // Below 2^40 neither the product nor the shortest decimal is off by a thousandth, so away from a half there is no
        // need to write the number down.
        let scaled = number * 10_000.0;
        if scaled.abs() < (1_u64 << 40) as f64 && (scaled.abs().fract() - 0.5).abs() > 0.001 {
            return Ok(Self(scaled.round() as i64));
        }
        if !number.is_finite() {
            return Err(AmountError::NotANumber(number.to_string()));
        }
        let mut text = Buffer { bytes: [0; 32], len: 0 };
        write!(text, "{number:e}").expect("the shortest form of a float has at most 24 characters");
        Self::parse(std::str::from_utf8(&text.bytes[..text.len]).expect("digits are UTF-8"))
    }

    /// The nearest amount; what is out of range becomes the largest one, what is not a number 0.
    pub(super) fn saturating_from_f64(number: f64) -> Self {
        Self::from_f64(number).unwrap_or(match number {
            n if n > 0.0 => Self(i64::MAX),
            n if n < 0.0 => Self(i64::MIN),
            _ => Self(0),
        })
    }

    /// The amount as a floating-point number.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 10_000, self.0.unsigned_abs() % 10_000);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{part:04}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// A decimal number as written: its digits in two parts, and the power of ten they are to be multiplied with.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    part: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, part) = match mantissa.iter().position(|byte| *byte == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        let digits = whole.iter().chain(part).all(u8::is_ascii_digit);
        (digits && whole.len() + part.len() > 0).then_some(Self { negative, whole, part, exponent })
    }

    /// In units of the last place kept, or `None` if that does not fit.
    fn scaled(&self) -> Option<i64> {
        let digits = || self.whole.iter().chain(self.part).map(|byte| i64::from(byte - b'0'));
        let zeros = digits().take_while(|digit| *digit == 0).count();
        let total = self.whole.len() + self.part.len();
        if zeros == total {
            return Some(0);
        }
        // How many of the significant digits stand before the last place kept.
        let kept = (self.whole.len() as i64 - zeros as i64).saturating_add(self.exponent).saturating_add(PLACES);
        if kept < 0 {
            return Some(0);
        }
        if kept > 19 {
            return None;
        }
        let mut significant = digits().skip(zeros).chain(std::iter::repeat(0));
        // Negative throughout: the negative range is the larger one.
        let mut sum = 0_i64;
        for _ in 0..kept {
            sum = sum.checked_mul(10)?.checked_sub(significant.next()?)?;
        }
        if significant.next()? >= 5 {
            sum = sum.checked_sub(1)?;
        }
        if self.negative { Some(sum) } else { sum.checked_neg() }
    }
}

/// The exponent of a number, held within bounds that no amount reaches.
fn exponent(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1_000_000));
    Some(if negative { -size } else { size })
}

/// A text short enough to be quoted in a message.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

/// A place to write a number to without allocating.
struct Buffer {
    bytes: [u8; 32],
    len: usize,
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_what_the_decimal_text_says_rounded_half_away_from_zero() {
        let check = |text: &str, expected: i64| assert_eq!(Amount::parse(text), Ok(Amount(expected)), "{text}");
        check("0", 0);
        check("-0.0", 0);
        check("12.5", 125_000);
        check("12.34", 123_400);
        check(" 7 ", 70_000);
        check("+1", 10_000);
        check(".5", 5_000);
        check("5.", 50_000);
        check("1.00004", 10_000);
        check("1.00005", 10_001);
        check("-1.00005", -10_001);
        check("0.00005", 1);
        check("0.00004999999999999999999999999999", 0);
        check("0.000005", 0);
        check("1.25e3", 12_500_000);
        check("125E-2", 12_500);
        check("1e-400", 0);
        check("0e999999999999", 0);
        check("0000000000000000000000000000000001.5", 15_000);
        check("922337203685477.5807", i64::MAX);
        check("-922337203685477.5808", i64::MIN);
    }

    #[test]
    fn what_is_not_an_amount_is_an_error() {
        let not_a_number = |text: &str| {
            assert_eq!(Amount::parse(text), Err(AmountError::NotANumber(text.to_owned())), "{text}");
        };
        for text in ["", "-", ".", "e3", "1e", "1e+", "12,50", "NaN", "inf", "0x10", "1.2.3", "1_000", "€5"] {
            not_a_number(text);
        }
        for text in ["922337203685477.5808", "922337203685477.58075", "1e15", "-1e16", "1e999999999999999999999"] {
            assert_eq!(Amount::parse(text), Err(AmountError::OutOfRange(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_float_is_taken_as_the_shortest_decimal_that_means_it() {
        let check = |number: f64, expected: i64| assert_eq!(Amount::from_f64(number), Ok(Amount(expected)), "{number}");
        check(0.1 + 0.2, 3_000);
        check(1.00005, 10_001);
        check(1.0045, 10_045);
        check(-19.99, -199_900);
        check(1e-300, 0);
        check(5e-324, 0);
        assert!(Amount::from_f64(f64::MAX).is_err());
        assert!(Amount::from_f64(f64::NAN).is_err());
        assert!(Amount::from_f64(f64::INFINITY).is_err());
        assert_eq!(Amount::saturating_from_f64(1e300), Amount(i64::MAX));
        assert_eq!(Amount::saturating_from_f64(f64::NEG_INFINITY), Amount(i64::MIN));
        assert_eq!(Amount::saturating_from_f64(f64::NAN), Amount(0));
    }

    #[test]
    fn a_float_at_and_about_a_half_is_rounded_as_its_text_is() {
        for sign in ["", "-"] {
            for whole in ["0", "1", "12", "4095", "65536", "99999999", "109951162", "109951163", "900719925474"] {
                for part in ["00004", "000049", "00005", "000051", "00015", "00025", "99995", "999949", "5", "1"] {
                    let text = format!("{sign}{whole}.{part}");
                    let number: f64 = text.parse().expect("a decimal number");
                    assert_eq!(Amount::from_f64(number), Amount::parse(&number.to_string()), "{text}");
                }
            }
        }
    }

    #[test]
    fn an_amount_is_written_as_people_write_it() {
        let check = |amount: i64, expected: &str| assert_eq!(Amount(amount).to_string(), expected);
        check(0, "0");
        check(125_000, "12.5");
        check(-1, "-0.0001");
        check(i64::MIN, "-922337203685477.5808");
    }
}
