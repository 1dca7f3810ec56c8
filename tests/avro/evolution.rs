//! What an older or newer writer wrote, in today's type.

use std::collections::BTreeMap;
use std::fmt::Debug;

use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{Value, json};

use crate::corpora::{bytes, rows_elsewhere};

#[event_schema::event(name = "reader")]
#[derive(Debug, PartialEq)]
struct Of<T>(T);

/// What today's type makes of a datum of the schema.
fn load<E: EventSchema>(writer: &Value, datum: &[u8]) -> Result<E, LoadError> {
    DatumReader::new(&Schema::parse(&writer.to_string()).unwrap()).load(datum)
}

fn record(fields: &Value) -> Value {
    json!({"type": "record", "name": "R", "fields": fields})
}

fn findings(error: &LoadError) -> Vec<(String, String)> {
    let violations = error.violations().unwrap_or_else(|| panic!("{error}"));
    violations.iter().map(|one| (one.path().to_string(), one.code().to_owned())).collect()
}

fn found(path: &str, code: &str) -> (String, String) {
    (path.to_owned(), code.to_owned())
}

#[test]
fn fields_are_added_removed_reordered_and_renamed() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Today {
        order_id: i64,
        #[serde(alias = "amount")]
        quantity: i64,
        #[serde(default = "ten")]
        limit: i64,
        note: Option<String>,
        #[event(avro(name = "when"))]
        at: DateTime<Utc>,
    }
    fn ten() -> i64 {
        10
    }
    let writer = record(&json!([
        {"name": "old", "type": {"type": "array", "items": {"type": "map", "values": ["null", "string"]}}},
        {"name": "when", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "amount", "type": "int"},
        {"name": "gone", "type": {"type": "record", "name": "Gone", "fields": [
            {"name": "a", "type": "double"},
            {"name": "b", "type": {"type": "fixed", "name": "Four", "size": 4}},
            {"name": "c", "type": {"type": "enum", "name": "E", "symbols": ["X", "Y"]}},
            {"name": "d", "type": "boolean"},
            {"name": "e", "type": "float"},
            {"name": "f", "type": ["null", "Gone"]},
        ]}},
        {"name": "order_id", "type": "long"},
        {"name": "last", "type": "bytes"},
    ]));
    let gone = b"\0\0\0\0\0\0\xF0\x3F\x01\x02\x03\x04\x02\x01\0\0\0\0";
    let datum = [b"\x02\x02\x02k\x02\x02v\0\0\xD0\x0F\x06".as_slice(), gone, b"\x02", gone, b"\0\x0E\x04ab"].concat();
    assert_eq!(
        load::<Today>(&writer, &datum).unwrap(),
        Today { order_id: 7, quantity: 3, limit: 10, note: None, at: DateTime::from_timestamp_millis(1000).unwrap() }
    );

    let error = load::<Today>(&record(&json!([{"name": "limit", "type": "long"}])), b"\x02").unwrap_err();
    assert_eq!(findings(&error), ["order-id", "quantity", "at"].map(|path| found(path, "required")));
}

