//! Pairs of schemas, drawn at random or written by hand: what one writes is read with the other as the specification says,
//! by the word of Apache Avro's own implementation.

use std::collections::{BTreeMap, BTreeSet};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use event_schema::avro::{DatumReader, Schema};
use event_schema::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::contract::avro_schema;
use event_schema::contract::compat::{Compatibility, avro};
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{Map, Value, json};
use event_schema::uuid::Uuid;
use fastrand::Rng;
use proptest::prelude::*;

use crate::oracle::{json_of, names, plain};

#[event_schema::event(name = "today")]
#[derive(Debug, PartialEq)]
pub(crate) struct Today {
    whole: i64,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    single: f32,
    text: String,
    #[serde(default)]
    other: String,
    #[event(avro(bytes))]
    blob: Vec<u8>,
    note: Option<String>,
    count: Option<i64>,
    #[serde(default)]
    flag: bool,
    lines: Vec<Line>,
    again: Line,
    #[serde(default)]
    tags: BTreeMap<String, f64>,
    way: Way,
    tree: Option<Tree>,
    at: DateTime<Utc>,
    #[event(avro(millis))]
    local: Option<NaiveDateTime>,
    #[serde(default)]
    day: NaiveDate,
    time: NaiveTime,
    #[event(avro(millis))]
    clock: Vec<NaiveTime>,
    #[event(avro(precision = 12, scale = 2))]
    amount: Decimal,
    #[event(avro(fixed))]
    id: Uuid,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    #[serde(default)]
    count: i64,
    price: f64,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tree {
    value: i64,
    children: Vec<Tree>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Way {
    Sea,
    #[event(avro(default))]
    Unknown,
    Air,
}

/// A schema of which the reader's is a later version.
struct Older<'s> {
    rng: &'s mut Rng,
    types: Map<String, Value>,
    /// The types that were written out.
    done: BTreeSet<String>,
}

impl Older<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        match schema {
            Value::String(name) if self.types.contains_key(name) => self.named(&self.types[name].clone()),
            Value::String(name) => json!(self.primitive(name)),
            Value::Array(branches) if branches.len() == 2 && self.rng.u8(..4) == 0 => self.schema(&branches[1]),
            Value::Array(branches) => branches.iter().map(|branch| self.schema(branch)).collect(),
            _ if schema.get("logicalType").is_some() => self.meaning(schema),
            _ => match schema["type"].as_str().unwrap() {
                "array" => json!({"type": "array", "items": self.schema(&schema["items"])}),
                "map" => json!({"type": "map", "values": self.schema(&schema["values"])}),
                "record" | "enum" => self.named(schema),
                name => json!(self.primitive(name)),
            },
        }
    }

    /// A logical type, or what it stands on: then it is the reader who gives it its meaning.
    fn meaning(&mut self, schema: &Value) -> Value {
        let keeps = self.rng.bool();
        let name = schema["type"].as_str().unwrap();
        let mut schema = schema.clone();
        if !keeps {
            schema.as_object_mut().unwrap().remove("logicalType");
            if name == "long" {
                schema["type"] = json!(self.primitive(name));
            }
        }
        schema
    }

    /// A type that the reader promotes.
    fn primitive(&mut self, name: &str) -> String {
        let from: &[&str] = match name {
            "long" => &["long", "int"],
            "float" => &["float", "long", "int"],
            "double" => &["double", "float", "long", "int"],
            "string" => &["string", "string", "bytes"],
            "bytes" => &["bytes", "string"],
            _ => return name.to_owned(),
        };
        self.rng.choice(from.iter()).unwrap().to_string()
    }

    fn named(&mut self, schema: &Value) -> Value {
        let name = schema["name"].as_str().unwrap();
        if !self.done.insert(name.to_owned()) {
            return json!(name);
        }
        if schema["type"] == "enum" {
            let mut symbols: Vec<&str> =
                schema["symbols"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            symbols.push("Rail");
            self.rng.shuffle(&mut symbols);
            symbols.truncate(1 + self.rng.usize(..symbols.len()));
            return json!({"type": "enum", "name": name, "symbols": symbols});
        }
        let mut fields: Vec<Value> = schema["fields"].as_array().unwrap().clone();
        fields.retain(|field| field.get("default").is_none() || self.rng.u8(..4) > 0);
        for number in 0..self.rng.usize(..3) {
            let types = [
                json!("int"),
                json!({"type": "array", "items": "string"}),
                json!(["null", "double"]),
                json!({"type": "map", "values": "bytes"}),
                json!({"type": "fixed", "name": format!("{name}_{number}"), "size": 3}),
            ];
            fields.push(json!({"name": format!("extra_{number}"), "type": self.rng.choice(types)}));
        }
        self.rng.shuffle(&mut fields);
        let field = |field: &Value| {
            let of = if field["name"].as_str().is_some_and(|name| name.starts_with("extra")) {
                field["type"].clone()
            } else {
                self.schema(&field["type"])
            };
            json!({"name": field["name"], "type": of})
        };
        let fields: Vec<Value> = fields.iter().map(field).collect();
        json!({"type": "record", "name": name, "fields": fields})
    }
}

