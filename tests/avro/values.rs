//! Values of every kind, written and read again, and what is wrong with them.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::ops::{Bound, Range};
use std::time::{Duration, SystemTime};

use event_schema::DumpOptions;
use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::serde_json::{Number, Value, json};

/// Writes the event in its own schema and reads it again.
fn round_trip<E: EventSchema + Debug + PartialEq>(event: &E) -> Vec<u8> {
    let schema = Schema::of::<E>().unwrap_or_else(|error| panic!("{error}"));
    let datum = DatumWriter::<E>::new(&schema).unwrap_or_else(|error| panic!("{error}")).dump(event).unwrap();
    let read = DatumReader::<E>::new(&schema).load(&datum).unwrap_or_else(|error| panic!("{error}: {datum:x?}"));
    assert_eq!(read, *event);
    datum
}

fn dump_error<E: EventSchema>(event: &E) -> String {
    let schema = Schema::of::<E>().unwrap();
    let error = DatumWriter::<E>::new(&schema).unwrap().dump(event).unwrap_err();
    assert!(!error.is_invalid());
    error.to_string()
}

#[event_schema::event]
#[derive(Debug, PartialEq, Clone, Copy)]
enum Way {
    #[serde(rename = "by-sea")]
    Sea,
    Air,
}

#[test]
fn standard_types() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    struct Standard {
        small_number: (i8, u16, Option<bool>),
        uint: u32,
        ulong: u64,
        huge: (u128, i128),
        floats: (f32, f64),
        any: Number,
        one: char,
        unit: (),
        set: BTreeSet<i64>,
        pair: [Way; 2],
        by_number: BTreeMap<u8, Vec<Option<String>>>,
        by_way: HashMap<bool, Range<i64>>,
        boxed: Box<Option<i32>>,
        duration: Duration,
        since: SystemTime,
        bound: Bound<i32>,
        result: Result<i32, String>,
        bytes: Vec<u8>,
        #[event(avro(bytes))]
        blob: Option<Vec<u8>>,
        address: std::net::IpAddr,
    }
    let standard = |numbers: bool| Standard {
        small_number: (-128, u16::MAX, numbers.then_some(true)),
        uint: u32::MAX,
        ulong: u64::MAX,
        huge: (u128::MAX, i128::MIN),
        floats: (0.1, -0.1),
        any: if numbers { 7.into() } else { Number::from_f64(0.5).unwrap() },
        one: 'ß',
        unit: (),
        set: BTreeSet::from([i64::MIN, 0, i64::MAX]),
        pair: [Way::Air, Way::Sea],
        by_number: BTreeMap::from([(0, vec![]), (255, vec![None, Some(String::new())])]),
        by_way: HashMap::from([(true, 1..9)]),
        boxed: Box::new(numbers.then_some(-1)),
        duration: Duration::new(1, 2),
        since: SystemTime::UNIX_EPOCH + Duration::new(1, 2),
        bound: if numbers { Bound::Excluded(7) } else { Bound::Unbounded },
        result: if numbers { Ok(1) } else { Err("no".to_owned()) },
        bytes: vec![0, 255],
        blob: numbers.then(|| vec![0, 255]),
        address: "::1".parse().unwrap(),
    };
    // A number of JSON is a double in Avro.
    let mut whole = standard(true);
    whole.any = Number::from_f64(7.0).unwrap();
    round_trip(&whole);
    round_trip(&standard(false));
}

