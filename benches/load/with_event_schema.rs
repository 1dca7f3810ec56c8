//! event-schema: one tolerant pass.

use chrono::{DateTime, Utc};
use event_schema::prelude::*;
use event_schema::serde_json::Value;

#[event_schema::event]
pub(crate) struct Ping {
    #[validate(range(min = 1))]
    id: u64,
    #[validate(length(min = 1, max = 20))]
    name: String,
}

#[event_schema::event]
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

#[event_schema::event]
#[serde(rename_all = "snake_case")]
enum Status {
    New,
    Confirmed,
    Shipped,
}

#[event_schema::event]
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

#[event_schema::event]
struct Line {
    #[validate(length(min = 1, max = 40))]
    sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    #[validate(range(min = 0.0))]
    price: f64,
}

#[event_schema::event]
pub(crate) struct Parcel {
    #[validate(range(min = 1))]
    id: u64,
    #[event(plain)]
    size: super::with_validator::Size,
    #[validate(length(min = 3))]
    label: String,
}

#[event_schema::event]
pub(crate) struct Stop {
    #[validate(range(min = 1))]
    id: u64,
    #[serde(flatten)]
    address: Address,
}

#[event_schema::event]
pub(crate) struct Payment {
    #[validate(range(min = 1))]
    id: u64,
    by: Means,
}

#[event_schema::event]
#[serde(tag = "type", rename_all = "snake_case")]
enum Means {
    Transfer { iban: String, cents: u64 },
    Cash { cents: u64 },
}

#[inline]
pub(crate) fn load<T: EventSchema>(input: &[u8]) -> Result<T, LoadError> {
    T::load(input)
}

/// With the report as a tree of messages.
#[inline]
pub(crate) fn load_or_messages<T: EventSchema>(input: &[u8]) -> Result<T, Value> {
    T::load(input).map_err(|error| error.violations().map(Violations::to_messages).unwrap_or_default())
}

/// The same as JSON text.
#[inline]
pub(crate) fn load_or_text<T: EventSchema>(input: &[u8]) -> Result<T, String> {
    T::load(input).map_err(|error| error.violations().map(Violations::to_json).unwrap_or_default())
}

pub(crate) fn found(error: LoadError) -> Vec<String> {
    error.into_violations().into_iter().flatten().map(|violation| violation.path().to_pointer()).collect()
}

/// Where the messages of a tree stand.
pub(crate) fn leaves(tree: &Value) -> Vec<String> {
    fn walk(tree: &Value, at: &str, found: &mut Vec<String>) {
        match tree {
            Value::Object(children) => {
                for (name, child) in children {
                    walk(child, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(messages) => found.extend(messages.iter().map(|_| at.to_owned())),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}
