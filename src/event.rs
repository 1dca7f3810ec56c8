//! The trait of events: [`EventSchema`].

mod descriptor;
mod dump;
mod generated;
mod key;
mod lines;
mod options;
mod other;
mod partial;
pub(crate) mod type_name;

use std::borrow::Cow;
use std::io::{BufRead, Read};

use schemars::Schema;
use schemars::generate::Contract;
use serde::Serialize;
use serde_json::Value;

pub use self::descriptor::Descriptor;
#[cfg(feature = "kafka")]
pub(crate) use self::generated::events;
#[cfg(feature = "avro")]
pub(crate) use self::generated::other_event;
pub use self::generated::{Generated, Input, Versions, show_version, untyped};
pub use self::key::EventKey;
pub use self::other::OtherEvent;
use crate::dump::DumpOptions;
use crate::error::{DumpError, LoadError};
use crate::load::LoadOptions;
use crate::partial::Partial;
use crate::source::Lines;
use crate::violation::Violations;

/// A type that is an event, or is nested in one.
///
/// Only `#[derive(EventSchema)]` implements it. Its methods use the default options; [`LoadOptions`] and
/// [`DumpOptions`] have the same methods with other options.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// #[event(name = "user.registered", topic = "users", key = email)]
/// struct UserRegistered {
///     #[validate(email)]
///     email: String,
///     #[validate(range(min = 18))]
///     age: u8,
/// }
///
/// let user = UserRegistered::load(br#"{"email": "ada@example.org", "age": 36}"#)?;
/// assert_eq!(user.dump()?, br#"{"email":"ada@example.org","age":36}"#);
/// assert_eq!(user.key().as_deref(), Some(&b"ada@example.org"[..]));
///
/// let error = UserRegistered::load(br#"{"email": "ada", "age": "36"}"#).unwrap_err();
/// assert_eq!(error.violations().unwrap().to_messages(), serde_json::json!({
///     "email": ["Not a valid email address."],
///     "age": ["Not a valid integer."],
/// }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "derive `EventSchema` for it, or write `#[event_schema::event]` above it"
)]
pub trait EventSchema: Generated + Serialize {
    /// The event's name, version and topic.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert_eq!(Ping::descriptor().name(), "ping");
    /// ```
    #[must_use]
    fn descriptor() -> &'static Descriptor {
        Self::DESCRIPTOR
    }

    /// The descriptor of this value. For an enum whose variants are events of their own (`#[event(types)]`), that of
    /// the variant's event; for any other event, its [`descriptor`](Self::descriptor).
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(types)]
    /// #[serde(untagged)]
    /// enum OrderEvent { Placed(OrderPlaced) }
    ///
    /// let event = OrderEvent::Placed(OrderPlaced { order_id: 7 });
    /// assert_eq!(event.described_by().name(), "order.placed");
    /// assert_eq!(OrderEvent::descriptor().name(), "order-event");
    /// ```
    #[must_use]
    fn described_by(&self) -> &'static Descriptor {
        self.variant_descriptor()
    }

    /// The key of the event's message: the field that `#[event(key = ...)]` names, in the bytes of Java's serializers
    /// (see [`EventKey`]); `None` without a key.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event(key = seq)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping { seq: 7 }.key().as_deref(), Some(&b"7"[..]));
    /// ```
    fn key(&self) -> Option<Cow<'_, [u8]>> {
        self.message_key()
    }

    /// Loads an event from JSON text, with the default [`LoadOptions`].
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert_eq!(Ping::load(br#"{"seq": 7}"#).unwrap().seq, 7);
    /// assert!(Ping::load(br#"{"seq": 0}"#).is_err());
    /// ```
    ///
    /// # Errors
    /// If the input is not JSON, or is not a valid event: the error has all violations.
    fn load(input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load(input)
    }

    /// Loads an event from JSON text, as [`load`](Self::load) does from bytes.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping::load_str(r#"{"seq": 7}"#).unwrap().seq, 7);
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_str(input: &str) -> Result<Self, LoadError> {
        Self::load(input.as_bytes())
    }

    /// Loads an event from a JSON value.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping::load_value(serde_json::json!({"seq": 7})).unwrap().seq, 7);
    /// ```
    ///
    /// # Errors
    /// If the input is not a valid event: the error has all violations.
    fn load_value(input: Value) -> Result<Self, LoadError> {
        LoadOptions::new().load_value(input)
    }

    /// Loads an event from a reader of JSON text, which is read to its end.
    ///
    /// It reads no more than the size that a load allows (16 MiB by default).
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping::load_reader(&br#"{"seq": 7}"#[..]).unwrap().seq, 7);
    /// assert!(Ping::load_reader(std::io::repeat(b' ')).unwrap_err().is_too_large());
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load), or if the reader fails: [`LoadError::is_io`].
    fn load_reader(input: impl Read) -> Result<Self, LoadError> {
        LoadOptions::new().load_reader(input)
    }

    /// Loads an event from each line of a source: newline-delimited JSON.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// let lines = &b"{\"seq\": 1}\n{\"seq\": null}\n{\"seq\": 3}\n"[..];
    /// let bad: Vec<u64> =
    ///     Ping::load_lines(lines).filter(|line| line.event.is_err()).map(|line| line.number).collect();
    /// assert_eq!(bad, [2]);
    /// ```
    fn load_lines<R: BufRead>(input: R) -> Lines<'static, R, Self> {
        LoadOptions::new().load_lines(input)
    }

    /// Loads a JSON list of events; violations are reported under the index of their event.
    ///
    /// Each element is read as [`load`](Self::load) reads a single event. An invalid element makes the whole load
    /// fail, and the others are still checked.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping::load_many(br#"[{"seq": 1}, {"seq": 2}]"#).unwrap().len(), 2);
    ///
    /// let error = Ping::load_many(br#"[{"seq": 1}, null, {"seq": "3"}]"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap().to_messages(), serde_json::json!({
    ///     "1": {"_schema": ["Invalid input type."]},
    ///     "2": {"seq": ["Not a valid integer."]},
    /// }));
    /// ```
    ///
    /// # Errors
    /// If the input is not a JSON list, or an event is invalid: the error has all violations.
    fn load_many(input: &[u8]) -> Result<Vec<Self>, LoadError> {
        LoadOptions::new().load_many(input)
    }

    /// Loads an event from a writer of another version. The input is read as that version's own type, and converted
    /// version by version (`#[event(previous = OrderV1)]`, with `From` or `TryFrom`). The rules and the `post_load`
    /// hook of each version apply to the result of each conversion, as they do to an event that is read. `pre_load`
    /// runs for the writer's version only.
    ///
    /// Input from a newer version is tried with this type, so that old readers keep working while a new version is
    /// rolled out. If that fails, or the type has `#[event(newer = "refuse")]`, the error is
    /// [`is_unsupported_version`](LoadError::is_unsupported_version).
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(name = "user.registered")]
    /// struct UserRegisteredV1 { name: String }
    ///
    /// #[derive(Debug, PartialEq, Serialize, EventSchema)]
    /// #[event(name = "user.registered", version = 2, previous = UserRegisteredV1)]
    /// struct UserRegistered { first: String, last: String }
    ///
    /// impl From<UserRegisteredV1> for UserRegistered {
    ///     fn from(v1: UserRegisteredV1) -> Self {
    ///         let (first, last) = v1.name.split_once(' ').unwrap_or((&v1.name, ""));
    ///         Self { first: first.into(), last: last.into() }
    ///     }
    /// }
    ///
    /// let user = UserRegistered::load_from(1, br#"{"name": "Ada Lovelace"}"#).unwrap();
    /// assert_eq!(user, UserRegistered { first: "Ada".into(), last: "Lovelace".into() });
    ///
    /// // Violations have the paths of the input, and not of the converted event.
    /// let error = UserRegistered::load_from(1, b"{}").unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/name");
    /// assert!(UserRegistered::load_from(3, b"{}").unwrap_err().is_unsupported_version());
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load) of the writer's version, and if that version is not known. If the converted event breaks
    /// a rule, violations have its paths, and neither positions nor valid data.
    fn load_from(writer: u32, input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load_from(writer, input)
    }

    /// Loads an event by the type of its message, as in CloudEvents: for instance `order.requested.v2`. The name must
    /// be this event's. The version is handled as by [`load_from`](Self::load_from); a type without a version means
    /// the current version.
    ///
    /// An enum whose variants are events of their own (`#[event(types)]`) loads the variant with this type.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(name = "order.cancelled", version = 2)]
    /// struct OrderCancelled { order_id: u64 }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(types)]
    /// #[serde(untagged)]
    /// enum OrderEvent { Placed(OrderPlaced), Cancelled(OrderCancelled) }
    ///
    /// let body = br#"{"order_id": 7}"#;
    /// assert_eq!(OrderPlaced::load_typed("order.placed.v1", body)?.order_id, 7);
    /// assert!(OrderPlaced::load_typed("order.cancelled.v2", body).unwrap_err().is_other_event());
    ///
    /// let event = OrderEvent::load_typed("order.cancelled.v2", body)?;
    /// assert!(matches!(event, OrderEvent::Cancelled(OrderCancelled { order_id: 7 })));
    /// # Ok::<(), LoadError>(())
    /// ```
    ///
    /// # Errors
    /// As [`load_from`](Self::load_from), and if the type is that of another event:
    /// [`is_other_event`](LoadError::is_other_event).
    fn load_typed(event_type: &str, input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load_typed(event_type, input)
    }

    /// Loads a part of an event, for instance an update: fields may be missing, also in nested types. The fields of the
    /// input are checked.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Address {
    ///     street: String,
    ///     #[validate(length(equal = 5))]
    ///     zip: String,
    /// }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Customer { name: String, address: Address }
    ///
    /// let update = Customer::load_partial(br#"{"address": {"zip": "10115"}}"#)?;
    /// assert_eq!(update.get::<String>("name")?, None);
    ///
    /// let ada = Customer {
    ///     name: "Ada".into(),
    ///     address: Address { street: "Main St 1".into(), zip: "00000".into() },
    /// };
    /// let ada = update.apply_to(ada)?;
    /// assert_eq!((&*ada.name, &*ada.address.zip), ("Ada", "10115"));
    ///
    /// let error = Customer::load_partial(br#"{"name": null, "address": {"zip": "1"}}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_partial(input: &[u8]) -> Result<Partial<Self>, LoadError> {
        LoadOptions::new().load_partial(input)
    }

    /// Loads a JSON list of parts of events: [`load_many`](Self::load_many) with the parts of
    /// [`load_partial`](Self::load_partial).
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Point { x: i64, y: i64 }
    /// let parts = Point::load_partial_many(br#"[{"x": 1}, {}]"#)?;
    /// assert_eq!(parts.len(), 2);
    ///
    /// let error = Point::load_partial_many(br#"[{"x": 1}, {"y": null}]"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/1/y");
    /// # Ok::<(), LoadError>(())
    /// ```
    ///
    /// # Errors
    /// As [`load_many`](Self::load_many).
    fn load_partial_many(input: &[u8]) -> Result<Vec<Partial<Self>>, LoadError> {
        LoadOptions::new().load_partial_many(input)
    }

    /// Checks the event's rules.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping { seq: 7 }.validate().is_ok());
    /// assert_eq!(Ping { seq: 0 }.validate().unwrap_err()[0].code(), "range");
    /// ```
    ///
    /// # Errors
    /// If the event breaks rules: the error has all violations.
    fn validate(&self) -> Result<(), Violations> {
        LoadOptions::new().validate(self)
    }

    /// Writes the event as JSON text, if it is valid.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert_eq!(Ping { seq: 7 }.dump().unwrap(), br#"{"seq":7}"#);
    /// assert!(Ping { seq: 0 }.dump().unwrap_err().is_invalid());
    /// ```
    ///
    /// # Errors
    /// If the event breaks its rules, or JSON cannot express its value.
    fn dump(&self) -> Result<Vec<u8>, DumpError> {
        DumpOptions::new().dump(self)
    }

    /// Appends the event as JSON text to a buffer, if it is valid. After an error, the buffer is unchanged.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let mut lines = Vec::new();
    /// Ping { seq: 7 }.dump_into(&mut lines).unwrap();
    /// assert!(Ping { seq: 0 }.dump_into(&mut lines).is_err());
    /// assert_eq!(lines, br#"{"seq":7}"#);
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    fn dump_into(&self, buffer: &mut Vec<u8>) -> Result<(), DumpError> {
        DumpOptions::new().dump_into(self, buffer)
    }

    /// The event as a JSON value, if it is valid.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping { seq: 7 }.dump_value().unwrap(), serde_json::json!({"seq": 7}));
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    fn dump_value(&self) -> Result<Value, DumpError> {
        DumpOptions::new().dump_value(self)
    }

    /// Writes events as a JSON list, if all of them are valid.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert_eq!(Ping::dump_many(&[Ping { seq: 1 }, Ping { seq: 2 }]).unwrap(), br#"[{"seq":1},{"seq":2}]"#);
    ///
    /// let error = Ping::dump_many(&[Ping { seq: 1 }, Ping { seq: 0 }]).unwrap_err();
    /// assert_eq!(error.violations().unwrap().to_messages(), serde_json::json!({
    ///     "1": {"seq": ["Must be greater than or equal to 1."]},
    /// }));
    /// ```
    ///
    /// # Errors
    /// If an event breaks its rules, or JSON cannot express its value.
    fn dump_many(events: &[Self]) -> Result<Vec<u8>, DumpError> {
        DumpOptions::new().dump_many(events)
    }

    /// The JSON Schema (draft 2020-12) of the input that [`load`](Self::load) accepts.
    ///
    /// The derive also adds an inherent function of this name, because schemars' `JsonSchema` has a function of the
    /// same name that takes a generator: without it, `Ping::json_schema()` would be ambiguous. The module
    /// [`contract`](crate::contract) has the contracts in draft 7 and for OpenAPI, and [lists where load and the
    /// contract differ](crate::contract#where-load-and-the-contract-differ).
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Ping { seq: u8 }
    ///
    /// let schema = Ping::json_schema();
    /// assert_eq!(schema.as_value()["properties"]["seq"]["maximum"], 255);
    /// ```
    #[must_use]
    fn json_schema() -> Schema {
        Self::json_schema_for(&Contract::Deserialize)
    }

    /// The JSON Schema of the output of [`dump`](Self::dump) ([`Contract::Serialize`]) or of the input of
    /// [`load`](Self::load) ([`Contract::Deserialize`]). They differ, for instance, in whether a field with a default
    /// is required.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// use event_schema::schemars::generate::Contract;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Ping { #[serde(default)] seq: u8 }
    ///
    /// assert_eq!(Ping::json_schema_for(&Contract::Serialize).as_value()["required"][0], "seq");
    /// assert!(Ping::json_schema_for(&Contract::Deserialize).as_value().get("required").is_none());
    /// ```
    #[must_use]
    fn json_schema_for(contract: &Contract) -> Schema {
        Self::schema_for(contract)
    }
}
