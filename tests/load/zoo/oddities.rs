//! Types that are put together oddly: names that several want, data within data, and what holds itself.
#![allow(clippy::zero_sized_map_values, reason = "every shape, odd ones too")]

use std::collections::BTreeMap;

use event_schema::prelude::*;
use event_schema::serde_json::Value;

use super::{Celsius, Colour, Inner, Lenient, Name, Unit};

/// Calls a macro with these types, as [`every_type`](super::every_type) does with the others.
#[allow(unused_macros, reason = "the fuzz targets go through the other types only")]
macro_rules! every_oddity {
    ($callback:ident) => {
        $callback! {
            flat_closed: FlatClosed,
            flat_closed_first: FlatClosedFirst,
            flat_closed_choice: FlatClosedChoice,
            flat_closed_deep: FlatClosedDeep,
            flat_perhaps: FlatPerhaps,
            flat_sized: FlatSized,
            flat_same_name: FlatSameName,
            flat_taken: FlatTaken,
            flat_taken_variant: FlatTakenVariant,
            flat_alias: FlatAlias,
            flat_one_tag: FlatOneTag,
            flat_choice_rest: FlatChoiceRest,
            flat_choice_counts: FlatChoiceCounts,
            flat_form_counts: FlatFormCounts,
            flat_dump_only: FlatDumpOnly,
            flat_own_tag: FlatOwnTag,
            flat_boxed: FlatBoxed,
            flat_default: FlatDefault,
            flat_nested: FlatNested,
            tagged_again: TaggedAgain,
            tagged_nested: TaggedNested,
            either: Either<Inner, Vec<Colour>>,
            layers: Layers,
            both_names: BothNames,
            swapped: Swapped,
            tuple_variants: TupleVariants,
            deep_keys: DeepKeys,
            wrapped: Wrapped<Wrapped<BTreeSet<Colour>>>,
            score: HasScore,
            folder: Folder,
            linked: Linked<Colour>,
            chain: Chain,
            shelves: Shelves,
            untagged_deep: UntaggedDeep,
            placed_data: PlacedData<Inner>,
            nothings: Nothings,
            flat_value: FlatValue,
            tagged_value: TaggedValue,
        }
    };
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use every_oddity;

/// Defines a type of the zoo: an event that derives `Deserialize` and can be compared.
macro_rules! odd {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {$(
        #[event_schema::event]
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        $(#[$attr])*
        pub(crate) $kind $name $body
    )*};
}

odd! {
    #[serde(deny_unknown_fields)]
    struct Cash { amount: u8, #[serde(alias = "cur")] currency: Option<String> }
    #[serde(tag = "by")]
    enum Means { Cash(Cash), Card { number: u8 }, Gift }
    struct FlatClosed { id: u8, #[serde(flatten)] means: Means }
    struct Remark { #[serde(default, skip_serializing_if = "Option::is_none")] remark: Option<String> }
    struct FlatClosedFirst { #[serde(flatten)] means: Means, #[serde(flatten)] remark: Remark }
    #[serde(untagged, deny_unknown_fields)]
    enum Either2 { Long { street: String, number: u8 }, Short { place: String } }
    struct FlatClosedChoice { #[serde(alias = "ID")] id: u8, #[serde(flatten)] either: Either2 }
    #[serde(untagged)]
    enum PerhapsWay { Long { street: String, number: u8 }, Nowhere }
    struct FlatPerhaps { id: u8, #[serde(flatten)] way: PerhapsWay }
    struct FlatSized { #[serde(flatten)] form: Form, #[serde(flatten)] #[validate(length(max = 1))] counts: BTreeMap<String, u8> }
    struct Paid { at: u8, #[serde(flatten)] means: Option<Means> }
    struct FlatClosedDeep { id: u8, #[serde(flatten)] paid: Paid }

    struct First { x: u8, y: Option<u8> }
    struct Second { z: u8, #[serde(skip_serializing_if = "Option::is_none")] y: Option<u8> }
    struct FlatSameName { #[serde(flatten)] first: First, #[serde(flatten)] second: Second }
    struct Third { #[serde(default, skip_serializing_if = "Option::is_none")] x: Option<bool>, w: bool }
    struct FlatTaken { x: u8, #[serde(flatten)] third: Third }
    #[serde(tag = "t")]
    enum Taking { One(First), Two(Second), Three { y: Option<bool> }, Four }
    struct FlatTakenVariant { y: Option<u8>, #[serde(flatten)] taking: Taking }
    struct Alias { #[serde(alias = "y")] x: u8 }
    struct FlatAlias { #[serde(flatten)] alias: Alias, #[serde(flatten)] first: Option<Second> }
    #[serde(tag = "t")]
    enum SameTag { One { a: u8 }, Five }
    struct FlatOneTag { #[serde(flatten)] one: SameTag, #[serde(flatten)] taking: Option<Taking> }

    #[serde(untagged)]
    enum Way { Long { street: String, number: u8 }, Short { place: String } }
    struct FlatValue { id: u8, #[serde(flatten)] rest: Value }
    #[serde(tag = "kind")]
    enum TaggedValue { Raw(Value), Known { a: u8 } }
    struct FlatChoiceRest { id: u8, #[serde(flatten)] way: Way, #[serde(flatten)] rest: BTreeMap<String, Value> }
    struct FlatChoiceCounts { #[serde(flatten)] way: Way, #[serde(flatten)] counts: BTreeMap<String, u8> }
    #[serde(tag = "form")]
    enum Form { Round { radius: u16 }, #[serde(alias = "box")] Square { side: u16 }, Point }
    struct FlatFormCounts { #[serde(flatten)] form: Form, #[serde(flatten)] counts: BTreeMap<String, u8> }
    struct FlatDumpOnly { a: u8, #[serde(skip_deserializing)] b: String, #[serde(flatten)] rest: BTreeMap<String, u8> }
    #[serde(tag = "kind")]
    struct FlatOwnTag { a: u8, #[serde(flatten)] rest: BTreeMap<String, u8> }
    struct FlatBoxed { #[serde(flatten)] first: Box<First>, #[serde(flatten)] third: Option<Box<Wide>> }
    struct Wide { wide: u64, #[serde(rename = "o-k")] okay: bool }
    #[serde(default)]
    #[derive(Default)]
    struct FlatDefault { a: u8, #[serde(flatten)] filled: Filled }
    #[serde(default)]
    #[derive(Default)]
    struct Filled { name: String, #[serde(alias = "no")] number: Option<u8> }
    #[serde(rename_all = "UPPERCASE")]
    struct FlatNested { id: u8, #[serde(flatten)] outer: Outer, last: Option<u8> }
    struct Outer { #[serde(flatten)] middle: Middle, #[serde(alias = "o")] own: bool }
    struct Middle { #[serde(flatten)] form: Option<Form>, #[serde(flatten)] remark: Remark, deep: u8 }

    struct HasKind { kind: Option<String>, a: u8 }
    struct MayHaveKind { #[serde(default, skip_serializing_if = "Option::is_none")] kind: Option<String>, b: u8 }
    #[serde(tag = "kind")]
    enum TaggedAgain { Always(HasKind), Maybe(MayHaveKind), Never { c: bool } }
    #[serde(tag = "outer")]
    enum TaggedNested { Form(Form), Way(Way), Means(Means), Remark(Box<Remark>) }

    #[serde(rename_all = "snake_case")]
    enum Layers { Adjacent(Placed), Internal(Means), Choice(Option<Way>), #[serde(rename = "self")] Itself(Box<Layers>), All(Vec<Layers>) }
    #[serde(tag = "t", content = "c", rename_all_fields = "kebab-case")]
    enum Placed { External(Colour), Pair(Colour, Option<Lenient>), Fields { first_field: Form, #[serde(default)] second_field: u8 } }
    #[serde(rename_all(serialize = "camelCase", deserialize = "kebab-case"))]
    struct BothNames { first_name: u8, #[serde(alias = "firstAge")] first_age: Option<u8>, #[serde(rename = "one")] both: bool }
    struct Swapped {
        #[serde(rename(serialize = "b", deserialize = "a"))]
        first: u8,
        #[serde(rename(serialize = "a", deserialize = "b"))]
        second: u8,
    }
    enum TupleVariants {
        One(u8, #[serde(default)] #[validate(range(max = 9))] u8),
        Two(#[serde(default)] Option<Inner>, #[serde(default)] Vec<u8>),
        Three((), Unit, [u8; 0], (u8,)),
        #[serde(alias = "4")]
        Four(#[serde(skip)] u8, bool),
    }
    struct DeepKeys {
        a: BTreeMap<Key, BTreeMap<Upper, u8>>,
        b: BTreeMap<Lenient, Vec<BTreeMap<bool, Unit>>>,
        c: Option<BTreeMap<ClearKey, Option<Celsius>>>,
        #[validate(length(max = 2))]
        #[serde(default)]
        d: BTreeMap<Name, Name>,
    }
    #[derive(Eq, PartialOrd, Ord)]
    #[serde(rename_all = "UPPERCASE")]
    enum Upper { #[serde(alias = "erste")] First, Second }
    struct HasScore { score: Score, maybe: Maybe, list: Vec<Maybe>, tuple: (Score, Maybe) }

    struct Folder { entries: BTreeMap<String, Entry>, parent: Option<Box<Folder>> }
    enum Entry { File(u8), Folder(Folder), Links(Vec<Entry>), Named(Box<BTreeMap<Upper, Entry>>) }
    struct Chain { id: u8, #[serde(flatten)] link: Option<Link> }
    #[serde(tag = "link")]
    enum Link { More { chain: Box<Chain> }, All { chains: Vec<Chain> }, End }
    #[serde(untagged)]
    enum UntaggedDeep { Leaf(Colour), Score(Score), List(Vec<UntaggedDeep>), Pair((Name, bool)), Map(BTreeMap<Upper, UntaggedDeep>) }
    struct Nothings { a: Only, b: ((), Unit), c: [(); 2], d: BTreeMap<Only, ()>, e: Option<Empty>, f: Vec<Empty>, g: Option<()> }
    #[derive(Eq, PartialOrd, Ord)]
    enum Only { Only }
    #[serde(deny_unknown_fields)]
    struct Empty {}
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) enum Either<L, R> {
    Left(L),
    Right {
        #[serde(alias = "right")]
        r: R,
    },
    Both(L, R),
    #[serde(alias = "none")]
    Neither,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Wrapped<T> {
    inner: T,
    #[serde(skip)]
    cache: Option<u8>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Linked<T> {
    head: T,
    tail: Option<Box<Linked<T>>>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
pub(crate) enum PlacedData<T> {
    One(T),
    Many(Vec<T>),
    Pair(T, #[serde(default)] u8),
    Fields {
        a: Option<T>,
    },
    #[serde(alias = "none")]
    Nothing,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Shelves(BTreeMap<String, Shelves>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Percent(#[validate(range(min = -100))] i16);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Score(Percent);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Maybe(#[validate(length(max = 2))] Option<String>);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Key(Percent);

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(crate) struct ClearKey {
    #[validate(length(min = 1))]
    text: Box<str>,
}

/// Events that no message can be loaded as, as code may make them.
pub(crate) mod by_hand {
    use super::*;

    /// Both flattened fields write one name.
    pub(crate) fn same_name_twice() -> FlatSameName {
        FlatSameName { first: First { x: 1, y: None }, second: Second { z: 1, y: Some(2) } }
    }

    /// A flattened field writes the name of a plain one.
    pub(crate) fn plain_name_twice() -> FlatTaken {
        FlatTaken { x: 1, third: Third { x: Some(true), w: true } }
    }

    /// A variant writes the name of a plain field.
    pub(crate) fn variant_name_twice() -> FlatTakenVariant {
        FlatTakenVariant { y: Some(1), taking: Taking::Two(Second { z: 1, y: Some(1) }) }
    }

    /// A flattened field is called as another may be called.
    pub(crate) fn name_is_an_alias() -> FlatAlias {
        FlatAlias { alias: Alias { x: 1 }, first: Some(Second { z: 1, y: Some(1) }) }
    }

    /// Two flattened enums of one tag.
    pub(crate) fn one_tag_for_two() -> FlatOneTag {
        FlatOneTag { one: SameTag::Five, taking: Some(Taking::Four) }
    }

    /// The data of a variant have a field that is called as the tag.
    pub(crate) fn tag_twice() -> TaggedAgain {
        TaggedAgain::Always(HasKind { kind: None, a: 1 })
    }

    /// Likewise, and it may be left out.
    pub(crate) fn tag_twice_perhaps() -> TaggedAgain {
        TaggedAgain::Maybe(MayHaveKind { kind: Some("Maybe".to_owned()), b: 1 })
    }

    /// Beside closed data there is another's field.
    pub(crate) fn beside_closed() -> FlatClosedFirst {
        FlatClosedFirst {
            means: Means::Cash(Cash { amount: 1, currency: None }),
            remark: Remark { remark: Some("x".to_owned()) },
        }
    }

    /// A key of the map that the variant beside it is read from.
    pub(crate) fn key_of_the_variant() -> FlatFormCounts {
        FlatFormCounts { form: Form::Round { radius: 1 }, counts: BTreeMap::from([("radius".to_owned(), 1)]) }
    }

    /// A key of the map that would make another variant of it: that is not read.
    pub(crate) fn key_of_another_variant() -> FlatFormCounts {
        FlatFormCounts { form: Form::Point, counts: BTreeMap::from([("radius".to_owned(), 1)]) }
    }
}
