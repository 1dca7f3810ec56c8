//! Dates and times between the text that JSON has for them and the numbers that Avro has: days, and fractions of a
//! second.
//!
//! The text is that of the crates whose types are fields. chrono and jiff write RFC 3339 and ISO 8601; time writes a
//! space in place of the `T` and before the offset, and always a fraction.

use std::fmt::{self, Write};

pub(crate) const SECONDS_OF_DAY: i64 = 86_400;
const NANOS_OF_SECOND: i64 = 1_000_000_000;

/// The part of a second that a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    pub(crate) const fn of_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => NANOS_OF_SECOND,
        }
    }

    /// The number as whole seconds and nanoseconds.
    #[inline]
    pub(crate) fn split(self, number: i64) -> (i64, u32) {
        // A division by a constant costs a tenth of one by a variable.
        match self {
            Self::Millis => split_by::<1_000>(number),
            Self::Micros => split_by::<1_000_000>(number),
            Self::Nanos => split_by::<NANOS_OF_SECOND>(number),
        }
    }

    /// The number of so many seconds and nanoseconds. Finer digits are cut off, as everywhere in Avro: a clock has more of
    /// them than most units.
    #[inline]
    pub(crate) fn join(self, seconds: i64, nanos: i64) -> Option<i64> {
        let parts = match self {
            Self::Millis => nanos / 1_000_000,
            Self::Micros => nanos / 1_000,
            Self::Nanos => nanos,
        };
        // 128 bits are needed: before the epoch the parts can be beyond the bounds where their sum is not.
        let number = i128::from(seconds) * i128::from(self.of_second()) + i128::from(parts);
        number.try_into().ok()
    }
}

#[inline]
fn split_by<const PER_SECOND: i64>(number: i64) -> (i64, u32) {
    let nanos = number.rem_euclid(PER_SECOND) * (NANOS_OF_SECOND / PER_SECOND);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of a second")]
    (number.div_euclid(PER_SECOND), nanos as u32)
}

/// How a text separates its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `2024-02-29T23:59:59.5Z`
    Iso,
    /// `2024-02-29 23:59:59.5 +00:00:00`
    Spaced,
}

/// A short text on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short {
    bytes: [u8; 64],
    length: usize,
}

impl Short {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 64], length: 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        // Written by `write_str` only.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }

    #[inline]
    fn write_char(&mut self, c: char) -> fmt::Result {
        match u8::try_from(c) {
            Ok(byte @ 0..0x80) => {
                *self.bytes.get_mut(self.length).ok_or(fmt::Error)? = byte;
                self.length += 1;
                Ok(())
            }
            _ => self.write_str(c.encode_utf8(&mut [0; 4])),
        }
    }
}

/// A point in time, or a date and time without a zone (`local`), since 1970.
pub(crate) fn write_datetime(text: &mut Short, number: i64, unit: Unit, style: Style, local: bool) -> fmt::Result {
    let (seconds, nanos) = unit.split(number);
    write_date(text, seconds.div_euclid(SECONDS_OF_DAY))?;
    text.write_char(if style == Style::Iso { 'T' } else { ' ' })?;
    write_clock(text, seconds.rem_euclid(SECONDS_OF_DAY), nanos, style)?;
    match style {
        _ if local => Ok(()),
        Style::Iso => text.write_char('Z'),
        Style::Spaced => text.write_str(" +00:00:00"),
    }
}

/// A date, as days since 1970.
pub(crate) fn write_date(text: &mut Short, days: i64) -> fmt::Result {
    let (year, month, day) = date_of(days);
    if (0..=9999).contains(&year) {
        write!(text, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(text, "{year:+07}-{month:02}-{day:02}")
    }
}

/// A time of day, if the number is one.
pub(crate) fn write_time(text: &mut Short, number: i64, unit: Unit, style: Style) -> fmt::Result {
    let (seconds, nanos) = unit.split(number);
    if !(0..SECONDS_OF_DAY).contains(&seconds) {
        return Err(fmt::Error);
    }
    write_clock(text, seconds, nanos, style)
}

fn write_clock(text: &mut Short, seconds: i64, nanos: u32, style: Style) -> fmt::Result {
    write!(text, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    match (nanos, style) {
        (0, Style::Iso) => Ok(()),
        (0, Style::Spaced) => text.write_str(".0"),
        (nanos, _) if nanos % 1_000_000 == 0 => write!(text, ".{:03}", nanos / 1_000_000),
        (nanos, _) if nanos % 1_000 == 0 => write!(text, ".{:06}", nanos / 1_000),
        (nanos, _) => write!(text, ".{nanos:09}"),
    }
}

/// The number of a point in time, if the text is one and the number has 64 bits.
pub(crate) fn read_instant(text: &str, unit: Unit) -> Option<i64> {
    if let Some((seconds, nanos)) = read_plain_instant(text.as_bytes()) {
        return unit.join(seconds, nanos);
    }
    let (seconds, nanos, rest) = read_local(text)?;
    let offset = read_offset(rest.strip_prefix(' ').unwrap_or(rest))?;
    unit.join(seconds - offset, nanos)
}

/// The seconds and nanoseconds of a text of the commonest form, `2024-02-29T23:59:59.123456Z`.
fn read_plain_instant(text: &[u8]) -> Option<(i64, i64)> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then_some(number * 10 + i64::from(digit))
        })
    };
    let (whole, fraction) = text.strip_suffix(b"Z")?.split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1] = *whole else {
        return None;
    };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[i0, i1])?, number(&[s0, s1])?);
    let nanos = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => number(digits)? * POWERS[9 - digits.len()],
        _ => return None,
    };
    let days = days_of(year, month, day);
    // The 31st of February is another date.
    let is_plain = date_of(days) == (year, month, day) && hour < 24 && minute < 60 && second < 60;
    is_plain.then_some((days * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second, nanos))
}

