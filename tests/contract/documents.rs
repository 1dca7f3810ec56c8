//! Each contract says what load and dump do: types whose contracts are not written field by field.
#![allow(clippy::items_after_statements, clippy::struct_field_names, reason = "types beside what is said of them")]

use std::collections::BTreeMap;

use event_schema::contract::shape::{Content, Definition, Field, Form, Kind, Logical, Presence, Rule, Tagging};
use event_schema::contract::{self, Shape};
use event_schema::load::{At, Context, FieldType};
use event_schema::prelude::*;
use event_schema::schemars;
use event_schema::schemars::generate::Contract;
use event_schema::serde::Deserializer;
use event_schema::serde_json::{Value, json};
use jsonschema::{Draft, Validator};

use crate::openapi;

pub(crate) fn validator(schema: &Value, draft: Draft) -> Validator {
    jsonschema::options().with_draft(draft).should_validate_formats(true).build(schema).expect("a schema")
}

/// The contract of what is accepted takes these messages and refuses those, as load does; so does the one by draft 7.
/// OpenAPI 3.0 has not all words, but takes all of these.
#[track_caller]
fn agree<E: EventSchema + schemars::JsonSchema>(accepted: &[Value], refused: &[Value]) {
    let schema = <E as EventSchema>::json_schema().to_value();
    jsonschema::meta::validate(&schema).expect("a schema by its own draft");
    let draft7 = contract::draft07::<E>(&Contract::Deserialize).to_value();
    let openapi = openapi::validator::<E>(&Contract::Deserialize);
    openapi::validator::<E>(&Contract::Serialize);
    let (latest, draft7) = (validator(&schema, Draft::Draft202012), validator(&draft7, Draft::Draft7));
    let openapi31 = openapi::validator31::<E>(&Contract::Deserialize);
    let written = validator(&E::json_schema_for(&Contract::Serialize).to_value(), Draft::Draft202012);
    for (message, good) in accepted.iter().map(|one| (one, true)).chain(refused.iter().map(|one| (one, false))) {
        let loaded = E::load_str(&message.to_string());
        assert_eq!(loaded.is_ok(), good, "load of {message}: {:?}", loaded.err().map(|error| error.to_string()));
        assert_eq!(latest.is_valid(message), good, "{message} by {schema:#}");
        assert_eq!(draft7.is_valid(message), good, "{message} by draft 7");
        assert_eq!(openapi31.is_valid(message), good, "{message} by OpenAPI 3.1");
        assert!(!good || openapi.is_valid(message), "{message} by OpenAPI 3.0");
        if let Ok(event) = loaded {
            let dumped: Value = event_schema::serde_json::from_slice(&event.dump().expect("valid")).unwrap();
            assert!(written.is_valid(&dumped), "{dumped}, which is written");
        }
    }
}

