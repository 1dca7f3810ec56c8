//! The subjects that schemas are registered under: [`SubjectNameStrategy`].

use serde::Deserialize;

/// How the subject of a schema is named.
///
/// | | subject | for |
/// |---|---|---|
/// | `Topic` | `orders-value`, `orders-key` | topics with one type of event: the compatibility level applies to the topic |
/// | `Record` | `com.example.Order` | events that are sent to several topics, with the same schema in each |
/// | `TopicRecord` | `orders-com.example.Order` | topics with several types of events |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectNameStrategy {
    /// After the topic.
    #[default]
    Topic,
    /// After the name of the schema: the full name of an Avro record, the `title` of a JSON Schema.
    Record,
    /// After both.
    TopicRecord,
}

impl SubjectNameStrategy {
    /// The strategy with the name of a Java class, of Python's function or of Confluent's newer setting.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.rsplit('.').next().unwrap_or(name) {
            "TopicNameStrategy" | "topic_subject_name_strategy" | "TOPIC" => Some(Self::Topic),
            "RecordNameStrategy" | "record_subject_name_strategy" | "RECORD" => Some(Self::Record),
            "TopicRecordNameStrategy" | "topic_record_subject_name_strategy" | "TOPIC_RECORD" => {
                Some(Self::TopicRecord)
            }
            _ => None,
        }
    }

    /// The subject of a schema; none if it is named after a schema without a name.
    pub(super) fn subject(self, topic: &str, schema: Option<&str>, part: &str) -> Option<String> {
        match self {
            Self::Topic => Some(format!("{topic}-{part}")),
            Self::Record => schema.map(str::to_owned),
            Self::TopicRecord => schema.map(|name| format!("{topic}-{name}")),
        }
    }
}

/// A version of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct SubjectVersion {
    subject: String,
    version: u32,
}

impl SubjectVersion {
    /// The subject. See the example of [`SchemaRegistry`](super::SchemaRegistry).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The number of the version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}
