//! The contract of an event: [`Contract`].

use schemars::generate::Contract as Form;
use serde_json::Value;

use crate::event::{Descriptor, EventSchema};

/// The documents of an event of today.
#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) descriptor: Descriptor,
    /// The name of the type, without its path.
    pub(super) type_name: &'static str,
    pub(super) documents: Documents,
}

/// The documents of a revision of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Documents {
    pub(super) written: Value,
    pub(super) accepted: Value,
    /// None if the event has no Avro schema, or without the feature `avro`.
    pub(super) avro: Option<Value>,
}

impl Contract {
    pub(super) fn of<E: EventSchema>() -> Self {
        let path = std::any::type_name::<E>();
        let path = path.split('<').next().unwrap_or(path);
        Self {
            descriptor: *E::descriptor(),
            type_name: path.rsplit("::").next().unwrap_or(path),
            documents: Documents {
                written: E::json_schema_for(&Form::Serialize).to_value(),
                accepted: E::json_schema_for(&Form::Deserialize).to_value(),
                #[cfg(feature = "avro")]
                avro: crate::contract::avro_schema::<E>().ok(),
                #[cfg(not(feature = "avro"))]
                avro: None,
            },
        }
    }
}
