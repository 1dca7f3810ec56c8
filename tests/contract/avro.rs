//! Avro schemas: what they say of each type, that apache-avro reads them, and what has none.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]
#![allow(dead_code, reason = "described only")]

use std::collections::{BTreeMap, BTreeSet};

use event_schema::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::contract::{AvroSchemaError, avro_schema};
use event_schema::jiff::{SignedDuration, Span};
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::schemars::JsonSchema;
use event_schema::serde_json::{Map, Number, Value, json};

/// The schema, which apache-avro reads.
fn schema<E: EventSchema>() -> Value {
    let schema = avro_schema::<E>().unwrap_or_else(|error| panic!("{error}"));
    parse(&schema);
    schema
}

fn parse(schema: &Value) -> apache_avro::Schema {
    apache_avro::Schema::parse(schema).unwrap_or_else(|error| panic!("{error}: {schema:#}"))
}

/// The types of the fields by name.
fn types(schema: &Value) -> BTreeMap<&str, &Value> {
    let fields = schema["fields"].as_array().expect("a record");
    fields.iter().map(|field| (field["name"].as_str().unwrap(), &field["type"])).collect()
}

fn field<'s>(schema: &'s Value, name: &str) -> &'s Value {
    let fields = schema["fields"].as_array().expect("a record");
    fields.iter().find(|field| field["name"] == name).unwrap_or_else(|| panic!("no field {name}"))
}

/// The paths and reasons of what has no Avro form.
fn faults<E: EventSchema>() -> Vec<(String, String)> {
    let error: AvroSchemaError = avro_schema::<E>().unwrap_err();
    assert!(error.faults().iter().all(|fault| !fault.remedy().is_empty()));
    error.faults().iter().map(|fault| (fault.path().to_owned(), fault.reason().to_owned())).collect()
}

fn fault(path: &str, reason: &str) -> (String, String) {
    (path.to_owned(), reason.to_owned())
}

#[test]
fn names_are_legal_and_keep_their_originals() {
    /// # Order
    /// Somebody wants something.
    #[event_schema::event(name = "order.requested")]
    #[serde(rename_all = "kebab-case")]
    struct Requested {
        /// Counted from 1.
        order_id: i64,
        #[serde(rename = "2nd", alias = "second-try", alias = "other")]
        second: bool,
        #[serde(rename(serialize = "größe", deserialize = "size"))]
        size: f32,
        #[event(avro(name = "how"))]
        way: Way,
    }
    #[event_schema::event]
    enum Way {
        #[serde(rename = "by-sea")]
        Sea,
        #[event(avro(name = "FLYING"))]
        Air,
        Road,
    }
    assert_eq!(
        schema::<Requested>(),
        json!({
            "type": "record",
            "name": "OrderRequested",
            "doc": "Order\n\nSomebody wants something.",
            "altnames": {"json": "order.requested"},
            "fields": [
                {"name": "order_id", "doc": "Counted from 1.", "altnames": {"json": "order-id"}, "type": "long"},
                {"name": "_2nd", "altnames": {"json": "2nd"}, "aliases": ["other", "second_try"], "type": "boolean"},
                {"name": "gr__e", "altnames": {"json": "größe"}, "aliases": ["size"], "type": "float"},
                {
                    "name": "how",
                    "altnames": {"json": "way"},
                    "aliases": ["way"],
                    "type": {
                        "type": "enum",
                        "name": "Way",
                        "symbols": ["by_sea", "FLYING", "Road"],
                        "altsymbols": {"json": {"by_sea": "by-sea", "FLYING": "Air"}},
                    },
                },
            ],
        })
    );
}

#[test]
fn namespaces_are_inherited_and_references_are_full_names() {
    #[event_schema::event(avro(name = "Order", namespace = "com.example.shop"))]
    struct Placed {
        from: Place,
        to: Place,
        paid: Money,
        owed: Option<Money>,
    }
    #[event_schema::event]
    struct Place {
        name: String,
    }
    #[event_schema::event(avro(namespace = "com.example.money"))]
    struct Money {
        cents: i64,
        at: Option<Place>,
    }
    assert_eq!(
        schema::<Placed>(),
        json!({
            "type": "record",
            "name": "Order",
            "namespace": "com.example.shop",
            "altnames": {"json": "placed"},
            "fields": [
                {
                    "name": "from",
                    "type": {"type": "record", "name": "Place", "fields": [{"name": "name", "type": "string"}]},
                },
                {"name": "to", "type": "com.example.shop.Place"},
                {
                    "name": "paid",
                    "type": {
                        "type": "record",
                        "name": "Money",
                        "namespace": "com.example.money",
                        "fields": [
                            {"name": "cents", "type": "long"},
                            {"name": "at", "type": ["null", "com.example.shop.Place"], "default": null},
                        ],
                    },
                },
                {"name": "owed", "type": ["null", "com.example.money.Money"], "default": null},
            ],
        })
    );

    #[event_schema::event]
    struct Bare {
        money: Money,
    }
    assert_eq!(faults::<Bare>(), [fault("money.at", "`Place` has no namespace, but stands in `com.example.money`")]);
}

