//! chrono: points in time, local dates and times, periods, months and days of the week.

use chrono::{DateTime, FixedOffset, Local, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use serde::de::Deserializer;

use super::words::{DATE, DATETIME, TIME};
use super::{from_text, patterns};
use crate::contract::{Place, Walk};
use crate::load::std_types::PERIOD;
use crate::load::{At, Context, Expected, FieldType};

static MONTH: Expected = Expected::new("month");
static WEEKDAY: Expected = Expected::new("weekday");

from_text! {
    DateTime<Utc>: DATETIME, |text| text.parse().ok(), |_, _| {};
    DateTime<FixedOffset>: DATETIME, |text| text.parse().ok(), |_, _| {};
    DateTime<Local>: DATETIME, |text| text.parse().ok(), |_, _| {};
    NaiveDateTime: DATETIME, |text| text.parse().ok(), |walk, here| {
        walk.add_missing(here, "pattern", patterns::DATETIME);
    };
    NaiveDate: DATE, |text| text.parse().ok(), |_, _| {};
    NaiveTime: TIME, |text| text.parse().ok(), |walk, here| walk.add_missing(here, "pattern", patterns::TIME);
    Month: MONTH, |text| text.parse().ok(), |_, _| {};
    Weekday: WEEKDAY, |text| text.parse().ok(), |_, _| {};
}

/// Seconds and nanoseconds, in a list.
impl FieldType for TimeDelta {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        let Some((secs, nanos)) = <(i64, i32)>::read(input, cx, at)? else { return Ok(None) };
        let value = u32::try_from(nanos).ok().and_then(|nanos| TimeDelta::new(secs, nanos));
        if value.is_none() {
            cx.invalid(at, &PERIOD);
        }
        Ok(value)
    }

    fn describe(walk: &mut Walk<'_>, here: &Place) {
        let secs = here.join("prefixItems").join("0");
        walk.add_missing(&secs, "minimum", TimeDelta::MIN.num_seconds() - 1);
        walk.add_missing(&secs, "maximum", TimeDelta::MAX.num_seconds());
    }
}
