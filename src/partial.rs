//! A part of an event: [`Partial`].

use std::marker::PhantomData;

use serde::de::{Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::contract::Shape;
use crate::load::expected::OBJECT;
use crate::load::{At, Context, Dialect, FieldType, Mode};

/// Some of the fields of an event `E`, each valid; see
/// [`EventSchema::load_partial`](crate::EventSchema::load_partial).
///
/// Nested events are partial too: [`get`](Self::get) them as `Partial<Address>`.
///
/// A struct rule runs only if the part has every field that can be read, except options: a missing field is not taken to
/// have its default.
///
/// Fields have the names under which the event writes them, even if the input used an alias or the event's `pre_load`
/// hook renamed them.
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
    /// What came, where it came otherwise: under aliases, or before the event's `pre_load` hook.
    input: Option<Map<String, Value>>,
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
    /// The fields as they came in the input.
    pub(crate) fn to_input(&self) -> Value {
        Value::Object(self.input.as_ref().unwrap_or(&self.fields).clone())
    }
}

impl<E: FieldType> FieldType for Partial<E> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        let mut value = Value::read(input, cx, at)?.unwrap_or(Value::Null);
        let before = cx.found();
        let chooses = cx.begin_choice(at);
        let (dialect, mode) = (cx.replace_dialect(Dialect::Value), cx.replace_mode(Mode::Partial));
        let mut read = E::read(&value, cx, at);
        if chooses {
            let left_out = cx.take_left_out();
            if !left_out.is_empty() && read.is_ok() && cx.found() == before {
                for field in left_out {
                    field.take_out(&mut value, at);
                }
                // What hooks make of other fields is there again.
                read = E::read(&value, cx, at);
                for field in cx.take_left_out() {
                    cx.refuse(field);
                }
            }
            cx.end_choice();
        }
        cx.replace_dialect(dialect);
        cx.replace_mode(mode);
        read.map_err(D::Error::custom)?;
        if cx.found() > before {
            return Ok(None);
        }
        // What the event's hook accepted when the event was read, it accepts.
        let prepared = E::prepare(value.clone(), cx, at);
        let (Value::Object(input), Some(Value::Object(prepared))) = (value, prepared) else {
            cx.invalid(at, &OBJECT);
            return Ok(None);
        };
        let named = |(name, value): (String, Value)| (E::field_name(&name).map_or(name, str::to_owned), value);
        let fields: Map<String, Value> = prepared.into_iter().map(named).collect();
        let input = (input != fields).then_some(input);
        Ok(Some(Self { fields, input, of: PhantomData }))
    }

    /// Some fields of the event: which they are, only the event's own contract says.
    fn shape() -> Shape {
        Shape::map(Shape::any())
    }
}

impl<E> Serialize for Partial<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

/// The names of the fields only: values may be personal data.
impl<E> std::fmt::Debug for Partial<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Partial").field(&self.fields.keys().collect::<Vec<_>>()).finish()
    }
}
