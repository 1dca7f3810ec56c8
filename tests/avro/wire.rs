//! Messages that Python's confluent-kafka wrote, read and written again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{Value, json};

use crate::corpora::{bytes, rows};

#[event_schema::event(name = "r")]
#[derive(Debug, PartialEq)]
struct R<T> {
    f: T,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Empty {}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Three {
    A,
    B,
    C,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Two {
    A,
    B,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Multi {
    u: Option<Any>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum Any {
    Int(i32),
    Text(String),
    List(Vec<i32>),
    Inner { x: f64 },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Point {
    x: i32,
    y: i32,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Pair {
    a: Point,
    b: Point,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Node {
    v: i32,
    next: Option<Box<Node>>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct OrderPlaced {
    order_id: Uuid,
    customer: Customer,
    status: Status,
    lines: Vec<Line>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    placed_at: DateTime<Utc>,
    note: Option<String>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Customer {
    id: i64,
    name: String,
    email: Option<String>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    New,
    Paid,
    Shipped,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    qty: i32,
    price: Decimal,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Wide {
    #[serde(flatten)]
    first: Numbered,
    f07: i32,
    f08: i64,
    f09: f32,
    f10: f64,
    f11: bool,
    f12: String,
    f13: Vec<u8>,
    f14: u8,
    f15: u32,
    f16: f64,
    f17: f64,
    f18: bool,
    f19: char,
    f20: [u8; 1],
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Numbered {
    f00: i32,
    f01: i64,
    f02: f32,
    f03: f64,
    f04: bool,
    f05: String,
    f06: Vec<u8>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Doc {
    #[serde(alias = "old")]
    renamed: i64,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Text(String);

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Number(i64);

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct List(Vec<i32>);

/// The data of a message in Confluent's framing.
fn data(row: &Value) -> Vec<u8> {
    bytes(row["hex"].as_str().unwrap())[5..].to_vec()
}

/// Hexadecimal digits where the schema has bytes, as a list of numbers.
fn with_bytes(schema: &Value, value: &Value) -> Value {
    match schema.get("type").unwrap_or(schema) {
        kind if (kind == "bytes" || kind == "fixed") && schema.get("logicalType").is_none() => {
            bytes(value.as_str().unwrap()).into()
        }
        kind if kind == "record" => {
            let fields = schema["fields"].as_array().unwrap().iter();
            let field = |field: &Value| {
                let name = field["name"].as_str().unwrap();
                (name.to_owned(), with_bytes(&field["type"], &value[name]))
            };
            Value::Object(fields.map(field).collect())
        }
        kind if kind.is_object() && kind != schema => with_bytes(kind, value),
        _ => value.clone(),
    }
}

fn check<E: EventSchema + Debug + PartialEq>(row: &Value) {
    let id = &row["id"];
    let schema = Schema::parse(&row["schema"].to_string()).unwrap();
    let data = data(row);
    let event = DatumReader::<E>::new(&schema).load(&data).unwrap_or_else(|error| panic!("{id}: {error}"));
    let expected = E::load_value(with_bytes(&row["schema"], &row["json_value"]));
    assert_eq!(event, expected.unwrap_or_else(|error| panic!("{id}: {error}")), "{id}");
    if row["decode_only"] != true {
        let writer = DatumWriter::<E>::new(&schema).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(writer.dump(&event).unwrap_or_else(|error| panic!("{id}: {error}")), data, "{id}");
    }
}

/// The check of a row, by the type of its only field or the name of its record.
fn check_of(row: &Value) -> Option<fn(&Value)> {
    let schema = &row["schema"];
    let kind = match schema["name"].as_str() {
        Some("R") => &schema["fields"][0]["type"],
        Some(name) => {
            return Some(match name {
                "Empty" => check::<Empty>,
                "Multi" => check::<Multi>,
                "OrderPlaced" => check::<OrderPlaced>,
                "Node" => check::<Node>,
                "Pair" => check::<Pair>,
                "Wide" => check::<Wide>,
                // Its field has another name in the event, and so only the aliases tell which it is.
                "Doc" => |row| {
                    let schema = Schema::parse(&row["schema"].to_string()).unwrap();
                    let event = DatumReader::<Doc>::new(&schema).load(&data(row)).unwrap();
                    assert_eq!(event, Doc { renamed: 9 });
                    assert_eq!(DatumWriter::<Doc>::new(&schema).unwrap().dump(&event).unwrap(), data(row));
                },
                _ => return None,
            });
        }
        None if schema == "string" => return Some(check::<Text>),
        None if schema == "long" => return Some(check::<Number>),
        None if *schema == json!({"type": "array", "items": "int"}) => return Some(check::<List>),
        None => return None,
    };
    let nullable = kind.as_array().is_some_and(|branches| branches.iter().any(|branch| branch == "null"));
    let inner = kind.as_array().and_then(|branches| branches.iter().find(|branch| *branch != "null")).unwrap_or(kind);
    let logical = inner["logicalType"].as_str();
    let name = inner.as_str().or(inner["type"].as_str()).unwrap_or_default();
    let items = inner.get("items").or(inner.get("values"));
    Some(match (name, logical, nullable) {
        ("int", None, false) => check::<R<i32>>,
        ("long", None, false) => check::<R<i64>>,
        ("boolean", ..) => check::<R<bool>>,
        ("float", ..) => check::<R<f32>>,
        ("double", ..) => check::<R<f64>>,
        ("string", None, false) => check::<R<String>>,
        ("string", None, true) => check::<R<Option<String>>>,
        ("bytes", None, _) => check::<R<Vec<u8>>>,
        ("null", ..) => check::<R<()>>,
        ("fixed", None, _) => check::<R<[u8; 4]>>,
        ("enum", _, false) => check::<R<Three>>,
        ("enum", _, true) => check::<R<Option<Two>>>,
        (_, Some("uuid"), false) => check::<R<Uuid>>,
        (_, Some("uuid"), true) => check::<R<Option<Uuid>>>,
        (_, Some("timestamp-millis" | "timestamp-micros"), false) => check::<R<DateTime<Utc>>>,
        (_, Some("timestamp-millis"), true) => check::<R<Option<DateTime<Utc>>>>,
        (_, Some("local-timestamp-millis"), _) => check::<R<NaiveDateTime>>,
        (_, Some("date"), _) => check::<R<NaiveDate>>,
        (_, Some("time-millis" | "time-micros"), _) => check::<R<NaiveTime>>,
        (_, Some("decimal"), false) => check::<R<Decimal>>,
        (_, Some("decimal"), true) => check::<R<Option<Decimal>>>,
        ("array", ..) if items? == "long" => check::<R<Vec<i64>>>,
        ("array", ..) if items?.is_array() => check::<R<Vec<Option<i32>>>>,
        ("array", ..) => check::<R<Vec<Vec<String>>>>,
        ("map", ..) if items? == "int" => check::<R<BTreeMap<String, i32>>>,
        ("map", ..) if items?["type"] == "array" => check::<R<BTreeMap<String, Vec<i32>>>>,
        ("map", ..) => check::<R<BTreeMap<String, Point>>>,
        _ => return None,
    })
}

#[test]
fn every_message_is_read_and_written_as_python_does() {
    let mut checked = 0;
    let mut kinds = BTreeSet::new();
    for row in rows("avro_wire.jsonl") {
        let id = row["id"].as_str().unwrap().to_owned();
        if row["encoding"] == "confluent_avro" && !id.starts_with("neg-") {
            check_of(&row).unwrap_or_else(|| panic!("{id}: no type for it"))(&row);
            kinds.insert(row["schema"].to_string());
            checked += 1;
        }
    }
    assert_eq!((checked, kinds.len()), (82, 42));
}

#[test]
fn malformed_data_are_refused() {
    let mut refused = Vec::new();
    for row in rows("avro_wire.jsonl").iter().filter(|row| row["id"].as_str().unwrap().starts_with("neg-")) {
        let message = bytes(row["hex"].as_str().unwrap());
        // The others are no frames.
        let [0, 0, 0, 0, 81, data @ ..] = &message[..] else { continue };
        let schema = Schema::parse(&row["schema"].to_string()).unwrap();
        let error = DatumReader::<R<String>>::new(&schema).load(data).unwrap_err();
        assert!(error.is_syntax(), "{error}");
        refused.push(error.to_string());
    }
    assert_eq!(
        refused,
        [
            "truncated Avro datum at byte 4",
            "not a valid Avro datum: a negative length at byte 0",
            "not a valid Avro datum: text that is not UTF-8 at byte 1",
        ]
    );
}
