//! Numbers: by JSON's grammar, to the nearest float.

use std::str::FromStr;

use super::error::{Code, Error};
use super::source::Source;

/// An integer of 64 bits, in the form in which `serde_json` delivers it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Integer {
    /// From 0 up.
    U64(u64),
    /// Below 0.
    I64(i64),
}

/// The powers of ten that a float holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// So many digits fit into 64 bits, whatever they are.
const SAFE_DIGITS: usize = 19;

/// Reads digits from `at` on into `value`; where they end. More than [`SAFE_DIGITS`] make it nonsense.
#[inline]
fn digits(text: &[u8], mut at: usize, value: &mut u64) -> usize {
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// Where the digits from `at` on end.
fn digits_end(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len() - at)
}

/// Whether the text is a number and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    let mut source = Source::new(text);
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && source.skip_number().is_ok()
        && source.at == text.len()
}

impl<'de> Source<'de> {
    /// Reads the number that comes next if it is an integer as most are: of no more digits than surely fit.
    // The results of these two fit into registers.
    #[inline]
    pub(super) fn short_integer(&mut self) -> Option<Integer> {
        let text = self.text.as_bytes();
        let negative = text.get(self.at) == Some(&b'-');
        let start = self.at + usize::from(negative);
        let mut value = 0;
        let end = digits(text, start, &mut value);
        let count = end - start;
        if count == 0
            || count > if negative { SAFE_DIGITS - 1 } else { SAFE_DIGITS }
            || (text[start] == b'0' && (count > 1 || negative))
            || matches!(text.get(end), Some(b'.' | b'e' | b'E'))
        {
            return None;
        }
        self.at = end;
        Some(if negative { Integer::I64(-value.cast_signed()) } else { Integer::U64(value) })
    }

    /// Reads the number that comes next if it is a float as most are: a fraction whose digits a float holds exactly, and
    /// no exponent. Clinger: a division of two exact numbers rounds once.
    #[inline]
    pub(super) fn short_float(&mut self) -> Option<f64> {
        let text = self.text.as_bytes();
        let negative = text.get(self.at) == Some(&b'-');
        let start = self.at + usize::from(negative);
        let mut value = 0;
        let point = digits(text, start, &mut value);
        if point == start || text.get(point) != Some(&b'.') || (text[start] == b'0' && point > start + 1) {
            return None;
        }
        let end = digits(text, point + 1, &mut value);
        let places = end - point - 1;
        if places == 0
            || end - start > SAFE_DIGITS + 1
            || value > 1 << f64::MANTISSA_DIGITS
            || matches!(text.get(end), Some(b'e' | b'E'))
        {
            return None;
        }
        self.at = end;
        #[allow(clippy::cast_precision_loss, reason = "no more bits than the mantissa has")]
        let float = value as f64 / EXACT[places];
        Some(if negative { -float } else { float })
    }

    /// Reads the number that comes next as an integer if 64 bits hold it; of any other gives `None`, and stays.
    pub(super) fn integer(&mut self) -> Result<Option<Integer>, Error> {
        let start = self.at;
        let text = self.skip_number()?;
        let unsigned = || text.parse().map(Integer::U64).ok();
        let signed = || text.parse().map(Integer::I64).ok().filter(|_| text != "-0");
        let integer = unsigned().or_else(signed);
        if integer.is_none() {
            self.at = start;
        }
        Ok(integer)
    }

    /// Reads the number that comes next as a float, to the nearest.
    pub(super) fn float(&mut self) -> Result<f64, Error> {
        let float = nearest(self.skip_number()?).unwrap_or(f64::INFINITY);
        if float.is_finite() { Ok(float) } else { Err(self.before(Code::NumberOutOfRange)) }
    }

    /// Reads the number that comes next as an `f32`, to the nearest; `None`, in place, if that is infinite.
    pub(super) fn single(&mut self) -> Result<Option<f32>, Error> {
        let start = self.at;
        let float = nearest(self.skip_number()?).filter(|float: &f32| float.is_finite());
        if float.is_none() {
            self.at = start;
        }
        Ok(float)
    }

    /// Passes over the number that comes next, and gives its text.
    pub(super) fn skip_number(&mut self) -> Result<&'de str, Error> {
        let text = self.text.as_bytes();
        let start = self.at;
        if text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let first = self.at;
        self.digits()?;
        if text[first] == b'0' && self.at > first + 1 {
            return Err(Error::new(Code::InvalidNumber, first + 1));
        }
        if text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes over digits, of which there must be one.
    fn digits(&mut self) -> Result<(), Error> {
        let end = digits_end(self.text.as_bytes(), self.at);
        if end == self.at {
            return Err(self.here(Code::InvalidNumber, Code::EofWhileParsingValue));
        }
        self.at = end;
        Ok(())
    }
}

/// The text of a number from which on [`nearest`] looks at its exponent.
const LONG: usize = 1 << 15;

/// The float that is nearest to the number in a text; infinite if it is too large.
pub(in crate::load) fn nearest<T: FromStr>(text: &str) -> Option<T> {
    if text.len() < LONG { text.parse().ok() } else { nearest_of_long(text) }
}

/// The standard library reads no more of an exponent than its first five or six digits. That is wrong only where about as
/// many digits stand against it: so the point goes to where the digits begin, and the exponent says what is left.
#[cold]
fn nearest_of_long<T: FromStr>(text: &str) -> Option<T> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let exponent: i64 = exponent.parse().unwrap_or(beyond);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    let rest = all.trim_start_matches('0');
    if rest.is_empty() {
        return format!("{sign}0").parse().ok();
    }
    let before = i64::try_from(whole.len()).ok()? - i64::try_from(all.len() - rest.len()).ok()?;
    // No float is as large as the one end, or as small as the other.
    let exponent = exponent.saturating_add(before).clamp(-9999, 9999);
    format!("{sign}0.{rest}e{exponent}").parse().ok()
}
