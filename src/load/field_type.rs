//! The types of fields: [`FieldType`], and how its methods read the parts that others give them.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess};
use serde_json::Value;

use super::buffer::{self, Leftovers, MapOf};
use super::context::{Context, Mode, Sharing};
use super::json::{Object, Source, to_text};
use super::key_deserializer::KeyDeserializer;
#[cfg(doc)]
use super::leaf::{Leaf, read_leaf};
use super::place::At;
use super::slot::Slot;
#[cfg(feature = "avro")]
use crate::avro::read::{Datum, Put};
#[cfg(feature = "avro")]
use crate::avro::write::{Op, Output};
use crate::contract::shape::Shape;
#[cfg(feature = "avro")]
use crate::error::{Malformed, Unwritable};
use crate::violation::{FieldName, MASK};

/// A type that can be a field of an event: how it is read, validated and described.
///
/// `#[derive(EventSchema)]` implements it for structs and enums. It is implemented for:
///
/// - integers of every width, also nonzero, atomic, `Wrapping`, `Saturating` and `Reverse`; `f32`, `f64`, `bool`,
///   `char`, `()`
/// - `String`, `PathBuf`, the addresses of `std::net`; [`serde_json::Value`], its `Map` and `Number`,
///   `Box<RawValue>`
/// - `Option`, `Result`, `Box`, `Rc`, `Arc` and `Cow`, also of `str`, slices and `Path`; `Cell`, `RefCell`,
///   `Mutex`, `RwLock`, `PhantomData`
/// - `Vec`, `VecDeque`, `LinkedList`, `BinaryHeap`, `BTreeSet`, `HashSet`, `BTreeMap`, `HashMap`, arrays,
///   tuples up to 16
/// - `Duration`, `SystemTime`, `Range`, `RangeInclusive`, `Bound`
/// - by feature, types of other crates
///
/// Each is read from JSON as serde reads it. `#[event(plain)]` is needed for `RangeFrom` and `RangeTo`, for types
/// that differ by platform (`OsString`), for bytes that JSON cannot express (`CString`), and for `Weak`, which is
/// always empty.
///
/// # By hand
///
/// A type without fields or elements implements [`Leaf`], and its `read` calls [`read_leaf`]:
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, Expected, FieldType, Leaf, read_leaf};
/// use event_schema::{EventSchema, Serialize};
/// use event_schema::serde::Deserializer;
///
/// #[derive(Debug, PartialEq, Serialize)]
/// struct Celsius(f64);
///
/// impl Leaf for Celsius {
///     const EXPECTED: &'static Expected = { static E: Expected = Expected::new("temperature"); &E };
///
///     fn from_f64(degrees: f64) -> Option<Self> {
///         (degrees >= -273.15).then_some(Celsius(degrees))
///     }
/// }
///
/// impl FieldType for Celsius {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         read_leaf(input, cx, at)
///     }
///
///     fn shape() -> Shape {
///         Shape::number().range(-273.15..)
///     }
/// }
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// struct Weather { outside: Celsius }
///
/// assert_eq!(Weather::load(br#"{"outside": 21.5}"#).unwrap(), Weather { outside: Celsius(21.5) });
/// assert_eq!(
///     Weather::load(br#"{"outside": -300.5}"#).unwrap_err().to_string(),
///     "1 violation\noutside: Not a valid temperature."
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an event: event-schema does not know how to read it",
    label = "not readable by event-schema",
    note = "if `{Self}` is yours, derive `EventSchema` for it: nested values are schemas too",
    note = "if it comes from another crate, see whether a feature of event-schema supports it, such as `uuid1` or `chrono04`",
    note = "or mark the field `#[event(plain)]`: the type's own `Deserialize` then reads it, and reports at most one fault"
)]
pub trait FieldType: Sized + Serialize {
    /// Reads a value, or records all its faults in `cx` and returns `None`.
    ///
    /// A value that was read but breaks rules is still returned, so that the rules of the containing type can be
    /// checked too.
    ///
    /// See the examples of [`FieldType`] and [`Context`].
    ///
    /// # Errors
    /// Only if the source itself is broken, and the rest of it cannot be read.
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error>;

    /// Whether [`read_datum`](Self::read_datum) has a way of its own.
    #[cfg(feature = "avro")]
    #[doc(hidden)]
    const IS_DIRECT: bool = false;