pub(crate) fn older(reader: &Value, rng: &mut Rng) -> Value {
    let mut types = Map::new();
    names(reader, &mut types);
    let mut older = Older { rng, types, done: BTreeSet::new() };
    let mut schema = older.schema(reader);
    // Readers do not ask for the name of the whole.
    if rng.bool() {
        schema["name"] = json!("Renamed");
    }
    schema
}

/// The number of a field to which its type in Rust gives a meaning, and which it cannot have too large.
fn number(field: &str, rng: &mut Rng) -> Option<i32> {
    match field {
        "at" | "local" => Some(rng.i32(..)),
        "day" => Some(rng.i32(-50_000..50_000)),
        "time" | "clock" => Some(rng.i32(0..86_400_000)),
        _ => None,
    }
}

/// A value of a schema, in the field of this name.
fn value(schema: &Value, field: &str, types: &Map<String, Value>, rng: &mut Rng, depth: usize) -> Avro {
    let named = |name: &str| types.get(name.rsplit('.').next()?);
    let schema = schema.as_str().and_then(named).unwrap_or(schema);
    if let Some(branches) = schema.as_array() {
        let branch = if depth > 4 { 0 } else { rng.usize(..branches.len()) };
        let value = value(&branches[branch], field, types, rng, depth + 1);
        return Avro::Union(u32::try_from(branch).unwrap(), Box::new(value));
    }
    let length = if depth > 4 { 0 } else { rng.usize(..3) };
    let text = |rng: &mut Rng| -> String {
        (0..rng.usize(..5)).map(|_| *rng.choice(&['a', 'Z', '0', 'ä', '€']).unwrap()).collect()
    };
    let kind = schema.as_str().or(schema["type"].as_str()).unwrap();
    if let Some(number) = number(field, rng).filter(|_| kind == "int" || kind == "long") {
        return match schema["logicalType"].as_str() {
            Some("timestamp-micros") => Avro::TimestampMicros(number.into()),
            Some("local-timestamp-millis") => Avro::LocalTimestampMillis(number.into()),
            Some("date") => Avro::Date(number),
            Some("time-micros") => Avro::TimeMicros(number.into()),
            Some("time-millis") => Avro::TimeMillis(number),
            None if kind == "int" => Avro::Int(number),
            None => Avro::Long(number.into()),
            Some(other) => panic!("{other}"),
        };
    }
    if field == "amount" {
        let bytes = rng.i64(..).to_be_bytes()[..6].to_vec();
        return if schema.get("logicalType").is_some() { Avro::Decimal(bytes.into()) } else { Avro::Bytes(bytes) };
    }
    match kind {
        "null" => Avro::Null,
        "boolean" => Avro::Boolean(rng.bool()),
        "int" => Avro::Int(if rng.bool() { rng.i32(..) } else { rng.i32(-100..100) }),
        "long" => Avro::Long(if rng.bool() { rng.i64(..) } else { rng.i64(-100..100) }),
        "float" => Avro::Float((rng.f32() - 0.5) * 1e10),
        "double" => Avro::Double((rng.f64() - 0.5) * 1e100),
        "string" => Avro::String(text(rng)),
        "bytes" => Avro::Bytes(text(rng).into_bytes()),
        "fixed" if schema.get("logicalType").is_some() => Avro::Uuid(Uuid::from_u128(rng.u128(..))),
        "fixed" => {
            let size = usize::try_from(schema["size"].as_u64().unwrap()).unwrap();
            Avro::Fixed(size, (0..size).map(|_| rng.u8(..)).collect())
        }
        "array" => Avro::Array((0..length).map(|_| value(&schema["items"], field, types, rng, depth + 1)).collect()),
        "map" => {
            let entry = |_| (text(rng), value(&schema["values"], field, types, rng, depth + 1));
            Avro::Map((0..length).map(entry).collect())
        }
        "enum" => {
            let symbols = schema["symbols"].as_array().unwrap();
            let index = rng.usize(..symbols.len());
            Avro::Enum(u32::try_from(index).unwrap(), symbols[index].as_str().unwrap().to_owned())
        }
        "record" => {
            let fields = schema["fields"].as_array().unwrap().iter();
            let field = |field: &Value| {
                let name = field["name"].as_str().unwrap();
                (name.to_owned(), value(&field["type"], name, types, rng, depth + 1))
            };
            Avro::Record(fields.map(field).collect())
        }
        other => panic!("{other}"),
    }
}

