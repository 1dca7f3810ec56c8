//! The tolerant reader: one pass over the input that finds everything that is wrong with it.
//!
//! ```text
//! bytes ──> Deserializer ──> FieldType::read ──> value, if all its parts are good
//!                                 └── findings, each at its path, in the Context
//! ```
//!
//! A type that stands in an event implements [`FieldType`]. The derive does it for structs and
//! enums; this module does it for the standard library (`primitives`, `option`, `lists`, `maps`) and for the types
//! of optional crates. A reader never stops at a fault: it notes a finding, stays in step with the
//! stream and goes on. It ends early only when the source itself is broken.
//!
//! Types of one's own that are no events, such as numbers in a form of their own, implement [`FieldType`] by hand:
//! its page has an example, and [`Context`] one that checks rules.

/// The methods of a visitor for the forms that it refuses: by its `reject`, or, for null, by its `null`. With
/// `expected =>` before the forms they note that what stands here is no such value.
macro_rules! refuse {
    (@ bool $reject:expr, $null:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ number $reject:expr, $null:expr) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_i128<E>(self, _: i128) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ str $reject:expr, $null:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ bytes $reject:expr, $null:expr) => {
        fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ null $reject:expr, $null:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($null(self))
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($null(self))
        }
        fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
            input.deserialize_any(self)
        }
    };
    (@ list $reject:expr, $null:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            $crate::load::drain::drain_seq(seq)?;
            Ok($reject(self))
        }
    };
    // What looks like an object may be a number, which is refused all the same.
    (@ object $reject:expr, $null:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            $crate::load::number::in_disguise(map)?;
            Ok($reject(self))
        }
    };
    ($expected:expr => $($form:ident)*) => {
        $(refuse!(
            @ $form
            |this: Self| $crate::load::refused(this.cx, this.at, $expected),
            |this: Self| $crate::load::refused_null(this.cx, this.at, $expected)
        );)*
    };
    ($($form:ident)*) => {
        $(refuse!(@ $form Self::reject, Self::null);)*
    };
}

pub(crate) mod buffer;
mod context;
mod crates;
mod drain;
mod expected;
pub(crate) mod json;
pub(crate) mod keys;
mod leaf;
mod lists;
pub(crate) mod many;
mod maps;
pub(crate) mod number;
pub(crate) mod object;
mod option;
mod options;
pub(crate) mod parts;
pub(crate) mod patch;
mod place;
pub(crate) mod primitives;
mod std_types;
mod step;
pub(crate) mod tuple;
mod valid;
mod values;
pub(crate) mod variants;
mod wrappers;

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess};
use serde_json::Value;

use self::buffer::{Leftovers, MapOf};
use self::context::Sharing;
pub use self::context::{Context, Dialect, Mode};
pub use self::expected::Expected;
pub use self::leaf::{Leaf, read_leaf};
use self::object::Slot;
pub use self::options::{LoadOptions, Unknown};
use self::patch::Object;
pub use self::place::At;
use crate::contract::Shape;
use crate::error::{LoadError, LoadErrorKind};
use crate::violation::MASK;

/// A type that can stand in an event: how it is read, checked and described. Its `Serialize` says how it is written.
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
/// Each is read from JSON as serde reads it. Left to `#[event(plain)]` are `RangeFrom` and `RangeTo`, types that only
/// one platform can read (`OsString`), bytes that are no JSON (`CString`), and `Weak`, which is read as nothing.
///
/// # By hand
///
/// A value without parts implements [`Leaf`] and hands `read` on to [`read_leaf`]:
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
    note = "or mark the field `#[event(plain)]`: the type's own `Deserialize` reads it then, and finds one fault at most"
)]
pub trait FieldType: Sized + Serialize {
    /// Reads a value, or notes in `cx` everything that is wrong with it and answers `None`.
    ///
    /// A value that was read but breaks rules is still given back, so that the rules of what it
    /// stands in can be checked too.
    ///
    /// See the examples of [`FieldType`] and [`Context`].
    ///
    /// # Errors
    /// Only if the source itself is broken: what follows cannot be read any more.
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error>;

