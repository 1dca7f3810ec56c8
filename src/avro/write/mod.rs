//! Datums from events: [`DatumWriter`].

mod bytes;
mod compile;
mod default;
mod direct;
mod leaf;
mod plan;
mod serializer;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use self::plan::Op;
use self::plan::Plan;
pub use self::serializer::Output;
use super::schema::Schema;
use crate::contract::{AvroSchemaError, Shape};
use crate::dump::DumpOptions;
use crate::error::{DumpError, DumpErrorKind};
use crate::event::EventSchema;

/// Dumps events in a schema: their own, or another.
///
/// It is made once, and then writes any number of events; a clone shares its plan.
///
/// ```
/// use event_schema::avro::{DatumReader, DatumWriter, Schema};
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// #[derive(Debug, PartialEq)]
/// struct Line {
///     sku: String,
///     #[validate(range(min = 1))]
///     quantity: i64,
/// }
///
/// let schema = Schema::of::<Line>()?;
/// let writer = DatumWriter::<Line>::new(&schema)?;
/// let bytes = writer.dump(&Line { sku: "x-1".to_owned(), quantity: 2 })?;
/// assert_eq!(bytes, b"\x06x-1\x04");
/// assert_eq!(DatumReader::<Line>::new(&schema).load(&bytes)?.quantity, 2);
///
/// assert!(writer.dump(&Line { sku: "x-1".to_owned(), quantity: 0 }).unwrap_err().is_invalid());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DatumWriter<E> {
    plan: Arc<Plan>,
    of: PhantomData<fn(&E)>,
}

impl<E: EventSchema> DatumWriter<E> {
    /// A writer in this schema.
    ///
    /// Fields of the event that the schema does not have are left out.
    ///
    /// ```
    /// use event_schema::avro::{DatumWriter, Schema};
    ///
    /// #[event_schema::event]
    /// struct Ping { seq: i64 }
    ///
    /// let schema = Schema::parse(r#"{"type": "record", "name": "Ping", "fields": [{"name": "at", "type": "long"}]}"#)?;
    /// let error = DatumWriter::<Ping>::new(&schema).unwrap_err();
    /// assert_eq!(error.faults()[0].path(), "at");
    /// assert!(error.to_string().starts_with("`ping` cannot be written in the Avro schema: 1 fault\nat: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the schema asks for something that the event does not have: a field without a default, or a variant's record
    /// or symbol.
    pub fn new(schema: &Schema) -> Result<Self, AvroSchemaError> {
        let event = E::descriptor().name();
        let plan = Plan::new(schema.nodes(), &Shape::of::<E>(), event)
            .map_err(|faults| AvroSchemaError::of_given(event, faults))?;
        Ok(Self { plan: Arc::new(plan), of: PhantomData })
    }

    /// Checks the event's rules and writes it.
    ///
    /// See the example of [`DatumWriter`].
    ///
    /// # Errors
    /// If the event is invalid, or if the schema cannot express one of its values: a decimal with more digits than the
    /// schema's, for instance.
    pub fn dump(&self, event: &E) -> Result<Vec<u8>, DumpError> {
        self.dump_with(event, &DumpOptions::new())
    }

    /// As [`dump`](Self::dump), with options. A field that they leave out is written as its default in the schema, or as
    /// null.
    ///
    /// ```
    /// use event_schema::DumpOptions;
    /// use event_schema::avro::{DatumWriter, Schema};
    ///
    /// #[event_schema::event]
    /// struct Ping { seq: i64, note: Option<String> }
    ///
    /// let writer = DatumWriter::<Ping>::new(&Schema::of::<Ping>()?)?;
    /// let ping = Ping { seq: 7, note: Some("x".to_owned()) };
    /// assert_eq!(writer.dump(&ping)?, b"\x0e\x02\x02x");
    /// assert_eq!(writer.dump_with(&ping, &DumpOptions::new().exclude(["note"]))?, b"\x0e\x00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    pub fn dump_with(&self, event: &E, options: &DumpOptions<'_>) -> Result<Vec<u8>, DumpError> {
        let mut bytes = Vec::with_capacity(256);
        self.dump_into(event, options, &mut bytes)?;
        Ok(bytes)
    }

    /// Appends the datum. After an error, a part of it may be there.
    pub(crate) fn dump_into(&self, event: &E, options: &DumpOptions<'_>, bytes: &mut Vec<u8>) -> Result<(), DumpError> {
        options.valid(event, |event| {
            let root = &self.plan.ops[self.plan.root];
            let written = if E::CHANGES_DUMP || options.chooses() {
                Output::new(&self.plan, bytes, true).write(root, &options.value(event)?)
            } else {
                event.write_datum(&mut Output::new(&self.plan, bytes, false), root)
            };
            Ok(written.map_err(DumpErrorKind::Datum)?)
        })
    }
}

impl<E> Clone for DatumWriter<E> {
    fn clone(&self) -> Self {
        Self { plan: Arc::clone(&self.plan), of: PhantomData }
    }
}

impl<E> fmt::Debug for DatumWriter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatumWriter").finish_non_exhaustive()
    }
}
