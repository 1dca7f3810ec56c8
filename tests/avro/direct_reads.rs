//! A valid datum is read directly, any other by the tolerant reader, with the same results.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use event_schema::avro::{DatumReader, Schema};
use event_schema::contract::{Shape, avro_schema};
use event_schema::load::{At, Context, FieldType};
use event_schema::prelude::*;
use event_schema::serde::Deserializer;
use event_schema::serde_json::{Map, Value, json};
use event_schema::uuid::Uuid;
use fastrand::Rng;

use crate::oracle::names;
use crate::resolution::{Today, drawn, older};

/// Read by the tolerant reader alone: the hook has to see where it is called.
#[event_schema::event(name = "tolerant", post_load = same)]
#[derive(Debug, PartialEq)]
#[serde(transparent)]
struct Tolerant<T>(T);

fn same<T>(value: Tolerant<T>) -> Tolerant<T> {
    value
}

#[event_schema::event(name = "plain")]
#[derive(Debug, PartialEq)]
struct Plain {
    id: Uuid,
    #[validate(length(max = 4))]
    name: String,
    r#type: Option<String>,
    #[serde(rename = "other-name", alias = "older-name")]
    renamed: i32,
    #[serde(skip, default = "seven")]
    skipped: i64,
    #[serde(default = "seven")]
    seven: i64,
    #[serde(default)]
    #[validate(range(max = 90))]
    small: i16,
    #[event(not_null)]
    not_null: Option<String>,
    settings: Settings,
    tree: Option<Box<Tree>>,
    shared: Rc<Settings>,
    #[event(each(length(max = 4)))]
    words: Vec<String>,
    set: BTreeSet<i64>,
    entries: BTreeMap<String, Part<bool>>,
    blob: Vec<u8>,
    part: Part<Option<i64>>,
    unit: (),
}

#[event_schema::event(name = "enums")]
#[derive(Debug, PartialEq)]
struct Enums {
    kind: Kind,
    choice: Choice,
    maybe: Option<Choice>,
    choices: Vec<Choice>,
    inside: Inside,
    beside: Beside,
    any: Any,
}

#[event_schema::event(name = "odd")]
#[derive(Debug, PartialEq)]
struct Odd {
    pair: (i64, String),
    code: Code,
    even: Option<Even>,
    hooked: Option<Hooked>,
    strict: Option<Strict>,
    by_hand: Option<ByHand>,
    around: Around,
    empty: Empty,
}

/// Has nothing that its default could fill.
#[event_schema::event]
#[derive(Debug, Default, PartialEq)]
#[serde(default)]
struct Empty {}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Around {
    number: i64,
    #[serde(flatten)]
    flat: Flat,
}

