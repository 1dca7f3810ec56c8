//! The parts of lists, objects and enums.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{Code, Error};
use super::source::Source;
use super::token::RAW_TOKEN;

/// Gives the text of a value to a visitor that asked for it by [`RAW_TOKEN`].
pub(in crate::load) fn visit_raw<'de, T, V, E>(text: T, visitor: V) -> Result<V::Value, E>
where
    T: IntoDeserializer<'de, E>,
    V: Visitor<'de>,
    E: serde::de::Error,
{
    visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_TOKEN, text))))
}

/// The text of a value where it was asked for by [`RAW_TOKEN`]. Behind it, for our own reader, comes where it starts.
pub(super) struct Raw<'de> {
    text: &'de str,
    start: usize,
    given: usize,
}

impl<'de> Raw<'de> {
    pub(super) fn new((text, start): (&'de str, usize)) -> Self {
        Self { text, start, given: 0 }
    }
}

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.given == 2 {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new(RAW_TOKEN)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.given += 1;
        match self.given {
            1 => seed.deserialize(BorrowedStrDeserializer::new(self.text)),
            _ => seed.deserialize(self.start.into_deserializer()),
        }
    }
}

/// The elements of a list.
pub(super) struct Elements<'a, 'de> {
    source: &'a mut Source<'de>,
    first: bool,
}

impl<'a, 'de> Elements<'a, 'de> {
    #[inline]
    pub(super) fn new(source: &'a mut Source<'de>) -> Self {
        Self { source, first: true }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let source = &mut *self.source;
        match source.token() {
            Some(b']') => return Ok(None),
            Some(b',') if !self.first => {
                source.at += 1;
                match source.token() {
                    Some(b']') => return Err(Error::new(Code::TrailingComma, source.at)),
                    Some(_) => {}
                    None => return Err(source.end_of_text(Code::EofWhileParsingValue)),
                }
            }
            Some(_) if self.first => self.first = false,
            _ => return Err(source.here(Code::ExpectedListCommaOrEnd, Code::EofWhileParsingList)),
        }
        seed.deserialize(source).map(Some)
    }
}

/// The entries of an object.
pub(super) struct Entries<'a, 'de> {
    source: &'a mut Source<'de>,
    first: bool,
}

impl<'a, 'de> Entries<'a, 'de> {
    #[inline]
    pub(super) fn new(source: &'a mut Source<'de>) -> Self {
        Self { source, first: true }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let source = &mut *self.source;
        match source.token() {
            Some(b'}') => return Ok(None),
            Some(b',') if !self.first => {
                source.at += 1;
                match source.token() {
                    Some(b'"') => {}
                    Some(b'}') => return Err(Error::new(Code::TrailingComma, source.at)),
                    _ => return Err(source.here(Code::KeyMustBeAString, Code::EofWhileParsingValue)),
                }
            }
            Some(b'"') if self.first => self.first = false,
            Some(_) if self.first => return Err(Error::new(Code::KeyMustBeAString, source.at)),
            _ => return Err(source.here(Code::ExpectedObjectCommaOrEnd, Code::EofWhileParsingObject)),
        }
        seed.deserialize(Key(source)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.source.colon()?;
        seed.deserialize(&mut *self.source)
    }
}

/// The key of an entry, whose quote comes next. Numbers and booleans are asked for in it too.
struct Key<'a, 'de>(&'a mut Source<'de>);

impl<'de> Key<'_, 'de> {
    /// Reads a number by `read` that fills the quotes.
    fn number<T>(self, read: impl FnOnce(&mut Source<'de>) -> Result<T, Error>) -> Result<T, Error> {
        self.0.at += 1;
        if !matches!(self.0.peek(), Some(b'0'..=b'9' | b'-')) {
            return Err(self.0.before(Code::ExpectedNumericKey));
        }
        let value = read(self.0)?;
        if self.0.peek() != Some(b'"') {
            return Err(self.0.here(Code::ExpectedDoubleQuote, Code::ExpectedDoubleQuote));
        }
        self.0.at += 1;
        Ok(value)
    }
}

macro_rules! numeric_keys {
    ($($hint:ident)*) => {$(
        fn $hint<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(|source| source.$hint(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.visit_string(visitor)
    }

    numeric_keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        for (word, value) in [("\"true\"", true), ("\"false\"", false)] {
            if self.0.text.as_bytes()[self.0.at..].starts_with(word.as_bytes()) {
                self.0.at += word.len();
                return visitor.visit_bool(value);
            }
        }
        Err(Error::new(Code::Mismatch, self.0.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == RAW_TOKEN { visitor.visit_map(Raw::new(self.0.raw()?)) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_bytes(visitor)
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum that is a bare name.
pub(super) struct Name<'a, 'de>(pub(super) &'a mut Source<'de>);

impl<'de> EnumAccess<'de> for Name<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let variant = seed.deserialize(&mut *self.0)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Name<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(Error::custom("a bare name has no data"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a bare name has no data"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a bare name has no data"))
    }
}

/// An enum that is an object of one entry.
pub(super) struct EnumEntry<'a, 'de>(pub(super) &'a mut Source<'de>);

impl<'de> EnumAccess<'de> for EnumEntry<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        match self.0.token() {
            Some(b'"') => {}
            Some(b'}') => return Err(Error::new(Code::ExpectedValue, self.0.at)),
            _ => return Err(self.0.here(Code::KeyMustBeAString, Code::EofWhileParsingObject)),
        }
        let variant = seed.deserialize(Key(self.0))?;
        self.0.colon()?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for EnumEntry<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
