//! Schemas as a registry keeps them: [`SchemaText`], [`RegisteredSchema`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use schemars::generate::Contract;

use crate::contract::{AvroSchemaError, avro_schema};
use crate::event::EventSchema;
use crate::format::framing::Guid;
use crate::load::json;

/// The language of a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SchemaType {
    /// Avro.
    #[default]
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol Buffers.
    Protobuf,
    /// Another one, which this crate does not know.
    #[serde(other)]
    Other,
}

/// The text of a schema, with its language and with references to other schemas.
///
/// ```
/// use event_schema::registry::{SchemaText, SchemaType};
///
/// #[event_schema::event]
/// struct Ping { seq: i64 }
///
/// let schema = SchemaText::avro_of::<Ping>()?;
/// assert_eq!(schema.schema_type(), SchemaType::Avro);
/// assert_eq!(schema.name().as_deref(), Some("Ping"));
/// assert!(schema.text().starts_with('{'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SchemaText {
    #[serde(rename = "schema")]
    text: Arc<str>,
    #[serde(rename = "schemaType", default, deserialize_with = "or_default")]
    schema_type: SchemaType,
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_empty")]
    references: Arc<[SchemaReference]>,
}

/// Some registries write null for what others leave out.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

fn is_empty(references: &Arc<[SchemaReference]>) -> bool {
    references.is_empty()
}

impl SchemaText {
    fn new(schema_type: SchemaType, text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), schema_type, references: Arc::default() }
    }

    /// An Avro schema.
    ///
    /// ```
    /// use event_schema::registry::{SchemaText, SchemaReference};
    ///
    /// let address = SchemaReference::new("com.example.Address", "address-value", 3);
    /// let order = SchemaText::avro(r#"{"type": "record", "name": "Order", "namespace": "com.example", "fields": [
    ///     {"name": "address", "type": "Address"}
    /// ]}"#).with_references([address]);
    /// assert_eq!(order.name().as_deref(), Some("com.example.Order"));
    /// assert_eq!(order.references()[0].version(), Some(3));
    /// ```
    #[must_use]
    pub fn avro(text: impl Into<Arc<str>>) -> Self {
        Self::new(SchemaType::Avro, text)
    }

    /// A JSON Schema.
    ///
    /// ```
    /// use event_schema::registry::SchemaText;
    ///
    /// let schema = SchemaText::json(r#"{"title": "Order", "type": "object"}"#);
    /// assert_eq!(schema.name().as_deref(), Some("Order"));
    /// ```
    #[must_use]
    pub fn json(text: impl Into<Arc<str>>) -> Self {
        Self::new(SchemaType::Json, text)
    }

    /// The Avro schema of what `E` writes. See the example of [`SchemaText`].
    ///
    /// # Errors
    /// If a part of the event has no Avro form.
    pub fn avro_of<E: EventSchema>() -> Result<Self, AvroSchemaError> {
        Ok(Self::avro(avro_schema::<E>()?.to_string()))
    }

    /// The JSON Schema of what `E` writes.
    ///
    /// ```
    /// use event_schema::registry::{SchemaText, SchemaType};
    ///
    /// #[event_schema::event]
    /// struct Ping { seq: i64 }
    ///
    /// let schema = SchemaText::json_of::<Ping>();
    /// assert_eq!(schema.schema_type(), SchemaType::Json);
    /// assert_eq!(schema.name().as_deref(), Some("Ping"));
    ///
    /// // A field with a default may be missing in what is read, and is always written.
    /// #[event_schema::event]
    /// struct Pong {
    ///     #[serde(default)]
    ///     seq: i64,
    /// }
    ///
    /// assert!(SchemaText::json_of::<Pong>().text().contains(r#""required":["seq"]"#));
    /// ```
    #[must_use]
    pub fn json_of<E: EventSchema>() -> Self {
        Self::json(E::json_schema_for(&Contract::Serialize).as_value().to_string())
    }

    /// The same with references to schemas that its text names.
    #[must_use]
    pub fn with_references(mut self, references: impl IntoIterator<Item = SchemaReference>) -> Self {
        self.references = references.into_iter().collect();
        self
    }

    /// The text of the schema.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The language of the schema.
    #[must_use]
    pub fn schema_type(&self) -> SchemaType {
        self.schema_type
    }

    /// The schemas that its text names.
    #[must_use]
    pub fn references(&self) -> &[SchemaReference] {
        &self.references
    }

    /// The name of the schema, if it has one: the full name of an Avro record, the `title` of a JSON Schema.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let schema: Value = json::read(&self.text).ok()?;
        let text = |key| schema.get(key).and_then(Value::as_str);
        match self.schema_type {
            SchemaType::Avro => {
                let name = text("name")?;
                match text("namespace") {
                    Some(namespace) if !namespace.is_empty() && !name.contains('.') => {
                        Some(format!("{namespace}.{name}"))
                    }
                    _ => Some(name.to_owned()),
                }
            }
            SchemaType::Json => text("title").map(str::to_owned),
            SchemaType::Protobuf | SchemaType::Other => None,
        }
    }

    pub(super) fn with_text(&self, text: String) -> Self {
        Self { text: text.into(), schema_type: self.schema_type, references: Arc::default() }
    }
}

