//! The deserializer: the values of a text, for visitors.

use std::borrow::Cow;

use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Visitor};

use super::access::{Elements, Entries, EnumEntry, Name, Raw};
use super::error::{Code, Error, ReadError};
use super::number::Integer;
use super::source::Source;
use super::token::{RAW_TOKEN, SINGLE, TOKEN};

/// Reads a text as serde's derive does.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let mut source = Source::shallow(text);
    let value = T::deserialize(&mut source)?;
    source.end().map(|()| value)
}

/// Reads a document as serde's derive does. An error says its place.
///
/// # Errors
/// If the text is not JSON, or not such a value.
pub fn read_document<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, ReadError> {
    let mut source = Source::shallow(text);
    let value = T::deserialize(&mut source).and_then(|value| source.end().map(|()| value));
    value.map_err(|error| ReadError::new(&error, text, source.offset()))
}

impl<'de> Source<'de> {
    /// A number for a visitor that asked for one.
    #[inline]
    pub(super) fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.short_integer() {
            Some(integer) => visit_integer(integer, visitor),
            None => self.visit_long_number(visitor, false),
        }
    }

    /// A number for a visitor that takes any value.
    #[inline]
    fn visit_any_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        if let Some(integer) = self.short_integer() {
            return visit_integer(integer, visitor);
        }
        if !self.keeps_digits
            && let Some(float) = self.short_float()
        {
            return visitor.visit_f64(float);
        }
        self.visit_long_number(visitor, self.keeps_digits)
    }

    #[inline(never)]
    fn visit_long_number<V: Visitor<'de>>(&mut self, visitor: V, keep_digits: bool) -> Result<V::Value, Error> {
        match self.integer()? {
            Some(integer) => visit_integer(integer, visitor),
            None if keep_digits => self.visit_digits(visitor),
            None => visitor.visit_f64(self.float()?),
        }
    }

    /// A number as `serde_json` hides it, in the spelling that it gives to it.
    #[cold]
    fn visit_digits<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let text = self.skip_number()?;
        let spelled = match text.split_once(['e', 'E']) {
            None => Cow::Borrowed(text),
            Some((mantissa, exponent)) if exponent.starts_with(['+', '-']) => format!("{mantissa}e{exponent}").into(),
            Some((mantissa, exponent)) => format!("{mantissa}e+{exponent}").into(),
        };
        visitor.visit_map(MapDeserializer::new(std::iter::once((TOKEN, spelled))))
    }

    /// A number to be rounded to an `f32`. One that is too large for that comes as an `f64`, or with its digits.
    fn visit_single<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.integer()? {
            Some(integer) => visit_integer(integer, visitor),
            None => match self.single()? {
                Some(value) => visitor.visit_f32(value),
                None => self.visit_long_number(visitor, self.keeps_digits),
            },
        }
    }

    /// An integer of 128 bits, if it is one.
    fn visit_wide<V: Visitor<'de>, T: std::str::FromStr>(
        &mut self,
        visitor: V,
        visit: fn(V, T) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        if !matches!(self.token(), Some(b'0'..=b'9' | b'-')) {
            return Err(self.mismatch());
        }
        match self.skip_number()?.parse() {
            Ok(value) => visit(visitor, value),
            Err(_) => Err(self.before(Code::NumberOutOfRange)),
        }
    }

    #[inline]
    fn enter(&mut self) -> Result<(), Error> {
        self.levels -= 1;
        if self.levels == 0 {
            return Err(Error::new(Code::TooDeep, self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads the list or object whose opening bracket comes next by `read`, up to its closing bracket.
    #[inline]
    fn inside<T>(&mut self, close: u8, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.enter()?;
        let value = read(self)?;
        self.levels += 1;
        match self.token() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(value)
            }
            other => Err(self.unread(close, other)),
        }
    }

    /// The error of parts that were not read.
    #[cold]
    fn unread(&mut self, close: u8, next: Option<u8>) -> Error {
        match (close, next) {
            (b']', Some(b',')) => {
                self.at += 1;
                match self.token() {
                    Some(b']') => Error::new(Code::TrailingComma, self.at),
                    _ => self.here(Code::TrailingCharacters, Code::TrailingCharacters),
                }
            }
            (b']', _) => self.here(Code::TrailingCharacters, Code::EofWhileParsingList),
            (_, Some(b',')) => Error::new(Code::TrailingComma, self.at),
            _ => self.here(Code::TrailingCharacters, Code::EofWhileParsingObject),
        }
    }

    /// The list whose bracket comes next.
    #[inline]
    fn visit_list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.inside(b']', |source| visitor.visit_seq(Elements::new(source)))
    }

    /// The object whose brace comes next.
    #[inline]
    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.inside(b'}', |source| visitor.visit_map(Entries::new(source)))
    }
}