#[test]
fn a_renamed_type_has_its_earlier_names_as_aliases() {
    #[event_schema::event(
        name = "order.created",
        avro(namespace = "com.example", alias = "OrderPlaced", alias = "com.example.old.OrderMade"),
        avro(alias = "com.example.OrderCreated")
    )]
    struct Created {
        place: Place,
        payment: Payment,
        status: Status,
        paid: Option<Payment>,
    }
    #[event_schema::event(avro(alias = "Town"))]
    struct Place {
        name: String,
    }
    #[event_schema::event(avro(alias = "Means", alias = "com.example.old.Way"))]
    enum Payment {
        #[serde(alias = "Credit")]
        Card { number: String },
        #[event(avro(name = "Gift"))]
        Voucher(i64),
    }
    #[event_schema::event(avro(alias = "State"))]
    enum Status {
        Open,
    }
    let schema = schema::<Created>();
    // Its own name is none.
    assert_eq!(schema["aliases"], json!(["OrderPlaced", "com.example.old.OrderMade"]));
    let types = types(&schema);
    assert_eq!(types["place"]["aliases"], json!(["Town"]));
    assert_eq!(types["status"]["aliases"], json!(["State"]));
    let (card, voucher) = (&types["payment"][0], &types["payment"][1]);
    let earlier = json!([
        "Payment_Credit",
        "Means_Card",
        "Means_Credit",
        "com.example.old.Way_Card",
        "com.example.old.Way_Credit",
    ]);
    assert_eq!(card["aliases"], earlier);
    // It was called after none of them.
    assert_eq!((&voucher["name"], voucher.get("aliases")), (&json!("Gift"), None));

    #[event_schema::event]
    struct Taken {
        first: Place,
        second: Town,
    }
    #[event_schema::event]
    struct Town {
        name: String,
    }
    #[event_schema::event]
    struct TakenBefore {
        second: Town,
        first: Place,
    }
    assert_eq!(faults::<Taken>(), [fault("second", "`Town` is the name or an alias of another type")]);
    assert_eq!(faults::<TakenBefore>(), [fault("first", "`Town` is the name or an alias of another type")]);
}

#[test]
fn a_default_is_of_the_first_branch() {
    #[event_schema::event]
    struct Defaults {
        nothing: Option<i32>,
        #[serde(default = "seven")]
        seven: Option<i32>,
        #[serde(default)]
        list: Vec<String>,
        #[serde(default)]
        map: BTreeMap<String, bool>,
        #[serde(default)]
        way: Way,
        #[serde(default)]
        place: Place,
        #[serde(default)]
        payment: Payment,
        #[serde(default)]
        uuid: Uuid,
        #[event(avro(bytes))]
        #[serde(default = "bytes")]
        bytes: Vec<u8>,
        #[event(default = "computed")]
        #[serde(default = "Utc::now")]
        now: DateTime<Utc>,
        #[validate(required)]
        required: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        omitted: Option<i32>,
        #[serde(default = "Utc::now", skip_serializing_if = "is_old")]
        #[event(default = "computed")]
        left_out: DateTime<Utc>,
        #[serde(skip_serializing, default)]
        only_read: i32,
    }
    #[allow(clippy::unnecessary_wraps, reason = "the type of the field")]
    fn seven() -> Option<i32> {
        Some(7)
    }
    fn bytes() -> Vec<u8> {
        vec![0, 65, 255]
    }
    fn is_old(at: &DateTime<Utc>) -> bool {
        at.timestamp() < 0
    }
    #[event_schema::event]
    #[derive(Default)]
    enum Way {
        #[default]
        #[serde(rename = "by-sea")]
        Sea,
        Air,
    }
    #[event_schema::event]
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    struct Place {
        street_name: String,
        number: Option<u8>,
    }
    #[event_schema::event]
    #[derive(Default)]
    enum Payment {
        Card {
            number: String,
        },
        #[default]
        Open,
    }
    let schema = schema::<Defaults>();
    let default = |name| field(&schema, name).get("default").cloned();
    assert_eq!((types(&schema)["nothing"], default("nothing")), (&json!(["null", "int"]), Some(Value::Null)));
    assert_eq!((types(&schema)["seven"], default("seven")), (&json!(["int", "null"]), Some(json!(7))));
    assert_eq!((default("list"), default("map")), (Some(json!([])), Some(json!({}))));
    assert_eq!(default("way"), Some(json!("by_sea")));
    assert_eq!(default("place"), Some(json!({"street_name": "", "number": null})));
    assert_eq!(types(&schema)["payment"][0]["name"], "Payment_Open");
    assert_eq!(types(&schema)["payment"][1]["name"], "Payment_Card");
    assert_eq!(default("payment"), Some(json!({})));
    assert_eq!(default("uuid"), Some(json!("00000000-0000-0000-0000-000000000000")));
    assert_eq!((types(&schema)["bytes"], default("bytes")), (&json!("bytes"), Some(json!("\u{0}A\u{ff}"))));
    assert_eq!(default("now"), None);
    assert_eq!((types(&schema)["required"], default("required")), (&json!("int"), None));
    assert_eq!((types(&schema)["omitted"], default("omitted")), (&json!(["null", "int"]), Some(Value::Null)));
    let instant = json!({"type": "long", "logicalType": "timestamp-micros"});
    assert_eq!((types(&schema)["left_out"], default("left_out")), (&json!(["null", instant]), Some(Value::Null)));
    assert!(!types(&schema).contains_key("only_read"));
}

