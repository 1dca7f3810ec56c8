//! The tolerant reader: one pass over the input that finds everything that is wrong with it.
//!
//! ```text
//! bytes ──> Deserializer ──> FieldType::read ──> value, if all its parts are good
//!                                 └── findings, each at its path, in the Context
//! ```
//!
//! A type that stands in an event implements [`FieldType`]. The derive does it for structs and
//! enums; this module does it for the standard library (`primitives`, `option`, `lists`, `maps`) and for the types
//! of optional crates. A reader never stops at a fault: it notes a finding, stays in step with the
//! stream and goes on. It ends early only when the source itself is broken.
//!
//! Types of one's own that are no events, such as numbers in a form of their own, implement [`FieldType`] by hand:
//! its page has an example, and [`Context`] one that checks rules.

#[macro_use]
mod refuse;

mod any;
pub(crate) mod buffer;
mod context;
mod crates;
mod drain;
pub(crate) mod expected;
pub(crate) mod field_type;
pub(crate) mod json;
mod key_deserializer;
pub(crate) mod keys;
mod leaf;
mod lists;
pub(crate) mod many;
mod maps;
pub(crate) mod number;
pub(crate) mod object;
mod option;
mod options;
pub(crate) mod parts;
pub(crate) mod patch;
mod place;
pub(crate) mod primitives;
mod raw;
mod slot;
mod std_types;
mod step;
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
pub(crate) use self::verbs::{from_json, from_value};
