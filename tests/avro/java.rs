//! Apache Avro for Java reads our data, and we read Java's.
//!
//! Needs `EVENT_SCHEMA_TEST_AVRO`, a folder with the jars of `tests/avro/java/pom.xml`, and java.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::contract::avro_schema;
use event_schema::contract::compat::{self, Compatibility};
use event_schema::format::framing::SchemaId;
use event_schema::format::{Codec, Decoder, Encoder};
use event_schema::jiff::SignedDuration;
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{self, Value, json};

use crate::resolution;

#[event_schema::event(name = "zoo.visited", avro(namespace = "com.example"))]
#[derive(Debug, PartialEq)]
#[serde(rename_all = "kebab-case")]
struct Visited {
    #[serde(default)]
    flag: bool,
    #[serde(default)]
    small: i32,
    large: i64,
    single: f32,
    double: f64,
    text: String,
    #[event(avro(bytes))]
    blob: Vec<u8>,
    #[serde(alias = "remark")]
    note: Option<String>,
    missing: Option<i64>,
    visit_id: Uuid,
    #[event(avro(fixed))]
    #[serde(default)]
    fixed_id: Uuid,
    at: DateTime<Utc>,
    #[event(avro(millis))]
    #[serde(default)]
    until: DateTime<Utc>,
    #[event(avro(nanos))]
    #[serde(default)]
    local: NaiveDateTime,
    #[serde(default)]
    day: NaiveDate,
    #[serde(default)]
    time: NaiveTime,
    #[event(avro(millis))]
    #[serde(default)]
    clock: NaiveTime,
    #[event(avro(precision = 12, scale = 2))]
    price: Decimal,
    #[event(avro(duration))]
    duration: SignedDuration,
    way: Way,
    lines: Vec<Line>,
    #[serde(default)]
    by_name: BTreeMap<String, Line>,
    #[serde(default)]
    counts: BTreeMap<String, Vec<i64>>,
    tree: Option<Tree>,
    #[serde(default)]
    shape: Shape,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Way {
    #[serde(rename = "by-sea")]
    Sea,
    #[event(avro(default))]
    Unknown,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    count: i64,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tree {
    value: i32,
    children: Vec<Tree>,
}

#[event_schema::event]
#[derive(Debug, PartialEq, Default)]
enum Shape {
    #[default]
    None,
    Circle {
        radius: f64,
    },
}

/// What `Zoo.java` writes as samples 0 and 1.
fn samples() -> [Visited; 2] {
    let line = |sku: &str, count| Line { sku: sku.to_owned(), count };
    let leaf = || Tree { value: 2, children: Vec::new() };
    [
        Visited {
            flag: true,
            small: -7,
            large: i64::MAX,
            single: 0.5,
            double: -0.1,
            text: "Zoë 🐘".to_owned(),
            blob: vec![0, 255],
            note: Some("a note".to_owned()),
            missing: None,
            visit_id: "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap(),
            fixed_id: "00000000-4f89-11d3-9a0c-0305e82c33ff".parse().unwrap(),
            at: "1969-12-31T23:59:59.000001Z".parse().unwrap(),
            until: "2024-02-29T12:00:00.123Z".parse().unwrap(),
            local: "2024-02-29T23:59:59.123456789".parse().unwrap(),
            day: "0001-01-01".parse().unwrap(),
            time: "23:59:59.999999".parse().unwrap(),
            clock: "12:00:00.5".parse().unwrap(),
            price: "-1234567890.50".parse().unwrap(),
            duration: SignedDuration::from_millis(86_490_000),
            way: Way::Sea,
            lines: vec![line("A-1", 2), line("A-2", -2)],
            by_name: BTreeMap::from([("first".to_owned(), line("A-3", 0))]),
            counts: BTreeMap::from([("a".to_owned(), vec![]), ("b".to_owned(), vec![1, 2])]),
            tree: Some(Tree { value: 1, children: vec![leaf(), leaf()] }),
            shape: Shape::Circle { radius: 2.5 },
        },
        Visited {
            flag: false,
            small: i32::MIN,
            large: i64::MIN,
            single: f32::MAX,
            double: f64::from_bits(1),
            text: String::new(),
            blob: Vec::new(),
            note: None,
            missing: Some(5),
            visit_id: Uuid::nil(),
            fixed_id: Uuid::max(),
            at: DateTime::UNIX_EPOCH,
            until: DateTime::UNIX_EPOCH,
            local: "1970-01-01T00:00:00".parse().unwrap(),
            day: NaiveDate::default(),
            time: NaiveTime::MIN,
            clock: NaiveTime::MIN,
            price: Decimal::ZERO,
            duration: SignedDuration::ZERO,
            way: Way::Unknown,
            lines: Vec::new(),
            by_name: BTreeMap::new(),
            counts: BTreeMap::new(),
            tree: None,
            shape: Shape::None,
        },
    ]
}

/// What `Zoo.java` shows of the first sample.
const SHOWN: &[(&str, &str)] = &[
    ("flag", "Boolean true"),
    ("small", "Integer -7"),
    ("large", "Long 9223372036854775807"),
    ("single", "Float 0.5"),
    ("double", "Double -0.1"),
    ("text", "\"Zoë 🐘\""),
    ("blob", "bytes 00ff"),
    ("note", "\"a note\""),
    ("missing", "null"),
    ("visit_id", "UUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
    ("fixed_id", "UUID 00000000-4f89-11d3-9a0c-0305e82c33ff"),
    ("at", "Instant 1969-12-31T23:59:59.000001Z"),
    ("until", "Instant 2024-02-29T12:00:00.123Z"),
    ("local", "LocalDateTime 2024-02-29T23:59:59.123456789"),
    ("day", "LocalDate 0001-01-01"),
    ("time", "LocalTime 23:59:59.999999"),
    ("clock", "LocalTime 12:00:00.500"),
    ("price", "BigDecimal -1234567890.50"),
    ("duration", "Fixed 000000000000000090bb2705"),
    ("way", "Way.by_sea"),
    ("lines", "[Line{sku \"A-1\", count Long 2}, Line{sku \"A-2\", count Long -2}]"),
    ("by_name", "{first=Line{sku \"A-3\", count Long 0}}"),
    ("counts", "{a=[], b=[Long 1, Long 2]}"),
    (
        "tree",
        "Tree{value Integer 1, children [Tree{value Integer 2, children []}, Tree{value Integer 2, children []}]}",
    ),
    ("shape", "Shape_Circle{radius Double 2.5}"),
];

/// The schema of an earlier version, as Java writes its third sample.
fn earlier() -> Value {
    json!({"type": "record", "name": "Visit", "namespace": "com.example.old", "fields": [
        {"name": "way", "type": {"type": "enum", "name": "Way", "namespace": "com.example", "symbols": ["Rail", "by_sea"]}},
        {"name": "gone", "type": ["null", "string"]},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
        {"name": "large", "type": "int"},
        {"name": "single", "type": "float"},
        {"name": "double", "type": "int"},
        {"name": "text", "type": "bytes"},
        {"name": "blob", "type": "string"},
        {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
            {"name": "count", "type": "int"},
            {"name": "sku", "type": "string"},
        ]}}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "visit_id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "remark", "type": "string"},
        {"name": "duration", "type": {"type": "fixed", "name": "Span", "size": 12, "logicalType": "duration"}},
    ]})
}

/// The jars, if they are there.
fn jars(test: &str) -> Option<OsString> {
    let jars = env::var_os("EVENT_SCHEMA_TEST_AVRO").filter(|folder| !folder.is_empty());
    if jars.is_none() {
        eprintln!("skipped: {test}: EVENT_SCHEMA_TEST_AVRO names no folder with the jars of Apache Avro");
    }
    jars
}

/// The answers of `Zoo.java`.
fn java(jars: OsString, questions: &[Value]) -> Vec<Value> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/avro/java/Zoo.java");
    let mut classes = jars;
    classes.push("/*");
    let mut java = Command::new("java");
    // It runs for a second: no time for a good compiler, nor for many threads.
    java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]).arg(classes).arg(program);
    let mut child = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = questions.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let output = std::thread::scope(|scope| {
        // It ends at the end of its input, and may answer before.
        scope.spawn(move || input.write_all(lines.as_bytes()));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn framed(id: u32, datum: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], datum].concat()
}

