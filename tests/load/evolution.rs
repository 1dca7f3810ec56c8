//! The check of contracts against the types themselves: what the old type writes, the new one must load if the check
//! calls them compatible; and each incompatible verdict is proven by a message that the one writes and the other
//! refuses.

use event_schema::EventSchema;
use event_schema::contract::compat::{Compatibility, Policy, Report, check};
use event_schema::schemars::generate::Contract;
use event_schema::serde_json::{self, Value};
use fastrand::Rng;

use crate::zoo::from_shape::FromShape;
use crate::zoo::message::Choices;
use crate::zoo::words::Words;
use crate::zoo::*;

/// Loads a message, and says whether it is valid.
type Load = fn(&[u8]) -> bool;

/// A type: its documents, messages that it wrote, and its load.
struct Side {
    name: &'static str,
    written: Value,
    accepted: Value,
    messages: Vec<Vec<u8>>,
    load: Load,
}

impl Side {
    fn of<E: EventSchema>(count: usize) -> Self {
        let words = Words::of::<E>();
        let maker = FromShape::new::<E>(&words);
        let mut rng = Rng::with_seed(16);
        let mut messages: Vec<Vec<u8>> = (0..count)
            .filter_map(|_| {
                let tape = (0..200).map(|_| rng.u16(..)).collect();
                let event = E::load_str(&maker.message(&mut Choices::new(tape)).to_text()).ok()?;
                event.dump().ok()
            })
            .collect();
        messages.sort_unstable();
        messages.dedup();
        Self {
            name: E::descriptor().name(),
            written: E::json_schema_for(&Contract::Serialize).to_value(),
            accepted: E::json_schema_for(&Contract::Deserialize).to_value(),
            messages,
            load: |message| E::load(message).is_ok(),
        }
    }
}

/// Whether `reader` may read what `writer` writes, and a message that it refuses.
fn read(writer: &Side, reader: &Side) -> (Report, Option<String>) {
    let report = check(&writer.written, &reader.accepted, Compatibility::Backward, Policy::Written).unwrap();
    let refused = writer.messages.iter().find(|message| !(reader.load)(message));
    (report, refused.map(|message| String::from_utf8(message.clone()).unwrap()))
}

/// The fault of a verdict, if it is not the expected one or not proven.
fn fault(writer: &Side, reader: &Side, expected: bool) -> Option<String> {
    let (report, refused) = read(writer, reader);
    let fault = match (&refused, report.is_compatible(), expected) {
        (None, true, true) | (Some(_), false, false) => return None,
        (Some(message), true, _) => format!("called compatible, but {message} is refused"),
        (None, false, _) => format!("not proven by {} messages: {report}", writer.messages.len()),
        (_, _, true) => format!("expected to be compatible: {report}"),
        (_, _, false) => "expected to be incompatible".to_owned(),
    };
    let documents = serde_json::json!([writer.written, reader.accepted]);
    Some(format!("{fault}\n{documents}"))
}

