//! A part of an event: [`Partial`].

use std::marker::PhantomData;

use serde::de::Deserializer;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::contract::Shape;
use crate::load::expected::{OBJECT, VALUE};
use crate::load::json::Source;
use crate::load::{At, Context, FieldType, own_terms};

/// Some of the fields of an event `E`, each valid; see
/// [`EventSchema::load_partial`](crate::EventSchema::load_partial).
///
/// Nested events are partial too: [`get`](Self::get) them as `Partial<Address>`.
///
/// A struct rule runs only if the part has every field that can be read, except options: a missing field does not get
/// its default.
///
/// A part holds what the event reads, at every level, and nothing else: unknown fields are dropped. Fields have their
/// names on the wire, even if the input used an alias. Values are the results of `pre_load` hooks: each hook has run
/// once, and does not run again when the part is used. Keys of maps are unchanged.
///
/// A part of an untagged enum has the fields of one variant: the variant that a load of a whole event selects, or else
/// the variant that has the largest number of the input's fields.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::Partial;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Line {
///     sku: String,
///     #[validate(range(min = 1))]
///     count: u32,
/// }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Order { id: u64, lines: Vec<Line> }
///
/// let part = Order::load_partial(br#"{"lines": [{"count": 2}]}"#)?;
/// assert!(part.contains("lines") && !part.contains("id"));
///
/// let lines = part.get::<Vec<Partial<Line>>>("lines")?.unwrap();
/// assert_eq!(lines[0].get::<u32>("count")?, Some(2));
/// assert_eq!(lines[0].get::<String>("sku")?, None);
///
/// let error = Order::load_partial(br#"{"lines": [{"count": 0}]}"#).unwrap_err();
/// assert_eq!(error.violations().unwrap()[0].path().to_string(), "lines[0].count");
/// # Ok::<(), event_schema::LoadError>(())
/// ```
#[derive(Clone)]
pub struct Partial<E> {
    /// Under their names on the wire.
    fields: Map<String, Value>,
    /// The same with every digit.
    text: Box<RawValue>,
    of: PhantomData<fn() -> E>,
}

impl<E> Partial<E> {
    /// Whether the part has this field, by its name on the wire.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert!(part.contains("x") && !part.contains("y"));
    /// ```
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The fields, by their names on the wire.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.as_object().keys().collect::<Vec<_>>(), ["x"]);
    /// ```
    #[must_use]
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The fields, by their names on the wire.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.into_object()["x"], 1);
    /// ```
    #[must_use]
    pub fn into_object(self) -> Map<String, Value> {
        self.fields
    }
}

impl<E> Partial<E> {
    /// Its text.
    pub(crate) fn text(&self) -> &str {
        self.text.get()
    }

    /// The text of a field.
    pub(crate) fn field_text(&self, field: &str) -> Option<Box<str>> {
        own_terms::field(self.text(), field)
    }

    /// A part that was read without a finding, by what the event reads of its text.
    fn of(text: String, cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
        let fields = Value::read(&mut Source::new(&text), cx, at);
        match (fields, RawValue::from_string(text)) {
            (Ok(Some(Value::Object(fields))), Ok(text)) => Some(Self { fields, text, of: PhantomData }),
            (Ok(Some(_)), _) => {
                cx.invalid(at, &OBJECT);
                None
            }
            // A reader of the user's took what no value of JSON is, such as a number beyond all floats.
            _ => {
                cx.invalid(at, &VALUE);
                None
            }
        }
    }
}

impl<E: FieldType> FieldType for Partial<E> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        let text = own_terms::read::<E, D>(input, cx, at)?;
        Ok(text.and_then(|text| Self::of(text, cx, at)))
    }

    /// Some fields of the event: which they are, only the event's own contract says.
    fn shape() -> Shape {
        Shape::map(Shape::any())
    }
}

impl<E> Serialize for Partial<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

/// The names of the fields only: values may be personal data.
impl<E> std::fmt::Debug for Partial<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Partial").field(&self.fields.keys().collect::<Vec<_>>()).finish()
    }
}