/// A type that is read as another, whose fields have another order, and says that it is a third.
#[test]
fn fields_of_a_type_that_is_read_by_hand_go_by_their_names() {
    use event_schema::contract::Shape;
    use event_schema::load::{At, Context, FieldType};
    use event_schema::serde::Deserializer;

    #[event_schema::event]
    struct Told {
        first: i64,
        second: i64,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Read {
        second: i64,
        first: i64,
    }
    #[derive(Debug, PartialEq, Serialize)]
    struct ByHand(Read);

    impl FieldType for ByHand {
        fn read<'de, D: Deserializer<'de>>(
            input: D,
            cx: &mut Context<'_>,
            at: &At<'_>,
        ) -> Result<Option<Self>, D::Error> {
            Ok(Read::read(input, cx, at)?.map(Self))
        }
        fn shape() -> Shape {
            Shape::of::<Told>()
        }
    }

    let writer = record(&json!([{"name": "first", "type": "long"}, {"name": "second", "type": "long"}]));
    let reader = DatumReader::<Of<ByHand>>::new(&Schema::parse(&writer.to_string()).unwrap());
    for _ in 0..2 {
        assert_eq!(reader.load(b"\x02\x04").unwrap(), Of(ByHand(Read { second: 2, first: 1 })));
    }
}

#[test]
fn a_name_comes_before_an_alias() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Swapped {
        #[serde(alias = "b-x", alias = "c")]
        a: i64,
        #[serde(default)]
        b_x: i64,
    }
    let long = |name: &str| json!({"name": name, "type": "long"});
    assert_eq!(
        load::<Swapped>(&record(&json!([long("b_x"), long("a")])), b"\x02\x04").unwrap(),
        Swapped { a: 2, b_x: 1 }
    );
    assert_eq!(
        load::<Swapped>(&record(&json!([long("c"), long("b_x")])), b"\x02\x04").unwrap(),
        Swapped { a: 1, b_x: 2 }
    );
}

#[test]
fn numbers_and_texts_are_promoted() {
    fn promoted<T>(schema: &str, datum: &[u8], expected: T)
    where
        Of<T>: EventSchema + Debug + PartialEq,
    {
        assert_eq!(load::<Of<T>>(&json!(schema), datum).unwrap(), Of(expected), "{schema}");
    }
    promoted("int", b"\x0D", -7_i64);
    promoted("int", b"\x0D", -7.0_f32);
    promoted("int", b"\x0D", -7.0_f64);
    promoted("long", b"\x0D", -7.0_f32);
    promoted("long", b"\x0D", -7.0_f64);
    promoted("long", b"\x0E", 7_u8);
    promoted("float", b"\0\0\xC0\x3F", 1.5_f64);
    promoted("double", b"\0\0\0\0\0\0\xF8\x3F", 1.5_f32);
    promoted("string", b"\x04ab", vec![b'a', b'b']);
    promoted("bytes", b"\x04ab", "ab".to_owned());
    promoted("int", b"\x82\x80\x80\x10", 16_777_216.0_f32);

    let refused = |error: LoadError| findings(&error);
    assert_eq!(refused(load::<Of<i32>>(&json!("long"), b"\x80\x80\x80\x80\x10").unwrap_err()), [found("", "range")]);
    assert_eq!(refused(load::<Of<i64>>(&json!("double"), &[0; 8]).unwrap_err()), [found("", "invalid")]);
    assert_eq!(refused(load::<Of<i64>>(&json!("string"), b"\x027").unwrap_err()), [found("", "invalid")]);
    assert_eq!(refused(load::<Of<String>>(&json!("long"), b"\x0E").unwrap_err()), [found("", "invalid")]);
    // A date is a number to a type that gives it no meaning, but no text.
    let date = json!({"type": "int", "logicalType": "date"});
    assert_eq!(load::<Of<i64>>(&date, b"\x0E").unwrap(), Of(7));
    assert_eq!(refused(load::<Of<String>>(&date, b"\x0E").unwrap_err()), [found("", "invalid")]);
}

