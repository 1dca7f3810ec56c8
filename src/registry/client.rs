//! The client: [`SchemaRegistry`].

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::config::RegistryConfig;
use super::error::RegistryError;
use super::flight::Flights;
use super::inline::inline;
use super::mode::Mode;
use super::nodes::{Nodes, Request};
use super::schema::{Registered, RegisteredSchema, RegistrySchema, SchemaType};
use super::settings::Writing;
use super::subject::{SubjectNameStrategy, SubjectVersion};
use super::verdict::Verdict;
use crate::contract::compat::Compatibility;
use crate::format::framing::SchemaId;

/// A client of a Schema Registry. It is cheap to clone, and its clones share its cache.
///
/// ```no_run
/// use event_schema::format::framing::SchemaId;
/// use event_schema::contract::compat::Compatibility;
/// use event_schema::registry::{Mode, RegistryConfig, RegistrySchema, SchemaRegistry};
///
/// #[event_schema::event]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = SchemaRegistry::new(&RegistryConfig::new("http://127.0.0.1:8081"))?;
/// let schema = RegistrySchema::avro_of::<OrderPlaced>()?;
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
    nodes: Nodes,
    by_id: Flights<SchemaId, RegisteredSchema>,
    by_version: Flights<(Arc<str>, u32), RegisteredSchema>,
    by_text: Flights<Asked, RegisteredSchema>,
    writing: Writing,
    normalize: bool,
    key_strategy: SubjectNameStrategy,
    value_strategy: SubjectNameStrategy,
}

/// A schema under a subject, and whether it is to be registered there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    subject: Arc<str>,
    schema: RegistrySchema,
    register: bool,
}