#[test]
fn flattened_maps_bind_only_what_the_fields_leave() {
    #[event_schema::event]
    struct Counted {
        price: f64,
        #[serde(alias = "remark")]
        note: Option<String>,
        #[serde(flatten)]
        counts: BTreeMap<String, u8>,
    }
    agree::<Counted>(
        &[json!({"price": 999.5}), json!({"price": 1, "note": "x", "a": 255}), json!({"price": 1, "remark": null})],
        &[
            json!({"a": 1}),
            json!({"price": 1, "a": 256}),
            json!({"price": 1, "a": "1"}),
            json!({"price": 1, "note": 1}),
        ],
    );

    #[event_schema::event]
    struct Characters {
        name: String,
        #[serde(flatten)]
        marks: BTreeMap<String, char>,
    }
    agree::<Characters>(&[json!({"name": "long", "a": "b"})], &[json!({"name": "long", "a": "bc"})]);

    #[event_schema::event]
    struct Numbered {
        name: String,
        #[serde(flatten)]
        slots: BTreeMap<u8, bool>,
    }
    agree::<Numbered>(
        &[json!({"name": "x"}), json!({"name": "x", "0": true, "255": false})],
        &[json!({"name": "x", "256": true}), json!({"name": "x", "a": true}), json!({"0": true}), json!({"name": 1})],
    );

    #[event_schema::event]
    struct Ruled {
        id: u8,
        #[serde(flatten)]
        #[validate(length(min = 1, max = 2))]
        #[event(keys(length(min = 2)), values(range(max = 9)))]
        rest: BTreeMap<String, u8>,
    }
    agree::<Ruled>(
        &[json!({"id": 200, "ab": 9}), json!({"id": 0, "ab": 1, "cd": 2})],
        &[
            json!({"id": 0}),
            json!({"id": 0, "a": 1}),
            json!({"id": 0, "ab": 10}),
            json!({"id": 0, "ab": 1, "cd": 2, "ef": 3}),
        ],
    );

    #[event_schema::event]
    struct AtLeastOne {
        id: Option<u8>,
        #[serde(flatten)]
        #[validate(length(min = 1))]
        rest: BTreeMap<String, u8>,
    }
    agree::<AtLeastOne>(&[json!({"a": 1}), json!({"id": null, "a": 1})], &[json!({}), json!({"id": 1})]);

    /// The map sees what the struct before it has left.
    #[event_schema::event]
    struct Inner {
        text: String,
    }
    #[event_schema::event]
    struct After {
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    agree::<After>(&[json!({"text": "x", "a": 1})], &[json!({"text": "x", "a": "y"}), json!({"a": 1})]);
}

#[test]
fn a_tag_beside_a_map_is_none_of_its_entries() {
    #[event_schema::event]
    struct Closed {
        #[serde(rename = "x")]
        field: u8,
    }
    #[event_schema::event]
    #[serde(deny_unknown_fields)]
    struct Strict {
        y: u8,
    }
    #[event_schema::event]
    #[serde(tag = "kind")]
    enum Tagged {
        Map(BTreeMap<String, u8>),
        Numbered(BTreeMap<u8, bool>),
        Few(#[validate(length(max = 1))] BTreeMap<String, u8>),
        Record(Closed),
        Strict(Strict),
    }
    agree::<Tagged>(
        &[
            json!({"kind": "Map"}),
            json!({"kind": "Map", "a": 1}),
            json!({"kind": "Numbered", "7": true}),
            json!({"kind": "Few", "a": 1}),
            json!({"kind": "Record", "x": 1, "more": 1}),
            json!({"kind": "Strict", "y": 1}),
        ],
        &[
            json!({"kind": "Map", "a": "1"}),
            json!({"kind": "Map", "a": 256}),
            json!({"kind": "Numbered", "x": true}),
            json!({"kind": "Few", "a": 1, "b": 2}),
            json!({"kind": "Record"}),
            json!({"kind": "Strict", "y": 1, "more": 1}),
            json!({"kind": "Other"}),
        ],
    );
}

#[test]
fn other_names_of_variants_and_tags() {
    #[event_schema::event]
    enum External {
        #[serde(alias = "old")]
        New(u8),
        #[serde(alias = "both")]
        Struct { a: u8 },
        #[serde(alias = "none")]
        Unit,
    }
    agree::<External>(
        &[json!({"old": 1}), json!({"New": 1}), json!({"both": {"a": 1}}), json!("none"), json!("Unit")],
        &[json!({"old": "x"}), json!({"old": 1, "New": 1}), json!({}), json!("old"), json!("other")],
    );

    #[event_schema::event]
    #[serde(tag = "t")]
    enum Internal {
        #[serde(alias = "old")]
        New { a: u8 },
        #[serde(alias = "none")]
        Unit,
        #[serde(other)]
        Other,
    }
    agree::<Internal>(
        &[json!({"t": "old", "a": 1}), json!({"t": "none"}), json!({"t": "whatever", "a": "x"})],
        &[json!({"t": "old"}), json!({"t": "old", "a": "x"}), json!({"t": 1}), json!({})],
    );

    #[event_schema::event]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        #[serde(alias = "old")]
        New(u8),
        Maybe(Option<u8>),
        #[serde(other)]
        Other,
    }
    agree::<Adjacent>(
        &[json!({"t": "old", "c": 1}), json!({"t": "Maybe"}), json!({"t": "whatever"}), json!({"t": "x", "c": null})],
        &[json!({"t": "old"}), json!({"t": "old", "c": "x"}), json!({"t": "whatever", "c": 1}), json!({"c": 1})],
    );

    #[event_schema::event]
    enum Mixed {
        Data(u8),
        Known,
        #[serde(other)]
        Other,
    }
    agree::<Mixed>(
        &[json!({"Data": 1}), json!("Known"), json!("whatever")],
        &[json!("Data"), json!({"x": 1}), json!(1)],
    );
}

#[test]
fn two_flattened_choices() {
    #[event_schema::event]
    #[serde(tag = "a")]
    enum First {
        X {
            #[event(one_of(1, 2))]
            n: u8,
        },
        Y,
    }
    #[event_schema::event]
    #[serde(tag = "b")]
    enum Second {
        X {
            #[event(one_of("p", "q"))]
            s: String,
        },
        Y,
    }
    #[event_schema::event]
    struct Both {
        #[serde(flatten)]
        first: First,
        #[serde(flatten)]
        second: Second,
    }
    agree::<Both>(
        &[json!({"a": "X", "n": 1, "b": "X", "s": "q"}), json!({"a": "Y", "b": "Y"})],
        &[
            json!({"a": "X", "n": 3, "b": "Y"}),
            json!({"a": "Y", "b": "X", "s": "r"}),
            json!({"a": "Y"}),
            json!({"b": "Y"}),
        ],
    );
}

#[test]
fn missing_and_null() {
    /// The idiom for a field that is required and may be null.
    #[event_schema::event]
    struct Nullable {
        #[serde(deserialize_with = "Option::deserialize")]
        value: Option<u32>,
    }
    agree::<Nullable>(
        &[json!({"value": null}), json!({"value": 4_294_967_295_u64})],
        &[json!({}), json!({"value": 4_294_967_296_u64}), json!({"value": "x"})],
    );

    #[event_schema::event]
    #[serde(transparent)]
    struct Maybe(Option<u8>);
    #[event_schema::event]
    #[serde(transparent)]
    struct Documented {
        /// How many.
        #[validate(range(max = 9))]
        count: Option<u8>,
    }
    #[event_schema::event]
    struct Optional {
        maybe: Maybe,
        documented: Documented,
    }
    agree::<Optional>(
        &[json!({}), json!({"maybe": null, "documented": null}), json!({"maybe": 1, "documented": 9})],
        &[json!({"maybe": "x"}), json!({"documented": 10})],
    );

    #[event_schema::event]
    struct Tuple(u8, #[serde(default)] u8, #[serde(default)] Option<String>);
    agree::<Tuple>(
        &[json!([1]), json!([1, 2]), json!([1, 2, null]), json!([1, 2, "x"])],
        &[json!([]), json!([1, "x"]), json!([1, 2, 3]), json!([1, 2, "x", 4])],
    );
}

#[test]
fn keys_are_what_a_newtype_holds() {
    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Number(u8);
    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Name(#[validate(length(min = 2))] String);
    #[event_schema::event]
    struct Keyed {
        #[serde(default)]
        names: BTreeMap<Name, u8>,
        #[serde(default)]
        floats: BTreeMap<String, f64>,
    }
    agree::<Keyed>(&[json!({"names": {"ab": 1}})], &[json!({"names": {"a": 1}})]);
    let keys = |shape: Shape| match shape.kind() {
        Kind::Map { keys, .. } => keys.id(),
        kind => panic!("{kind:?} is no map"),
    };
    assert_ne!(keys(Shape::of::<BTreeMap<Number, u8>>()), keys(Shape::of::<BTreeMap<Name, u8>>()));

    #[event_schema::event]
    struct Numbers {
        numbers: BTreeMap<Number, u8>,
    }
    let schema = Numbers::json_schema();
    let pattern = schema.pointer("/properties/numbers/propertyNames/pattern").unwrap();
    assert_eq!(pattern, "^(0|[1-9][0-9]{0,1}|1[0-9]{2}|2[0-4][0-9]|25[0-4]|255)$");
}

mod one {
    #[event_schema::event]
    pub(crate) struct Item {
        pub(crate) x: u8,
    }
}

mod other {
    #[event_schema::event]
    pub(crate) struct Item {
        pub(crate) y: String,
    }
}

#[test]
fn two_types_of_one_name_stay_apart() {
    #[event_schema::event]
    struct Page<T> {
        items: Vec<T>,
    }
    #[event_schema::event]
    struct Pages {
        first: Page<one::Item>,
        second: Page<other::Item>,
        again: Page<Box<other::Item>>,
    }
    agree::<Pages>(
        &[json!({"first": {"items": [{"x": 1}]}, "second": {"items": [{"y": "a"}]}, "again": {"items": []}})],
        &[
            json!({"first": {"items": [{"y": "a"}]}, "second": {"items": []}, "again": {"items": []}}),
            json!({"first": {"items": []}, "second": {"items": [{"x": 1}]}, "again": {"items": []}}),
        ],
    );
    let schema = Pages::json_schema();
    assert_eq!(schema.pointer("/properties/second/$ref"), schema.pointer("/properties/again/$ref"));
}

/// A type of schemars' own that holds ours, which holds it.
#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
struct Foreign {
    next: Option<Box<Ours>>,
}

#[derive(Debug, Serialize, Deserialize, EventSchema)]
struct Ours {
    #[validate(range(max = 9))]
    size: u8,
    #[event(plain)]
    foreign: Option<Foreign>,
    ours: Vec<Ours>,
}

#[test]
fn recursion_goes_through_types_of_schemars_and_back() {
    let leaf = json!({"size": 1, "ours": []});
    agree::<Ours>(
        &[leaf.clone(), json!({"size": 1, "ours": [leaf], "foreign": {"next": leaf}})],
        &[json!({"size": 1, "ours": [{}]}), json!({"size": 1, "ours": [], "foreign": {"next": {}}})],
    );
    assert_eq!(Ours::json_schema().pointer("/properties/ours/items/$ref").unwrap(), "#");
    assert_eq!(Ours::json_schema().pointer("/$defs/Foreign/properties/next/anyOf/0/$ref").unwrap(), "#");
}

#[test]
fn words_for_people_and_keywords_by_hand() {
    fn percent(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "maximum": 100})
    }

    /// # A share
    ///
    /// Of the whole.
    #[event_schema::event]
    #[schemars(example = json!({"percent": 7}), extend("x-owner" = ["a", "b"]))]
    struct Share {
        #[schemars(schema_with = "percent", title = "Percent")]
        percent: u8,
        #[deprecated]
        #[schemars(example = 1, example = 2, extend("x-unit" = "kg"))]
        weight: Option<u32>,
        /// When it was counted.
        #[serde(default = "std::time::SystemTime::now")]
        #[event(default = "computed")]
        at: std::time::SystemTime,
        #[serde(default = "half")]
        part: f32,
    }

    fn half() -> f32 {
        0.1
    }

    let schema = Share::json_schema();
    assert_eq!(schema.get("title").unwrap(), "A share");
    assert_eq!(schema.get("description").unwrap(), "Of the whole.");
    assert_eq!(schema.get("examples").unwrap(), &json!([{"percent": 7}]));
    assert_eq!(schema.get("x-owner").unwrap(), &json!(["a", "b"]));
    assert_eq!(
        schema.pointer("/properties/percent").unwrap(),
        &json!({"type": "integer", "maximum": 100, "title": "Percent"})
    );
    let weight = schema.pointer("/properties/weight").unwrap();
    assert_eq!((&weight["deprecated"], &weight["x-unit"]), (&json!(true), &json!("kg")));
    assert_eq!(weight["examples"], json!([1, 2]));
    let at = schema.pointer("/properties/at").unwrap();
    assert_eq!(at["description"], "When it was counted.");
    assert!(at.get("default").is_none());
    assert_eq!(schema.pointer("/properties/part/default").unwrap(), &json!(0.1));
    assert_eq!(schema.get("required").unwrap(), &json!(["percent"]));
}

#[test]
fn a_schema_of_its_own() {
    #[derive(Serialize, EventSchema)]
    #[event(json_schema = false)]
    struct Own {
        #[allow(dead_code, reason = "read from messages only")]
        code: String,
    }

    impl schemars::JsonSchema for Own {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Own".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({"type": "object", "x-by": "hand"})
        }
    }

    #[event_schema::event]
    struct Holder {
        own: Own,
    }

    assert_eq!(<Own as EventSchema>::json_schema().get("x-by").unwrap(), "hand");
    assert_eq!(Holder::json_schema().pointer("/$defs/Own/x-by").unwrap(), "hand");
}