#[test]
fn the_default_of_a_decimal_is_its_unscaled_bytes() {
    #[event_schema::event]
    struct Prices {
        #[event(avro(precision = 6, scale = 2))]
        #[serde(default = "price")]
        price: Decimal,
        #[serde(default = "debt")]
        #[event(avro(precision = 6, scale = 2))]
        debt: Decimal,
        #[serde(default)]
        count: u64,
        #[serde(default = "large")]
        large: u64,
    }
    fn price() -> Decimal {
        Decimal::new(25, 1)
    }
    fn debt() -> Decimal {
        Decimal::new(-12_800, 2)
    }
    fn large() -> u64 {
        u64::MAX
    }
    let schema = schema::<Prices>();
    assert_eq!(field(&schema, "price")["default"], "\u{0}\u{fa}");
    assert_eq!(field(&schema, "debt")["default"], "\u{ce}\u{0}");
    assert_eq!(field(&schema, "count")["default"], "\u{0}");
    assert_eq!(field(&schema, "large")["default"], "\u{0}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}");

    #[event_schema::event]
    struct TooFine {
        #[event(avro(precision = 6, scale = 0))]
        #[serde(default = "price")]
        price: Decimal,
        #[event(avro(duration))]
        #[serde(default)]
        span: SignedDuration,
    }
    assert_eq!(
        faults::<TooFine>(),
        ["price", "span"].map(|path| fault(path, "the default cannot be expressed in Avro"))
    );
}

#[test]
fn the_default_of_a_date_or_time_is_its_number() {
    #[event_schema::event]
    struct Times {
        #[serde(default = "day")]
        day: NaiveDate,
        #[serde(default = "at")]
        at: Option<DateTime<Utc>>,
        #[event(avro(millis))]
        #[serde(default = "time")]
        time: NaiveTime,
        #[serde(default = "local")]
        #[event(avro(nanos))]
        local: NaiveDateTime,
    }
    fn day() -> NaiveDate {
        "1969-12-31".parse().unwrap()
    }
    #[allow(clippy::unnecessary_wraps, reason = "the type of the field")]
    fn at() -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(1_709_251_199_123_456)
    }
    fn time() -> NaiveTime {
        "00:00:01.5".parse().unwrap()
    }
    fn local() -> NaiveDateTime {
        "1970-01-01T00:00:00.000000001".parse().unwrap()
    }
    let schema = schema::<Times>();
    let default = |name| field(&schema, name)["default"].clone();
    assert_eq!([default("day"), default("at")], [json!(-1), json!(1_709_251_199_123_456_i64)]);
    assert_eq!([default("time"), default("local")], [json!(1500), json!(1)]);
}

