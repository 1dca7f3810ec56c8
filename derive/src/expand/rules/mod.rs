//! Rules: each is a call, by full path, to validator's public traits, that notes its own finding.

mod call;
mod data;
mod field;
mod found;
mod inner;
mod param;
mod whole;

pub(super) use self::data::to_data;
pub(super) use self::field::{any_own, function};
pub(super) use self::inner::parts;
pub(super) use self::whole::{across_fields, of_whole};