/// What a definition is called does not depend on what else the contract refers to, nor on its place.
#[test]
fn generics_are_called_by_their_parameters() {
    #[event_schema::event]
    struct Page<T> {
        items: Vec<T>,
    }
    #[event_schema::event]
    struct Pair<A, B, const N: usize> {
        a: A,
        b: Vec<B>,
    }
    #[event_schema::event]
    struct Text {
        text: String,
    }
    #[event_schema::event]
    struct Count {
        count: u8,
    }
    #[event_schema::event]
    struct Forth {
        texts: Page<Text>,
        counts: Page<Count>,
        lists: Page<Vec<Text>>,
        pair: Pair<u8, Option<Text>, 2>,
    }
    #[event_schema::event]
    struct Back {
        pair: Pair<u8, Option<Text>, 2>,
        lists: Page<Vec<Text>>,
        counts: Page<Count>,
        texts: Page<Text>,
    }

    let (forth, back) = (Forth::json_schema().to_value(), Back::json_schema().to_value());
    assert_eq!(forth["$defs"], back["$defs"]);
    assert_eq!(forth["properties"], back["properties"]);
    let mut names: Vec<&String> = forth["$defs"].as_object().unwrap().keys().collect();
    names.sort();
    let generics =
        ["Page_for_Array_of_Text", "Page_for_Count", "Page_for_Text", "Pair_for_uint8_and_Nullable_Text_and_2"];
    assert_eq!(names, [&["Count"], &generics[..], &["Text"]].concat());
    assert_eq!(forth["properties"]["texts"]["$ref"], "#/$defs/Page_for_Text");
    assert_eq!(Page::<Count>::json_schema().get("title").unwrap(), "Page_for_Count");

    /// A name of its own stays as it is.
    #[event_schema::event]
    #[schemars(rename = "PageOf{T}")]
    struct Named<T> {
        item: T,
    }
    assert_eq!(Named::<Count>::json_schema().get("title").unwrap(), "PageOfCount");
    agree::<Forth>(
        &[json!({
            "texts": {"items": [{"text": "x"}]},
            "counts": {"items": [{"count": 1}]},
            "lists": {"items": [[{"text": "x"}]]},
            "pair": {"a": 1, "b": [null, {"text": "x"}]},
        })],
        &[json!({
            "texts": {"items": [{"count": 1}]},
            "counts": {"items": []},
            "lists": {"items": []},
            "pair": {"a": 1, "b": [null, null]},
        })],
    );
}