/// The place of a schema that another schema names. As text it is the version and the subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SchemaReference {
    name: String,
    subject: String,
    /// Registries write -1 for the latest.
    version: i64,
}

impl SchemaReference {
    /// A reference by this name (the full name of an Avro record, the URL in a `$ref`) to this version of a subject. See
    /// the example of [`SchemaText::avro`].
    #[must_use]
    pub fn new(name: impl Into<String>, subject: impl Into<String>, version: u32) -> Self {
        Self { name: name.into(), subject: subject.into(), version: version.into() }
    }

    /// The name that the schema uses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The subject of the other schema.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The version of the other schema; none for the latest one.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        self.version.try_into().ok()
    }
}

impl fmt::Display for SchemaReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version() {
            Some(version) => write!(f, "version {version} of subject `{}`", self.subject),
            None => write!(f, "the latest version of subject `{}`", self.subject),
        }
    }
}

/// A schema that a registry knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredSchema {
    pub(super) id: Option<u32>,
    pub(super) guid: Option<Guid>,
    pub(super) subject: Option<Arc<str>>,
    pub(super) version: Option<u32>,
    pub(super) schema: SchemaText,
}

impl RegisteredSchema {
    /// The number that the registry gave to the schema; none if it was looked up by its GUID and the registry does not
    /// say it.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.id
    }

    /// The GUID of the schema, from registries that have them.
    #[must_use]
    pub fn guid(&self) -> Option<Guid> {
        self.guid
    }

    /// The subject, if the schema was registered or looked up under one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The version of the subject, if the registry says it.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// The schema itself.
    #[must_use]
    pub fn schema(&self) -> &SchemaText {
        &self.schema
    }
}

/// The answer of a registry, in which everything may be missing.
#[derive(Deserialize)]
pub(super) struct Registered {
    id: Option<u32>,
    guid: Option<String>,
    subject: Option<String>,
    /// Apicurio has written -1 for none.
    version: Option<i64>,
    schema: Option<Arc<str>>,
    #[serde(rename = "schemaType")]
    schema_type: Option<SchemaType>,
    references: Option<Arc<[SchemaReference]>>,
}

impl Registered {
    /// The schema that was asked for, with the parts that the answer adds. None if neither has the text.
    pub(super) fn into_schema(self, asked: Option<&SchemaText>) -> Option<RegisteredSchema> {
        let schema = match (self.schema, asked) {
            (Some(text), _) => SchemaText {
                schema_type: self.schema_type.unwrap_or_else(|| language(&text)),
                text,
                references: self.references.unwrap_or_default(),
            },
            (None, asked) => asked?.clone(),
        };
        Some(RegisteredSchema {
            id: self.id,
            guid: self.guid.and_then(|guid| guid.parse().ok()),
            subject: self.subject.map(Arc::from),
            version: self.version.and_then(|version| version.try_into().ok()),
            schema,
        })
    }
}

/// The language of a schema whose registry does not say it. For Confluent's that is Avro; Apicurio's leaves it out for JSON
/// Schema as well, when it is asked for an id.
fn language(text: &str) -> SchemaType {
    let is_json = match json::read(text) {
        Ok(Value::Object(schema)) => {
            let of_json = |schema_type: &Value| matches!(schema_type.as_str(), Some("object" | "integer" | "number"));
            schema.contains_key("$schema") || schema.get("type").is_none_or(of_json)
        }
        Ok(Value::Bool(_)) => true,
        _ => false,
    };
    if is_json { SchemaType::Json } else { SchemaType::Avro }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered").field("id", &self.id).finish_non_exhaustive()
    }
}
