//! `serde_json` and validator: the baseline.

use chrono::{DateTime, Utc};
use event_schema::schemars::{self, JsonSchema};
use event_schema::uuid::Uuid;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Ping {
    #[validate(range(min = 1))]
    id: u64,
    #[validate(length(min = 1, max = 20))]
    name: String,
}

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Order {
    reference: Uuid,
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

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    New,
    Confirmed,
    Shipped,
}

#[derive(Serialize, Deserialize, Validate)]
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

#[derive(Serialize, Deserialize, Validate)]
struct Line {
    #[validate(length(min = 1, max = 40))]
    sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    #[validate(range(min = 0.0))]
    price: f64,
}

/// A type that event-schema reads by its own `Deserialize`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Size {
    width: u32,
    height: u32,
    depth: u32,
}

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Parcel {
    #[validate(range(min = 1))]
    id: u64,
    size: Size,
    #[validate(length(min = 3))]
    label: String,
}

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Stop {
    #[validate(range(min = 1))]
    id: u64,
    #[serde(flatten)]
    #[validate(nested)]
    address: Address,
}

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Payment {
    #[validate(range(min = 1))]
    id: u64,
    by: Means,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Means {
    Transfer { iban: String, cents: u64 },
    Cash { cents: u64 },
}

#[derive(Debug)]
pub(crate) enum Error {
    Json,
    Rules(ValidationErrors),
}

#[inline]
pub(crate) fn load<T: for<'de> Deserialize<'de> + Validate>(input: &[u8]) -> Result<T, Error> {
    let event: T = serde_json::from_slice(input).map_err(|_| Error::Json)?;
    event.validate().map_err(Error::Rules)?;
    Ok(event)
}

#[inline]
pub(crate) fn dump<T: Serialize + Validate>(event: &T) -> Result<Vec<u8>, Error> {
    event.validate().map_err(Error::Rules)?;
    serde_json::to_vec(event).map_err(|_| Error::Json)
}

/// Where it found something; of a fault of shape only that there is one.
pub(crate) fn found(error: Error) -> Vec<String> {
    match error {
        Error::Json => vec!["?".to_owned()],
        Error::Rules(errors) => {
            let mut found = Vec::new();
            flatten(&errors, "", &mut found);
            found
        }
    }
}

pub(crate) fn flatten(errors: &ValidationErrors, at: &str, found: &mut Vec<String>) {
    for (name, kind) in errors.errors() {
        let at = format!("{at}/{name}");
        match kind {
            ValidationErrorsKind::Field(errors) => found.extend(errors.iter().map(|_| at.clone())),
            ValidationErrorsKind::Struct(inner) => flatten(inner, &at, found),
            ValidationErrorsKind::List(list) => {
                for (index, inner) in list {
                    flatten(inner, &format!("{at}/{index}"), found);
                }
            }
        }
    }
}
