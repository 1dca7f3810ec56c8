//! What generated code names. No part of the public API.

pub use std::borrow::Cow;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};

pub use schemars;
pub use serde;
pub use serde::de::{Deserializer, MapAccess};
pub use validator;

pub use crate::contract::{Place, Walk, json_schema};
pub use crate::event::{Descriptor, EventKey, EventSchema};
pub use crate::load::choice::{Choice, read_choice};
pub use crate::load::object::{Object, Slot, next_field, read_object, skip_value};
pub use crate::load::{At, Context, FieldType};
pub use crate::rules::{broken_custom, broken_schema, in_range, param, validate};
pub use crate::violation::{FieldName, Param, Rule};