/// A value of the schema.
fn datum(writer: &Value, rng: &mut Rng) -> Vec<u8> {
    let mut types = Map::new();
    names(writer, &mut types);
    let parsed = apache_avro::Schema::parse(writer).unwrap();
    let value = value(writer, "", &types, rng, 0);
    GenericDatumWriter::builder(&parsed).build().unwrap().write_value_to_vec(value).unwrap()
}

/// A schema that today's type reads, and a value of it.
pub(crate) fn drawn(seed: u64) -> (Value, Vec<u8>) {
    let mut rng = Rng::with_seed(seed);
    let writer = older(&avro_schema::<Today>().unwrap(), &mut rng);
    let datum = datum(&writer, &mut rng);
    (writer, datum)
}

/// Writes a value of the schema and reads it as today's type, and with its schema.
fn check(writer: &Value, rng: &mut Rng) {
    let parsed = apache_avro::Schema::parse(writer).unwrap();
    let datum = datum(writer, rng);

    let today = apache_avro::Schema::parse(&avro_schema::<Today>().unwrap()).unwrap();
    let resolving = GenericDatumReader::builder(&parsed).reader_schema(&today).build().unwrap();
    let resolved = resolving.read_value(&mut &*datum).unwrap();

    let loaded = DatumReader::<Today>::new(&Schema::parse(&writer.to_string()).unwrap()).load(&datum);
    let loaded = loaded.unwrap_or_else(|error| panic!("{writer}\n{datum:?}\n{error}"));
    assert_eq!(plain(&loaded), json_of::<Today>(&resolved), "{writer}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_older_schema_is_read_as_the_specification_says(seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let writer = older(&avro_schema::<Today>().unwrap(), &mut rng);
        check(&writer, &mut rng);
    }
}

/// The schema with changes that readers may not bear: fields that are gone, or of another type.
fn changed(mut schema: Value, rng: &mut Rng) -> Value {
    const PLAIN: [&str; 9] = ["whole", "ratio", "single", "text", "other", "blob", "note", "count", "flag"];
    const TYPES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"];
    let fields = schema["fields"].as_array_mut().unwrap();
    for _ in 0..=rng.usize(..2) {
        let changed = *rng.choice(&PLAIN).unwrap();
        if rng.u8(..4) == 0 {
            fields.retain(|field| field["name"] != changed);
        }
        for field in fields.iter_mut().filter(|field| field["name"] == changed) {
            let one = json!(rng.choice(&TYPES));
            field["type"] = if one != "null" && rng.bool() { json!(["null", one]) } else { one };
        }
    }
    schema
}

