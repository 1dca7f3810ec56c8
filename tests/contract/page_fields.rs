//! The fields and types on the page of a catalog.

use event_schema::contract::Catalog;

use crate::page::site;

/// The row of a field, a variant or a value, as text.
fn row(text: &str, name: &str) -> String {
    let start = format!("\n{name}");
    let rest = text.split(&start).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split('\n').next().unwrap().to_owned()
}

mod flat {
    use std::collections::BTreeMap;

    #[event_schema::event(name = "parcel.sent")]
    pub(super) struct ParcelSent {
        #[serde(flatten)]
        pub(super) place: Option<Place>,
        /// Written on the label.
        #[serde(flatten)]
        #[schemars(deprecated)]
        pub(super) size: Size,
        /// Free words.
        #[serde(flatten)]
        #[validate(length(max = 3))]
        pub(super) labels: BTreeMap<String, u8>,
    }

    #[event_schema::event]
    pub(super) struct Place {
        pub(super) street: String,
        pub(super) city: String,
        pub(super) floor: Option<u8>,
    }

    #[event_schema::event]
    pub(super) struct Size {
        pub(super) height: u8,
    }

    #[event_schema::event(name = "parcel.weighed")]
    pub(super) struct ParcelWeighed {
        pub(super) weight: Weight,
        pub(super) seal: Seal,
    }

    #[event_schema::event]
    pub(super) struct Weight(
        /// In grams.
        #[validate(range(min = 1))]
        pub(super) u32,
        #[serde(default = "unit")] pub(super) String,
    );

    #[event_schema::event]
    pub(super) struct Seal(pub(super) u8, #[event(sensitive)] pub(super) String);

    fn unit() -> String {
        "g".to_owned()
    }
}

#[test]
fn flattened_fields_keep_their_notes() {
    let site = site(&Catalog::new("shop").sends::<flat::ParcelSent>().sends::<flat::ParcelWeighed>());
    let text = site.text("events/parcel.sent.html");
    let (group, after) = text.split_once("all or none of these").unwrap().1.split_once("these fields").unwrap();
    assert!(!group.contains("required"), "{group}");
    assert!(row(group, "street").starts_with("string"), "{group}");
    assert!(row(group, "floor").contains("optional"), "{group}");
    assert!(after.starts_with(" deprecatedWritten on the label."), "{after}");
    assert!(row(after, "height").contains("required"), "{after}");
    assert!(text.contains("any other fieldinteger uint8Free words.\nat most 3 entries"), "{text}");

    let text = site.text("events/parcel.weighed.html");
    let items: Vec<&str> = text.split("An array of these items:").skip(1).collect();
    assert!(items[0].starts_with("integer uint32 (at least 1)In grams.\nstringif missing: g"), "{text}");
    assert!(items[1].starts_with("integer uint8string sensitive"), "{text}");
}

mod ways {
    #[event_schema::event(name = "way.gone")]
    #[serde(deny_unknown_fields)]
    pub(super) struct WayGone {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        pub(super) renamed: u8,
        #[serde(alias = "old")]
        pub(super) new: u8,
        #[serde(skip_deserializing, skip_serializing_if = "String::is_empty")]
        pub(super) written: String,
        pub(super) open: Open,
        pub(super) plain: Plain,
    }

    #[event_schema::event]
    pub(super) struct Open {
        #[serde(skip_deserializing)]
        pub(super) ignored: String,
    }

    #[event_schema::event]
    #[allow(dead_code, reason = "only its contract")]
    pub(super) enum Plain {
        Both,
        #[serde(skip_serializing)]
        In,
        #[serde(skip_deserializing)]
        Out,
        #[serde(rename(serialize = "New", deserialize = "Old"))]
        Renamed,
    }
}

#[test]
fn names_and_values_of_one_direction() {
    let site = site(&Catalog::new("ways").sends::<ways::WayGone>());
    let text = site.text("events/way.gone.html");
    assert!(row(&text, "out").ends_with("read as in") && !row(&text, "out").contains("also"), "{text}");
    assert!(row(&text, "new").ends_with("also read as old"), "{text}");
    assert!(row(&text, "written").ends_with("refused when read may be left out when written"), "{text}");
    assert!(row(&text, "ignored").ends_with("ignored when read"), "{text}");
    assert!(
        row(&text, "plain").contains("one of Both, In (only read), Out (only written), New (read as Old)"),
        "{text}"
    );
    assert!(row(&text, "In").contains("only read"), "{text}");
    assert!(row(&text, "Out").contains("only written"), "{text}");
    assert!(row(&text, "New").contains("read as Old"), "{text}");
}

mod foreign {
    use event_schema::schemars::JsonSchema;
    use event_schema::serde::{Deserialize, Serialize};

    #[event_schema::event(name = "card.read")]
    pub(super) struct CardRead {
        #[event(plain)]
        pub(super) place: Place,
        #[event(plain, sensitive)]
        pub(super) secret: Secret,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(crate = "event_schema::serde")]
    #[schemars(crate = "event_schema::schemars")]
    pub(super) struct Place {
        pub(super) town: Town,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(crate = "event_schema::serde")]
    #[schemars(crate = "event_schema::schemars")]
    pub(super) struct Town {
        #[serde(default = "shown")]
        pub(super) code: String,
    }

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(crate = "event_schema::serde")]
    #[schemars(crate = "event_schema::schemars")]
    pub(super) struct Secret {
        #[serde(default = "hunter")]
        pub(super) pin: String,
    }

    fn shown() -> String {
        "shown".to_owned()
    }

    fn hunter() -> String {
        "hunter1".to_owned()
    }
}

#[test]
fn types_of_other_crates_are_shown_whole() {
    let text = site(&Catalog::new("cards").sends::<foreign::CardRead>()).text("events/card.read.html");
    assert!(text.contains("\"$ref\": \"#/$defs/Town\"") && text.contains("\"Town\": {"), "{text}");
    assert!(text.contains("\"default\": \"shown\"") && text.contains("\"pin\": {"), "{text}");
    assert!(!text.contains("hunter"), "{text}");
}

mod words {
    use event_schema::prelude::*;
    use event_schema::serde_json::{Value, json};

    #[event_schema::event(name = "bus.left")]
    #[validate(schema(function = "comes_before_it_leaves"))]
    pub(super) struct BusLeft {
        pub(super) left: event_schema::chrono::NaiveTime,
        pub(super) came: event_schema::chrono::NaiveDateTime,
        pub(super) zoned: event_schema::jiff::Zoned,
        #[serde(default = "sorted")]
        pub(super) any: Value,
    }

    fn comes_before_it_leaves(bus: &BusLeft) -> Result<(), Violation> {
        if bus.came.time() <= bus.left { Ok(()) } else { Err(Violation::new("order")) }
    }

    fn sorted() -> Value {
        json!({"b": 1, "a": {"d": 2, "c": 3}})
    }
}

#[test]
fn words_for_values_and_rules() {
    let text = site(&Catalog::new("buses").sends::<words::BusLeft>()).text("events/bus.left.html");
    assert!(row(&text, "left").starts_with("string local time, without a zone"), "{text}");
    assert!(row(&text, "came").starts_with("string local date and time, without a zone"), "{text}");
    assert!(row(&text, "zoned").starts_with("string date and time, with the name of their zone"), "{text}");
    // Whatever order of keys `serde_json` is built with.
    assert!(row(&text, "any").contains(r#"if missing: {"a":{"c":3,"d":2},"b":1}"#), "{text}");
    assert!(text.contains("All of it together: a rule in the service's code."), "{text}");
}
