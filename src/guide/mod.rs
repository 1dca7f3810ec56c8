//! Guides: pages that explain, without items.
//!
//! - `from_marshmallow`: what Marshmallow's and pydantic's vocabulary is called here.
//! - `guarantees` (with `kafka`): what becomes of a message, its offset and its order.
//! - `tuning` (with `kafka`): what consuming and producing cost, and which settings change it.

#[cfg(feature = "derive")]
pub mod from_marshmallow;
#[cfg(feature = "kafka")]
pub mod guarantees;
#[cfg(feature = "kafka")]
pub mod tuning;
