//! Types of every shape that an event can have. Each derives serde's `Deserialize` too, for comparison.
#![allow(clippy::option_option, clippy::box_collection, reason = "a zoo has them all")]

#[cfg(test)]
mod choices;
pub(crate) mod corners;
pub(crate) mod differences;
#[cfg(test)]
mod from_serde;
#[cfg(test)]
pub(crate) mod from_shape;
#[cfg(test)]
pub(crate) mod json;
#[cfg(test)]
pub(crate) mod message;
#[cfg(test)]
mod mutation;
pub(crate) mod oddities;
#[cfg(test)]
mod seeds;
#[cfg(test)]
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroI128;
use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use event_schema::prelude::*;
use event_schema::regex::Regex;
use event_schema::serde_json::{Map, Value};
use event_schema::url::Url;

/// Defines a type of the zoo: an event that derives `Deserialize` and can be compared.
macro_rules! zoo {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {$(
        #[event_schema::event]
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[allow(clippy::option_option, clippy::box_collection, reason = "every shape, odd ones too")]
        $(#[$attr])*
        pub(crate) $kind $name $body
    )*};
}

/// Calls a macro with all types of the zoo, each with the name of its test. To add a type, define
/// it below and add it here.
macro_rules! every_type {
    ($callback:ident) => {
        $callback! {
            unsigned: Unsigned,
            signed: Signed,
            wide: Wide,
            floats: Floats,
            scalars: Scalars,
            options: Options,
            lists: Lists,
            maps: Maps,
            nested: Nested,
            nested_strict: Strict,
            colour: Colour,
            lenient: Lenient,
            foreign: Foreign,
            links: Links,
            defaults: Defaults,
            container_default: ContainerDefault,
            aliases: Aliases,
            strict_aliases: StrictAliases,
            one_way: OneWay,
            renamed: Renamed,
            length_rules: LengthRules,
            range_rules: RangeRules,
            text_rules: TextRules,
            several_rules: SeveralRules,
            any_json: Any,
            tree: Tree,
            page: Page<Inner>,
            nothing: Nothing,
            tuples: Tuples,
            pair: Pair,
            newtype: Celsius,
            unit: Unit,
            transparent: Transparent,
            external: External,
            internal: Internal,
            adjacent: Adjacent,
            untagged: Untagged,
            enums: Enums,
            flat: Flat,
            flat_rest: FlatRest,
            flat_maybe: FlatMaybe,
            flat_typed: FlatTyped,
            converted: Converted,
        }
    };
}
pub(crate) use every_type;

zoo! {
    struct Unsigned { a: u8, b: u16, c: u32, d: u64, e: usize }
    struct Signed { a: i8, b: i16, c: i32, d: i64, e: isize }
    struct Wide { a: u128, b: i128, c: Option<NonZeroI128>, d: Vec<u128>, e: BTreeMap<u128, i128> }
    struct Floats { a: f32, b: f64, c: Option<f32>, d: Vec<f64> }
    struct Scalars { a: bool, b: char, c: String, d: (), e: Box<u8>, r#type: u8 }
    struct Options { a: Option<u8>, b: Option<Option<bool>>, c: Box<Option<String>>, d: Option<Box<char>>, e: Option<Inner> }

    #[derive(Eq, PartialOrd, Ord)]
    struct Inner { x: i16, y: Option<String> }

    struct Lists {
        a: Vec<u8>,
        b: Vec<Option<i8>>,
        c: Vec<Vec<String>>,
        d: BTreeSet<u8>,
        e: HashSet<String>,
        f: Option<Vec<Inner>>,
        g: BTreeSet<Inner>,
    }
    struct Maps {
        a: BTreeMap<String, u8>,
        b: BTreeMap<u8, Option<bool>>,
        c: HashMap<i64, String>,
        d: BTreeMap<Colour, u8>,
        e: HashMap<Uuid, Inner>,
        f: BTreeMap<String, BTreeMap<u64, Vec<Colour>>>,
        g: Option<BTreeMap<i8, f64>>,
        h: BTreeMap<Lenient, String>,
        i: BTreeMap<Documented, Inner>,
    }
    struct Nested {
        one: Inner,
        #[validate(length(min = 1))]
        many: Vec<Inner>,
        boxed: Box<Strict>,
        maybe: Option<Box<Strict>>,
        by_name: BTreeMap<String, Strict>,
    }
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[validate(range(max = 100))]
        a: u8,
        b: Option<Inner>,
        #[serde(skip)]
        c: u8,
    }

    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "kebab-case")]
    enum Colour { Red, DeepBlue, #[serde(rename = "green", alias = "grün", alias = "verde")] Green, #[serde(skip)] #[expect(dead_code, reason = "never read")] Secret }

    #[derive(Eq, PartialOrd, Ord)]
    enum Documented {
        /// The first.
        First,
        /// The second.
        #[serde(alias = "2nd")]
        Second,
    }

    #[derive(Eq, PartialOrd, Ord)]
    enum Lenient { Known, #[serde(other)] Other }

    struct Foreign {
        a: Uuid,
        b: DateTime<Utc>,
        c: Option<DateTime<FixedOffset>>,
        d: NaiveDate,
        e: NaiveTime,
        f: NaiveDateTime,
        g: IpAddr,
        h: Option<Ipv4Addr>,
        i: Vec<Ipv6Addr>,
    }

    struct Links { a: Url, b: Option<Url>, c: BTreeMap<String, Url> }

    struct Defaults {
        #[serde(default)]
        a: u8,
        #[serde(default = "seven")]
        #[validate(range(min = 1))]
        b: i32,
        #[serde(default)]
        c: Option<Inner>,
        #[serde(default)]
        d: Vec<String>,
        #[serde(skip)]
        e: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        f: Option<bool>,
    }

    struct Aliases {
        #[serde(alias = "A", alias = "alpha")]
        a: u8,
        #[serde(alias = "B", default)]
        #[validate(length(max = 3))]
        b: String,
        #[serde(alias = "C")]
        c: Option<Inner>,
    }
    #[serde(deny_unknown_fields)]
    struct StrictAliases { #[serde(rename = "first", alias = "1st")] a: u8, #[serde(alias = "2nd")] b: Option<u8> }

    struct OneWay {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        a: u8,
        #[serde(skip_deserializing)]
        b: u8,
        #[serde(skip_serializing, default)]
        c: u8,
        #[serde(skip_serializing)]
        #[validate(length(min = 2))]
        d: Vec<u16>,
    }

    #[serde(rename_all = "camelCase")]
    struct Renamed { first_name: String, #[serde(rename = "the last/name~%")] last_name: Option<u8>, #[serde(rename = "ä ö")] x: bool }

    struct LengthRules {
        #[validate(length(min = 1, max = 3))]
        a: String,
        #[validate(length(equal = 2))]
        b: Vec<u8>,
        #[validate(length(min = SHORTEST))]
        c: Option<String>,
        #[validate(length(max = 2))]
        d: BTreeMap<String, u8>,
        #[validate(length(min = 1))]
        e: Option<BTreeMap<u8, u8>>,
        #[validate(length(min = 1, max = 2))]
        f: Option<Box<Vec<Option<u8>>>>,
        #[validate(required, length(min = 2))]
        g: Option<String>,
    }
    struct RangeRules {
        #[validate(range(min = 1, max = 10))]
        a: u8,
        #[validate(range(min = LOWEST, exclusive_max = HIGHEST))]
        b: Option<i64>,
        #[validate(range(exclusive_min = 0, max = 0.1))]
        c: f32,
        #[validate(range(exclusive_min = -1.5, exclusive_max = 1.5))]
        d: Box<f64>,
        #[validate(range(min = 5))]
        e: u64,
        #[validate(required, range(max = -1))]
        f: Option<i8>,
    }
    struct TextRules {
        #[validate(regex(path = *CODE))]
        a: String,
        #[validate(contains(pattern = "a-b."))]
        b: Option<String>,
        #[validate(does_not_contain(pattern = "a/b#"))]
        c: Option<String>,
        #[validate(non_control_character)]
        d: String,
        #[validate(ip)]
        e: Option<String>,
        #[validate(ip(v4 = true))]
        f: Option<String>,
        #[validate(ip(v6 = true))]
        g: Option<IpAddr>,
        #[validate(contains(pattern = "k"))]
        h: HashMap<String, u8>,
        #[validate(does_not_contain(pattern = "k"))]
        i: Option<HashMap<String, u8>>,
    }
    #[validate(schema(function = a_is_not_b))]
    struct SeveralRules {
        #[validate(length(min = 2), does_not_contain(pattern = "x"), non_control_character, contains(pattern = "abc"))]
        a: String,
        #[validate(must_match(other = a), contains(pattern = "abc"))]
        b: String,
        #[validate(custom(function = even))]
        c: Option<u8>,
    }

    struct Any { a: Value, b: Option<Value>, c: Map<String, Value>, d: BTreeMap<String, Value> }
    struct Tree { name: String, left: Option<Box<Tree>>, children: Vec<Tree>, #[serde(default)] by_name: BTreeMap<String, Tree> }
    struct Nothing {}

    struct Tuples { a: (u8, String), b: [i8; 2], c: Pair, d: Celsius, e: Unit, f: Option<(Inner,)>, g: BTreeMap<Name, Celsius> }
    #[serde(transparent)]
    struct Transparent { #[validate(length(max = 2))] inner: Vec<Inner> }

    enum External {
        Unit,
        New(u8),
        Tuple(u8, String),
        #[serde(rename_all = "camelCase")]
        Struct { first_x: u8, #[serde(default)] #[validate(length(max = 2))] b: String },
        Nested(Inner),
        #[serde(alias = "Maybe?")]
        Maybe(Option<Inner>),
    }
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Internal { Unit, Struct { #[validate(range(max = 9))] a: u8, b: Option<String> }, Nested(Inner) }
    #[serde(tag = "t", content = "c")]
    enum Adjacent { Unit, New(u8), Tuple(u8, String), Struct { a: u8 }, Nested(Inner) }
    #[serde(untagged)]
    enum Untagged { Number(i16), Text(#[validate(length(max = 3))] String), Object { x: u8, y: String }, Inner(Inner), List(Vec<bool>) }
    struct Enums { a: External, b: Option<Internal>, c: Vec<Adjacent>, d: BTreeMap<String, Untagged> }

    struct Flat { id: u8, #[serde(flatten)] inner: Inner, #[serde(flatten)] shape: Internal }
    struct FlatRest { a: u8, #[serde(flatten)] rest: BTreeMap<String, Value> }
    struct FlatMaybe { a: u8, #[serde(flatten)] inner: Option<Inner> }
    struct FlatTyped { a: u8, #[serde(flatten)] typed: HashMap<String, String> }
    struct Converted { a: Even, b: Option<Even>, c: Vec<Even> }
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Unit;

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Pair(u8, #[validate(length(max = 2))] Option<String>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Celsius(#[validate(range(min = -273.15))] f64);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Name(#[validate(length(min = 1))] String);

#[event_schema::event]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub(crate) struct Even(i64);

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

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerDefault {
    a: u8,
    #[validate(length(min = 1))]
    b: String,
    c: Option<i8>,
}

impl Default for ContainerDefault {
    fn default() -> Self {
        Self { a: 9, b: "b".to_owned(), c: Some(-1) }
    }
}

const SHORTEST: u64 = 2;
const LOWEST: i64 = -10;
const HIGHEST: i64 = 1 << 40;
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\A[A-Z]{2}-(?P<digits>[0-9]+)/\z").expect("a pattern"));

fn seven() -> i32 {
    7
}

fn even(number: u8) -> Result<(), Violation> {
    if number.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd")) }
}

fn a_is_not_b(event: &SeveralRules) -> Result<(), Violation> {
    if event.a == "abcd" { Err(Violation::new("abcd")) } else { Ok(()) }
}
