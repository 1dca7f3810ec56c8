//! The code that the derive emits for writing: in any schema it writes the bytes that the type's `Serialize` writes, or
//! fails where that fails.
#![allow(dead_code, reason = "some fields and variants are only written, or never")]
#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::option_option,
    reason = "as serde calls functions, and what it allows"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use event_schema::avro::{DatumWriter, Schema};
use event_schema::chrono::{DateTime, Utc};
use event_schema::contract::Shape;
use event_schema::contract::avro_schema;
use event_schema::load::{At, Context, FieldType};
use event_schema::prelude::*;
use event_schema::serde::{Deserializer, Serializer};
use event_schema::serde_json::{Value, json};
use fastrand::Rng;

/// A value whose own way of being written is not known to the library, which asks its `Serialize`.
struct Hidden<T>(T);

impl<T: Serialize> Serialize for Hidden<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: FieldType> FieldType for Hidden<T> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(T::read(input, cx, at)?.map(Hidden))
    }

    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        self.0.check(cx, at);
    }

    fn shape() -> Shape {
        T::shape()
    }
}

#[event_schema::event(name = "whole")]
struct Whole<T> {
    value: T,
}

/// A random value.
trait Draw: Sized {
    fn draw(rng: &mut Rng) -> Self;
}

macro_rules! draw {
    ($($type:ty: |$rng:ident| $value:expr;)*) => {$(
        impl Draw for $type {
            fn draw($rng: &mut Rng) -> Self {
                $value
            }
        }
    )*};
}

