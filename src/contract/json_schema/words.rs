//! Pieces of a schema.

use serde_json::{Map, Value, json};

use crate::contract::shape::{Kind, Notes, Shape, Text};

pub(super) type Object = Map<String, Value>;

/// The object of a literal.
pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// The schema as an object, to which keywords can be added.
pub(super) fn into_object(schema: Value) -> Object {
    match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => object(json!({"not": {}})),
        _ => Object::new(),
    }
}

pub(super) fn one_of(keyword: &str, list: &[Value]) -> Value {
    if list.is_empty() { false.into() } else { json!({keyword: list}) }
}

pub(super) fn tuple(schemas: Vec<Value>, least: usize) -> Value {
    let most = schemas.len();
    let mut schema = object(json!({"type": "array", "maxItems": most}));
    if most > 0 {
        schema.insert("prefixItems".to_owned(), schemas.into());
        schema.insert("minItems".to_owned(), least.into());
    }
    schema.into()
}

/// The pattern that distinguishes such text.
pub(super) fn text_constraints(text: &Text) -> Object {
    let mut schema = Object::new();
    match text.formats {
        [] => {}
        [format] => drop(schema.insert("format".to_owned(), (*format).into())),
        formats => {
            // With their type: code generators read each alone.
            let formats: Vec<Value> =
                formats.iter().map(|format| json!({"type": "string", "format": format})).collect();
            schema.insert("anyOf".to_owned(), formats.into());
        }
    }
    for pattern in text.patterns {
        require(&mut schema, "pattern", (*pattern).into());
    }
    if !text.choices.is_empty() {
        schema.insert("enum".to_owned(), json!(text.choices));
    }
    if text.character {
        schema.insert("minLength".to_owned(), 1.into());
        schema.insert("maxLength".to_owned(), 1.into());
    }
    schema
}

/// Whether it is one value of one type: null is one more type for it then.
pub(super) fn is_leaf(shape: &Shape) -> bool {
    match shape.kind() {
        Kind::Text(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Number | Kind::Boolean => true,
        Kind::Ways { written, read } => is_leaf(written) && is_leaf(read),
        _ => false,
    }
}

/// Whether null is the only value.
pub(super) fn is_null(form: &Value) -> bool {
    form.get("type").is_some_and(|kind| kind == "null")
}

/// Such a value or null.
pub(super) fn or_null(schema: Value, is_leaf: bool) -> Value {
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => return json!({"type": "null"}),
        any => return any,
    };
    if schema.get("anyOf").and_then(Value::as_array).is_some_and(|forms| forms.iter().any(is_null)) && schema.len() == 1
    {
        return schema.into();
    }
    let combined = ["if", "allOf", "anyOf", "oneOf", "$ref"].iter().any(|keyword| schema.contains_key(*keyword));
    if combined && !is_leaf || schema.contains_key("anyOf") {
        return json!({"anyOf": [schema, {"type": "null"}]});
    }
    match schema.get_mut("type") {
        Some(Value::Array(kinds)) if !kinds.contains(&"null".into()) => kinds.push("null".into()),
        Some(kind @ Value::String(_)) if *kind != "null" => *kind = json!([kind.take(), "null"]),
        _ => {}
    }
    if let Some(only) = schema.remove("const") {
        schema.insert("enum".to_owned(), json!([only, null]));
    } else if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema.into()
}

pub(super) fn with_notes(schema: Value, notes: &Notes) -> Value {
    if notes.is_none() {
        return schema;
    }
    let mut schema = into_object(schema);
    for (keyword, text) in [("title", notes.title), ("description", notes.description)] {
        if !text.is_empty() {
            schema.insert(keyword.to_owned(), text.into());
        }
    }
    if notes.deprecated {
        schema.insert("deprecated".to_owned(), true.into());
    }
    if let Some(examples) = notes.examples {
        schema.insert("examples".to_owned(), examples().into());
    }
    for (keyword, value) in notes.extensions.iter().flat_map(|extensions| extensions()) {
        schema.insert(keyword.to_owned(), value);
    }
    schema.into()
}

/// Asks something more of a value. What the schema asks already stays: both hold then.
pub(super) fn require(schema: &mut Object, keyword: &str, value: Value) {
    match schema.get(keyword) {
        None => drop(schema.insert(keyword.to_owned(), value)),
        Some(present) if *present == value => {}
        Some(_) => {
            let all = schema.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
            if let Some(all) = all.as_array_mut() {
                all.push(Value::Object(Object::from_iter([(keyword.to_owned(), value)])));
            }
        }
    }
}
