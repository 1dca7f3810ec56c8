//! Values that are kept until it is known what they are: behind a tag that comes late, in a
//! flattened or untagged level, or for a reader that is not ours.
//!
//! JSON is kept as its text, borrowed from the source where it can be. That keeps every digit of a number, and costs no
//! recursion and no memory, however many levels keep what the next one keeps again; what is never asked for is never read.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::any::AnyValue;
use super::expected::VALUE;
use super::json::{Object, ObjectText, RAW_TOKEN, Source, visit_raw};
use super::raw::RawText;
use super::{At, Context, Dialect};
use crate::suggestion::closest;

/// How many unknown fields are compared with the names of every flattened level.
const MAX_COMPARED: usize = 100;

/// A value, kept.
#[derive(Debug)]
pub(crate) struct Buffered<'de>(Form<'de>);

#[derive(Debug)]
enum Form<'de> {
    /// And where it starts in what it was taken from, if it was not put together.
    Text(Cow<'de, str>, Option<usize>),
    Value(Value),
}

impl<'de> Buffered<'de> {
    /// Keeps a value at hand.
    pub(super) fn of(text: impl Into<Cow<'de, str>>) -> Self {
        Self(Form::Text(text.into(), None))
    }

    /// Its text, and where that starts in what it was taken from.
    pub(crate) fn into_text(self) -> (Cow<'de, str>, Option<usize>) {
        match self.0 {
            Form::Text(text, start) => (text, start),
            Form::Value(value) => (value.to_string().into(), None),
        }
    }

    /// The keys of the object that it is.
    #[cold]
    pub(super) fn keys(&self) -> Vec<String> {
        match &self.0 {
            Form::Text(text, _) => {
                let object: HashMap<String, RawText<'_>> =
                    HashMap::deserialize(&mut Source::new(text)).unwrap_or_default();
                object.into_keys().collect()
            }
            Form::Value(value) => value.as_object().into_iter().flat_map(Map::keys).cloned().collect(),
        }
    }

    /// Keeps a value of the source.
    pub(crate) fn read<D: Deserializer<'de>>(input: D, cx: &mut Context<'_>) -> Result<Self, D::Error> {
        Ok(Self(match cx.dialect() {
            Dialect::Json => {
                let RawText { text, start } = RawText::deserialize(input)?;
                Form::Text(text, start)
            }
            Dialect::Value => Form::Value(AnyValue(cx).deserialize(input)?),
        }))
    }

    /// Reads it through a seed, as often as is needed.
    pub(crate) fn get_with<'b, S: DeserializeSeed<'b>, E: Error>(&'b self, seed: S) -> Result<S::Value, E> {
        match &self.0 {
            Form::Text(text, start) => {
                seed.deserialize(&mut Source::new(text)).map_err(|error| E::custom(error.of_part(*start)))
            }
            Form::Value(value) => seed.deserialize(value).map_err(E::custom),
        }
    }

    /// How much there is to read: bytes of a text, parts of a value.
    pub(crate) fn size(&self) -> usize {
        fn parts(value: &Value) -> usize {
            match value {
                Value::Array(list) => 1 + list.iter().map(parts).sum::<usize>(),
                Value::Object(object) => 1 + object.values().map(parts).sum::<usize>(),
                _ => 1,
            }
        }

        match &self.0 {
            Form::Text(text, _) => text.len(),
            Form::Value(value) => parts(value),
        }
    }

    /// Reads it with code that is not ours, whose error becomes one finding at its inner path. That code does not
    /// count levels, and so they are counted before; those of a value were when it was kept.
    pub(crate) fn foreign<T, W: With<T>, E: Error>(&self, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<T>, E> {
        // A value is read from text, too: serde's own readers of `f32` make an infinity of a number that is too large.
        let text = match &self.0 {
            Form::Text(text, _) => {
                cx.enclose(text)?;
                Cow::Borrowed(&**text)
            }
            Form::Value(value) => Cow::Owned(value.to_string()),
        };
        let read = W::call(&mut Source::new(&text)).ok();
        Ok(read.or_else(|| foreign_again::<T, W>(&text, cx, at)))
    }
}

