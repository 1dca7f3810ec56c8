//! Apache Avro's own implementation reads what is written here, writes what is read here, and resolves schemas to the
//! same values.

use std::collections::BTreeMap;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, Utc};
use event_schema::contract::avro_schema;
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{Map, Value, json};
use proptest::prelude::*;
use proptest::{collection, option};

#[event_schema::event(name = "order")]
#[derive(Debug, PartialEq)]
struct Order {
    id: i64,
    name: String,
    ratio: f32,
    lines: Vec<Line>,
    tags: BTreeMap<String, Option<bool>>,
    pay: Option<Pay>,
    way: Way,
    #[event(avro(bytes))]
    blob: Vec<u8>,
    removed: Vec<Option<String>>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    count: i32,
    price: f64,
}

#[event_schema::event]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pay {
    Card { number: String, holder: Option<String> },
    Split(i32, i64),
    // The last: apache-avro takes the first record that fits, whatever its name, and one without fields fits all.
    Cash,
}

#[event_schema::event]
#[derive(Clone, Debug, PartialEq)]
enum Way {
    Sea,
    Air,
    Road,
}

/// A later version of [`Order`]: fields added with defaults, removed, reordered and promoted.
mod later {
    use std::collections::BTreeMap;

    #[event_schema::event(name = "order")]
    #[derive(Debug, PartialEq)]
    pub(crate) struct Order {
        pub(crate) ratio: f64,
        pub(crate) lines: Vec<Line>,
        #[serde(default = "seven")]
        pub(crate) added: i64,
        pub(crate) way: Option<Way>,
        pub(crate) name: String,
        pub(crate) pay: Option<super::Pay>,
        pub(crate) tags: BTreeMap<String, Option<bool>>,
        pub(crate) note: Option<String>,
        pub(crate) id: f64,
        #[event(avro(bytes))]
        pub(crate) blob: Vec<u8>,
    }

    fn seven() -> i64 {
        7
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    pub(crate) struct Line {
        #[serde(default)]
        pub(crate) unit: String,
        pub(crate) price: f64,
        pub(crate) count: i64,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    pub(crate) enum Way {
        Air,
        #[event(avro(default))]
        Unknown,
        Sea,
    }
}

fn order() -> impl Strategy<Value = Order> {
    let line = (".{0,4}", any::<i32>(), -1e300..1e300).prop_map(|(sku, count, price)| Line { sku, count, price });
    let pay = prop_oneof![
        Just(Pay::Cash),
        (".{0,4}", option::of(".{0,4}")).prop_map(|(number, holder)| Pay::Card { number, holder }),
        any::<(i32, i64)>().prop_map(|(a, b)| Pay::Split(a, b)),
    ];
    let way = prop_oneof![Just(Way::Sea), Just(Way::Air), Just(Way::Road)];
    (
        any::<i64>(),
        ".{0,8}",
        -1e30_f32..1e30,
        collection::vec(line, 0..4),
        collection::btree_map(".{0,3}", option::of(any::<bool>()), 0..2),
        option::of(pay),
        way,
        collection::vec(any::<u8>(), 0..4),
        collection::vec(option::of(".{0,2}"), 0..3),
    )
        .prop_map(|(id, name, ratio, lines, tags, pay, way, blob, removed)| Order {
            id,
            name,
            ratio,
            lines,
            tags,
            pay,
            way,
            blob,
            removed,
        })
}

fn parsed<E: EventSchema>() -> apache_avro::Schema {
    apache_avro::Schema::parse(&avro_schema::<E>().unwrap()).unwrap()
}

/// What apache-avro reads of a datum of the schema.
fn read(writer: &apache_avro::Schema, datum: &[u8]) -> Avro {
    GenericDatumReader::builder(writer).build().unwrap().read_value(&mut &*datum).unwrap()
}

/// The JSON of what apache-avro read; the branch of a variant is its record's name.
fn to_json(value: &Avro, schema: &Value, names: &Map<String, Value>) -> Value {
    let schema = schema.as_str().and_then(|name| names.get(name)).unwrap_or(schema);
    match value {
        Avro::Null => Value::Null,
        Avro::Boolean(value) => json!(value),
        Avro::Int(value) => json!(value),
        Avro::Long(value) => json!(value),
        Avro::Float(value) => json!(value),
        Avro::Double(value) => json!(value),
        Avro::Bytes(value) => json!(value),
        Avro::String(value) => json!(value),
        Avro::Enum(_, symbol) => json!(symbol),
        Avro::Array(items) => items.iter().map(|item| to_json(item, &schema["items"], names)).collect(),
        Avro::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), to_json(value, &schema["values"], names)));
            Value::Object(entries.collect())
        }
        Avro::Union(branch, value) => {
            let branch = &schema[*branch as usize];
            let data = to_json(value, branch, names);
            let record = branch.as_str().and_then(|name| names.get(name)).unwrap_or(branch);
            match record["altnames"]["json"].as_str() {
                Some(variant) if data == json!({}) => json!(variant),
                Some(variant) => match data.get("_0") {
                    Some(_) => json!({variant: data.as_object().unwrap().values().collect::<Vec<_>>()}),
                    None => json!({variant: data}),
                },
                None => data,
            }
        }
        Avro::Record(fields) => {
            let types = schema["fields"].as_array().unwrap();
            let fields = fields.iter().map(|(name, value)| {
                let field = types.iter().find(|field| field["name"] == *name).unwrap();
                (name.clone(), to_json(value, &field["type"], names))
            });
            Value::Object(fields.collect())
        }
        Avro::Uuid(value) => json!(value),
        Avro::Date(days) => json!(moment(*days, 86_400_000_000).date_naive()),
        Avro::TimeMillis(value) => json!(moment(*value, 1000).time()),
        Avro::TimeMicros(value) => json!(moment(*value, 1).time()),
        Avro::TimestampMicros(value) => json!(moment(*value, 1)),
        Avro::LocalTimestampMillis(value) => json!(moment(*value, 1000).naive_utc()),
        Avro::Decimal(value) => {
            let bytes = Vec::try_from(value).unwrap();
            let fill = if bytes[0] >= 0x80 { 0xFF } else { 0 };
            let mut number = [fill; 16];
            number[16 - bytes.len()..].copy_from_slice(&bytes);
            let scale = u32::try_from(schema["scale"].as_u64().unwrap()).unwrap();
            json!(Decimal::from_i128_with_scale(i128::from_be_bytes(number), scale))
        }
        other => panic!("{other:?}"),
    }
}

