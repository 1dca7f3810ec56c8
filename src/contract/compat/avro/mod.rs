//! The compatibility of Avro schemas: whether a reader's schema resolves data that was written with a writer's.
//!
//! The verdicts are those of Apache Avro's `SchemaCompatibility` for Java, which schema registries use. [`Policy`] does
//! not apply: a compatible verdict is always about all data of the writer. Logical types are not compared: a schema that
//! gives a `long` or `bytes` a meaning reads those without one, as `DatumReader` does.
//! A `date` that becomes a `timestamp` is compatible here, and no reader makes sense of it.
//!
//! ```
//! use event_schema::contract::compat::{avro, Compatibility};
//! use event_schema::serde_json::json;
//!
//! let field = |name: &str| json!({"name": name, "type": "long"});
//! let record = |fields: Vec<_>| json!({"type": "record", "name": "Ping", "fields": fields});
//! let (old, new) = (record(vec![field("seq")]), record(vec![field("seq"), field("size")]));
//! assert!(avro::check(&old, &new, Compatibility::Forward)?.is_compatible());
//!
//! let report = avro::check(&old, &new, Compatibility::Backward)?;
//! let finding = &report.findings()[0];
//! assert_eq!((finding.rule().id(), finding.path()), ("READER_FIELD_MISSING_DEFAULT_VALUE", "#/fields/size"));
//! # Ok::<(), event_schema::contract::compat::SchemaError>(())
//! ```
//!
//! [`Policy`]: super::Policy

mod resolution;
mod schema;

use std::collections::BTreeSet;

use serde_json::Value;

pub(in crate::contract) use self::resolution::Meaning;
use self::resolution::changes;
use self::schema::Schema;
use super::finding::Report;
use super::history::compare_each;
use super::keyword::token;
use super::mode::Compatibility;
use super::schema_error::SchemaError;

/// Whether a new Avro schema may follow an old one.
///
/// See the example of the [module](self).
///
/// # Errors
///
/// One of the documents is no Avro schema, or is too deep.
pub fn check(old: &Value, new: &Value, mode: Compatibility) -> Result<Report, SchemaError> {
    check_history([old], new, mode)
}

/// Whether a new Avro schema may follow a history, the oldest first: with a transitive mode, all of it.
///
/// ```
/// use event_schema::contract::compat::{avro, Compatibility};
/// use event_schema::serde_json::json;
///
/// let history = [json!("string"), json!("int")];
/// assert!(avro::check_history(&history, &json!("long"), Compatibility::Backward)?.is_compatible());
/// let report = avro::check_history(&history, &json!("long"), Compatibility::BackwardTransitive)?;
/// assert_eq!(report.findings()[0].revision(), 0);
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
///
/// # Errors
///
/// As with [`check`].
pub fn check_history<'a>(
    history: impl IntoIterator<Item = &'a Value>,
    new: &Value,
    mode: Compatibility,
) -> Result<Report, SchemaError> {
    compare_each(history.into_iter().collect(), new, mode, Schema::new, |writer, reader| {
        changes(writer, reader, Meaning::Ignored)
    })
}

/// As [`check`], and a logical type that changes is incompatible: a reader takes the number for another.
pub(in crate::contract) fn check_meaning(
    old: &Value,
    new: &Value,
    mode: Compatibility,
    meaning: Meaning,
) -> Result<Report, SchemaError> {
    compare_each(vec![old], new, mode, Schema::new, |writer, reader| changes(writer, reader, meaning))
}

/// The places of the fields of all records in a schema.
pub(in crate::contract) fn fields(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![("#".to_owned(), schema)];
    while let Some((place, schema)) = open.pop() {
        if let Value::Array(branches) = schema {
            open.extend(branches.iter().enumerate().map(|(at, branch)| (format!("{place}/{at}"), branch)));
        }
        for field in schema.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            let place = format!("{place}/fields{}", token(name));
            found.insert(place.clone());
            open.extend(field.get("type").map(|inner| (place, inner)));
        }
        // The type of a type has no place of its own.
        open.extend(schema.get("type").map(|inner| (place.clone(), inner)));
        let inner = ["items", "values"].into_iter().filter_map(|name| Some((name, schema.get(name)?)));
        open.extend(inner.map(|(name, inner)| (format!("{place}/{name}"), inner)));
    }
    found
}

/// The schema without the words for its readers.
pub(in crate::contract) fn without_docs(schema: &Value) -> Value {
    let part = |name: &str, value: &Value| match name {
        "type" | "fields" | "items" | "values" => without_docs(value),
        _ => value.clone(),
    };
    match schema {
        Value::Object(attributes) => attributes
            .iter()
            .filter(|(name, _)| *name != "doc")
            .map(|(name, value)| (name.clone(), part(name, value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_docs).collect(),
        other => other.clone(),
    }
}
