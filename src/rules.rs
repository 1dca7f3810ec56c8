//! Rules as the derive calls them, beside those that it calls on validator's own traits.
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::contract::decimal;
use crate::load::buffer::{Leftovers, foreign_missing};
use crate::load::{At, Context, Dialect, FieldType, LoadOptions, json};
use crate::violation::{Concern, Fault, Segment, Violation, Violations};

/// The types of bounds for a range of this type: itself, and for decimals also numbers.
#[diagnostic::on_unimplemented(message = "`{B}` cannot be a bound of `{Self}`", label = "a bound of another type")]
pub trait Bounded<B> {
    /// The bound.
    fn bound(bound: B) -> Self;
}

impl<T> Bounded<T> for T {
    #[inline]
    fn bound(bound: T) -> T {
        bound
    }
}

/// validator's `range`, for every ordered type: its own trait is closed to types of other crates.
#[inline]
pub fn in_range<T: PartialOrd + Bounded<B>, B>(
    value: &T,
    min: Option<B>,
    max: Option<B>,
    exclusive_min: Option<B>,
    exclusive_max: Option<B>,
) -> bool {
    let [min, max, exclusive_min, exclusive_max] =
        [min, max, exclusive_min, exclusive_max].map(|bound| bound.map(T::bound));
    // Written so that NaN, which has no order, passes and fails where it does in validator.
    !(max.is_some_and(|max| *value > max)
        || min.is_some_and(|min| *value < min)
        || exclusive_max.is_some_and(|max| !matches!(value.partial_cmp(&max), Some(std::cmp::Ordering::Less)))
        || exclusive_min.is_some_and(|min| !matches!(value.partial_cmp(&min), Some(std::cmp::Ordering::Greater))))
}

/// Whether a value is null on the wire: what `#[event_schema::event]` leaves out where null is refused.
pub fn is_null<T: FieldType>(value: &T) -> bool {
    value.is_null()
}

/// Notes a value that would be written as the null that load refuses.
#[inline]
pub fn not_null<T: FieldType>(value: &T, cx: &mut Context<'_>, at: &At<'_>) {
    if value.is_null() {
        cx.null_at_hand(at);
    }
}

/// Notes a field that would be left out though every load asks for it.
#[cold]
pub fn left_out(cx: &mut Context<'_>, at: &At<'_>) {
    cx.left_out(at);
}

/// Whether a field of the type may be missing.
#[cold]
pub fn may_be_missing<T: FieldType>(cx: &mut Context<'_>, at: &At<'_>) -> bool {
    let before = cx.mark();
    let value = T::missing(cx, at);
    cx.rewind(before);
    value.is_some()
}

/// As [`may_be_missing`], of a type that is not ours.
#[cold]
#[must_use]
pub fn may_be_missing_foreign<T: DeserializeOwned>() -> bool {
    foreign_missing::<T>().is_some()
}

/// Whether a flattened value of the type is read where nothing is left for it.
#[cold]
pub fn may_be_nothing<T: FieldType>(cx: &mut Context<'_>, at: &At<'_>) -> bool {
    let before = cx.mark();
    let value = T::read_flat::<json::Error>(&mut Leftovers::default(), cx, at);
    let fits = value.is_ok() && cx.shape_findings_since(before) == 0;
    cx.rewind(before);
    fits
}

/// Whether the value equals one of the list.
#[inline]
pub fn is_one_of<T: PartialEq<U> + ?Sized, U>(value: &T, list: &[U]) -> bool {
    list.iter().any(|other| value == other)
}

/// A value in a contract; one that JSON cannot say is null.
pub fn to_json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Notes that a rule could not be checked because its context was not given: the event is not known to be valid. A load
/// and a dump say so in an error of its own kind, for the service has forgotten it; a check has it for a violation.
#[cold]
pub fn no_context<C>(cx: &mut Context<'_>, at: &At<'_>) {
    cx.forget(std::any::type_name::<C>());
    let message = format!(
        "A rule needs a context of type `{}`: give it with `LoadOptions::context` or `DumpOptions::context`.",
        std::any::type_name::<C>()
    );
    cx.violation_of_whole(at, "context".into(), Map::new(), Some(message.into()));
}

/// A parameter whose value is known at run time only; one that JSON cannot say is left out.
pub fn param(params: &mut Map<String, Value>, name: &str, value: impl Serialize) {
    if let Some(value) = decimal(value) {
        params.insert(name.to_owned(), value);
    }
}

