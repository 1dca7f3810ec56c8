//! Messages as serde's own derive asks for them.
//!
//! [`Filling`] is a `Deserializer` over a message that is still to be made: what a type asks for (a struct with these
//! fields and aliases, one of these variants, a `u8`) is put in where it asks. Flattened fields, tags and untagged
//! enums ask for anything at all, and say only by their errors what they miss; these are traced, even those that
//! serde drops, and the message is mended and read again until it is taken.

use std::cell::RefCell;

use event_schema::serde::de::value::StringDeserializer;
use event_schema::serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use event_schema::serde::forward_to_deserialize_any;
use event_schema::serde_json::Value;

use super::choices::{Choices, FRACTIONS, NUMBERS, TEXTS, arbitrary, text};
use super::json::Json;
use super::words::Words;

/// How often a message is mended: what is not good by then is a message all the same.
const ATTEMPTS: usize = 24;
/// How deep recursive types go.
const DEPTH: usize = 5;
/// A key that is still to be made.
const KEY_TO_COME: &str = "\u{0}";

pub(crate) fn message<T: DeserializeOwned>(choices: &mut Choices, words: &Words) -> Json {
    let mut json = Json::HOLE;
    let maker = RefCell::new(Making { choices, words });
    for _ in 0..ATTEMPTS {
        TRACE.take();
        let taken = T::deserialize(Filling { json: &mut json, making: &maker, depth: 0 }).is_ok();
        let faults = TRACE.take().faults;
        let making = &mut *maker.borrow_mut();
        if taken && (faults.is_empty() || making.choices.below(2) == 0) {
            break;
        }
        if let Some(fault) = faults.get(making.choices.below(faults.len())) {
            making.mend(&mut json, fault);
        }
    }
    maker.into_inner().fill(&mut json);
    json
}

/// What a type said that it misses, and where, of the parts that it asked us for.
#[derive(Debug)]
struct Fault {
    place: Vec<usize>,
    kind: FaultKind,
}

#[derive(Debug)]
enum FaultKind {
    Missing(&'static str),
    Duplicate(&'static str),
    Unknown(String, &'static [&'static str]),
    Variant(String, &'static [&'static str]),
    Type(fn(&Json) -> bool, String),
    Value,
}

#[derive(Default)]
struct Trace {
    place: Vec<usize>,
    faults: Vec<Fault>,
}

thread_local! {
    /// An error is made by functions that are given nothing but what it says.
    static TRACE: RefCell<Trace> = RefCell::default();
}

fn enter(index: usize) {
    TRACE.with_borrow_mut(|trace| trace.place.push(index));
}

fn leave() {
    TRACE.with_borrow_mut(|trace| trace.place.pop());
}

/// An error, which stands in the trace.
#[derive(Debug)]
struct Traced;

impl Traced {
    fn new(kind: FaultKind) -> Self {
        TRACE.with_borrow_mut(|trace| {
            let place = trace.place.clone();
            trace.faults.push(Fault { place, kind });
        });
        Self
    }
}

impl std::fmt::Display for Traced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Traced {}

