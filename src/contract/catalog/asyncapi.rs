//! The events of a service as an AsyncAPI 3 document.

use std::collections::HashMap;

use schemars::Schema;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

use super::recorded::Contract;
use crate::contract::compat::place_of;
use crate::contract::json_schema::use_draft07;

/// The version of the Kafka bindings.
const BINDING: &str = "0.5.0";

/// The document. Parsers of AsyncAPI read JSON Schema in draft 7 and find references from the document's root.
pub(super) fn document(service: &str, version: &str, contracts: &[Contract]) -> Value {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    let (mut messages, mut schemas) = (Map::new(), Map::new());
    for contract in contracts.iter().filter(|contract| !contract.is_earlier) {
        let event = contract.descriptor;
        let name = key_of(&event.event_type());
        // The service reads the accepted form; what it sends has the written one.
        let schema = contract.written().unwrap_or(&contract.documents.accepted);
        messages.insert(name.clone(), message(contract, &name, schema, &mut schemas));
        let Some(topic) = event.topic() else { continue };
        let channel = channels.entry(key_of(topic)).or_insert_with(|| {
            json!({
                "address": topic,
                "messages": {},
                "bindings": {"kafka": {"topic": topic, "bindingVersion": BINDING}},
            })
        });
        channel["messages"][&name] = json!({"$ref": format!("#/components/messages/{name}")});
        let place = format!("#/channels/{}", key_of(topic));
        let actions = [("send", contract.role.sends), ("receive", contract.role.receives)];
        for (action, _) in actions.into_iter().filter(|(_, does)| *does) {
            operations.insert(
                format!("{action}.{name}"),
                json!({
                    "action": action,
                    "channel": {"$ref": place},
                    "messages": [{"$ref": format!("{place}/messages/{name}")}],
                }),
            );
        }
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {"title": service, "version": version},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    })
}

fn message(contract: &Contract, name: &str, schema: &Value, schemas: &mut Map<String, Value>) -> Value {
    let event = contract.descriptor;
    let definitions = definitions(schema, name);
    let mut schema = draft07(schema, name, &definitions);
    if let Some(Value::Object(defined)) = schema.remove("$defs") {
        schemas.extend(defined.into_iter().map(|(of, schema)| (definitions[&of].clone(), schema)));
    }
    let mut message = json!({"name": event.event_type(), "contentType": "application/json"});
    for keyword in ["title", "description"] {
        if let Some(text) = schema.get(keyword) {
            message[keyword] = text.clone();
        }
    }
    if let Some(examples) = schema.get("examples").and_then(Value::as_array) {
        message["examples"] = examples.iter().map(|example| json!({"payload": example})).collect();
    }
    if let Some(key) = event.key().and_then(|key| schema.get("properties")?.get(key)) {
        let key = json!({"schemaFormat": FORMAT, "schema": key});
        message["bindings"] = json!({"kafka": {"key": key["schema"], "bindingVersion": BINDING}});
    }
    let place = format!("#/components/schemas/{name}");
    message["payload"] = json!({"schemaFormat": FORMAT, "schema": {"$ref": place}});
    schemas.insert(name.to_owned(), schema.to_value());
    message
}

const FORMAT: &str = "application/schema+json;version=draft-07";

/// The keys of components for the definitions of a schema.
fn definitions(schema: &Value, name: &str) -> HashMap<String, String> {
    let mut keys = HashMap::new();
    for of in schema.get("$defs").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        let key = format!("{name}.{}", key_of(of));
        let numbered = (2..).map(|number| format!("{key}_{number}"));
        let free = std::iter::once(key.clone()).chain(numbered).find(|key| !keys.values().any(|taken| taken == key));
        keys.insert(of.clone(), free.unwrap_or(key));
    }
    keys
}

/// The schema in draft 7, with references to the components of the document.
fn draft07(schema: &Value, name: &str, definitions: &HashMap<String, String>) -> Schema {
    let mut schema = Schema::try_from(schema.clone()).unwrap_or_default();
    use_draft07(&mut schema);
    refer(&mut schema, name, definitions);
    for keyword in ["$schema", "$id"] {
        schema.remove(keyword);
    }
    schema
}

fn refer(schema: &mut Schema, name: &str, definitions: &HashMap<String, String>) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        let place = place_of(reference);
        let of = place.as_deref().and_then(|place| place.strip_prefix("/$defs/"));
        let key = match of.map(|of| of.replace("~1", "/").replace("~0", "~")) {
            Some(of) => definitions.get(&of).map(String::as_str),
            None => (reference == "#").then_some(name),
        };
        if let Some(key) = key {
            *reference = format!("#/components/schemas/{key}");
        }
    }
    transform_subschemas(&mut |schema: &mut Schema| refer(schema, name, definitions), schema);
}

/// A name as a key of components: letters, digits, `.`, `-` and `_`.
fn key_of(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect()
}