/// A type without a logical type, from an older writer or one in another language, has that of the reader.
#[test]
fn the_reader_gives_numbers_and_bytes_their_meaning() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Meant {
        at: DateTime<Utc>,
        #[event(avro(millis))]
        millis: Option<DateTime<Utc>>,
        #[event(avro(nanos))]
        nanos: Vec<NaiveDateTime>,
        day: NaiveDate,
        time: NaiveTime,
        #[event(avro(millis))]
        clock: NaiveTime,
        #[event(avro(precision = 10, scale = 2))]
        price: Price,
        #[event(avro(precision = 10, scale = 1))]
        fixed: Decimal,
        id: Uuid,
        #[event(avro(duration))]
        length: event_schema::jiff::SignedDuration,
        huge: u128,
        choice: Choice,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Price(Decimal);
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(untagged)]
    enum Choice {
        At(#[event(avro(millis))] DateTime<Utc>),
        Name(String),
    }
    let fixed = |name: &str, size: u8| json!({"type": "fixed", "name": name, "size": size});
    let writer = record(&json!([
        {"name": "at", "type": "int"},
        {"name": "millis", "type": "long"},
        {"name": "nanos", "type": {"type": "array", "items": "long"}},
        {"name": "day", "type": "int"},
        {"name": "time", "type": "int"},
        {"name": "clock", "type": "int"},
        {"name": "price", "type": "bytes"},
        {"name": "fixed", "type": fixed("Four", 4)},
        {"name": "id", "type": fixed("Sixteen", 16)},
        {"name": "length", "type": fixed("Twelve", 12)},
        {"name": "huge", "type": "bytes"},
        {"name": "choice", "type": ["string", "long"]},
    ]));
    let datum = [
        b"\x02\x04\x02\x06\0\x08\x0A\x0C\x04\xFF\x7F\0\0\0\x0F".as_slice(),
        b"0123456789abcdef",
        b"\0\0\0\0\0\0\0\0\x02\0\0\0\x02\x07\x02\x0E",
    ]
    .concat();
    let micros = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap();
    let expected = Meant {
        at: micros(1),
        millis: Some(micros(2000)),
        nanos: vec![DateTime::from_timestamp_nanos(3).naive_utc()],
        day: NaiveDate::from_ymd_opt(1970, 1, 5).unwrap(),
        time: micros(5).time(),
        clock: micros(6000).time(),
        price: Price("-1.29".parse().unwrap()),
        fixed: "1.5".parse().unwrap(),
        id: Uuid::from_bytes(*b"0123456789abcdef"),
        length: event_schema::jiff::SignedDuration::from_millis(2),
        huge: 7,
        choice: Choice::At(micros(7000)),
    };
    assert_eq!(load::<Meant>(&writer, &datum).unwrap(), expected);
}

#[test]
fn the_meaning_that_the_writer_gave_counts() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(untagged)]
    enum Either {
        At(DateTime<Utc>),
        Number(i64),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Blob(#[event(avro(bytes))] Vec<u8>);
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Price(#[event(avro(precision = 4, scale = 2))] Decimal);

    let long = |logical: &str| json!({"type": "long", "logicalType": logical});
    let second = DateTime::from_timestamp_millis(1000).unwrap();
    // Of another unit than the reader's schema has.
    assert_eq!(load::<Of<DateTime<Utc>>>(&long("timestamp-millis"), b"\xD0\x0F").unwrap(), Of(second));
    // Points in time and local ones stand for each other.
    assert_eq!(load::<Of<DateTime<Utc>>>(&long("local-timestamp-millis"), b"\xD0\x0F").unwrap(), Of(second));
    let local = load::<Of<NaiveDateTime>>(&long("timestamp-millis"), b"\xD0\x0F").unwrap();
    assert_eq!(local, Of(second.naive_utc()));
    // All else is something else.
    for writer in [long("time-micros"), json!({"type": "int", "logicalType": "date"})] {
        let error = load::<Of<DateTime<Utc>>>(&writer, b"\x0E").unwrap_err();
        assert_eq!(findings(&error), [found("", "invalid")]);
    }
    // An untagged enum takes the number as one, if it has a variant for it.
    assert_eq!(load::<Of<Either>>(&json!("long"), b"\x0E").unwrap(), Of(Either::Number(7)));
    assert_eq!(load::<Of<Either>>(&long("timestamp-micros"), b"\xD0\x0F").unwrap(), Of(Either::At(micros(1000))));

    // Bytes that are a decimal, or a duration, are bytes to a reader of them.
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2});
    assert_eq!(load::<Blob>(&decimal, b"\x04\xFF\x7F").unwrap(), Blob(vec![0xFF, 0x7F]));
    let duration = json!({"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"});
    assert_eq!(load::<Blob>(&duration, &[1; 12]).unwrap(), Blob(vec![1; 12]));
    // Only Rust writes these, and not as a decimal of fixed scale.
    let big = json!({"type": "bytes", "logicalType": "big-decimal"});
    assert_eq!(load::<Blob>(&big, b"\x04\x02\x7F").unwrap(), Blob(vec![2, 0x7F]));
    assert_eq!(findings(&load::<Price>(&big, b"\x04\x02\x7F").unwrap_err()), [found("", "invalid")]);
}

