//! deserr over `Value`. It has no rules of its own: they are conversions of the fields.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValuePointerRef};
use event_schema::uuid::Uuid;
use validator::{ValidateEmail, ValidateLength};

#[derive(Deserr)]
#[deserr(error = Faults)]
#[allow(dead_code, reason = "written by the read, which is all that is measured")]
pub(crate) struct Ping {
    #[deserr(try_from(u64) = positive -> Broken)]
    id: u64,
    #[deserr(try_from(String) = length::<1, 20> -> Broken)]
    name: String,
}

#[derive(Deserr)]
#[deserr(error = Faults)]
#[allow(dead_code, reason = "written by the read, which is all that is measured")]
pub(crate) struct Order {
    #[deserr(try_from(&String) = uuid -> Broken)]
    reference: Uuid,
    #[deserr(try_from(&String) = datetime -> Broken)]
    placed_at: DateTime<Utc>,
    status: Status,
    customer_id: u64,
    #[deserr(try_from(String) = self::email -> Broken)]
    email: String,
    #[deserr(try_from(String) = length::<3, 3> -> Broken)]
    currency: String,
    #[deserr(try_from(f64) = not_negative -> Broken)]
    total: f64,
    #[deserr(try_from(Option<String>) = self::coupon -> Broken)]
    coupon: Option<String>,
    note: Option<String>,
    #[deserr(try_from(u8) = self::priority -> Broken)]
    priority: u8,
    address: Address,
    #[deserr(try_from(Vec<Line>) = not_empty -> Broken)]
    lines: Vec<Line>,
}

#[derive(Deserr)]
#[deserr(rename_all = lowercase)]
enum Status {
    New,
    Confirmed,
    Shipped,
}

#[derive(Deserr)]
#[deserr(error = Faults)]
#[allow(dead_code, reason = "written by the read, which is all that is measured")]
struct Address {
    #[deserr(try_from(String) = length::<1, { u64::MAX }> -> Broken)]
    street: String,
    #[deserr(try_from(String) = length::<1, { u64::MAX }> -> Broken)]
    city: String,
    #[deserr(try_from(String) = length::<3, 10> -> Broken)]
    postal_code: String,
    #[deserr(try_from(String) = length::<2, 2> -> Broken)]
    country: String,
}

#[derive(Deserr)]
#[deserr(error = Faults)]
#[allow(dead_code, reason = "written by the read, which is all that is measured")]
struct Line {
    #[deserr(try_from(String) = length::<1, 40> -> Broken)]
    sku: String,
    #[deserr(try_from(u32) = self::quantity -> Broken)]
    quantity: u32,
    #[deserr(try_from(f64) = not_negative -> Broken)]
    price: f64,
}

fn rule<T>(value: T, holds: bool, code: &'static str) -> Result<T, Broken> {
    if holds { Ok(value) } else { Err(Broken(code)) }
}

fn positive(value: u64) -> Result<u64, Broken> {
    rule(value, value >= 1, "range")
}

fn priority(value: u8) -> Result<u8, Broken> {
    rule(value, (1..=5).contains(&value), "range")
}

fn quantity(value: u32) -> Result<u32, Broken> {
    rule(value, (1..=1000).contains(&value), "range")
}

fn not_negative(value: f64) -> Result<f64, Broken> {
    rule(value, value >= 0.0, "range")
}

fn length<const MIN: u64, const MAX: u64>(value: String) -> Result<String, Broken> {
    let holds = value.validate_length(Some(MIN), Some(MAX), None);
    rule(value, holds, "length")
}

fn coupon(value: Option<String>) -> Result<Option<String>, Broken> {
    value.map(length::<3, 20>).transpose()
}

fn not_empty(value: Vec<Line>) -> Result<Vec<Line>, Broken> {
    let holds = !value.is_empty();
    rule(value, holds, "length")
}

fn email(value: String) -> Result<String, Broken> {
    let holds = value.validate_email();
    rule(value, holds, "email")
}

fn uuid(value: &str) -> Result<Uuid, Broken> {
    Uuid::try_parse(value).map_err(|_| Broken("UUID"))
}

fn datetime(value: &str) -> Result<DateTime<Utc>, Broken> {
    value.parse().map_err(|_| Broken("datetime"))
}

/// What a conversion found.
struct Broken(&'static str);

/// Where a fault is, and what it is.
#[allow(dead_code, reason = "a report would show what the fault is")]
struct Fault {
    pointer: String,
    code: &'static str,
}

/// What the read found.
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    fn note(before: Option<Self>, code: &'static str, location: ValuePointerRef<'_>, below: &str) -> Self {
        let mut faults = before.map_or_else(Vec::new, |faults| faults.0);
        let mut pointer = String::new();
        push(&mut pointer, location);
        pointer += below;
        faults.push(Fault { pointer, code });
        Self(faults)
    }
}

fn push(pointer: &mut String, location: ValuePointerRef<'_>) {
    match location {
        ValuePointerRef::Origin => {}
        ValuePointerRef::Key { key, prev } => {
            push(pointer, *prev);
            pointer.push('/');
            pointer.push_str(key);
        }
        ValuePointerRef::Index { index, prev } => {
            push(pointer, *prev);
            pointer.push('/');
            pointer.push_str(&index.to_string());
        }
    }
}

impl DeserializeError for Faults {
    fn error<V: IntoValue>(
        before: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(match error {
            ErrorKind::MissingField { field } => Self::note(before, "required", location, &format!("/{field}")),
            _ => Self::note(before, "invalid", location, ""),
        })
    }
}

impl MergeWithError<Faults> for Faults {
    fn merge(before: Option<Self>, mut other: Self, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(match before {
            Some(mut faults) => {
                faults.0.append(&mut other.0);
                faults
            }
            None => other,
        })
    }
}

impl MergeWithError<Broken> for Faults {
    fn merge(before: Option<Self>, other: Broken, location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(Self::note(before, other.0, location, ""))
    }
}

#[inline]
pub(crate) fn load<T: Deserr<Faults>>(input: &[u8]) -> Result<T, Faults> {
    let value: serde_json::Value = serde_json::from_slice(input).map_err(|_| Faults(Vec::new()))?;
    deserr::deserialize::<T, _, Faults>(value)
}

pub(crate) fn found(error: Faults) -> Vec<String> {
    error.0.into_iter().map(|fault| fault.pointer).collect()
}
