//! The trait of an event, and what describes it.

use std::borrow::Cow;

use schemars::Schema;
use schemars::generate::Contract;
use serde::Serialize;
use serde_json::Value;

use crate::error::{DumpError, DumpErrorKind, LoadError};
use crate::load::{self, At, Context, Dialect, FieldType, LoadOptions};
use crate::violation::Violations;

/// What `#[event(...)]` says of an event.
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// #[event(name = "order.requested", version = 2, topic = "orders")]
/// struct OrderRequested { order_id: u64 }
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct OrderLine { sku: String }
///
/// let order = OrderRequested::descriptor();
/// assert_eq!((order.name(), order.version(), order.topic()), ("order.requested", 2, Some("orders")));
///
/// let line = OrderLine::descriptor();
/// assert_eq!((line.name(), line.version(), line.topic()), ("order-line", 1, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    name: &'static str,
    version: u32,
    topic: Option<&'static str>,
}

impl Descriptor {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, version: u32, topic: Option<&'static str>) -> Self {
        Self { name, version, topic }
    }

    /// The event's name; by default the type's in kebab-case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The major version of its contract; 1 by default.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The topic that it is published to, if it declares one.
    #[must_use]
    pub const fn topic(&self) -> Option<&'static str> {
        self.topic
    }
}

/// A struct that is an event, or a part of one.
///
/// `#[derive(EventSchema)]` implements it; it writes the methods that describe
/// the event, and the trait provides the others.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, JsonSchema, EventSchema)]
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
pub trait EventSchema: FieldType + Serialize {
    /// The event's name, version and topic.
    fn descriptor() -> &'static Descriptor;

    /// The key of its message: what `#[event(key = ...)]` names, as bytes that Java's serializers
    /// would write (see [`EventKey`]); `None` without a key.
    fn key(&self) -> Option<Cow<'_, [u8]>>;

    /// Loads an event from JSON text, with the default [`LoadOptions`].
    ///
    /// # Errors
    /// If the input is no JSON, or with everything that is wrong with it as an event.
    fn load(input: &[u8]) -> Result<Self, LoadError> {
        Self::load_with(input, &LoadOptions::new())
    }

    /// As [`load`](Self::load), with options.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_with(input: &[u8], options: &LoadOptions<'_>) -> Result<Self, LoadError> {
        load::from_json(input, options)
    }

    /// As [`load`](Self::load), from text.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, JsonSchema, EventSchema)]
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
    /// # #[derive(Debug, Serialize, JsonSchema, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping::load_value(serde_json::json!({"seq": 7})).unwrap().seq, 7);
    /// ```
    ///
    /// # Errors
    /// With everything that is wrong with it.
    fn load_value(input: Value) -> Result<Self, LoadError> {
        load::from_value(input, &LoadOptions::new())
    }

    /// Checks the event's rules.
    ///
    /// # Errors
    /// With every rule that is broken.
    fn validate(&self) -> Result<(), Violations> {
        let mut cx = Context::new(LoadOptions::new(), Dialect::Value);
        self.check(&mut cx, &At::ROOT);
        if cx.found() == 0 { Ok(()) } else { Err(cx.into_violations()) }
    }

    /// Writes the event as JSON text, if it is valid.
    ///
    /// # Errors
    /// If the event breaks its rules, or its value has no form in JSON.
    fn dump(&self) -> Result<Vec<u8>, DumpError> {
        self.validate().map_err(DumpErrorKind::Invalid)?;
        Ok(serde_json::to_vec(self).map_err(DumpErrorKind::Write)?)
    }

    /// As [`dump`](Self::dump), at the end of a buffer, which an error leaves as it was.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, JsonSchema, EventSchema)]
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
        self.validate().map_err(DumpErrorKind::Invalid)?;
        let before = buffer.len();
        serde_json::to_writer(&mut *buffer, self).map_err(|error| {
            buffer.truncate(before);
            DumpErrorKind::Write(error).into()
        })
    }

    /// The event as a JSON value, if it is valid.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, JsonSchema, EventSchema)]
    /// # struct Ping { seq: u64 }
    /// assert_eq!(Ping { seq: 7 }.dump_value().unwrap(), serde_json::json!({"seq": 7}));
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    fn dump_value(&self) -> Result<Value, DumpError> {
        self.validate().map_err(DumpErrorKind::Invalid)?;
        Ok(serde_json::to_value(self).map_err(DumpErrorKind::Write)?)
    }

    /// The JSON Schema (draft 2020-12) of what [`load`](Self::load) accepts.
    ///
    /// The derive gives the type an associated function of the same name too, because
    /// `JsonSchema` has one with another meaning, schemars' schema before the reader's rules are
    /// added: without it `Ping::json_schema()` would be ambiguous.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
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
    /// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
    /// struct Ping { #[serde(default)] seq: u8 }
    ///
    /// assert_eq!(Ping::json_schema_for(&Contract::Serialize).as_value()["required"][0], "seq");
    /// assert!(Ping::json_schema_for(&Contract::Deserialize).as_value().get("required").is_none());
    /// ```
    #[must_use]
    fn json_schema_for(contract: &Contract) -> Schema;
}

/// A type whose values can be the key of a message.
///
/// The bytes are those that Java's serializers write for the same value as text: strings and UUIDs
/// as UTF-8 without quotes, integers in decimal. `None` is no key, which is not the empty key.
///
/// ```
/// use event_schema::EventKey;
///
/// assert_eq!("k-1".to_owned().to_key_bytes().as_deref(), Some(&b"k-1"[..]));
/// assert_eq!(42_u64.to_key_bytes().as_deref(), Some(&b"42"[..]));
/// assert_eq!(None::<String>.to_key_bytes(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a message",
    note = "keys are strings, integers and UUIDs (feature `uuid1`), and options and boxes of them"
)]
pub trait EventKey {
    /// The key's bytes.
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>>;
}

impl EventKey for String {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        Some(self.as_bytes().into())
    }
}

impl<T: EventKey> EventKey for Option<T> {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        self.as_ref()?.to_key_bytes()
    }
}

impl<T: EventKey> EventKey for Box<T> {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        (**self).to_key_bytes()
    }
}

macro_rules! keys_as_text {
    ($($type:ty)*) => {$(
        impl EventKey for $type {
            fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
                Some(self.to_string().into_bytes().into())
            }
        }
    )*};
}

keys_as_text!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
#[cfg(feature = "uuid1")]
keys_as_text!(uuid::Uuid);
