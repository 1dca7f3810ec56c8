//! The error of dump: [`DumpError`].

use std::error::Error;
use std::fmt;

#[cfg(feature = "avro")]
use super::datum::Unwritable;
use super::text::{UnknownName, count, debug_as_text};
use crate::violation::Violations;

/// The error of an event that could not be dumped.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: u64,
/// }
///
/// let error = Ping { seq: 0 }.dump().unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(
///     error.to_string(),
///     "the event is invalid: 1 violation\nseq: Must be greater than or equal to 1."
/// );
/// ```
pub struct DumpError(Box<DumpErrorKind>);

#[derive(Debug)]
pub(crate) enum DumpErrorKind {
    Invalid(Violations),
    Write(serde_json::Error),
    #[cfg(feature = "avro")]
    Datum(Unwritable),
    NoSuchField(UnknownName),
    /// A rule asked for a context of this type.
    NoContext(&'static str),
}

impl From<DumpErrorKind> for DumpError {
    #[cold]
    fn from(kind: DumpErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl DumpError {
    /// All violations, if the event is invalid.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let error = Ping { seq: 0 }.dump().unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/seq");
    /// ```
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        match &*self.0 {
            DumpErrorKind::Invalid(violations) => Some(violations),
            DumpErrorKind::Write(_) | DumpErrorKind::NoSuchField(_) | DumpErrorKind::NoContext(_) => None,
            #[cfg(feature = "avro")]
            DumpErrorKind::Datum(_) => None,
        }
    }

    /// Whether the dump is misconfigured: a rule needs a context that was not given
    /// ([`DumpOptions::context`](crate::DumpOptions::context)), or the options name a field that the event does not
    /// have. Such an error says nothing about the event.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let options = DumpOptions::new().exclude(["sequence"]);
    /// assert!(options.dump(&Ping { seq: 7 }).unwrap_err().is_config());
    /// assert!(!Ping { seq: 0 }.dump().unwrap_err().is_config());
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(*self.0, DumpErrorKind::NoSuchField(_) | DumpErrorKind::NoContext(_))
    }

    /// Whether the event breaks its own rules: [`violations`](Self::violations) has them.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// assert!(Ping { seq: 0 }.dump().unwrap_err().is_invalid());
    /// let options = DumpOptions::new().only(["sequence"]);
    /// assert!(!options.dump(&Ping { seq: 7 }).unwrap_err().is_invalid());
    /// ```
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, DumpErrorKind::Invalid(_))
    }
}

impl fmt::Debug for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_as_text(self, f)
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            DumpErrorKind::Invalid(violations) => {
                f.write_str("the event is invalid: ")?;
                count(f, violations)
            }
            DumpErrorKind::Write(_) => f.write_str("JSON cannot express the event"),
            #[cfg(feature = "avro")]
            DumpErrorKind::Datum(error) => write!(f, "the Avro schema cannot express the event: {error}"),
            DumpErrorKind::NoSuchField(unknown) => unknown.fmt(f),
            DumpErrorKind::NoContext(context) => {
                write!(f, "a rule needs a context of type `{context}`: set it with `DumpOptions::context`")
            }
        }
    }
}

impl Error for DumpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            DumpErrorKind::Invalid(_) | DumpErrorKind::NoSuchField(_) | DumpErrorKind::NoContext(_) => None,
            DumpErrorKind::Write(error) => Some(error),
            #[cfg(feature = "avro")]
            DumpErrorKind::Datum(_) => None,
        }
    }
}
