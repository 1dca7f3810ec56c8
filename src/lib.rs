//! Typed events for services that talk to each other. You define an event as a struct. The crate adds a load that
//! reports every fault, a dump that rejects invalid events, and a contract for programs in other languages.
//!
//! ```toml
//! [dependencies]
//! event-schema = "0.1" # for Kafka: { version = "0.1", features = ["kafka"] }
//! ```
//!
//! # Define
//!
//! An event is a struct or an enum. serde's attributes define its shape, and `#[validate(...)]` its rules, in the
//! syntax of [validator]. `#[event_schema::event(...)]` takes its name, version, topic and key. Types nested in an
//! event are defined the same way.
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
//! `#[event_schema::event]` adds the derives, and your crate needs no dependency on serde.
//!
//! A rule of your own is a function whose error is a [`Violation`], or several of them as [`Violations`]. Hooks, which
//! run before or after load and dump, return the same errors.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! struct Pair {
//!     #[validate(custom(function = even))]
//!     count: u32,
//! }
//!
//! fn even(count: u32) -> Result<(), Violation> {
//!     if count.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd").with_message("Must be even.")) }
//! }
//!
//! assert_eq!(Pair { count: 3 }.validate().unwrap_err()[0].to_string(), "count: Must be even.");
//! ```
//!
//! The page [`derive`] lists all attributes, rules and hooks, the form with `#[derive(Serialize, EventSchema)]`, and
//! the required order of attributes and derives. Coming from Marshmallow or pydantic? The page [`from_marshmallow`]
//! maps each of their features to this crate.
//!
//! # Load
//!
//! [`load`](EventSchema::load) reads bytes, [`load_str`](EventSchema::load_str) reads text and
//! [`load_value`](EventSchema::load_value) reads a JSON value. Load does not coerce values: `"42"` is not an integer. It
//! accepts the input that the exported schema describes, [with few
//! exceptions](contract#where-load-and-the-contract-differ). By default, the input may have at most 16 MiB and 128
//! levels; [`LoadOptions`] changes these limits.
//!
//! # Errors
//!
//! If the input is not JSON, the [`LoadError`] has the [position](LoadError::position) of the syntax error. If it is
//! JSON but not a valid event, the error has [`Violations`]: one for each fault, with its path in the input. A
//! violation's [`code`](Violation::code) is for programs, its [`message`](Violation::message) for people. Violations do
//! not contain values of the input, because these may be personal data; [`LoadOptions::show_values`] adds the values
//! that break rules.
//!
//! Some errors are not about a field. For instance, the input exceeds a limit
//! ([`is_too_large`](LoadError::is_too_large)), or it is another event ([`is_other_event`](LoadError::is_other_event)).
//! If [`is_config`](LoadError::is_config) is true, the fault is in the service and not in its input: a rule needs a
//! [context](LoadOptions::context) that was not given, or the options name a field that does not exist.
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
//! [`dump`](EventSchema::dump) writes an event that satisfies its own rules. For any other event it returns a
//! [`DumpError`] with the violations. [`validate`](EventSchema::validate) checks the rules without writing.
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
//! [`json_schema`](EventSchema::json_schema) is the contract for programs in other languages, as JSON Schema
//! 2020-12. The module [`contract`] also writes it as draft 7 and for OpenAPI. A [`Catalog`](contract::Catalog)
//! records the contracts of a service. A test with it fails if a change would break the programs that exchange the
//! events.
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
//! With the feature `kafka`, the module [`kafka`] has a producer, a consumer, and an embedded broker for tests. The
//! consumer calls a handler for each event, and sends invalid messages to a dead letter topic. For a loop of your own,
//! `recv` returns each message as an event, or as a rejection with the original bytes and the error. An `Envelope`
//! holds the metadata of an event: its id, its source, its time and its cause. In Kafka messages it has CloudEvents'
//! format.
//!
//! # HTTP
//!
//! With the feature `axum08`, the module [`axum`] makes events the bodies of requests and answers. Faults are answered with
//! problem details that have every violation, and a request with an `Idempotency-Key` is handled once.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `derive` | yes | the derive and the attribute. Without it no new events can be defined; [`FieldType`](load::FieldType) and [`EventKey`] can still be implemented |
//! | `validator021` | yes | events implement validator's `Validate`, and rules and hooks may return validator's errors as well as [`Violation`]; re-exports `validator` 0.21. Without it all rules remain, and no public item uses a type of validator |
//! | `uuid1` | no | `uuid::Uuid` as a field type and as a key; re-exports `uuid` |
//! | `chrono04` | no | chrono's dates, times, `TimeDelta`, `Weekday` and `Month` as field types; re-exports `chrono` |
//! | `jiff02` | no | jiff's `Timestamp`, `Zoned`, `Span`, `SignedDuration` and civil types as field types; re-exports `jiff` |
//! | `time03` | no | time's types as field types, in time's own text format; re-exports `time` |
//! | `rust_decimal1` | no | `rust_decimal::Decimal` as a field type, with all digits of a JSON number; re-exports `rust_decimal` |
//! | `url2` | no | `url::Url` as a field type; re-exports `url` |
//! | `indexmap2` | no | `IndexMap` and `IndexSet` as field types; re-exports `indexmap` |
//! | `smallvec1` | no | `SmallVec` as a field type; re-exports `smallvec` |
//! | `semver1` | no | `semver::Version` as a field type; re-exports `semver` |
//! | `regex1` | no | re-exports `regex`, for the rule `regex` |
//! | `avro` | no | Avro: the schemas of events, `contract::avro_schema`, their binary encoding, `avro`, and codecs for messages, `format::Codec` |
//! | `axum08` | no | events in the requests and answers of axum 0.8: extractor, answer, problem details, idempotency keys; with `kafka` also answers of a producer, an app's probes, and its server; includes `cloudevents`; re-exports axum as `axum::axum08` |
//! | `page` | no | the static page of a catalog's events, `contract::Catalog::page` |
//! | `cli` | no | the program `event-schema`, which compares schemas and validates messages, with `registry` asks a Schema Registry, and with `kafka-ssl` examines a Kafka configuration, and lists and redrives dead letters; adds nothing to the library |
//! | `cloudevents` | no | `Envelope`, the metadata of an event, and CloudEvents in Kafka messages: `format::cloudevents`; part of `kafka` |
//! | `registry` | no | a client for a Schema Registry; uses the system's TLS, on Linux OpenSSL (`libssl-dev`, `pkg-config`); includes `avro` |
//! | `kafka` | no | typed producers and consumers over rdkafka, and an embedded broker for tests; plaintext only; compiles librdkafka from C, which needs C and C++ compilers, `make` and zlib's headers; re-exports `rdkafka` 0.39 as `kafka::rdkafka039` |
//! | `kafka-ssl` | no | `kafka` with TLS and SASL, linked against the system's OpenSSL |
//! | `metrics024` | no | metrics of producers and consumers through the facade `metrics` 0.24, see `guide::observability`; includes `kafka` |
//! | `opentelemetry033` | no | spans of producers and consumers join W3C traces by the crates of OpenTelemetry 0.33, see `guide::observability`; includes `kafka` |
//! | `kafka-oidc` | no | `kafka-ssl` with tokens of an OpenID Connect provider for SASL's OAUTHBEARER, linked against the system's libcurl (`libcurl4-openssl-dev`) |
//! | `kafka-ssl-vendored` | no | `kafka` with TLS and SASL, linked against an OpenSSL that is compiled from source (needs `perl`) |
//! | `sqlx08-postgres` | no | an outbox and an inbox in PostgreSQL: events are committed with the rows that they tell of; includes `kafka`; re-exports `sqlx` 0.8, with TLS if `kafka-ssl` is enabled |
//! | `sqlx08-sqlite` | no | the same in SQLite, which is compiled from C; both can be enabled |
//!
//! A number at the end of a feature's name is the version of the other crate: `chrono04` supports chrono 0.4. The crate
//! requires Rust 1.88 or newer.
//!
#![cfg_attr(feature = "derive", doc = "[`derive`]: mod@derive")]
#![cfg_attr(not(feature = "derive"), doc = "[`derive`]: #features")]
#![cfg_attr(feature = "derive", doc = "[`from_marshmallow`]: guide::from_marshmallow")]
#![cfg_attr(not(feature = "derive"), doc = "[`from_marshmallow`]: #features")]
#![cfg_attr(feature = "axum08", doc = "[`axum`]: mod@axum")]
#![cfg_attr(not(feature = "axum08"), doc = "[`axum`]: #features")]
#![cfg_attr(feature = "kafka", doc = "[`kafka`]: mod@kafka")]
#![cfg_attr(not(feature = "kafka"), doc = "[`kafka`]: #features")]
//! [validator]: https://docs.rs/validator/0.21
#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stdout))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "avro")]
pub mod avro;
#[cfg(feature = "axum08")]
pub mod axum;
pub mod contract;
#[cfg(feature = "derive")]
pub mod derive;
#[cfg(any(feature = "axum08", feature = "kafka"))]
mod derived_id;
mod dump;
#[cfg(feature = "cloudevents")]
mod envelope;
mod error;
mod event;
mod exact;
mod finite;
pub mod format;
#[cfg(any(feature = "derive", feature = "kafka"))]
pub mod guide;
mod hooks;
#[cfg(any(feature = "kafka", feature = "registry"))]
mod jaas;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod load;
#[cfg(feature = "avro")]
mod logical;
mod masking;
mod names;
#[cfg(feature = "sqlx08")]
pub mod outbox;
mod partial;
#[cfg(any(feature = "kafka", feature = "registry"))]
mod properties;
#[cfg(feature = "registry")]
pub mod registry;
mod report;
mod rules;
mod shown;
mod source;
mod suggestion;
mod tool;
mod topic;
#[cfg(feature = "validator021")]
mod validator021;
mod version;
mod violation;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use schemars;
pub use serde::{self, Deserialize, Serialize};
pub use serde_json;

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
#[cfg(feature = "sqlx08")]
pub use sqlx;
#[cfg(feature = "time03")]
pub use time;
#[cfg(feature = "url2")]
pub use url;
#[cfg(feature = "uuid1")]
pub use uuid;
#[cfg(feature = "validator021")]
pub use validator;

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
/// The page [`derive`](mod@derive) lists all attributes.
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
/// The page [`derive`](mod@derive) lists all attributes.
///
#[cfg(feature = "derive")]
pub use event_schema_derive::event;

/// Refuses the derive: [`EventSchema`] implements the trait already.
#[cfg(feature = "derive")]
#[doc(hidden)]
pub use event_schema_derive::JsonSchema;

pub use self::dump::DumpOptions;
#[cfg(feature = "cloudevents")]
pub use self::envelope::Envelope;
pub use self::error::{DumpError, LoadError};
pub use self::event::{Descriptor, EventKey, EventSchema, OtherEvent};
pub use self::load::{LoadOptions, Unknown};
pub use self::partial::Partial;
pub use self::source::{Line, Lines};
pub use self::violation::{FieldName, InputName, Path, Position, Segment, Violation, Violations};

/// The imports of a service that defines events.
///
/// validator's trait `Validate` is not in the prelude, because its method would make `event.validate()` ambiguous. The
/// attribute `event` is not in it either: write `#[event_schema::event]`.
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
        Deserialize, DumpError, EventSchema, LoadError, LoadOptions, Serialize, Unknown, Violation, Violations,
    };
    #[cfg(feature = "uuid1")]
    pub use uuid::Uuid;
}

/// The README's examples, tested.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../README.md")]
struct Readme;
