//! Contracts: what an event looks like, for programs in other languages.

mod json_schema;
pub(crate) mod parts;
mod pattern;
#[doc(hidden)]
pub mod shape;

pub(crate) use self::json_schema::decimal;
#[doc(hidden)]
pub use self::json_schema::{is_inline, json_schema, schema_of};
pub use self::shape::Shape;
