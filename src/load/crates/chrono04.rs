//! chrono: points in time, local dates and times, periods, months and days of the week.

use chrono::{DateTime, FixedOffset, Local, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use serde::de::Deserializer;

use super::words::{DATE, DATETIME, TIME};
use super::{from_text, patterns};
use crate::contract::Shape;
use crate::contract::shape::{Logical, Text};
use crate::load::hint::moment;
use crate::load::std_types::PERIOD;
use crate::load::{At, Context, Expected, FieldType};

static MONTH: Expected = Expected::new("month");
static WEEKDAY: Expected = Expected::new("weekday");

const WEEKDAYS: Text = Text { choices: &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ..Text::named("Weekday") };
const MONTHS: Text = Text {
    choices: &[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    ..Text::named("Month")
};
const POINT: Text = Text::of_format("DateTime", &["date-time"]).meaning(Logical::Instant);

from_text! {
    DateTime<Utc>: DATETIME, |text| text.parse().ok(), POINT, INSTANT => instant,
        |this| (this.timestamp(), this.timestamp_subsec_nanos());
    DateTime<FixedOffset>: DATETIME, |text| text.parse().ok(), POINT, INSTANT => |bytes| Some(instant(bytes)?.into());
    DateTime<Local>: DATETIME, |text| text.parse().ok(), POINT, INSTANT => |bytes| Some(instant(bytes)?.into());
    NaiveDateTime: DATETIME, |text| text.parse().ok(), Text::of_pattern("NaiveDateTime", &[patterns::DATETIME])
        .meaning(Logical::DateTime), DATETIME => |bytes| Some(instant(bytes)?.naive_utc());
    NaiveDate: DATE, |text| text.parse().ok(), Text::of_format("NaiveDate", &["date"]).meaning(Logical::Date),
        DATE => |bytes| NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(bytes.try_into().ok()?).checked_add(EPOCH)?);
    NaiveTime: TIME, |text| text.parse().ok(), Text::of_pattern("NaiveTime", &[patterns::TIME]).meaning(Logical::Time), TIME => |bytes| {
        let (seconds, nanos) = moment(bytes)?;
        NaiveTime::from_num_seconds_from_midnight_opt(seconds.try_into().ok()?, nanos)
    };
    Month: MONTH, |text| text.parse().ok(), MONTHS;
    Weekday: WEEKDAY, |text| text.parse().ok(), WEEKDAYS;
}

/// The first of January 1970, counted from the year 1.
const EPOCH: i32 = 719_163;

#[inline]
fn instant(bytes: &[u8]) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = moment(bytes)?;
    DateTime::from_timestamp(seconds, nanos)
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

    fn shape() -> Shape {
        let secs = i64::shape().range(TimeDelta::MIN.num_seconds() - 1..=TimeDelta::MAX.num_seconds());
        Shape::tuple(vec![secs, u32::shape().range(0..1_000_000_000)])
    }
}