/// Reads it once more, to see where that fails: to watch every step of every read would cost all of them.
#[cold]
fn foreign_again<T, W: With<T>>(text: &str, cx: &mut Context<'_>, at: &At<'_>) -> Option<T> {
    let mut track = serde_path_to_error::Track::new();
    let read = W::call(serde_path_to_error::Deserializer::new(&mut Source::new(text), &mut track)).ok();
    // The error's text may quote the payload: what is told is the place.
    if read.is_none() {
        let path = track.path();
        note_inside(cx, at, &path.iter().collect::<Vec<_>>());
    }
    read
}

/// Notes an invalid value at a path below `at` that a foreign reader told.
#[cold]
fn note_inside(cx: &mut Context<'_>, at: &At<'_>, path: &[&serde_path_to_error::Segment]) {
    use serde_path_to_error::Segment;
    match path {
        [Segment::Seq { index }, rest @ ..] => note_inside(cx, &at.index(*index), rest),
        [Segment::Map { key: name } | Segment::Enum { variant: name }, rest @ ..] => {
            note_inside(cx, &at.name(name), rest);
        }
        [Segment::Unknown, ..] | [] => cx.invalid(at, &VALUE),
    }
}

/// Keeps the value it is given.
pub(crate) struct BufferSeed<'a, 'c>(pub(crate) &'a mut Context<'c>);

impl<'de> DeserializeSeed<'de> for BufferSeed<'_, '_> {
    type Value = Buffered<'de>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Buffered<'de>, D::Error> {
        Buffered::read(input, self.0)
    }
}

/// A reader that is not ours: a `deserialize_with` function, or a type's own `Deserialize`.
#[doc(hidden)]
pub trait With<T> {
    /// Calls it.
    fn call<'de, D: Deserializer<'de>>(input: D) -> Result<T, D::Error>;
}

/// A type's own `Deserialize`, for fields marked `#[event(plain)]`.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a name in the type system, without values")]
pub enum Plain {}

impl<T: for<'de> Deserialize<'de>> With<T> for Plain {
    fn call<'de, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
        T::deserialize(input)
    }
}

/// Reads a value with code that is not ours.
#[doc(hidden)]
pub fn read_foreign<'de, T, W: With<T>, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    Buffered::read(input, cx)?.foreign::<T, W, _>(cx, at)
}

/// Notes that the value that was read could not be converted.
#[doc(hidden)]
#[cold]
pub fn not_convertible(cx: &mut Context<'_>, at: &At<'_>) {
    cx.invalid(at, &VALUE);
}

/// The value of a missing field of a foreign type: serde asks the type whether it is optional.
pub(crate) fn foreign_missing<T: for<'de> Deserialize<'de>>() -> Option<T> {
    T::deserialize(Nothing).ok()
}

struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The entries of an object that one level left for others: its flattened fields, or the variant
/// of a tag that has yet to come.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Leftovers<'de> {
    entries: Vec<Entry<'de>>,
    /// Whether a flattened value has read all that was left then, and may not have taken it.
    was_read: bool,
}

#[derive(Debug)]
struct Entry<'de> {
    key: String,
    value: Buffered<'de>,
    /// A flattened struct has read it.
    taken: bool,
    /// A flattened value writes an entry of this name, and does not read it.
    hidden: bool,
}

impl<'de> Leftovers<'de> {
    /// All entries of an object.
    pub(super) fn of(object: Object) -> Self {
        let entry = |(key, value): (String, Box<str>)| Entry {
            key,
            value: Buffered::of(String::from(value)),
            taken: false,
            hidden: false,
        };
        Self { entries: object.into_iter().map(entry).collect(), was_read: false }
    }

    /// The remaining entries of an object that was given by [`of`](Self::of).
    pub(super) fn into_rest(self) -> Object {
        let rest = self.entries.into_iter().filter(Entry::is_left);
        rest.map(|entry| (entry.key, entry.value.into_text().0.into())).collect()
    }

    /// Notes that a flattened value reads all that is left. Whether another has before.
    pub(super) fn reads_again(&mut self) -> bool {
        std::mem::replace(&mut self.was_read, true)
    }

