//! Bytes that nobody should have written.

use std::collections::BTreeMap;

use event_schema::avro::{DatumReader, Schema};
use event_schema::prelude::*;
use event_schema::serde_json::{Value, json};

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Held {
    list: Vec<i64>,
    map: BTreeMap<String, bool>,
    text: String,
    tree: Option<Box<Tree>>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Tree {
    inner: Option<Box<Tree>>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Nothing {}

fn reader<E: EventSchema>(schema: &Value) -> DatumReader<E> {
    DatumReader::new(&Schema::parse(&schema.to_string()).unwrap())
}

#[test]
fn no_part_of_a_datum_is_one_and_nothing_may_follow() {
    let schema = Schema::of::<Held>().unwrap();
    let datum = b"\x04\x02\x04\0\x02\x02k\x01\0\x06\xC3\xA4x\x02\x02\0";
    for reader in [
        DatumReader::<Held>::new(&schema).load(datum).map(drop),
        DatumReader::<Nothing>::new(&schema).load(datum).map(drop),
    ] {
        reader.unwrap();
    }
    for length in 0..datum.len() {
        let error = DatumReader::<Held>::new(&schema).load(&datum[..length]).unwrap_err();
        assert!(error.is_truncated() && error.is_syntax(), "{length}: {error}");
        assert_eq!(error.to_problem()["status"], 400);
        // Also where all of it is skipped.
        let error = DatumReader::<Nothing>::new(&schema).load(&datum[..length]).unwrap_err();
        assert!(error.is_truncated(), "{length}: {error}");
    }
    let error = DatumReader::<Held>::new(&schema).load(&[datum, b"\0".as_slice()].concat()).unwrap_err();
    assert_eq!(error.to_string(), "not a valid Avro datum: more bytes than the schema describes at byte 16");
    assert!(!error.is_truncated());
}

#[test]
fn lengths_beyond_the_end_allocate_nothing() {
    let long = b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
    let least = b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
    for kind in [
        json!("string"),
        json!("bytes"),
        json!({"type": "array", "items": "long"}),
        json!({"type": "map", "values": "long"}),
    ] {
        for datum in [&long[..], &least[..], b"\xFE\xFF\xFF\xFF\x0F", b"\x04\x02"] {
            let schema = json!({"type": "record", "name": "R", "fields": [{"name": "text", "type": kind}]});
            let error = reader::<Nothing>(&schema).load(datum).unwrap_err();
            assert!(error.is_syntax(), "{kind}: {error}");
            let error = reader::<Held>(&schema).load(datum).unwrap_err();
            assert!(error.is_syntax(), "{kind}: {error}");
        }
    }
}

#[test]
fn the_size_of_a_block_is_that_of_its_values() {
    let reader = DatumReader::<Held>::new(&Schema::of::<Held>().unwrap());
    let held = reader.load(b"\x03\x04\x02\x04\0\x01\x06\x02k\x01\0\0\0").unwrap();
    assert_eq!((held.list, held.map), (vec![1, 2], [("k".to_owned(), true)].into()));
    // A reader that skips such a block ends up elsewhere.
    for (datum, at) in
        [(&b"\x03\x02\x02\x04\0\0\0\0"[..], 4), (b"\x03\x06\x02\x04\0\0\0\0", 4), (b"\0\x01\x04\x02k\x01\0\0\0", 6)]
    {
        let error = reader.load(datum).unwrap_err();
        let expected = format!("values that do not end where their block does at byte {at}");
        assert_eq!(error.to_string(), format!("not a valid Avro datum: {expected}"));
    }
}

#[test]
fn values_without_bytes_are_counted() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Lists {
        list: Vec<Nothing>,
    }
    let empty = json!({"type": "record", "name": "Nothing", "fields": [{"name": "n", "type": "null"}]});
    for items in [json!("null"), empty, json!({"type": "fixed", "name": "F", "size": 0})] {
        let list = json!({"type": "array", "items": items});
        let schema = json!({"type": "record", "name": "R", "fields": [{"name": "list", "type": list}]});
        for datum in [b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\0".as_slice(), b"\x80\x80\x80\x80\x10\0"] {
            for error in
                [reader::<Lists>(&schema).load(datum).map(drop), reader::<Nothing>(&schema).load(datum).map(drop)]
            {
                let error = error.unwrap_err().to_string();
                assert!(error.contains("too many values without content"), "{error}");
            }
        }
    }
    let schema = Schema::of::<Lists>().unwrap();
    assert_eq!(DatumReader::<Lists>::new(&schema).load(b"\xA0\x8D\x06\0").unwrap().list.len(), 50_000);
}

#[test]
fn a_schema_of_few_records_has_no_end_of_values() {
    // Each record has two of the next: sixteen million nulls.
    let last = json!({"type": "record", "name": "R24", "fields": [{"name": "a", "type": "null"}]});
    let schema = (0..24).rev().fold(last, |inner, level| {
        let next = format!("R{}", level + 1);
        let fields = json!([{"name": "a", "type": inner}, {"name": "b", "type": next}]);
        json!({"type": "record", "name": format!("R{level}"), "fields": fields})
    });
    let schema = json!({"type": "record", "name": "R", "fields": [{"name": "skipped", "type": schema}]});
    for error in [reader::<Nothing>(&schema).load(b"").map(drop), reader::<Kept>(&schema).load(b"").map(drop)] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("too many values without content"), "{error}");
    }
}