/// A struct of the zoo, drawn field by field.
macro_rules! zoo {
    ($($(#[$attr:meta])* struct $name:ident { $($(#[$field_attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[event_schema::event]
        $(#[$attr])*
        struct $name {
            $($(#[$field_attr])* $field: $type,)*
        }

        impl Draw for $name {
            fn draw(rng: &mut Rng) -> Self {
                Self { $($field: Draw::draw(rng),)* }
            }
        }
    )*};
}

draw! {
    bool: |rng| rng.bool();
    u8: |rng| rng.u8(..);
    i32: |rng| rng.i32(..);
    i64: |rng| if rng.bool() { rng.i64(..) } else { rng.i64(-100..100) };
    u64: |rng| if rng.bool() { rng.u64(..) } else { rng.u64(..100) };
    f32: |rng| rng.f32() - 0.5;
    f64: |rng| match rng.u8(..20) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2..8 => rng.u8(..).into(),
        _ => (rng.f64() - 0.5) * 1e100,
    };
    String: |rng| match rng.u8(..4) {
        0 => "Sea".to_owned(),
        1 => rng.u8(..).to_string(),
        _ => (0..rng.usize(..70)).map(|_| *rng.choice(&['a', 'Z', '"', 'ä', '€']).unwrap()).collect(),
    };
    Cow<'static, str>: |rng| Cow::Owned(Draw::draw(rng));
    Uuid: |rng| Uuid::from_u128(rng.u128(..));
    DateTime<Utc>: |rng| {
        let seconds = match rng.u8(..4) {
            0 => rng.i64(-62_135_596_900..-62_135_596_700),
            1 => rng.i64(253_402_300_700..253_402_300_900),
            2 => rng.i64(-8_000_000_000_000..8_000_000_000_000),
            _ => rng.i64(-4_000_000_000..4_000_000_000),
        };
        let nanos = *rng.choice(&[0, 1, 999, 500_000_000, 999_999_999]).unwrap();
        // A leap second is the 60th of a minute.
        let leap = rng.u8(..8) == 0;
        let seconds = if leap { seconds.div_euclid(60) * 60 + 59 } else { seconds };
        DateTime::from_timestamp(seconds, if leap { 1_000_000_000 + nanos } else { nanos }).unwrap()
    };
}

impl<T: Draw> Draw for Option<T> {
    fn draw(rng: &mut Rng) -> Self {
        (rng.u8(..3) > 0).then(|| T::draw(rng))
    }
}

impl<T: Draw> Draw for Box<T> {
    fn draw(rng: &mut Rng) -> Self {
        Box::new(T::draw(rng))
    }
}

impl<T: Draw> Draw for Mutex<T> {
    fn draw(rng: &mut Rng) -> Self {
        Mutex::new(T::draw(rng))
    }
}

impl<T: Draw> Draw for Vec<T> {
    fn draw(rng: &mut Rng) -> Self {
        (0..[0, 0, 1, 2][rng.usize(..4)]).map(|_| T::draw(rng)).collect()
    }
}

impl<T: Draw + Ord> Draw for BTreeSet<T> {
    fn draw(rng: &mut Rng) -> Self {
        Vec::draw(rng).into_iter().collect()
    }
}

impl<K: Draw + Ord, V: Draw> Draw for BTreeMap<K, V> {
    fn draw(rng: &mut Rng) -> Self {
        Vec::<u8>::draw(rng).iter().map(|_| (K::draw(rng), V::draw(rng))).collect()
    }
}

impl<V: Draw> Draw for HashMap<String, V> {
    fn draw(rng: &mut Rng) -> Self {
        Vec::<u8>::draw(rng).iter().map(|_| (String::draw(rng), V::draw(rng))).collect()
    }
}

fn is_small(number: &i64) -> bool {
    (-10..10).contains(number)
}

fn as_hex<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:x}"))
}

zoo! {
    struct Values {
        flag: bool,
        byte: u8,
        int: i32,
        long: i64,
        unsigned: u64,
        single: f32,
        double: f64,
        text: String,
        shared: Cow<'static, str>,
        id: Uuid,
        #[event(avro(fixed))]
        fixed: Uuid,
        at: DateTime<Utc>,
        #[event(avro(millis))]
        coarse: Option<DateTime<Utc>>,
        #[event(avro(nanos))]
        fine: DateTime<Utc>,
        #[event(avro(string))]
        as_text: DateTime<Utc>,
    }

    struct Parts {
        maybe: Option<i64>,
        boxed: Box<Option<String>>,
        twice: Option<Option<i64>>,
        locked: Mutex<Line>,
        list: Vec<Option<Line>>,
        set: BTreeSet<i64>,
        #[event(avro(bytes))]
        blob: Vec<u8>,
        bytes: Vec<u8>,
        map: BTreeMap<String, Vec<f64>>,
        by_number: BTreeMap<u8, Option<Line>>,
        hashed: HashMap<String, Line>,
        tree: Option<Tree>,
        page: Page<Line>,
        other_page: Page<Option<Way>>,
    }

    struct Line {
        sku: String,
        count: i64,
        note: Option<String>,
    }

    struct Tree {
        value: i64,
        children: Vec<Tree>,
        parent: Option<Box<Line>>,
    }

    #[serde(rename_all = "camelCase", tag = "kind")]
    struct Named {
        first_name: String,
        #[serde(rename = "type")]
        kind_of: String,
        r#match: i64,
        #[serde(rename(serialize = "out", deserialize = "in"), alias = "older")]
        both_ways: Option<String>,
        #[serde(skip)]
        skipped: i64,
        #[serde(skip_serializing, default)]
        only_read: i64,
        #[serde(skip_deserializing)]
        only_written: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<i64>,
        #[serde(skip_serializing_if = "is_small", default)]
        large: i64,
        #[event(plain, avro(name = "plain_one"))]
        plain: i64,
        #[event(sensitive)]
        secret: String,
        #[event(not_null)]
        never_null: Option<i64>,
    }

    struct Special {
        #[serde(serialize_with = "as_hex")]
        #[schemars(with = "String")]
        hex: i64,
        line: Line,
    }

    struct Flattened {
        id: i64,
        #[serde(flatten)]
        line: Line,
        last: Option<i64>,
    }

    #[serde(from = "Line", into = "Line")]
    struct Converted {
        count: i64,
    }

    #[serde(transparent)]
    struct Transparent {
        #[serde(skip)]
        not_there: i64,
        line: Line,
    }

    struct Wrapped {
        number: Number,
        text: Text,
        transparent: Transparent,
        converted: Converted,
        flattened: Flattened,
        special: Special,
    }

    struct Chosen {
        way: Way,
        maybe: Option<Way>,
        ways: Vec<Way>,
        pay: Pay,
        maybe_pay: Option<Box<Pay>>,
        inside: Inside,
        beside: Vec<Beside>,
        any: Any,
    }

    /// Written in the schema of another struct, of which the type does not know.
    #[schemars(with = "Line")]
    struct Posing {
        count: i64,
        sku: String,
        unknown: i64,
        note: Option<String>,
    }

    /// The same with the same names.
    #[schemars(with = "Line")]
    struct SameNames {
        sku: i64,
        count: String,
        note: Option<Way>,
    }
}

impl Clone for Converted {
    fn clone(&self) -> Self {
        Self { count: self.count }
    }
}

impl From<Line> for Converted {
    fn from(line: Line) -> Self {
        Self { count: line.count }
    }
}

impl From<Converted> for Line {
    fn from(Converted { count }: Converted) -> Self {
        Self { sku: "converted".to_owned(), count, note: None }
    }
}

#[event_schema::event]
struct Page<T> {
    items: Vec<T>,
    first: Option<T>,
    next: Option<Box<Page<T>>>,
}

impl<T: Draw> Draw for Page<T> {
    fn draw(rng: &mut Rng) -> Self {
        let next = (rng.u8(..4) == 0).then(|| Draw::draw(rng));
        Self { items: Draw::draw(rng), first: Draw::draw(rng), next }
    }
}

#[event_schema::event]
struct Number(i64);

#[event_schema::event]
#[serde(transparent)]
struct Text(Option<String>);

#[event_schema::event]
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    #[serde(rename = "by-sea")]
    Sea,
    Air,
    #[serde(skip_serializing)]
    Gone,
    r#Loop,
}