fn micros(number: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(number).unwrap()
}

#[test]
fn a_value_goes_into_a_union_and_out_of_one() {
    assert_eq!(load::<Of<Option<i64>>>(&json!("int"), b"\x0E").unwrap(), Of(Some(7)));
    assert_eq!(load::<Of<Option<i64>>>(&json!("null"), b"").unwrap(), Of(None));
    assert_eq!(load::<Of<i64>>(&json!(["null", "int", "string"]), b"\x02\x0E").unwrap(), Of(7));
    let error = load::<Of<i64>>(&json!(["null", "int", "string"]), b"\x04\x02x").unwrap_err();
    assert_eq!(findings(&error), [found("", "invalid")]);
    assert_eq!(
        load::<Of<Vec<Option<i64>>>>(&json!({"type": "array", "items": "int"}), b"\x02\x0E\0").unwrap(),
        Of(vec![Some(7)])
    );
}

#[test]
fn symbols_that_the_reader_does_not_have_are_its_default() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Strict {
        A,
        #[serde(alias = "b-old")]
        B,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Tolerant {
        A,
        #[event(avro(default))]
        Unknown,
    }
    let writer = json!({
        "type": "enum",
        "name": "Way",
        "symbols": ["C", "b_old", "A"],
        "default": "A",
        "altsymbols": {"json": {"b_old": "b-old"}},
    });
    assert_eq!(load::<Of<Strict>>(&writer, b"\x04").unwrap(), Of(Strict::A));
    assert_eq!(load::<Of<Strict>>(&writer, b"\x02").unwrap(), Of(Strict::B));
    // The default that counts is the reader's.
    assert_eq!(findings(&load::<Of<Strict>>(&writer, b"\0").unwrap_err()), [found("", "choice")]);
    assert_eq!(load::<Of<Tolerant>>(&writer, b"\0").unwrap(), Of(Tolerant::Unknown));
    let error = load::<Of<Tolerant>>(&writer, b"\x06").unwrap_err();
    assert_eq!(error.to_string(), "not a valid Avro datum: an enum symbol that the schema does not have at byte 0");
}

#[test]
fn variants_are_matched_by_the_names_of_their_records() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Payment {
        #[serde(alias = "credit")]
        Card {
            number: String,
        },
        Cash,
        #[event(avro(name = "Gift"))]
        Voucher(Voucher),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Voucher {
        code: i64,
    }
    let variant = |name: &str, fields: Value| json!({"type": "record", "name": name, "fields": fields});
    let writer = json!([
        variant("Gift", json!([{"name": "code", "type": "int"}])),
        variant("Payment_credit", json!([{"name": "extra", "type": "long"}, {"name": "number", "type": "string"}])),
        variant("Payment_cash", json!([{"name": "extra", "type": "long"}])),
        variant("Payment_coin", json!([{"name": "cents", "type": "long"}])),
        "null",
    ]);
    let load = |datum: &[u8]| load::<Of<Payment>>(&writer, datum);
    assert_eq!(load(b"\0\x0E").unwrap(), Of(Payment::Voucher(Voucher { code: 7 })));
    assert_eq!(load(b"\x02\x02\x044x").unwrap(), Of(Payment::Card { number: "4x".to_owned() }));
    assert_eq!(load(b"\x04\x02").unwrap(), Of(Payment::Cash));
    assert_eq!(findings(&load(b"\x06\x02").unwrap_err()), [found("kind", "choice")]);
    assert_eq!(findings(&load(b"\x08").unwrap_err()), [found("", "invalid")]);
    assert!(load(b"\x0A").unwrap_err().to_string().contains("a union branch that the schema does not have"));
}

