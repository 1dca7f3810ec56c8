//! `serde_json` and garde.

use chrono::{DateTime, Utc};
use event_schema::uuid::Uuid;
use garde::{Report, Validate};
use serde::Deserialize;

#[derive(Deserialize, Validate)]
pub(crate) struct Ping {
    #[garde(range(min = 1))]
    id: u64,
    #[garde(length(chars, min = 1, max = 20))]
    name: String,
}

#[derive(Deserialize, Validate)]
#[allow(dead_code, reason = "written by the read, which is all that is measured")]
pub(crate) struct Order {
    #[garde(skip)]
    reference: Uuid,
    #[garde(skip)]
    placed_at: DateTime<Utc>,
    #[garde(skip)]
    status: Status,
    #[garde(skip)]
    customer_id: u64,
    #[garde(email)]
    email: String,
    #[garde(length(chars, equal = 3))]
    currency: String,
    #[garde(range(min = 0.0))]
    total: f64,
    #[garde(length(chars, min = 3, max = 20))]
    coupon: Option<String>,
    #[garde(skip)]
    note: Option<String>,
    #[garde(range(min = 1, max = 5))]
    priority: u8,
    #[garde(dive)]
    address: Address,
    #[garde(dive, length(min = 1))]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    New,
    Confirmed,
    Shipped,
}

#[derive(Deserialize, Validate)]
struct Address {
    #[garde(length(chars, min = 1))]
    street: String,
    #[garde(length(chars, min = 1))]
    city: String,
    #[garde(length(chars, min = 3, max = 10))]
    postal_code: String,
    #[garde(length(chars, equal = 2))]
    country: String,
}

#[derive(Deserialize, Validate)]
struct Line {
    #[garde(length(chars, min = 1, max = 40))]
    sku: String,
    #[garde(range(min = 1, max = 1000))]
    quantity: u32,
    #[garde(range(min = 0.0))]
    price: f64,
}

pub(crate) enum Error {
    Json,
    Rules(Report),
}

#[inline]
pub(crate) fn load<T: for<'de> Deserialize<'de> + Validate<Context = ()>>(input: &[u8]) -> Result<T, Error> {
    let event: T = serde_json::from_slice(input).map_err(|_| Error::Json)?;
    event.validate().map_err(Error::Rules)?;
    Ok(event)
}

pub(crate) fn found(error: Error) -> Vec<String> {
    match error {
        Error::Json => vec!["?".to_owned()],
        Error::Rules(report) => report.iter().map(|(path, _)| crate::pointer(&path.to_string())).collect(),
    }
}