/// The number of a date and time without a zone.
pub(crate) fn read_datetime(text: &str, unit: Unit) -> Option<i64> {
    let (seconds, nanos, rest) = read_local(text)?;
    if rest.is_empty() { unit.join(seconds, nanos) } else { None }
}

/// The days since 1970 of a date.
pub(crate) fn read_date(text: &str) -> Option<i64> {
    let (days, rest) = take_date(text)?;
    rest.is_empty().then_some(days)
}

/// The number of a time of day.
pub(crate) fn read_time(text: &str, unit: Unit) -> Option<i64> {
    let (seconds, nanos, rest) = take_clock(text)?;
    // A leap second has no number within its day.
    if rest.is_empty() && seconds < SECONDS_OF_DAY { unit.join(seconds, nanos) } else { None }
}

fn read_local(text: &str) -> Option<(i64, i64, &str)> {
    let (days, rest) = take_date(text)?;
    let (seconds, nanos, rest) = take_clock(rest.strip_prefix(['T', 't', ' '])?)?;
    Some((days * SECONDS_OF_DAY + seconds, nanos, rest))
}

fn take_date(text: &str) -> Option<(i64, &str)> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (year, digits, rest) = digits(rest);
    if !(4..=7).contains(&digits) {
        return None;
    }
    let (month, rest) = two(rest.strip_prefix('-')?)?;
    let (day, rest) = two(rest.strip_prefix('-')?)?;
    let year = sign * year;
    let days = days_of(year, month, day);
    // The 31st of February is another date.
    (date_of(days) == (year, month, day)).then_some((days, rest))
}

/// Seconds of the day and nanoseconds. A leap second counts as the first of the next minute, as in Unix time.
fn take_clock(text: &str) -> Option<(i64, i64, &str)> {
    let (hour, length, rest) = digits(text);
    let (minute, rest) = two(rest.strip_prefix(':')?)?;
    let (second, rest) = two(rest.strip_prefix(':')?)?;
    if !(1..=2).contains(&length) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second;
    let Some(fraction) = rest.strip_prefix('.') else { return Some((seconds, 0, rest)) };
    let (number, length, rest) = digits(fraction);
    let scale = 9_usize.checked_sub(length).filter(|_| length > 0)?;
    Some((seconds, number * POWERS[scale], rest))
}

const POWERS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The seconds of an offset: `Z`, `+01:00` or `+01:00:00`.
fn read_offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, rest) = two(rest)?;
    let (minutes, rest) = two(rest.strip_prefix(':')?)?;
    let (seconds, rest) = if rest.is_empty() { (0, rest) } else { two(rest.strip_prefix(':')?)? };
    let fits = rest.is_empty() && minutes < 60 && seconds < 60;
    fits.then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

fn two(text: &str) -> Option<(i64, &str)> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
            Some((i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), &text[2..]))
        }
        _ => None,
    }
}

/// The number that the text begins with, of how many digits, and the rest; more than 17 digits are left.
fn digits(text: &str) -> (i64, usize, &str) {
    let digits = text.bytes().take(17).take_while(u8::is_ascii_digit);
    let (mut number, mut length) = (0, 0);
    for digit in digits {
        number = number * 10 + i64::from(digit - b'0');
        length += 1;
    }
    (number, length, &text[length..])
}

/// The days since 1970 of a date of the proleptic Gregorian calendar; the year begins with March here, so that the leap
/// day is its last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year, month and day: the inverse of [`days_of`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The months, days and milliseconds of a period in ISO 8601, if it has no sign and no finer parts.
pub(crate) fn read_period(text: &str) -> Option<[u32; 3]> {
    let (mut months, mut days, mut millis) = (0_i64, 0_i64, 0_i64);
    let (mut rest, mut in_time, mut any) = (text.strip_prefix(['P', 'p'])?, false, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(['T', 't']).filter(|_| !in_time) {
            (rest, in_time) = (time, true);
            continue;
        }
        let (number, length, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix(['.', ',']) {
            Some(after) => {
                let (fraction, length, after) = digits(after);
                let nanos = fraction * POWERS[9_usize.checked_sub(length).filter(|_| length > 0)?];
                (nanos, after)
            }
            None => (0, after),
        };
        let (part, after) = (after.chars().next()?, after.get(1..)?);
        if length == 0 || fraction % 1_000_000 != 0 || fraction > 0 && !part.eq_ignore_ascii_case(&'S') {
            return None;
        }
        let (sum, factor) = match (part.to_ascii_uppercase(), in_time) {
            ('Y', false) => (&mut months, 12),
            ('M', false) => (&mut months, 1),
            ('W', false) => (&mut days, 7),
            ('D', false) => (&mut days, 1),
            ('H', true) => (&mut millis, 3_600_000),
            ('M', true) => (&mut millis, 60_000),
            ('S', true) => (&mut millis, 1_000),
            _ => return None,
        };
        *sum = sum.checked_add(number.checked_mul(factor)?)?.checked_add(fraction / 1_000_000)?;
        (rest, any) = (after, true);
    }
    let fits = |number: i64| u32::try_from(number).ok();
    any.then_some([fits(months)?, fits(days)?, fits(millis)?])
}