/// No schema names as many others.
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
            nodes,
            by_id: Flights::new(capacity),
            by_version: Flights::new(capacity),
            by_text: Flights::new(capacity),
            writing,
            normalize,
            key_strategy,
            value_strategy,
        })))
    }

    /// The schema with this number or GUID; without its subject, as there may be several.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if the registry does not have it; and for a fingerprint, which registries
    /// do not know.
    pub async fn schema(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let client = self.clone();
        self.0.by_id.get(id, || async move { client.fetch(id).await }).await
    }

    async fn fetch(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let text = match id {
            SchemaId::Number(number) => number.to_string(),
            SchemaId::Guid(guid) => guid.to_string(),
            SchemaId::Fingerprint(_) => {
                return Err(RegistryError::references(format!("a registry knows no {id}")));
            }
        };
        let kind = if matches!(id, SchemaId::Guid(_)) { "guids" } else { "ids" };
        let path = ["schemas", kind, &text];
        let mut registered = self.registered(&Request::get(&path), None).await?;
        match id {
            SchemaId::Number(number) => registered.id = Some(number),
            SchemaId::Guid(guid) => registered.guid = Some(guid),
            SchemaId::Fingerprint(_) => {}
        }
        Ok(registered)
    }

    /// The schema with this number or GUID, complete: the text of an Avro schema has the definitions of all
    /// [references](RegistrySchema::references).
    ///
    /// # Errors
    /// As [`schema`](Self::schema), and if the references cannot be resolved.
    pub async fn resolve(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let registered = self.schema(id).await?;
        self.complete(registered).await
    }

    async fn complete(&self, registered: RegisteredSchema) -> Result<RegisteredSchema, RegistryError> {
        let schema = &registered.schema;
        if schema.schema_type() != SchemaType::Avro || schema.references().is_empty() {
            return Ok(registered);
        }
        let mut others: Vec<RegisteredSchema> = Vec::new();
        let mut left = schema.references().to_vec();
        while let Some(reference) = left.pop() {
            let is_it = |other: &RegisteredSchema| {
                other.subject() == Some(reference.subject()) && other.version == Some(reference.version())
            };
            if others.iter().any(is_it) {
                continue;
            }
            if others.len() == MOST_REFERENCES {
                return Err(RegistryError::references(format!("more than {MOST_REFERENCES} schemas")));
            }
            let other = self.version(reference.subject(), reference.version()).await?;
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
        self.0.nodes.ask(&Request::get(&["schemas", "ids", &id, "versions"])).await
    }

    /// All subjects.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// If the registry cannot be asked, or refuses the client.
    pub async fn subjects(&self) -> Result<Vec<String>, RegistryError> {
        self.0.nodes.ask(&Request::get(&["subjects"])).await
    }

    /// The versions of a subject.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject.
    pub async fn versions(&self, subject: &str) -> Result<Vec<u32>, RegistryError> {
        check(subject)?;
        self.0.nodes.ask(&Request::get(&["subjects", subject, "versions"])).await
    }

    /// A version of a subject.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject or version.
    pub async fn version(&self, subject: &str, version: u32) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        let (client, subject) = (self.clone(), Arc::<str>::from(subject));
        let key = (Arc::clone(&subject), version);
        let ask = || async move {
            let number = version.to_string();
            let path = ["subjects", &subject, "versions", &number];
            let registered = client.registered(&Request::get(&path), None).await?;
            Ok(RegisteredSchema { subject: Some(subject), version: Some(version), ..registered })
        };
        self.0.by_version.get(key, ask).await
    }

    /// The last version of a subject, as it is now: it is not cached.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is no such subject.
    pub async fn latest(&self, subject: &str) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        let registered = self.registered(&Request::get(&["subjects", subject, "versions", "latest"]), None).await?;
        Ok(RegisteredSchema { subject: Some(subject.into()), ..registered })
    }

    /// Registers a schema under a subject; if it is there, this is a lookup.
    ///
    /// # Errors
    /// [`is_incompatible`](RegistryError::is_incompatible) if the level of the subject rules it out,
    /// [`is_invalid`](RegistryError::is_invalid) if it is no schema.
    pub async fn register(&self, subject: &str, schema: &RegistrySchema) -> Result<RegisteredSchema, RegistryError> {
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
        schema: &RegistrySchema,
        level: Compatibility,
    ) -> Result<RegisteredSchema, RegistryError> {
        if self.compatibility(subject).await? != Some(level) {
            self.set_compatibility(subject, level).await?;
            let found = self.compatibility(subject).await?;
            if found != Some(level) {
                return Err(RegistryError::level_not_kept(subject, level, found));
            }
        }
        self.register(subject, schema).await
    }

    /// The version of the subject that has this schema.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_unknown`](RegistryError::is_unknown) if there is none.
    pub async fn look_up(&self, subject: &str, schema: &RegistrySchema) -> Result<RegisteredSchema, RegistryError> {
        self.ask_by_text(subject, schema, false).await
    }

    async fn ask_by_text(
        &self,
        subject: &str,
        schema: &RegistrySchema,
        register: bool,
    ) -> Result<RegisteredSchema, RegistryError> {
        check(subject)?;
        let asked = Asked { subject: subject.into(), schema: schema.clone(), register };
        let (client, key) = (self.clone(), asked.clone());
        let ask = || async move {
            let body = json!(asked.schema);
            let under = ["subjects", &*asked.subject, "versions"];
            let path = if register { &under[..] } else { &under[..2] };
            let normalize = [("normalize", "true")];
            let query = if client.0.normalize { &normalize[..] } else { &[] };
            let registered = client.registered(&Request::post(path, body).query(query), Some(&asked.schema)).await?;
            if let (true, Some(id)) = (registered.schema == asked.schema, registered.id) {
                let id = SchemaId::Number(id);
                client.0.by_id.put(id, RegisteredSchema { subject: None, version: None, ..registered.clone() });
            }
            Ok(RegisteredSchema { subject: Some(asked.subject), ..registered })
        };
        self.0.by_text.get(key, ask).await
    }

    /// The registered schema that events with this schema are to be written with, by the configuration:
    /// `auto.register.schemas`, `use.latest.version`, `use.schema.id`. It is complete, as of [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// As [`register`](Self::register) and [`look_up`](Self::look_up); and if the latest version, or the schema with the
    /// configured id, is in another language.
    pub async fn schema_to_write(
        &self,
        subject: &str,
        schema: &RegistrySchema,
    ) -> Result<RegisteredSchema, RegistryError> {
        let registered = match self.0.writing {
            Writing::Register => return self.register(subject, schema).await,
            Writing::LookUp => return self.look_up(subject, schema).await,
            Writing::Latest => self.latest(subject).await?,
            Writing::Id(id) => self.schema(SchemaId::Number(id)).await?,
        };
        if registered.schema.schema_type() == schema.schema_type() {
            self.complete(registered).await
        } else {
            Err(RegistryError::other_language(subject))
        }
    }

    /// The subject of a schema of values in a topic, by the configured strategy.
    ///
    /// ```
    /// use event_schema::registry::{RegistryConfig, RegistrySchema, SchemaRegistry};
    ///
    /// let config = RegistryConfig::new("http://127.0.0.1:8081")
    ///     .set("key.subject.name.strategy", "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy");
    /// let registry = SchemaRegistry::new(&config)?;
    /// let schema = RegistrySchema::avro(r#"{"type": "record", "name": "com.example.Order", "fields": []}"#);
    /// assert_eq!(registry.value_subject("orders", &schema)?, "orders-value");
    /// assert_eq!(registry.key_subject("orders", &schema)?, "orders-com.example.Order");
    /// # Ok::<(), event_schema::registry::RegistryError>(())
    /// ```
    ///
    /// # Errors
    /// If subjects are named after schemas, and this one has no [name](RegistrySchema::name).
    pub fn value_subject(&self, topic: &str, schema: &RegistrySchema) -> Result<String, RegistryError> {
        subject(self.0.value_strategy, topic, schema, "value")
    }

    /// The subject of a schema of keys in a topic, by the configured strategy. See the example of
    /// [`value_subject`](Self::value_subject).
    ///
    /// # Errors
    /// As [`value_subject`](Self::value_subject).
    pub fn key_subject(&self, topic: &str, schema: &RegistrySchema) -> Result<String, RegistryError> {
        subject(self.0.key_strategy, topic, schema, "key")
    }

    /// Whether the schema may be registered under the subject, by its level. A new subject takes any schema.
    ///
    /// See the example of [`SchemaRegistry`].
    ///
    /// # Errors
    /// [`is_invalid`](RegistryError::is_invalid) if it is no schema.
    pub async fn check_compatibility(&self, subject: &str, schema: &RegistrySchema) -> Result<Verdict, RegistryError> {
        check(subject)?;
        let path = ["compatibility", "subjects", subject, "versions"];
        let normalize = [("verbose", "true"), ("normalize", "true")];
        let query = &normalize[..=usize::from(self.0.normalize)];
        match self.0.nodes.ask(&Request::post(&path, json!(schema)).query(query)).await {
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
        let answer: Level = self.0.nodes.ask(&Request::get(path)).await?;
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
        match self.0.nodes.ask::<Moded>(&Request::get(&["mode", subject])).await {
            Err(error) if error.is_unknown() => Ok(None),
            answer => answer.map(|answer| Some(answer.mode)),
        }
    }

    /// The mode of subjects that have none of their own.
    ///
    /// # Errors
    /// If the registry cannot be asked, or says a mode that this crate does not know.
    pub async fn default_mode(&self) -> Result<Mode, RegistryError> {
        self.0.nodes.ask::<Moded>(&Request::get(&["mode"])).await.map(|answer| answer.mode)
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
        self.0.nodes.ask::<Value>(&Request::put(path, body)).await.map(drop)
    }

    async fn registered(
        &self,
        request: &Request<'_>,
        asked: Option<&RegistrySchema>,
    ) -> Result<RegisteredSchema, RegistryError> {
        let answer: Registered = self.0.nodes.ask(request).await?;
        let name = || format!("{} /{}", request.method, request.path.join("/"));
        answer.into_schema(asked).ok_or_else(|| RegistryError::unreadable(name(), "no schema in it"))
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
    schema: &RegistrySchema,
    part: &str,
) -> Result<String, RegistryError> {
    strategy.subject(topic, schema.name().as_deref(), part).ok_or_else(|| {
        let problem = "the schema has no name, after which the subject name strategy names subjects".to_owned();
        RegistryError::config(vec![problem])
    })
}

impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SchemaRegistry").field(&self.0.nodes).finish()
    }
}
