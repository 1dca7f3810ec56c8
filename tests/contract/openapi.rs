//! The schemas of OpenAPI 3.0: valid by its own rules, and as strict as its words allow. Those of OpenAPI 3.1.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]

use std::collections::BTreeMap;

use event_schema::contract::{openapi30, openapi31};
use event_schema::prelude::*;
use event_schema::schemars::{JsonSchema, generate::Contract};
use event_schema::serde_json::{Map, Value, json};
use jsonschema::{Draft, Validator};

use crate::documents;

/// A schema object of OpenAPI 3.0.4, in JSON Schema.
fn schema_object() -> Value {
    let schema = json!({"$ref": "#"});
    let list = json!({"type": "array", "minItems": 1, "items": schema});
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "$ref": {"type": "string", "pattern": "^#/components/schemas/[A-Za-z0-9._-]+$"},
            "title": {"type": "string"},
            "description": {"type": "string"},
            "default": true,
            "example": true,
            "deprecated": {"type": "boolean"},
            "format": {"type": "string"},
            "minimum": {"type": "number"},
            "maximum": {"type": "number"},
            "exclusiveMinimum": {"type": "boolean"},
            "exclusiveMaximum": {"type": "boolean"},
            "minLength": count,
            "maxLength": count,
            "pattern": {"type": "string"},
            "minItems": count,
            "maxItems": count,
            "uniqueItems": {"type": "boolean"},
            "minProperties": count,
            "maxProperties": count,
            "required": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string"}},
            "enum": {"type": "array", "minItems": 1},
            "type": {"enum": ["string", "number", "integer", "boolean", "array", "object"]},
            "nullable": {"type": "boolean"},
            "allOf": list,
            "anyOf": list,
            "oneOf": list,
            "not": schema,
            "items": schema,
            "properties": {"type": "object", "additionalProperties": schema},
            "additionalProperties": {"anyOf": [{"type": "boolean"}, schema]},
        },
        "patternProperties": {"^x-": true},
        "additionalProperties": false,
        // A flag needs what it is about, and nothing counts beside a reference.
        "dependentRequired": {
            "nullable": ["type"],
            "exclusiveMinimum": ["minimum"],
            "exclusiveMaximum": ["maximum"],
        },
        "if": {"properties": {"type": {"const": "array"}}, "required": ["type"]},
        "then": {"required": ["items"]},
        "allOf": [{"if": {"required": ["$ref"]}, "then": {"maxProperties": 1}}],
    })
}

/// The schemas, checked by OpenAPI's rules.
#[track_caller]
fn schemas<T: JsonSchema>(contract: &Contract) -> Map<String, Value> {
    let schemas = openapi30::<T>(contract);
    let object = documents::validator(&schema_object(), Draft::Draft202012);
    for (name, schema) in &schemas {
        let errors: Vec<String> =
            object.iter_errors(schema).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name} {schema:#}: {errors:#?}");
    }
    let text = Value::from(schemas.clone()).to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not there: {text}");
    }
    schemas
}

/// A null is one more value of a schema that is `nullable`; all else is as in draft 4.
fn in_draft4(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(in_draft4);
            if object.remove("nullable").is_some()
                && let Some(kind) = object.get_mut("type")
            {
                *kind = json!([kind.take(), "null"]);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(in_draft4),
        _ => {}
    }
}

/// Reads messages as OpenAPI 3.0 has it.
#[track_caller]
pub(crate) fn validator<T: JsonSchema>(contract: &Contract) -> Validator {
    let mut schemas = Value::from(schemas::<T>(contract));
    in_draft4(&mut schemas);
    let reference = format!("#/components/schemas/{}", T::schema_name());
    documents::validator(&json!({"allOf": [{"$ref": reference}], "components": {"schemas": schemas}}), Draft::Draft4)
}

/// Reads messages as OpenAPI 3.1 has it: as JSON Schema 2020-12.
#[track_caller]
pub(crate) fn validator31<T: JsonSchema>(contract: &Contract) -> Validator {
    let reference = format!("#/components/schemas/{}", T::schema_name());
    let openapi = json!({"$ref": reference, "components": {"schemas": openapi31::<T>(contract)}});
    documents::validator(&openapi, Draft::Draft202012)
}

