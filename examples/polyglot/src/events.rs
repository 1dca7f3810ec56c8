//! The events that the programs exchange. Their contracts are recorded in `schemas/polyglot`, and the types of the other
//! languages are generated from there.

use event_schema::chrono::{DateTime, Utc};
use event_schema::prelude::*;

/// A customer placed an order. Rust sends it, and the other programs read it.
#[event_schema::event(name = "order.placed", topic = "orders", key = order_id)]
#[derive(Clone)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: Uuid,
    pub(crate) placed_at: DateTime<Utc>,
    #[validate(length(min = 1, max = 100))]
    pub(crate) lines: Vec<Line>,
    pub(crate) delivery: Delivery,
}

/// A product of an order.
#[event_schema::event]
#[derive(Clone)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[validate(length(min = 1, max = 40))]
    pub(crate) sku: String,
    #[validate(range(min = 1, max = 1000))]
    pub(crate) quantity: u32,
    /// The price of one piece, in cents.
    #[validate(range(max = 1_000_000))]
    pub(crate) unit_price: u32,
}

/// How the customer gets an order.
#[event_schema::event]
#[derive(Clone)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Delivery {
    Pickup { shop: String },
    Parcel { country: String, express: bool },
}

/// An invoice for an order. Python sends it.
#[event_schema::event(name = "invoice.issued", topic = "invoices", key = order_id)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceIssued {
    pub(crate) order_id: Uuid,
    #[validate(length(min = 1, max = 40))]
    pub(crate) number: String,
    /// The sum of all lines, in cents.
    #[validate(range(max = 100_000_000_000))]
    pub(crate) total: u64,
}

/// An order is packed. TypeScript sends it.
#[event_schema::event(name = "parcel.packed", topic = "parcels", key = order_id)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParcelPacked {
    pub(crate) order_id: Uuid,
    pub(crate) size: Size,
    #[validate(range(min = 1, max = 31_500))]
    pub(crate) weight_in_grams: u32,
}

#[event_schema::event]
#[derive(Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Size {
    Small,
    Large,
}

/// What the other programs send: the type of a message selects the variant.
#[event_schema::event(types)]
#[serde(untagged)]
pub(crate) enum Answer {
    Invoice(InvoiceIssued),
    Parcel(ParcelPacked),
}

#[cfg(test)]
#[test]
fn the_contracts_are_recorded() {
    event_schema::contract::Catalog::new("polyglot")
        .sends::<OrderPlaced>()
        .receives::<InvoiceIssued>()
        .receives::<ParcelPacked>()
        .assert_recorded(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/polyglot"));
}
