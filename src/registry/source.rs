//! A registry as the source of a codec's schemas.

use super::client::SchemaRegistry;
use super::error::RegistryError;
use super::schema::{SchemaText, SchemaType};
use crate::avro::Schema;
use crate::error::with_causes;
use crate::format::framing::SchemaId;
use crate::format::{SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite, WriterSchema};

/// For [`Codec::with_source`](crate::format::Codec::with_source).
///
/// Consumers get the schemas of messages by their ids, and producers the ids of their events: they register the schemas, or
/// look them up, as the [configuration](super::RegistryConfig) says. Ids [in headers](crate::format::Codec::ids_in_headers)
/// are GUIDs, from a registry that has them. A schema that cannot be used, such as one in Protocol Buffers, is
/// [unusable](SchemaSourceError::is_unusable), with a warning in the log. One that refers to a schema that the registry does
/// not have is [unknown](SchemaSourceError::is_unknown), as one that it does not have itself.
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
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(async move {
            // An id is an `int` of Java, and above 0: no registry has given another, and none can be asked for it.
            if matches!(id, SchemaId::Number(number) if i32::try_from(number).is_err()) {
                return Err(SchemaSourceError::unusable("no id of a schema registry"));
            }
            let registered = self.schema(id).await.map_err(|error| {
                // A registry without GUIDs knows neither this one nor where to look.
                let is_page_unknown = matches!(id, SchemaId::Guid(_)) && error.status() == Some(404);
                if is_page_unknown { SchemaSourceError::unknown_to(error) } else { source_error(error) }
            })?;
            let schema = registered.schema();
            match schema.schema_type() {
                SchemaType::Avro => match Schema::parse(schema.text()) {
                    Ok(schema) => Ok(schema.into()),
                    Err(error) => Err(unusable(id, &with_causes(&error), error)),
                },
                SchemaType::Json => Ok(WriterSchema::json(schema.text())),
                SchemaType::Protobuf | SchemaType::Other => {
                    const NEITHER: &str = "neither Avro nor JSON Schema";
                    Err(unusable(id, NEITHER, NEITHER))
                }
            }
        })
    }

    fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        Box::pin(async move {
            let text = subject.schema().to_string();
            let own = if subject.is_avro() { SchemaText::avro(text) } else { SchemaText::json(text) };
            let name = if subject.is_key() { Self::key_subject } else { Self::value_subject };
            let name = name(self, subject.topic(), &own).map_err(source_error)?;
            let registered = self.schema_to_write(&name, &own).await.map_err(source_error)?;
            let number = registered.id().map(SchemaId::Number);
            let guid = if subject.is_id_in_header() {
                self.guid(&registered).await.map_err(source_error)?.map(SchemaId::Guid)
            } else {
                None
            };
            let id = guid.or(number).ok_or_else(|| SchemaSourceError::unavailable("the registry gave no id"))?;
            let answer = SchemaToWrite::new(id);
            if !subject.is_avro() || registered.schema().text() == own.text() {
                return Ok(answer);
            }
            // The registry may have another text of the same schema; or this is another version.
            let schema = Schema::parse(registered.schema().text()).map_err(SchemaSourceError::refused)?;
            Ok(answer.with_schema(schema))
        })
    }
}

fn source_error(error: RegistryError) -> SchemaSourceError {
    if error.is_unusable() {
        SchemaSourceError::unusable(error)
    } else if error.is_unknown() || error.is_incomplete() {
        // A schema that it names may be on its way as well, but no message waits for it for ever.
        SchemaSourceError::unknown_to(error)
    } else if error.is_transient() {
        SchemaSourceError::unavailable(error)
    } else {
        SchemaSourceError::refused(error)
    }
}

fn unusable(
    id: SchemaId,
    reason: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> SchemaSourceError {
    tracing::warn!("the schema with {id} cannot be used: {reason}");
    SchemaSourceError::unusable(error)
}
