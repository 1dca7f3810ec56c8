//! The error for a document that cannot be compared: [`SchemaError`].

use std::fmt;

/// The error for a document that is no usable JSON Schema or Avro schema, or for two that take too long to compare.
///
/// ```
/// use event_schema::contract::compat::{check, Compatibility, Policy, Side};
/// use event_schema::serde_json::json;
///
/// let new = json!({"properties": {"next": {"$ref": "#/$defs/Missing"}}});
/// let error = check(&json!({}), &new, Compatibility::Backward, Policy::Strict).unwrap_err();
/// assert_eq!(error.to_string(), "#/properties/next: `$ref` names \"#/$defs/Missing\", which is not in the document");
/// assert_eq!((error.path(), error.side()), ("#/properties/next", Some(Side::New)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    path: String,
    reason: String,
    side: Option<Side>,
    circular: bool,
}

/// The document that an error is about.
///
/// See the example of [`SchemaError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a check has old documents and a new one")]
pub enum Side {
    /// The old document at this place of the history, from 0.
    Old(usize),
    /// The new document.
    New,
}

impl SchemaError {
    pub(super) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into(), side: None, circular: false }
    }

    /// The error for a reference that refers to itself.
    pub(super) fn circle(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { circular: true, ..Self::new(path, reason) }
    }

    /// The error for documents that take too long to compare.
    pub(super) fn entangled(steps: usize) -> Self {
        Self::new(
            "#",
            format!("the comparison takes more than {steps} steps; compare the definitions of the schemas one by one"),
        )
    }

    pub(super) fn in_document(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    /// The place in the document, as a JSON Pointer behind `#`.
    ///
    /// See the example of [`SchemaError`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why the schema cannot be used.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let error = check(&json!([]), &json!({}), Compatibility::Backward, Policy::Strict).unwrap_err();
    /// assert_eq!(error.reason(), "a schema is an object or a boolean");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether a reference leads back to its own schema without a step into the value. It describes nothing, and some
    /// validators accept any value then.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let circle = json!({"$defs": {"a": {"$ref": "#/$defs/a"}}});
    /// assert!(check(&circle, &json!({}), Compatibility::None, Policy::Strict).unwrap_err().is_circular());
    /// ```
    #[must_use]
    pub const fn is_circular(&self) -> bool {
        self.circular
    }

    /// The document that cannot be used; `None` if the two cannot be compared with each other.
    ///
    /// See the example of [`SchemaError`].
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        self.side
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl std::error::Error for SchemaError {}
