//! The contract of an event: [`Contract`].

use schemars::Schema;
use schemars::generate::Contract as Form;
use serde_json::{Value, json};

use crate::contract::compat::{Policy, token};
use crate::contract::json_schema::to_draft07;
use crate::contract::shape::{self, Kind, Shape};
use crate::event::{Descriptor, Generated, Versions, show_version};
use crate::load::{self, LoadOptions};
use crate::partial::Partial;
use crate::violation::Violation;

/// The documents of an event of today.
#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) descriptor: Descriptor,
    /// The name of the type with its path.
    pub(super) type_path: &'static str,
    pub(super) documents: Documents,
    /// The schemas without the marks of the record.
    #[cfg(feature = "registry")]
    pub(super) sent: Sent,
    /// The reason why there is no Avro schema.
    pub(super) no_avro: Option<String>,
    /// The examples that load refuses: their place, and why.
    pub(super) bad_examples: Vec<(String, String)>,
    pub(super) role: Role,
    /// Whether it is an earlier version, which the type of a later one loads.
    pub(super) is_earlier: bool,
    pub(super) shape: fn() -> Shape,
}

/// The schemas that producers write an event with, and get the ids of.
#[cfg(feature = "registry")]
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) json: String,
    /// Or the reason why there is none.
    pub(crate) avro: Result<String, String>,
}

/// The part of a service in the exchange of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) sends: bool,
    pub(super) receives: bool,
}

impl Role {
    pub(super) const SENDS: Self = Self { sends: true, receives: false };
    pub(super) const RECEIVES: Self = Self { sends: false, receives: true };

    fn and(self, other: Self) -> Self {
        Self { sends: self.sends || other.sends, receives: self.receives || other.receives }
    }

    /// Whether the event is another program's, so that its written form is not this service's.
    pub(super) fn is_foreign(self) -> bool {
        self.receives && !self.sends
    }
}

/// The documents of a revision of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Documents {
    /// None of an event that is only received, unless its owner's schema is recorded.
    pub(super) written: Option<Value>,
    pub(super) accepted: Value,
    /// None if the event has no Avro schema, or without the feature `avro`.
    pub(super) avro: Option<Value>,
}

/// Adds the contracts of an event and of its earlier versions, or of the events that an enum holds.
pub(super) fn add<E: Generated>(contracts: &mut Vec<Contract>, role: Role) {
    struct Seen(Vec<Contract>, Role);
    impl Versions for Seen {
        fn see<T: Generated>(&mut self, is_earlier: bool) {
            // An enum of events is none itself: the types of its messages are those of the variants. What is of no known
            // event has no contract.
            if !T::HAS_TYPES && T::DESCRIPTOR.name() != Descriptor::ANY {
                self.0.push(Contract { is_earlier, ..Contract::of::<T>(self.1) });
            }
        }
    }
    let mut seen = Seen(Vec::new(), role);
    show_version::<E>(&mut seen, false);
    for contract in seen.0 {
        let is_same =
            |known: &&mut Contract| known.type_path == contract.type_path && known.descriptor == contract.descriptor;
        match contracts.iter_mut().find(is_same) {
            Some(known) if known.is_earlier == contract.is_earlier => known.role = known.role.and(contract.role),
            // The role of a version that is named itself is its own.
            Some(known) if known.is_earlier => *known = contract,
            Some(_) => {}
            None => contracts.push(contract),
        }
    }
}

