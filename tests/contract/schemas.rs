//! The recorded contracts are current, and accept what load accepts.

use std::path::Path;

use event_schema::EventSchema;
use event_schema::serde_json::{Value, from_slice, json};
use jsonschema::{Draft, Validator};

use crate::events::{OrderRequested, ReadingTaken};

/// A message, and why schema and load do not agree on it, if they do not.
type Case = (String, Option<&'static str>);

const FRACTION: Option<&str> = Some("JSON Schema calls 1.0 an integer; load reads it as no integer");
const FORMAT: Option<&str> = Some("a dialect of the format that Rust's reader takes as well");
const EMAIL: Option<&str> = Some("validator takes the e-mail addresses of HTML, the format those of RFC 5321");

/// The recorded schema of what is accepted accepts exactly what load accepts.
fn agree<E: EventSchema>(cases: &[Case]) {
    let event = E::descriptor();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/shop").join(event.name());
    let reader = folder.join(format!("v{}.reader.json", event.version()));
    let file = if reader.exists() { reader } else { folder.join(format!("v{}.json", event.version())) };
    let schema: Value = from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let schema: Validator =
        jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for (text, difference) in cases {
        let message: Value = text.parse().unwrap();
        let loaded = E::load_str(text);
        let by_schema = schema.is_valid(&message);
        assert_eq!(
            by_schema == loaded.is_ok(),
            difference.is_none(),
            "{text}\nthe schema says {:?}\nload says {:?}\nlisted as different: {difference:?}",
            schema.iter_errors(&message).map(|error| error.to_string()).collect::<Vec<_>>(),
            loaded.as_ref().err().map(ToString::to_string),
        );
        *(if loaded.is_ok() { &mut accepted } else { &mut refused }) += 1;
        if let (Ok(event), None) = (loaded, difference) {
            let written: Value = from_slice(&event.dump().unwrap()).unwrap();
            assert!(schema.is_valid(&written), "what {text} is written as: {written}");
        }
    }
    assert!(accepted > 10 && refused > 10, "{accepted} accepted, {refused} refused");
}

/// The message with the value at a place (a JSON Pointer to a field) replaced; `None` takes it out.
fn with(base: &Value, pointer: &str, value: Option<Value>) -> String {
    let mut message = base.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = message.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(object), Some(value)) => drop(object.insert(key.to_owned(), value)),
        (Value::Object(object), None) => drop(object.remove(key).unwrap()),
        (Value::Array(list), Some(value)) => list[key.parse::<usize>().unwrap()] = value,
        _ => panic!("no place {pointer}"),
    }
    message.to_string()
}

/// A value of each JSON type in this place: those that the place has not are wrong in every field.
fn of_every_type(base: &Value, pointer: &str) -> impl Iterator<Item = Case> {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!("?"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": 1}),
    ];
    values.into_iter().map(move |value| (with(base, pointer, Some(value)), None))
}

