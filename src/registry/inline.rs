//! Avro schemas that name others, made into one: [`inline`].

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::load::json;

/// No schema is nested as deep, and each level takes stack.
const DEEPEST: usize = 200;

/// The schema with the definition of each name that it takes from the others, where the name first stands. All names are
/// full, so that definitions mean the same in any place.
pub(super) fn inline(schema: &str, others: &[&str]) -> Result<String, String> {
    let parse = |text: &str| json::read_document::<Value>(text).map_err(|error| format!("not an Avro schema: {error}"));
    let mut names = Names::default();
    for other in others {
        let mut other = parse(other)?;
        qualify(&mut other, "", 0)?;
        names.collect(&other);
    }
    let mut schema = parse(schema)?;
    qualify(&mut schema, "", 0)?;
    names.expand(&mut schema, 0)?;
    Ok(schema.to_string())
}

#[derive(Default)]
struct Names {
    definitions: HashMap<String, Value>,
    defined: HashSet<String>,
}

/// A type, by the way that it is written.
enum Form {
    /// A name, or a primitive type.
    Name,
    Union,
    /// A record, an enum or a fixed.
    Definition,
    /// An array, a map, or a type with attributes.
    Other,
}

fn form(schema: &Value) -> Form {
    match schema {
        Value::Array(_) => Form::Union,
        Value::Object(attributes) => match attributes.get("type").and_then(Value::as_str) {
            Some("record" | "error" | "enum" | "fixed") => Form::Definition,
            _ => Form::Other,
        },
        _ => Form::Name,
    }
}

fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "null"
            | "boolean"
            | "int"
            | "long"
            | "float"
            | "double"
            | "bytes"
            | "string"
            | "array"
            | "map"
            | "record"
            | "error"
            | "enum"
            | "fixed"
    )
}

