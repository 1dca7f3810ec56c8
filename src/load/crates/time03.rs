//! time: points in time, local dates and times, durations and offsets.
//!

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::from_text;
use super::words::{DATE, DATETIME, TIME};
use crate::contract::shape::{Logical, Text};
use crate::load::Expected;
use crate::load::hint::moment;
use crate::load::std_types::PERIOD;

static OFFSET: Expected = Expected::new("UTC offset");

/// Parses as time's own `Deserialize` does, whose format is not public.
fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    let source: StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(source).ok()
}

macro_rules! date {
    () => {
        "[+-]?[0-9]{4,6}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    };
}
macro_rules! time {
    () => {
        "([01]?[0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)\\.[0-9]{1,9}"
    };
}
macro_rules! offset {
    () => {
        "[+-][0-9]{2}:[0-9]{2}:[0-9]{2}"
    };
}

from_text! {
    OffsetDateTime: DATETIME, parse,
        Text::of_pattern("OffsetDateTime", &[concat!("^", date!(), " ", time!(), " ", offset!(), "$")])
            .meaning(Logical::Instant),
        INSTANT => |bytes| {
            let (seconds, nanos) = moment(bytes)?;
            OffsetDateTime::from_unix_timestamp(seconds).ok()?.replace_nanosecond(nanos).ok()
        };
    PrimitiveDateTime: DATETIME, parse,
        Text::of_pattern("PrimitiveDateTime", &[concat!("^", date!(), " ", time!(), "$")]).meaning(Logical::DateTime);
    Date: DATE, parse, Text::of_pattern("Date", &[concat!("^", date!(), "$")]).meaning(Logical::Date);
    Time: TIME, parse, Text::of_pattern("Time", &[concat!("^", time!(), "$")]).meaning(Logical::Time);
    Duration: PERIOD, parse, Text::of_pattern("Duration", &["^[+-]?[0-9]+\\.[0-9]{1,9}$"]);
    UtcOffset: OFFSET, parse, Text::of_pattern("UtcOffset", &[concat!("^", offset!(), "$")]);
}
