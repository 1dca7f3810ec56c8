//! What only generated code implements.

use std::borrow::Cow;

use schemars::Schema;
use schemars::generate::Contract;
use serde_json::Value;
use validator::ValidationError;

use super::descriptor::Descriptor;
use crate::error::{LoadError, LoadErrorKind};
use crate::load::{self, FieldType, LoadOptions};
use crate::version;

/// What the derive writes for an event, and the verbs are built on. No part of the public API.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event",
    label = "the trait `EventSchema` is not implemented for `{Self}`",
    note = "derive `EventSchema` for it, or write `#[event_schema::event]` above it"
)]
pub trait Generated: FieldType {
    /// The event's name, version and topic.
    const DESCRIPTOR: &'static Descriptor;

    /// Whether a version newer than this one is refused without a try, `#[event(newer = "refuse")]`.
    const REFUSES_NEWER: bool = false;

    /// Whether there is a `post_dump` hook.
    const CHANGES_DUMP: bool = false;

    /// The key of its message.
    fn message_key(&self) -> Option<Cow<'_, [u8]>>;

    /// Its JSON Schema.
    #[must_use]
    fn schema_for(contract: &Contract) -> Schema;

    /// What describes the event that a variant holds.
    #[must_use]
    fn variant_descriptor(&self) -> &'static Descriptor {
        Self::DESCRIPTOR
    }

    /// The `pre_dump` hook's event, if there is a hook.
    fn before_dump(&self) -> Option<Result<Self, ValidationError>> {
        None
    }

    /// The `post_dump` hook.
    ///
    /// # Errors
    /// The hook's.
    fn after_dump(&self, value: Value) -> Result<Value, ValidationError> {
        Ok(value)
    }

    /// Loads with the type of an earlier version, if one is of this version.
    #[must_use]
    fn load_earlier(_version: u32, _input: &[u8], _options: &LoadOptions<'_>) -> Option<Result<Self, LoadError>> {
        None
    }

    /// Loads what is of this type, or says that it is not.
    #[must_use]
    fn load_if_of(event_type: &str, input: &[u8], options: &LoadOptions<'_>) -> Option<Result<Self, LoadError>> {
        version::load_if_of(event_type, input, options)
    }

    /// Loads what does not tell its type.
    ///
    /// # Errors
    /// If it is no such event, and if only the type could tell which event it is.
    fn load_untyped(input: &[u8]) -> Result<Self, LoadError> {
        load::from_json(input, &LoadOptions::new())
    }
}

/// What is said of a message that does not tell its type, to a reader of several events.
#[cold]
#[must_use]
pub fn untyped<E: Generated>() -> LoadError {
    LoadErrorKind::OtherEvent { event_type: None, expected: E::DESCRIPTOR.name() }.into()
}
