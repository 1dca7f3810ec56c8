//! The example events, shared by the examples and the tests that record and check their contracts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use event_schema::contract::Catalog;
use event_schema::prelude::*;

/// The events whose contracts are recorded in `schemas/shop`.
pub(crate) fn catalog() -> Catalog {
    Catalog::new("shop").sends::<OrderRequested>().sends::<ReadingTaken>()
}

/// A customer asked for products.
///
/// The shop sends it once per order, after the customer has confirmed the basket. Services that reserve stock or take
/// payments start from it.
#[event_schema::event(name = "order.requested", version = 2, previous = OrderRequestedV1, topic = "order-request", key = order_id)]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
#[schemars(example = example_order())]
pub(crate) struct OrderRequested {
    /// Made once by the shop, kept through retries.
    pub(crate) order_id: Uuid,
    pub(crate) ordered_at: DateTime<Utc>,
    /// Where to send the confirmation.
    #[validate(email)]
    #[event(sensitive)]
    pub(crate) email: String,
    pub(crate) address: Address,
    #[validate(length(min = 1, max = MAX_LINES))]
    pub(crate) lines: Vec<OrderLine>,
    #[serde(default)]
    pub(crate) status: OrderStatus,
    #[validate(length(max = 200), non_control_character)]
    pub(crate) note: Option<String>,
    /// Free labels, such as the campaign that the customer came from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
}

const MAX_LINES: u64 = 100;

fn example_order() -> serde_json::Value {
    serde_json::json!({
        "orderId": "0191e5b6-9a7e-7c3d-8f00-000000000001",
        "orderedAt": "2026-11-21T09:30:00Z",
        "email": "ada@example.org",
        "address": {"street": "Ring 1", "postalCode": "1010", "country": "AT"},
        "lines": [{"sku": "bolt-8", "quantity": 3, "unitPrice": 0.25, "gift": false}],
        "status": "new",
        "note": null,
    })
}

/// A customer asked for one product.
#[event_schema::event(name = "order.requested", topic = "orders", key = order_id)]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRequestedV1 {
    pub(crate) order_id: Uuid,
    pub(crate) ordered_at: DateTime<Utc>,
    #[validate(email)]
    #[event(sensitive)]
    pub(crate) email: String,
    pub(crate) address: Address,
    #[validate(length(min = 1, max = 32))]
    pub(crate) sku: String,
    #[validate(range(min = 1, max = 100))]
    pub(crate) quantity: u32,
    pub(crate) unit_price: f64,
}

impl From<OrderRequestedV1> for OrderRequested {
    fn from(v1: OrderRequestedV1) -> Self {
        let OrderRequestedV1 { order_id, ordered_at, email, address, sku, quantity, unit_price } = v1;
        let line = OrderLine { sku, quantity, unit_price, gift: false };
        Self {
            order_id,
            ordered_at,
            email,
            address,
            lines: vec![line],
            status: OrderStatus::default(),
            note: None,
            labels: BTreeMap::new(),
        }
    }
}

/// A place to deliver to.
#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    #[validate(length(min = 1))]
    pub(crate) street: String,
    #[serde(alias = "zip")]
    #[validate(length(min = 3, max = 10))]
    pub(crate) postal_code: String,
    pub(crate) country: Country,
}

/// A country that is delivered to, by its ISO 3166 code.
#[event_schema::event]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Country {
    At,
    Ch,
    De,
}

/// One product of an order.
#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderLine {
    #[validate(length(min = 1, max = 32), does_not_contain(pattern = " "))]
    pub(crate) sku: String,
    #[validate(range(min = 1, max = 1000))]
    pub(crate) quantity: u32,
    #[validate(range(exclusive_min = 0.0))]
    pub(crate) unit_price: f64,
    #[serde(default)]
    pub(crate) gift: bool,
}

/// How far an order has come.
#[event_schema::event]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    #[default]
    New,
    AwaitingPayment,
    Paid,
}

/// A device measured something.
#[event_schema::event(topic = "readings", key = device)]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadingTaken {
    #[validate(length(equal = 12))]
    pub(crate) device: String,
    /// Counts up from 0 since the device was started.
    pub(crate) sequence: u32,
    #[validate(range(min = -60.0, max = 125.0))]
    pub(crate) celsius: f32,
    /// Raw values by channel.
    #[validate(length(min = 1))]
    pub(crate) channels: BTreeMap<u8, i16>,
    #[validate(ip)]
    pub(crate) gateway: Option<String>,
}
