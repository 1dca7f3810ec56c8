//! Enums without data: text that is one of a few.

use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::json;

use super::leaf::drain_seq;
use super::{At, Context, Expected, FieldType, number};
use crate::contract::{Place, Walk};

static VARIANT: Expected = Expected::new("variant");

/// An enum whose variants have no data, as the derive describes it.
#[doc(hidden)]
pub trait Choice: Sized {
    /// What the variants are called on the wire, those that can be read.
    const NAMES: &'static [&'static str];

    /// What else they are called when they are read.
    const ALIASES: &'static [&'static str];

    /// Whether one of them is read from any text that no other has.
    const TAKES_ANY: bool;

    /// The variant that is called so.
    fn find(name: &str) -> Option<Self>;

    /// What the variant is called when it is written.
    fn name(&self) -> &'static str;
}

/// Reads an enum without data.
#[doc(hidden)]
#[inline]
pub fn read_choice<'de, T: Choice, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(ChoiceVisitor { cx, at, of: PhantomData })
}

struct ChoiceVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T: Choice> ChoiceVisitor<'_, '_, T> {
    #[cold]
    fn reject(self) -> Option<T> {
        self.cx.choice(self.at, T::NAMES);
        None
    }

    #[cold]
    fn null(self) -> Option<T> {
        if self.at.is_root() {
            return self.reject();
        }
        self.cx.null(self.at, &VARIANT);
        None
    }
}

impl<'de, T: Choice> Visitor<'de> for ChoiceVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        match T::find(name) {
            Some(value) => Ok(Some(value)),
            None => Ok(self.reject()),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq)?;
        Ok(self.reject())
    }
    // serde's derive takes `{"Variant": null}` as well; the contract says string, so it is refused.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        number::in_disguise(map)?;
        Ok(self.reject())
    }
}

/// Map keys can be enums without data.
impl<T: Choice + FieldType> super::MapKey for T {
    fn from_key(text: String) -> Result<Self, String> {
        T::find(&text).ok_or(text)
    }

    fn to_key(&self) -> std::borrow::Cow<'_, str> {
        self.name().into()
    }

    fn reject(key: &str, cx: &mut Context<'_>, at: &At<'_>) {
        cx.choice(&at.map_key(key), T::NAMES);
    }

    fn describe_key(walk: &mut Walk<'_>, map: &Place) {
        // What is written has the names that schemars lists.
        if T::TAKES_ANY {
            walk.map_keys(map, json!({"type": "string"}));
        } else if !walk.is_serialize() {
            let names: Vec<&str> = T::NAMES.iter().chain(T::ALIASES).copied().collect();
            walk.map_keys(map, json!({"enum": names}));
        }
    }
}
