//! Types in whose corners load, dump and the contract once said different things, or easily might.

use std::collections::{BTreeMap, BTreeSet, HashMap, LinkedList, VecDeque};
use std::num::{NonZeroU8, Wrapping};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;
use std::time::Duration;

use event_schema::prelude::*;
use event_schema::serde::{Deserializer, Serializer};
use event_schema::serde_json::Value;

use super::{Colour, Inner, Page, Unit};

/// Calls a macro with these types, as [`every_type`](super::every_type) does with the others.
#[allow(unused_macros, reason = "the fuzz targets go through the other types only")]
macro_rules! every_corner {
    ($callback:ident) => {
        $callback! {
            flat_small: FlatSmall,
            flat_chars: FlatChars,
            flat_numbered: FlatNumbered,
            flat_bounded: FlatBounded,
            flat_keyed: FlatKeyed,
            flat_two: FlatTwo,
            flat_two_external: FlatTwoExternal,
            flat_external: FlatExternal,
            flat_adjacent: FlatAdjacent,
            flat_aliases: FlatAliases,
            flat_strict: FlatStrict,
            flat_deep: FlatDeep,
            flat_through: FlatThrough,
            flat_choice: FlatChoice,
            flat_unit: FlatUnit,
            tagged_map: TaggedMap,
            tagged_numbers: TaggedNumbers,
            tagged_unit: TaggedUnit,
            tagged_struct: TaggedStruct,
            tagged_rest: TaggedRest,
            adjacent_unit: AdjacentUnit,
            aliased_external: AliasedExternal,
            aliased_internal: AliasedInternal,
            aliased_adjacent: AliasedAdjacent,
            other_internal: OtherInternal,
            other_adjacent: OtherAdjacent,
            other_tags: OtherTags,
            strict_tags: StrictTags,
            nullable: Nullable,
            perhaps: HasPerhaps,
            never_null: NeverNull,
            last_default: LastDefault,
            tuple_defaults: TupleDefaults,
            new_keys: NewKeys,
            one_name: OneName,
            types: Types,
            flat_refused: FlatRefused,
            untagged_refused: UntaggedRefused,
            bad_default: BadDefault,
            nan_default: NanDefault,
            out_and_rest: OutAndRest,
            alias_and_rest: AliasAndRest,
            plain_number: PlainNumber,
            never: HasNever,
            single: Single,
            more_rules: MoreRules,
            skipped_rules: SkippedRules,
            raw_names: RawNames,
            standard: Standard,
            shared: Shared,
            with_functions: WithFunctions,
            from_wire: FromWire,
            generic_flat: Around<Inner>,
            renamed_variants: RenamedVariants,
            untagged_mixed: UntaggedMixed,
        }
    };
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use every_corner;

/// Defines a type of the zoo: an event that derives `Deserialize` and can be compared.
macro_rules! corner {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {$(
        #[event_schema::event]
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        $(#[$attr])*
        pub(crate) $kind $name $body
    )*};
}

corner! {
    struct FlatSmall { price: f64, #[serde(flatten)] counts: BTreeMap<String, u8> }
    struct FlatChars { name: String, #[serde(flatten)] marks: BTreeMap<String, char> }
    struct FlatNumbered { id: Option<String>, size: u16, #[serde(flatten)] counts: BTreeMap<u8, i64> }
    struct FlatBounded {
        size: Option<u16>,
        #[serde(flatten)]
        #[validate(length(min = 1, max = 2))]
        #[event(keys(length(min = 2)), values(range(max = 9)))]
        counts: BTreeMap<String, u8>,
    }
    struct FlatKeyed { size: u16, #[serde(flatten)] colours: BTreeMap<Colour, bool> }

    #[serde(tag = "form")]
    enum Form { Round { radius: u8 }, #[serde(alias = "box")] Square { side: u16 }, Point }
    #[serde(tag = "paint")]
    enum Paint { Plain { #[serde(alias = "color")] colour: Colour }, Bare }
    struct FlatTwo { id: u8, #[serde(flatten)] form: Form, #[serde(flatten)] paint: Paint }

    enum Left { One(u8), Two { a: bool } }
    enum Right { Three(u8), Four(String, u8), #[serde(alias = "fünf")] Five { b: Option<u8> } }
    struct FlatTwoExternal { #[serde(flatten)] left: Left, #[serde(flatten)] right: Right }
    struct FlatExternal { id: u8, #[serde(flatten)] right: Option<Right>, #[serde(flatten)] rest: BTreeMap<String, Value> }

    #[serde(tag = "t", content = "c")]
    enum Placed { One(u8), Two { a: bool }, Nothing, Any(Value) }
    struct FlatAdjacent { id: u8, #[serde(flatten)] placed: Placed }

    struct Named { #[serde(alias = "nick")] name: String, #[serde(alias = "years", default)] #[validate(range(max = 150))] age: u8 }
    struct FlatAliases { id: u8, #[serde(flatten)] named: Named }
    #[serde(deny_unknown_fields)]
    struct FlatStrict { id: u8, #[serde(flatten)] named: Named }
    struct FlatThrough { #[serde(flatten)] outer: FlatAliases, #[serde(flatten)] rest: BTreeMap<String, Value> }
    struct FlatDeep { #[serde(flatten)] outer: FlatAliases, #[serde(flatten)] form: Option<Form>, last: Option<bool> }

    #[serde(untagged)]
    enum Way { Long { street: String, number: u8 }, Short { place: String } }
    struct FlatChoice { id: u8, #[serde(flatten)] way: Way }
    struct FlatUnit { id: u8, #[serde(flatten)] nothing: (), #[serde(flatten)] unit: Unit }

    #[serde(tag = "kind")]
    enum TaggedMap { Counts(BTreeMap<String, u8>), Any(BTreeMap<String, Value>), Named { a: u8 } }
    #[serde(tag = "kind")]
    enum TaggedNumbers { Counts(BTreeMap<u8, bool>), Wide { a: u128, b: Option<i128> }, Keyed { a: BTreeMap<i16, u8> } }
    #[serde(tag = "kind")]
    enum TaggedUnit { Unit(Unit), Nothing(()), Empty {}, Bare }
    #[serde(tag = "kind")]
    struct TaggedStruct { a: u8, #[serde(default)] b: Option<u8> }
    #[serde(tag = "kind")]
    struct TaggedRest { a: u8, #[serde(flatten)] rest: BTreeMap<String, Value> }
    #[serde(tag = "t", content = "c")]
    enum AdjacentUnit { Unit(Unit), Nothing(()), Empty {}, Bare, Maybe(Option<u8>) }

    enum AliasedExternal {
        #[serde(alias = "one", alias = "uno")]
        One(u8),
        #[serde(alias = "two")]
        Two { #[serde(alias = "A")] a: u8 },
        #[serde(alias = "three")]
        Three(u8, bool),
        #[serde(alias = "zero")]
        Zero,
    }
    #[serde(tag = "t")]
    enum AliasedInternal { #[serde(alias = "one", alias = "uno")] One { a: u8 }, #[serde(alias = "two")] Two(Named), #[serde(alias = "zero")] Zero }
    #[serde(tag = "t", content = "c")]
    enum AliasedAdjacent { #[serde(alias = "one", alias = "uno")] One(u8), #[serde(alias = "two")] Two { a: u8 }, #[serde(alias = "zero")] Zero }
    #[serde(tag = "t")]
    enum OtherInternal { Known { a: u8 }, #[serde(other)] Other }
    #[serde(tag = "t", content = "c")]
    enum OtherAdjacent { Known(u8), Bare, #[serde(other)] Other }
    struct OtherTags { id: u8, internal: OtherInternal, adjacent: Option<OtherAdjacent>, #[serde(flatten)] flat: OtherInternal }
    #[serde(tag = "t", content = "c", deny_unknown_fields)]
    enum StrictTags { One(u8), Two { a: u8 }, Zero }

    struct Nullable {
        #[serde(deserialize_with = "Option::deserialize")]
        a: Option<u8>,
        #[serde(deserialize_with = "Option::deserialize")]
        #[validate(length(min = 1))]
        b: Option<String>,
        #[serde(deserialize_with = "Option::deserialize", default)]
        c: Option<Inner>,
    }
    #[serde(transparent)]
    struct Perhaps { inner: Option<u8> }
    #[serde(transparent)]
    struct PerhapsTwice { inner: Perhaps }
    struct HasPerhaps { a: Perhaps, b: Box<PerhapsTwice>, c: Maybe, d: Vec<Perhaps>, e: Clear, f: Rc<Option<u8>> }
    struct NeverNull {
        #[event(not_null)]
        a: Option<u8>,
        #[event(not_null)]
        b: Option<Inner>,
        #[event(not_null)]
        #[serde(default)]
        c: Value,
        #[event(not_null)]
        d: Option<Colour>,
    }
    struct TupleDefaults { a: LastDefault, b: Option<LastDefault>, c: Vec<OnlyDefault> }
    struct NewKeys {
        a: BTreeMap<Number, u8>,
        b: BTreeMap<Flag, u8>,
        c: Option<BTreeMap<Deep, Colour>>,
        d: BTreeMap<bool, u8>,
        e: BTreeMap<char, u8>,
    }
    struct OneName { a: Page<one::Item>, b: Option<Page<two::Item>>, c: BTreeMap<String, Vec<two::Item>> }

    #[event(post_load = not_thirteen)]
    struct Numbered { number: u8 }
    struct Unlucky { number: u8, name: Option<String> }
    struct FlatRefused { id: u8, #[serde(flatten)] numbered: Option<Numbered> }
    #[serde(untagged)]
    enum UntaggedRefused { First(Numbered), Second { number: u8 }, Third { name: String } }

    struct Filled { #[validate(length(min = 1))] name: String }
    struct BadDefault { id: u8, #[serde(default)] filled: Filled, #[serde(default = "filled")] good: Filled }
    struct NanDefault { id: u8, #[serde(default = "nan")] x: f64, #[serde(default)] y: f32 }

    struct OutAndRest {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    struct AliasAndRest { #[serde(alias = "1st")] first: u8, #[serde(flatten)] rest: BTreeMap<String, Value> }
    struct PlainNumber { #[event(plain)] x: f64, #[event(plain)] list: Vec<f64> }
    #[derive(Eq)]
    enum Never {}
    struct HasNever { id: u8, never: Option<Never>, list: Vec<Never> }
    struct Single { a: f32, #[validate(range(min = 0.1, max = 16777218.0))] b: Option<f32> }

    struct MoreRules {
        #[event(one_of("free", "paid"))]
        plan: String,
        #[event(none_of(0, 13))]
        seats: Option<u32>,
        #[event(equal(true))]
        terms: bool,
        #[event(each(length(min = 2), one_of("aa", "bb", "c")), contains_none_of("bb"))]
        #[validate(length(max = 3))]
        tags: Vec<String>,
        #[event(keys(length(max = 2)), values(range(max = 9)))]
        counts: Option<BTreeMap<String, u8>>,
        #[event(contains_only(1, 2, 3))]
        #[serde(default)]
        levels: Vec<u8>,
        #[event(one_of(Colour::Red, Colour::Green))]
        colour: Option<Colour>,
        #[event(values(length(min = 1)))]
        deep: Option<BTreeMap<String, Vec<i8>>>,
    }
    struct SkippedRules {
        #[validate(skip, length(min = 2))]
        #[event(each(range(max = 1)))]
        a: Vec<u8>,
        #[validate(skip)]
        #[event(one_of(1))]
        b: u8,
    }
    struct RawNames {
        r#pass: String,
        #[validate(must_match(other = pass))]
        again: String,
        r#type: Option<u8>,
        #[serde(rename = "a.b", alias = "a/b", alias = "")]
        odd: u8,
    }

    #[allow(clippy::linkedlist, reason = "every shape, odd ones too")]
    struct Standard {
        a: Result<u8, String>,
        b: Duration,
        c: Range<u8>,
        d: Option<RangeInclusive<i64>>,
        e: NonZeroU8,
        f: Wrapping<i8>,
        g: VecDeque<bool>,
        h: Option<LinkedList<u8>>,
        i: std::cmp::Reverse<i16>,
        j: std::ops::Bound<u8>,
    }
    struct Shared { a: Rc<Inner>, b: std::borrow::Cow<'static, str>, c: Box<[u8]>, d: BTreeSet<char>, e: std::cell::Cell<u8>, f: HashMap<String, Rc<str>> }
    struct WithFunctions {
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        a: u32,
        #[serde(default, with = "hex")]
        #[schemars(with = "String")]
        b: u32,
        #[event(plain)]
        c: Inner,
        #[event(plain)]
        d: Option<Vec<Inner>>,
    }
    #[serde(from = "Wire", into = "Wire")]
    struct FromWire { sum: u16 }
    struct Wire { a: u8, #[serde(default)] #[validate(range(max = 9))] b: u8 }

    #[serde(rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
    enum RenamedVariants { FirstOne, SecondOne { the_field: u8 }, #[serde(rename = "3rd")] Third(u8), #[serde(skip)] #[expect(dead_code, reason = "never read")] Hidden }
    #[serde(untagged)]
    enum UntaggedMixed { Nothing, Flag(bool), Pair(u8, String), Form(Form), Page(Page<u8>), Map(BTreeMap<String, char>) }
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Maybe(Option<u8>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Clear(#[validate(range(max = 9))] Option<u8>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct LastDefault(
    u8,
    #[serde(default)] u8,
    #[serde(default = "seven")]
    #[validate(range(max = 9))]
    i32,
);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct OnlyDefault(#[serde(default)] u8, #[serde(default)] Option<bool>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Number(#[validate(range(max = 200))] u8);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Deep(Box<Deeper>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Deeper(i64);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Flag(bool);

/// A generic parameter beside a field.
#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Around<T> {
    id: u8,
    #[serde(flatten)]
    inner: T,
    more: Option<Vec<T>>,
}

pub(crate) mod one {
    use event_schema::prelude::*;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub(crate) struct Item {
        a: u8,
    }
}

pub(crate) mod two {
    use event_schema::prelude::*;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub(crate) struct Item {
        b: String,
    }
}

/// In the order in which an untagged read tries them.
#[event_schema::event(types)]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) enum Types {
    Numbered(Numbered),
    Unlucky(Unlucky),
}

fn not_thirteen(event: Numbered) -> Result<Numbered, Violation> {
    if event.number == 13 { Err(Violation::new("thirteen")) } else { Ok(event) }
}

#[allow(clippy::derivable_impls, reason = "as it is written by hand: the empty name breaks the rule")]
impl Default for Filled {
    fn default() -> Self {
        Self { name: String::new() }
    }
}

fn filled() -> Filled {
    Filled { name: "x".to_owned() }
}

fn nan() -> f64 {
    f64::NAN
}

fn seven() -> i32 {
    7
}

/// A number as hexadecimal digits.
mod hex {
    use super::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(number: &u32, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(&format_args!("{number:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
        let text = String::deserialize(input)?;
        u32::from_str_radix(&text, 16).map_err(event_schema::serde::de::Error::custom)
    }
}

impl From<Wire> for FromWire {
    fn from(wire: Wire) -> Self {
        Self { sum: u16::from(wire.a) * 256 + u16::from(wire.b) }
    }
}

impl From<FromWire> for Wire {
    fn from(event: FromWire) -> Self {
        let [a, b] = event.sum.to_be_bytes();
        Self { a, b }
    }
}

/// Events that no message can be loaded as, as code may make them.
pub(crate) mod by_hand {
    use super::*;

    /// A flattened map with a key of a field beside it.
    pub(crate) fn sibling_in_map() -> FlatSmall {
        FlatSmall { price: 1.0, counts: BTreeMap::from([("price".to_owned(), 1)]) }
    }

    /// A flattened map with the other name of a field beside it.
    pub(crate) fn alias_in_map() -> AliasAndRest {
        AliasAndRest { first: 1, rest: BTreeMap::from([("1st".to_owned(), 1.into())]) }
    }

    /// A map in a tagged enum with the tag as a key.
    pub(crate) fn tag_in_map() -> TaggedMap {
        TaggedMap::Counts(BTreeMap::from([("kind".to_owned(), 1)]))
    }

    /// A flattened map with the tag as a key.
    pub(crate) fn tag_in_rest() -> TaggedRest {
        TaggedRest { a: 1, rest: BTreeMap::from([("kind".to_owned(), "Other".into())]) }
    }

    /// A flattened map with the name of a flattened variant as a key.
    pub(crate) fn variant_in_rest() -> FlatExternal {
        FlatExternal { id: 1, right: Some(Right::Three(1)), rest: BTreeMap::from([("Three".to_owned(), 1.into())]) }
    }

    /// A flattened `None`, and the map has what would be read as it.
    pub(crate) fn absent_variant_in_rest() -> FlatExternal {
        FlatExternal { id: 1, right: None, rest: BTreeMap::from([("Three".to_owned(), 1.into())]) }
    }

    pub(crate) fn nan_in_plain() -> PlainNumber {
        PlainNumber { x: 0.5, list: vec![f64::NAN] }
    }

    pub(crate) fn no_number() -> Single {
        Single { a: f32::INFINITY, b: Some(f32::NAN) }
    }
}