    /// Reads a value of a valid datum and gives it to `put`, without its rules. An error, and what is noted in `cx`, only
    /// tell that the tolerant reader has to look at the datum.
    ///
    /// # Errors
    /// If the value is not valid, or the datum is not one of the type.
    #[cfg(feature = "avro")]
    #[doc(hidden)]
    #[inline]
    fn read_datum(datum: Datum<'_, '_>, cx: &mut Context<'_>, put: &mut impl Put<Self>) -> Result<(), Malformed> {
        datum.read(cx, put)
    }

    /// The value of a missing field; if the field is required, records a violation and returns `None`.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    /// use event_schema::load::{At, Context, FieldType};
    /// use event_schema::prelude::*;
    /// use event_schema::serde::Deserializer;
    ///
    /// /// A note that may be missing, and is empty then.
    /// #[derive(Debug, PartialEq, Serialize)]
    /// struct Note(String);
    ///
    /// impl FieldType for Note {
    ///     fn read<'de, D: Deserializer<'de>>(
    ///         input: D,
    ///         cx: &mut Context<'_>,
    ///         at: &At<'_>,
    ///     ) -> Result<Option<Self>, D::Error> {
    ///         Ok(String::read(input, cx, at)?.map(Note))
    ///     }
    ///
    ///     fn missing(_: &mut Context<'_>, _: &At<'_>) -> Option<Self> {
    ///         Some(Note(String::new()))
    ///     }
    ///
    ///     fn shape() -> Shape {
    ///         Shape::text().or_missing()
    ///     }
    /// }
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Order { note: Note }
    ///
    /// assert_eq!(Order::load(b"{}").unwrap().note, Note(String::new()));
    /// assert!(Order::json_schema().get("required").is_none());
    /// ```
    #[inline]
    fn missing(cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
        cx.missing(at);
        None
    }

    /// Reads a value whose fields stand among those of an outer level: a flattened field. What it
    /// takes is gone for the flattened fields after it; a map takes nothing away.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[doc(hidden)]
    fn read_flat<E: Error>(
        leftovers: &mut Leftovers<'_>,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, E> {
        let (recorded, findings) = (cx.recorded(), cx.shape_findings());
        let again = leftovers.reads_again();
        let entries = MapOf(leftovers.entries::<E>(buffer::any));
        let read = |cx: &mut Context<'_>| cx.sharing(Sharing::Flattened, |cx| Self::read(entries, cx, at));
        let value = cx.read_left(again, || leftovers.size(), read)?;
        cx.record_all_if_none(recorded, at, || leftovers.names());
        leftovers.take_used(value.as_ref());
        // A part may have no value to ask.
        if value.is_none() && cx.shape_findings() == findings {
            leftovers.take_fields(&cx.fields_since(recorded, at));
        }
        Ok(value)
    }