#[test]
fn dates_times_and_decimals() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Logical {
        uuid: Uuid,
        #[event(avro(fixed))]
        fixed: Uuid,
        at: DateTime<Utc>,
        #[event(avro(millis))]
        offset: DateTime<FixedOffset>,
        #[event(avro(nanos))]
        local: NaiveDateTime,
        day: NaiveDate,
        time: NaiveTime,
        #[event(avro(millis))]
        millis: Option<NaiveTime>,
        length: TimeDelta,
        weekday: Weekday,
        #[event(avro(precision = 12, scale = 2))]
        price: Decimal,
        #[event(avro(string))]
        exact: Decimal,
        stamp: event_schema::jiff::Timestamp,
        civil: event_schema::jiff::civil::DateTime,
        #[event(avro(duration))]
        span: event_schema::jiff::SignedDuration,
        negative: event_schema::jiff::SignedDuration,
        offset_at: event_schema::time::OffsetDateTime,
        primitive: event_schema::time::PrimitiveDateTime,
        time_day: event_schema::time::Date,
        time_time: event_schema::time::Time,
        time_duration: event_schema::time::Duration,
    }
    for text in
        ["2024-02-29T23:59:59.123456", "1969-12-31T00:00:00.000001", "0000-03-01T00:00:00", "1600-02-29T12:00:00.5"]
    {
        let local: NaiveDateTime = text.parse().unwrap();
        let stamp: event_schema::jiff::civil::DateTime = text.parse().unwrap();
        let at = event_schema::time::OffsetDateTime::from_unix_timestamp(local.and_utc().timestamp()).unwrap();
        round_trip(&Logical {
            uuid: "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap(),
            fixed: "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap(),
            at: local.and_utc(),
            offset: DateTime::from_timestamp_millis(local.and_utc().timestamp_millis()).unwrap().into(),
            local: "2024-02-29T23:59:59.123456789".parse().unwrap(),
            day: local.date(),
            time: local.time(),
            millis: Some("12:00:00.5".parse().unwrap()),
            length: TimeDelta::new(-1, 5).unwrap(),
            weekday: Weekday::Tue,
            price: "-1234.50".parse().unwrap(),
            exact: "0.12345678901234567890".parse().unwrap(),
            stamp: stamp.to_zoned(event_schema::jiff::tz::TimeZone::UTC).unwrap().timestamp(),
            civil: stamp,
            span: event_schema::jiff::SignedDuration::from_millis(90_061_001),
            negative: event_schema::jiff::SignedDuration::new(-1, -5),
            offset_at: at,
            primitive: event_schema::time::PrimitiveDateTime::new(at.date(), at.time()),
            time_day: at.date(),
            time_time: at.time(),
            time_duration: event_schema::time::Duration::new(-1, -5),
        });
    }
}

#[test]
fn times_are_cut_off_at_their_unit() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct At {
        at: DateTime<Utc>,
        #[event(avro(millis))]
        time: NaiveTime,
    }
    let schema = Schema::of::<At>().unwrap();
    let writer = DatumWriter::<At>::new(&schema).unwrap();
    let at = |nanos: i64, time: &str| At { at: DateTime::from_timestamp_nanos(nanos), time: time.parse().unwrap() };
    for (precise, cut) in [
        (at(1_999, "12:00:00.0019999"), at(1_000, "12:00:00.001")),
        (at(-1, "23:59:59.999999999"), at(-1_000, "23:59:59.999")),
    ] {
        let datum = writer.dump(&precise).unwrap();
        assert_eq!(DatumReader::<At>::new(&schema).load(&datum).unwrap(), cut);
    }
}

