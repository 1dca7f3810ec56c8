//! Contracts: documents that describe events to programs in other languages.
//!
//! | document | function | for |
//! |---|---|---|
//! | JSON Schema 2020-12 | [`json_schema`], [`EventSchema::json_schema`](crate::EventSchema::json_schema) | current validators, AsyncAPI 3 |
//! | JSON Schema draft 7 | [`draft07`], [`Catalog::export_draft07`] | older validators and code generators, schema registries |
//! | schemas of OpenAPI 3.0 and 3.1 | [`openapi30`], [`openapi31`] | `components.schemas` of an HTTP API's description |
#![cfg_attr(
    feature = "avro",
    doc = "| Avro schema | [`avro_schema`] | schema registries, and code generators of Java, Python and others |"
)]
//! | AsyncAPI 3 | [`Catalog::asyncapi`] | catalogs and code generators of events |
#![cfg_attr(
    feature = "page",
    doc = "| static page | [`Catalog::page`] | people: the events with their fields, rules, examples and changes |"
)]
//!
//! A [`Catalog`] records the contracts of a service's events, and keeps them compatible. The module [`compat`] checks
//! whether a new schema is compatible with an old one.
//!
//! The functions for JSON take a [`Contract`](schemars::generate::Contract): `Deserialize` describes the input that
//! load accepts, and `Serialize` describes the output that dump writes. The two differ if a field has a default, is
//! skipped in one direction, or has two names.
//!
//! # Keywords
//!
//! All keywords are those of JSON Schema but one, `x-event-schema`: a catalog writes the event's name, version, topic, key
//! and sensitive fields under it, and `"open": true` if a `post_dump` hook may write fields that the schema does not list. A
//! sensitive field has `{"sensitive": true}` there, also in a nested type. Strict validators must be told of it:
//! `new Ajv2020({strict: true, keywords: ["x-event-schema"]})`. ajv's `strictRequired` and `strictTypes` refuse some
//! contracts: aliases are a choice of `required` beside the `properties`, and a decimal is a string or a number. These
//! forms are the shortest, and other tools read them. Formats are those of JSON Schema. The validators and code generators of Python, TypeScript and Java that the repository checks, and what each of
//! them cannot do, are in `tests/languages/differences.json`.
//!
//! # Names
//!
//! A type has its serde name, or the name of `#[schemars(rename = "...")]`. The name of a generic type contains its
//! parameters: `Page<Line>` is `Page_for_Line`, unless a rename places them (`#[schemars(rename = "PageOf{T}")]`). Two
//! types with the same name in one contract get numbers, in the order of their first use. Rename one of them, because a
//! later change may swap their numbers.
//!
//! # Where load and the contract differ
//!
//! The contract of the input accepts and refuses the same values as load, with these exceptions:
//!
//! | the contract accepts, load refuses | why |
//! |---|---|
//! | `1.0` and `1e2` as integers | they are integers to JSON Schema; load reads integers without fraction and exponent only |
//! | values that a function refuses: the rules `custom`, `schema`, `must_match` and `credit_card`, a conversion (`try_from`), `deserialize_with`, hooks; also values that a `regex` refuses, if ECMA-262 cannot express the pattern | a schema cannot express them |
//! | a value of an untagged enum that breaks a rule of the first variant of its shape, and fits a later one | load takes the first variant whose types fit, and then checks its rules; the schema accepts any variant (`anyOf`) |
//! | a map's key outside a `range` rule | keys are strings, for which a schema has no bounds; a pattern expresses the bounds of the integer type |
//! | an entry of a flattened map under the name of a field of another variant of a flattened enum in the same struct | the schema of the map does not depend on the variant |
//! | a wrong number of entries of a flattened map, if the struct also has optional fields or a flattened enum | a schema can only count all fields of the object |
//! | a URL without a host, a `Duration` that overflows, a number beyond the bounds of an `f32` once it is rounded | the type's own reader is stricter than the format |
//! | a duplicate field, or input that is too large or too deep | a validator sees the object, not its text |
//!
//! | load accepts, the contract refuses | why |
//! |---|---|
//! | other dialects of UUIDs (without hyphens, in braces, with `urn:uuid:`), dates and times (a space for the `T`), e-mail addresses (those of HTML) and URLs (those of WHATWG) | the formats of JSON Schema name one dialect. They apply only if the validator checks formats |
//! | the same element twice in a set | `uniqueItems` asks senders to avoid it; load keeps one, as serde does |
//! | fields of a flattened `Option` that do not fit | load reads `None`, as serde does; the schema requires that they fit |
//! | two variants of a flattened, externally tagged enum | load takes the first, as serde does; the schema requires exactly one |
//! | input that `pre_load` converts | the contract describes the output of the hook, because its input is unknown |
//! | a struct in a `plain` field, given as an array | its own `Deserialize` reads objects and arrays |
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! struct Ping { seq: u8 }
//!
//! let schema = jsonschema::validator_for(&Ping::json_schema().to_value()).unwrap();
//! assert!(schema.is_valid(&json!({"seq": 1.0})) && Ping::load(br#"{"seq": 1.0}"#).is_err());
//! assert!(!schema.is_valid(&json!({"seq": 1.5})) && Ping::load(br#"{"seq": 1.5}"#).is_err());
//! ```
//!
//! Contracts in draft 7 accept the same values as those in 2020-12; [`openapi30`] names the rules that it leaves out.

#[cfg(feature = "avro")]
mod avro;
mod catalog;
pub mod compat;
mod decimal;
mod json_schema;
mod openapi;
pub(crate) mod parts;
mod pattern;
#[doc(hidden)]
pub mod shape;

#[cfg(feature = "avro")]
pub(crate) use self::avro::name as avro_name;
#[cfg(feature = "avro")]
pub(crate) use self::avro::schema_of as avro_schema_of;
#[cfg(feature = "avro")]
pub use self::avro::{AvroFault, AvroSchemaError, avro_schema};
#[cfg(feature = "registry")]
pub(crate) use self::catalog::Sent;
pub(crate) use self::catalog::report;
pub use self::catalog::{Catalog, CatalogError, Change, Deviation, DeviationKind};
pub(crate) use self::decimal::decimal;
pub(crate) use self::json_schema::{Described, named};
pub use self::json_schema::{draft07, json_schema, openapi30, openapi31};
#[doc(hidden)]
pub use self::json_schema::{is_inline, schema_of};
pub use self::shape::Shape;
