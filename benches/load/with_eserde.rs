//! eserde and validator.

use chrono::{DateTime, Utc};
use eserde::{DeserializationErrors, EDeserialize};
use event_schema::uuid::Uuid;
use serde::Serialize;
use validator::{Validate, ValidationErrors};

#[derive(Serialize, eserde::Deserialize, Validate)]
pub(crate) struct Ping {
    #[validate(range(min = 1))]
    id: u64,
    #[validate(length(min = 1, max = 20))]
    name: String,
}

#[derive(Serialize, eserde::Deserialize, Validate)]
pub(crate) struct Order {
    #[eserde(compat)]
    reference: Uuid,
    #[eserde(compat)]
    placed_at: DateTime<Utc>,
    status: Status,
    customer_id: u64,
    #[validate(email)]
    email: String,
    #[validate(length(equal = 3))]
    currency: String,
    #[validate(range(min = 0.0))]
    total: f64,
    #[validate(length(min = 3, max = 20))]
    coupon: Option<String>,
    note: Option<String>,
    #[validate(range(min = 1, max = 5))]
    priority: u8,
    #[validate(nested)]
    address: Address,
    #[validate(nested, length(min = 1))]
    lines: Vec<Line>,
}

#[derive(Serialize, eserde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    New,
    Confirmed,
    Shipped,
}

#[derive(Serialize, eserde::Deserialize, Validate)]
struct Address {
    #[validate(length(min = 1))]
    street: String,
    #[validate(length(min = 1))]
    city: String,
    #[validate(length(min = 3, max = 10))]
    postal_code: String,
    #[validate(length(equal = 2))]
    country: String,
}

#[derive(Serialize, eserde::Deserialize, Validate)]
struct Line {
    #[validate(length(min = 1, max = 40))]
    sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    #[validate(range(min = 0.0))]
    price: f64,
}

pub(crate) enum Error {
    Shape(DeserializationErrors),
    Rules(ValidationErrors),
}

#[inline]
pub(crate) fn load<T: for<'de> EDeserialize<'de> + Validate>(input: &[u8]) -> Result<T, Error> {
    let event: T = eserde::json::from_slice(input).map_err(Error::Shape)?;
    event.validate().map_err(Error::Rules)?;
    Ok(event)
}

pub(crate) fn found(error: Error) -> Vec<String> {
    match error {
        Error::Shape(errors) => errors
            .iter()
            .map(|error| error.path().map_or_else(|| "?".to_owned(), |path| crate::pointer(&path.to_string())))
            .collect(),
        Error::Rules(errors) => {
            let mut found = Vec::new();
            super::with_validator::flatten(&errors, "", &mut found);
            found
        }
    }
}
