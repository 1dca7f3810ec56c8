//! The client: [`SchemaRegistry`].

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::config::RegistryConfig;
use super::error::RegistryError;
use super::flight::Flights;
use super::inline::inline;
use super::mode::Mode;
use super::nodes::{Nodes, Request};
use super::schema::{Registered, RegisteredSchema, SchemaText, SchemaType};
use super::settings::Writing;
use super::subject::{SubjectNameStrategy, SubjectVersion};
use super::verdict::Verdict;
use crate::contract::compat::{self, Compatibility, Policy, avro};
use crate::format::framing::{Guid, SchemaId};
use crate::load::json;

/// A client of a Schema Registry. It is cheap to clone, and its clones share its cache.
///
/// ```no_run
/// use event_schema::format::framing::SchemaId;
/// use event_schema::contract::compat::Compatibility;
/// use event_schema::registry::{Mode, RegistryConfig, SchemaText, SchemaRegistry};
///
/// #[event_schema::event]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = SchemaRegistry::new(&RegistryConfig::new("http://127.0.0.1:8081"))?;
/// let schema = SchemaText::avro_of::<OrderPlaced>()?;
/// let subject = registry.value_subject("orders", &schema)?;
///
/// let verdict = registry.check_compatibility(&subject, &schema).await?;
/// assert!(verdict.is_compatible(), "{:?}", verdict.reasons().collect::<Vec<_>>());
/// let registered = registry.register_with(&subject, &schema, Compatibility::FullTransitive).await?;
/// let id = registered.id().expect("registries give numbers");
///
/// assert_eq!(registry.schema(SchemaId::Number(id)).await?.schema(), &schema);
/// assert_eq!(registry.look_up(&subject, &schema).await?.id(), Some(id));
/// assert_eq!(registry.latest(&subject).await?.version(), Some(1));
/// assert_eq!(registry.version(&subject, 1).await?.subject(), Some("orders-value"));
/// assert_eq!(registry.versions(&subject).await?, [1]);
/// assert_eq!(registry.versions_of(id).await?[0].subject(), "orders-value");
/// assert_eq!(registry.subjects().await?, ["orders-value"]);
///
/// assert_eq!(registry.compatibility(&subject).await?, Some(Compatibility::FullTransitive));
/// registry.set_mode(&subject, Mode::ReadOnly).await?;
/// assert_eq!(registry.mode(&subject).await?, Some(Mode::ReadOnly));
/// # Ok(())
/// # }
/// ```
///
/// Requests that fail for want of the registry are sent again `max.retries` times; the page of the
/// [module](crate::registry) has the details. A call must run in a runtime of Tokio.
#[derive(Clone)]
pub struct SchemaRegistry(Arc<Shared>);

struct Shared {
    core: Arc<Core>,
    by_id: Flights<SchemaId, RegisteredSchema>,
    by_version: Flights<Version, RegisteredSchema>,
    by_text: Flights<Asked, RegisteredSchema>,
    key_strategy: SubjectNameStrategy,
    value_strategy: SubjectNameStrategy,
}

/// The part of a client that its requests hold.
struct Core {
    nodes: Nodes,
    writing: Writing,
    normalize: bool,
}

/// A version of a subject, or the last one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Version {
    subject: Arc<str>,
    number: Option<u32>,
    /// Whether it counts although it was deleted softly: other schemas may name it, and messages have theirs.
    deleted: bool,
}

/// A schema under a subject, and whether it is to be registered there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    subject: Arc<str>,
    schema: SchemaText,
    register: bool,
}

/// More than schemas name.
const MOST_REFERENCES: usize = 200;

#[derive(Deserialize)]
struct Level {
    /// `compatibility` in the answer to a change.
    #[serde(rename = "compatibilityLevel", alias = "compatibility")]
    level: Option<String>,
}

#[derive(Deserialize)]
struct Moded {
    mode: Mode,
}

impl SchemaRegistry {
    /// A client with this configuration. No request is made yet.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// As [`RegistryConfig::check`], and if a file with keys or certificates cannot be read.
    pub fn new(config: &RegistryConfig) -> Result<Self, RegistryError> {
        let settings = config.settings()?;
        let capacity: NonZeroUsize = settings.cache_capacity;
        let (writing, normalize) = (settings.writing, settings.normalize);
        let (key_strategy, value_strategy) = (settings.key_strategy, settings.value_strategy);
        let nodes = Nodes::new(settings).map_err(|problem| RegistryError::config(vec![problem]))?;
        Ok(Self(Arc::new(Shared {
            core: Arc::new(Core { nodes, writing, normalize }),
            by_id: Flights::new(capacity),
            by_version: Flights::new(capacity),
            by_text: Flights::new(capacity),
            key_strategy,
            value_strategy,
        })))
    }