/// Notes what a custom rule of a field found; the attribute's `code` and `message` come first.
#[cold]
pub fn broken_custom(
    cx: &mut Context<'_>,
    at: &At<'_>,
    error: ValidationError,
    code: Option<&'static str>,
    message: Option<&'static str>,
) {
    broken_by_user(cx, at, Concern::Value, error, code, message);
}

/// Notes what a rule of the whole struct found.
#[cold]
pub fn broken_schema(
    cx: &mut Context<'_>,
    at: &At<'_>,
    error: ValidationError,
    code: Option<&'static str>,
    message: Option<&'static str>,
) {
    broken_by_user(cx, at, Concern::Whole, error, code, message);
}

fn broken_by_user(
    cx: &mut Context<'_>,
    at: &At<'_>,
    concern: Concern,
    error: ValidationError,
    code: Option<&'static str>,
    message: Option<&'static str>,
) {
    let code = code.map_or(error.code, Cow::Borrowed);
    // validator's own derive adds the value under this name; a violation carries none.
    let params = error.params.into_iter().filter(|(name, _)| name != "value");
    let params = params.map(|(name, value)| (name.into_owned(), value)).collect();
    cx.violation_of(at, concern, code, params, message, error.message);
}

/// `validator::Validate::validate` for a type that derives `EventSchema`.
pub fn validate<T: FieldType>(value: &T, options: &LoadOptions<'_>) -> Result<(), ValidationErrors> {
    let mut cx = Context::new(*options, Dialect::Value);
    value.check(&mut cx, &At::ROOT);
    if cx.found() == 0 { Ok(()) } else { Err(cx.into_violations().into()) }
}

/// In validator's form: under Rust's field names, struct-level rules under `__all__`.
///
/// If a field has violations of its own and others inside its value, validator's form can hold only the former, as with
/// validator's own derive.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::validator::ValidationErrors;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Order {
///     #[serde(rename = "orderId")]
///     #[validate(length(min = 3))]
///     order_id: String,
/// }
///
/// let errors = ValidationErrors::from(Order { order_id: "x".into() }.validate().unwrap_err());
/// assert_eq!(errors.field_errors()["order_id"][0].code, "length");
/// ```
impl From<Violations> for ValidationErrors {
    fn from(violations: Violations) -> Self {
        let mut errors = ValidationErrors::new();
        for violation in violations {
            add(&mut errors, violation.path.segments(), &violation);
        }
        errors
    }
}

const ALL: &str = "__all__";

fn add(errors: &mut ValidationErrors, path: &[Segment], violation: &Violation) {
    let error = || ValidationError {
        code: match &violation.fault {
            Fault::Other(other) => other.code.clone(),
            _ => Cow::Owned(violation.code().to_owned()),
        },
        message: Some(violation.message().into_owned().into()),
        params: violation.params().into_iter().map(|(k, v)| (k.into(), v)).collect::<HashMap<_, _>>(),
    };
    let (name, rest) = match path {
        [first, rest @ ..] => (rust_name(first), rest),
        [] => (Cow::Borrowed(ALL), path),
    };
    if rest.is_empty() && (path.is_empty() || violation.concern == Concern::Value) {
        match errors.0.entry(name).or_insert_with(|| ValidationErrorsKind::Field(Vec::new())) {
            ValidationErrorsKind::Field(list) => list.push(error()),
            inner => *inner = ValidationErrorsKind::Field(vec![error()]),
        }
        return;
    }
    if let [Segment::Index(index), rest @ ..] = rest {
        let list = errors.0.entry(name).or_insert_with(|| ValidationErrorsKind::List(BTreeMap::new()));
        if let ValidationErrorsKind::List(list) = list {
            add(list.entry(*index).or_default(), rest, violation);
        }
    } else {
        let inner = errors.0.entry(name).or_insert_with(|| ValidationErrorsKind::Struct(Box::default()));
        if let ValidationErrorsKind::Struct(inner) = inner {
            add(inner, rest, violation);
        }
    }
}

fn rust_name(segment: &Segment) -> Cow<'static, str> {
    match segment {
        Segment::Field(name) => Cow::Borrowed(name.rust()),
        Segment::Index(index) => index.to_string().into(),
        Segment::Name(name) | Segment::Key(name) | Segment::MapKey(name) => name.to_string().into(),
    }
}
