//! Typed events for services that talk to each other: define an event as a struct, and get a load
//! that finds every fault, a dump that refuses what is invalid, and a contract for other languages.
//!
//! # Define
//!
//! An event is a struct, or an enum. serde's attributes say its shape, `#[validate(...)]` its rules
//! in the syntax of [validator], `#[event(...)]` its name, version, topic and key.
//! What stands in an event is defined in the same way.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! /// A customer asked for products.
//! #[event_schema::event(name = "order.requested", version = 2, topic = "orders", key = order_id)]
//! #[derive(Debug, PartialEq)]
//! #[serde(rename_all = "camelCase")]
//! struct OrderRequested {
//!     order_id: String,
//!     #[validate(length(min = 1))]
//!     lines: Vec<Line>,
//!     note: Option<String>,
//! }
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! struct Line {
//!     sku: String,
//!     #[validate(range(min = 1, max = 1000))]
//!     quantity: u32,
//! }
//!
//! let order = OrderRequested::load_str(r#"{"orderId": "a-1", "lines": [{"sku": "x", "quantity": 2}]}"#)?;
//! assert_eq!(order.lines, [Line { sku: "x".to_owned(), quantity: 2 }]);
//! assert_eq!(order.key().as_deref(), Some(&b"a-1"[..]));
//! assert_eq!(OrderRequested::descriptor().topic(), Some("orders"));
//! # Ok::<(), LoadError>(())
//! ```
//!
//! The page [`derive`] has everything that can be written in the attributes, the form with
//! `#[derive(Serialize, EventSchema)]`, and which goes first. Who knows Marshmallow or
//! pydantic finds their words on the page [`from_marshmallow`].
//!
//! # Load
//!
//! [`load`](EventSchema::load) reads bytes, [`load_str`](EventSchema::load_str) text and
//! [`load_value`](EventSchema::load_value) a JSON value. Nothing is converted on the way: `"42"` is no
//! integer, and what loads is what the exported schema says. Limits for input that others control
//! are in [`LoadOptions`].
//!
//! # Errors
//!
//! A [`LoadError`] says either that the input is no JSON text and where it breaks off, or has
//! [`Violations`]: everything that is wrong with it, each at its path on the wire. Programs use a
//! violation's [`code`](Violation::code), people its sentence.
//!
//! ```
//! # use event_schema::prelude::*;
//! # #[event_schema::event]
//! # #[derive(Debug)]
//! # #[serde(rename_all = "camelCase")]
//! # struct OrderRequested {
//! #     order_id: String,
//! #     #[validate(length(min = 1))]
//! #     lines: Vec<Line>,
//! # }
//! # #[event_schema::event]
//! # #[derive(Debug)]
//! # struct Line {
//! #     sku: String,
//! #     #[validate(range(min = 1, max = 1000))]
//! #     quantity: u32,
//! # }
//! let error = OrderRequested::load_str(r#"{"lines": [{"sku": 7, "quantity": 0}]}"#).unwrap_err();
//! let violations = error.violations().expect("it is JSON");
//! let found: Vec<_> = violations.iter().map(|one| (one.path().to_pointer(), one.code())).collect();
//! assert_eq!(found, [
//!     ("/lines/0/sku".to_owned(), "invalid"),
//!     ("/lines/0/quantity".to_owned(), "range"),
//!     ("/orderId".to_owned(), "required"),
//! ]);
//! assert_eq!(violations[2].message(), "Missing data for required field.");
//!
//! let error = OrderRequested::load_str(r#"{"lines": ["#).unwrap_err();
//! assert!(error.is_truncated());
//! ```
//!
//! # Dump and validate
//!
//! [`dump`](EventSchema::dump) writes an event that keeps its own rules; of another it gives the
//! violations, as [`validate`](EventSchema::validate) does.
//!
//! ```
//! # use event_schema::prelude::*;
//! # #[event_schema::event]
//! # struct Line {
//! #     sku: String,
//! #     #[validate(range(min = 1, max = 1000))]
//! #     quantity: u32,
//! # }
//! let mut line = Line { sku: "x".to_owned(), quantity: 2 };
//! assert_eq!(line.dump()?, br#"{"sku":"x","quantity":2}"#);
//!
//! line.quantity = 0;
//! assert_eq!(line.validate().unwrap_err()[0].code(), "range");
//! assert!(line.dump().unwrap_err().is_invalid());
//! # Ok::<(), DumpError>(())
//! ```
//!
//! # JSON Schema
//!
//! [`json_schema`](EventSchema::json_schema) is the contract for programs in other languages, by draft 2020-12: it accepts
//! what load accepts, [with few exceptions](contract#where-load-and-the-contract-differ). The module [`contract`] has it by
//! draft 7 and for OpenAPI 3.0 too.
//!
//! ```
//! # use event_schema::prelude::*;
//! # #[event_schema::event]
//! # struct Line {
//! #     sku: String,
//! #     #[validate(range(min = 1, max = 1000))]
//! #     quantity: u32,
//! # }
//! let schema = Line::json_schema();
//! assert_eq!(schema.pointer("/properties/quantity/maximum"), Some(&event_schema::serde_json::json!(1000)));
//! ```
//!
//! # Kafka
//!
//! With the feature `kafka`, the module [`kafka`] has a producer that sends events, a consumer that hands
//! out each message as an event or as a rejection with its original bytes and its violations, and an
//! embedded broker for tests. What travels beside an event (its id, where and when it happened, what
//! caused it) is an `Envelope`; on the wire that is CloudEvents.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `derive` | yes | the derive and the attribute; without it the traits remain, for implementations by hand |
//! | `uuid1` | no | `uuid::Uuid` as a field type and as a key; re-exports `uuid` |
//! | `chrono04` | no | chrono's dates, times, `TimeDelta`, `Weekday` and `Month` as field types; re-exports `chrono` |
//! | `jiff02` | no | jiff's `Timestamp`, `Zoned`, `Span`, `SignedDuration` and civil types as field types; re-exports `jiff` |
//! | `time03` | no | time's types as field types, in time's own text form; re-exports `time` |
//! | `rust_decimal1` | no | `rust_decimal::Decimal` as a field type, with all digits of a JSON number; re-exports `rust_decimal` |
//! | `url2` | no | `url::Url` as a field type; re-exports `url` |
//! | `indexmap2` | no | `IndexMap` and `IndexSet` as field types; re-exports `indexmap` |
//! | `smallvec1` | no | `SmallVec` as a field type; re-exports `smallvec` |
//! | `semver1` | no | `semver::Version` as a field type; re-exports `semver` |
//! | `regex1` | no | re-exports `regex`, for the rule `regex` |
//! | `cloudevents` | no | `Envelope`, what travels beside an event, and CloudEvents in Kafka messages: `format::cloudevents` |
//! | `kafka` | no | typed producers and consumers over rdkafka, and an embedded broker for tests; compiles librdkafka from C, plaintext only |
//! | `kafka-ssl` | no | `kafka` with TLS and SASL, linked against the system's OpenSSL |
//! | `kafka-ssl-vendored` | no | `kafka` with TLS and SASL, with an OpenSSL compiled from source |
//!
#![cfg_attr(feature = "derive", doc = "[`derive`]: mod@derive")]
#![cfg_attr(not(feature = "derive"), doc = "[`derive`]: #features")]
#![cfg_attr(feature = "derive", doc = "[`from_marshmallow`]: guide::from_marshmallow")]
#![cfg_attr(not(feature = "derive"), doc = "[`from_marshmallow`]: #features")]
#![cfg_attr(feature = "kafka", doc = "[`kafka`]: mod@kafka")]
#![cfg_attr(not(feature = "kafka"), doc = "[`kafka`]: #features")]
#![cfg_attr(not(test), warn(clippy::print_stdout))]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod contract;
#[cfg(feature = "derive")]
pub mod derive;
mod dump;
#[cfg(feature = "cloudevents")]
mod envelope;
mod error;
mod event;
mod exact;
mod finite;
#[cfg(feature = "cloudevents")]
pub mod format;
#[cfg(any(feature = "derive", feature = "kafka"))]
pub mod guide;
mod hooks;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod load;
mod masking;
mod names;
mod partial;
mod report;
mod rules;
mod source;
mod suggestion;
mod topic;
mod version;
mod violation;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use schemars;
pub use serde::{self, Deserialize, Serialize};
pub use serde_json;
pub use validator::{self, ValidationError};

#[cfg(feature = "chrono04")]
pub use chrono;
#[cfg(feature = "indexmap2")]
pub use indexmap;
#[cfg(feature = "jiff02")]
pub use jiff;
#[cfg(feature = "regex1")]
pub use regex;
#[cfg(feature = "rust_decimal1")]
pub use rust_decimal;
#[cfg(feature = "semver1")]
pub use semver;
#[cfg(feature = "smallvec1")]
pub use smallvec;
#[cfg(feature = "time03")]
pub use time;
#[cfg(feature = "url2")]
pub use url;
#[cfg(feature = "uuid1")]
pub use uuid;

/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(version = 2)]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: u64,
/// }
///
/// assert_eq!(Ping::load(br#"{"seq": 7}"#).unwrap().seq, 7);
/// assert_eq!(Ping::descriptor().version(), 2);
/// ```
///
/// All attributes are on the page [`derive`](mod@derive).
///
#[cfg(feature = "derive")]
pub use event_schema_derive::EventSchema;
/// ```
/// use event_schema::EventSchema;
///
/// #[event_schema::event(version = 2)]
/// #[derive(Debug)]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: u64,
/// }
///
/// assert_eq!(Ping::load(br#"{"seq": 0}"#).unwrap_err().violations().unwrap()[0].code(), "range");
/// ```
///
/// All attributes are on the page [`derive`](mod@derive).
///
#[cfg(feature = "derive")]
pub use event_schema_derive::event;

