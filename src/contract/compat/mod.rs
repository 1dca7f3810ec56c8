//! The compatibility of two JSON Schemas: may a new one replace an old one? The module [`avro`] checks Avro schemas.
//!
//! [`check`] compares two documents, [`check_history`] a document with all recorded ones, and [`diff`] lists the changes
//! between two. A [`Compatibility`] is a mode of Confluent Schema Registry, and a [`Policy`]
//! decides which changes are incompatible: the registry's own policies, or a proof. Each [`Finding`] has a
//! [`Rule`] with a stable name, its place, both sides, the consumers that fail, and a remedy.
//!
//! ```
//! use event_schema::contract::compat::{check, Compatibility, Policy};
//! use event_schema::serde_json::json;
//!
//! let old = json!({"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": false});
//! let new = json!({"type": "object", "properties": {"size": {"type": "number"}}, "additionalProperties": false});
//! assert!(check(&old, &new, Compatibility::Backward, Policy::Exact)?.is_compatible());
//! let report = check(&old, &new, Compatibility::Full, Policy::Exact)?;
//! assert_eq!(report.findings()[0].rule().id(), "TYPE_NARROWED");
//! # Ok::<(), event_schema::contract::compat::SchemaError>(())
//! ```
//!
//! # Where the registry's verdicts differ from a proof
//!
//! | the registry calls compatible | [`Policy::Exact`] |
//! |---|---|
//! | a required field that has a default | incompatible: validators do not insert defaults |
//! | a format, `contains`, `propertyNames`, `patternProperties`, `if` or a `type` beside other keywords that changes or is added | incompatible, if the reader accepts less |
//! | `oneOf` with schemas that overlap | incompatible: a value that fits two is refused |
//! | a field described by a schema with patterns, if no pattern has its name | incompatible, if unknown fields are allowed |
//!
//! References must point into the document, and must not form a circle without a step into the value. `$dynamicRef` and
//! `$recursiveRef` are refused. Documents in draft 4 to 2020-12 are read. In a document without `$schema`, the keywords of
//! all drafts count.

mod array;
pub mod avro;
mod check;
mod combination;
mod comparison;
mod document;
mod finding;
mod form;
mod history;
mod inside;
mod keyword;
mod mode;
mod object;
mod outcome;
pub(in crate::contract) mod rule;
mod scalar;
mod schema_error;
mod spelling;
mod traits;
mod values;

pub use self::check::{check, check_history, diff};
pub(in crate::contract) use self::document::place_of;
pub use self::finding::{Finding, Report};
#[cfg(feature = "page")]
pub(in crate::contract) use self::keyword::{Contains, contains};
pub(in crate::contract) use self::keyword::{token, without_annotations};
pub use self::mode::{Compatibility, Direction, Policy, UnknownName};
pub use self::rule::Rule;
pub use self::schema_error::{SchemaError, Side};
pub(in crate::contract) use self::values::order;
