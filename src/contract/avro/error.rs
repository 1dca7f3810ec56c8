//! The error for types without an Avro form: [`AvroSchemaError`].

use std::error::Error;
use std::fmt;

/// The error of an event without an Avro schema, or of one that cannot be written in a schema that is not its own.
///
/// ```
/// use event_schema::contract::avro_schema;
/// use event_schema::serde_json::Value;
///
/// #[event_schema::event(name = "page.viewed")]
/// struct PageViewed { page: String, details: Vec<Value> }
///
/// let error = avro_schema::<PageViewed>().unwrap_err();
/// assert_eq!(error.faults()[0].path(), "details[]");
/// assert!(error.to_string().starts_with("`page.viewed` has no Avro schema: 1 fault\ndetails[]: "));
/// ```
#[derive(Debug)]
pub struct AvroSchemaError {
    event: String,
    /// Whether the schema is given.
    is_given: bool,
    faults: Vec<AvroFault>,
}

impl AvroSchemaError {
    pub(crate) fn new(event: &str, faults: Vec<AvroFault>) -> Self {
        Self { event: event.to_owned(), is_given: false, faults }
    }

    /// The faults of a schema that the event is to be written in.
    pub(crate) fn of_given(event: &str, faults: Vec<AvroFault>) -> Self {
        Self { is_given: true, ..Self::new(event, faults) }
    }

    /// Each part of the event that has no Avro form, or that the schema asks for in vain.
    ///
    /// See the example of [`AvroSchemaError`].
    #[must_use]
    pub fn faults(&self) -> &[AvroFault] {
        &self.faults
    }
}

impl fmt::Display for AvroSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        let faults = if count == 1 { "fault" } else { "faults" };
        let what = if self.is_given { "cannot be written in the Avro schema" } else { "has no Avro schema" };
        write!(f, "`{}` {what}: {count} {faults}", self.event)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

impl Error for AvroSchemaError {}

/// A part of an event that has no Avro form.
///
/// ```
/// use event_schema::contract::avro_schema;
/// use event_schema::serde_json::Value;
///
/// #[event_schema::event]
/// struct PageViewed { details: Value }
///
/// let error = avro_schema::<PageViewed>().unwrap_err();
/// assert_eq!(error.faults()[0].reason(), "any JSON value has no Avro type");
/// assert_eq!(error.faults()[0].remedy(), "describe the value by a type, or hold its text in a `String`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroFault {
    path: String,
    reason: String,
    remedy: String,
}

impl AvroFault {
    pub(crate) fn new(path: String, reason: String, remedy: String) -> Self {
        Self { path, reason, remedy }
    }

    /// Where it is: names on the wire, `[]` for the elements of a list and `{}` for the values of a map. Empty for the
    /// event itself.
    ///
    /// See the example of [`AvroSchemaError`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why it has no Avro form.
    ///
    /// See the example of [`AvroFault`].
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The change that gives it one.
    ///
    /// See the example of [`AvroFault`].
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for AvroFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}