#[event_schema::event]
enum Pay {
    Cash,
    Card {
        number: String,
        holder: Option<String>,
    },
    Sum(i64),
    Line(Line),
    Split(i64, i64),
    Maybe(Option<i64>),
    Way(Way),
    #[serde(rename_all = "UPPERCASE")]
    Free {
        #[serde(skip_serializing_if = "is_small", default)]
        code: i64,
        r#type: String,
    },
}

#[event_schema::event]
#[serde(tag = "type", rename_all = "snake_case")]
enum Inside {
    Nothing,
    Fields { count: i64, line: Option<Line> },
    Line(Line),
}

#[event_schema::event]
#[serde(tag = "t", content = "c")]
enum Beside {
    Nothing,
    Fields { count: i64, line: Option<Line> },
    Line(Line),
    Number(Option<i64>),
}

#[event_schema::event]
#[serde(untagged)]
enum Any {
    Number(i64),
    Line(Line),
    Text(String),
}

/// Written in the schema of an enum that is tagged differently.
#[event_schema::event]
#[schemars(with = "Beside")]
enum Choosing {
    Nothing,
    Line(Line),
    Fields { line: Option<Line>, count: i64 },
}

/// Written with the symbols of another enum.
#[event_schema::event]
#[schemars(with = "Way")]
enum OtherWay {
    Loop,
    Air,
}