/// Takes these and refuses those.
#[track_caller]
fn agree<T: EventSchema + JsonSchema>(accepted: &[Value], refused: &[Value]) {
    let validator = validator::<T>(&Contract::Deserialize);
    for (message, good) in accepted.iter().map(|one| (one, true)).chain(refused.iter().map(|one| (one, false))) {
        assert_eq!(T::load_str(&message.to_string()).is_ok(), good, "load of {message}");
        let errors: Vec<String> = validator.iter_errors(message).map(|error| error.to_string()).collect();
        let schemas = openapi30::<T>(&Contract::Deserialize);
        assert_eq!(errors.is_empty(), good, "{message}: {errors:#?} by {:#}", Value::from(schemas));
    }
}

#[event_schema::event]
struct Order {
    lines: Vec<Line>,
    first: Option<Line>,
    means: Means,
    rates: BTreeMap<Currency, Rate>,
    at: Option<Point>,
    nothing: (),
    whatever: BTreeMap<String, Value>,
}

#[event_schema::event]
#[schemars(example = json!({"sku": "a", "price": 1.0}))]
struct Line {
    #[schemars(description = "The article.")]
    sku: Sku,
    #[validate(range(exclusive_min = 0.0, exclusive_max = 100.0))]
    price: f64,
    #[validate(range(min = 1, exclusive_max = 10))]
    quantity: Option<u8>,
    #[event(one_of("red", "blue"))]
    colour: Option<String>,
    #[event(not_null)]
    gift: Option<Box<Line>>,
}

