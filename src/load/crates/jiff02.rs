//! jiff: points in time with and without their zone, local dates and times, spans and durations.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::words::{DATE, DATETIME, TIME};
use super::{from_text, patterns};
use crate::contract::shape::{Logical, Text};
use crate::load::hint::moment;
use crate::load::std_types::PERIOD;

from_text! {
    Timestamp: DATETIME, |text| text.parse().ok(), Text::of_format("Timestamp", &["date-time"]).meaning(Logical::Instant), INSTANT => |bytes| {
        let (seconds, nanos) = moment(bytes)?;
        Timestamp::new(seconds, nanos.try_into().ok()?).ok()
    };
    Zoned: DATETIME, |text| text.parse().ok(), Text::of_pattern("Zoned", &[patterns::ZONED]);
    DateTime: DATETIME, |text| text.parse().ok(), Text::of_pattern("DateTime", &[patterns::DATETIME]).meaning(Logical::DateTime);
    Date: DATE, |text| text.parse().ok(), Text::of_format("Date", &["date"]).meaning(Logical::Date);
    Time: TIME, |text| text.parse().ok(), Text::of_pattern("Time", &[patterns::TIME]).meaning(Logical::Time);
    Span: PERIOD, |text| text.parse().ok(), Text::of_pattern("Span", &[SPAN, PARTS]).meaning(Logical::Duration);
    SignedDuration: PERIOD, |text| text.parse().ok(), Text::of_pattern("SignedDuration", &[DURATION, PARTS]).meaning(Logical::Duration);
}

macro_rules! hours {
    () => {
        "T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]{1,9})?S)?"
    };
}

// JSON Schema's format `duration` has neither a sign nor fractions of a second; jiff writes both.
const SPAN: &str = concat!("^[+-]?P([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(", hours!(), ")?$");
const DURATION: &str = concat!("^[+-]?P", hours!(), "$");
/// There is at least one part.
const PARTS: &str = "[0-9][YMWDHS]$";