#[test]
fn records_in_a_union_are_matched_by_the_earlier_names_of_their_types() {
    #[event_schema::event(avro(namespace = "com.example", alias = "Was"))]
    #[derive(Debug, PartialEq)]
    struct Renamed {
        payment: Payment,
        party: Party,
    }
    #[event_schema::event(avro(alias = "com.example.old.Means"))]
    #[derive(Debug, PartialEq)]
    enum Payment {
        Card { number: String },
        Cash { cents: i64 },
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(untagged)]
    enum Party {
        Person(Person),
        Company(Company),
    }
    #[event_schema::event(avro(alias = "Human"))]
    #[derive(Debug, PartialEq)]
    struct Person {
        name: String,
    }
    #[event_schema::event(avro(alias = "Firm"))]
    #[derive(Debug, PartialEq)]
    struct Company {
        vat: i64,
    }
    let part = |name: &str, field: &str, kind: &str| json!({"type": "record", "name": name, "fields": [{"name": field, "type": kind}]});
    let writer = json!({"type": "record", "name": "Was", "namespace": "com.example.old", "fields": [
        {"name": "payment", "type": [part("Means_Cash", "cents", "long"), part("Means_Card", "number", "string")]},
        {"name": "party", "type": [part("Firm", "vat", "long"), part("Human", "name", "string")]},
    ]});
    let card = Payment::Card { number: "4".to_owned() };
    let firm = Party::Company(Company { vat: 7 });
    let event = Renamed { payment: card, party: firm };
    assert_eq!(load::<Renamed>(&writer, b"\x02\x024\0\x0E").unwrap(), event);
    let (cash, human) = (Payment::Cash { cents: 7 }, Party::Person(Person { name: "x".to_owned() }));
    let other = Renamed { payment: cash, party: human };
    assert_eq!(load::<Renamed>(&writer, b"\0\x0E\x02\x02x").unwrap(), other);
    // Consumers that have the earlier schema get data in it.
    let earlier = DatumWriter::new(&Schema::parse(&writer.to_string()).unwrap()).unwrap();
    assert_eq!(earlier.dump(&event).unwrap(), b"\x02\x024\0\x0E");
    assert_eq!(earlier.dump(&other).unwrap(), b"\0\x0E\x02\x02x");
}

/// The type of an event that is an enum has a name in Avro, too.
#[test]
fn an_event_that_is_an_enum_is_matched_by_its_given_name() {
    #[event_schema::event(name = "payment.made", avro(name = "Paid", alias = "Settled"))]
    #[derive(Debug, PartialEq)]
    enum PaymentMade {
        Cash { cents: i64 },
        Card { cents: i64 },
    }
    let part = |name: &str| json!({"type": "record", "name": name, "fields": [{"name": "cents", "type": "long"}]});
    for owner in ["Paid", "Settled"] {
        // Without the names in JSON, as a registry or a writer in another language may keep it.
        let writer = json!([part(&format!("{owner}_Cash")), part(&format!("{owner}_Card"))]);
        assert_eq!(load::<PaymentMade>(&writer, b"\x02\x0E").unwrap(), PaymentMade::Card { cents: 7 });
    }
    assert_eq!(
        findings(&load::<PaymentMade>(&json!([part("Other_Cash"), part("Other_Card")]), b"\x02\x0E").unwrap_err()),
        [found("", "choice")]
    );
}

#[test]
fn the_value_of_a_variant_may_become_optional() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Change {
        Limit(Option<f64>),
        Note(Option<String>),
    }
    let variant = |name: &str, value: Value| {
        let fields = json!([{"name": "extra", "type": "int"}, {"name": "value", "type": value}]);
        json!({"type": "record", "name": name, "fields": fields})
    };
    let writer =
        json!([variant("Change_Limit", json!("long")), variant("Change_Note", json!(["bytes", "string", "null"]))]);
    let load = |datum: &[u8]| load::<Of<Change>>(&writer, datum).unwrap();
    assert_eq!(load(b"\0\x02\x0E"), Of(Change::Limit(Some(7.0))));
    assert_eq!(load(b"\x02\x02\0\x02x"), Of(Change::Note(Some("x".to_owned()))));
    assert_eq!(load(b"\x02\x02\x04"), Of(Change::Note(None)));
}