#[test]
fn schema_and_load_agree_on_orders() {
    let order = json!({
        "orderId": "0191e5b6-9a7e-7c3d-8f00-000000000001",
        "orderedAt": "2026-11-21T09:30:00Z",
        "email": "ada@example.org",
        "address": {"street": "Ring 1", "postalCode": "1010", "country": "AT"},
        "lines": [
            {"sku": "bolt-8", "quantity": 3, "unitPrice": 0.25},
            {"sku": "nut-8", "quantity": 1000, "unitPrice": 12, "gift": true},
        ],
        "status": "awaiting_payment",
        "note": "ring twice",
        "labels": {"campaign": "autumn", "": ""},
    });
    let mut cases: Vec<Case> = vec![
        (order.to_string(), None),
        ("null".into(), None),
        ("[]".into(), None),
        ("\"order\"".into(), None),
        ("17".into(), None),
        ("{}".into(), None),
    ];
    let mut case =
        |pointer: &str, value: Value, difference| cases.push((with(&order, pointer, Some(value)), difference));

    case("/more", json!({"deep": [1, null]}), None);
    case("/order_id", json!("a field by its Rust name is unknown"), None);

    case("/orderId", json!(""), None);
    case("/orderId", json!("0191e5b6-9a7e-7c3d-8f00-00000000000"), None);
    case("/orderId", json!("0191E5B6-9A7E-7C3D-8F00-000000000001"), None);
    case("/orderId", json!("0191e5b69a7e7c3d8f00000000000001"), FORMAT);
    case("/orderId", json!("{0191e5b6-9a7e-7c3d-8f00-000000000001}"), FORMAT);

    case("/orderedAt", json!(""), None);
    case("/orderedAt", json!("2026-11-21"), None);
    case("/orderedAt", json!("2026-11-21T09:30:00"), None);
    case("/orderedAt", json!("2026-13-21T09:30:00Z"), None);
    case("/orderedAt", json!("2026-02-30T09:30:00Z"), None);
    case("/orderedAt", json!("2026-11-21T09:30:00.123456+01:00"), None);
    case("/orderedAt", json!("2026-11-21 09:30:00Z"), FORMAT);

    case("/email", json!(""), None);
    case("/email", json!("ada"), None);
    case("/email", json!("@example.org"), None);
    case("/email", json!("ada@"), None);
    case("/email", json!("a.b+c@mail.example.org"), None);
    case("/email", json!("\"ada l\"@example.org"), EMAIL);
    case("/email", json!("ada..l@example.org"), EMAIL);

    case("/address/street", json!(""), None);
    case("/address/postalCode", json!("12"), None);
    case("/address/postalCode", json!("ÄÖÜ"), None);
    case("/address/postalCode", json!("12345678901"), None);
    case("/address/zip", json!("1010"), None);
    case("/address/country", json!("at"), None);
    case("/address/country", json!("FR"), None);
    case("/address/country", json!({"AT": null}), None);

    case("/lines", json!([]), None);
    case("/lines", json!([null]), None);
    case("/lines", json!([[]]), None);
    case("/lines", json!(vec![order["lines"][0].clone(); 100]), None);
    case("/lines", json!(vec![order["lines"][0].clone(); 101]), None);
    case("/lines/0/quantity", json!(0), None);
    case("/lines/0/quantity", json!(1), None);
    case("/lines/0/quantity", json!(1001), None);
    case("/lines/0/quantity", json!(u64::from(u32::MAX) + 1), None);
    case("/lines/0/quantity", json!(1.5), None);
    case("/lines/0/quantity", json!(1.0), FRACTION);
    case("/lines/1/unitPrice", json!(0), None);
    case("/lines/1/unitPrice", json!(-0.0), None);
    case("/lines/1/unitPrice", json!(5e-324), None);
    case("/lines/1/unitPrice", json!(1.7e308), None);
    case("/lines/1/unitPrice", json!("12"), None);
    case("/lines/1/sku", json!("a b"), None);
    case("/lines/1/sku", json!("a".repeat(32)), None);
    case("/lines/1/sku", json!("😀".repeat(32)), None);
    case("/lines/1/sku", json!("😀".repeat(33)), None);
    case("/lines/1/colour", json!("unknown fields are refused here"), None);

    case("/status", json!(""), None);
    case("/status", json!("Paid"), None);
    case("/status", json!("awaiting-payment"), None);
    case("/note", json!(""), None);
    case("/note", json!("two\nlines"), None);
    case("/note", json!("\u{7f}"), None);
    case("/note", json!("\u{0}"), None);
    case("/note", json!("ü".repeat(200)), None);
    case("/note", json!("ü".repeat(201)), None);
    case("/labels/campaign", json!(null), None);
    case("/labels/campaign", json!(1), None);

    for field in ["orderId", "orderedAt", "email", "address", "lines", "status", "note", "labels"] {
        cases.push((with(&order, &format!("/{field}"), None), None));
        cases.extend(of_every_type(&order, &format!("/{field}")));
    }
    for field in ["/address/street", "/address/postalCode", "/address/country"] {
        cases.push((with(&order, field, None), None));
        cases.extend(of_every_type(&order, field));
    }
    for field in ["/lines/1/sku", "/lines/1/quantity", "/lines/1/unitPrice", "/lines/1/gift"] {
        cases.push((with(&order, field, None), None));
        cases.extend(of_every_type(&order, field));
    }
    // The other name of a field, alone.
    cases.push((order.to_string().replace("postalCode", "zip"), None));
    cases.push((order.to_string().replace("postalCode", "zipCode"), None));
    agree::<OrderRequested>(&cases);
}