/// The check itself chooses among random versions.
#[test]
fn versions_that_the_check_calls_compatible_are_read() {
    let today = avro_schema::<Today>().unwrap();
    let (mut compatible, mut incompatible) = (0, 0);
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let mut writer = older(&today, &mut rng);
        // The check asks for the name of the whole.
        writer["name"] = today["name"].clone();
        let is_compatible =
            |writer: &Value| avro::check(writer, &today, Compatibility::Backward).unwrap().is_compatible();
        assert!(is_compatible(&writer), "{writer}");
        let writer = changed(writer, &mut rng);
        if is_compatible(&writer) {
            compatible += 1;
            check(&writer, &mut rng);
        } else {
            incompatible += 1;
        }
    }
    assert!(compatible > 40 && incompatible > 40, "{compatible} and {incompatible}");
}

/// Versions as people write them.
#[test]
fn versions_written_by_hand_are_read_as_the_specification_says() {
    let line = json!({"type": "record", "name": "Line", "namespace": "com.example", "fields": [
        {"name": "price", "type": "float"},
        {"name": "sku", "type": "bytes"},
    ]});
    let way = json!({"type": "enum", "name": "Way", "symbols": ["Road", "Air"], "default": "Road"});
    let tree = json!({"type": "record", "name": "Tree", "fields": [
        {"name": "children", "type": {"type": "array", "items": "Tree"}},
        {"name": "value", "type": "int"},
    ]});
    let versions = [
        json!({"type": "record", "name": "Today", "fields": [
            {"name": "whole", "type": "int"},
            {"name": "text", "type": "string"},
            {"name": "blob", "type": "bytes"},
            {"name": "lines", "type": {"type": "array", "items": line}},
            {"name": "again", "type": "com.example.Line"},
            {"name": "way", "type": way},
            {"name": "at", "type": "long"},
            {"name": "time", "type": "int"},
            {"name": "clock", "type": {"type": "array", "items": "int"}},
            {"name": "amount", "type": "bytes"},
            {"name": "id", "type": {"type": "fixed", "name": "Id", "size": 16}},
        ]}),
        json!({"type": "record", "name": "Today", "aliases": ["Yesterday"], "doc": "before", "fields": [
            {"name": "way", "type": way, "default": "Air"},
            {"name": "tree", "type": [tree, "null"]},
            {"name": "tags", "type": {"type": "map", "values": "int"}, "default": {}},
            {"name": "again", "type": line},
            {"name": "count", "type": "int"},
            {"name": "note", "type": ["string", "null"], "order": "ignore"},
            {"name": "lines", "type": {"type": "array", "items": "com.example.Line"}},
            {"name": "blob", "type": "string"},
            {"name": "text", "type": "bytes"},
            {"name": "whole", "type": ["int", "long"]},
            {"name": "single", "type": "long"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "day", "type": "int"},
            {"name": "time", "type": "long"},
            {"name": "clock", "type": {"type": "array", "items": {"type": "int", "logicalType": "time-millis"}}},
            {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
            {"name": "id", "type": {"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}},
            {"name": "local", "type": ["null", "int"]},
        ]}),
        json!({"type": "record", "name": "today.v3", "fields": [
            {"name": "tree", "type": ["null", tree]},
            {"name": "gone", "type": {"type": "array", "items": ["null", "Tree", "string"]}},
            {"name": "whole", "type": "long"},
            {"name": "text", "type": ["string"]},
            {"name": "blob", "type": "bytes"},
            {"name": "lines", "type": {"type": "array", "items": line}},
            {"name": "again", "type": "com.example.Line"},
            {"name": "way", "type": way},
            {"name": "flag", "type": "boolean"},
            {"name": "note", "type": "null"},
            {"name": "at", "type": "long"},
            {"name": "time", "type": "int"},
            {"name": "clock", "type": {"type": "array", "items": "int"}},
            {"name": "amount", "type": "bytes"},
            {"name": "id", "type": {"type": "fixed", "name": "Id", "size": 16}},
            {"name": "gone_too", "type": {"type": "map", "values": {"type": "fixed", "name": "Three", "size": 3}}},
        ]}),
    ];
    for writer in &versions {
        for seed in 0..32 {
            check(writer, &mut Rng::with_seed(seed));
        }
    }
}