#[test]
fn what_java_writes_is_loaded() {
    let Some(jars) = jars("what_java_writes_is_loaded") else { return };
    let (schema, earlier) = (avro_schema::<Visited>().unwrap(), earlier());
    let write = |schema: &Value, sample: usize| json!({"do": "write", "writer": schema.to_string(), "sample": sample});
    let answers = java(jars, &[write(&schema, 0), write(&schema, 1), write(&earlier, 2)]);
    let [first, second] = samples();
    let third = Visited {
        way: Way::Unknown,
        price: "12.34".parse().unwrap(),
        large: 7,
        single: 1.5,
        double: 3.0,
        text: "text".to_owned(),
        blob: b"blob".to_vec(),
        lines: vec![Line { sku: "A-1".to_owned(), count: 3 }],
        at: "2024-02-29T12:00:00.123456Z".parse().unwrap(),
        visit_id: "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap(),
        note: Some("before".to_owned()),
        missing: None,
        duration: SignedDuration::from_secs(90),
        ..samples().into_iter().nth(1).map(|visited| Visited { small: 0, fixed_id: Uuid::nil(), ..visited }).unwrap()
    };
    let writers = [&schema, &schema, &earlier].map(|schema| Schema::parse(&schema.to_string()).unwrap());
    for ((answer, expected), writer) in answers.iter().zip([first, second, third]).zip(writers) {
        let datum = bytes(&answer["datum"]);
        assert_eq!(DatumReader::<Visited>::new(&writer).load(&datum).unwrap(), expected);

        let fingerprint = SchemaId::Fingerprint(writer.fingerprint());
        let single = Codec::single_object().with_schema(fingerprint, writer.clone());
        let decoder = Decoder::<Visited>::new(&single).unwrap();
        assert_eq!(decoder.load(&bytes(&answer["single"])).unwrap(), expected);

        let confluent = Codec::confluent_avro().with_schema(SchemaId::Number(7), writer);
        let decoder = Decoder::<Visited>::new(&confluent).unwrap();
        assert_eq!(decoder.load(&framed(7, &datum)).unwrap(), expected);
    }
}

