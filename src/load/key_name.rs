//! As much of a key's text as a path keeps of it, without a copy of all of it.

use std::fmt::Error;

use serde::ser::{Impossible, Serialize, Serializer};

use crate::violation::InputName;

/// Takes a text and cuts it. All else is an error: it is short.
pub(super) struct CutText;

type NoText = Impossible<InputName, Error>;

macro_rules! no_text {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$output, Error> {
            Err(Error)
        }
    )*};
}

impl Serializer for CutText {
    type Ok = InputName;
    type Error = Error;
    type SerializeSeq = NoText;
    type SerializeTuple = NoText;
    type SerializeTupleStruct = NoText;
    type SerializeTupleVariant = NoText;
    type SerializeMap = NoText;
    type SerializeStruct = NoText;
    type SerializeStructVariant = NoText;

    fn serialize_str(self, text: &str) -> Result<InputName, Error> {
        Ok(InputName::cut(text))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<InputName, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<InputName, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<InputName, Error> {
        Err(Error)
    }

    no_text! {
        serialize_bool(bool) -> InputName;
        serialize_i8(i8) -> InputName;
        serialize_i16(i16) -> InputName;
        serialize_i32(i32) -> InputName;
        serialize_i64(i64) -> InputName;
        serialize_u8(u8) -> InputName;
        serialize_u16(u16) -> InputName;
        serialize_u32(u32) -> InputName;
        serialize_u64(u64) -> InputName;
        serialize_f32(f32) -> InputName;
        serialize_f64(f64) -> InputName;
        serialize_char(char) -> InputName;
        serialize_bytes(&[u8]) -> InputName;
        serialize_none() -> InputName;
        serialize_unit() -> InputName;
        serialize_unit_struct(&'static str) -> InputName;
        serialize_unit_variant(&'static str, u32, &'static str) -> InputName;
        serialize_seq(Option<usize>) -> NoText;
        serialize_tuple(usize) -> NoText;
        serialize_tuple_struct(&'static str, usize) -> NoText;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> NoText;
        serialize_map(Option<usize>) -> NoText;
        serialize_struct(&'static str, usize) -> NoText;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> NoText;
    }
}
