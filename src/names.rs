//! Which entries flattened values write on the level that they stand on: each name has one owner there, or a load would
//! give it to another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeStruct, SerializeStructVariant, SerializeTupleVariant,
    Serializer,
};
use serde_json::Value;

use crate::load::{At, Context, FieldType};

/// Notes what a value that stands beside a tag, or alone among the fields of a level, writes under a name that is `taken`.
pub fn check_names<T>(
    value: &T,
    write: impl FnOnce(&T, Names<'_>) -> Result<(), NoObject>,
    taken: &dyn Fn(&str) -> bool,
    cx: &mut Context<'_>,
    at: &At<'_>,
) {
    // A value that is no object is refused when it is written.
    let _told_later = write(
        value,
        Names(&mut |name| {
            if taken(name) {
                cx.taken(at, name);
            }
        }),
    );
}

/// The entries that the flattened values of one level write there, in the order in which they are read.
#[derive(Debug)]
pub struct Flattened {
    /// The names, each with whether it is gone for those who are read after its owner.
    names: BTreeMap<String, bool>,
    /// One of them refuses what it does not know.
    closed: bool,
    /// They have just been loaded: that has been noted then.
    loaded: bool,
}

impl Flattened {
    /// None yet.
    #[must_use]
    pub fn new(loaded: bool) -> Self {
        Self { names: BTreeMap::new(), closed: false, loaded }
    }

    /// Notes what `value` writes and a load would not give to it, or not to it alone. `taken` tells the names that are
    /// read before it, or those of all others.
    pub fn check<T: FieldType>(
        &mut self,
        value: &T,
        write: impl FnOnce(&T, Names<'_>) -> Result<(), NoObject>,
        taken: &dyn Fn(&str, bool) -> bool,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) {
        if !self.loaded && value.closes(false) {
            self.closed = true;
            for (name, _) in self.names.iter().filter(|(_, gone)| !**gone) {
                cx.unknown(at, name, &[]);
            }
        } else if self.closed {
            let _told_later = write(value, Names(&mut |name| cx.unknown(at, name, &[])));
            return;
        }
        // Asked when all are known: while a `Mutex` is written, it is locked.
        let mut written = Vec::new();
        let _told_later = write(value, Names(&mut |name| written.push(name.to_owned())));
        for name in written {
            // A map takes nothing away from those who come after it.
            let gone = value.uses_name(&name);
            if taken(&name, !gone) || self.names.insert(name.clone(), gone).is_some() {
                cx.taken(at, &name);
            }
        }
    }
}

/// Writes nothing and tells the names of an object's entries.
#[expect(missing_debug_implementations, reason = "a function cannot be shown")]
pub struct Names<'f>(&'f mut dyn FnMut(&str));

/// Why there are no names: the value is no object, or cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("no object")]
pub struct NoObject(());

impl Error for NoObject {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(())
    }
}

/// The rest of a variant whose name has been told.
#[derive(Debug)]
pub struct Told(());

type Done = Result<(), NoObject>;

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$ok, NoObject> {
            Err(NoObject(()))
        }
    )*};
}

/// As serde flattens values: nothing stands for null, and a variant's name for the variant.
impl Serializer for Names<'_> {
    type Ok = ();
    type Error = NoObject;
    type SerializeSeq = Impossible<(), NoObject>;
    type SerializeTuple = Impossible<(), NoObject>;
    type SerializeTupleStruct = Impossible<(), NoObject>;
    type SerializeTupleVariant = Told;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Told;

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_seq(Option<usize>) -> Impossible<(), NoObject>;
        serialize_tuple(usize) -> Impossible<(), NoObject>;
        serialize_tuple_struct(&'static str, usize) -> Impossible<(), NoObject>;
    }

    fn serialize_none(self) -> Done {
        Ok(())
    }

    fn serialize_unit(self) -> Done {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Done {
        (self.0)(name);
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: &T,
    ) -> Done {
        (self.0)(name);
        Ok(())
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Told, NoObject> {
        (self.0)(name);
        Ok(Told(()))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Told, NoObject> {
        (self.0)(name);
        Ok(Told(()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NoObject> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, NoObject> {
        Ok(self)
    }
}

impl SerializeStruct for Names<'_> {
    type Ok = ();
    type Error = NoObject;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, _: &T) -> Done {
        (self.0)(name);
        Ok(())
    }

    fn end(self) -> Done {
        Ok(())
    }
}

impl SerializeMap for Names<'_> {
    type Ok = ();
    type Error = NoObject;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        let key = serde_json::to_value(key).map_err(Error::custom)?;
        let text: Cow<'_, str> = match &key {
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        };
        (self.0)(&text);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Done {
        Ok(())
    }

    fn end(self) -> Done {
        Ok(())
    }
}

macro_rules! told {
    ($($trait:ident($($name:ty)?);)*) => {$(
        impl $trait for Told {
            type Ok = ();
            type Error = NoObject;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, $(_: $name,)? _: &T) -> Done {
                Ok(())
            }

            fn end(self) -> Done {
                Ok(())
            }
        }
    )*};
}

told! {
    SerializeTupleVariant();
    SerializeStructVariant(&'static str);
}