#[test]
fn schema_and_load_agree_on_readings() {
    let reading = json!({
        "device": "sensor-00017", "sequence": 0, "celsius": 21.5, "channels": {"0": 0}, "gateway": "192.0.2.1",
    });
    let mut cases: Vec<Case> = vec![(reading.to_string(), None)];
    let mut case =
        |pointer: &str, value: Value, difference| cases.push((with(&reading, pointer, Some(value)), difference));

    case("/more", json!(1), None);
    case("/device", json!("short"), None);
    case("/device", json!("too long a name"), None);
    for (sequence, difference) in [
        (json!(u32::MAX), None),
        (json!(u64::from(u32::MAX) + 1), None),
        (json!(u64::MAX), None),
        (json!(18_446_744_073_709_551_616.0), None),
        (json!(1e300), None),
        (json!(-1), None),
        (json!(i64::MIN), None),
        (json!(7.0), FRACTION),
        (json!(-0.0), FRACTION),
        (json!("7"), None),
    ] {
        case("/sequence", sequence, difference);
    }
    for celsius in [json!(-60), json!(125), json!(-60.001), json!(125.5), json!(u64::MAX), json!(1e39), json!(-1e308)] {
        case("/celsius", celsius, None);
    }
    for (key, value) in [
        ("0", json!(32767)),
        ("0", json!(32768)),
        ("0", json!(-32768)),
        ("0", json!(-32769)),
        ("255", json!(1)),
        ("256", json!(1)),
        ("-1", json!(1)),
        ("-0", json!(1)),
        ("07", json!(1)),
        ("+7", json!(1)),
        ("7.0", json!(1)),
        ("7 ", json!(1)),
        ("seven", json!(1)),
        ("", json!(1)),
    ] {
        case(&format!("/channels/{key}"), value, None);
    }
    case("/gateway", json!("::1"), None);
    case("/gateway", json!("192.0.2.256"), None);
    case("/gateway", json!("192.0.2"), None);
    case("/gateway", json!("fe80::1%eth0"), None);
    case("/gateway", json!("localhost"), None);
    for field in ["/device", "/sequence", "/celsius", "/channels", "/gateway", "/channels/0"] {
        cases.push((with(&reading, field, None), None));
        cases.extend(of_every_type(&reading, field));
    }
    agree::<ReadingTaken>(&cases);
}

/// Transparent types that hold each other have a name to be referred to; others are as their field.
#[test]
fn transparent_types_that_hold_each_other() {
    #[event_schema::event]
    #[serde(transparent)]
    struct Egg {
        hen: Option<Box<Hen>>,
    }

    #[event_schema::event]
    #[serde(transparent)]
    struct Hen {
        eggs: Vec<Egg>,
    }

    #[event_schema::event]
    #[serde(transparent)]
    struct Lines(Vec<Line>);

    #[event_schema::event]
    struct Line {
        sku: String,
    }

    #[event_schema::event]
    struct Farm {
        hen: Hen,
        lines: Lines,
    }

    let schema = Farm::json_schema();
    let lines = json!({"type": "array", "items": {"$ref": "#/$defs/Line"}});
    assert_eq!(schema.pointer("/properties/lines").unwrap(), &lines);
    let farm = json!({"hen": [null, [null, [[]]]], "lines": [{"sku": "a"}]});
    let validator = jsonschema::options().with_draft(Draft::Draft202012).build(schema.as_value()).unwrap();
    assert!(validator.is_valid(&farm), "{schema:?}");
    let dumped = Farm::load_value(farm.clone()).unwrap().dump_value().unwrap();
    assert_eq!(dumped, farm);
    let wrong = json!({"hen": [null, [null, [["x"]]]], "lines": [{"sku": "a"}]});
    assert!(!validator.is_valid(&wrong) && Farm::load_value(wrong).is_err());
    assert!(Farm::load_partial(br#"{"hen": []}"#).is_ok());
}
