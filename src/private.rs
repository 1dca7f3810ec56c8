//! The names that generated code uses. Not part of the public API.

pub use std::borrow::Cow;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::vec::Vec;

pub use schemars;
pub use serde;
pub use serde::de::{Deserializer, Error, MapAccess, SeqAccess};
pub use serde_json::{self, Map, Value};
pub use validator;

#[cfg(feature = "avro")]
pub use crate::avro::read::{Datum, Put, give, not_read};
#[cfg(feature = "avro")]
pub use crate::avro::write::{Op as DatumOp, Output as DatumOutput};
pub use crate::contract::Shape;
pub use crate::contract::shape::{
    Avro, AvroForm, Content, Defined, Definition, Enum, Field, Form, MaybeValue, Name, NoValue, Notes, Presence, Range,
    Record, Rule as ShapeRule, Tagging, Variant, generic_id, generic_name, id_of, no_shape, schema_with,
};
pub use crate::contract::{is_inline, json_schema, schema_of};
pub use crate::error::LoadError;
pub use crate::error::printable;
#[cfg(feature = "avro")]
pub use crate::error::{Malformed, Unwritable};
pub use crate::event::{Descriptor, EventKey, EventSchema, Generated, Input, Versions, show_version, untyped};
pub use crate::finite::{check_finite, check_plain};
pub use crate::hooks::{HookResult, prepared, read_prepared, read_value};
pub use crate::load::buffer::{Leftovers, Plain, With, not_convertible, read_foreign};
pub use crate::load::field_type::FlattenedInto;
pub use crate::load::json::{ReadError, read_document as read_json};
pub use crate::load::keys::read_newtype_key;
pub use crate::load::object::{
    Level, Object, Slot, keep_value, next_field, next_field_or_name, read_object, read_object_flat, skip_value,
    skip_written, wire_name,
};
pub use crate::load::parts::{Each, ListType, MapType, Pairs, no_rules};
pub use crate::load::patch::{Object as PartEntries, patch_fields, replace_foreign, replace_used};
pub use crate::load::tuple::{Elements, read_tuple};
pub use crate::load::variants::{
    Adjacent, Variants, read_adjacent, read_external, read_external_flat, read_internal, read_untagged,
};
#[cfg(feature = "avro")]
pub use crate::load::variants::{read_symbol, variant_of};
pub use crate::load::{At, Context, FieldType, LoadOptions};
pub use crate::masking::{DebugOf, NoDebug, shows_nothing};
pub use crate::names::{Flattened, check_names};
pub use crate::rules::{
    broken_custom, broken_schema, has_length, in_range, is_email, is_null, is_one_of, left_out, may_be_missing,
    may_be_missing_foreign, may_be_nothing, no_context, not_null, param, resolved, to_json,
};
pub use crate::shown::{NotShown, Shown};
pub use crate::tool::run as run_tool;
pub use crate::topic::legal_topic;
#[cfg(feature = "validator021")]
pub use crate::validator021::validate;
pub use crate::version::{is_first, is_of, upcast};
pub use crate::violation::{FieldName, Param, Rule, Violations};

/// Items that need the feature `avro`, of which the derive does not know whether it is there.
#[cfg(feature = "avro")]
#[doc(hidden)]
#[macro_export]
macro_rules! __avro_items {
    ($($items:tt)*) => { $($items)* };
}

/// Items that need the feature `avro`, of which the derive does not know whether it is there.
#[cfg(not(feature = "avro"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __avro_items {
    ($($items:tt)*) => {};
}

pub use crate::__avro_items as avro_items;
