//! Whether a value of a foreign type can be written: JSON has no NaN and no infinities, and `serde_json` writes null
//! for them.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::load::expected::NUMBER;
use crate::load::{At, Context};

/// Notes a value, written by its own `Serialize`, in which a float is none that JSON has.
pub fn check_plain<T: Serialize + ?Sized>(value: &T, cx: &mut Context<'_>, at: &At<'_>) {
    check_finite(value.serialize(Finite), cx, at);
}

/// Notes a value that was written to [`Finite`], by a function perhaps, in which a float is none that JSON has.
#[allow(clippy::needless_pass_by_value, reason = "the derive's code gives what the function answered")]
pub fn check_finite(written: Result<(), NotFinite>, cx: &mut Context<'_>, at: &At<'_>) {
    if let Err(NotFinite(true)) = written {
        cx.unreadable(at, &NUMBER);
    }
}

/// Why a value was not walked to its end: a float, or an error of its own, which is told when it is written.
#[derive(Debug, thiserror::Error)]
#[error("not finite")]
pub struct NotFinite(bool);

impl Error for NotFinite {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(false)
    }
}

/// Writes nothing and looks at the floats.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written out by the derive")]
pub struct Finite;

type Done = Result<(), NotFinite>;

macro_rules! pass {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self, $(_: $argument),*) -> Done {
            Ok(())
        }
    )*};
}

macro_rules! open {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self, NotFinite> {
            Ok(self)
        }
    )*};
}

impl Serializer for Finite {
    type Ok = ();
    type Error = NotFinite;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    pass! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    open! {
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
        serialize_seq(Option<usize>);
        serialize_map(Option<usize>);
    }

    fn serialize_f32(self, value: f32) -> Done {
        if value.is_finite() { Ok(()) } else { Err(NotFinite(true)) }
    }

    fn serialize_f64(self, value: f64) -> Done {
        if value.is_finite() { Ok(()) } else { Err(NotFinite(true)) }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        value.serialize(self)
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, _: &T) -> Done {
        Ok(())
    }
}

macro_rules! parts {
    ($($trait:ident $method:ident($($name:ty)?);)*) => {$(
        impl $trait for Finite {
            type Ok = ();
            type Error = NotFinite;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Done {
                value.serialize(*self)
            }

            fn end(self) -> Done {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq serialize_element();
    SerializeTuple serialize_element();
    SerializeTupleStruct serialize_field();
    SerializeTupleVariant serialize_field();
    SerializeStruct serialize_field(&'static str);
    SerializeStructVariant serialize_field(&'static str);
}

impl SerializeMap for Finite {
    type Ok = ();
    type Error = NotFinite;

    // A key that is no finite number is an error when it is written.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Done {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(*self)
    }

    fn end(self) -> Done {
        Ok(())
    }
}
