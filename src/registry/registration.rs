//! The schemas of a catalog in a registry: [`Registration`].

use std::fmt;

use serde_json::Value;

use super::client::SchemaRegistry;
use super::error::RegistryError;
use super::schema::{RegisteredSchema, SchemaText, SchemaType};
use super::verdict::Verdict;
use crate::contract::compat::{self, Compatibility, Policy, avro};
use crate::contract::{Catalog, Sent};
use crate::event::Descriptor;
use crate::load::json;

/// The result for one event of [`Catalog::register`] and [`Catalog::check_registry`]. As text it is a line for operators,
/// with a line for each reason below it.
///
/// See the example of [`Catalog::register`].
#[derive(Debug, Clone)]
pub struct Registration {
    event: Descriptor,
    subject: Option<String>,
    level: Option<Level>,
    outcome: Outcome,
}

/// A compatibility level that is asked for and that the subject does not have.
#[derive(Debug, Clone, Copy)]
struct Level {
    wanted: Compatibility,
    /// Whether it was set.
    is_set: bool,
    before: Option<Compatibility>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Registered(RegisteredSchema),
    Unchanged(RegisteredSchema),
    /// It would be registered, after this version.
    Accepted(Option<u32>),
    Incompatible(Opponents, Vec<String>),
    Refused(String),
    Failed(RegistryError),
}

/// The versions that a schema must be compatible with.
#[derive(Debug, Clone, Default)]
struct Opponents {
    versions: Vec<u32>,
    /// The last version of the subject.
    last: Option<u32>,
    level: Option<Compatibility>,
}

impl Registration {
    /// The event.
    #[must_use]
    pub fn event(&self) -> Descriptor {
        self.event
    }

    /// The subject of its schema; none if the schema could not be given one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The schema in the registry, with its id; none if it is not registered.
    #[must_use]
    pub fn registered(&self) -> Option<&RegisteredSchema> {
        match &self.outcome {
            Outcome::Registered(schema) | Outcome::Unchanged(schema) => Some(schema),
            _ => None,
        }
    }

    /// Whether the schema was registered before.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        matches!(self.outcome, Outcome::Unchanged(_))
    }

    /// Whether the schema is registered, or would be accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.outcome, Outcome::Registered(_) | Outcome::Unchanged(_) | Outcome::Accepted(_))
    }

    /// Whether the schema is incompatible with those of the subject.
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        matches!(self.outcome, Outcome::Incompatible(..))
    }

    /// The error of a request, such as that of a registry that is out of reach. The events after this one were not asked
    /// for.
    #[must_use]
    pub fn error(&self) -> Option<&RegistryError> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subject) = &self.subject {
            write!(f, "{subject}: ")?;
        }
        write!(f, "{} version {}: ", self.event.name(), self.event.version())?;
        let id = |f: &mut fmt::Formatter<'_>, schema: &RegisteredSchema| match schema.id() {
            Some(id) => write!(f, "id {id}"),
            None => f.write_str("no id"),
        };
        match &self.outcome {
            Outcome::Registered(schema) => {
                f.write_str("registered as ")?;
                id(f, schema)?;
            }
            Outcome::Unchanged(schema) => {
                f.write_str("unchanged, ")?;
                id(f, schema)?;
            }
            Outcome::Accepted(None) => f.write_str("would be registered, in a new subject")?,
            Outcome::Accepted(Some(last)) => write!(f, "would be registered, after version {last}")?,
            Outcome::Incompatible(Opponents { versions, level, .. }, _) => {
                f.write_str("incompatible with ")?;
                match versions.as_slice() {
                    [] => f.write_str("the subject")?,
                    [version] => write!(f, "version {version}")?,
                    [first, .., last] => write!(f, "one of the versions {first} to {last}")?,
                }
                if let Some(level) = level {
                    write!(f, " by the level {level}")?;
                }
            }
            Outcome::Refused(reason) => write!(f, "refused: {reason}")?,
            Outcome::Failed(error) => write!(f, "failed: {error}")?,
        }
        if let Some(Level { wanted, is_set, before }) = self.level {
            write!(f, "; the level {} to {wanted}", if is_set { "was set" } else { "would be set" })?;
            match before {
                Some(before) => write!(f, ", before {before}")?,
                None => f.write_str(", before none of its own")?,
            }
        }
        if let Outcome::Incompatible(_, reasons) = &self.outcome {
            reasons.iter().try_for_each(|reason| write!(f, "\n  {}", reason.replace('\n', "\n  ")))?;
        }
        Ok(())
    }
}