/// What other writers of contracts read.
#[test]
fn a_shape_has_all_that_attributes_say() {
    #[event_schema::event]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "described only")]
    struct Order {
        #[validate(length(min = 1))]
        #[event(sensitive)]
        order_id: String,
        #[serde(skip)]
        cached: u8,
        #[serde(rename(serialize = "out", deserialize = "in"), alias = "old", default)]
        count: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        #[serde(flatten)]
        choice: Choice,
        /// Words for people.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(deprecated)]
        tags: Vec<String>,
        #[serde(default = "seven", skip_serializing)]
        weight: u8,
        #[serde(default = "seven")]
        #[event(default = "computed", one_of(7, 8))]
        at: u8,
        id: Option<Uuid>,
        parent: Option<Box<Order>>,
    }

    fn seven() -> u8 {
        7
    }

    #[event_schema::event]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "described only")]
    enum Choice {
        A {
            x: u8,
        },
        #[serde(alias = "c")]
        C,
        #[serde(other)]
        B,
    }

    let Kind::Named(Definition { form: Form::Content(Content::Record(record)), name, .. }) = Order::shape().into_kind()
    else {
        panic!("a record");
    };
    assert!(format!("{name:?}").contains("Order"));
    let [id, cached, count, note, choice, tags, weight, at, uuid, parent] = record.fields else {
        panic!("as many fields as the reader has")
    };
    assert_eq!((id.read, id.written, id.sensitive), (Some("orderId"), Some("orderId"), true));
    assert_eq!(id.rules(), [Rule::Length { min: Some(1), max: None }]);
    assert_eq!((cached.read, cached.written), (None, None));
    assert_eq!((count.read, count.written, count.aliases), (Some("in"), Some("out"), &["old"][..]));
    assert!(matches!(count.presence, Presence::Default(default) if default() == Some(json!(0))));
    assert!(note.written_when && !note.is_required() && id.is_required());
    let Field { flat: true, shape, .. } = choice else { panic!("it is flattened") };
    let Kind::Named(Definition { form: Form::Enum(choice), .. }) = shape().into_kind() else { panic!("an enum") };
    assert!(matches!(choice.tagging, Tagging::Internal { tag: "kind" }));
    assert_eq!((choice.variants[1].aliases, choice.variants[1].other), (&["c"][..], false));
    assert!(choice.variants[2].other && matches!(choice.variants[2].content, Content::Unit));

    let default = |field: &Field| match field.presence {
        Presence::Default(default) => default(),
        _ => panic!("it has a default"),
    };
    assert_eq!((tags.notes.description, tags.notes.deprecated), ("Words for people.", true));
    assert_eq!([default(tags), default(weight), default(at)], [Some(json!([])), Some(json!(7)), None]);
    assert_eq!(at.rules(), [Rule::OneOf(vec![json!(7), json!(8)])]);
    let schema = Order::json_schema();
    assert_eq!(schema.pointer("/properties/tags/default").unwrap(), &json!([]));
    assert_eq!(schema.pointer("/properties/weight/default").unwrap(), 7);
    assert!(schema.pointer("/properties/note/default").is_none());

    let Kind::Optional(uuid) = (uuid.shape)().into_kind() else { panic!("an option") };
    assert!(matches!(uuid.kind(), Kind::Text(text) if text.logical == Some(Logical::Uuid)));
    // What holds itself comes back by its name.
    let Kind::Optional(parent) = (parent.shape)().into_kind() else { panic!("an option") };
    assert_eq!(parent.name(), "Order");
}

