//! What an event can do: [`EventSchema`].

mod descriptor;
mod generated;
mod key;
mod options;
pub(crate) mod type_name;

use std::borrow::Cow;
use std::io::{BufRead, Read};

use schemars::Schema;
use schemars::generate::Contract;
use serde::Serialize;
use serde_json::Value;

pub use self::descriptor::Descriptor;
pub use self::generated::{Generated, untyped};
pub use self::key::EventKey;
use crate::dump::DumpOptions;
use crate::error::{DumpError, LoadError};
use crate::load::LoadOptions;
use crate::partial::Partial;
use crate::source::Lines;
use crate::violation::Violations;

/// A struct that is an event, or a part of one.
///
/// `#[derive(EventSchema)]` implements it, and nothing else does. Each verb uses the default options; the same verbs on
/// [`LoadOptions`] and [`DumpOptions`] use others.
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
    message = "`{Self}` is no event",
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

    /// Of an enum whose variants are events of their own (`#[event(types)]`), what describes the one
    /// at hand; of any other event its [`descriptor`](Self::descriptor).
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

    /// The key of its message: what `#[event(key = ...)]` names, as bytes that Java's serializers
    /// would write (see [`EventKey`]); `None` without a key.
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
    /// If the input is no JSON, or with everything that is wrong with it as an event.
    fn load(input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load(input)
    }

    /// As [`load`](Self::load), from text.
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
    /// With everything that is wrong with it.
    fn load_value(input: Value) -> Result<Self, LoadError> {
        LoadOptions::new().load_value(input)
    }

    /// Loads an event from a reader of JSON text, which is read to its end.
    ///
    /// No more is read than the size that a load allows (16 MiB by default).
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

    /// Loads a JSON list of events; what is wrong is told under each one's index.
    ///
    /// Every element is read as [`load`](Self::load) would read it alone, its place aside. One
    /// that is bad fails the list, and the others are still checked.
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
    /// If the input is no JSON, or with everything that is wrong with the events.
    fn load_many(input: &[u8]) -> Result<Vec<Self>, LoadError> {
        LoadOptions::new().load_many(input)
    }

    /// Loads what a writer of another version wrote: with that version's own type, converted
    /// (`#[event(previous = OrderV1)]`, with `From` or `TryFrom`) through every version between, and
    /// checked by today's rules.
    ///
    /// A version newer than this type's is tried with this type: a tolerant reader survives a
    /// rollout. If that fails, or the type says `#[event(newer = "refuse")]`, the error
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
    /// // Violations carry the paths of what was written.
    /// let error = UserRegistered::load_from(1, b"{}").unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/name");
    /// assert!(UserRegistered::load_from(3, b"{}").unwrap_err().is_unsupported_version());
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load), of the writer's version; or if that is not known.
    fn load_from(writer: u32, input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load_from(writer, input)
    }

    /// Loads an event whose type the message tells, as CloudEvents does: such as `order.requested.v2`.
    /// The name must be this event's; the version is read as [`load_from`](Self::load_from) does, and
    /// without one today's is read.
    ///
    /// An enum whose variants are events of their own (`#[event(types)]`) loads the one that is
    /// called so.
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
    /// As [`load_from`](Self::load_from), and if the type is another's:
    /// [`is_other_event`](LoadError::is_other_event).
    fn load_typed(event_type: &str, input: &[u8]) -> Result<Self, LoadError> {
        LoadOptions::new().load_typed(event_type, input)
    }

    /// Loads a part of an event, as an update of one sends it: fields may be missing, here and in
    /// nested schemas, and what is there is checked.
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

    /// Loads a JSON list of parts of events, see [`load_many`](Self::load_many) and
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
    /// With every rule that is broken.
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
    /// If the event breaks its rules, or its value has no form in JSON.
    fn dump(&self) -> Result<Vec<u8>, DumpError> {
        DumpOptions::new().dump(self)
    }

    /// As [`dump`](Self::dump), at the end of a buffer, which an error leaves as it was.
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
    /// If an event breaks its rules, or its value has no form in JSON.
    fn dump_many(events: &[Self]) -> Result<Vec<u8>, DumpError> {
        DumpOptions::new().dump_many(events)
    }

    /// The JSON Schema (draft 2020-12) of what [`load`](Self::load) accepts.
    ///
    /// The derive gives the type an associated function of the same name too, because schemars' `JsonSchema` has
    /// one that asks for a generator: without it `Ping::json_schema()` would be ambiguous. The module
    /// [`contract`](crate::contract) has the other documents, by draft 7 and of OpenAPI 3.0, and
    /// [says where load and the contract differ](crate::contract#where-load-and-the-contract-differ).
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

    /// The JSON Schema of what [`dump`](Self::dump) writes ([`Contract::Serialize`]) or
    /// [`load`](Self::load) accepts ([`Contract::Deserialize`]): they differ, for instance, in
    /// whether a field with a default is required.
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