#[event_schema::event]
struct Sku(#[validate(length(min = 1))] String);

#[event_schema::event]
#[serde(tag = "kind")]
enum Means {
    Card { number: String },
    Cash,
    At(Place),
}

#[event_schema::event]
struct Place {
    at: Point,
}

#[event_schema::event]
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Currency {
    Eur,
    Usd,
}

#[event_schema::event]
struct Rate(#[validate(range(exclusive_min = 0.0))] f64);

#[event_schema::event]
struct Point(f64, Option<String>);

#[test]
fn nested_types_speak_openapi_too() {
    let order = json!({
        "lines": [{"sku": "a", "price": 0.5, "gift": {"sku": "b", "price": 1}}],
        "means": {"kind": "At", "at": [1.5, null]},
        "rates": {"Eur": 1.5, "Usd": 2},
        "nothing": null,
        "whatever": {"a": null, "b": [1, {}]},
    });
    let with = |pointer: &str, value: Value| {
        let mut changed = order.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match changed.pointer_mut(parent).unwrap() {
            Value::Object(object) => drop(object.insert(key.to_owned(), value)),
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            other => panic!("{other} has no parts"),
        }
        changed
    };
    agree::<Order>(
        &[
            order.clone(),
            with("/first", json!(null)),
            with("/first", json!({"sku": "c", "price": 99.9, "quantity": null, "colour": null})),
            with("/lines/0/quantity", json!(9)),
            with("/lines/0/colour", json!("red")),
            with("/means", json!({"kind": "Cash"})),
            with("/means", json!({"kind": "Card", "number": "4711"})),
            with("/at", json!(null)),
            with("/at", json!([1, "home"])),
            with("/rates", json!({})),
        ],
        &[
            with("/first", json!("x")),
            with("/first", json!({"sku": "", "price": 1})),
            with("/lines", json!(null)),
            with("/lines/0", json!(null)),
            with("/lines/0/sku", json!(null)),
            with("/lines/0/price", json!(0)),
            with("/lines/0/price", json!(100)),
            with("/lines/0/price", json!(null)),
            with("/lines/0/quantity", json!(0)),
            with("/lines/0/quantity", json!(10)),
            with("/lines/0/colour", json!("green")),
            with("/lines/0/gift", json!(null)),
            with("/lines/0/gift/price", json!(0)),
            with("/means", json!({"kind": "Card"})),
            with("/means", json!({"kind": "At"})),
            with("/means", json!({"kind": "Gold"})),
            with("/means/at", json!([true, null])),
            with("/at", json!([1])),
            with("/at", json!([1, "home", 2])),
            with("/rates/Gbp", json!(1)),
            with("/rates/Eur", json!(0)),
            with("/nothing", json!({})),
            with("/nothing", json!(0)),
            with("/whatever", json!([])),
        ],
    );

    let schemas = schemas::<Order>(&Contract::Serialize);
    assert_eq!(
        schemas["Point"]["items"],
        json!({"anyOf": [
            {"type": "number", "format": "double"},
            {"type": "string", "nullable": true},
        ]})
    );
    assert_eq!(schemas["Line"]["example"], json!({"sku": "a", "price": 1.0}));
    assert_eq!(
        schemas["Line"]["properties"]["price"],
        json!({
            "type": "number",
            "format": "double",
            "minimum": 0.0,
            "exclusiveMinimum": true,
            "maximum": 100.0,
            "exclusiveMaximum": true,
        })
    );
    assert_eq!(schemas["Line"]["properties"]["quantity"]["minimum"], 1);
}

#[test]
fn what_has_no_words_is_left_out_and_refuses_nothing() {
    // Without its order one tuple looks like the other: it is no longer said that just one of them fits.
    #[event_schema::event]
    enum Way {
        There(u8, String),
        Back(#[validate(length(min = 1))] BTreeMap<u8, String>),
    }
    #[event_schema::event]
    struct Swap {
        #[serde(flatten)]
        way: Way,
        pair: (u8, String),
    }
    agree::<Swap>(
        &[json!({"pair": [1, "a"], "There": [1, "a"]}), json!({"pair": [1, "a"], "Back": {"1": "x"}})],
        &[json!({"pair": [1, "a"]}), json!({"pair": [1, true], "There": [1, "a"]}), json!({"pair": [1]})],
    );
    assert!(validator::<Swap>(&Contract::Deserialize).is_valid(&json!({"pair": ["a", 1], "There": [1, "a"]})));

    // A negation of what cannot be said would refuse everything.
    #[event_schema::event]
    struct AtLeastOne {
        id: Option<u8>,
        #[serde(flatten)]
        #[validate(length(min = 1))]
        rest: BTreeMap<String, u8>,
    }
    agree::<AtLeastOne>(&[json!({"a": 1}), json!({"id": null, "a": 1})], &[json!({"a": "x"})]);
}

/// What schemars and hands write is rewritten as well.
#[test]
fn schemas_of_other_hands() {
    fn by_hand(generator: &mut event_schema::schemars::SchemaGenerator) -> event_schema::schemars::Schema {
        let pair = generator.subschema_for::<(u8, String)>();
        event_schema::schemars::json_schema!({
            "oneOf": [{"const": null}, {"type": ["string", "integer", "null"], "minimum": 3, "exclusiveMinimum": 2}, pair],
            "not": {"patternProperties": {"^a": false}},
            "description": "Anything.",
            "examples": [1, 2],
            "if": {"type": "string"},
            "then": {"contentEncoding": "base64"},
        })
    }
    #[event_schema::event]
    struct Holder {
        #[schemars(schema_with = "by_hand")]
        any: Value,
        #[schemars(schema_with = "flag")]
        flag: Value,
    }
    fn flag(_: &mut event_schema::schemars::SchemaGenerator) -> event_schema::schemars::Schema {
        event_schema::schemars::json_schema!({"type": "array", "items": false, "patternProperties": {"^x": true}, "additionalProperties": false})
    }
    let schemas = schemas::<Holder>(&Contract::Deserialize);
    let any = &schemas["Holder"]["properties"]["any"];
    assert_eq!(
        *any,
        json!({
            "anyOf": [
                {"type": "object", "nullable": true, "enum": [null]},
                {
                    "minimum": 3,
                    "allOf": [{"anyOf": [{"type": "string", "nullable": true}, {"type": "integer"}]}],
                },
                any["anyOf"][2],
            ],
            "description": "Anything.",
            "example": 1,
        })
    );
    assert_eq!(schemas["Holder"]["properties"]["flag"], json!({"type": "array", "items": {"not": {}}}));
}