/// What other formats have forms of their own for.
#[test]
fn text_tells_what_it_stands_for() {
    use event_schema::{chrono, jiff, rust_decimal, time};

    fn of<T: FieldType>() -> Option<Logical> {
        match Shape::of::<T>().into_kind() {
            Kind::Text(text) => text.logical,
            Kind::Ways { written, .. } => match written.kind() {
                Kind::Text(text) => text.logical,
                kind => panic!("{kind:?} is no text"),
            },
            kind => panic!("{kind:?} is no text"),
        }
    }
    assert_eq!(of::<String>(), None);
    assert_eq!(of::<Uuid>(), Some(Logical::Uuid));
    assert_eq!(of::<rust_decimal::Decimal>(), Some(Logical::Decimal));
    for instant in [of::<chrono::DateTime<chrono::Utc>>(), of::<jiff::Timestamp>(), of::<time::OffsetDateTime>()] {
        assert_eq!(instant, Some(Logical::Instant));
    }
    for local in [of::<chrono::NaiveDateTime>(), of::<jiff::civil::DateTime>(), of::<time::PrimitiveDateTime>()] {
        assert_eq!(local, Some(Logical::DateTime));
    }
    for date in [of::<chrono::NaiveDate>(), of::<jiff::civil::Date>(), of::<time::Date>()] {
        assert_eq!(date, Some(Logical::Date));
    }
    for time in [of::<chrono::NaiveTime>(), of::<jiff::civil::Time>(), of::<time::Time>()] {
        assert_eq!(time, Some(Logical::Time));
    }
    for period in [of::<jiff::Span>(), of::<jiff::SignedDuration>()] {
        assert_eq!(period, Some(Logical::Duration));
    }
    // Its text counts seconds, where others have a period of ISO 8601.
    assert_eq!(of::<time::Duration>(), None);
    // Its zone would be lost.
    assert_eq!(of::<jiff::Zoned>(), None);
}

