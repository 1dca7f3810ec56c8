//! A part of an event: [`Partial`].

use std::marker::PhantomData;

use serde::de::{Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::contract::Shape;
use crate::error::{DumpError, LoadError};
use crate::event::EventSchema;
use crate::load::{self, At, Context, Dialect, FieldType, LoadOptions, Mode};

/// A part of an event `E`: some of its fields, each valid; see [`EventSchema::load_partial`].
///
/// Nested schemas are partial too: [`get`](Self::get) them as `Partial<Address>`.
///
/// A rule of the whole struct runs when the struct can be made, which is when every field without a
/// default is there.
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
    fields: Map<String, Value>,
    of: PhantomData<fn() -> E>,
}

impl<E> Partial<E> {
    /// Whether the field is there; by its name on the wire.
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

    /// The field's value, if it is there; by its name on the wire.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.get::<i64>("x").unwrap(), Some(1));
    /// assert_eq!(part.get::<i64>("y").unwrap(), None);
    /// assert!(part.get::<bool>("x").is_err());
    /// ```
    ///
    /// # Errors
    /// If its value is none of type `T`.
    pub fn get<T: FieldType>(&self, field: &str) -> Result<Option<T>, LoadError> {
        match self.fields.get(field) {
            Some(value) => load::from_value(value.clone(), &LoadOptions::new()).map(Some),
            None => Ok(None),
        }
    }

    /// The fields, as they were written.
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

    /// The fields, as they were written.
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

impl<E: EventSchema> Partial<E> {
    /// The event with these fields in place of its own; objects are merged, lists replaced.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.apply_to(&Point { x: 0, y: 2 }).unwrap(), Point { x: 1, y: 2 });
    /// ```
    ///
    /// # Errors
    /// If the result is no valid event, or `event` was none.
    pub fn apply_to(&self, event: &E) -> Result<E, ApplyError> {
        let mut value = event.dump_value().map_err(ApplyError::Dump)?;
        merge(&mut value, &self.fields);
        E::load_value(value).map_err(ApplyError::Load)
    }
}

/// Why a part could not be applied to an event.
///
/// ```
/// use event_schema::ApplyError;
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// #[validate(schema(function = in_order))]
/// struct Window { start: u32, end: u32 }
///
/// fn in_order(window: &Window) -> Result<(), ValidationError> {
///     if window.start < window.end { Ok(()) } else { Err(ValidationError::new("order")) }
/// }
///
/// let part = Window::load_partial(br#"{"end": 1}"#).unwrap();
/// let changed = part.apply_to(&Window { start: 2, end: 3 });
/// assert!(matches!(changed, Err(ApplyError::Load(error)) if error.is_invalid()));
/// let changed = part.apply_to(&Window { start: 2, end: 2 });
/// assert!(matches!(changed, Err(ApplyError::Dump(error)) if error.is_invalid()));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The event that was to be changed is invalid itself.
    #[error("the event that was to be changed is invalid")]
    Dump(#[source] DumpError),
    /// The changed event would be invalid.
    #[error("the changed event would be invalid")]
    Load(#[source] LoadError),
}

fn merge(value: &mut Value, fields: &Map<String, Value>) {
    let Value::Object(object) = value else {
        *value = Value::Object(fields.clone());
        return;
    };
    for (name, field) in fields {
        match (object.get_mut(name), field) {
            (Some(inner @ Value::Object(_)), Value::Object(fields)) => merge(inner, fields),
            _ => drop(object.insert(name.clone(), field.clone())),
        }
    }
}

impl<E: FieldType> FieldType for Partial<E> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        let value = Value::read(input, cx, at)?.unwrap_or(Value::Null);
        let before = cx.found();
        let (dialect, mode) = (cx.replace_dialect(Dialect::Value), cx.replace_mode(Mode::Partial));
        let read = E::read(&value, cx, at);
        cx.replace_dialect(dialect);
        cx.replace_mode(mode);
        read.map_err(D::Error::custom)?;
        match value {
            Value::Object(fields) if cx.found() == before => Ok(Some(Self { fields, of: PhantomData })),
            _ => Ok(None),
        }
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

/// The names of the fields that are there; values may be personal data.
impl<E> std::fmt::Debug for Partial<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Partial").field(&self.fields.keys().collect::<Vec<_>>()).finish()
    }
}
