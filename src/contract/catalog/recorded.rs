//! The contract of an event: [`Contract`].

use schemars::Schema;
use schemars::generate::Contract as Form;
use serde_json::{Value, json};

use crate::event::{Descriptor, EventSchema};

/// The documents of an event of today.
#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) descriptor: Descriptor,
    /// The name of the type, without its path.
    pub(super) type_name: &'static str,
    pub(super) documents: Documents,
    /// The examples that load refuses: their index, and why.
    pub(super) bad_examples: Vec<(usize, String)>,
    /// Whether the service receives the event and does not send it.
    pub(super) is_received: bool,
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
    pub(super) fn of<E: EventSchema>(is_received: bool) -> Self {
        let path = std::any::type_name::<E>();
        let path = path.split('<').next().unwrap_or(path);
        let descriptor = *E::descriptor();
        let accepted = E::json_schema_for(&Form::Deserialize);
        Self {
            descriptor,
            type_name: path.rsplit("::").next().unwrap_or(path),
            bad_examples: bad_examples::<E>(&accepted),
            documents: Documents {
                written: document(descriptor, E::json_schema_for(&Form::Serialize), "written"),
                accepted: document(descriptor, accepted, "accepted"),
                #[cfg(feature = "avro")]
                avro: crate::contract::avro_schema::<E>().ok(),
                #[cfg(not(feature = "avro"))]
                avro: None,
            },
            is_received,
        }
    }
}

/// The schema with the event that it describes.
fn document(event: Descriptor, mut schema: Schema, form: &str) -> Value {
    let mut about = json!({"name": event.name(), "version": event.version(), "form": form});
    for (keyword, value) in [("topic", event.topic()), ("key", event.key())] {
        if let Some(value) = value {
            about[keyword] = value.into();
        }
    }
    if !event.sensitive().is_empty() {
        about["sensitive"] = event.sensitive().into();
    }
    schema.insert("$id".to_owned(), format!("urn:event-schema:{}:v{}:{form}", event.name(), event.version()).into());
    schema.insert("x-event-schema".to_owned(), about);
    schema.to_value()
}

fn bad_examples<E: EventSchema>(schema: &Schema) -> Vec<(usize, String)> {
    let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    let answers = examples.enumerate().map(|(at, example)| (at, E::load_value(example.clone())));
    answers.filter_map(|(at, loaded)| Some((at, loaded.err()?.to_string()))).collect()
}