    /// The value of a field that the input does not have; `None`, with a finding, where it is required.
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
        let entries = MapOf(leftovers.entries::<E>(buffer::any));
        let value = cx.sharing(Sharing::Flattened, |cx| Self::read(entries, cx, at))?;
        leftovers.take_used(value.as_ref());
        Ok(value)
    }

    /// What the type calls the field on the wire that the input may call so; `None` if it has none. Only names that
    /// a flattened value of the type always takes out of its level.
    #[doc(hidden)]
    #[must_use]
    fn field_name(_name: &str) -> Option<&'static str> {
        None
    }

    /// Whether a load would give an entry of this name to this value, if it is flattened.
    #[doc(hidden)]
    fn uses_name(&self, name: &str) -> bool {
        Self::field_name(name).is_some()
    }

    /// Whether it refuses what it does not know of an object that it shares with others, or that it has for itself but
    /// for a tag (`alone`).
    #[doc(hidden)]
    fn closes(&self, _alone: bool) -> bool {
        false
    }

    /// What the type's `pre_load` hook makes of an input; `None` if it refuses it, which is noted.
    #[doc(hidden)]
    fn prepare(value: Value, _cx: &mut Context<'_>, _at: &At<'_>) -> Option<Value> {
        Some(value)
    }

    /// What the type's `post_load` hook makes of a value without fault; `None` if it refuses it, which is noted.
    #[doc(hidden)]
    fn complete(self, _cx: &mut Context<'_>, _at: &At<'_>) -> Option<Self> {
        Some(self)
    }

    /// Puts a part into the value: entries of structs and maps into their places, all else in place of the whole.
    /// Rules are the caller's to check.
    #[doc(hidden)]
    fn patch(&mut self, input: &Value, cx: &mut Context<'_>, at: &At<'_>) {
        patch::replace(self, input, cx, at);
    }

    /// As [`patch`](Self::patch), of a flattened value: `rest` are the entries that nobody has taken.
    #[doc(hidden)]
    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        patch::patch_used(self, rest, cx, at);
    }

    /// Adds what a flattened field is called on the wire, level by level: for suggestions.
    #[doc(hidden)]
    fn flat_names(_names: &mut Vec<&'static [&'static str]>) {}

    /// Whether it is one value on the wire, and sensitive: as a map's key it is masked.
    #[doc(hidden)]
    const SENSITIVE: bool = false;

    /// Reads the key of a map's entry, or notes that `text` is none; `map` is the map's place. A
    /// string takes the text; others leave it, for the path.
    #[doc(hidden)]
    fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
        let text = text.as_deref().unwrap_or_default();
        let before = cx.mark();
        let source = keys::KeyDeserializer::<serde::de::value::Error>::new(text);
        let shown = if Self::SENSITIVE { MASK } else { text };
        match Self::read(source, cx, &map.map_key(shown)) {
            Ok(key) => key.filter(|_| cx.shape_findings_since(before) == 0),
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

    /// Whether the value is null on the wire, for fields that are never null.
    #[doc(hidden)]
    #[inline]
    fn is_null(&self) -> bool {
        false
    }

    /// Checks the rules of a value at hand, all the way down.
    ///
    /// See the example of [`Context`].
    #[inline]
    fn check(&self, _cx: &mut Context<'_>, _at: &At<'_>) {}

    /// What it looks like on the wire: its contracts are written from that.
    ///
    /// See the example of [`Shape`].
    fn shape() -> Shape;
}

/// Notes that what was read is no value of the type.
#[cold]
fn refused<T>(cx: &mut Context<'_>, at: &At<'_>, expected: &'static Expected) -> Option<T> {
    cx.invalid(at, expected);
    None
}

/// Notes a null where the type has none.
#[cold]
fn refused_null<T>(cx: &mut Context<'_>, at: &At<'_>, expected: &'static Expected) -> Option<T> {
    cx.null(at, expected);
    None
}

/// What is said of a value that only code of others can tell to be wrong.
pub(crate) static VALUE: Expected = Expected::new("value");

/// Reads a value of `T` at its place.
#[doc(hidden)]
#[derive(Debug)]
pub struct Seed<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'a, 'c, T> Seed<'a, 'c, T> {
    #[inline]
    pub(crate) fn new(cx: &'a mut Context<'c>, at: &'a At<'a>) -> Self {
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

/// Loads from JSON text.
pub(crate) fn from_json<T: FieldType>(input: &[u8], options: &LoadOptions<'_>) -> Result<T, LoadError> {
    if input.len() > options.max_size {
        return Err(LoadErrorKind::TooLarge { size: Some(input.len()), limit: options.max_size }.into());
    }
    let text = match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => return Err(LoadError::not_utf8(input, &error)),
    };
    let mut source = json::Source::new(text);
    let mut cx = Context::new(*options, Dialect::Json);
    let read = T::read(&mut source, &mut cx, &At::ROOT);
    if read.is_ok()
        && let Err(error) = source.end()
    {
        return Err(cx.to_failure(text, &error, source.offset()));
    }
    match read {
        Ok(Some(value)) if cx.found() == 0 => Ok(value),
        Ok(_) => {
            cx.locate(text);
            Err(cx.take_error(|violations, strays| valid::of_text(text, options, violations, strays)))
        }
        Err(error) => Err(cx.to_failure(text, &error, source.offset())),
    }
}

/// Loads from a JSON value.
pub(crate) fn from_value<T: FieldType>(input: serde_json::Value, options: &LoadOptions<'_>) -> Result<T, LoadError> {
    let mut cx = Context::new(*options, Dialect::Value);
    let kept = options.valid_data.then(|| input.clone());
    match T::read(input, &mut cx, &At::ROOT) {
        Ok(Some(value)) if cx.found() == 0 => Ok(value),
        Ok(_) => Err(cx.take_error(|violations, strays| valid::of_value(kept?, violations, strays))),
        Err(_) => Err(cx.to_exhausted().unwrap_or_else(LoadError::unreadable)),
    }
}