#[test]
fn rules_of_keys_are_said_of_their_text() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    enum Size {
        #[serde(alias = "s")]
        Small,
        Medium,
        Large,
    }
    #[event_schema::event]
    #[serde(default)]
    #[derive(Default)]
    struct Keyed {
        #[event(keys(one_of(1, 2)))]
        numbers: BTreeMap<u8, bool>,
        #[event(keys(none_of(-1)))]
        others: BTreeMap<i8, bool>,
        #[event(keys(one_of(Size::Small, Size::Medium)))]
        sizes: BTreeMap<Size, bool>,
        #[event(keys(none_of(Size::Small)))]
        larger: BTreeMap<Size, bool>,
        #[event(keys(one_of("a", "b")))]
        words: Option<BTreeMap<String, bool>>,
    }
    agree::<Keyed>(
        &[
            json!({"numbers": {"1": true, "2": true}}),
            json!({"others": {"1": true}}),
            json!({"sizes": {"s": true, "Medium": true}}),
            json!({"larger": {"Large": true}}),
            json!({"words": {"a": true}}),
            json!({"words": null}),
        ],
        &[
            json!({"numbers": {"3": true}}),
            json!({"others": {"-1": true}}),
            json!({"sizes": {"Large": true}}),
            json!({"larger": {"Small": true}}),
            json!({"larger": {"s": true}}),
            json!({"words": {"c": true}}),
        ],
    );
}

/// In the decimal digits of a document, as some tools read them, and as floats.
#[test]
fn the_bounds_of_wide_integers_are_outside_of_their_type() {
    #[event_schema::event]
    struct Wide {
        signed: i128,
        unsigned: u128,
    }
    let schema = <Wide as EventSchema>::json_schema().to_value();
    for (place, bound) in [
        ("/properties/signed/minimum", i128::MIN.to_string()),
        ("/properties/signed/maximum", i128::MAX.to_string()),
        ("/properties/unsigned/maximum", u128::MAX.to_string()),
    ] {
        // Its shortest digits, filled up with zeros.
        let found = schema.pointer(place).unwrap().as_f64().unwrap().to_string();
        assert!(found.len() == bound.len() && found > bound, "{place}: {found} and {bound}");
    }
    agree::<Wide>(&[json!({"signed": i64::MIN, "unsigned": u64::MAX})], &[json!({"signed": 1, "unsigned": -1})]);
}

#[test]
fn variants_without_values_are_left_out() {
    #[event_schema::event]
    struct HasKind {
        kind: u8,
    }
    // The tag and the field would be written under the same name.
    #[event_schema::event]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "only its contract")]
    enum Tagged {
        Always(HasKind),
        Never { c: bool },
    }
    for contract in [Contract::Serialize, Contract::Deserialize] {
        let schema = contract::json_schema::<Tagged>(&contract).to_value();
        let variants = schema["oneOf"].as_array().unwrap();
        assert!(variants.len() == 1 && variants[0]["properties"]["kind"]["const"] == "Never", "{schema:#}");
    }
}