#[test]
fn java_reads_what_is_dumped() {
    let Some(jars) = jars("java_reads_what_is_dumped") else { return };
    let schema = Schema::of::<Visited>().unwrap();
    let text = avro_schema::<Visited>().unwrap().to_string();
    let confluent = Codec::confluent_avro().with_event::<Visited>(SchemaId::Number(7)).unwrap();
    let show =
        |framing: &str, bytes: &[u8]| json!({"do": "show", "writer": text, "framing": framing, "bytes": hex(bytes)});
    let mut questions = Vec::new();
    for visited in &samples() {
        questions.push(show("datum", &DatumWriter::new(&schema).unwrap().dump(visited).unwrap()));
        questions.push(show("single", &Encoder::new(&Codec::single_object()).unwrap().dump(visited).unwrap()));
        questions.push(show("confluent", &Encoder::new(&confluent).unwrap().dump(visited).unwrap()));
    }
    // Java reads its own sample as well.
    questions.push(json!({"do": "write", "writer": text, "sample": 1}));
    let mut answers = java(jars, &questions);
    let own = bytes(&answers.pop().unwrap()["datum"]);
    for (answer, framing) in answers.iter_mut().zip(["datum", "single", "confluent"].iter().cycle()) {
        let id = answer.as_object_mut().unwrap().remove("id");
        assert_eq!(id, (*framing == "confluent").then(|| json!(7)));
    }
    let expected: Value = SHOWN.iter().map(|(field, value)| ((*field).to_owned(), json!(value))).collect();
    assert_eq!(answers[..3], [expected.clone(), expected.clone(), expected]);
    assert!(answers[3..].iter().all(|answer| answer == &answers[3]));
    assert_eq!(answers[3]["tree"], "null");
    assert_eq!(DatumWriter::new(&schema).unwrap().dump(&samples()[1]).unwrap(), own);
}