fn seven() -> i64 {
    7
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(default)]
struct Settings {
    first: i64,
    second: String,
    #[serde(skip)]
    third: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { first: 1, second: "second".to_owned(), third: 3 }
    }
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tree {
    value: i32,
    left: Vec<Arc<Tree>>,
    more: Vec<Tree>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Kind {
    First,
    #[serde(rename = "2nd")]
    Second,
    #[event(avro(default))]
    Other,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Choice {
    Nothing,
    Number(i64),
    Settings(Settings),
    Pair(i64, String),
    Fields {
        #[validate(length(max = 2))]
        text: String,
        #[serde(default)]
        count: i32,
    },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(tag = "inside")]
enum Inside {
    Nothing,
    Settings(Settings),
    Fields { text: String },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(tag = "tag", content = "content")]
enum Beside {
    Nothing,
    Number(i64),
    Fields { text: String },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum Any {
    Number(i64),
    Text(String),
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Flat {
    flat_number: i64,
    flat_text: Option<String>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Code(#[validate(length(max = 4))] String);

#[event_schema::event]
#[derive(Clone, Debug, PartialEq)]
#[serde(try_from = "i64", into = "i64")]
struct Even(i64);

impl TryFrom<i64> for Even {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if number % 2 == 0 { Ok(Self(number)) } else { Err("odd") }
    }
}

impl From<Even> for i64 {
    fn from(even: Even) -> Self {
        even.0
    }
}

#[event_schema::event(post_load = lower)]
#[derive(Debug, PartialEq)]
struct Hooked {
    text: String,
}

fn lower(mut hooked: Hooked) -> Result<Hooked, Violation> {
    hooked.text.make_ascii_lowercase();
    if hooked.text.contains('0') { Err(Violation::new("zero")) } else { Ok(hooked) }
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = first_is_least))]
struct Strict {
    first: i32,
    second: i32,
}

fn first_is_least(strict: &Strict) -> Result<(), Violation> {
    if strict.first > strict.second { Err(Violation::new("order")) } else { Ok(()) }
}

/// Read by other names than its shape has.
#[derive(Debug, PartialEq, Serialize)]
struct ByHand {
    #[serde(rename = "first")]
    one: i32,
    #[serde(rename = "second")]
    two: i32,
}

impl FieldType for ByHand {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(Strict::read(input, cx, at)?.map(|strict| Self { one: strict.first, two: strict.second }))
    }

    fn shape() -> Shape {
        Strict::shape()
    }
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Part<T> {
    value: T,
    #[event(sensitive)]
    secret: Option<String>,
}

/// The schema with fields that are gone and fields of another type.
fn bent(schema: Value, rng: &mut Rng) -> Value {
    match schema {
        Value::Object(mut schema) => {
            if let Some(Value::Array(fields)) = schema.get_mut("fields") {
                fields.retain(|_| rng.u8(..40) > 0);
                for field in fields {
                    if rng.u8(..20) == 0 {
                        let name = format!("Bent{}", rng.u32(..));
                        field["type"] = json!({"type": "enum", "name": name, "symbols": ["Nothing", "First"]});
                    }
                }
            }
            schema.into_iter().map(|(key, value)| (key, bent(value, rng))).collect()
        }
        Value::Array(values) => values.into_iter().map(|value| bent(value, rng)).collect(),
        Value::String(name) if ["int", "long", "string", "boolean"].contains(&&*name) && rng.u8(..40) == 0 => {
            json!(rng.choice(["null", "int", "long", "double", "string", "bytes"]))
        }
        other => other,
    }
}

/// Writes a value of the schema.
fn write(schema: &Value, types: &Map<String, Value>, rng: &mut Rng, depth: usize, datum: &mut Vec<u8>) {
    fn text(text: &str, datum: &mut Vec<u8>) {
        datum.push(u8::try_from(2 * text.len()).unwrap());
        datum.extend(text.as_bytes());
    }
    let schema = schema.as_str().and_then(|name| types.get(name)).unwrap_or(schema);
    if let Some(branches) = schema.as_array() {
        let branch = rng.usize(..branches.len());
        datum.push(u8::try_from(2 * branch).unwrap());
        return write(&branches[branch], types, rng, depth + 1, datum);
    }
    match schema.as_str().or(schema["type"].as_str()).unwrap() {
        "null" => {}
        "boolean" => datum.push(rng.u8(..2)),
        "int" | "long" => datum.push(rng.u8(..128)),
        "float" => datum.extend(rng.f32().to_le_bytes()),
        "double" => datum.extend(rng.f64().to_le_bytes()),
        "string" if schema["logicalType"] == "uuid" => text(&Uuid::from_u128(rng.u128(..)).to_string(), datum),
        "string" | "bytes" => text(rng.choice(["", "A", "ä", "ä0", "abc", "Ab", "abcde"]).unwrap(), datum),
        "fixed" => datum.extend((0..schema["size"].as_u64().unwrap()).map(|_| rng.u8(..))),
        "enum" => datum.push(u8::try_from(2 * rng.usize(..schema["symbols"].as_array().unwrap().len())).unwrap()),
        "record" => {
            for field in schema["fields"].as_array().unwrap() {
                write(&field["type"], types, rng, depth + 1, datum);
            }
        }
        kind => {
            let length = if depth > 6 { 0 } else { rng.u8(..3) };
            if length > 0 {
                datum.push(2 * length);
                for _ in 0..length {
                    if kind == "map" {
                        text(rng.choice(["a", "b"]).unwrap(), datum);
                    }
                    write(&schema[if kind == "map" { "values" } else { "items" }], types, rng, depth + 1, datum);
                }
            }
            datum.push(0);
        }
    }
}

/// Whether both readers make the same of the datum, and what they make of it is an event.
fn agree<T>(writer: &Schema, datum: &[u8]) -> bool
where
    T: Debug + PartialEq + EventSchema,
    Tolerant<T>: EventSchema,
{
    agree_with::<T>(writer, datum, &LoadOptions::new().valid_data(true))
}

fn agree_with<T>(writer: &Schema, datum: &[u8], options: &LoadOptions<'_>) -> bool
where
    T: Debug + PartialEq + EventSchema,
    Tolerant<T>: EventSchema,
{
    let direct = DatumReader::<T>::new(writer).load_with(datum, options);
    let tolerant = DatumReader::<Tolerant<T>>::new(writer).load_with(datum, options);
    match (&direct, &tolerant) {
        (Ok(direct), Ok(tolerant)) => assert_eq!(*direct, tolerant.0),
        (Err(direct), Err(tolerant)) => {
            assert_eq!(direct.to_string(), tolerant.to_string());
            assert_eq!(direct.valid_data(), tolerant.valid_data());
        }
        _ => panic!("{direct:?}\n{tolerant:?}"),
    }
    direct.is_ok()
}

/// Lets both readers read the datum, parts of it and others like it; how often they found an event, and how often not.
fn agree_on_all_like<T>(writer: &Schema, datum: &[u8], rng: &mut Rng, found: &mut [usize; 2])
where
    T: Debug + PartialEq + EventSchema,
    Tolerant<T>: EventSchema,
{
    found[usize::from(agree::<T>(writer, datum))] += 1;
    agree::<T>(writer, &datum[..rng.usize(..=datum.len())]);
    for _ in 0..8 {
        let mut other = datum.to_vec();
        for _ in 0..=rng.usize(..2) {
            let Some(byte) = rng.choice(&mut other) else { return };
            *byte = rng.u8(..);
        }
        found[usize::from(agree::<T>(writer, &other))] += 1;
    }
}

/// Lets both readers read what writers of other versions may have written.
fn agree_on_all<T>()
where
    T: Debug + PartialEq + EventSchema,
    Tolerant<T>: EventSchema,
{
    let schema = avro_schema::<T>().unwrap();
    let mut found = [0; 2];
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let mut writer = older(&schema, &mut rng);
        if seed % 4 == 0 {
            writer = bent(writer, &mut rng);
        }
        let Ok(parsed) = Schema::parse(&writer.to_string()) else { continue };
        let (mut types, mut datum) = (Map::new(), Vec::new());
        names(&writer, &mut types);
        write(&writer, &types, &mut rng, 0, &mut datum);
        agree_on_all_like::<T>(&parsed, &datum, &mut rng, &mut found);
    }
    assert!(found.iter().all(|found| *found > 100), "{found:?}");
}

#[test]
fn a_datum_is_read_directly_as_by_the_tolerant_reader() {
    agree_on_all::<Plain>();
    agree_on_all::<Enums>();
    agree_on_all::<Odd>();

    let mut found = [0; 2];
    for seed in 0..200 {
        let (writer, datum) = drawn(seed);
        let schema = Schema::parse(&writer.to_string()).unwrap();
        agree_on_all_like::<Today>(&schema, &datum, &mut Rng::with_seed(seed), &mut found);
    }
    assert!(found.iter().all(|found| *found > 200), "{found:?}");
}

/// Two are the same by their numbers alone.
#[event_schema::event]
#[derive(Debug)]
struct Numbered {
    number: i64,
    #[validate(length(max = 4))]
    name: String,
}

impl PartialEq for Numbered {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Numbered {}

impl PartialOrd for Numbered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Numbered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

#[event_schema::event(name = "unique")]
#[derive(Debug, PartialEq)]
struct Unique {
    set: BTreeSet<Numbered>,
}

#[test]
fn an_element_that_a_set_has_already_is_checked() {
    let writer = Schema::of::<Unique>().unwrap();
    assert!(agree::<Unique>(&writer, b"\x04\x02\x02a\x02\x02b\x00"));
    assert!(!agree::<Unique>(&writer, b"\x04\x02\x02a\x02\x0clonger\x00"));
}

#[event_schema::event(name = "never-null")]
#[derive(Debug, PartialEq)]
struct NeverNull {
    #[event(not_null)]
    #[serde(skip_serializing)]
    maybe: Maybe,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Maybe(Option<String>);

#[test]
fn null_is_refused_where_it_would_not_be_written() {
    let writer =
        r#"{"type": "record", "name": "NeverNull", "fields": [{"name": "maybe", "type": ["null", "string"]}]}"#;
    let writer = Schema::parse(writer).unwrap();
    assert!(agree::<NeverNull>(&writer, b"\x02\x02a"));
    assert!(!agree::<NeverNull>(&writer, b"\x00"));
}

#[event_schema::event(name = "tags")]
#[derive(Debug, PartialEq)]
struct Tags {
    choice: Choice,
    inside: Inside,
    beside: Beside,
}

#[test]
fn levels_are_counted_as_by_the_tolerant_reader() {
    let schema = avro_schema::<Tags>().unwrap();
    let writer = Schema::parse(&schema.to_string()).unwrap();
    let mut types = Map::new();
    names(&schema, &mut types);
    let mut found = [0; 2];
    for seed in 0..300 {
        let mut datum = Vec::new();
        write(&schema, &types, &mut Rng::with_seed(seed), 0, &mut datum);
        for depth in 0..5 {
            let options = LoadOptions::new().max_depth(depth);
            found[usize::from(agree_with::<Tags>(&writer, &datum, &options))] += 1;
        }
    }
    assert!(found.iter().all(|found| *found > 100), "{found:?}");
}

#[event_schema::event(name = "beside-tag")]
#[derive(Debug, PartialEq)]
#[serde(tag = "tag")]
enum BesideTag {
    Pair(Pair),
    Any(AnyOrNothing),
    Wrapped(AnyWrapped),
    Tagged(Tagged),
    Settings(Settings),
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Pair(i64, String);

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum AnyOrNothing {
    Nothing,
    Fields {
        #[serde(default)]
        number: i64,
    },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct AnyWrapped(AnyOrNothing);

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tagged {
    #[serde(skip_serializing)]
    tag: String,
}

/// Both readers on what stands beside a tag: the fields of a record, in a datum.
fn agree_beside_tag(variant: &str, fields: &Value, datum: &[u8]) -> bool {
    let writer = json!({"type": "record", "name": format!("BesideTag_{variant}"), "fields": fields});
    agree::<BesideTag>(&Schema::parse(&writer.to_string()).unwrap(), datum)
}

#[test]
fn a_record_beside_a_tag_is_an_object() {
    assert!(agree_beside_tag("Settings", &json!([{"name": "first", "type": "long"}]), b"\x02"));
    let fields = json!([{"name": "_0", "type": "long"}, {"name": "_1", "type": "string"}]);
    assert!(!agree_beside_tag("Pair", &fields, b"\x02\x02a"));
}

#[test]
fn nothing_beside_a_tag_is_null() {
    assert!(agree_beside_tag("Any", &json!([]), b""));
}

#[test]
fn nothing_beside_a_tag_is_null_to_a_newtype() {
    assert!(agree_beside_tag("Wrapped", &json!([]), b""));
}

#[test]
fn a_tag_has_its_name_for_itself() {
    assert!(!agree_beside_tag("Tagged", &json!([{"name": "tag", "type": "string"}]), b"\x02a"));
}