#[test]
fn a_rule_lets_null_pass_where_it_is_no_value() {
    #[event_schema::event]
    struct Chosen {
        #[event(one_of("a", "b"))]
        value: Value,
        #[event(one_of("a", "b"))]
        maybe: Option<Value>,
    }
    agree::<Chosen>(
        &[json!({"value": "a"}), json!({"value": "b", "maybe": null}), json!({"value": "a", "maybe": "a"})],
        &[json!({"value": null}), json!({"value": "c"}), json!({"value": "a", "maybe": "c"})],
    );
}

/// Its own fields would stand beside its tag, the tag among them.
#[derive(Serialize, EventSchema)]
#[serde(tag = "type")]
#[allow(dead_code, reason = "described only")]
enum Formula {
    Not(Negated),
    Number { n: f64 },
}

#[derive(Serialize, EventSchema)]
#[allow(dead_code, reason = "described only")]
struct Negated(Box<Formula>);

#[test]
fn a_choice_that_holds_itself_beside_its_tag_ends() {
    let check = validator(&<Formula as EventSchema>::json_schema().to_value(), Draft::Draft202012);
    assert!(check.is_valid(&json!({"type": "Number", "n": 1})));
    assert!(!check.is_valid(&json!({"type": "Not", "n": 1})));
    assert!(!check.is_valid(&json!({"type": "Number"})));
}

#[event_schema::event]
#[schemars(inline)]
struct Branch {
    size: u8,
    leaves: Vec<Leaf>,
}

#[event_schema::event]
#[schemars(inline)]
struct Leaf {
    branch: Option<Box<Branch>>,
}

#[test]
fn types_that_hold_each_other_are_referred_to() {
    let leaf = json!({"branch": {"size": 1, "leaves": [{"branch": null}]}});
    agree::<Branch>(
        &[json!({"size": 1, "leaves": []}), json!({"size": 1, "leaves": [leaf]})],
        &[json!({"size": 1, "leaves": [{"branch": {"size": 1}}]}), json!({"size": 1, "leaves": [1]})],
    );
}

/// A code of a type that only schemars knows, under a name that a reference cannot say as it is.
#[derive(Debug, Serialize)]
struct Code(String);

impl FieldType for Code {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(String::read(input, cx, at)?.map(Self))
    }

    fn shape() -> Shape {
        #[derive(schemars::JsonSchema)]
        #[schemars(rename = "Größe/~")]
        #[allow(dead_code, reason = "described only")]
        struct Size(String);
        Shape::foreign::<Size>().length(2..=3)
    }
}

/// A part of a whole.
#[derive(Debug, Serialize)]
struct Share(f32);

impl FieldType for Share {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(f32::read(input, cx, at)?.map(Self))
    }

    fn shape() -> Shape {
        Shape::number().one_of([0.1_f32, 0.5])
    }
}

#[test]
fn shapes_made_by_hand() {
    #[event_schema::event]
    struct Made {
        code: Code,
        share: Share,
    }
    let schema = Made::json_schema();
    let code = schema.pointer("/properties/code").unwrap();
    assert!(code["$ref"].as_str().is_some_and(|reference| reference.contains('%')), "{code}");
    assert_eq!((&code["minLength"], &code["maxLength"]), (&json!(2), &json!(3)), "{code}");
    assert_eq!(schema.pointer("/properties/share/enum").unwrap().to_string(), "[0.1,0.5]");
    assert_eq!(Shape::text().format("uri".to_owned()).pattern("^a".to_owned()).name(), "string");
}

#[test]
fn numbers_are_as_exact_as_their_text() {
    fn parts() -> BTreeMap<String, Vec<f32>> {
        BTreeMap::from([("a".to_owned(), vec![0.1, 16_777_216.0])])
    }

    #[event_schema::event]
    struct Exact {
        #[validate(range(max = 18_446_744_073_709_551_614_u64))]
        large: u64,
        #[validate(range(min = -9_223_372_036_854_775_807_i64))]
        small: i64,
        #[serde(default = "parts")]
        parts: BTreeMap<String, Vec<f32>>,
    }
    agree::<Exact>(
        &[json!({"large": u64::MAX - 1, "small": i64::MIN + 1})],
        &[json!({"large": u64::MAX, "small": 0}), json!({"large": 0, "small": i64::MIN})],
    );
    let default = Exact::json_schema().pointer("/properties/parts/default").unwrap().to_string();
    assert_eq!(default, event_schema::serde_json::to_string(&parts()).unwrap());
}

