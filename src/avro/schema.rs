//! A schema that was parsed: [`Schema`].

use std::error::Error;
use std::fmt;

use apache_avro::rabin::Rabin;
use serde_json::Value;

use super::node::{Node, Nodes};
use crate::contract::{AvroFault, AvroSchemaError, avro_schema_of};
use crate::event::{EventSchema, Generated};
use crate::load::json;

/// An Avro schema: of an event, or of somebody else's from a file or a registry.
///
/// ```
/// use event_schema::avro::Schema;
///
/// #[event_schema::event]
/// struct Ping { seq: i64 }
///
/// let schema = Schema::parse(r#"{"type": "record", "name": "Ping", "doc": "", "fields": [{"name": "seq", "type": "long"}]}"#)?;
/// assert_eq!(schema.canonical_form(), Schema::of::<Ping>()?.canonical_form());
/// assert_eq!(schema.fingerprint(), 0xe6b7_26bb_29c2_93e8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Schema {
    nodes: Nodes,
    canonical: String,
    fingerprint: u64,
}

impl Schema {
    /// The schema of what `E` writes: [`contract::avro_schema`](crate::contract::avro_schema).
    ///
    /// See the example of [`Schema`].
    ///
    /// # Errors
    /// If a part of the event has no Avro form.
    pub fn of<E: EventSchema>() -> Result<Self, AvroSchemaError> {
        Self::of_version::<E>()
    }

    /// As [`of`](Self::of), also of an earlier version or of a variant's event.
    pub(crate) fn of_version<E: Generated>() -> Result<Self, AvroSchemaError> {
        let schema = avro_schema_of::<E>()?;
        let refused = |error: apache_avro::Error| {
            let remedy = "report it: the schema of every event is meant to be valid";
            AvroSchemaError::new(
                E::DESCRIPTOR.name(),
                vec![AvroFault::new(String::new(), error.to_string(), remedy.to_owned())],
            )
        };
        Self::of_value(schema).map_err(refused)
    }

    /// Parses the JSON text of a schema.
    ///
    /// See the example of [`Schema`].
    ///
    /// # Errors
    /// If the text is not an Avro schema.
    pub fn parse(text: &str) -> Result<Self, ParseSchemaError> {
        // As the parser does itself, but that it keeps the value.
        let schema = match json::read(text) {
            Ok(schema) => Self::of_value(schema),
            Err(_) => apache_avro::Schema::parse_str(text).map(|parsed| Self::of_parsed(&parsed, &parsed)),
        };
        schema.map_err(|error| ParseSchemaError(Box::new(error)))
    }

    fn of_value(mut schema: Value) -> Result<Self, apache_avro::Error> {
        let parsed = apache_avro::Schema::parse(&schema)?;
        strip(&mut schema);
        Ok(Self::of_parsed(&parsed, &apache_avro::Schema::parse(&schema)?))
    }

    fn of_parsed(parsed: &apache_avro::Schema, stripped: &apache_avro::Schema) -> Self {
        let fingerprint = stripped.fingerprint::<Rabin>().bytes;
        Self {
            nodes: Nodes::of(parsed),
            canonical: stripped.canonical_form(),
            fingerprint: fingerprint.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        }
    }

    /// The Parsing Canonical Form of the specification: two schemas with the same form read the same data.
    ///
    /// See the example of [`Schema`].
    #[must_use]
    pub fn canonical_form(&self) -> &str {
        &self.canonical
    }

    /// The CRC-64-AVRO fingerprint of the canonical form.
    ///
    /// See the example of [`Schema`].
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Whether data of both are the same values: a canonical form does not have the logical types.
    pub(crate) fn has_same_data_as(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint && self.nodes == other.nodes
    }

    /// Whether the whole schema is `bytes`, whatever their logical type.
    pub(crate) fn is_bytes(&self) -> bool {
        matches!(
            self.nodes.get(Nodes::ROOT),
            Node::Bytes | Node::BigDecimal | Node::Decimal { size: None, .. } | Node::Uuid { fixed: false }
        )
    }

    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }
}

/// Leaves only what data are parsed by. The parser strips most of it for the canonical form, but not the `order` of fields
/// and attributes that it does not know.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(attributes) => {
            attributes.retain(|name, _| {
                matches!(&**name, "type" | "name" | "namespace" | "fields" | "symbols" | "items" | "values" | "size")
            });
            for part in ["type", "fields", "items", "values"] {
                if let Some(part) = attributes.get_mut(part) {
                    strip(part);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.canonical).finish()
    }
}

/// The error of a text that is not an Avro schema; its [`source`](Error::source) has the reason.
///
/// ```
/// use event_schema::avro::Schema;
///
/// let error = Schema::parse(r#"{"type": "record"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "not a valid Avro schema");
/// ```
#[derive(Debug)]
pub struct ParseSchemaError(Box<apache_avro::Error>);

impl fmt::Display for ParseSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid Avro schema")
    }
}

impl Error for ParseSchemaError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