impl de::Error for Traced {
    fn custom<M: std::fmt::Display>(_: M) -> Self {
        Self::new(FaultKind::Value)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let is: fn(&Json) -> bool = match found {
            Unexpected::Bool(_) => |json| matches!(json, Json::Scalar(text) if text == "true" || text == "false"),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => Json::is_number,
            Unexpected::Str(_) | Unexpected::Char(_) => Json::is_text,
            Unexpected::Unit | Unexpected::Option => Json::is_null,
            Unexpected::Seq => |json| matches!(json, Json::List(_)),
            Unexpected::Map => |json| matches!(json, Json::Object(_)),
            _ => |_| true,
        };
        Self::new(FaultKind::Type(is, expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new(FaultKind::Value)
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::new(FaultKind::Value)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(FaultKind::Variant(variant.to_owned(), expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(FaultKind::Unknown(field.to_owned(), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(FaultKind::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(FaultKind::Duplicate(field))
    }
}

struct Making<'c> {
    choices: &'c mut Choices,
    words: &'c Words,
}

impl Making<'_> {
    fn below(&mut self, count: usize) -> usize {
        self.choices.below(count)
    }

    fn text(&mut self) -> String {
        text(self.choices, self.words).to_owned()
    }

    fn number(&mut self, fits: fn(&str) -> bool) -> &'static str {
        let fitting: Vec<&str> = NUMBERS.iter().copied().filter(|number| fits(number)).collect();
        fitting[self.below(fitting.len())]
    }

    /// A part of `json` that is such a one.
    fn one_of<'j>(&mut self, json: &'j mut Json, is: impl Fn(&Json) -> bool) -> Option<&'j mut Json> {
        let found: Vec<usize> = (0..json.size()).filter(|place| is(json.part(*place))).collect();
        let place = *found.get(self.below(found.len()))?;
        Some(json.part(place))
    }

    /// Gives what was missed, or something else for what was refused. What it is about may stand deeper than the
    /// place says.
    fn mend(&mut self, json: &mut Json, fault: &Fault) {
        if let FaultKind::Duplicate(name) = fault.kind {
            return Self::remove(json, &fault.place, name);
        }
        let Some(part) = json.at(&fault.place) else { return };
        match &fault.kind {
            FaultKind::Missing(name) => {
                let lacks =
                    |json: &Json| matches!(json, Json::Object(entries) if entries.iter().all(|(key, _)| key != name));
                let here = lacks(part) && self.below(2) == 0;
                if let Some(Json::Object(entries)) = if here { Some(part) } else { self.one_of(part, lacks) } {
                    entries.push(((*name).to_owned(), Json::HOLE));
                }
            }
            FaultKind::Unknown(name, expected) | FaultKind::Variant(name, expected) => {
                let Some(one) = expected.get(self.below(expected.len())) else { return };
                let has = |json: &Json| match json {
                    Json::Object(entries) => entries.iter().any(|(key, _)| key == name),
                    scalar => scalar.as_text().as_ref() == Some(name),
                };
                match self.one_of(part, has) {
                    Some(Json::Object(entries)) => {
                        for (key, _) in entries.iter_mut().filter(|(key, _)| key == name) {
                            (*one).clone_into(key);
                        }
                    }
                    Some(text) => *text = Json::scalar(*one),
                    None => {}
                }
            }
            FaultKind::Type(is, expected) => {
                let fitting = self.expected(expected);
                if let Some(part) = self.one_of(part, is) {
                    *part = fitting;
                }
            }
            FaultKind::Value => self.replace(part),
            FaultKind::Duplicate(_) => {}
        }
    }

    /// Another value for a scalar in it, or another part for a list or an object.
    fn replace(&mut self, json: &mut Json) {
        let words = self.words;
        let Some(part) = self.one_of(json, |_| true) else { return };
        match part {
            Json::List(list) if list.len() > 1 && self.below(2) == 0 => drop(list.pop()),
            Json::List(list) => list.push(Json::HOLE),
            // A variant by its name, say.
            Json::Object(entries) => entries.push((words.one(self.choices).to_owned(), Json::HOLE)),
            scalar if scalar.is_text() => *scalar = Json::scalar(self.text()),
            scalar if scalar.is_number() => *scalar = Json::number(self.choices.of(NUMBERS)),
            Json::Scalar(_) => *part = Json::HOLE,
        }
    }

    /// Takes out what is there twice: the entry at the place, or one in the object at the place.
    fn remove(json: &mut Json, place: &[usize], name: &str) {
        if let Some((last, parent)) = place.split_last()
            && let Some(Json::Object(entries)) = json.at(parent)
            && !matches!(&entries[*last].1, Json::Object(inner) if inner.iter().any(|(key, _)| key == name))
        {
            entries.remove(*last);
        } else if let Some(Json::Object(entries)) = json.at(place) {
            entries.pop();
        }
    }

    /// A value such as an error says that it expects.
    fn expected(&mut self, expected: &str) -> Json {
        let has = |words: &[&str]| words.iter().any(|word| expected.contains(word));
        if has(&["struct", "map", "enum", "flattened"]) && !has(&["tuple", "unit struct"]) {
            Json::Object(Vec::new())
        } else if has(&["sequence", "tuple", "array", "set"]) {
            Json::List((0..self.below(3)).map(|_| Json::HOLE).collect())
        } else if has(&["bool"]) {
            Json::scalar(self.below(2) == 1)
        } else if has(&["unit", "null"]) {
            Json::scalar(Value::Null)
        } else if has(&["f32", "f64", "float", "number"]) {
            Json::number(self.choices.of(FRACTIONS))
        } else if has(&["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "size", "128", "integer"]) {
            Json::number(self.number(|number| number.parse::<u8>().is_ok()))
        } else {
            Json::scalar(self.text())
        }
    }

    /// What a type that takes anything is given.
    fn anything(&mut self) -> Json {
        if self.below(2) == 0 { Json::Object(Vec::new()) } else { arbitrary(self.choices, self.words, 1) }
    }

    /// Puts something into the places that nobody asked about.
    fn fill(&mut self, json: &mut Json) {
        while let Some(hole) = self.one_of(json, Json::is_hole) {
            *hole = arbitrary(self.choices, self.words, 1);
        }
        for place in 0..json.size() {
            if let Json::Object(entries) = json.part(place) {
                for (key, _) in entries.iter_mut().filter(|(key, _)| key == KEY_TO_COME) {
                    *key = self.text();
                }
            }
        }
    }
}

/// Reads a part of a message, and makes it while it does.
struct Filling<'a, 'c> {
    json: &'a mut Json,
    making: &'a RefCell<Making<'c>>,
    depth: usize,
}

/// Visits a number as `serde_json` does.
fn visit_number<'de, V: Visitor<'de>>(number: &str, visitor: V) -> Result<V::Value, Traced> {
    if let Ok(number) = number.parse::<u64>() {
        visitor.visit_u64(number)
    } else if let Ok(number) = number.parse::<i64>() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.parse().unwrap_or_default())
    }
}

impl<'c> Filling<'_, 'c> {
    fn is_deep(&self) -> bool {
        self.depth >= DEPTH
    }