#[test]
fn what_does_not_fit_a_logical_type_is_refused() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Lines {
        lines: Vec<Price>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Price {
        #[event(avro(precision = 4, scale = 2))]
        price: Decimal,
    }
    for text in ["100", "0.001", "-100.00"] {
        let error = dump_error(&Lines { lines: vec![Price { price: text.parse().unwrap() }] });
        assert!(error.contains("lines.price: a number of more digits than the decimal"), "{error}");
        assert!(!error.contains(text), "{error}");
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Span {
        #[event(avro(duration))]
        span: event_schema::jiff::SignedDuration,
    }
    for nanos in [1, -1_000_000] {
        let error = dump_error(&Span { span: event_schema::jiff::SignedDuration::from_nanos(nanos) });
        assert!(error.contains("span: a duration that is negative or has fractions"), "{error}");
    }
}

#[event_schema::event]
#[derive(Debug, PartialEq, Clone)]
struct Voucher {
    code: String,
}

macro_rules! payments {
    ($($name:ident $(#[$attribute:meta])*;)*) => {$(
        #[event_schema::event]
        #[derive(Debug, PartialEq, Clone)]
        $(#[$attribute])*
        enum $name {
            Cash,
            #[serde(rename = "card-number")]
            Card { number: String, holder: Option<String> },
            Gift(Voucher),
        }
    )*};
}

payments! {
    External;
    Internal #[serde(tag = "kind")];
    Adjacent #[serde(tag = "t", content = "c")];
    AdjacentLate #[serde(tag = "type", content = "content")];
}

#[test]
fn enums_with_data_in_every_representation() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Paid<T> {
        by: T,
        before: Vec<T>,
        perhaps: Option<T>,
    }
    fn check<T: Clone + Debug + PartialEq>(values: &[T; 3])
    where
        Paid<T>: EventSchema,
    {
        let paid = |by: &T, perhaps| Paid { by: by.clone(), before: values.to_vec(), perhaps };
        let datums = values.each_ref().map(|by| round_trip(&paid(by, None)));
        // The branch says what the tag says in JSON.
        assert_eq!(datums.map(|datum| datum[0]), [0, 2, 4]);
        round_trip(&paid(&values[0], Some(values[1].clone())));
    }
    macro_rules! check_all {
        ($($name:ident)*) => {$(
            check(&[
                $name::Cash,
                $name::Card { number: "4".to_owned(), holder: None },
                $name::Gift(Voucher { code: "g".to_owned() }),
            ]);
        )*};
    }
    check_all!(External Internal Adjacent AdjacentLate);

    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    #[serde(untagged)]
    enum Untagged {
        Count(i64),
        Text(String),
        Nothing,
        Point { x: f64, y: f64 },
        Place { x: f64, name: String },
        Voucher(Voucher),
        List(Vec<Way>),
        Typed(Typed),
        Sparse { a: Option<i64> },
        Full { a: Option<i64>, b: Option<i64> },
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    #[serde(tag = "type")]
    struct Typed {
        name: char,
    }
    for value in [
        Untagged::Count(-1),
        Untagged::Text("x".to_owned()),
        Untagged::Nothing,
        Untagged::Point { x: 1.0, y: 2.0 },
        Untagged::Place { x: 1.0, name: "n".to_owned() },
        Untagged::Voucher(Voucher { code: "c".to_owned() }),
        Untagged::List(vec![Way::Sea]),
        Untagged::Sparse { a: Some(1) },
        Untagged::Typed(Typed { name: 'x' }),
    ] {
        #[event_schema::event]
        #[derive(Debug, PartialEq)]
        struct Held {
            held: Vec<Untagged>,
        }
        round_trip(&Held { held: vec![value, Untagged::Nothing] });
    }

    // What a branch does not have is never lost, though its reader then takes the first variant, as in JSON.
    #[event_schema::event]
    struct Held {
        held: Untagged,
    }
    let writer = DatumWriter::<Held>::new(&Schema::of::<Held>().unwrap()).unwrap();
    let full = Untagged::Full { a: None, b: Some(1) };
    assert_eq!(writer.dump(&Held { held: full }).unwrap(), b"\x12\0\x02\x02");

    #[event_schema::event]
    #[serde(untagged)]
    enum Deep {
        A { inner: Option<Box<Deep>>, a: i64 },
        B { inner: Option<Box<Deep>>, b: i64 },
    }
    let deep = (0..60).fold(Deep::A { inner: None, a: 1 }, |inner, b| Deep::B { inner: Some(Box::new(inner)), b });
    assert!(dump_error(&deep).contains("too many combinations"));

    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    enum Term {
        Number(i32),
        Sum(Vec<Term>),
        Pair(Box<Term>, Way),
    }
    let sum = Term::Sum(vec![Term::Number(1), Term::Pair(Box::new(Term::Number(2)), Way::Sea), Term::Sum(vec![])]);
    round_trip(&sum);
}

#[test]
fn a_variant_may_hold_a_null() {
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    enum Change {
        Limit(Option<i64>),
        Note(Note),
        Nothing(()),
        Until(Option<NaiveDate>),
        Nested(Box<Option<Change>>),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    struct Note(Option<String>);
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Changed {
        last: Option<Change>,
        by_name: BTreeMap<String, Vec<Change>>,
    }
    for change in [
        Change::Limit(None),
        Change::Limit(Some(-1)),
        Change::Note(Note(None)),
        Change::Note(Note(Some("x".to_owned()))),
        Change::Nothing(()),
        Change::Until(None),
        Change::Until(NaiveDate::from_ymd_opt(1969, 12, 31)),
        Change::Nested(Box::new(None)),
        Change::Nested(Box::new(Some(Change::Limit(None)))),
    ] {
        round_trip(&change);
        let by_name = BTreeMap::from([("x".to_owned(), vec![change.clone(), Change::Limit(None)])]);
        round_trip(&Changed { last: Some(change), by_name });
    }
}

#[test]
fn an_untagged_enum_may_hold_other_enums_and_tuples() {
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    #[serde(untagged)]
    enum Any {
        Flag(bool),
        // Another record has this name in JSON.
        Card(i64),
        External(External),
        Internal(Other),
        Pair((i32, String)),
        More(More),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    #[serde(tag = "kind")]
    enum Other {
        Wire { iban: String },
        Check(Voucher),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    #[serde(untagged)]
    enum More {
        Card { pan: String },
        Way(Way),
        Size(Size),
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq, Clone)]
    enum Size {
        #[event(avro(name = "SMALL"))]
        Small,
        #[event(avro(name = "LARGE"))]
        Large,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Held {
        one: Any,
        all: Vec<Any>,
        perhaps: BTreeMap<String, Option<Any>>,
    }
    let voucher = || Voucher { code: "c".to_owned() };
    for any in [
        Any::Flag(true),
        Any::Card(4),
        Any::External(External::Cash),
        Any::External(External::Card { number: "4".to_owned(), holder: None }),
        Any::External(External::Gift(voucher())),
        Any::Internal(Other::Wire { iban: "i".to_owned() }),
        Any::Internal(Other::Check(voucher())),
        Any::Pair((1, "x".to_owned())),
        Any::More(More::Card { pan: "p".to_owned() }),
        Any::More(More::Way(Way::Sea)),
        Any::More(More::Size(Size::Large)),
    ] {
        round_trip(&any);
        let perhaps = BTreeMap::from([("x".to_owned(), Some(any.clone()))]);
        round_trip(&Held { one: any.clone(), all: vec![Any::Flag(false), any], perhaps });
    }
}

#[test]
fn flattened_converted_and_foreign_values() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Outer {
        before: i32,
        #[serde(flatten)]
        audit: Audit,
        wire: Converted,
        after: i32,
        #[serde(with = "seconds")]
        #[schemars(with = "i64")]
        seconds: Duration,
        #[serde(with = "event_schema::time::serde::rfc3339")]
        #[schemars(with = "String")]
        rfc: event_schema::time::OffsetDateTime,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Audit {
        by: String,
        at: DateTime<Utc>,
        uuid: Uuid,
        #[serde(flatten)]
        more: More,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct More {
        #[event(avro(precision = 6, scale = 2))]
        price: Decimal,
        count: u64,
    }
    #[event_schema::event]
    #[derive(Clone, Debug, PartialEq)]
    #[serde(from = "Wire", into = "Wire")]
    struct Converted(i32);
    #[event_schema::event]
    struct Wire {
        number: i32,
    }
    impl From<Wire> for Converted {
        fn from(wire: Wire) -> Self {
            Self(wire.number)
        }
    }
    impl From<Converted> for Wire {
        fn from(Converted(number): Converted) -> Self {
            Self { number }
        }
    }
    mod seconds {
        use std::time::Duration;

        use event_schema::serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u64(value.as_secs())
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
            u64::deserialize(input).map(Duration::from_secs)
        }
    }
    round_trip(&Outer {
        before: 1,
        audit: Audit {
            by: "x".to_owned(),
            at: DateTime::from_timestamp_micros(1_709_251_199_123_456).unwrap(),
            uuid: Uuid::from_u128(7),
            more: More { price: Decimal::new(-5, 1), count: u64::MAX },
        },
        wire: Converted(7),
        after: 2,
        seconds: Duration::from_secs(9),
        rfc: event_schema::time::OffsetDateTime::UNIX_EPOCH,
    });
}

#[test]
fn violations_are_those_of_json() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Order {
        #[validate(length(min = 1))]
        lines: Vec<Line>,
        #[event(values(length(max = 2)))]
        tags: BTreeMap<String, String>,
        #[validate(email)]
        email: Option<String>,
        day: NaiveDate,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Line {
        #[validate(range(min = 1))]
        quantity: i64,
        way: Way,
    }
    // Another writer's, without rules; the day is text there, and an enum has one symbol more.
    let schema = Schema::parse(
        r#"{"type": "record", "name": "Order", "fields": [
            {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
                {"name": "way", "type": {"type": "enum", "name": "Way", "symbols": ["by_sea", "Road"],
                    "altsymbols": {"json": {"by_sea": "by-sea"}}}},
                {"name": "quantity", "type": ["int", "string"]}
            ]}}},
            {"name": "tags", "type": {"type": "map", "values": "string"}},
            {"name": "email", "type": ["string", "null"]},
            {"name": "day", "type": "string"}
        ]}"#,
    )
    .unwrap();
    let datum = b"\x06\0\0\x00\x02\0\x02\0\x02\x02x\0\x02\x02k\x06abc\0\0\x02@\x02x";
    let error = DatumReader::<Order>::new(&schema).load(datum).unwrap_err();
    let json = json!({
        "lines": [{"way": "by-sea", "quantity": 0}, {"way": "Road", "quantity": 1}, {"way": "by-sea", "quantity": "x"}],
        "tags": {"k": "abc"},
        "email": "@",
        "day": "x",
    });
    let same = Order::load_value(json).unwrap_err();
    let sorted = |error: &LoadError| {
        let mut all: Vec<String> = error.violations().unwrap().iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&error), sorted(&same));
    assert_eq!(error.violations().unwrap().len(), 6);

    let options = LoadOptions::new().valid_data(true).max_violations(10);
    let error = DatumReader::<Order>::new(&schema).load_with(datum, &options).unwrap_err();
    let valid = json!({"lines": [{"way": "by-sea"}, {"quantity": 1}, {"way": "by-sea"}], "tags": {}});
    assert_eq!(error.valid_data(), Some(&valid));

    let writer = DatumWriter::<Line>::new(&Schema::of::<Line>().unwrap()).unwrap();
    let error = writer.dump(&Line { quantity: 0, way: Way::Air }).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/quantity");
}