/// With a Schema Registry.
impl Catalog {
    /// Registers the schemas of the events that the service sends, each under its subject: the texts that producers look
    /// up, in Avro or as JSON Schema. Subjects are named by the strategy of the [configuration] of the registry. Earlier
    /// versions of events are not registered.
    ///
    /// With a `level`, the compatibility level of each subject is set and verified first.
    ///
    /// ```no_run
    /// use event_schema::contract::Catalog;
    /// use event_schema::contract::compat::Compatibility;
    /// use event_schema::registry::{RegistryConfig, SchemaRegistry, SchemaType};
    ///
    /// #[event_schema::event(name = "order.placed", topic = "orders")]
    /// struct OrderPlaced { order_id: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), event_schema::registry::RegistryError> {
    /// let registry = SchemaRegistry::new(&RegistryConfig::new("http://127.0.0.1:8081"))?;
    /// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
    ///
    /// let checked = catalog.check_registry(&registry, SchemaType::Avro, None).await;
    /// assert!(checked[0].is_accepted() && checked[0].registered().is_none());
    /// assert_eq!(checked[0].to_string(), "orders-value: order.placed version 1: would be registered, in a new subject");
    ///
    /// let registered = catalog.register(&registry, SchemaType::Avro, Some(Compatibility::FullTransitive)).await;
    /// assert_eq!(registered[0].subject(), Some("orders-value"));
    /// assert!(registered[0].registered().is_some_and(|schema| schema.id().is_some()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Events whose schemas would have the same subject are refused: name subjects after records, too, or set the level
    /// [`None`](Compatibility::None). The first [error](Registration::error) ends it, if it is no verdict on the schema.
    ///
    /// [configuration]: crate::registry::RegistryConfig
    pub async fn register(
        &self,
        registry: &SchemaRegistry,
        language: SchemaType,
        level: Option<Compatibility>,
    ) -> Vec<Registration> {
        Box::pin(self.each_subject(registry, language, level, true)).await
    }

    /// Tells what [`register`](Self::register) would do, and writes nothing. The registry tests the schemas by the present
    /// level of each subject, not by a `level` that would be set.
    ///
    /// See the example of [`register`](Self::register).
    pub async fn check_registry(
        &self,
        registry: &SchemaRegistry,
        language: SchemaType,
        level: Option<Compatibility>,
    ) -> Vec<Registration> {
        Box::pin(self.each_subject(registry, language, level, false)).await
    }

    async fn each_subject(
        &self,
        registry: &SchemaRegistry,
        language: SchemaType,
        level: Option<Compatibility>,
        writes: bool,
    ) -> Vec<Registration> {
        let planned: Vec<_> =
            self.sent().map(|(event, sent)| (event, plan(registry, event, schema_of(sent, language)))).collect();
        let mut all = Vec::new();
        for (event, planned_here) in &planned {
            let event = *event;
            let (subject, schema) = match planned_here {
                Ok(planned) => planned,
                Err(reason) => {
                    let outcome = Outcome::Refused(reason.clone());
                    all.push(Registration { event, subject: None, level: None, outcome });
                    continue;
                }
            };
            let is_double = |(other, planned): &&(Descriptor, Result<(String, SchemaText), String>)| {
                *other != event && planned.as_ref().is_ok_and(|(other, _)| other == subject)
            };
            let double = planned.iter().find(is_double).filter(|_| level != Some(Compatibility::None));
            let mut registration = Registration {
                event,
                subject: Some(subject.clone()),
                level: None,
                outcome: Outcome::Refused(String::new()),
            };
            registration.outcome = match double {
                Some((other, _)) => Outcome::Refused(format!(
                    "`{}` version {} has the same subject: name subjects after topic and record",
                    other.name(),
                    other.version()
                )),
                None => match ask(registry, subject, schema, level, writes, &mut registration.level).await {
                    Ok(outcome) => outcome,
                    Err(error) if error.is_verdict() => Outcome::Refused(error.to_string()),
                    Err(error) => Outcome::Failed(error),
                },
            };
            let is_end = registration.error().is_some();
            all.push(registration);
            if is_end {
                break;
            }
        }
        all
    }
}

fn schema_of(sent: &Sent, language: SchemaType) -> Result<SchemaText, String> {
    match language {
        SchemaType::Avro => sent.avro.clone().map(SchemaText::avro),
        SchemaType::Json => Ok(SchemaText::json(sent.json.as_str())),
        SchemaType::Protobuf | SchemaType::Other => Err("events have schemas in Avro and JSON Schema only".to_owned()),
    }
}