#[inline]
fn visit_integer<'de, V: Visitor<'de>>(integer: Integer, visitor: V) -> Result<V::Value, Error> {
    match integer {
        Integer::U64(value) => visitor.visit_u64(value),
        Integer::I64(value) => visitor.visit_i64(value),
    }
}

/// Hints of one form of value: any other is an error.
macro_rules! only {
    ($($hint:ident($($argument:ty),*) $first:pat => $visit:ident;)*) => {$(
        #[inline]
        fn $hint<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Error> {
            match self.token() {
                Some($first) => self.$visit(visitor),
                _ => Err(self.mismatch()),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Source<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'"') => self.visit_string(visitor),
            Some(b'0'..=b'9' | b'-') => self.visit_any_number(visitor),
            Some(b'{') => self.visit_object(visitor),
            Some(b'[') => self.visit_list(visitor),
            Some(b't') => {
                self.word("true")?;
                visitor.visit_bool(true)
            }
            Some(b'f') => {
                self.word("false")?;
                visitor.visit_bool(false)
            }
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_unit()
            }
            _ => Err(self.mismatch()),
        }
    }

    only! {
        deserialize_i8() b'0'..=b'9' | b'-' => visit_number;
        deserialize_i16() b'0'..=b'9' | b'-' => visit_number;
        deserialize_i32() b'0'..=b'9' | b'-' => visit_number;
        deserialize_i64() b'0'..=b'9' | b'-' => visit_number;
        deserialize_u8() b'0'..=b'9' | b'-' => visit_number;
        deserialize_u16() b'0'..=b'9' | b'-' => visit_number;
        deserialize_u32() b'0'..=b'9' | b'-' => visit_number;
        deserialize_u64() b'0'..=b'9' | b'-' => visit_number;
        deserialize_f64() b'0'..=b'9' | b'-' => visit_number;
        deserialize_char() b'"' => visit_string;
        deserialize_str() b'"' => visit_string;
        deserialize_string() b'"' => visit_string;
        deserialize_identifier() b'"' => visit_string;
        deserialize_seq() b'[' => visit_list;
        deserialize_tuple(usize) b'[' => visit_list;
        deserialize_tuple_struct(&'static str, usize) b'[' => visit_list;
        deserialize_map() b'{' => visit_object;
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'0'..=b'9' | b'-') => match self.integer()? {
                Some(integer) => visit_integer(integer, visitor),
                None => match self.single()? {
                    Some(value) => visitor.visit_f32(value),
                    None => {
                        self.skip_number()?;
                        Err(self.before(Code::NumberOutOfRange))
                    }
                },
            },
            _ => Err(self.mismatch()),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_wide(visitor, V::visit_i128)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_wide(visitor, V::visit_u128)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b't' | b'f') => self.deserialize_any(visitor),
            _ => Err(self.mismatch()),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'"') => match self.plain_string() {
                Some(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
                None => visitor.visit_bytes(self.unescape()?.as_bytes()),
            },
            Some(b'[') => self.visit_list(visitor),
            _ => Err(self.mismatch()),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'n') => self.deserialize_any(visitor),
            _ => Err(self.mismatch()),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match name {
            RAW_TOKEN => visitor.visit_map(Raw::new(self.raw()?)),
            SINGLE if matches!(self.token(), Some(b'0'..=b'9' | b'-')) => self.visit_single(visitor),
            SINGLE => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'{') => self.visit_object(visitor),
            Some(b'[') => self.visit_list(visitor),
            _ => Err(self.mismatch()),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'"') => visitor.visit_enum(Name(self)),
            Some(b'{') => {
                self.enter()?;
                let value = visitor.visit_enum(EnumEntry(self))?;
                self.levels += 1;
                if self.token() != Some(b'}') {
                    return Err(self.here(Code::ExpectedValue, Code::EofWhileParsingObject));
                }
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.here(Code::ExpectedValue, Code::EofWhileParsingValue)),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }
}