    /// The schema with this number or GUID, complete: the text of an Avro schema has the definitions of all
    /// [references](SchemaText::references). It is without its subject, as there may be several.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// As [`schema_as_registered`](Self::schema_as_registered), and if the references cannot be resolved.
    pub async fn schema(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let registered = self.schema_as_registered(id).await?;
        self.complete(registered).await
    }

    /// The schema with this number or GUID, in the text that was registered, which may name other schemas.
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if the registry does not have it; and for a fingerprint, which registries
    /// do not know.
    pub async fn schema_as_registered(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let core = Arc::clone(&self.0.core);
        self.0.by_id.get(id, || async move { core.fetch(id).await }).await
    }

    /// The GUID of a registered schema, from registries that have them.
    pub(super) async fn guid(&self, registered: &RegisteredSchema) -> Result<Option<Guid>, RegistryError> {
        match registered.id {
            // The answer to a registration may not tell it.
            Some(id) if registered.guid.is_none() => {
                self.0.core.fetch(SchemaId::Number(id)).await.map(|fetched| fetched.guid)
            }
            _ => Ok(registered.guid),
        }
    }

    async fn complete(&self, registered: RegisteredSchema) -> Result<RegisteredSchema, RegistryError> {
        let schema = &registered.schema;
        if schema.schema_type() != SchemaType::Avro || schema.references().is_empty() {
            return Ok(registered);
        }
        let mut others: Vec<RegisteredSchema> = Vec::new();
        let mut seen = HashSet::new();
        let mut left = schema.references().to_vec();
        while let Some(reference) = left.pop() {
            if !seen.insert((reference.subject().to_owned(), reference.version())) {
                continue;
            }
            if seen.len() > MOST_REFERENCES {
                return Err(RegistryError::references(format!("more than {MOST_REFERENCES} schemas")));
            }
            let version = Version { subject: reference.subject().into(), number: reference.version(), deleted: true };
            let other = self.at(version).await.map_err(|error| {
                // The schema itself is known, and the error is about this one.
                if error.is_unknown() { RegistryError::no_reference(reference.to_string(), error) } else { error }
            })?;
            left.extend_from_slice(other.schema.references());
            others.push(other);
        }
        let texts: Vec<&str> = others.iter().map(|other| other.schema.text()).collect();
        let whole = inline(schema.text(), &texts).map_err(RegistryError::references)?;
        Ok(RegisteredSchema { schema: schema.with_text(whole), ..registered })
    }

    /// The subjects and versions that have the schema with this number.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if the registry does not have it.
    pub async fn versions_of(&self, id: u32) -> Result<Vec<SubjectVersion>, RegistryError> {
        let id = id.to_string();
        self.0.core.nodes.ask(&Request::get(&["schemas", "ids", &id, "versions"])).await
    }

    /// All subjects.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// If the registry cannot be asked, or refuses the client.
    pub async fn subjects(&self) -> Result<Vec<String>, RegistryError> {
        self.0.core.nodes.ask(&Request::get(&["subjects"])).await
    }

    /// The versions of a subject.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject.
    pub async fn versions(&self, subject: &str) -> Result<Vec<u32>, RegistryError> {
        check(subject)?;
        self.0.core.nodes.ask(&Request::get(&["subjects", subject, "versions"])).await
    }

