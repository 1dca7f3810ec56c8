//! jiff: points in time with and without their zone, local dates and times, spans and durations.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::words::{DATE, DATETIME, TIME};
use super::{from_text, patterns};
use crate::contract::{Place, Walk};
use crate::load::std_types::PERIOD;

from_text! {
    Timestamp: DATETIME, |text| text.parse().ok(), |_, _| {};
    Zoned: DATETIME, |text| text.parse().ok(), |walk, here| walk.add_missing(here, "pattern", patterns::ZONED);
    DateTime: DATETIME, |text| text.parse().ok(), |walk, here| walk.add_missing(here, "pattern", patterns::DATETIME);
    Date: DATE, |text| text.parse().ok(), |_, _| {};
    Time: TIME, |text| text.parse().ok(), |walk, here| walk.add_missing(here, "pattern", patterns::TIME);
    Span: PERIOD, |text| text.parse().ok(), |walk, here| describe_period(walk, here, SPAN);
    SignedDuration: PERIOD, |text| text.parse().ok(), |walk, here| describe_period(walk, here, DURATION);
}

macro_rules! hours {
    () => {
        "T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]{1,9})?S)?"
    };
}

const SPAN: &str = concat!("^[+-]?P([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(", hours!(), ")?$");
const DURATION: &str = concat!("^[+-]?P", hours!(), "$");

/// JSON Schema's `duration` has neither a sign nor fractions of a second; jiff writes both.
fn describe_period(walk: &mut Walk<'_>, here: &Place, pattern: &str) {
    walk.forget(here, "format");
    walk.require(here, "pattern", pattern.into());
    walk.require(here, "pattern", "[0-9][YMWDHS]$".into());
}
