//! The keywords of JSON Schema: what each must be, which contain schemas, which are compared.

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

pub(super) const TEXT: &[&str] = &["format", "maxLength", "minLength", "pattern"];
pub(super) const NUMBER: &[&str] = &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"];
pub(super) const ARRAY: &[&str] = &[
    "additionalItems",
    "contains",
    "items",
    "maxContains",
    "maxItems",
    "minContains",
    "minItems",
    "prefixItems",
    "unevaluatedItems",
    "uniqueItems",
];
pub(super) const OBJECT: &[&str] = &[
    "additionalProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "maxProperties",
    "minProperties",
    "patternProperties",
    "properties",
    "propertyNames",
    "required",
    "unevaluatedProperties",
];
/// The keywords that are compared whatever the type of the value.
const ANY: &[&str] = &["$ref", "allOf", "anyOf", "const", "enum", "if", "not", "oneOf", "type"];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// Whether a schema has a `$ref` and no other keyword that is compared.
pub(super) fn is_plain_reference(keywords: &Object) -> bool {
    keywords.contains_key("$ref")
        && keywords.keys().all(|keyword| {
            keyword == "$ref"
                || ![ANY, TEXT, NUMBER, ARRAY, OBJECT].iter().any(|known| known.contains(&keyword.as_str()))
        })
}

/// A step from a schema to one that it contains: the keyword, and the name or index behind it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Keyword(&'a str),
    Name(&'a str, &'a str),
    Index(&'a str, usize),
}

impl Step<'_> {
    /// Whether the schema describes the same value as the one that contains it.
    pub(super) fn is_in_place(self) -> bool {
        match self {
            Self::Keyword(keyword) => matches!(keyword, "not" | "if" | "then" | "else"),
            Self::Name(keyword, _) => matches!(keyword, "dependentSchemas" | "dependencies"),
            Self::Index(keyword, _) => matches!(keyword, "allOf" | "anyOf" | "oneOf"),
        }
    }

    /// The step as part of a JSON Pointer.
    pub(super) fn to_pointer(self) -> String {
        match self {
            Self::Keyword(keyword) => token(keyword),
            Self::Name(keyword, name) => token(keyword) + &token(name),
            Self::Index(keyword, at) => format!("/{keyword}/{at}"),
        }
    }
}

/// How a keyword contains schemas.
#[derive(Clone, Copy)]
pub(in crate::contract) enum Contains {
    One,
    List,
    Named,
}

pub(in crate::contract) fn contains(keyword: &str, value: &Value) -> Option<Contains> {
    Some(match keyword {
        "items" if value.is_array() => Contains::List,
        "additionalItems"
        | "additionalProperties"
        | "contains"
        | "else"
        | "if"
        | "items"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Contains::One,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Contains::List,
        "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties" | "properties" => {
            Contains::Named
        }
        _ => return None,
    })
}

/// Calls `visit` with each schema that a keyword contains.
pub(super) fn each_subschema<'a>(keywords: &'a Object, mut visit: impl FnMut(&'a Value, Step<'a>)) {
    for (keyword, value) in keywords {
        match contains(keyword, value) {
            Some(Contains::One) => visit(value, Step::Keyword(keyword)),
            Some(Contains::List) => {
                let list = value.as_array().into_iter().flatten();
                list.enumerate().for_each(|(at, schema)| visit(schema, Step::Index(keyword, at)));
            }
            Some(Contains::Named) => {
                let named = value.as_object().into_iter().flatten();
                // A dependency may be a list of names.
                named
                    .filter(|(_, schema)| !schema.is_array() || keyword != "dependencies")
                    .for_each(|(name, schema)| visit(schema, Step::Name(keyword, name)));
            }
            None => {}
        }
    }
}

/// The schema without the texts for its readers.
pub(in crate::contract) fn without_annotations(schema: &Value) -> Value {
    const ANNOTATIONS: [&str; 5] = ["$comment", "deprecated", "description", "examples", "title"];
    let Value::Object(keywords) = schema else { return schema.clone() };
    let bare = |keyword: &String, value: &Value| match (contains(keyword, value), value) {
        (Some(Contains::One), schema) => without_annotations(schema),
        (Some(Contains::List), Value::Array(list)) => list.iter().map(without_annotations).collect(),
        (Some(Contains::Named), Value::Object(named)) => {
            named.iter().map(|(name, schema)| (name.clone(), without_annotations(schema))).collect()
        }
        _ => value.clone(),
    };
    let kept = keywords.iter().filter(|(keyword, _)| !ANNOTATIONS.contains(&keyword.as_str()));
    kept.map(|(keyword, value)| (keyword.clone(), bare(keyword, value))).collect()
}

/// A keyword whose value is not of the kind that it must be, and that kind.
pub(super) fn misused(keywords: &Object) -> Option<(&str, &'static str)> {
    let wrong = |(keyword, value): (&String, &Value)| {
        let expected = expected(keyword)?;
        (!expected.1(value)).then_some(expected.0)
    };
    keywords.iter().find_map(|entry| Some((entry.0.as_str(), wrong(entry)?)))
}

type Test = fn(&Value) -> bool;

fn expected(keyword: &str) -> Option<(&'static str, Test)> {
    Some(match keyword {
        "$ref" | "$id" | "$anchor" | "$schema" | "format" | "pattern" => ("a string", Value::is_string),
        "type" => ("the name of a type, or an array of such names", is_type),
        "enum" => ("an array", Value::is_array),
        "required" => ("an array of strings", are_strings),
        "$defs" | "definitions" | "properties" | "patternProperties" | "dependentSchemas" | "dependencies" => {
            ("an object", Value::is_object)
        }
        "dependentRequired" => ("an object with arrays of strings", |value| {
            value.as_object().is_some_and(|entries| entries.values().all(are_strings))
        }),
        "allOf" | "anyOf" | "oneOf" => {
            ("an array of schemas, not empty", |value| value.as_array().is_some_and(|schemas| !schemas.is_empty()))
        }
        "prefixItems" => ("an array of schemas", Value::is_array),
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" | "maxContains"
        | "minContains" => ("an integer that is not negative", is_count),
        "maximum" | "minimum" => ("a number", Value::is_number),
        "exclusiveMaximum" | "exclusiveMinimum" => {
            ("a number, in draft 4 a boolean", |value| value.is_number() || value.is_boolean())
        }
        "multipleOf" => ("a number greater than 0", |value| value.as_f64().is_some_and(|step| step > 0.0)),
        "uniqueItems" => ("a boolean", Value::is_boolean),
        _ => return None,
    })
}

fn are_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

fn is_type(value: &Value) -> bool {
    let is_known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
    is_known(value) || value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(is_known))
}

fn is_count(value: &Value) -> bool {
    value.as_f64().is_some_and(|count| count >= 0.0 && count.fract() == 0.0)
}

/// A name as a part of a JSON Pointer.
pub(in crate::contract) fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
