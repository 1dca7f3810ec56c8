//! Conversions between validator 0.21 and this crate: the feature `validator021`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::load::{At, Context, Dialect, FieldType, LoadOptions};
use crate::violation::{Concern, Fault, Segment, Violation, Violations};

/// validator's name for errors of a struct as a whole.
const ALL: &str = "__all__";

/// Rules may return validator's error, so a function that was written for validator can be used unchanged.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::validator::ValidationError;
///
/// fn even(number: u32) -> Result<(), ValidationError> {
///     if number.is_multiple_of(2) { Ok(()) } else { Err(ValidationError::new("odd")) }
/// }
///
/// #[event_schema::event]
/// struct Pair {
///     #[validate(custom(function = even, message = "Odd."))]
///     count: u32,
/// }
///
/// assert_eq!(Pair { count: 3 }.validate().unwrap_err().to_string(), "count: Odd.");
/// ```
impl From<ValidationError> for Violation {
    fn from(error: ValidationError) -> Self {
        let mut violation = Self::new(error.code);
        let other = violation.other_mut();
        other.message = error.message;
        // validator's own derive adds the value under this name, and that of the field to match under the other.
        let must_match = other.code == "must_match";
        if must_match && other.message.is_none() {
            other.message = Some("Must match the other field.".into());
        }
        let params = error.params.into_iter().filter(|(name, _)| name != "value" && !(must_match && name == "other"));
        other.params = params.map(|(name, value)| (name.into_owned(), value)).collect();
        violation
    }
}

/// As one violation.
impl From<ValidationError> for Violations {
    fn from(error: ValidationError) -> Self {
        Violation::from(error).into()
    }
}

/// All errors of validator, under the names of their fields. In a rule or hook that returns [`Violations`], `?`
/// converts them.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::validator::{Validate, ValidationError, ValidationErrors};
///
/// /// A type of another crate, which knows validator and not this crate.
/// struct Address<'a> { zip: &'a str }
///
/// impl Validate for Address<'_> {
///     fn validate(&self) -> Result<(), ValidationErrors> {
///         let mut errors = ValidationErrors::new();
///         if self.zip.len() != 5 {
///             errors.add("zip", ValidationError::new("zip"));
///         }
///         if errors.is_empty() { Ok(()) } else { Err(errors) }
///     }
/// }
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// #[validate(schema(function = has_address))]
/// struct Customer { id: u64, zip: String }
///
/// fn has_address(customer: &Customer) -> Result<(), Violations> {
///     Ok(Address { zip: &customer.zip }.validate()?)
/// }
///
/// let error = Customer::load(br#"{"id": 7, "zip": "1"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "1 violation\nzip: Invalid value.");
/// ```
impl From<ValidationErrors> for Violations {
    fn from(errors: ValidationErrors) -> Self {
        fn add(found: &mut Vec<Violation>, within: &[Segment], errors: ValidationErrors) {
            // They are sorted by name: validator keeps them in no order.
            for (name, kind) in errors.0.into_iter().collect::<BTreeMap<_, _>>() {
                let mut within = within.to_vec();
                if name != ALL {
                    within.push(Segment::from(&*name));
                }
                match kind {
                    ValidationErrorsKind::Field(errors) => {
                        for error in errors {
                            let mut violation = Violation::from(error);
                            violation.path.extend(within.iter().cloned());
                            if name == ALL {
                                violation.concern = Concern::Whole;
                            }
                            found.push(violation);
                        }
                    }
                    ValidationErrorsKind::Struct(inner) => add(found, &within, *inner),
                    ValidationErrorsKind::List(list) => {
                        for (index, inner) in list {
                            let within: Vec<_> = within.iter().cloned().chain([Segment::from(index)]).collect();
                            add(found, &within, *inner);
                        }
                    }
                }
            }
        }
        let mut found = Vec::new();
        add(&mut found, &[], errors);
        found.into_iter().collect()
    }
}

/// `validator::Validate::validate` for a type that derives `EventSchema`.
///
/// # Errors
/// If the value breaks a rule.
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