/// A closed object knows them, too.
#[test]
fn a_closed_object_knows_the_names_of_flattened_enums() {
    #[event_schema::event]
    struct Inner {
        x: u8,
    }
    #[event_schema::event]
    #[serde(tag = "t")]
    enum Kind {
        Some { v: u8 },
        In(Inner),
        None,
    }
    #[event_schema::event]
    #[serde(deny_unknown_fields)]
    struct Closed {
        k: u8,
        #[serde(flatten)]
        kind: Option<Kind>,
    }
    agree::<Closed>(
        &[json!({"k": 1}), json!({"k": 1, "t": "Some", "v": 2}), json!({"k": 1, "t": "In", "x": 2})],
        &[json!({"k": 1, "z": 1}), json!({"k": 1, "t": "None", "z": 1})],
    );
}

/// A flattened enum of which no variant can be there is refused by a schema that is one.
#[test]
fn an_enum_whose_tag_is_taken() {
    #[event_schema::event]
    #[serde(tag = "t")]
    enum Inner {
        A { v: u8 },
        B,
    }
    #[event_schema::event]
    #[serde(untagged)]
    enum Hidden {
        Inner(Inner),
    }
    #[event_schema::event]
    #[serde(tag = "t")]
    enum Outer {
        Hidden(Hidden),
        Free,
    }
    agree::<Outer>(&[json!({"t": "Free"})], &[json!({"t": "Hidden"}), json!({"t": "A", "v": 1}), json!({"t": 1})]);
}

/// Forms of which code generators and strict validators of other languages make the right thing; `.ci/languages` runs them.
#[test]
fn contracts_have_forms_that_other_languages_understand() {
    #[event_schema::event]
    struct Part {
        x: u8,
        #[event(sensitive)]
        pin: Option<String>,
    }

    #[event_schema::event]
    enum Never {}

    #[event_schema::event]
    #[serde(tag = "kind")]
    enum Choice {
        Part(Part),
        Bare,
    }

    #[event_schema::event]
    struct All {
        address: std::net::IpAddr,
        other: Option<std::net::IpAddr>,
        #[validate(ip)]
        named: Option<String>,
        at: chrono::NaiveTime,
        moment: chrono::NaiveDateTime,
        time: jiff::civil::Time,
        #[validate(range(min = rust_decimal::Decimal::ZERO))]
        price: rust_decimal::Decimal,
        #[validate(range(min = rust_decimal::Decimal::ZERO))]
        discount: Option<rust_decimal::Decimal>,
        choice: Choice,
        never: Option<Never>,
        #[serde(default)]
        #[event(not_null)]
        any: Value,
    }

    let written = contract::json_schema::<All>(&Contract::Serialize).to_value();
    let properties = &written["properties"];
    // A branch of a choice has its type.
    let either = json!([{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]);
    assert_eq!(properties["address"], json!({"type": "string", "anyOf": either}));
    assert_eq!(properties["other"]["anyOf"][0], properties["address"]);
    let named = &properties["named"];
    assert!(named["anyOf"].as_array().unwrap().iter().all(|form| form["type"] == named["type"]), "{named}");
    // No draft has formats for local times.
    for name in ["at", "moment", "time"] {
        assert!(properties[name].get("format").is_none() && properties[name].get("pattern").is_some(), "{name}");
    }
    // Bounds are those of numbers.
    assert!(["price", "discount"].iter().all(|name| properties[name].get("minimum").is_none()), "{written:#}");
    // The types beside null, where there is no other.
    assert_eq!(properties["any"]["type"], json!(["array", "boolean", "number", "object", "string"]));
    assert_eq!(contract::json_schema::<All>(&Contract::Deserialize).pointer("/properties/price/minimum").unwrap(), 0);
    // A reference has no siblings that a generator must join with it.
    let part = &written["$defs"]["Choice"]["oneOf"][0];
    assert_eq!(part["allOf"], json!([{"$ref": "#/$defs/Part"}]));
    assert_eq!(part["properties"]["kind"]["const"], "Part");
    // Validators have to know one keyword of this crate; it also names sensitive fields of nested types.
    assert_eq!(written["$defs"]["Part"]["properties"]["pin"]["x-event-schema"], json!({"sensitive": true}));
    // A definition is an object.
    assert_eq!(written["$defs"]["Never"], json!({"not": {}}));

    let address = |address: &str| {
        let mut message =
            json!({"address": address, "at": "09:30:00", "moment": "2026-11-21T09:30:00", "time": "09:30:00"});
        message["price"] = json!("1.5");
        message["choice"] = json!({"kind": "Part", "x": 1});
        message
    };
    let mut wrong = address("::1");
    wrong["choice"]["x"] = json!("1");
    let mut named = address("192.0.2.1");
    named["named"] = json!("example.org");
    agree::<All>(&[address("::1"), address("192.0.2.1")], &[address("example.org"), wrong, named]);
}
