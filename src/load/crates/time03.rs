//! time: points in time, local dates and times, durations and offsets.
//!
//! schemars does not know them: the field says `#[schemars(with = "String")]`.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::from_text;
use super::words::{DATE, DATETIME, TIME};
use crate::load::Expected;
use crate::load::std_types::PERIOD;

static OFFSET: Expected = Expected::new("UTC offset");

/// Parses as time's own `Deserialize` does, whose format is not public.
fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    let source: StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(source).ok()
}

from_text! {
    OffsetDateTime: DATETIME, parse, |_, _| {};
    PrimitiveDateTime: DATETIME, parse, |_, _| {};
    Date: DATE, parse, |_, _| {};
    Time: TIME, parse, |_, _| {};
    Duration: PERIOD, parse, |_, _| {};
    UtcOffset: OFFSET, parse, |_, _| {};
}