/// A renamed event is read with the alias, and refused without.
#[test]
fn java_reads_a_renamed_event_by_its_alias() {
    #[event_schema::event(name = "order.created", avro(namespace = "com.example", alias = "OrderPlaced"))]
    struct OrderCreated {
        status: Status,
        payment: Payment,
    }
    #[event_schema::event(avro(alias = "State"))]
    enum Status {
        Open,
    }
    #[event_schema::event(avro(alias = "Means"))]
    enum Payment {
        Card { number: i64 },
        Cash { cents: i64 },
    }
    let reader = avro_schema::<OrderCreated>().unwrap();
    let mut writer = reader.to_string();
    for (new, old) in [("OrderCreated", "OrderPlaced"), ("\"Status\"", "\"State\""), ("\"Payment_", "\"Means_")] {
        writer = writer.replace(new, old);
    }
    let writer = without_aliases(&serde_json::from_str(&writer).unwrap());
    let check = |reader: &Value, mode| compat::avro::check(&writer, reader, mode).unwrap();
    assert!(check(&reader, Compatibility::Backward).is_compatible());
    let report = check(&without_aliases(&reader), Compatibility::Backward);
    let rules: Vec<&str> = report.findings().iter().map(|finding| finding.rule().id()).collect();
    assert!(rules.contains(&"NAME_MISMATCH"), "{report}");
    assert!(report.to_string().contains("#[event(avro(alias = \"...\"))]"), "{report}");
    // Aliases are the reader's: one that has the earlier schema knows no later names.
    assert!(!check(&reader, Compatibility::Forward).is_compatible());

    let Some(jars) = jars("java_reads_a_renamed_event_by_its_alias") else { return };
    // In the union of two records, the name counts.
    let datum = [0, 2, 14];
    let resolve = |reader: &Value| json!({"do": "resolve", "writer": writer.to_string(), "reader": reader.to_string(), "bytes": hex(&datum)});
    let with = java(jars.clone(), &[resolve(&reader)]);
    assert_eq!(bytes(&with[0]["datum"]), datum);
    let without = std::panic::catch_unwind(|| java(jars, &[resolve(&without_aliases(&reader))]));
    assert!(without.is_err(), "{without:?}");
}

fn without_aliases(schema: &Value) -> Value {
    match schema {
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(name, _)| *name != "aliases");
            kept.map(|(name, value)| (name.clone(), without_aliases(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_aliases).collect(),
        other => other.clone(),
    }
}

/// Schemas and data that neither side has chosen.
#[test]
fn java_resolves_older_schemas_alike() {
    let Some(jars) = jars("java_resolves_older_schemas_alike") else { return };
    let reader = avro_schema::<resolution::Today>().unwrap();
    let drawn: Vec<(Value, Vec<u8>)> = (0..500).map(resolution::drawn).collect();
    let resolve = |(writer, datum): &(Value, Vec<u8>)| json!({"do": "resolve", "writer": writer.to_string(), "reader": reader.to_string(), "bytes": hex(datum)});
    let answers = java(jars, &drawn.iter().map(resolve).collect::<Vec<_>>());
    let today = DatumReader::<resolution::Today>::new(&Schema::of::<resolution::Today>().unwrap());
    for ((writer, datum), answer) in drawn.iter().zip(answers) {
        let ours = DatumReader::<resolution::Today>::new(&Schema::parse(&writer.to_string()).unwrap()).load(datum);
        assert_eq!(ours.unwrap(), today.load(&bytes(&answer["datum"])).unwrap(), "{writer}");
    }
}
