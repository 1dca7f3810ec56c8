//! The error of CloudEvents: [`CloudEventError`].

#[cfg(feature = "kafka")]
use crate::violation::MASK;
use crate::violation::Position;

/// The attributes that the specification names.
#[cfg(feature = "kafka")]
const KNOWN: [&str; 8] = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];

/// A message that is not a valid CloudEvent, or an event that cannot be written as one. The error names attributes, but
/// never quotes their values or the data.
///
/// ```
/// use event_schema::format::cloudevents::CloudEvent;
///
/// let headers = [("content-type", Some(&b"application/cloudevents-batch+json"[..]))];
/// let error = CloudEvent::read(headers, Some(b"[]")).unwrap_err();
/// assert!(error.is_unsupported());
/// assert_eq!(error.to_string(), "the event format `application/cloudevents-batch+json` is not supported");
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CloudEventError(Box<Kind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("required attribute `{0}` is missing")]
    Missing(&'static str),
    #[error("attribute `{name}` {reason}")]
    Invalid { name: Box<str>, reason: &'static str },
    #[error("`{0}` is not a legal attribute name: use `a` to `z` and `0` to `9`; `data` is reserved")]
    Name(Box<str>),
    #[error("the event format `{0}` is not supported")]
    Format(Box<str>),
    #[error("a CloudEvent must be a JSON object")]
    NoObject,
    #[error("not valid JSON at {0}")]
    Json(Position),
    #[error("the JSON object has a duplicate member")]
    Twice,
    #[error("`data` and `data_base64` exclude each other")]
    BothData,
    #[error("`data_base64` is not Base64 text")]
    Base64,
    #[error("`data` must be a string if `datacontenttype` is not JSON")]
    NoText,
    #[error("the data are not JSON, but `datacontenttype` is")]
    NoJson,
}

impl CloudEventError {
    /// Whether a required attribute is missing, as in a message that is not a CloudEvent.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// assert!(CloudEvent::read([], Some(b"{}")).unwrap_err().is_missing());
    /// ```
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(*self.0, Kind::Missing(_))
    }

    /// Whether the message has an event format other than JSON, or is a batch. See the example of [`CloudEventError`].
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(*self.0, Kind::Format(_))
    }

    /// Leaves away what only the message names.
    #[cfg(feature = "kafka")]
    pub(crate) fn redact(&mut self) {
        match &mut *self.0 {
            Kind::Invalid { name, .. } if KNOWN.contains(&&**name) => {}
            Kind::Invalid { name, .. } | Kind::Name(name) | Kind::Format(name) => *name = MASK.into(),
            _ => {}
        }
    }
}

impl From<Kind> for CloudEventError {
    #[cold]
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}