    /// The type's own name for the field that the input calls `name`; `None` if it has no such field. Only names that a
    /// flattened value of the type always takes out of its level.
    #[doc(hidden)]
    #[must_use]
    fn field_name(_name: &str) -> Option<&'static str> {
        None
    }

    /// Whether it takes every entry that a level has left for it, if it is flattened: a map does.
    ///
    /// `N` counts the levels. A type that is flattened into itself, through others perhaps, would be read for ever; with the
    /// count it has no end for the compiler.
    #[doc(hidden)]
    #[must_use]
    fn takes_all<N>() -> bool {
        false
    }

    /// Whether a load would give an entry of this name to this value, if it is flattened.
    #[doc(hidden)]
    fn uses_name(&self, name: &str) -> bool {
        Self::field_name(name).is_some()
    }

    /// Whether it rejects unknown entries of an object that it shares with other values, or that is its own except for
    /// a tag (`alone`).
    #[doc(hidden)]
    fn closes(&self, _alone: bool) -> bool {
        false
    }

    /// The result of the type's `pre_load` hook for an input; `None` if it refuses it, which is noted.
    #[doc(hidden)]
    fn prepare(value: Value, _cx: &mut Context<'_>, _at: &At<'_>) -> Option<Value> {
        Some(value)
    }

    /// The result of the type's `post_load` hook for a valid value; `None` if it refuses it, which is noted.
    #[doc(hidden)]
    fn complete(self, _cx: &mut Context<'_>, _at: &At<'_>) -> Option<Self> {
        Some(self)
    }

    /// Puts a part into the value: entries of structs and maps into their places, all else in place of the whole.
    /// Rules are the caller's to check.
    #[doc(hidden)]
    fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
        replace(self, input, cx, at);
    }

    /// Puts a part into the field of this index.
    #[doc(hidden)]
    fn patch_field(&mut self, index: usize, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
        let _ = (index, input, cx, at);
    }

    /// As [`patch`](Self::patch), of a flattened value: `rest` are the entries that nobody has taken.
    #[doc(hidden)]
    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        patch_used(self, rest, cx, at);
    }

    /// Adds what a flattened field is called on the wire, level by level: for suggestions.
    #[doc(hidden)]
    fn flat_names(_names: &mut Vec<&'static [&'static str]>) {}

    /// The fields of a struct or of an enum's variants, each in a list of its own, for rules and hooks that name one.
    #[doc(hidden)]
    #[must_use]
    fn fields() -> &'static [&'static [FieldName]] {
        &[]
    }

    /// Whether it is one value on the wire, and sensitive.
    #[doc(hidden)]
    const SENSITIVE: bool = false;

    /// Whether it is masked as a map's key: it is sensitive, or is on the wire what a sensitive type is. So many `levels` of
    /// types are asked. A constant would depend on itself where a type holds itself behind an option.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    fn masks_key(levels: u8) -> bool {
        let _ = levels;
        Self::SENSITIVE
    }

    /// Whether a violation never carries the value: it is, or may hold, what is sensitive. The value tells and not its
    /// type, because types may hold each other.
    #[doc(hidden)]
    fn is_hidden(&self) -> bool {
        // Several fields are written as one value only by hand.
        Self::SENSITIVE || !Self::fields().is_empty()
    }

    /// Reads the key of a map's entry, or notes that `text` is none; `map` is the map's place. A
    /// string takes the text; others leave it, for the path.
    #[doc(hidden)]
    fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
        let text = text.as_deref().unwrap_or_default();
        let before = cx.shape_findings();
        // Keys are what came: hooks run whenever they are read.
        let prepared = cx.replace_prepared(false);
        let source = KeyDeserializer::<serde::de::value::Error>::new(text);
        let shown = if is_masked::<Self>() { MASK } else { text };
        let key = Self::read(source, cx, &map.map_key(shown));
        cx.replace_prepared(prepared);
        match key {
            Ok(key) => key.filter(|_| cx.shape_findings() == before),
            Err(_) => None,
        }
    }

    /// [`Slot::read`], by a path at which rustc says of a type that is no field just that.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[doc(hidden)]
    #[inline]
    fn read_slot<'s, 'de, A: MapAccess<'de>>(
        slot: &'s mut Slot<Self>,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&'s Self>, A::Error> {
        slot.read(entries, cx, at)
    }

    /// [`Slot::read_element`], likewise.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[doc(hidden)]
    #[inline]
    fn read_element_slot<'s, 'de, A: SeqAccess<'de>>(
        slot: &'s mut Slot<Self>,
        elements: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&'s Self>, A::Error> {
        slot.read_element(elements, cx, at)
    }

    /// [`Slot::or_missing`], likewise.
    #[doc(hidden)]
    #[inline]
    fn fill_slot<'s>(slot: &'s mut Slot<Self>, cx: &mut Context<'_>, at: &At<'_>) -> Option<&'s Self> {
        slot.or_missing(cx, at)
    }

    /// [`read_slot`](Self::read_slot) of a field without rules of its own. One call instead of its steps: rustc goes over
    /// them once, here, and not again for each field of each type.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[doc(hidden)]
    #[inline]
    fn read_field<'de, A: MapAccess<'de>>(
        slot: &mut Slot<Self>,
        names: &'static [FieldName],
        index: usize,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<(), A::Error> {
        slot.read(entries, cx, &at.field(&names[index])).map(drop)
    }

    /// [`fill_slot`](Self::fill_slot) of a field without rules of its own.
    #[doc(hidden)]
    #[inline]
    fn fill_field(slot: &mut Slot<Self>, names: &'static [FieldName], index: usize, cx: &mut Context<'_>, at: &At<'_>) {
        if slot.is_missing() {
            let at = &at.field(&names[index]);
            if let Some(value) = slot.or_missing(cx, at) {
                value.check(cx, at);
            }
        }
    }

    /// [`check`](Self::check) of a field without rules of its own.
    #[doc(hidden)]
    #[inline]
    fn check_field(&self, names: &'static [FieldName], index: usize, cx: &mut Context<'_>, at: &At<'_>) {
        self.check(cx, &at.field(&names[index]));
    }

    /// Whether the value is null on the wire, for fields that are never null.
    #[doc(hidden)]
    #[inline]
    fn is_null(&self) -> bool {
        false
    }

    /// Checks the rules of a value and of all values in it.
    ///
    /// See the example of [`Context`].
    #[inline]
    fn check(&self, _cx: &mut Context<'_>, _at: &At<'_>) {}

    /// Writes the value as a datum: what its `Serialize` writes, by a shorter way where there is one.
    ///
    /// # Errors
    /// If the schema cannot express it.
    #[cfg(feature = "avro")]
    #[doc(hidden)]
    #[inline]
    fn write_datum<'p>(&self, output: &mut Output<'p, '_>, op: &'p Op) -> Result<(), Unwritable> {
        output.write(op, self)
    }

    /// The wire format of the type, from which its contracts are written.
    ///
    /// See the example of [`Shape`].
    fn shape() -> Shape;
}

