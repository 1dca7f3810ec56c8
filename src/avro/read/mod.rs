//! Events from datums: [`DatumReader`].

mod compile;
mod datum;
mod direct;
mod plan;
mod put;
mod source;
mod writer;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use self::datum::Datum;
use self::plan::Plan;
pub use self::put::{Put, give, not_read};
use self::source::Source;
pub(crate) use self::writer::Writer;
use super::schema::Schema;
use crate::contract::Shape;
use crate::error::{LoadError, LoadErrorKind};
use crate::event::EventSchema;
use crate::load::{At, Context, Dialect, FieldType, LoadOptions, of_value};

/// Loads events from what a writer of some schema wrote.
///
/// It is made once for a writer's schema, and then reads any number of datums; a clone shares its plan.
///
/// ```
/// use event_schema::avro::{DatumReader, Schema};
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// #[derive(Debug, PartialEq)]
/// struct Line {
///     #[serde(alias = "article")]
///     sku: String,
///     #[validate(range(min = 1))]
///     quantity: i64,
///     note: Option<String>,
/// }
///
/// // What was written before: another name, another order, a smaller integer and no note.
/// let writer = Schema::parse(r#"{"type": "record", "name": "Line", "fields": [
///     {"name": "quantity", "type": "int"},
///     {"name": "article", "type": "string"}
/// ]}"#)?;
/// let reader = DatumReader::<Line>::new(&writer);
/// let line = reader.load(b"\x04\x06x-1")?;
/// assert_eq!(line, Line { sku: "x-1".to_owned(), quantity: 2, note: None });
///
/// let error = reader.load(b"\x00\x06x-1").unwrap_err();
/// assert_eq!(error.to_string(), "1 violation\nquantity: Must be greater than or equal to 1.");
/// let error = reader.load(b"\x04\x06x-").unwrap_err();
/// assert_eq!(error.to_string(), "truncated Avro datum at byte 4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DatumReader<E> {
    plan: Arc<Plan>,
    of: PhantomData<fn() -> E>,
}

impl<E: EventSchema> DatumReader<E> {
    /// A reader of what was written with this schema.
    ///
    /// The schemas need not fit: a field that the writer's lacks is a missing one, and a value of another type is an
    /// invalid one, if a datum has it.
    ///
    /// See the example of [`DatumReader`].
    #[must_use]
    pub fn new(writer: &Schema) -> Self {
        let plan = Plan::new(writer.nodes(), &Shape::of::<E>(), E::descriptor().name());
        Self { plan: Arc::new(plan), of: PhantomData }
    }

    /// Loads an event: reads it, and checks its rules.
    ///
    /// See the example of [`DatumReader`].
    ///
    /// # Errors
    /// If the bytes are not a datum of the writer's schema, or the event is invalid. The error has all violations.
    pub fn load(&self, datum: &[u8]) -> Result<E, LoadError> {
        self.load_with(datum, &LoadOptions::new())
    }

    /// As [`load`](Self::load), with options. Violations have no [positions](LoadOptions::positions), and a writer's
    /// fields that the type does not have are skipped whatever [`unknown`](LoadOptions::unknown) says.
    ///
    /// ```
    /// use event_schema::avro::{DatumReader, Schema};
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Ping { seq: i64 }
    ///
    /// let reader = DatumReader::<Ping>::new(&Schema::of::<Ping>()?);
    /// assert_eq!(reader.load_with(b"\x0e", &LoadOptions::new())?.seq, 7);
    /// let error = reader.load_with(b"\x0e", &LoadOptions::new().max_size(0)).unwrap_err();
    /// assert!(error.is_too_large());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(&self, datum: &[u8], options: &LoadOptions<'_>) -> Result<E, LoadError> {
        self.plan.load(datum, options)
    }
}

impl Plan {
    /// Loads a value of the type that the plan was made for.
    pub(super) fn load<T: FieldType>(&self, datum: &[u8], options: &LoadOptions<'_>) -> Result<T, LoadError> {
        if datum.len() > options.max_size {
            return Err(LoadErrorKind::TooLarge { size: Some(datum.len()), limit: options.max_size }.into());
        }
        if let Some(value) = self.load_valid(datum, options) {
            return Ok(value);
        }
        let mut source = Source::new(self, datum);
        let mut cx = Context::new(*options, Dialect::Value);
        let read = T::read(Datum::new(&mut source, self.root), &mut cx, &At::ROOT);
        match read.and_then(|value| source.end().map(|()| value)) {
            Ok(Some(value)) if cx.found() == 0 => Ok(value),
            Ok(_) => Err(cx.take_error(|violations, strays| of_value(self.to_value(datum)?, violations, strays))),
            Err(error) => Err(cx.to_exhausted().unwrap_or_else(|| LoadErrorKind::Datum(error).into())),
        }
    }

    /// Loads a value in which nothing is wrong, of a type that is read directly.
    #[inline]
    fn load_valid<T: FieldType>(&self, datum: &[u8], options: &LoadOptions<'_>) -> Option<T> {
        if !T::IS_DIRECT {
            return None;
        }
        let mut source = Source::new(self, datum);
        let mut cx = Context::new(*options, Dialect::Value);
        let mut value = None;
        T::read_datum(Datum::new(&mut source, self.root), &mut cx, &mut value).ok()?;
        source.end().ok()?;
        let value = value?;
        value.check(&mut cx, &At::ROOT);
        (cx.found() == 0).then_some(value)
    }

    /// The datum as the JSON that it is converted to.
    fn to_value(&self, datum: &[u8]) -> Option<serde_json::Value> {
        let mut source = Source::new(self, datum);
        let mut cx = Context::new(LoadOptions::new(), Dialect::Value);
        serde_json::Value::read(Datum::new(&mut source, self.root), &mut cx, &At::ROOT).ok().flatten()
    }
}

impl<E> Clone for DatumReader<E> {
    fn clone(&self) -> Self {
        Self { plan: Arc::clone(&self.plan), of: PhantomData }
    }
}

impl<E> fmt::Debug for DatumReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatumReader").finish_non_exhaustive()
    }
}
