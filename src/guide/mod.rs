//! Guides: pages of documentation without items.
//!
//! - `from_marshmallow`: each feature of Marshmallow and pydantic, and its equivalent in this crate.
//! - `guarantees` (with `kafka`): what happens to a message, its offset and its order.
//! - `observability` (with `kafka`): spans, traces and metrics.
//! - `tuning` (with `kafka`): the cost of consuming and producing, and the settings that change it.

#[cfg(feature = "derive")]
pub mod from_marshmallow;
#[cfg(feature = "kafka")]
pub mod guarantees;
#[cfg(feature = "kafka")]
pub mod observability;
#[cfg(feature = "kafka")]
pub mod tuning;