    /// A version of a subject.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject or version.
    pub async fn version(&self, subject: &str, version: u32) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        self.at(Version { subject: subject.into(), number: Some(version), deleted: false }).await
    }

    async fn at(&self, version: Version) -> Result<RegisteredSchema, RegistryError> {
        if version.number.is_none() {
            return self.0.core.version(&version).await;
        }
        let (core, key) = (Arc::clone(&self.0.core), version.clone());
        self.0.by_version.get(key, || async move { core.version(&version).await }).await
    }

    /// The last version of a subject, as it is now: it is not cached.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject.
    pub async fn latest(&self, subject: &str) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        self.at(Version { subject: subject.into(), number: None, deleted: false }).await
    }

    /// Registers a schema under a subject; if it is there, this is a lookup.
    ///
    /// # Errors
    /// [`is_incompatible`](RegistryError::is_incompatible) if the level of the subject rules it out,
    /// [`is_invalid`](RegistryError::is_invalid) if it is no schema.
    pub async fn register(&self, subject: &str, schema: &SchemaText) -> Result<RegisteredSchema, RegistryError> {
        self.ask_by_text(subject, schema, true).await
    }

    /// Sets the compatibility level of the subject, makes sure that the registry kept it, and registers a schema. The level
    /// is set first, so that the schema is checked by it.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// As [`register`](Self::register), and if the registry has another level after the change.
    pub async fn register_with(
        &self,
        subject: &str,
        schema: &SchemaText,
        level: Compatibility,
    ) -> Result<RegisteredSchema, RegistryError> {
        self.ensure_compatibility(subject, level).await?;
        self.register(subject, schema).await
    }

    /// Sets the level if it is another, and makes sure that the registry kept it. Whether it was another.
    pub(super) async fn ensure_compatibility(
        &self,
        subject: &str,
        level: Compatibility,
    ) -> Result<bool, RegistryError> {
        if self.compatibility(subject).await? == Some(level) {
            return Ok(false);
        }
        self.set_compatibility(subject, level).await?;
        let found = self.compatibility(subject).await?;
        if found != Some(level) {
            return Err(RegistryError::level_not_kept(subject, level, found));
        }
        Ok(true)
    }

    /// The version of the subject that has this schema.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is none.
    pub async fn look_up(&self, subject: &str, schema: &SchemaText) -> Result<RegisteredSchema, RegistryError> {
        self.ask_by_text(subject, schema, false).await
    }

    async fn ask_by_text(
        &self,
        subject: &str,
        schema: &SchemaText,
        register: bool,
    ) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        let asked = Asked { subject: subject.into(), schema: schema.clone(), register };
        let (core, key) = (Arc::clone(&self.0.core), asked.clone());
        let registered = self.0.by_text.get(key, || async move { core.ask_by_text(asked).await }).await?;
        if let (true, Some(id)) = (registered.schema == *schema, registered.id) {
            let known = RegisteredSchema { subject: None, version: None, ..registered.clone() };
            self.0.by_id.put(SchemaId::Number(id), known);
        }
        Ok(registered)
    }

    /// The registered schema that events with this schema are to be written with, by the configuration:
    /// `auto.register.schemas`, `use.latest.version`, `use.schema.id`. It is complete, as of [`schema`](Self::schema).
    ///
    /// # Errors
    /// As [`register`](Self::register) and [`look_up`](Self::look_up). If the configuration names the latest version or an
    /// id, also if that schema is in another language, or if its consumers cannot read the events:
    /// [`is_incompatible`](RegistryError::is_incompatible), unless `latest.compatibility.strict` or
    /// `id.compatibility.strict` is `false`.
    pub async fn schema_to_write(&self, subject: &str, schema: &SchemaText) -> Result<RegisteredSchema, RegistryError> {
        let (registered, strict) = match self.0.core.writing {
            Writing::Register => return self.register(subject, schema).await,
            Writing::LookUp => return self.look_up(subject, schema).await,
            Writing::Latest { strict } => (self.latest(subject).await?, strict),
            Writing::Id { id, strict } => (self.schema_as_registered(SchemaId::Number(id)).await?, strict),
        };
        if registered.schema.schema_type() != schema.schema_type() {
            return Err(RegistryError::other_language(subject));
        }
        let registered = self.complete(registered).await?;
        if strict {
            check_written(subject, schema, &registered.schema)?;
        }
        Ok(registered)
    }

    /// The subject of a schema of values in a topic, by the configured strategy.
    ///
    /// ```
    /// use event_schema::registry::{RegistryConfig, SchemaText, SchemaRegistry};
    ///
    /// let config = RegistryConfig::new("http://127.0.0.1:8081")
    ///     .set("key.subject.name.strategy", "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy");
    /// let registry = SchemaRegistry::new(&config)?;
    /// let schema = SchemaText::avro(r#"{"type": "record", "name": "com.example.Order", "fields": []}"#);
    /// assert_eq!(registry.value_subject("orders", &schema)?, "orders-value");
    /// assert_eq!(registry.key_subject("orders", &schema)?, "orders-com.example.Order");
    /// # Ok::<(), event_schema::registry::RegistryError>(())
    /// ```
    ///
    /// # Errors
    /// If subjects are named after schemas, and this one has no [name](SchemaText::name).
    pub fn value_subject(&self, topic: &str, schema: &SchemaText) -> Result<String, RegistryError> {
        subject(self.0.value_strategy, topic, schema, "value")
    }

    /// The subject of a schema of keys in a topic, by the configured strategy. See the example of
    /// [`value_subject`](Self::value_subject).
    ///
    /// # Errors
    /// As [`value_subject`](Self::value_subject).
    pub fn key_subject(&self, topic: &str, schema: &SchemaText) -> Result<String, RegistryError> {
        subject(self.0.key_strategy, topic, schema, "key")
    }

    /// Whether the schema may be registered under the subject, by its level. A new subject takes any schema.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_invalid`](RegistryError::is_invalid) if it is no schema.
    pub async fn check_compatibility(&self, subject: &str, schema: &SchemaText) -> Result<Verdict, RegistryError> {
        check(subject)?;
        let path = ["compatibility", "subjects", subject, "versions"];
        let normalize = [("verbose", "true"), ("normalize", "true")];
        let query = &normalize[..=usize::from(self.0.core.normalize)];
        match self.0.core.nodes.ask(&Request::post(&path, json!(schema)).query(query)).await {
            Err(error) if error.is_unknown() => Ok(Verdict::compatible()),
            verdict => verdict,
        }
    }

    /// The compatibility level of the subject; none if it has no level of its own, so that the registry's applies.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// If the registry cannot be asked, or says a level that this crate does not know.
    pub async fn compatibility(&self, subject: &str) -> Result<Option<Compatibility>, RegistryError> {
        check(subject)?;
        match self.level(&["config", subject]).await {
            Err(error) if error.is_unknown() => Ok(None),
            level => level,
        }
    }

    /// The compatibility level of subjects that have none of their own.
    ///
    /// # Errors
    /// If the registry cannot be asked, or says a level that this crate does not know.
    pub async fn default_compatibility(&self) -> Result<Option<Compatibility>, RegistryError> {
        self.level(&["config"]).await
    }

    async fn level(&self, path: &[&str]) -> Result<Option<Compatibility>, RegistryError> {
        let answer: Level = self.0.core.nodes.ask(&Request::get(path)).await?;
        let parse =
            |level: String| level.parse().map_err(|error| RegistryError::unreadable("GET /config".to_owned(), error));
        answer.level.map(parse).transpose()
    }

    /// Sets the compatibility level of the subject.
    ///
    /// # Errors
    /// If the registry cannot be asked, or refuses the client.
    pub async fn set_compatibility(&self, subject: &str, level: Compatibility) -> Result<(), RegistryError> {
        check(subject)?;
        self.put(&["config", subject], json!({ "compatibility": level.to_string() })).await
    }

    /// Sets the compatibility level of subjects that have none of their own.
    ///
    /// # Errors
    /// If the registry cannot be asked, or refuses the client.
    pub async fn set_default_compatibility(&self, level: Compatibility) -> Result<(), RegistryError> {
        self.put(&["config"], json!({ "compatibility": level.to_string() })).await
    }

    /// The mode of the subject; none if it has no mode of its own, so that the registry's applies.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// If the registry cannot be asked, or says a mode that this crate does not know.
    pub async fn mode(&self, subject: &str) -> Result<Option<Mode>, RegistryError> {
        check(subject)?;
        match self.0.core.nodes.ask::<Moded>(&Request::get(&["mode", subject])).await {
            Err(error) if error.is_unknown() => Ok(None),
            answer => answer.map(|answer| Some(answer.mode)),
        }
    }

    /// The mode of subjects that have none of their own.
    ///
    /// # Errors
    /// If the registry cannot be asked, or says a mode that this crate does not know.
    pub async fn default_mode(&self) -> Result<Mode, RegistryError> {
        self.0.core.nodes.ask::<Moded>(&Request::get(&["mode"])).await.map(|answer| answer.mode)
    }

    /// Sets the mode of the subject.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// If the registry cannot be asked, refuses the client, or does not allow the change.
    pub async fn set_mode(&self, subject: &str, mode: Mode) -> Result<(), RegistryError> {
        check(subject)?;
        self.put(&["mode", subject], json!({ "mode": mode })).await
    }

    /// Sets the mode of subjects that have none of their own.
    ///
    /// # Errors
    /// If the registry cannot be asked, refuses the client, or does not allow the change.
    pub async fn set_default_mode(&self, mode: Mode) -> Result<(), RegistryError> {
        self.put(&["mode"], json!({ "mode": mode })).await
    }

    async fn put(&self, path: &[&str], body: Value) -> Result<(), RegistryError> {
        self.0.core.nodes.ask::<Value>(&Request::put(path, body)).await.map(drop)
    }
}