/// So many units of so many microseconds after 1970.
fn moment(number: impl Into<i64>, unit: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(number.into() * unit).unwrap()
}

/// The named types of a schema.
pub(crate) fn names(schema: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(object) => {
            if let (Some(name), true) = (schema["name"].as_str(), schema.get("type").is_some()) {
                found.insert(name.to_owned(), schema.clone());
            }
            object.values().for_each(|part| names(part, found));
        }
        Value::Array(list) => list.iter().for_each(|part| names(part, found)),
        _ => {}
    }
}

pub(crate) fn json_of<E: EventSchema>(value: &Avro) -> Value {
    let schema = avro_schema::<E>().unwrap();
    let mut found = Map::new();
    names(&schema, &mut found);
    to_json(value, &schema, &found)
}

/// As JSON, in which a float is the number that it is.
pub(crate) fn plain<E: EventSchema>(event: &E) -> Value {
    event_schema::serde_json::to_value(event).unwrap()
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, ..ProptestConfig::default() }
}

#[test]
fn apache_avro_reads_and_writes_the_same_bytes() {
    let (schema, parsed) = (Schema::of::<Order>().unwrap(), parsed::<Order>());
    let (ours, reader) = (DatumWriter::<Order>::new(&schema).unwrap(), DatumReader::<Order>::new(&schema));
    let writer = GenericDatumWriter::builder(&parsed).build().unwrap();
    proptest!(cases(256), |(order in order())| {
        let datum = ours.dump(&order).unwrap();
        let read = read(&parsed, &datum);
        prop_assert_eq!(json_of::<Order>(&read), plain(&order));
        let written = writer.write_value_to_vec(read).unwrap();
        prop_assert_eq!(&written, &datum);
        prop_assert_eq!(reader.load(&written).unwrap(), order);
    });
}

#[test]
fn apache_avro_resolves_to_the_same_values() {
    let schema = Schema::of::<Order>().unwrap();
    let (writer, reader) = (DatumWriter::<Order>::new(&schema).unwrap(), DatumReader::<later::Order>::new(&schema));
    let (before, after) = (parsed::<Order>(), parsed::<later::Order>());
    let resolving = GenericDatumReader::builder(&before).reader_schema(&after).build().unwrap();
    proptest!(cases(256), |(order in order())| {
        let datum = writer.dump(&order).unwrap();
        let resolved = resolving.read_value(&mut &*datum).unwrap();
        let loaded = reader.load(&datum).unwrap();
        prop_assert_eq!(plain(&loaded), json_of::<later::Order>(&resolved));
        prop_assert_eq!((loaded.added, loaded.note), (7, None));
    });
}

#[test]
fn no_bytes_do_harm() {
    let (schema, parsed) = (Schema::of::<Order>().unwrap(), parsed::<Order>());
    let (writer, reader) = (DatumWriter::<Order>::new(&schema).unwrap(), DatumReader::<Order>::new(&schema));
    let bytes = collection::vec(prop_oneof![Just(0_u8), Just(2), any::<u8>()], 0..64);
    proptest!(cases(256), |(bytes in bytes, order in order(), at in any::<prop::sample::Index>(), byte: u8)| {
        drop(reader.load(&bytes));
        let mut datum = writer.dump(&order).unwrap();
        let at = at.index(datum.len());
        datum[at] = byte;
        // What is read of it, apache-avro reads too.
        if let Ok(loaded) = reader.load(&datum) {
            let other = read(&parsed, &datum);
            prop_assert_eq!(json_of::<Order>(&other), plain(&loaded));
        }
    });
}
