//! The tolerant reader: one pass over the input that reports every fault.
//!
//! ```text
//! bytes ──> Deserializer ──> FieldType::read ──> value, if all its parts are valid
//!                                 └── violations, each at its path, in the Context
//! ```
//!
//! The types of fields implement [`FieldType`]. The derive implements it for structs and enums; this module
//! implements it for types of the standard library (`primitives`, `option`, `lists`, `maps`) and of optional crates.
//! A reader does not stop at a fault: it records a violation and continues with the rest of the input. It ends early
//! only if the syntax of the input is broken.
//!
//! You can implement [`FieldType`] by hand for other types, such as numbers in a special text format. Its page has an
//! example, and the page of [`Context`] has one that checks rules.

#[macro_use]
mod refuse;

mod any;
pub(crate) mod buffer;
mod context;
mod crates;
mod drain;
pub(crate) mod expected;
pub(crate) mod field_type;
pub(crate) mod hint;
pub(crate) mod json;
mod key_deserializer;
mod key_name;
pub(crate) mod keys;
mod leaf;
mod lists;
pub(crate) mod many;
mod maps;
pub(crate) mod number;
pub(crate) mod object;
mod option;
mod options;
pub(crate) mod own_terms;
pub(crate) mod parts;
pub(crate) mod patch;
mod place;
pub(crate) mod primitives;
mod pruning;
mod raw;
mod record;
mod slot;
mod std_types;
pub(crate) mod tuple;
mod valid;
mod values;
pub(crate) mod variants;
mod verbs;
mod wrappers;

pub use self::context::{Context, Dialect, Mode};
pub use self::expected::Expected;
pub use self::field_type::FieldType;
pub use self::leaf::{Leaf, read_leaf};
pub use self::options::{LoadOptions, Unknown};
pub use self::place::At;
#[cfg(feature = "avro")]
pub(crate) use self::valid::of_value;
pub(crate) use self::verbs::{from_json, from_part, from_value};