impl SchemaRegistry {
    /// Waits for an answer, and tells an operator in front of a terminal if it is late: a registry that is away is asked
    /// again for a minute.
    #[doc(hidden)]
    pub async fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        const LATE: Duration = Duration::from_secs(3);
        let mut answer = pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            () = tokio::time::sleep(LATE) => {
                let _ = writeln!(io::stderr(), "no answer of the registry yet: {:?}", self.0.core.nodes);
            }
        }
        answer.await
    }
}

impl Core {
    async fn fetch(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let (kind, text) = match id {
            SchemaId::Number(number) => ("ids", number.to_string()),
            SchemaId::Guid(guid) => ("guids", guid.to_string()),
            SchemaId::Fingerprint(_) => return Err(RegistryError::fingerprint(id)),
        };
        let path = ["schemas", kind, &text];
        let mut registered = self.registered(&Request::get(&path), None).await?;
        match id {
            SchemaId::Number(number) => registered.id = Some(number),
            SchemaId::Guid(guid) => registered.guid = Some(guid),
            SchemaId::Fingerprint(_) => {}
        }
        Ok(registered)
    }

    async fn version(&self, version: &Version) -> Result<RegisteredSchema, RegistryError> {
        let Version { subject, number, deleted } = version;
        let text = number.map_or_else(|| "latest".to_owned(), |number| number.to_string());
        let path = ["subjects", &**subject, "versions", &text];
        let query: &[_] = if *deleted { &[("deleted", "true")] } else { &[] };
        let request = Request::get(&path).query(query);
        let registered = self.registered(&request, None).await?;
        // The subject may be another: registries have aliases and contexts.
        if let (Some(asked), Some(found)) = (*number, registered.version)
            && asked != found
        {
            return Err(RegistryError::unreadable(request.name(), format_args!("it has version {found}")));
        }
        let version = number.or(registered.version);
        Ok(RegisteredSchema { subject: Some(Arc::clone(subject)), version, ..registered })
    }