/// Tells who derives it that [`EventSchema`] does so already.
#[cfg(feature = "derive")]
#[doc(hidden)]
pub use event_schema_derive::JsonSchema;

pub use self::dump::DumpOptions;
#[cfg(feature = "cloudevents")]
pub use self::envelope::Envelope;
pub use self::error::{DumpError, LoadError};
pub use self::event::{Descriptor, EventKey, EventSchema};
pub use self::load::{LoadOptions, Unknown};
pub use self::partial::Partial;
pub use self::source::{Line, Lines};
pub use self::violation::{FieldName, InputName, Path, Position, Segment, Violation, Violations};

/// What a service that defines events imports.
///
/// validator's trait `Validate` is not in it, for its method would make `event.validate()`
/// ambiguous, and neither is the attribute `event`, for it goes by its full name.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// struct Ping { seq: u64 }
///
/// assert!(Ping { seq: 7 }.validate().is_ok());
/// ```
pub mod prelude {
    #[cfg(feature = "derive")]
    #[doc(hidden)]
    pub use crate::JsonSchema;
    pub use crate::{
        Deserialize, DumpError, EventSchema, LoadError, LoadOptions, Serialize, Unknown, ValidationError, Violations,
    };
    #[cfg(feature = "uuid1")]
    pub use uuid::Uuid;
}

/// The README's examples, tested.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../README.md")]
struct Readme;