#[test]
fn null_stands_for_a_field_that_is_left_out() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Sparse {
        #[serde(default = "seven", skip_serializing_if = "is_seven")]
        #[event(default = "computed")]
        count: i64,
        #[event(not_null)]
        note: Option<String>,
        required: i64,
    }
    fn seven() -> i64 {
        7
    }
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_seven(count: &i64) -> bool {
        *count == 7
    }
    let schema = Schema::of::<Sparse>().unwrap();
    let writer = DatumWriter::<Sparse>::new(&schema).unwrap();
    let reader = DatumReader::<Sparse>::new(&schema);
    for (sparse, datum) in [
        (Sparse { count: 7, note: None, required: 1 }, b"\0\0\x02".as_slice()),
        (Sparse { count: 8, note: Some("x".to_owned()), required: 1 }, b"\x02\x10\x02\x02x\x02"),
    ] {
        assert_eq!(writer.dump(&sparse).unwrap(), datum);
        assert_eq!(reader.load(datum).unwrap(), sparse);
    }
    let writer = record(&json!([{"name": "note", "type": "null"}, {"name": "required", "type": ["null", "long"]}]));
    let error = load::<Sparse>(&writer, b"\0").unwrap_err();
    assert_eq!(findings(&error), [found("required", "null")]);
}

#[test]
fn a_variant_without_data_is_written_as_a_record_with_defaults() {
    #[event_schema::event]
    enum Way {
        Sea,
        #[allow(dead_code, reason = "makes records of all variants")]
        Air(i64),
    }
    let schema = json!([
        {"type": "record", "name": "Way_Sea", "fields": [
            {"name": "nothing", "type": "null"},
            {"name": "miles", "type": "int", "default": 3},
        ]},
        {"type": "record", "name": "Way_Air", "fields": [{"name": "value", "type": "long"}]},
    ]);
    let writer = DatumWriter::<Of<Way>>::new(&Schema::parse(&schema.to_string()).unwrap()).unwrap();
    assert_eq!(writer.dump(&Of(Way::Sea)).unwrap(), b"\0\x06");
}

#[test]
fn an_event_is_written_in_an_older_schema() {
    #[event_schema::event]
    struct Today {
        added: Vec<i64>,
        count: u32,
        name: String,
        way: Option<BTreeMap<String, f32>>,
    }
    let schema = record(&json!([
        {"name": "name", "type": ["null", "string"]},
        {"name": "before", "type": {"type": "array", "items": {"type": "enum", "name": "E", "symbols": ["A", "B"]}}, "default": ["B"]},
        {"name": "at", "type": {"type": "record", "name": "At", "fields": [
            {"name": "x", "type": "double", "default": 1.5},
            {"name": "y", "type": ["int", "null"]},
        ]}, "default": {"y": -1}},
        {"name": "count", "type": "int"},
        {"name": "way", "type": ["null", {"type": "map", "values": "double"}]},
    ]));
    let writer = DatumWriter::<Today>::new(&Schema::parse(&schema.to_string()).unwrap()).unwrap();
    let way = BTreeMap::from([("a".to_owned(), 0.5)]);
    let mut event = Today { added: vec![1], count: 3, name: "x".to_owned(), way: Some(way) };
    let expected = b"\x02\x02x\x02\x02\0\0\0\0\0\0\0\xF8\x3F\0\x01\x06\x02\x02\x02a\0\0\0\0\0\0\xE0\x3F\0";
    assert_eq!(writer.dump(&event).unwrap(), expected);

    // A default has the first branch that it fits.
    let sized = record(
        &json!([{"name": "count", "type": "long"}, {"name": "size", "type": ["int", "long"], "default": 1_i64 << 32}]),
    );
    let sized = DatumWriter::<Today>::new(&Schema::parse(&sized.to_string()).unwrap()).unwrap();
    assert_eq!(sized.dump(&event).unwrap(), b"\x06\x02\x80\x80\x80\x80\x20");

    event.count = u32::MAX;
    let error = writer.dump(&event).unwrap_err();
    assert!(!error.is_invalid());
    assert_eq!(
        error.to_string(),
        "the Avro schema cannot express the event: count: a number that does not fit the type of the schema"
    );
}