/// A level more, of types that are flattened into each other.
#[doc(hidden)]
#[derive(Debug)]
pub struct FlattenedInto<N>(PhantomData<N>);

/// Reads a value of `T` at its place.
#[derive(Debug)]
pub(super) struct Seed<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'a, 'c, T> Seed<'a, 'c, T> {
    #[inline]
    pub(super) fn new(cx: &'a mut Context<'c>, at: &'a At<'a>) -> Self {
        Self { cx, at, of: PhantomData }
    }
}

impl<'de, T: FieldType> DeserializeSeed<'de> for Seed<'_, '_, T> {
    type Value = Option<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        T::read(input, self.cx, self.at)
    }
}

/// A field of a type that is ours.
#[allow(clippy::missing_errors_doc, reason = "called by generated code only")]
impl<T: FieldType> Slot<T> {
    /// Reads the field's value from the object and gives it back for its rules.
    #[inline]
    pub fn read<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        if self.is_duplicate(entries, cx, at)? {
            return Ok(None);
        }
        match entries.next_value_seed(Seed::new(cx, at))? {
            Some(value) => {
                *self = Self::Good(value);
                Ok(self.good())
            }
            None => {
                *self = Self::Bad;
                Ok(None)
            }
        }
    }

    /// Reads the element that comes next and stands at `at`; past the end the slot stays missing.
    #[inline]
    pub fn read_element<'de, A: SeqAccess<'de>>(
        &mut self,
        elements: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        if let Some(read) = elements.next_element_seed(Seed::new(cx, at))? {
            *self = read.map_or(Self::Bad, Self::Good);
        }
        Ok(self.good())
    }

    /// Fills in a field that was not met, and gives it back for its rules.
    #[inline]
    pub fn or_missing(&mut self, cx: &mut Context<'_>, at: &At<'_>) -> Option<&T> {
        if !self.is_missing() {
            return None;
        }
        *self = Self::Good(T::missing(cx, at)?);
        // A missing field of a part of an event has no rules to keep.
        self.good().filter(|_| cx.mode() == Mode::Whole)
    }
}

impl Leftovers<'_> {
    /// Whether an entry that nobody has taken is one that a flattened value of the type takes.
    pub(super) fn has_any_of<T: FieldType>(&self) -> bool {
        self.any_left(|name| T::field_name(name).is_some())
    }

    /// Takes what a load has given to `value`, or gives to its type if there is none.
    pub(crate) fn take_used<T: FieldType>(&mut self, value: Option<&T>) {
        self.take(|name| match value {
            Some(value) => value.uses_name(name),
            None => T::field_name(name).is_some(),
        });
    }
}

/// Reads a value of its own.
pub(crate) fn read<T: FieldType>(input: &str, cx: &mut Context<'_>, at: &At<'_>) -> Option<T> {
    // A text that was read before breaks off only where it is nested too deep, which the context keeps.
    T::read(&mut Source::new(input), cx, at).ok().flatten()
}

/// Puts a value in the place of another.
pub(crate) fn replace<T: FieldType>(this: &mut T, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
    if let Some(value) = read(input, cx, at) {
        *this = value;
    }
}

/// Puts the entries that are `this` value's into it and takes them out.
fn patch_used<T: FieldType>(this: &mut T, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
    this.patch(&to_text(rest), cx, at);
    rest.retain(|name, _| !this.uses_name(name));
}

/// Whether keys of this type are masked. Types that hold each other, and so ask each other, are.
#[inline]
pub(super) fn is_masked<K: FieldType>() -> bool {
    const LEVELS: u8 = 8;
    K::masks_key(LEVELS)
}

/// The place of a map that its keys of this type stand in.
#[inline]
pub(super) fn place_of_keys<'a, K: FieldType>(map: &'a At<'a>) -> At<'a> {
    if is_masked::<K>() { map.cover() } else { *map }
}
