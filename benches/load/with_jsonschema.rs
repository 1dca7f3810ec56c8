//! jsonschema over `Value`, by event-schema's contract; what it accepts is then read from the `Value`.

use std::sync::LazyLock;

use event_schema::EventSchema;
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A type that has a contract.
pub(crate) trait Contract: DeserializeOwned {
    fn validator() -> &'static Validator;
}

fn validator<T: EventSchema>() -> Validator {
    let schema = T::json_schema();
    jsonschema::options().should_validate_formats(true).build(schema.as_value()).expect("the contract is a schema")
}

impl Contract for super::with_validator::Ping {
    fn validator() -> &'static Validator {
        static VALIDATOR: LazyLock<Validator> = LazyLock::new(validator::<crate::with_event_schema::Ping>);
        &VALIDATOR
    }
}

impl Contract for super::with_validator::Order {
    fn validator() -> &'static Validator {
        static VALIDATOR: LazyLock<Validator> = LazyLock::new(validator::<crate::with_event_schema::Order>);
        &VALIDATOR
    }
}

/// The findings borrow the `Value`; what is kept of them is where and what.
pub(crate) struct Fault {
    pointer: String,
    #[allow(dead_code, reason = "a report would show it")]
    message: String,
}

#[inline]
pub(crate) fn load<T: Contract>(input: &[u8]) -> Result<T, Vec<Fault>> {
    let value: Value = serde_json::from_slice(input).map_err(|_| Vec::new())?;
    let validator = T::validator();
    if !validator.is_valid(&value) {
        let faults = validator.iter_errors(&value).map(|error| {
            let mut pointer = error.instance_path().to_string();
            if let ValidationErrorKind::Required { property } = error.kind() {
                pointer += "/";
                pointer += property.as_str().unwrap_or_default();
            }
            Fault { pointer, message: error.to_string() }
        });
        return Err(faults.collect());
    }
    T::deserialize(value).map_err(|_| Vec::new())
}

pub(crate) fn found(faults: Vec<Fault>) -> Vec<String> {
    faults.into_iter().map(|fault| fault.pointer).collect()
}