draw! {
    Number: |rng| Number(Draw::draw(rng));
    Text: |rng| Text(Draw::draw(rng));
    Way: |rng| match rng.u8(..10) {
        0 => Way::Gone,
        1..4 => Way::Sea,
        4..7 => Way::Air,
        _ => Way::Loop,
    };
    Pay: |rng| match rng.u8(..8) {
        0 => Pay::Cash,
        1 => Pay::Card { number: Draw::draw(rng), holder: Draw::draw(rng) },
        2 => Pay::Sum(Draw::draw(rng)),
        3 => Pay::Line(Draw::draw(rng)),
        4 => Pay::Split(Draw::draw(rng), Draw::draw(rng)),
        5 => Pay::Maybe(Draw::draw(rng)),
        6 => Pay::Way(Draw::draw(rng)),
        _ => Pay::Free { code: Draw::draw(rng), r#type: Draw::draw(rng) },
    };
    Inside: |rng| match rng.u8(..3) {
        0 => Inside::Nothing,
        1 => Inside::Fields { count: Draw::draw(rng), line: Draw::draw(rng) },
        _ => Inside::Line(Draw::draw(rng)),
    };
    Beside: |rng| match rng.u8(..4) {
        0 => Beside::Nothing,
        1 => Beside::Fields { count: Draw::draw(rng), line: Draw::draw(rng) },
        2 => Beside::Number(Draw::draw(rng)),
        _ => Beside::Line(Draw::draw(rng)),
    };
    Any: |rng| match rng.u8(..3) {
        0 => Any::Number(Draw::draw(rng)),
        1 => Any::Line(Draw::draw(rng)),
        _ => Any::Text(Draw::draw(rng)),
    };
    Choosing: |rng| match rng.u8(..3) {
        0 => Choosing::Nothing,
        1 => Choosing::Line(Draw::draw(rng)),
        _ => Choosing::Fields { count: Draw::draw(rng), line: Draw::draw(rng) },
    };
    OtherWay: |rng| if rng.bool() { OtherWay::Loop } else { OtherWay::Air };
}

/// A schema of other writers: other orders, types, unions, fields and symbols.
fn changed(schema: &Value, rng: &mut Rng, changes: u8) -> Value {
    let dice = |rng: &mut Rng, sides: u8| rng.u8(..sides) < changes;
    match schema {
        Value::String(name) if dice(rng, 40) && name.chars().all(char::is_lowercase) => {
            let others = ["int", "long", "float", "double", "string", "bytes", "boolean"];
            let other = *rng.choice(&others).unwrap();
            match rng.u8(..3) {
                0 => json!(["null", name]),
                1 if name != other && name != "null" => json!([other, name]),
                _ => json!(other),
            }
        }
        Value::Array(branches) => {
            let mut branches: Vec<Value> = branches.iter().map(|branch| changed(branch, rng, 0)).collect();
            if dice(rng, 10) {
                rng.shuffle(&mut branches);
            }
            if dice(rng, 20) && !branches.iter().any(|branch| branch == "boolean") {
                branches.push(json!("boolean"));
            }
            if dice(rng, 40) {
                branches.remove(0);
            }
            Value::Array(branches)
        }
        Value::Object(object) => {
            let mut object = object.clone();
            for part in ["items", "values"] {
                if let Some(schema) = object.get_mut(part) {
                    *schema = changed(schema, rng, changes);
                }
            }
            if let Some(symbols) = object.get_mut("symbols").and_then(Value::as_array_mut) {
                if dice(rng, 10) {
                    rng.shuffle(symbols);
                }
                if dice(rng, 20) {
                    symbols.insert(0, json!("Rail"));
                }
                object.remove("default");
            }
            if let Some(fields) = object.get_mut("fields").and_then(Value::as_array_mut) {
                for field in fields.iter_mut() {
                    field["type"] = changed(&field["type"], rng, changes);
                    if dice(rng, 4) {
                        field.as_object_mut().unwrap().remove("default");
                    }
                }
                if dice(rng, 20) && !fields.is_empty() {
                    fields.remove(rng.usize(..fields.len()));
                }
                let extra = [
                    json!({"name": "extra", "type": "string", "default": "x"}),
                    json!({"name": "extra", "type": ["null", "long"]}),
                    json!({"name": "extra", "type": "null"}),
                    // The alias of a field.
                    json!({"name": "older", "type": "string", "default": "y"}),
                ];
                if dice(rng, 10) {
                    fields.push(rng.choice(extra).unwrap());
                }
                if dice(rng, 4) {
                    rng.shuffle(fields);
                }
            }
            Value::Object(object)
        }
        other => other.clone(),
    }
}

/// Writes random values in random schemas, which are like that of `S`, in both ways.
fn check<T: FieldType + Draw, S: FieldType>() {
    const SCHEMAS: usize = 150;
    let own = avro_schema::<Whole<S>>().unwrap();
    let (mut written, mut failed, mut seed) = (0, 0, 0);
    let mut schemas = 0;
    while schemas < SCHEMAS {
        seed += 1;
        assert!(seed < 100_000, "{schemas} of {SCHEMAS} schemas can be written");
        let mut rng = Rng::with_seed(seed);
        let changes = if seed == 1 { 0 } else { rng.u8(..3) };
        let schema = changed(&own, &mut rng, changes).to_string();
        let Ok(parsed) = Schema::parse(&schema) else { continue };
        let (Ok(direct), Ok(hidden)) =
            (DatumWriter::<Whole<T>>::new(&parsed), DatumWriter::<Whole<Hidden<T>>>::new(&parsed))
        else {
            continue;
        };
        schemas += 1;
        for _ in 0..10 {
            let whole = Whole { value: T::draw(&mut rng) };
            let direct = direct.dump(&whole);
            let hidden = hidden.dump(&Whole { value: Hidden(whole.value) });
            match (direct, hidden) {
                (Ok(direct), Ok(hidden)) => {
                    assert_eq!(direct, hidden, "{schema}");
                    written += 1;
                }
                (Err(_), Err(_)) => failed += 1,
                (direct, hidden) => panic!("{direct:?}\n{hidden:?}\n{schema}"),
            }
        }
    }
    assert!(written > 50, "{written} written, {failed} failed");
}

/// The errors of both writers in a schema whose integers have 32 bits.
fn errors<T: FieldType>(value: impl Fn() -> T) -> [String; 2] {
    let schema = avro_schema::<Whole<T>>().unwrap().to_string().replace("\"long\"", "\"int\"");
    let schema = Schema::parse(&schema).unwrap();
    [
        DatumWriter::<Whole<T>>::new(&schema).unwrap().dump(&Whole { value: value() }).unwrap_err().to_string(),
        DatumWriter::<Whole<Hidden<T>>>::new(&schema)
            .unwrap()
            .dump(&Whole { value: Hidden(value()) })
            .unwrap_err()
            .to_string(),
    ]
}

#[test]
fn errors_say_what_they_say_of_a_type_that_serializes() {
    let [direct, serialized] = errors(|| Pay::Sum(i64::MAX));
    assert_eq!(direct, serialized);
    let [direct, serialized] = errors(|| Beside::Number(Some(i64::MAX)));
    assert_eq!(direct, serialized);
    let line = || Line { sku: String::new(), count: i64::MAX, note: None };
    let [direct, serialized] = errors(|| Beside::Line(line()));
    assert_eq!(direct, serialized);
    let [direct, serialized] = errors(|| Page { items: vec![line()], first: None, next: None });
    assert_eq!(direct, serialized);
}

macro_rules! checks {
    ($($test:ident $type:ty $(, in the schema of $other:ty)?;)*) => {$(
        #[test]
        fn $test() {
            check::<$type, checks!(@$type $(, $other)?)>();
        }
    )*};
    (@$type:ty) => { $type };
    (@$type:ty, $other:ty) => { $other };
}

checks! {
    values_are_written_as_they_serialize Values;
    lists_maps_and_options_are_written_as_they_serialize Parts;
    fields_with_attributes_are_written_as_they_serialize Named;
    fields_of_unwritten_types_are_written_as_they_serialize Wrapped;
    enums_are_written_as_they_serialize Chosen;
    recursive_types_are_written_as_they_serialize Tree;
    generic_types_are_written_as_they_serialize Page<Option<Pay>>;
    a_struct_may_pose_as_another Posing, in the schema of Line;
    a_struct_may_have_the_names_of_another SameNames, in the schema of Line;
    an_enum_may_pose_as_another Choosing, in the schema of Beside;
    symbols_may_be_those_of_another OtherWay, in the schema of Way;
}
