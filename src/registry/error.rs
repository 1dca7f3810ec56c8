//! The error of a registry's client: [`RegistryError`].

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::contract::compat::Compatibility;
use crate::format::framing::SchemaId;

/// The error of a request to a Schema Registry, or of a configuration. It names no credentials.
///
/// ```
/// use event_schema::registry::{RegistryConfig, SchemaRegistry};
///
/// let config = RegistryConfig::new("https://registry.example.com").set("basic.auth.user.inf", "alice:alice-secret");
/// let error = SchemaRegistry::new(&config).unwrap_err();
/// assert!(error.is_config());
/// assert_eq!(error.to_string(), "unknown key `basic.auth.user.inf`, did you mean `basic.auth.user.info`?");
/// ```
///
/// It can be cloned, as tasks that wait for the same answer share the error as well.
#[derive(Clone)]
pub struct RegistryError(Arc<Fault>);

enum Fault {
    Config(Vec<String>),
    Unreachable(String),
    Answer(Answer),
    Unreadable {
        request: String,
        reason: String,
    },
    LevelNotKept {
        subject: String,
        wanted: Compatibility,
        found: Option<Compatibility>,
    },
    OtherLanguage {
        subject: String,
    },
    /// Events with the first schema cannot be written with the registry's.
    OtherData {
        subject: String,
        reason: String,
    },
    Fingerprint(SchemaId),
    References {
        reason: String,
    },
    /// A schema that another one names is not there.
    NoReference {
        reference: String,
        error: RegistryError,
    },
}

/// An answer of a registry, or of the issuer of a token, that is not the one asked for.
pub(super) struct Answer {
    pub(super) request: String,
    pub(super) status: u16,
    /// Confluent's code, which begins with the status.
    pub(super) code: Option<u32>,
    pub(super) message: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// Whether it is not in the form of a registry's, but of a proxy's, for instance.
    pub(super) foreign: bool,
}

impl From<Fault> for RegistryError {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self(Arc::new(fault))
    }
}

impl RegistryError {
    pub(super) fn config(problems: Vec<String>) -> Self {
        Fault::Config(problems).into()
    }

    pub(super) fn unreachable(reason: String) -> Self {
        Fault::Unreachable(reason).into()
    }

    pub(super) fn answer(answer: Answer) -> Self {
        Fault::Answer(answer).into()
    }

    pub(super) fn unreadable(request: String, reason: impl fmt::Display) -> Self {
        Fault::Unreadable { request, reason: reason.to_string() }.into()
    }

    pub(super) fn level_not_kept(subject: &str, wanted: Compatibility, found: Option<Compatibility>) -> Self {
        Fault::LevelNotKept { subject: subject.to_owned(), wanted, found }.into()
    }

    pub(super) fn other_language(subject: &str) -> Self {
        Fault::OtherLanguage { subject: subject.to_owned() }.into()
    }

    pub(super) fn other_data(subject: &str, reason: impl fmt::Display) -> Self {
        Fault::OtherData { subject: subject.to_owned(), reason: reason.to_string() }.into()
    }

    pub(super) fn fingerprint(id: SchemaId) -> Self {
        Fault::Fingerprint(id).into()
    }

    pub(super) fn no_reference(reference: String, error: Self) -> Self {
        Fault::NoReference { reference, error }.into()
    }

    pub(super) fn references(reason: String) -> Self {
        Fault::References { reason }.into()
    }