    /// How much is left to read.
    pub(super) fn size(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_left()).map(|entry| entry.key.len() + entry.value.size()).sum()
    }

    /// The names of the entries that nobody has taken.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.is_left()).map(|entry| &*entry.key)
    }

    /// Whether the name of an entry that nobody has taken is such.
    pub(super) fn any_left(&self, wants: impl Fn(&str) -> bool) -> bool {
        self.names().any(wants)
    }

    pub(crate) fn push(&mut self, key: String, value: Buffered<'de>) {
        self.entries.push(Entry { key, value, taken: false, hidden: false });
    }

    /// The entries that nobody has taken and whose keys `wants`.
    pub(crate) fn entries<E>(&self, wants: fn(&str) -> bool) -> Entries<'_, E> {
        Entries { rest: self.entries.iter(), wants, value: None, error: PhantomData }
    }

    /// Takes the first entry that nobody has taken and whose key `wants`.
    pub(super) fn take_first(&mut self, wants: impl Fn(&str) -> bool) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.is_left() && wants(&entry.key)) {
            entry.taken = true;
        }
    }

    pub(crate) fn take(&mut self, wants: impl Fn(&str) -> bool) {
        for entry in &mut self.entries {
            entry.taken |= wants(&entry.key);
        }
    }

    /// As [`take`](Self::take), of these keys.
    #[cold]
    pub(super) fn take_fields(&mut self, keys: &[&str]) {
        let keys: HashSet<&str> = keys.iter().copied().collect();
        self.take(|key| keys.contains(key));
    }

    /// Keeps from those that come after what they would write again, as a map does. It is still unknown.
    pub(crate) fn hide(&mut self, wants: impl Fn(&str) -> bool) {
        for entry in &mut self.entries {
            entry.hidden |= wants(&entry.key);
        }
    }

    /// Notes every entry that nobody has taken as unknown, if that is a fault; `known` adds the names that there are: the level's own,
    /// and those of its flattened fields.
    #[doc(hidden)]
    pub fn deny(
        &self,
        denies: bool,
        takes_all: bool,
        cx: &mut Context<'_>,
        at: &At<'_>,
        known: fn(&mut Vec<&'static [&'static str]>),
    ) {
        if self.entries.iter().all(|entry| entry.taken) || takes_all && !denies || !cx.denies_unknown(denies) {
            return;
        }
        let mut levels = Vec::new();
        known(&mut levels);
        for (index, entry) in self.entries.iter().filter(|entry| !entry.taken).enumerate() {
            let level = levels.iter().copied();
            let nearest = level
                .filter_map(|names| Some((closest(&entry.key, names)?.0, names)))
                .min_by_key(|(distance, _)| *distance)
                .filter(|_| index < MAX_COMPARED);
            let own: &[&str] = levels.first().copied().unwrap_or_default();
            cx.unknown(at, &entry.key, nearest.map_or(own, |(_, names)| names));
        }
    }
}

impl Entry<'_> {
    fn is_left(&self) -> bool {
        !self.taken && !self.hidden
    }
}

/// Everything.
pub(crate) fn any(_: &str) -> bool {
    true
}

/// Kept entries as an object.
pub(crate) struct Entries<'b, E> {
    rest: std::slice::Iter<'b, Entry<'b>>,
    wants: fn(&str) -> bool,
    value: Option<&'b Buffered<'b>>,
    error: PhantomData<E>,
}

impl<'b, E: Error> MapAccess<'b> for Entries<'b, E> {
    type Error = E;

    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>, E> {
        let Some(entry) = self.rest.by_ref().find(|entry| entry.is_left() && (self.wants)(&entry.key)) else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        seed.deserialize(BorrowedStrDeserializer::new(&entry.key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'b>>(&mut self, seed: V) -> Result<V::Value, E> {
        match self.value.take() {
            Some(value) => value.get_with(seed),
            None => Err(E::custom("a value was asked for before its key")),
        }
    }
}

/// An object's entries where a value is asked for.
pub(crate) struct MapOf<A>(pub(crate) A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for MapOf<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        if name != RAW_TOKEN {
            return visitor.visit_newtype_struct(self);
        }
        // The rest of an object is kept as text: it becomes an object's text again.
        let mut text = ObjectText::new();
        while let Some((key, value)) = self.0.next_entry::<String, RawText<'_>>()? {
            text.push(&key, &value.text);
        }
        visit_raw(text.end(), visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
