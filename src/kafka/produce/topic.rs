//! The topic of an outgoing message.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;

use crate::EventSchema;
use crate::kafka::config::TopicNames;
use crate::kafka::error::{SendError, SendErrorKind};
use crate::kafka::letters;

/// The name of a topic, in a form that costs little for every event.
#[derive(Debug, Clone)]
pub(super) enum Topic {
    Own(&'static str),
    Other(Arc<str>),
}

impl Topic {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Other(name) => name,
        }
    }
}

/// Where an event is to go.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    Own(&'static str),
    Other(&'a str),
}

impl<'a> To<'a> {
    #[expect(clippy::match_same_arms, reason = "the names live for different times")]
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Own(name) => name,
            Self::Other(name) => name,
        }
    }

    /// To `other`, or else to the event's own topic.
    pub(super) fn of<E: EventSchema>(event: &E, other: Option<&'a str>) -> Result<Self, SendError> {
        if let Some(other) = other {
            return Ok(Self::Other(other));
        }
        let topic = E::descriptor().topic().or_else(|| event.described_by().topic());
        topic.map(Self::Own).ok_or_else(|| SendErrorKind::NoTopic(E::descriptor().name()).into())
    }
}

/// The name of a topic at the brokers. librdkafka says only the first time that they refuse a name: after that, that the topic
/// is missing.
pub(super) fn real<'a>(declared: &'a str, names: &'a TopicNames) -> Result<Cow<'a, str>, SendError> {
    let real = names.real(declared);
    if letters::is_legal(&real) { Ok(real) } else { Err(SendError::of(declared, RDKafkaErrorCode::InvalidTopic, true)) }
}

/// The topic of the event before, which mostly is that of the next.
#[derive(Default)]
pub(super) struct LastTopic {
    /// As the code names it.
    declared: String,
    /// At the brokers.
    pub(super) name: CString,
    pub(super) queue: Option<Arc<str>>,
}

impl LastTopic {
    /// Sets the topic, and returns its name for librdkafka and for the outcome.
    pub(super) fn set(&mut self, to: To<'_>, names: &TopicNames) -> Result<(&CStr, Topic), SendError> {
        let (To::Own(declared) | To::Other(declared)) = to;
        if self.declared != declared || declared.is_empty() {
            self.name = CString::new(&*real(declared, names)?).expect("a legal name has no NUL byte");
            declared.clone_into(&mut self.declared);
            self.queue = None;
        }
        let topic = match to {
            To::Own(name) if names.is_empty() => Topic::Own(name),
            _ => Topic::Other(Arc::clone(self.queue.get_or_insert_with(|| names.real(declared).into()))),
        };
        Ok((&self.name, topic))
    }
}

impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Topic {}