#[test]
fn enums_have_a_default_symbol() {
    #[event_schema::event]
    struct Sized {
        size: Size,
    }
    #[event_schema::event]
    enum Size {
        Small,
        #[serde(alias = "big")]
        Large,
        #[event(avro(default))]
        Unknown,
    }
    assert_eq!(
        types(&schema::<Sized>())["size"],
        &json!({"type": "enum", "name": "Size", "symbols": ["Small", "Large", "Unknown"], "default": "Unknown"})
    );
}

#[test]
fn an_enum_with_data_is_a_union_of_records() {
    #[event_schema::event]
    struct Paid {
        by: Option<Payment>,
        before: Vec<Payment>,
        state: State,
        step: Step,
    }
    #[event_schema::event]
    enum Payment {
        Cash,
        /// Anything with a number.
        #[serde(alias = "CreditCard")]
        Card {
            number: String,
        },
        Voucher(Voucher),
        Split(i32, i64),
    }
    #[event_schema::event]
    #[serde(tag = "kind")]
    enum State {
        Open,
        Closed(Voucher),
    }
    #[event_schema::event]
    #[serde(tag = "t", content = "c")]
    enum Step {
        First(i32),
    }
    #[event_schema::event]
    struct Voucher {
        code: String,
    }
    let schema = schema::<Paid>();
    assert_eq!(
        types(&schema)["by"],
        &json!([
            "null",
            {"type": "record", "name": "Payment_Cash", "altnames": {"json": "Cash"}, "fields": []},
            {
                "type": "record",
                "name": "Payment_Card",
                "doc": "Anything with a number.",
                "altnames": {"json": "Card"},
                "aliases": ["Payment_CreditCard"],
                "fields": [{"name": "number", "type": "string"}],
            },
            {
                "type": "record",
                "name": "Payment_Voucher",
                "altnames": {"json": "Voucher"},
                "fields": [{
                    "name": "value",
                    "type": {"type": "record", "name": "Voucher", "fields": [{"name": "code", "type": "string"}]},
                }],
            },
            {
                "type": "record",
                "name": "Payment_Split",
                "altnames": {"json": "Split"},
                "fields": [{"name": "_0", "type": "int"}, {"name": "_1", "type": "long"}],
            },
        ])
    );
    let names = ["Payment_Cash", "Payment_Card", "Payment_Voucher", "Payment_Split"];
    assert_eq!(types(&schema)["before"], &json!({"type": "array", "items": names}));
    // The branch says what the tag says in JSON.
    assert_eq!(
        types(&schema)["state"],
        &json!([
            {"type": "record", "name": "State_Open", "altnames": {"json": "Open"}, "fields": []},
            {
                "type": "record",
                "name": "State_Closed",
                "altnames": {"json": "Closed"},
                "fields": [{"name": "code", "type": "string"}],
            },
        ])
    );
    assert_eq!(
        types(&schema)["step"],
        &json!([{
            "type": "record",
            "name": "Step_First",
            "altnames": {"json": "First"},
            "fields": [{"name": "value", "type": "int"}],
        }])
    );
}

#[test]
fn an_untagged_enum_is_a_union_of_different_types() {
    #[event_schema::event]
    struct Reading {
        value: Measure,
        other: Option<Measure>,
    }
    #[event_schema::event]
    #[serde(untagged)]
    enum Measure {
        Count(i64),
        Text(String),
        Nothing,
        Point { x: f64 },
    }
    let schema = schema::<Reading>();
    let point = json!({
        "type": "record",
        "name": "Measure_Point",
        "altnames": {"json": "Point"},
        "fields": [{"name": "x", "type": "double"}],
    });
    assert_eq!(types(&schema)["value"], &json!(["long", "string", "null", point]));
    assert!(field(&schema, "value").get("default").is_none());
    assert_eq!(types(&schema)["other"], &json!(["null", "long", "string", "Measure_Point"]));

    #[event_schema::event]
    #[serde(untagged)]
    enum Id {
        Uuid(Uuid),
        Text(String),
    }
    #[event_schema::event]
    struct Named {
        id: Id,
    }
    assert_eq!(faults::<Named>(), [fault("id", "two variants are `string` in Avro, and a union has each type once")]);
}

