//! What must hold of any bytes that are loaded as an Avro datum.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use event_schema::EventSchema;
use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, NaiveDate, Utc};
use event_schema::uuid::Uuid;

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Order {
    id: Uuid,
    #[validate(length(max = 4))]
    lines: Vec<Line>,
    placed_at: DateTime<Utc>,
    day: Option<NaiveDate>,
    #[serde(default)]
    tags: BTreeMap<String, i64>,
    way: Way,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    #[validate(range(min = 1))]
    quantity: u32,
    price: f64,
    weight: f32,
    is_gift: bool,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Way {
    Pickup,
    Post { zip: String, express: bool },
    Drone(i8),
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tree {
    value: i64,
    children: Vec<Tree>,
    next: Option<Box<Tree>>,
    leaves: BTreeMap<String, Vec<Option<bool>>>,
}

/// Takes nothing, so that all of a datum is skipped.
#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Nothing {}

/// What orders and trees were before: other names, orders, sizes and fields that are no longer there.
const EARLIER_LINE: &str = r#"{"type": "record", "name": "Line", "fields": [
    {"name": "gone", "type": {"type": "map", "values": ["null", {"type": "array", "items": "bytes"}]}},
    {"name": "is_gift", "type": "boolean"},
    {"name": "weight", "type": "float"},
    {"name": "price", "type": "int"},
    {"name": "fixed", "type": {"type": "fixed", "name": "Four", "size": 4}},
    {"name": "quantity", "type": "long"},
    {"name": "sku", "type": "bytes"}
]}"#;
const EARLIER_TREE: &str = r#"{"type": "record", "name": "Tree", "fields": [
    {"name": "next", "type": ["Tree", "null"]},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    {"name": "children", "type": {"type": "array", "items": ["null", "Tree"]}},
    {"name": "nulls", "type": {"type": "array", "items": "null"}},
    {"name": "leaves", "type": {"type": "map", "values": {"type": "array", "items": ["boolean", "null"]}}},
    {"name": "value", "type": ["int", "long"]}
]}"#;

struct Of<E> {
    reader: DatumReader<E>,
    /// The reader of the same data that skips all of it.
    skipping: DatumReader<Nothing>,
    /// Reads and writes today's schema.
    own: DatumReader<E>,
    writer: DatumWriter<E>,
}

impl<E: EventSchema> Of<E> {
    fn new(writers: &Schema) -> Self {
        let own = Schema::of::<E>().expect("it has a schema");
        Self {
            reader: DatumReader::new(writers),
            skipping: DatumReader::new(writers),
            own: DatumReader::new(&own),
            writer: DatumWriter::new(&own).expect("its own schema"),
        }
    }

    fn today() -> Self {
        Self::new(&Schema::of::<E>().expect("it has a schema"))
    }

    fn earlier(text: &str) -> Self {
        Self::new(&Schema::parse(text).expect("a schema"))
    }
}

/// Loads what follows the first byte with the reader that this byte chooses. What was made of it, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    static ORDER: LazyLock<Of<Order>> = LazyLock::new(Of::today);
    static TREE: LazyLock<Of<Tree>> = LazyLock::new(Of::today);
    static LINE: LazyLock<Of<Line>> = LazyLock::new(|| Of::earlier(EARLIER_LINE));
    static EARLIER: LazyLock<Of<Tree>> = LazyLock::new(|| Of::earlier(EARLIER_TREE));
    let Some((choice, datum)) = input.split_first() else { return 0 };
    let told = match choice % 4 {
        0 => loaded(&ORDER, datum),
        1 => loaded(&TREE, datum),
        2 => loaded(&LINE, datum),
        _ => loaded(&EARLIER, datum),
    };
    let mut hasher = DefaultHasher::new();
    (choice % 4, told).hash(&mut hasher);
    hasher.finish()
}

/// Inputs with something of everything.
#[allow(dead_code, reason = "the smoke test begins with them")]
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    fn input<E: EventSchema>(choice: u8, event: &E) -> Vec<u8> {
        [&[choice], &*Of::<E>::today().writer.dump(event).expect("it is valid")].concat()
    }
    let line = |sku: &str| Line { sku: sku.to_owned(), quantity: 2, price: 1.5, weight: 0.25, is_gift: true };
    let order = |way, lines| Order {
        id: Uuid::from_u128(7),
        lines,
        placed_at: DateTime::UNIX_EPOCH,
        day: NaiveDate::from_ymd_opt(2026, 2, 28),
        tags: [("k".to_owned(), -1), ("ä".to_owned(), i64::MAX)].into(),
        way,
    };
    let leaf = |value| Tree { value, children: Vec::new(), next: None, leaves: BTreeMap::new() };
    let tree = Tree {
        value: -9,
        children: vec![leaf(1), leaf(300)],
        next: Some(Box::new(leaf(0))),
        leaves: [("b".to_owned(), vec![Some(true), None])].into(),
    };
    vec![
        input(0, &order(Way::Pickup, vec![line("x-1")])),
        input(0, &order(Way::Post { zip: "10115".to_owned(), express: false }, Vec::new())),
        input(0, &order(Way::Drone(-3), vec![line(""), line("ä")])),
        input(1, &tree),
        b"\x02\x02\x02k\x02\x02\x04ab\0\0\x01\0\0\xC0\x3F\x04abcd\x04\x06x-1".to_vec(),
        b"\x03\0\x02\0\0\0\0\0\x0E\x02\x02\x02\x02\0\0\0\0\x02\x0E\0\x06\0\x02\x02b\x02\0\x01\0\0\0\x0E".to_vec(),
    ]
}

fn loaded<E: EventSchema + Debug + PartialEq>(of: &Of<E>, datum: &[u8]) -> String {
    let skipped = of.skipping.load(datum);
    match of.reader.load(datum) {
        Ok(event) => {
            assert!(skipped.is_ok(), "read, but not skipped: {skipped:?}");
            let written = of.writer.dump(&event).expect("what was loaded is valid");
            let again = of.own.load(&written).expect("it was written");
            assert_eq!(again, event);
            assert_eq!(of.writer.dump(&again).expect("as before"), written);
            format!("{}", written.len().ilog2())
        }
        Err(error) => {
            let kinds = [error.is_syntax(), error.is_invalid(), error.is_too_deep()];
            assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{error:?}");
            assert!(!error.is_invalid() || skipped.is_ok(), "invalid, but not skipped: {skipped:?}");
            if let Some(violations) = error.violations() {
                assert!(!violations.is_empty() && violations.len() <= 1000 && violations.to_messages().is_object());
            }
            let text = error.to_string();
            assert!(error.is_invalid() || text.len() < 300, "it quotes what it was given: {text}");
            text.replace(|c: char| c.is_ascii_digit(), "").chars().take(200).collect()
        }
    }
}
