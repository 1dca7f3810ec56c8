//! Load names everything that is wrong, at its wire path.

use std::collections::BTreeMap;

use event_schema::prelude::*;
use serde_json::json;

#[event_schema::event(name = "order.requested", version = 2, topic = "order-request", key = order_id)]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
struct OrderRequested {
    order_id: Uuid,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    #[validate(nested, length(min = 1))]
    lines: Vec<Line>,
    #[serde(default)]
    status: Status,
    note: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, u8>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    #[validate(length(min = 1))]
    sku: String,
    price: Option<Price>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
struct Price {
    #[validate(range(exclusive_min = 0))]
    amount: f64,
    currency: Currency,
}

#[event_schema::event]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
enum Currency {
    Eur,
    Usd,
}

#[event_schema::event]
#[derive(Debug, Clone, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    New,
    Paid,
}

fn messages(input: &str) -> serde_json::Value {
    OrderRequested::load_str(input).unwrap_err().violations().expect("a JSON text").to_messages()
}

#[test]
fn a_valid_event_is_itself() {
    let id = Uuid::from_u128(7);
    let input = json!({
        "orderId": id, "quantity": 3, "lines": [{"sku": "a", "price": {"amount": 1.5, "currency": "EUR"}}],
        "status": "paid", "note": null, "labels": {"x": 1}, "more": [1, {"a": 2}],
    });
    let event = OrderRequested::load_value(input.clone()).unwrap();
    assert_eq!(event, OrderRequested::load(input.to_string().as_bytes()).unwrap());
    assert_eq!(event.lines[0].price, Some(Price { amount: 1.5, currency: Currency::Eur }));
    assert_eq!(event.status, Status::Paid);
    assert_eq!(OrderRequested::load(&event.dump().unwrap()).unwrap(), event);
    assert_eq!(event.key().unwrap(), id.to_string().as_bytes());
}

#[test]
fn every_fault_is_named_at_its_wire_path() {
    assert_eq!(
        messages(
            r#"{"orderId": "x", "quantity": 0, "lines": [{"sku": ""}, {}, null, 7,
                {"sku": "a", "price": {"amount": "1", "currency": "CHF"}, "b/c": 1, "sku": "again"}],
                "status": [1, [2]], "note": {"a": {"b": []}}, "labels": {"x": 256, "y": {}}}"#
        ),
        json!({
            "orderId": ["Not a valid UUID."],
            "quantity": ["Must be greater than or equal to 1 and less than or equal to 1000."],
            "lines": {
                "0": {"sku": ["Shorter than minimum length 1."]},
                "1": {"sku": ["Missing data for required field."]},
                "2": ["Field may not be null."],
                "3": {"_schema": ["Invalid input type."]},
                "4": {
                    "price": {"amount": ["Not a valid number."], "currency": ["Must be one of: EUR, USD."]},
                    "b/c": ["Unknown field."],
                    "sku": ["Duplicate field."],
                },
            },
            "status": ["Must be one of: new, paid."],
            "note": ["Not a valid string."],
            "labels": {"x": {"value": ["Must be greater than or equal to 0 and less than or equal to 255."]}, "y": {"value": ["Not a valid integer."]}},
        })
    );
}