#[test]
fn what_holds_itself_is_named() {
    #[event_schema::event(avro(namespace = "trees"))]
    struct Tree {
        parent: Option<Box<Tree>>,
        children: Vec<Tree>,
        by_name: BTreeMap<String, Tree>,
        term: Term,
    }
    #[event_schema::event]
    enum Term {
        Number(i32),
        Sum(Vec<Term>),
    }
    let schema = schema::<Tree>();
    assert_eq!(types(&schema)["parent"], &json!(["null", "trees.Tree"]));
    assert_eq!(types(&schema)["children"], &json!({"type": "array", "items": "trees.Tree"}));
    assert_eq!(types(&schema)["by_name"], &json!({"type": "map", "values": "trees.Tree"}));
    assert_eq!(
        types(&schema)["term"][1]["fields"],
        json!([{"name": "value", "type": {"type": "array", "items": ["trees.Term_Number", "trees.Term_Sum"]}}])
    );

    #[event_schema::event]
    struct Nest(Vec<Nest>);
    #[event_schema::event]
    struct Nested {
        nest: Nest,
    }
    assert_eq!(faults::<Nested>(), [fault("nest[]", "the type holds itself, and only an Avro record can")]);
}

#[test]
fn text_has_the_logical_type_that_it_stands_for() {
    #[event_schema::event]
    struct Logical {
        uuid: Uuid,
        at: DateTime<Utc>,
        local: NaiveDateTime,
        day: NaiveDate,
        time: NaiveTime,
        length: SignedDuration,
        text: String,
        one: char,
    }
    let schema = schema::<Logical>();
    let logical = |kind: &str, logical: &str| json!({"type": kind, "logicalType": logical});
    assert_eq!(types(&schema)["uuid"], &logical("string", "uuid"));
    assert_eq!(types(&schema)["at"], &logical("long", "timestamp-micros"));
    assert_eq!(types(&schema)["local"], &logical("long", "local-timestamp-micros"));
    assert_eq!(types(&schema)["day"], &logical("int", "date"));
    assert_eq!(types(&schema)["time"], &logical("long", "time-micros"));
    for name in ["length", "text", "one"] {
        assert_eq!(types(&schema)[name], "string");
    }
}