/// The subject and the schema, or the reason why there is none.
fn plan(
    registry: &SchemaRegistry,
    event: Descriptor,
    schema: Result<SchemaText, String>,
) -> Result<(String, SchemaText), String> {
    let schema = schema?;
    // Without a topic, an empty one would show in the name.
    let named = |topic: &str| registry.value_subject(topic, &schema).map_err(|error| error.to_string());
    let subject = match event.topic() {
        Some(topic) => named(topic)?,
        None if named("a")? == named("b")? => named("")?,
        None => return Err("the event has no topic, after which its subject is named".to_owned()),
    };
    Ok((subject, schema))
}

async fn ask(
    registry: &SchemaRegistry,
    subject: &str,
    schema: &SchemaText,
    wanted: Option<Compatibility>,
    writes: bool,
    level: &mut Option<Level>,
) -> Result<Outcome, RegistryError> {
    let known = match registry.look_up(subject, schema).await {
        Ok(registered) => Some(registered),
        Err(error) if error.is_unknown() => None,
        Err(error) => return Err(error),
    };
    if let Some(wanted) = wanted {
        let before = registry.compatibility(subject).await?;
        if before != Some(wanted) {
            if writes {
                registry.ensure_compatibility(subject, wanted).await?;
            }
            *level = Some(Level { wanted, is_set: writes, before });
        }
    }
    if let Some(registered) = known {
        return Ok(Outcome::Unchanged(registered));
    }
    if writes {
        return match registry.register(subject, schema).await {
            Ok(registered) => Ok(Outcome::Registered(registered)),
            Err(error) if error.is_incompatible() => {
                // The answer to a test tells more.
                let verdict = registry.check_compatibility(subject, schema).await;
                // The refusal stands without them.
                let opponents = opponents(registry, subject).await.unwrap_or_default();
                let mut reasons = match verdict {
                    Ok(verdict) => reasons(registry, subject, schema, &opponents, &verdict).await,
                    Err(_) => Vec::new(),
                };
                if reasons.is_empty() {
                    reasons.push(error.to_string());
                }
                Ok(Outcome::Incompatible(opponents, reasons))
            }
            Err(error) => Err(error),
        };
    }
    let verdict = registry.check_compatibility(subject, schema).await?;
    if verdict.is_compatible() {
        return Ok(Outcome::Accepted(opponents(registry, subject).await?.last));
    }
    let opponents = opponents(registry, subject).await.unwrap_or_default();
    let reasons = reasons(registry, subject, schema, &opponents, &verdict).await;
    Ok(Outcome::Incompatible(opponents, reasons))
}

/// The registry's reasons; if it gives none, those of this crate's own check, which has rules and paths.
async fn reasons(
    registry: &SchemaRegistry,
    subject: &str,
    schema: &SchemaText,
    opponents: &Opponents,
    verdict: &Verdict,
) -> Vec<String> {
    let mut reasons: Vec<String> = verdict.reasons().map(str::to_owned).collect();
    let Some(level) = opponents.level.filter(|_| reasons.is_empty()) else { return reasons };
    for version in &opponents.versions {
        // A version that cannot be asked for or compared adds nothing to the verdict.
        let Ok(old) = registry.version(subject, *version).await else { continue };
        let parse = |text: &SchemaText| json::read::<Value>(text.text()).ok();
        let (Some(old), Some(new)) = (parse(old.schema()), parse(schema)) else { continue };
        let report = match schema.schema_type() {
            SchemaType::Avro => avro::check(&old, &new, level),
            _ => compat::check(&old, &new, level, Policy::Strict),
        };
        if let Ok(report) = report {
            reasons.extend(report.findings().iter().map(|finding| format!("version {version}: {finding}")));
        }
    }
    reasons
}

/// The versions that the schemas of the subject are compared with.
async fn opponents(registry: &SchemaRegistry, subject: &str) -> Result<Opponents, RegistryError> {
    let mut versions = match registry.versions(subject).await {
        Err(error) if error.is_unknown() => Vec::new(),
        versions => versions?,
    };
    versions.sort_unstable();
    let level = match registry.compatibility(subject).await? {
        None => registry.default_compatibility().await?,
        level => level,
    };
    let last = versions.last().copied();
    if !level.is_some_and(Compatibility::is_transitive) {
        versions = last.into_iter().collect();
    }
    Ok(Opponents { versions, last, level })
}