impl Contract {
    fn of<E: Generated>(role: Role) -> Self {
        let descriptor = *E::DESCRIPTOR;
        let accepted = E::schema_for(&Form::Deserialize);
        #[cfg(feature = "avro")]
        let avro = crate::contract::avro_schema_of::<E>().map_err(|error| error.to_string());
        #[cfg(not(feature = "avro"))]
        let avro: Result<Value, String> = Err("the feature `avro` is off".to_owned());
        let written = E::schema_for(&Form::Serialize);
        #[cfg(feature = "registry")]
        let sent = Sent {
            json: written.as_value().to_string(),
            avro: avro.as_ref().map(Value::to_string).map_err(Clone::clone),
        };
        let (avro, no_avro) = match avro {
            Ok(schema) => (Some(schema), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            descriptor,
            type_path: std::any::type_name::<E>(),
            bad_examples: bad_examples::<E>(&accepted),
            documents: Documents {
                written: Some(document(descriptor, written, "written", E::CHANGES_DUMP)),
                accepted: document(descriptor, accepted, "accepted", false),
                avro,
            },
            #[cfg(feature = "registry")]
            sent,
            no_avro,
            role,
            is_earlier: false,
            shape: E::shape,
        }
    }

    /// The contract with its schemas in draft 7. They have names of their own: tools may have both.
    pub(super) fn in_draft07(&self) -> Self {
        let document = |schema: &Value| {
            let mut schema = to_draft07(schema);
            if let Some(Value::String(id)) = schema.get_mut("$id") {
                id.push_str(":draft-07");
            }
            schema
        };
        let Documents { written, accepted, .. } = &self.documents;
        let documents = Documents { written: written.as_ref().map(document), accepted: document(accepted), avro: None };
        Self { documents, ..self.clone() }
    }

    /// The contract with the documents of a recorded revision.
    #[cfg(feature = "page")]
    pub(super) fn with(&self, documents: Documents) -> Self {
        Self { documents, ..self.clone() }
    }

    /// The name of the type, without its path.
    pub(super) fn type_name(&self) -> &'static str {
        let path = self.type_path.split('<').next().unwrap_or(self.type_path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// Whether the type is an enum.
    pub(super) fn is_enum(&self) -> bool {
        matches!((self.shape)().kind(), Kind::Named(definition) if matches!(definition.form, shape::Form::Enum(_)))
    }

    /// The form that is recorded in `v<version>.json`, if this service records it.
    pub(super) fn written(&self) -> Option<&Value> {
        self.documents.written.as_ref().filter(|_| !self.role.is_foreign())
    }
}

/// The policy for messages of a written form: a hook may have added fields that it does not list.
pub(super) fn policy_for(written: &Value) -> Policy {
    let is_open = written.pointer("/x-event-schema/open") == Some(&Value::Bool(true));
    if is_open { Policy::Exact } else { Policy::Written }
}

/// The schema with the event that it describes.
fn document(event: Descriptor, mut schema: Schema, form: &str, is_open: bool) -> Value {
    let mut about = json!({"name": event.name(), "version": event.version(), "form": form});
    for (keyword, value) in [("topic", event.topic()), ("key", event.key())] {
        if let Some(value) = value {
            about[keyword] = value.into();
        }
    }
    if is_open {
        about["open"] = true.into();
    }
    if !event.sensitive().is_empty() {
        about["sensitive"] = event.sensitive().into();
    }
    schema.insert("$id".to_owned(), format!("urn:event-schema:{}:v{}:{form}", event.name(), event.version()).into());
    schema.insert("x-event-schema".to_owned(), about);
    schema.to_value()
}

fn bad_examples<E: Generated>(schema: &Schema) -> Vec<(String, String)> {
    let mut bad = Vec::new();
    for (at, example) in examples_of(schema.as_value()) {
        if let Err(error) = load::from_value::<E>(example.clone(), &LoadOptions::new()) {
            bad.push((format!("#/examples/{at}"), error.to_string()));
        }
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let own = token(name);
        for (at, example) in examples_of(field) {
            // The other fields are missing: what is said of them does not count.
            let part = json!({ name: example });
            let loaded = load::from_value::<Partial<E>>(part, &LoadOptions::new());
            let Some(violations) = loaded.err().and_then(|error| error.violations().cloned()) else { continue };
            let is_own = |violation: &&Violation| {
                let place = violation.path().to_pointer();
                place.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let reasons: Vec<String> = violations.iter().filter(is_own).map(ToString::to_string).collect();
            if !reasons.is_empty() {
                bad.push((format!("#/properties{own}/examples/{at}"), reasons.join("; ")));
            }
        }
    }
    bad
}

fn examples_of(schema: &Value) -> impl Iterator<Item = (usize, &Value)> {
    schema.get("examples").and_then(Value::as_array).into_iter().flatten().enumerate()
}
