//! Contracts: what an event looks like, for programs in other languages.
//!
//! | document | function | for |
//! |---|---|---|
//! | JSON Schema 2020-12 | [`json_schema`], [`EventSchema::json_schema`](crate::EventSchema::json_schema) | validators of today, OpenAPI 3.1, AsyncAPI 3 |
//! | JSON Schema draft 7 | [`draft07`] | older validators and code generators, schema registries |
//! | schemas of OpenAPI 3.0 | [`openapi30`] | `components.schemas` of a description of an HTTP API |
//!
//! Each takes a [`Contract`](schemars::generate::Contract): `Deserialize` describes what load accepts, `Serialize` what
//! dump writes. They differ where a field has a default, is skipped in one direction, or has two names.
//!
//! # Names
//!
//! A type is called by its name in serde, or by `#[schemars(rename = "...")]`. A generic type is called by its parameters
//! too: `Page<Line>` is `Page_for_Line`, unless the rename says more (`#[schemars(rename = "PageOf{T}")]`). Two types of one
//! name in one contract get numbers, in the order in which the contract refers to them: rename one of them, so that the
//! numbers cannot change places.
//!
//! # Where load and the contract differ
//!
//! The contract of what is read accepts what load accepts and refuses what load refuses, except for these:
//!
//! | the contract accepts, load refuses | why |
//! |---|---|
//! | `1.0` and `1e2` as integers | JSON Schema calls them integers, load reads integers without fraction and exponent only |
//! | what a function refuses: the rules `custom` and `schema`, `must_match`, `credit_card`, a conversion (`try_from`), `deserialize_with`, hooks | a schema has no words for it; so too for a `regex` that ECMA-262 cannot express |
//! | a value of an untagged enum that breaks a rule of the first variant of its shape, and fits a later one | load takes the first variant that fits by its types, then its rules count; the schema takes any (`anyOf`) |
//! | a map's key out of a `range` that rules ask for | keys are texts, for which a schema has no bounds; those of the integer's type are said by a pattern |
//! | the number of entries of a flattened map, beside optional fields or a flattened enum | a schema counts all fields of the object |
//! | an entry of a flattened map that is called as a field of another variant of a flattened enum beside it | the map's schema does not see which variant it is |
//! | a URL without a host, a `Duration` that overflows, a number beyond the bounds of an `f32` once it is rounded | the type's own reader is stricter than the format |
//! | one field twice, texts that are too large or too deep | a validator sees the object, not its text |
//!
//! | load accepts, the contract refuses | why |
//! |---|---|
//! | other dialects of UUIDs (without hyphens, in braces), dates and times (a space for the `T`), e-mail addresses (those of HTML) and URLs (those of WHATWG) | the formats of JSON Schema name one dialect. They bind only where the validator checks formats |
//! | the same element twice in a set | `uniqueItems` asks senders not to; load takes it once, as serde does |
//! | fields of a flattened `Option` that do not fit | load takes them for `None`, as serde does; the schema asks that they fit |
//! | two variants of a flattened, externally tagged enum | load takes the first, as serde does; the schema asks for one |
//! | other names that `pre_load` changes to those of the fields | the contract describes what comes out of the hook, as it does not know what goes in |
//! | a struct in a `plain` field, given as an array | its own `Deserialize` reads both |
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
//! Contracts by draft 7 accept the same as those by 2020-12; [`openapi30`] says what it leaves out.

mod decimal;
mod json_schema;
mod openapi;
pub(crate) mod parts;
mod pattern;
#[doc(hidden)]
pub mod shape;

pub(crate) use self::decimal::decimal;
pub use self::json_schema::{draft07, json_schema, openapi30};
#[doc(hidden)]
pub use self::json_schema::{is_inline, schema_of};
pub use self::shape::Shape;