    async fn ask_by_text(&self, Asked { subject, schema, register }: Asked) -> Result<RegisteredSchema, RegistryError> {
        let under = ["subjects", &*subject, "versions"];
        let path = if register { &under[..] } else { &under[..2] };
        let query: &[_] = if self.normalize { &[("normalize", "true")] } else { &[] };
        let request = Request::post(path, json!(schema)).query(query);
        let registered = self.registered(&request, Some(&schema)).await?;
        Ok(RegisteredSchema { subject: Some(subject), ..registered })
    }

    async fn registered(
        &self,
        request: &Request<'_>,
        asked: Option<&SchemaText>,
    ) -> Result<RegisteredSchema, RegistryError> {
        let answer: Registered = self.nodes.ask(request).await?;
        answer.into_schema(asked).ok_or_else(|| RegistryError::unreadable(request.name(), "no schema in it"))
    }
}

/// Refuses to write events with a schema whose readers cannot read them, as Confluent's serializers do.
fn check_written(subject: &str, own: &SchemaText, other: &SchemaText) -> Result<(), RegistryError> {
    if own.text() == other.text() {
        return Ok(());
    }
    let parse = |schema: &SchemaText| {
        json::read::<Value>(schema.text()).map_err(|error| RegistryError::other_data(subject, error))
    };
    let (written, read) = (parse(own)?, parse(other)?);
    let report = match own.schema_type() {
        SchemaType::Avro => avro::check(&written, &read, Compatibility::Backward),
        // Readers check the documents by this schema, and add nothing to them.
        _ => compat::check(&written, &read, Compatibility::Backward, Policy::Written),
    };
    match report {
        Ok(report) if report.is_compatible() => Ok(()),
        Ok(report) => Err(RegistryError::other_data(subject, report)),
        Err(error) => Err(RegistryError::other_data(subject, format_args!("{error}: {}", error.reason()))),
    }
}

/// Refuses names that no path can have: URLs leave such segments out.
fn check(subject: &str) -> Result<(), RegistryError> {
    match subject {
        "" | "." | ".." => Err(RegistryError::config(vec![format!("`{subject}` is not the name of a subject")])),
        _ => Ok(()),
    }
}

fn subject(
    strategy: SubjectNameStrategy,
    topic: &str,
    schema: &SchemaText,
    part: &str,
) -> Result<String, RegistryError> {
    strategy.subject(topic, schema.name().as_deref(), part).ok_or_else(|| {
        let problem = "the schema has no name, after which the subject name strategy names subjects".to_owned();
        RegistryError::config(vec![problem])
    })
}

impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SchemaRegistry").field(&self.0.core.nodes).finish()
    }
}
