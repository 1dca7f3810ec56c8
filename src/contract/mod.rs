//! Contracts: what an event looks like, for programs in other languages.

mod json_schema;
mod pattern;

pub(crate) use self::json_schema::decimal;
#[doc(hidden)]
pub use self::json_schema::json_schema;
pub use self::json_schema::{Place, Walk};
pub(crate) use self::pattern::integers;
