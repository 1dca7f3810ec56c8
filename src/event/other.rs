//! The catch-all of an enum of events: [`OtherEvent`].

use std::borrow::Cow;
use std::fmt;

use schemars::json_schema;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde::ser::{Error, Serialize, Serializer};

use super::EventSchema;
use super::descriptor::Descriptor;
use super::generated::{Generated, Input};
use crate::contract::shape::{Shape, schema_with};
use crate::error::{LoadError, LoadErrorKind};
use crate::load::{At, Context, Expected, FieldType, LoadOptions};
use crate::violation::{Violation, Violations};

/// A message of a type that no other variant holds: the event of the last variant of an enum of
/// [types](crate::derive#several-events-in-one-topic).
///
/// Without such a variant, messages of other types are rejected. An `OtherEvent` has the type and the bytes of the message;
/// the bytes are not read. It cannot be dumped, contracts allow no value for it, and it has no Avro form, so an enum with
/// this variant is for consumers only.
///
/// ```
/// use event_schema::OtherEvent;
/// use event_schema::prelude::*;
///
/// #[event_schema::event(name = "order.placed")]
/// struct OrderPlaced { order_id: String }
///
/// #[event_schema::event(types, topic = "orders")]
/// enum OrderEvent { Placed(OrderPlaced), Other(OtherEvent) }
///
/// let event = OrderEvent::load_typed("order.cancelled.v1", b"{}").unwrap();
/// let OrderEvent::Other(other) = &event else { panic!() };
/// assert_eq!((other.event_type(), other.bytes()), ("order.cancelled.v1", &b"{}"[..]));
/// assert!(event.dump().unwrap_err().is_invalid());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OtherEvent {
    event_type: Box<str>,
    bytes: Box<[u8]>,
}

impl OtherEvent {
    /// The type of the message, with its version. See the example of [`OtherEvent`].
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The body of the message, as it came; with a [codec](crate::format), without its framing. See the example of
    /// [`OtherEvent`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Without the bytes, which may hold personal data.
impl fmt::Debug for OtherEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtherEvent").field("event_type", &self.event_type).finish_non_exhaustive()
    }
}

/// Always an error: it is not known how the event is written.
impl Serialize for OtherEvent {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("an event of another type cannot be written"))
    }
}

impl FieldType for OtherEvent {
    /// Nothing is one by its body: its type says so.
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        static EXPECTED: Expected = Expected::new("event");
        IgnoredAny::deserialize(input)?;
        cx.invalid(at, &EXPECTED);
        Ok(None)
    }

    /// No value.
    fn shape() -> Shape {
        schema_with(|| Cow::Borrowed("OtherEvent"), |_| json_schema!({ "not": {} }))
    }
}

// No help to those who wonder why their type is no event.
#[diagnostic::do_not_recommend]
impl Generated for OtherEvent {
    const DESCRIPTOR: &'static Descriptor = &Descriptor::new(Descriptor::ANY, 1, None);

    fn before_dump(&self) -> Option<Result<Self, Violations>> {
        let violation = Violation::new("other_event").with_message("An event of another type cannot be dumped.");
        Some(Err(violation.into()))
    }

    fn load_if_of<I: Input>(event_type: &str, input: I, options: &LoadOptions<'_>) -> Option<Result<Self, LoadError>> {
        let (bytes, limit) = (input.bytes(), options.max_size);
        if bytes.len() > limit {
            return Some(Err(LoadErrorKind::TooLarge { size: Some(bytes.len()), limit }.into()));
        }
        Some(Ok(Self { event_type: event_type.into(), bytes: bytes.into() }))
    }

    fn load_untyped(_: &[u8], _: &LoadOptions<'_>) -> Result<Self, LoadError> {
        Err(super::untyped::<Self>())
    }
}

#[diagnostic::do_not_recommend]
impl EventSchema for OtherEvent {}