#[test]
fn numbers_are_written_to_types_that_give_them_a_meaning() {
    #[event_schema::event]
    struct Numbers {
        at: i64,
        day: i64,
        time: u32,
        clock: i64,
    }
    let schema = record(&json!([
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "time", "type": {"type": "long", "logicalType": "time-micros"}},
        {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
    ]));
    let writer = DatumWriter::<Numbers>::new(&Schema::parse(&schema.to_string()).unwrap()).unwrap();
    assert_eq!(writer.dump(&Numbers { at: 1, day: 2, time: 3, clock: 4 }).unwrap(), b"\x02\x02\x04\x06\x08");
    for (day, clock) in [(1 << 31, 0), (0, 1 << 31)] {
        let error = writer.dump(&Numbers { at: 0, day, time: 0, clock }).unwrap_err();
        assert!(error.to_string().contains("a number that does not fit the type of the schema"), "{error}");
    }
}

#[test]
fn what_a_schema_asks_for_in_vain_is_refused_before_anything_is_written() {
    #[event_schema::event]
    struct Price {
        #[event(avro(precision = 4, scale = 2))]
        price: Decimal,
    }
    let new = |fields: Value| DatumWriter::<Price>::new(&Schema::parse(&record(&fields).to_string()).unwrap());
    let price = |kind: Value| json!([{"name": "price", "type": kind}]);
    let error = new(price(json!({"type": "bytes", "logicalType": "big-decimal"}))).unwrap_err();
    assert_eq!(error.faults()[0].path(), "price");
    assert!(error.to_string().contains("big-decimal"), "{error}");

    // A scale that no number has is compared, not written out.
    let scale = 2_000_000_000;
    let huge = json!({"type": "bytes", "logicalType": "decimal", "precision": scale + 1, "scale": scale});
    let writer = new(price(huge)).unwrap();
    assert_eq!(writer.dump(&Price { price: Decimal::ZERO }).unwrap(), b"\x02\0");
    assert!(writer.dump(&Price { price: Decimal::ONE }).is_err());
}

/// Whether the row's reader is one of these types, and the value that it must see.
fn resolve(row: &Value) {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Abc {
        A,
        B,
        C,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Bc {
        B,
        C,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Ab {
        #[event(avro(default))]
        A,
        B,
    }
    fn check<T: Serialize>(row: &Value)
    where
        Of<T>: EventSchema,
    {
        let datum = bytes(row["hex"].as_str().unwrap());
        let Of(read) = load::<Of<T>>(&row["writer"], &datum).unwrap_or_else(|error| panic!("{row}: {error}"));
        // The JSON encoding names the branch.
        let expected = row["read"].as_object().and_then(|union| union.values().next()).unwrap_or(&row["read"]);
        assert_eq!(event_schema::serde_json::to_value(read).unwrap(), *expected, "{row}");
    }
    match &row["reader"] {
        reader if reader == "int" => check::<i32>(row),
        reader if reader == "long" => check::<i64>(row),
        reader if reader == "float" => check::<f32>(row),
        reader if reader == "double" => check::<f64>(row),
        reader if reader == "string" || *reader == json!(["string"]) => check::<String>(row),
        reader if reader["symbols"] == json!(["A", "B", "C"]) => check::<Abc>(row),
        reader if reader["symbols"] == json!(["B", "C"]) => check::<Bc>(row),
        reader if reader["symbols"] == json!(["A", "B"]) => check::<Ab>(row),
        reader => panic!("no type for {reader}"),
    }
}

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test avro -- --ignored"]
fn readers_of_other_projects_see_the_same_values() {
    rows_elsewhere("avro_resolution.jsonl").iter().for_each(resolve);
}
