//! A registry as the source of a codec's schemas.

use super::client::SchemaRegistry;
use super::error::RegistryError;
use super::schema::{RegistrySchema, SchemaType};
use crate::avro::Schema;
use crate::format::framing::SchemaId;
use crate::format::{Answer, SchemaSource, SchemaSourceError, Subject, SubjectSchema, WriterSchema};

/// For [`Codec::with_source`](crate::format::Codec::with_source).
///
/// Consumers get the schemas of messages by their ids, and producers the ids of their events: they register the schemas, or
/// look them up, as the [configuration](super::RegistryConfig) says. A schema that cannot be used, such as one in Protocol
/// Buffers, is unknown to the codec, with a warning in the log.
///
/// ```no_run
/// use event_schema::format::Codec;
/// use event_schema::registry::{RegistryConfig, SchemaRegistry};
///
/// let registry = SchemaRegistry::new(&RegistryConfig::new("http://127.0.0.1:8081"))?;
/// let codec = Codec::confluent_avro().with_source(registry);
/// # Ok::<(), event_schema::registry::RegistryError>(())
/// ```
impl SchemaSource for SchemaRegistry {
    fn schema(&self, id: SchemaId) -> Answer<'_, WriterSchema> {
        Box::pin(async move {
            // An id is an `int` of Java, and above 0: no registry has given another, and none can be asked for it.
            if matches!(id, SchemaId::Number(number) if i32::try_from(number).is_err()) {
                return Err(SchemaSourceError::unknown());
            }
            let registered = self.resolve(id).await.map_err(|error| {
                // A registry without GUIDs knows neither this one nor where to look.
                let is_page_unknown = matches!(id, SchemaId::Guid(_)) && error.status() == Some(404);
                match error {
                    error if error.is_unusable() => unusable(id, &error),
                    _ if is_page_unknown => SchemaSourceError::unknown(),
                    error => told(error),
                }
            })?;
            let schema = registered.schema();
            match schema.schema_type() {
                SchemaType::Avro => match Schema::parse(schema.text()) {
                    Ok(schema) => Ok(schema.into()),
                    Err(error) => Err(unusable(id, &error)),
                },
                SchemaType::Json => Ok(WriterSchema::json(schema.text())),
                SchemaType::Protobuf | SchemaType::Other => Err(unusable(id, &"neither Avro nor JSON Schema")),
            }
        })
    }

    fn id<'a>(&'a self, subject: &'a Subject<'a>) -> Answer<'a, SubjectSchema> {
        Box::pin(async move {
            let text = subject.schema().to_string();
            let own = if subject.is_avro() { RegistrySchema::avro(text) } else { RegistrySchema::json(text) };
            let name = if subject.is_key() { Self::key_subject } else { Self::value_subject };
            let name = name(self, subject.topic(), &own).map_err(told)?;
            let registered = self.schema_to_write(&name, &own).await.map_err(told)?;
            let id = registered.id().ok_or_else(|| SchemaSourceError::unavailable("the registry gave no id"))?;
            let answer = SubjectSchema::new(SchemaId::Number(id));
            if !subject.is_avro() || registered.schema().text() == own.text() {
                return Ok(answer);
            }
            // The registry may have another text of the same schema; or this is another version.
            let schema = Schema::parse(registered.schema().text()).map_err(SchemaSourceError::refused)?;
            Ok(answer.with_schema(schema))
        })
    }
}

fn told(error: RegistryError) -> SchemaSourceError {
    if error.is_unknown() {
        SchemaSourceError::unknown()
    } else if error.is_transient() {
        SchemaSourceError::unavailable(error)
    } else {
        SchemaSourceError::refused(error)
    }
}

/// It stays as it is, however long one waits.
fn unusable(id: SchemaId, reason: &dyn std::fmt::Display) -> SchemaSourceError {
    tracing::warn!("the schema with {id} cannot be used: {reason}");
    SchemaSourceError::unknown()
}
