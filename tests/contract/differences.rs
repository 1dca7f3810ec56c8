//! Where load and the contract differ: the list in the documentation of `contract`, row by row.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]

use std::collections::{BTreeMap, BTreeSet};

use event_schema::prelude::*;
use event_schema::serde_json::{Value, json};
use jsonschema::Draft;

use crate::documents;

/// The contract accepts it, load does not.
#[track_caller]
fn only_the_contract<E: EventSchema>(text: &str) {
    assert_eq!(verdicts::<E>(text), (true, false), "{text}");
}

/// Load accepts it, the contract does not.
#[track_caller]
fn only_load<E: EventSchema>(text: &str) {
    assert_eq!(verdicts::<E>(text), (false, true), "{text}");
}

#[track_caller]
fn both<E: EventSchema>(text: &str) {
    assert_eq!(verdicts::<E>(text), (true, true), "{text}");
}

fn verdicts<E: EventSchema>(text: &str) -> (bool, bool) {
    let schema = documents::validator(&E::json_schema().to_value(), Draft::Draft202012);
    (schema.is_valid(&text.parse::<Value>().unwrap()), E::load_str(text).is_ok())
}

#[event_schema::event]
struct Values {
    integer: Option<u8>,
    #[validate(custom(function = odd))]
    odd: Option<u8>,
    #[validate(credit_card)]
    card: Option<String>,
    either: Option<Either>,
    #[event(keys(range(max = 9)))]
    keys: Option<BTreeMap<u8, u8>>,
    period: Option<std::time::Duration>,
    set: Option<BTreeSet<u8>>,
    id: Option<event_schema::uuid::Uuid>,
    at: Option<event_schema::chrono::DateTime<event_schema::chrono::Utc>>,
    #[validate(email)]
    email: Option<String>,
}

fn odd(number: u8) -> Result<(), Violation> {
    if number % 2 == 1 { Ok(()) } else { Err(Violation::new("even")) }
}

#[event_schema::event]
#[serde(untagged)]
enum Either {
    Short(#[validate(length(max = 3))] String),
    Long(String),
}

#[test]
fn what_only_the_contract_accepts() {
    both::<Values>(r#"{"integer": 1, "odd": 1, "card": "4539571147647251", "either": "abc", "keys": {"9": 1}}"#);
    only_the_contract::<Values>(r#"{"integer": 1.0}"#);
    only_the_contract::<Values>(r#"{"integer": 1e2}"#);
    only_the_contract::<Values>(r#"{"odd": 2}"#);
    only_the_contract::<Values>(r#"{"card": "1"}"#);
    only_the_contract::<Values>(r#"{"either": "abcd"}"#);
    only_the_contract::<Values>(r#"{"keys": {"10": 1}}"#);
    only_the_contract::<Values>(r#"{"period": {"secs": 18446744073709551615, "nanos": 1000000000}}"#);
    only_the_contract::<Values>(r#"{"integer": 1, "integer": 2}"#);

    #[event_schema::event]
    struct Bounded {
        id: Option<u8>,
        #[serde(flatten)]
        #[validate(length(max = 1))]
        rest: BTreeMap<String, u8>,
    }
    both::<Bounded>(r#"{"a": 1, "id": 1}"#);
    only_the_contract::<Bounded>(r#"{"a": 1, "b": 1}"#);

    #[event_schema::event]
    #[serde(tag = "form")]
    enum Form {
        Round { radius: u16 },
        Point,
    }
    #[event_schema::event]
    struct Drawing {
        #[serde(flatten)]
        form: Form,
        #[serde(flatten)]
        #[validate(length(max = 1))]
        counts: BTreeMap<String, u8>,
    }
    both::<Drawing>(r#"{"form": "Round", "radius": 300, "a": 1}"#);
    both::<Drawing>(r#"{"form": "Point", "radius": 3}"#);
    only_the_contract::<Drawing>(r#"{"form": "Point", "radius": 300}"#);
    only_the_contract::<Drawing>(r#"{"form": "Point", "a": 1, "b": 1}"#);
}

#[test]
fn what_only_load_accepts() {
    both::<Values>(
        &json!({
            "set": [1],
            "id": "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "at": "2026-11-21T09:30:00Z",
            "email": "ada@example.org",
        })
        .to_string(),
    );
    only_load::<Values>(r#"{"set": [1, 1]}"#);
    only_load::<Values>(r#"{"id": "67e5504410b1426f9247bb680e5fe0c8"}"#);
    only_load::<Values>(r#"{"id": "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8"}"#);
    only_load::<Values>(r#"{"at": "2026-11-21 09:30:00Z"}"#);
    only_load::<Values>(r#"{"email": "ada..l@example.org"}"#);

    #[event_schema::event]
    struct Campaign {
        wave: u8,
    }
    #[event_schema::event]
    struct Order {
        #[serde(flatten)]
        campaign: Option<Campaign>,
    }
    both::<Order>(r#"{"wave": 1}"#);
    only_load::<Order>(r#"{"wave": "two"}"#);

    #[event_schema::event]
    enum Means {
        Cash(u8),
        Card(u8),
    }
    #[event_schema::event]
    struct Payment {
        #[serde(flatten)]
        means: Means,
    }
    both::<Payment>(r#"{"Cash": 1}"#);
    only_load::<Payment>(r#"{"Cash": 1, "Card": 1}"#);

    #[event_schema::event(pre_load = renamed)]
    struct Named {
        name: String,
    }
    fn renamed(mut value: Value) -> Value {
        if let Some(name) = value.get_mut("Name").map(Value::take) {
            value["name"] = name;
        }
        value
    }
    both::<Named>(r#"{"name": "Ada"}"#);
    only_load::<Named>(r#"{"Name": "Ada"}"#);

    #[derive(Serialize, Deserialize, event_schema::schemars::JsonSchema)]
    struct Point {
        x: u8,
        y: u8,
    }
    #[event_schema::event]
    struct Spot {
        #[event(plain)]
        at: Point,
    }
    both::<Spot>(r#"{"at": {"x": 1, "y": 2}}"#);
    only_load::<Spot>(r#"{"at": [1, 2]}"#);
}