fn full(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// The types in a definition, an array, a map, or a type with attributes.
fn parts(attributes: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    attributes.iter_mut().flat_map(|(name, value)| match (&**name, value) {
        ("type" | "items" | "values", part) => vec![part],
        ("fields", Value::Array(fields)) => fields.iter_mut().filter_map(|field| field.get_mut("type")).collect(),
        _ => Vec::new(),
    })
}

fn check(depth: usize) -> Result<(), String> {
    if depth < DEEPEST { Ok(()) } else { Err(format!("nested deeper than {DEEPEST} levels")) }
}

/// Writes all names in full.
fn qualify(schema: &mut Value, namespace: &str, depth: usize) -> Result<(), String> {
    check(depth)?;
    let is_definition = matches!(form(schema), Form::Definition);
    match schema {
        Value::String(name) if !is_primitive(name) => {
            let known = full(name, namespace);
            *name = known;
        }
        Value::Array(variants) => {
            for variant in variants {
                qualify(variant, namespace, depth + 1)?;
            }
        }
        Value::Object(attributes) => {
            let mut inner = namespace.to_owned();
            if is_definition {
                let own = attributes.remove("namespace");
                let own = own.as_ref().and_then(Value::as_str).unwrap_or(namespace);
                let name = full(attributes.get("name").and_then(Value::as_str).unwrap_or_default(), own);
                name.rsplit_once('.').map_or("", |(namespace, _)| namespace).clone_into(&mut inner);
                if inner.is_empty() && !namespace.is_empty() {
                    attributes.insert("namespace".to_owned(), Value::from(""));
                }
                attributes.insert("name".to_owned(), name.into());
            }
            for part in parts(attributes) {
                qualify(part, &inner, depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

impl Names {
    /// Takes the definitions in a schema with full names.
    fn collect(&mut self, schema: &Value) {
        match (form(schema), schema) {
            (Form::Union, Value::Array(variants)) => variants.iter().for_each(|variant| self.collect(variant)),
            (Form::Definition | Form::Other, Value::Object(attributes)) => {
                if let (Form::Definition, Some(name)) = (form(schema), attributes.get("name").and_then(Value::as_str)) {
                    self.definitions.entry(name.to_owned()).or_insert_with(|| schema.clone());
                }
                parts(&mut attributes.clone()).for_each(|part| self.collect(part));
            }
            _ => {}
        }
    }

    /// Puts definitions in the place of names that have none yet.
    fn expand(&mut self, schema: &mut Value, depth: usize) -> Result<(), String> {
        check(depth)?;
        if let Value::String(name) = schema {
            match self.definitions.get(name) {
                Some(definition) if !self.defined.contains(name) => *schema = definition.clone(),
                _ => return Ok(()),
            }
        }
        if let (Form::Definition, Some(name)) = (form(schema), schema.get("name").and_then(Value::as_str))
            && !self.defined.insert(name.to_owned())
        {
            *schema = name.into();
            return Ok(());
        }
        match schema {
            Value::Array(variants) => {
                for variant in variants {
                    self.expand(variant, depth + 1)?;
                }
            }
            Value::Object(attributes) => {
                for part in parts(attributes) {
                    self.expand(part, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::Schema;

    fn canonical(schema: &str) -> String {
        Schema::parse(schema).unwrap_or_else(|error| panic!("{error}: {schema}")).canonical_form().to_owned()
    }

    #[test]
    fn names_are_defined_where_they_first_stand() {
        let city = r#"{"type": "record", "name": "City", "namespace": "geo", "fields": [
            {"name": "name", "type": "string"},
            {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["TOWN", "VILLAGE"]}}
        ]}"#;
        let address = r#"{"type": "record", "name": "com.Address", "fields": [
            {"name": "city", "type": ["null", "geo.City"], "default": null},
            {"name": "next", "type": ["null", "Address"], "default": null}
        ]}"#;
        let order = r#"{"type": "record", "name": "Order", "namespace": "com", "fields": [
            {"name": "ship", "type": "Address"},
            {"name": "bill", "type": {"type": "array", "items": "com.Address"}},
            {"name": "kind", "type": {"type": "map", "values": "geo.Kind"}}
        ]}"#;
        let whole = inline(order, &[city, address]).unwrap();
        let expected = r#"{"type": "record", "name": "com.Order", "fields": [
            {"name": "ship", "type": {"type": "record", "name": "com.Address", "fields": [
                {"name": "city", "type": ["null", {"type": "record", "name": "geo.City", "fields": [
                    {"name": "name", "type": "string"},
                    {"name": "kind", "type": {"type": "enum", "name": "geo.Kind", "symbols": ["TOWN", "VILLAGE"]}}
                ]}]},
                {"name": "next", "type": ["null", "com.Address"]}
            ]}},
            {"name": "bill", "type": {"type": "array", "items": "com.Address"}},
            {"name": "kind", "type": {"type": "map", "values": "geo.Kind"}}
        ]}"#;
        assert_eq!(canonical(&whole), canonical(expected));
        assert!(whole.contains(r#""default":null"#), "{whole}");
    }

    #[test]
    fn a_name_that_stands_for_the_whole_schema_is_one() {
        let ping = r#"{"type": "record", "name": "Ping", "fields": [{"name": "seq", "type": "long"}]}"#;
        let empty = r#"{"type": "record", "name": "a.Pong", "fields": []}"#;
        let union = inline(r#"["Ping", "a.Pong"]"#, &[ping, empty]).unwrap();
        assert_eq!(canonical(&union), canonical(&format!("[{ping}, {empty}]")));
    }

    #[test]
    fn the_same_definition_in_two_schemas_counts_once() {
        let inner = r#"{"type": "fixed", "name": "Id", "size": 4}"#;
        let holder = |name: &str| {
            format!(r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "id", "type": {inner}}}]}}"#)
        };
        let (a, b) = (holder("A"), holder("B"));
        let union = inline(r#"["A", "B"]"#, &[&a, &b]).unwrap();
        assert_eq!(union.matches(r#""size":4"#).count(), 1);
        canonical(&union);
    }

    #[test]
    fn depth_is_bounded() {
        let chain: Vec<String> = (0..300)
            .map(|at| {
                format!(
                    r#"{{"type": "record", "name": "R{at}", "fields": [{{"name": "next", "type": "R{}"}}]}}"#,
                    at + 1
                )
            })
            .collect();
        let others: Vec<&str> = chain.iter().map(String::as_str).collect();
        assert_eq!(inline(r#""R0""#, &others).unwrap_err(), "nested deeper than 200 levels");
    }
}