    /// Puts in a value unless there is one of the kind.
    fn ensure(&mut self, is: impl Fn(&Json) -> bool, make: impl FnOnce(&mut Making<'c>) -> Json) {
        if !is(self.json) {
            *self.json = make(&mut self.making.borrow_mut());
        }
    }

    fn number<'de, V: Visitor<'de>>(mut self, fits: fn(&str) -> bool, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Json::is_number, |making| Json::number(making.number(fits)));
        self.deserialize_any(visitor)
    }

    fn list<'de, V: Visitor<'de>>(mut self, count: Option<usize>, visitor: V) -> Result<V::Value, Traced> {
        let most = if self.is_deep() { 1 } else { 3 };
        self.ensure(
            |json| matches!(json, Json::List(_)),
            |making| Json::List((0..count.unwrap_or_else(|| making.below(most))).map(|_| Json::HOLE).collect()),
        );
        self.deserialize_any(visitor)
    }

    fn object<'de, V: Visitor<'de>>(
        mut self,
        keys: impl FnOnce(&mut Making<'c>) -> Vec<String>,
        visitor: V,
    ) -> Result<V::Value, Traced> {
        self.ensure(
            |json| matches!(json, Json::Object(_)),
            |making| Json::Object(keys(making).into_iter().map(|key| (key, Json::HOLE)).collect()),
        );
        self.deserialize_any(visitor)
    }

    /// The data of a variant, which may have stood as its name only.
    fn data(self) -> Self {
        if !matches!(self.json, Json::Object(_)) {
            let name = self.json.as_text().unwrap_or_default();
            *self.json = Json::Object(vec![(name, Json::HOLE)]);
        }
        enter(0);
        let json = self.json.children().into_iter().next().expect("the one entry");
        Self { json, making: self.making, depth: self.depth + 1 }
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
            self.number(|number| number.parse::<$type>().is_ok(), visitor)
        }
    )*};
}