#[test]
fn hooks_run_and_chosen_fields_are_written() {
    #[event_schema::event(pre_load = upper, post_load = twice, pre_dump = half, post_dump = lower)]
    #[derive(Debug, PartialEq, Clone)]
    struct Hooked {
        z: i64,
        name: String,
        way: Internal,
        a: Option<i64>,
    }
    fn upper(mut value: Value) -> Value {
        value["name"] = value["name"].as_str().unwrap_or_default().to_uppercase().into();
        value
    }
    fn lower(mut value: Value) -> Value {
        value["name"] = value["name"].as_str().unwrap_or_default().to_lowercase().into();
        value
    }
    fn twice(hooked: Hooked) -> Hooked {
        Hooked { z: hooked.z * 2, ..hooked }
    }
    fn half(hooked: &Hooked) -> Hooked {
        Hooked { z: hooked.z / 2, ..hooked.clone() }
    }
    let hooked = Hooked {
        z: 8,
        name: "ABC".to_owned(),
        way: Internal::Card { number: "4".to_owned(), holder: None },
        a: Some(1),
    };
    let datum = round_trip(&hooked);
    assert_eq!(datum, b"\x08\x06abc\x02\x024\0\x02\x02");

    let writer = DatumWriter::<Hooked>::new(&Schema::of::<Hooked>().unwrap()).unwrap();
    let options = DumpOptions::new().exclude(["a"]);
    assert_eq!(writer.dump_with(&hooked, &options).unwrap(), b"\x08\x06abc\x02\x024\0\0");
    let error = writer.dump_with(&hooked, &DumpOptions::new().only(["a"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Avro schema cannot express the event: z: no value for a field that the schema has no default for"
    );
}

#[test]
fn floats_keep_their_value_on_their_way_through_a_hook() {
    #[event_schema::event(post_dump = same)]
    #[derive(Debug, PartialEq)]
    struct Measured {
        short: f32,
        long: f64,
        all: Vec<Option<f32>>,
    }
    fn same(value: Value) -> Value {
        value
    }
    for short in [0.1, -0.0, f32::MAX, f32::MIN_POSITIVE, 1e-45, 1.0 / 3.0, 16_777_216.0] {
        round_trip(&Measured { short, long: 0.1, all: vec![None, Some(short)] });
    }
    // A value of 64 bits is not cut.
    let schema = r#"{"type": "record", "name": "Exact", "fields": [{"name": "long", "type": "float"}]}"#;
    #[event_schema::event]
    struct Exact {
        long: f64,
    }
    let writer = DatumWriter::<Exact>::new(&Schema::parse(schema).unwrap()).unwrap();
    assert_eq!(writer.dump(&Exact { long: 0.5 }).unwrap(), 0.5_f32.to_le_bytes());
    assert!(writer.dump(&Exact { long: 0.1 }).is_err());
}

#[test]
fn rules_have_their_context() {
    struct Limits {
        max: i64,
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[validate(context = Limits)]
    struct Bid {
        #[validate(custom(function = affordable, use_context))]
        cents: i64,
    }
    fn affordable(cents: i64, limits: &Limits) -> Result<(), Violation> {
        if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    }
    let schema = Schema::of::<Bid>().unwrap();
    let (reader, writer) = (DatumReader::<Bid>::new(&schema), DatumWriter::<Bid>::new(&schema).unwrap());
    let limits = Limits { max: 7 };
    assert!(reader.load(b"\x0E").unwrap_err().is_config());
    assert_eq!(reader.load_with(b"\x0E", &LoadOptions::new().context(&limits)).unwrap().cents, 7);
    assert!(reader.load_with(b"\x10", &LoadOptions::new().context(&limits)).unwrap_err().is_invalid());
    assert!(writer.dump(&Bid { cents: 7 }).unwrap_err().is_config());
    assert_eq!(writer.dump_with(&Bid { cents: 7 }, &DumpOptions::new().context(&limits)).unwrap(), b"\x0E");
    assert!(writer.dump_with(&Bid { cents: 8 }, &DumpOptions::new().context(&limits)).unwrap_err().is_invalid());
}

#[test]
fn floats_that_are_no_numbers_are_refused_both_ways() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Float {
        f: f64,
    }
    let schema = Schema::of::<Float>().unwrap();
    let writer = DatumWriter::<Float>::new(&schema).unwrap();
    for f in [f64::NAN, f64::INFINITY] {
        assert!(writer.dump(&Float { f }).unwrap_err().is_invalid());
        assert!(DatumReader::<Float>::new(&schema).load(&f.to_le_bytes()).unwrap_err().is_invalid());
    }
}