/// Defines the types of a change.
macro_rules! types {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {
        #[allow(unused_imports, reason = "some types need them")]
        use {std::collections::*, event_schema::prelude::*, event_schema::serde_json::Value, chrono::NaiveDate};
        $(
            #[event_schema::event]
            #[derive(Debug, Clone, PartialEq)]
            $(#[$attr])*
            pub(super) $kind $name $body
        )*
    };
}

/// Changes of a type `Event`: their name; whether the new type loads what the old one writes, and the old one what the
/// new one writes; the old type and the new one.
macro_rules! changes {
    ($($name:ident $backward:literal $forward:literal { $($old:tt)* } { $($new:tt)* })*) => {
        $(mod $name {
            #![allow(dead_code, clippy::struct_field_names, reason = "the values are read by programs elsewhere")]
            mod old { types! { $($old)* } }
            mod new { types! { $($new)* } }

            #[test]
            fn has_its_verdicts_with_their_proof() {
                let (old, new) = (super::Side::of::<old::Event>(1500), super::Side::of::<new::Event>(1500));
                for (writer, reader, expected) in [(&old, &new, $backward), (&new, &old, $forward)] {
                    if let Some(fault) = super::fault(writer, reader, expected) {
                        panic!("{}: {fault}", if std::ptr::eq(writer, &raw const old) { "backward" } else { "forward" });
                    }
                }
            }
        })*
    };
}

/// Types with rules that no schema can say: load refuses more than their documents do.
const BEYOND_SCHEMAS: [&str; 2] = ["several-rules", "converted"];

macro_rules! sides {
    ($($name:ident: $ty:ty,)*) => { vec![$(Side::of::<$ty>(60)),*] };
}

/// Writers and readers whose incompatible verdict no message of the few here proves: the writer rarely writes the name of the
/// reader's field, or the schemas are of forms that are not compared.
const UNPROVEN: [(&str, &[&str]); 5] = [
    ("external", &["external"]),
    ("enums", &["enums"]),
    ("flat", &["flat", "options"]),
    ("flat-rest", &["aliases", "container-default", "defaults", "flat-maybe", "options"]),
    ("flat-typed", &["aliases", "container-default", "defaults", "flat-maybe", "options"]),
];

/// Each type of the zoo as the writer for each: no message refutes a compatible verdict, and a message proves each of the
/// others, but those that are listed.
#[test]
fn no_message_refutes_a_verdict_between_any_two_types() {
    let sides: Vec<Side> = every_type!(sides);
    let (mut compatible, mut proven, mut unproven) = (0, 0, Vec::new());
    for writer in &sides {
        let known = UNPROVEN.iter().find(|(name, _)| *name == writer.name).map_or(&[][..], |(_, readers)| readers);
        for reader in sides.iter().filter(|side| !BEYOND_SCHEMAS.contains(&side.name)) {
            match read(writer, reader) {
                (report, None) if report.is_compatible() => compatible += 1,
                (report, Some(message)) if report.is_compatible() => {
                    panic!("{} is said to read {}, but refuses {message}", reader.name, writer.name)
                }
                (_, Some(_)) => proven += 1,
                (_, None) if known.contains(&reader.name) => {}
                (report, None) => unproven.push(format!("{} by {}: {report}", writer.name, reader.name)),
            }
        }
    }
    println!("{compatible} compatible, {proven} proven not to be");
    assert!(unproven.is_empty(), "{}", unproven.join("\n"));
    assert!(compatible + BEYOND_SCHEMAS.len() >= sides.len(), "{compatible}");
}

fn seven() -> u8 {
    7
}

changes! {
    nothing true true { struct Event { a: u8, b: Option<String> } } { struct Event { a: u8, b: Option<String> } }
    description true true { struct Event { a: u8 } } {
        /// New words.
        struct Event {
            /// For the field too.
            a: u8
        }
    }
    optional_field_added true true { struct Event { a: u8 } } { struct Event { a: u8, #[serde(default)] b: String } }
    option_added true true { struct Event { a: u8 } } { struct Event { a: u8, b: Option<String> } }
    required_field_added false true { struct Event { a: u8 } } { struct Event { a: u8, b: String } }
    optional_field_removed true true { struct Event { a: u8, #[serde(default)] b: String } } { struct Event { a: u8 } }
    field_becomes_optional true true { struct Event { a: u8 } } { struct Event { #[serde(default)] a: u8 } }
    field_becomes_omitted true false { struct Event { a: String } } {
        struct Event { #[serde(default, skip_serializing_if = "String::is_empty")] a: String }
    }
    field_becomes_option true false { struct Event { a: u8 } } { struct Event { a: Option<u8> } }
    option_becomes_default false true { struct Event { a: Option<String> } } { struct Event { #[serde(default)] a: String } }
    required_rule_added false true { struct Event { a: Option<u8> } } { struct Event { #[validate(required)] a: Option<u8> } }
    default_changed true true { struct Event { #[serde(default)] a: u8 } } {
        struct Event { #[serde(default = "crate::evolution::seven")] a: u8 }
    }

    strict_field_added true false {
        #[serde(deny_unknown_fields)] struct Event { a: u8 }
    } {
        #[serde(deny_unknown_fields)] struct Event { a: u8, #[serde(default)] b: u8 }
    }
    strict_field_removed false true {
        #[serde(deny_unknown_fields)] struct Event { a: u8, #[serde(default)] b: u8 }
    } {
        #[serde(deny_unknown_fields)] struct Event { a: u8 }
    }
    becomes_strict true true { struct Event { a: u8 } } { #[serde(deny_unknown_fields)] struct Event { a: u8 } }

    integer_widened true false { struct Event { a: u32 } } { struct Event { a: u64 } }
    integer_signed true false { struct Event { a: u8 } } { struct Event { a: i16 } }
    integer_moved false false { struct Event { a: u8 } } { struct Event { a: i8 } }
    integer_becomes_float true false { struct Event { a: u8 } } { struct Event { a: f64 } }
    text_becomes_number false false { struct Event { a: String } } { struct Event { a: u8 } }
    uuid_becomes_text true false { struct Event { a: Uuid } } { struct Event { a: String } }
    date_becomes_text true false { struct Event { a: NaiveDate } } { struct Event { a: String } }
    newtype true true { struct Event { a: u8 } } {
        struct Event { a: Count }
        #[serde(transparent)] struct Count { count: u8 }
    }

    length_limited false true { struct Event { a: String } } { struct Event { #[validate(length(max = 3))] a: String } }
    length_limit_raised true false {
        struct Event { #[validate(length(max = 1))] a: Vec<u8> }
    } {
        struct Event { #[validate(length(max = 2))] a: Vec<u8> }
    }
    range_moved false false {
        struct Event { #[validate(range(min = 1, max = 9))] a: u8 }
    } {
        struct Event { #[validate(range(min = 2, max = 10))] a: u8 }
    }
    range_redundant true true { struct Event { a: u8 } } { struct Event { #[validate(range(max = 255))] a: u8 } }
    range_of_integers_exclusive true true {
        struct Event { #[validate(range(min = 1))] a: u8 }
    } {
        struct Event { #[validate(range(exclusive_min = 0))] a: u8 }
    }
    range_exclusive false true {
        struct Event { #[validate(range(min = 0.5))] a: f64 }
    } {
        struct Event { #[validate(range(exclusive_min = 0.5))] a: f64 }
    }
    email_added false true { struct Event { a: String } } { struct Event { #[validate(length(max = 3), email)] a: String } }
    each_item_limited false true {
        struct Event { a: Vec<String> }
    } {
        struct Event { a: Vec<Word> }
        #[serde(transparent)] struct Word { #[validate(length(min = 1))] word: String }
    }

    value_added true false { enum Event { A, B } } { enum Event { A, B, C } }
    value_added_to_known_rest true true {
        enum Event { A, #[serde(other)] Rest }
    } {
        enum Event { A, B, #[serde(other)] Rest }
    }
    value_renamed true false { enum Event { A, B } } { enum Event { A, #[serde(alias = "B")] C } }
    value_described true true { enum Event { A, B } } {
        enum Event {
            /// The first.
            A,
            B
        }
    }
    described_value_added true false { enum Event { A, B } } {
        enum Event {
            A,
            B,
            /// The third.
            C
        }
    }
    value_becomes_text true false {
        struct Event { a: Colour }
        enum Colour { Red, Blue }
    } { struct Event { a: String } }
    external_variant_added true false {
        enum Event { A(u8), B { b: String } }
    } {
        enum Event { A(u8), B { b: String }, C(bool) }
    }
    internal_variant_added true false {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: String } }
    } {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: String }, C { a: u8 } }
    }
    internal_variant_changed false true {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: String } }
    } {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: String, c: u8 } }
    }
    internal_variant_widened true false {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: u8 } }
    } {
        #[serde(tag = "type")] enum Event { A { a: u8 }, B { b: u16, #[serde(default)] c: u8 } }
    }
    adjacent_variant_added true false {
        #[serde(tag = "t", content = "c")] enum Event { A(u8), B { b: String } }
    } {
        #[serde(tag = "t", content = "c")] enum Event { A(u8), B { b: String }, C(bool) }
    }
    untagged_variant_added true false {
        #[serde(untagged)] enum Event { A(u8), B { b: String } }
    } {
        #[serde(untagged)] enum Event { A(u8), B { b: String }, C(bool) }
    }
    tag_renamed false false {
        #[serde(tag = "type")] enum Event { A { a: u8 } }
    } {
        #[serde(tag = "kind")] enum Event { A { a: u8 } }
    }
    unit_variant_gets_content false false { enum Event { A, B } } { enum Event { A, B(u8) } }

    items_widened true false { struct Event { a: Vec<u8> } } { struct Event { a: Vec<u16> } }
    tuple_longer false false { struct Event { a: (u8, u8) } } { struct Event { a: (u8, u8, u8) } }
    array_becomes_list true false { struct Event { a: [u8; 2] } } { struct Event { a: Vec<u8> } }
    map_values_widened true false {
        struct Event { a: BTreeMap<String, u8> }
    } {
        struct Event { a: BTreeMap<String, Option<u8>> }
    }
    map_keys_widened true false { struct Event { a: BTreeMap<u8, u8> } } { struct Event { a: BTreeMap<String, u8> } }
    struct_becomes_map true false {
        struct Event { a: Inner }
        struct Inner { x: u8 }
    } { struct Event { a: BTreeMap<String, u8> } }
    nested_field_added false true {
        struct Event { a: Option<Inner> }
        struct Inner { x: u8 }
    } {
        struct Event { a: Option<Inner> }
        struct Inner { x: u8, y: u8 }
    }
    type_renamed true true {
        struct Event { a: Inner, b: Vec<Inner> }
        struct Inner { x: u8 }
    } {
        struct Event { a: Other, b: Vec<Other> }
        struct Other { x: u8 }
    }
    recursive_field_limited false true {
        struct Event { leaf: u16, left: Option<Box<Event>>, more: Vec<Event> }
    } {
        struct Event { leaf: u8, left: Option<Box<Event>>, more: Vec<Event> }
    }

    fields_moved_into_flattened true true {
        struct Event { id: u8, x: u8, y: Option<String> }
    } {
        struct Event { id: u8, #[serde(flatten)] inner: Inner }
        struct Inner { x: u8, y: Option<String> }
    }
    flattened_field_added false true {
        struct Event { id: u8, #[serde(flatten)] inner: Inner }
        struct Inner { x: u8 }
    } {
        struct Event { id: u8, #[serde(flatten)] inner: Inner }
        struct Inner { x: u8, y: u8 }
    }
    flattened_variant_added true false {
        struct Event { id: u8, #[serde(flatten)] kind: Kind }
        #[serde(tag = "type")] enum Kind { A { a: u8 }, B }
    } {
        struct Event { id: u8, #[serde(flatten)] kind: Kind }
        #[serde(tag = "type")] enum Kind { A { a: u8 }, B, C { c: u8 } }
    }
    flattened_enum_gets_company true true {
        struct Event { id: u8, #[serde(flatten)] kind: Kind }
        #[serde(tag = "type")] enum Kind { A { a: u8 }, B }
    } {
        struct Event { id: u8, note: Option<u8>, #[serde(flatten)] kind: Kind }
        #[serde(tag = "type")] enum Kind { A { a: u8 }, B }
    }
    internal_part_gets_a_field true true {
        #[serde(tag = "type")] enum Event { Part(Part), B }
        struct Part { x: u8 }
    } {
        #[serde(tag = "type")] enum Event { Part(Part), B }
        struct Part { x: u8, y: Option<u8> }
    }
    internal_part_refuses_the_tag false false {
        #[serde(tag = "type")] enum Event { Part(Part) }
        struct Part { x: u8 }
    } {
        #[serde(tag = "kind")] enum Event { Part(Part) }
        struct Part { x: u8 }
    }
    field_added_beside_an_alias true true {
        struct Event { #[serde(alias = "b")] a: u8 }
    } {
        struct Event { #[serde(alias = "b")] a: u8, c: Option<u8> }
    }
    empty_event_gets_a_field true true { struct Event {} } { struct Event { a: Option<u8> } }
    empty_part_gets_a_field true true {
        struct Event { a: Part }
        struct Part {}
    } {
        struct Event { a: Part }
        struct Part { x: Option<u8> }
    }
    field_added_beside_a_value false true {
        struct Event { id: u8, #[serde(flatten)] rest: Value }
    } {
        struct Event { id: u8, #[serde(default)] k: u8, #[serde(flatten)] rest: Value }
    }
    any_data_becomes_known false true {
        #[serde(tag = "type")] enum Event { Raw(Value) }
    } {
        #[serde(tag = "type")] enum Event { Raw(Known) }
        struct Known { k: Option<u8> }
    }
    rest_is_kept true true {
        struct Event { id: u8 }
    } {
        struct Event { id: u8, #[serde(flatten)] rest: BTreeMap<String, Value> }
    }
    rest_has_a_type false false {
        struct Event { id: u8, name: u8 }
    } {
        struct Event { id: u8, #[serde(flatten)] rest: BTreeMap<String, String> }
    }

    field_renamed_with_alias true false { struct Event { a: u8 } } { struct Event { #[serde(alias = "a")] b: u8 } }
    required_field_gets_aliases true false {
        struct Event { a: u8, b: Option<Box<Event>> }
    } {
        struct Event { #[serde(alias = "a", alias = "c")] d: u8, #[serde(alias = "b")] e: Option<Box<Event>> }
    }
    field_renamed false false { struct Event { a: u8 } } { struct Event { b: u8 } }
    field_case_changed false false {
        struct Event { order_id: u8 }
    } {
        #[serde(rename_all = "camelCase")] struct Event { order_id: u8 }
    }
}

/// Changes that are called incompatible although no message proves it: the document of the writer does not say why.
mod cautious {
    use super::{Side, read};

    /// The document of what is written does not say that null is never written.
    #[event_schema::event]
    #[derive(Debug)]
    struct Omitted {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<String>,
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Defaulted {
        #[serde(default)]
        a: String,
    }

    #[test]
    fn an_omitted_option_becomes_a_default() {
        let (report, refused) = read(&Side::of::<Omitted>(300), &Side::of::<Defaulted>(1));
        assert!(!report.is_compatible() && refused.is_none(), "{report}, {refused:?}");
    }
}
