//! Contracts: what an event looks like, for programs in other languages.

mod json_schema;
mod openapi;
mod pattern;
#[doc(hidden)]
pub mod shape;

pub(crate) use self::json_schema::decimal;
pub use self::json_schema::{draft07, json_schema, openapi30};
#[doc(hidden)]
pub use self::json_schema::{is_inline, schema_of};
pub use self::shape::Shape;