/// Integers that JSON's numbers of 64 bits do not hold are visited as such.
macro_rules! wide_numbers {
    ($($method:ident: $type:ty, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
            self.ensure(Json::is_number, |making| Json::number(making.number(|number| number.parse::<$type>().is_ok())));
            let number = match &*self.json {
                Json::Scalar(number) => number.parse::<$type>().ok(),
                _ => None,
            };
            match number {
                Some(number) => visitor.$visit(number),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Filling<'_, '_> {
    type Error = Traced;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(|json| !json.is_hole(), Making::anything);
        let (making, depth) = (self.making, self.depth + 1);
        match self.json {
            Json::List(list) => visitor.visit_seq(Elements { list: list.iter_mut().enumerate(), making, depth }),
            Json::Object(entries) => {
                let rest = entries.iter_mut().enumerate();
                visitor.visit_map(MapEntries { rest, value: None, entered: false, making, depth })
            }
            Json::Scalar(text) => match text.as_str() {
                "null" => visitor.visit_unit(),
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                number if !number.starts_with('"') => visit_number(number, visitor),
                _ => visitor.visit_string(Json::Scalar(text.clone()).as_text().unwrap_or_default()),
            },
        }
    }

    numbers! {
        deserialize_u8: u8,
        deserialize_u16: u16,
        deserialize_u32: u32,
        deserialize_u64: u64,
        deserialize_i8: i8,
        deserialize_i16: i16,
        deserialize_i32: i32,
        deserialize_i64: i64,
    }

    wide_numbers! {
        deserialize_u128: u128, visit_u128;
        deserialize_i128: i128, visit_i128;
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Json::is_number, |making| {
            let numbers = if making.below(2) == 0 { NUMBERS } else { FRACTIONS };
            Json::number(making.choices.of(numbers))
        });
        self.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(
            |json| matches!(json, Json::Scalar(text) if text == "true" || text == "false"),
            |making| Json::scalar(making.below(2) == 1),
        );
        self.deserialize_any(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Json::is_text, |making| {
            let single: Vec<&str> = TEXTS.iter().copied().filter(|text| text.chars().count() == 1).collect();
            Json::scalar(making.choices.of(&single))
        });
        self.deserialize_any(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Json::is_text, |making| Json::scalar(making.text()));
        self.deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        let none_of = if self.is_deep() { 1 } else { 4 };
        if self.json.is_hole() && self.making.borrow_mut().below(none_of) == 0 {
            *self.json = Json::scalar(Value::Null);
        }
        self.depth += 1;
        if self.json.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Json::is_null, |_| Json::scalar(Value::Null));
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Traced> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Traced> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        self.list(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Traced> {
        self.list(Some(count), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Traced> {
        self.list(Some(count), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        let most = if self.is_deep() { 1 } else { 3 };
        self.object(|making| (0..making.below(most)).map(|_| KEY_TO_COME.to_owned()).collect(), visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Traced> {
        let some = |making: &mut Making<'_>| {
            fields.iter().filter(|_| making.below(3) != 2).map(|name| (*name).to_owned()).collect()
        };
        self.object(some, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Traced> {
        self.ensure(
            |json| json.is_text() || matches!(json, Json::Object(entries) if entries.len() == 1),
            |making| Json::scalar(variants.get(making.below(variants.len())).copied().unwrap_or("?")),
        );
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(|json| !json.is_hole(), |making| arbitrary(making.choices, making.words, 1));
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf }
}

impl<'de> EnumAccess<'de> for Filling<'_, '_> {
    type Error = Traced;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Traced> {
        let name = match &*self.json {
            Json::Object(entries) => entries.first().map(|(name, _)| name.clone()),
            text => text.as_text(),
        };
        let name: StringDeserializer<Traced> = name.unwrap_or_default().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Filling<'_, '_> {
    type Error = Traced;

    fn unit_variant(self) -> Result<(), Traced> {
        if let Json::Object(entries) = &*self.json {
            *self.json = Json::scalar(entries[0].0.as_str());
        }
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Traced> {
        let value = seed.deserialize(self.data())?;
        leave();
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Traced> {
        let value = self.data().deserialize_tuple(count, visitor)?;
        leave();
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Traced> {
        let value = self.data().deserialize_struct("", fields, visitor)?;
        leave();
        Ok(value)
    }
}

struct Elements<'a, 'c> {
    list: std::iter::Enumerate<std::slice::IterMut<'a, Json>>,
    making: &'a RefCell<Making<'c>>,
    depth: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Traced;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Traced> {
        let Some((index, json)) = self.list.next() else { return Ok(None) };
        enter(index);
        let value = seed.deserialize(Filling { json, making: self.making, depth: self.depth })?;
        leave();
        Ok(Some(value))
    }
}

struct MapEntries<'a, 'c> {
    rest: std::iter::Enumerate<std::slice::IterMut<'a, (String, Json)>>,
    value: Option<&'a mut Json>,
    /// Whether the trace is at an entry: it stays there until the next, for what is said of its key.
    entered: bool,
    making: &'a RefCell<Making<'c>>,
    depth: usize,
}

impl<'de> MapAccess<'de> for MapEntries<'_, '_> {
    type Error = Traced;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Traced> {
        if std::mem::take(&mut self.entered) {
            leave();
        }
        let Some((index, (key, value))) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        self.entered = true;
        enter(index);
        seed.deserialize(Key { key, making: self.making }).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Traced> {
        let json = self.value.take().expect("a key before its value");
        seed.deserialize(Filling { json, making: self.making, depth: self.depth })
    }
}

/// Reads the key of an entry, and makes it.
struct Key<'a, 'c> {
    key: &'a mut String,
    making: &'a RefCell<Making<'c>>,
}

impl<'c> Key<'_, 'c> {
    fn ensure(&mut self, make: impl FnOnce(&mut Making<'c>) -> String) {
        if self.key == KEY_TO_COME {
            *self.key = make(&mut self.making.borrow_mut());
        }
    }
}

macro_rules! number_keys {
    ($($method:ident: $type:ty, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
            self.ensure(|making| making.number(|number| number.parse::<$type>().is_ok()).to_owned());
            match self.key.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_str(self.key),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, '_> {
    type Error = Traced;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(Making::text);
        visitor.visit_str(self.key)
    }

    number_keys! {
        deserialize_u8: u8, visit_u8;
        deserialize_u16: u16, visit_u16;
        deserialize_u32: u32, visit_u32;
        deserialize_u64: u64, visit_u64;
        deserialize_u128: u128, visit_u128;
        deserialize_i8: i8, visit_i8;
        deserialize_i16: i16, visit_i16;
        deserialize_i32: i32, visit_i32;
        deserialize_i64: i64, visit_i64;
        deserialize_i128: i128, visit_i128;
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(|making| (making.below(2) == 1).to_string());
        match self.key.parse() {
            Ok(flag) => visitor.visit_bool(flag),
            Err(_) => visitor.visit_str(self.key),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Traced> {
        self.ensure(|making| making.choices.of(&["a", "k", " ", "ä", "😀", "0"]).to_owned());
        visitor.visit_str(self.key)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Traced> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Traced> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Traced> {
        self.ensure(|making| variants.get(making.below(variants.len())).copied().unwrap_or("?").to_owned());
        visitor.visit_enum(IntoDeserializer::<Traced>::into_deserializer(self.key.as_str()))
    }

    forward_to_deserialize_any! {
        f32 f64 str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