#[test]
fn a_field_chooses_among_logical_types() {
    #[event_schema::event]
    struct Chosen {
        #[event(avro(fixed))]
        uuid: Uuid,
        #[event(avro(fixed))]
        uuids: Vec<Option<Uuid>>,
        #[event(avro(string))]
        plain: Uuid,
        #[event(avro(millis))]
        at: DateTime<Utc>,
        #[event(avro(nanos))]
        local: BTreeMap<String, NaiveDateTime>,
        #[event(avro(millis))]
        time: NaiveTime,
        #[event(avro(duration))]
        span: Span,
        #[event(avro(precision = 12, scale = 2))]
        price: Price,
        #[event(avro(string))]
        exact: Decimal,
        #[event(avro(bytes))]
        bytes: Option<Vec<u8>>,
    }
    #[event_schema::event]
    struct Price(Decimal);
    let schema = schema::<Chosen>();
    let logical = |kind: &str, logical: &str| json!({"type": kind, "logicalType": logical});
    assert_eq!(types(&schema)["uuid"], &json!({"type": "fixed", "name": "uuid", "size": 16, "logicalType": "uuid"}));
    assert_eq!(types(&schema)["uuids"], &json!({"type": "array", "items": ["null", "uuid"]}));
    assert_eq!(types(&schema)["plain"], "string");
    assert_eq!(types(&schema)["at"], &logical("long", "timestamp-millis"));
    assert_eq!(types(&schema)["local"], &json!({"type": "map", "values": logical("long", "local-timestamp-nanos")}));
    assert_eq!(types(&schema)["time"], &logical("int", "time-millis"));
    assert_eq!(
        types(&schema)["span"],
        &json!({"type": "fixed", "name": "duration", "size": 12, "logicalType": "duration"})
    );
    assert_eq!(
        types(&schema)["price"],
        &json!({"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2})
    );
    assert_eq!(types(&schema)["exact"], "string");
    assert_eq!(types(&schema)["bytes"], &json!(["null", "bytes"]));
}

#[test]
fn numbers_have_a_type_that_holds_them() {
    #[event_schema::event]
    struct Numbers {
        small: (i8, u16),
        int: i32,
        uint: u32,
        long: i64,
        ulong: u64,
        #[validate(range(max = 9_007_199_254_740_991u64))]
        counted: u64,
        #[validate(range(exclusive_max = 9_223_372_036_854_775_808u64))]
        half: Option<u64>,
        #[event(each(range(max = 10)))]
        each: Vec<u64>,
        huge: u128,
        float: f32,
        any: Number,
    }
    let schema = schema::<Numbers>();
    let decimal = |precision| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": 0});
    let pair = json!([{"name": "_0", "type": "int"}, {"name": "_1", "type": "int"}]);
    assert_eq!(types(&schema)["small"]["fields"], pair);
    assert_eq!([types(&schema)["int"], types(&schema)["uint"], types(&schema)["long"]], ["int", "long", "long"]);
    assert_eq!(types(&schema)["ulong"], &decimal(20));
    assert_eq!(types(&schema)["counted"], "long");
    assert_eq!(types(&schema)["half"], &json!(["null", "long"]));
    assert_eq!(types(&schema)["each"], &json!({"type": "array", "items": "long"}));
    assert_eq!(types(&schema)["huge"], &decimal(39));
    assert_eq!([types(&schema)["float"], types(&schema)["any"]], ["float", "double"]);
}

#[test]
fn containers_flattened_structs_and_converted_types() {
    #[event_schema::event]
    struct Held {
        set: BTreeSet<i32>,
        pair: [bool; 2],
        by_number: BTreeMap<u8, Vec<i64>>,
        page: Page<Line>,
        pages: Page<i32>,
        #[serde(flatten)]
        audit: Audit,
        wire: Converted,
        unit: (),
    }
    #[event_schema::event]
    struct Page<T> {
        items: Vec<T>,
    }
    #[event_schema::event]
    struct Line {
        sku: String,
    }
    #[event_schema::event]
    #[serde(tag = "type")]
    struct Audit {
        by: String,
    }
    #[event_schema::event]
    #[derive(Clone)]
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
    let schema = schema::<Held>();
    assert_eq!(types(&schema)["set"], &json!({"type": "array", "items": "int"}));
    assert_eq!(types(&schema)["pair"], &json!({"type": "array", "items": "boolean"}));
    assert_eq!(types(&schema)["by_number"], &json!({"type": "map", "values": {"type": "array", "items": "long"}}));
    let line = json!({"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}]});
    assert_eq!(
        types(&schema)["page"],
        &json!({
            "type": "record",
            "name": "Page_for_Line",
            "fields": [{"name": "items", "type": {"type": "array", "items": line}}],
        })
    );
    assert_eq!(types(&schema)["pages"]["name"], "Page_for_int32");
    assert_eq!(types(&schema)["by"], "string");
    assert_eq!(
        types(&schema)["wire"],
        &json!({"type": "record", "name": "Converted", "fields": [{"name": "number", "type": "int"}]})
    );
    assert_eq!(types(&schema)["unit"], "null");
}

#[test]
fn what_has_no_avro_form_is_refused_with_its_path() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(crate = "event_schema::serde")]
    #[schemars(crate = "event_schema::schemars")]
    struct Point {
        x: f64,
    }
    #[event_schema::event]
    struct Inner {
        values: Vec<Value>,
        #[event(plain)]
        point: Point,
    }
    #[event_schema::event]
    struct Rest {
        rest: i32,
    }
    #[event_schema::event]
    #[serde(tag = "kind")]
    enum Choice {
        A,
    }
    mod other {
        #[event_schema::event]
        pub(super) struct Inner {
            x: i32,
        }
    }
    #[event_schema::event(name = "nothing.fits")]
    struct Unfit {
        inner: BTreeMap<String, Inner>,
        again: other::Inner,
        price: Decimal,
        #[event(avro(millis))]
        day: NaiveDate,
        #[event(avro(fixed))]
        count: i32,
        #[serde(rename = "a-b")]
        dashed: i32,
        a_b: i32,
        #[serde(flatten)]
        maybe: Option<Rest>,
        #[serde(flatten)]
        choice: Choice,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }
    let error = avro_schema::<Unfit>().unwrap_err();
    assert_eq!(
        faults::<Unfit>(),
        [
            fault("inner{}.values[]", "any JSON value has no Avro type"),
            fault("inner{}.point", "`Point` has no Avro form: only its JSON Schema is known"),
            fault("again", "two types are named `Inner`"),
            fault("price", "a decimal has a scale of its own, which Avro's do not"),
            fault("day", "`avro(millis)` does not apply to a date"),
            fault("count", "`avro(fixed)` does not apply to an integer"),
            fault("a_b", "two fields are named `a_b` in Avro"),
            fault("maybe", "a flattened `Option` has no Avro form: its fields differ from value to value"),
            fault("choice", "a flattened enum has no Avro form: its fields differ from value to value"),
            fault("extra", "a flattened map has no Avro form: its fields differ from value to value"),
        ]
    );
    let text = error.to_string();
    let start = "`nothing.fits` has no Avro schema: 10 faults\ninner{}.values[]: any JSON value";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("precision = 12, scale = 2"), "{text}");
}
