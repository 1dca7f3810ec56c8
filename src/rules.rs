//! Rules as the derive calls them, beside those that it calls on validator's own traits.
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::{ValidateEmail, ValidateLength};

use crate::contract::decimal;
use crate::load::buffer::{Leftovers, foreign_missing};
use crate::load::{At, Context, FieldType, json};
use crate::violation::{Concern, Violations};

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

/// validator's `length` of a text, which counts its characters only where the number of bytes does not tell enough.
#[inline]
pub fn has_length<T: AsRef<str> + ValidateLength<u64>>(
    value: &T,
    min: Option<u64>,
    max: Option<u64>,
    equal: Option<u64>,
) -> bool {
    let bytes = value.as_ref().len() as u64;
    // A character has up to four.
    let is_within = min.is_none_or(|min| bytes.div_ceil(4) >= min) && max.is_none_or(|max| bytes <= max);
    is_within && equal.is_none() || value.validate_length(min, max, equal)
}

/// validator's `email` of a text. A look at the bytes is enough for most addresses; its regular expressions judge all
/// others.
#[inline]
pub fn is_email<T: AsRef<str> + ValidateEmail>(value: &T) -> bool {
    is_plain_email(value.as_ref().as_bytes()) || value.validate_email()
}

fn is_plain_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (user, domain) = (&text[..at], &text[at + 1..]);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    (1..=64).contains(&user.len())
        && user.iter().all(is_plain)
        && domain.len() <= 255
        && domain.split(|byte| *byte == b'.').all(is_label)
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
        "A rule needs a context of type `{}`: set it with `LoadOptions::context` or `DumpOptions::context`.",
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

/// An error of a rule or a hook: whatever is made into [`Violations`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a rule or hook",
    label = "this function returns a `Result` whose error is `{Self}`",
    note = "return a `Violation`, or `Violations`: `Err(Violation::new(\"code\").with_message(\"...\"))`",
    note = "an error type of yours serves too if `Violations` implements `From` for it",
    note = "validator's own errors serve with the feature `validator021`, which is on by default"
)]
pub trait RuleError {
    /// The findings.
    fn into_violations(self) -> Violations;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Violations>> RuleError for E {
    fn into_violations(self) -> Violations {
        self.into()
    }
}

/// Notes what a custom rule of a field found; the attribute's `code` and `message` come first.
#[cold]
pub fn broken_custom(
    cx: &mut Context<'_>,
    at: &At<'_>,
    error: impl RuleError,
    code: Option<&'static str>,
    message: Option<&'static str>,
) {
    cx.found_by_user(at, Concern::Value, error.into_violations(), code, message);
}

/// Notes what a rule of the whole struct `T`, or one of its hooks, found.
#[cold]
pub fn broken_schema<T: FieldType>(
    cx: &mut Context<'_>,
    at: &At<'_>,
    error: impl RuleError,
    code: Option<&'static str>,
    message: Option<&'static str>,
) {
    cx.found_by_user(at, Concern::Whole, resolved::<T>(error.into_violations()), code, message);
}

/// The findings of a rule or hook of `T`, with the fields of `T` that it names.
#[cold]
#[must_use]
pub fn resolved<T: FieldType>(mut violations: Violations) -> Violations {
    violations.resolve(T::fields());
    violations
}