#[event_schema::event]
#[derive(Debug)]
struct Kept {
    skipped: Box<event_schema::serde_json::value::RawValue>,
}

#[test]
fn depth_is_limited() {
    let schema = Schema::of::<Tree>().unwrap();
    let load = |levels: usize| DatumReader::<Tree>::new(&schema).load(&[vec![2; levels - 1], vec![0]].concat());
    assert!(load(128).is_ok());
    assert!(load(129).unwrap_err().is_too_deep());
    assert!(load(1_000_000).unwrap_err().is_too_deep());
    let options = LoadOptions::new().max_depth(2);
    assert!(DatumReader::<Tree>::new(&schema).load_with(b"\x02\x02\0", &options).unwrap_err().is_too_deep());

    let schema = json!({"type": "record", "name": "R", "fields": [{"name": "skipped", "type": schema_of_tree()}]});
    let skip = |levels: usize| reader::<Nothing>(&schema).load(&[vec![2; levels - 1], vec![0]].concat());
    assert!(skip(200).is_ok());
    assert!(skip(1_000_000).unwrap_err().to_string().contains("nested too deep"));

    // Kept as text of JSON.
    let kept = |levels: usize| reader::<Kept>(&schema).load(&[vec![2; levels - 1], vec![0]].concat());
    assert_eq!(kept(2).unwrap().skipped.get(), r#"{"inner":{"inner":null}}"#);
    assert!(kept(100).is_ok());
    assert!(kept(1_000_000).unwrap_err().is_too_deep());

    // A record that needs no bytes to hold itself.
    let endless = json!({"type": "record", "name": "Tree", "fields": [{"name": "inner", "type": "Tree"}]});
    assert!(reader::<Tree>(&endless).load(b"").unwrap_err().is_too_deep());
    assert!(reader::<Nothing>(&endless).load(b"").unwrap_err().is_syntax());
}

fn schema_of_tree() -> Value {
    json!({"type": "record", "name": "Tree", "fields": [{"name": "inner", "type": ["null", "Tree"]}]})
}

#[test]
fn numbers_have_their_width() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Number(i64);
    let load =
        |schema: &str, datum: &[u8]| reader::<Number>(&json!(schema)).load(datum).map_err(|error| error.to_string());
    assert_eq!(
        load("int", b"\x80\x80\x80\x80\x10").unwrap_err(),
        "not a valid Avro datum: an int of more than 32 bits at byte 0"
    );
    assert_eq!(
        load("long", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02").unwrap_err(),
        "not a valid Avro datum: a number of more than 64 bits at byte 0"
    );
    assert_eq!(
        load("long", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").unwrap_err(),
        "not a valid Avro datum: a number of more than 64 bits at byte 0"
    );
    assert_eq!(load("long", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").unwrap().0, i64::MIN);
    // More bytes than the number needs, which some writers pad with.
    assert_eq!(load("long", b"\x82\x80\x00").unwrap().0, 1);
    assert_eq!(
        load("boolean", b"\x02").unwrap_err(),
        "not a valid Avro datum: a boolean that is neither 0 nor 1 at byte 0"
    );
}

#[test]
fn sizes_of_a_schema_are_only_compared() {
    let huge = json!({"type": "fixed", "name": "Huge", "size": 9_223_372_036_854_775_807_u64});
    let twice = json!({"type": "record", "name": "Twice", "fields": [
        {"name": "a", "type": huge}, {"name": "b", "type": "Huge"}, {"name": "c", "type": "Huge"},
    ]});
    for kind in [json!({"type": "map", "values": twice}), json!({"type": "array", "items": twice})] {
        let schema = json!({"type": "record", "name": "R", "fields": [{"name": "list", "type": kind}]});
        assert!(reader::<Nothing>(&schema).load(b"\x02\x02k").unwrap_err().is_truncated());
        assert!(reader::<Nothing>(&schema).load(b"\0").is_ok());
    }
}

#[test]
fn a_decimal_has_all_its_digits_or_is_none() {
    let kept = |scale: u32| {
        let kind = json!({"type": "bytes", "logicalType": "decimal", "precision": scale, "scale": scale});
        let schema = json!({"type": "record", "name": "R", "fields": [{"name": "skipped", "type": kind}]});
        reader::<Kept>(&schema).load(b"\x02\x05").unwrap().skipped.get().to_owned()
    };
    assert_eq!(kept(2), "\"0.05\"");
    assert_eq!(kept(70), format!("\"0.{}5\"", "0".repeat(69)));
    assert_eq!(kept(2_000_000_000), "\"\"");
}

/// A reader that stops early leaves the rest to the source.
#[test]
fn what_a_reader_leaves_is_passed_over() {
    use std::fmt;

    use event_schema::contract::Shape;
    use event_schema::load::{At, Context, FieldType};
    use event_schema::serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

    /// The first element of a list, or the first key of a map.
    #[derive(Debug, PartialEq, Serialize)]
    struct First(String);

    impl<'de> Visitor<'de> for First {
        type Value = Self;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list or a map")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
            Ok(First(seq.next_element()?.unwrap_or_default()))
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
            Ok(First(map.next_key()?.unwrap_or_default()))
        }
    }

    impl FieldType for First {
        fn read<'de, D: Deserializer<'de>>(
            input: D,
            _: &mut Context<'_>,
            _: &At<'_>,
        ) -> Result<Option<Self>, D::Error> {
            input.deserialize_any(First(String::new())).map(Some)
        }
        fn shape() -> Shape {
            Shape::text()
        }
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Firsts {
        first: First,
        after: i64,
    }
    for (kind, values) in [
        (json!({"type": "array", "items": "string"}), b"\x04\x02a\x02b\x02\x02c\0".as_slice()),
        (json!({"type": "array", "items": "string"}), b"\x03\x08\x02a\x02b\x01\x04\x02c\0"),
        (json!({"type": "map", "values": "long"}), b"\x04\x02a\x08\x02b\x08\x01\x06\x02c\x08\0"),
    ] {
        let schema = json!({"type": "record", "name": "R", "fields": [
            {"name": "first", "type": kind}, {"name": "after", "type": "long"},
        ]});
        let read = reader::<Firsts>(&schema).load(&[values, b"\x0E"].concat()).unwrap();
        assert_eq!(read, Firsts { first: First("a".to_owned()), after: 7 }, "{kind}");
    }

    // What it leaves has to be right too.
    let inner = json!({"type": "record", "name": "Inner", "fields": [
        {"name": "a", "type": "boolean"}, {"name": "b", "type": ["null", "string"]},
    ]});
    let schema = json!({"type": "record", "name": "R", "fields": [
        {"name": "first", "type": inner}, {"name": "after", "type": "long"},
    ]});
    let read = reader::<Firsts>(&schema).load(b"\x01\x02\x02x\x0E").unwrap();
    assert_eq!(read, Firsts { first: First("a".to_owned()), after: 7 });
    assert_eq!(
        reader::<Firsts>(&schema).load(b"\x03\x0E").unwrap_err().to_string(),
        "not a valid Avro datum: a boolean that is neither 0 nor 1 at byte 0"
    );
}