    /// Whether the client is misconfigured: the text names each fault.
    ///
    /// ```
    /// use event_schema::registry::RegistryConfig;
    ///
    /// let config = RegistryConfig::new("registry.example.com").set("auto.register.schemas", "perhaps");
    /// let error = config.check().unwrap_err();
    /// assert_eq!(error.to_string(), "`schema.registry.url`: not an http or https URL\n`auto.register.schemas`: not `true` or `false`");
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(*self.0, Fault::Config(_))
    }

    /// Whether the registry is out of reach or overloaded: no answer in time, or a status of 408, 429 or 5xx.
    ///
    /// ```
    /// use event_schema::registry::{RegistryConfig, SchemaRegistry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), event_schema::registry::RegistryError> {
    /// let registry = SchemaRegistry::new(&RegistryConfig::new("http://127.0.0.1:1").set("max.retries", "0"))?;
    /// let error = registry.subjects().await.unwrap_err();
    /// assert!(error.is_transient() && !error.is_unknown());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &*self.0 {
            Fault::Unreachable(_) => true,
            Fault::Answer(answer) => matches!(answer.status, 408 | 429 | 500..),
            _ => false,
        }
    }

    /// Whether the registry does not know the subject, the version or the schema: Confluent's codes 40401, 40402 and 40403,
    /// and its codes for the settings of a subject that has none. No registry knows a fingerprint.
    ///
    /// A status of 404 without such a code is the answer of something else than a registry, such as a proxy, and not meant.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(*self.0, Fault::Fingerprint(_)) || self.code().is_some_and(|code| code / 100 == 404)
    }

    /// Whether the schema is not compatible: the registry refuses it under the subject, or its data cannot be
    /// [written](super::SchemaRegistry::schema_to_write) with the schema that the registry has.
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        self.status() == Some(409) || matches!(*self.0, Fault::OtherData { .. })
    }

    /// Whether the registry refuses the request as invalid, such as a text that is no schema: a status of 422, or 400.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self.status(), Some(400 | 422))
    }

    /// Whether the registry, or the issuer of OAuth tokens, refuses the credentials, or what they may do: a status of 401 or
    /// 403.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// The HTTP status of the answer, if it is the reason.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &*self.0 {
            Fault::Answer(answer) => Some(answer.status),
            _ => None,
        }
    }

    /// The registry's own code, such as 40403.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match &*self.0 {
            Fault::Answer(answer) => answer.code,
            _ => None,
        }
    }

    /// Whether the registry, or the client for it, has judged the schema or its subject: another schema may fare better.
    pub(super) fn is_verdict(&self) -> bool {
        self.is_incompatible() || self.is_invalid() || matches!(*self.0, Fault::LevelNotKept { .. })
    }

    /// Whether the registry has the schema, but it is of no use, or can never have one with this id.
    pub(super) fn is_unusable(&self) -> bool {
        matches!(*self.0, Fault::References { .. } | Fault::Fingerprint(_))
    }

    /// Whether the registry has the schema, but does not know one that it names.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(*self.0, Fault::NoReference { .. })
    }

    /// Whether the answer is not that of a registry.
    pub(super) fn is_foreign(&self) -> bool {
        match &*self.0 {
            Fault::Answer(answer) => answer.foreign,
            Fault::Unreadable { .. } => true,
            _ => false,
        }
    }

    /// How long the registry asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match &*self.0 {
            Fault::Answer(answer) => answer.retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Fault::Config(problems) => f.write_str(&problems.join("\n")),
            Fault::Unreachable(reason) => f.write_str(reason),
            Fault::Answer(Answer { request, status, code, message, .. }) => {
                write!(f, "{request}: status {status}")?;
                if let Some(code) = code {
                    write!(f, ", code {code}")?;
                }
                message.as_ref().map_or(Ok(()), |message| write!(f, ": {message}"))
            }
            Fault::Unreadable { request, reason } => {
                write!(f, "{request}: not the answer of a Schema Registry: {reason}")
            }
            Fault::LevelNotKept { subject, wanted, found } => {
                write!(f, "subject `{subject}`: the compatibility level was set to {wanted}, but is ")?;
                match found {
                    Some(found) => write!(f, "{found}"),
                    None => f.write_str("not set"),
                }
            }
            Fault::OtherLanguage { subject } => {
                write!(f, "subject `{subject}`: the schema to write with is in another language than that of the event")
            }
            Fault::OtherData { subject, reason } => {
                write!(f, "subject `{subject}`: events cannot be written with the registry's schema: {reason}")
            }
            Fault::Fingerprint(id) => write!(f, "a schema registry knows no {id}"),
            Fault::References { reason } => write!(f, "the references of the schema cannot be resolved: {reason}"),
            Fault::NoReference { reference, .. } => write!(f, "the schema refers to {reference}, which is not there"),
        }
    }
}

impl fmt::Debug for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for RegistryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Fault::NoReference { error, .. } => Some(error),
            _ => None,
        }
    }
}
