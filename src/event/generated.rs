//! The part of the trait that only generated code implements.

use std::borrow::Cow;

use schemars::Schema;
use schemars::generate::Contract;
use serde_json::Value;

use super::descriptor::Descriptor;
use super::type_name::number;
use crate::contract;
use crate::error::{LoadError, LoadErrorKind};
use crate::load::{self, FieldType, LoadOptions};
use crate::violation::Violations;

/// The generated part of an event, which the public methods use. Not part of the public API.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "the trait `EventSchema` is not implemented for `{Self}`",
    note = "derive `EventSchema` for it, or write `#[event_schema::event]` above it"
)]
pub trait Generated: FieldType {
    /// The event's name, version and topic.
    const DESCRIPTOR: &'static Descriptor;

    /// Whether a version newer than this one is refused without a try, `#[event(newer = "refuse")]`.
    const REFUSES_NEWER: bool = false;

    /// Whether it is an enum of other events, each with a name and version of its own.
    const HAS_TYPES: bool = false;

    /// Whether there is a `post_dump` hook.
    const CHANGES_DUMP: bool = false;

    /// The key of its message.
    fn message_key(&self) -> Option<Cow<'_, [u8]>> {
        None
    }

    /// Its JSON Schema.
    #[must_use]
    fn schema_for(contract: &Contract) -> Schema {
        contract::json_schema::<contract::Described<Self>>(contract)
    }

    /// The descriptor of the event that a variant holds.
    #[must_use]
    fn variant_descriptor(&self) -> &'static Descriptor {
        Self::DESCRIPTOR
    }

    /// The `pre_dump` hook's event, if there is a hook.
    fn before_dump(&self) -> Option<Result<Self, Violations>> {
        None
    }

    /// The `post_dump` hook.
    ///
    /// # Errors
    /// The hook's.
    fn after_dump(&self, value: Value) -> Result<Value, Violations> {
        Ok(value)
    }

    /// Loads with the type of an earlier version, if one is of this version.
    #[must_use]
    fn load_earlier<I: Input>(_version: u32, _input: I, _options: &LoadOptions<'_>) -> Option<Result<Self, LoadError>> {
        None
    }

    /// Shows the types that read other versions, and the events of variants.
    fn show_versions(_to: &mut impl Versions) {}

    /// Loads a message of this type; `None` if it is of another.
    #[must_use]
    fn load_if_of<I: Input>(event_type: &str, input: I, options: &LoadOptions<'_>) -> Option<Result<Self, LoadError>> {
        load_if_of(event_type, input, options)
    }

    /// Loads a message without a type.
    ///
    /// # Errors
    /// If it is not such an event, or if only its type could select the event.
    fn load_untyped(input: &[u8], options: &LoadOptions<'_>) -> Result<Self, LoadError> {
        load::from_json(input, options)
    }
}

/// The bytes of an event, in whatever format.
pub trait Input: Copy {
    /// Loads them as an event of this type: today's, or one of an earlier version.
    ///
    /// # Errors
    /// If they are not a valid event.
    fn load_as<T: Generated>(self, options: &LoadOptions<'_>) -> Result<T, LoadError>;

    /// The bytes themselves.
    fn bytes(&self) -> &[u8];
}

/// JSON text.
impl Input for &[u8] {
    fn load_as<T: Generated>(self, options: &LoadOptions<'_>) -> Result<T, LoadError> {
        load::from_json(self, options)
    }

    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Looks at the types that an event is loaded with.
pub trait Versions {
    /// Looks at one of them, which may be an earlier version of one before.
    fn see<T: Generated>(&mut self, is_earlier: bool);
}

/// Shows a type and those of its earlier versions.
pub fn show_version<T: Generated>(to: &mut impl Versions, is_earlier: bool) {
    to.see::<T>(is_earlier);
    T::show_versions(to);
}

/// Loads what a writer of this version wrote, as today's event.
pub(super) fn load_from<E: Generated>(
    version: u32,
    input: impl Input,
    options: &LoadOptions<'_>,
) -> Result<E, LoadError> {
    let today = E::DESCRIPTOR.version();
    if version == today {
        return input.load_as(options);
    }
    let unsupported = |violations| LoadErrorKind::UnsupportedVersion { version, today, violations }.into();
    if version > today {
        if E::REFUSES_NEWER {
            return Err(unsupported(None));
        }
        // A tolerant reader survives a rollout: what today's type can read of a newer event, it reads.
        return input
            .load_as(options)
            .map_err(|error| if error.is_invalid() { unsupported(error.into_violations()) } else { error });
    }
    E::load_earlier(version, input, options).unwrap_or_else(|| Err(unsupported(None)))
}

/// Loads an event of the type that CloudEvents calls so, if that is a version of this one.
fn load_if_of<E: Generated>(
    event_type: &str,
    input: impl Input,
    options: &LoadOptions<'_>,
) -> Option<Result<E, LoadError>> {
    let rest = event_type.strip_prefix(E::DESCRIPTOR.name())?;
    if rest.is_empty() {
        return Some(input.load_as(options));
    }
    let version = number(rest.strip_prefix(".v")?)?;
    Some(load_from(version, input, options))
}

/// The error of a message without a type, for a reader of several events.
#[cold]
#[must_use]
pub fn untyped<E: Generated>() -> LoadError {
    other_event::<E>(None)
}

/// The error of a message whose type is not of this event, nor of one of its variants.
#[cold]
pub(crate) fn other_event<E: Generated>(event_type: Option<&str>) -> LoadError {
    let mut names: Vec<&str> = Vec::new();
    for (event, _) in events::<E>() {
        if !names.contains(&event.name()) {
            names.push(event.name());
        }
    }
    LoadError::other_event(event_type, names.into())
}

/// The events that messages for this type are, and whether each is an earlier version: an enum of events stands for those
/// of its variants, and a catch-all for none.
pub(crate) fn events<E: Generated>() -> Vec<(&'static Descriptor, bool)> {
    struct Seen(Vec<(&'static Descriptor, bool)>);

    impl Versions for Seen {
        fn see<T: Generated>(&mut self, is_earlier: bool) {
            if !T::HAS_TYPES && T::DESCRIPTOR.name() != Descriptor::ANY {
                self.0.push((T::DESCRIPTOR, is_earlier));
            }
        }
    }

    let mut seen = Seen(Vec::new());
    show_version::<E>(&mut seen, false);
    seen.0
}
