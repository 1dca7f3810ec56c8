//! The messages over HTTP and through Kafka. The contracts of the latter are recorded in `schemas/order-service`.

use event_schema::chrono::{DateTime, Utc};
use event_schema::prelude::*;

/// The body of `POST /order`.
#[event_schema::event]
pub(crate) struct NewOrder {
    #[validate(length(min = 1, max = 40), non_control_character)]
    pub(crate) product_id: String,
    #[validate(range(min = 1, max = 100))]
    #[serde(default = "one")]
    pub(crate) quantity: u32,
}

fn one() -> u32 {
    1
}

/// The answer to `POST /order`.
#[event_schema::event]
pub(crate) struct OrderAnswer {
    pub(crate) order_id: Uuid,
}

/// The answer to `GET /order/{id}`: a row of the table `orders`.
#[event_schema::event]
pub(crate) struct StoredOrder {
    pub(crate) order_id: Uuid,
    pub(crate) product_id: String,
    pub(crate) quantity: u32,
    /// The parcels that have arrived.
    pub(crate) delivered: u32,
    pub(crate) order_status: OrderStatus,
    pub(crate) created_at: DateTime<Utc>,
}

#[event_schema::event]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    /// It came by HTTP, and its event may still be in the outbox.
    Requested,
    /// Its parcels are requested.
    Accepted,
    Delivered,
}

/// Somebody wants to buy something.
#[event_schema::event(name = "order.requested", topic = "order-request", key = order_id)]
pub(crate) struct OrderRequested {
    pub(crate) order_id: Uuid,
    #[validate(length(min = 1, max = 40), non_control_character)]
    pub(crate) product_id: String,
    #[validate(range(min = 1, max = 100))]
    pub(crate) quantity: u32,
}

/// One parcel of an order is to be delivered: each piece is a parcel. Those of one order come in their order.
#[event_schema::event(name = "delivery.requested", topic = "delivery-request", key = order_id)]
pub(crate) struct DeliveryRequested {
    pub(crate) order_id: Uuid,
    pub(crate) product_id: String,
    /// From 1 to the quantity.
    #[validate(range(min = 1, max = 100))]
    pub(crate) parcel: u32,
}

/// A parcel has arrived.
#[event_schema::event(name = "delivery.answered", topic = "delivery-answer", key = order_id)]
pub(crate) struct DeliveryAnswered {
    pub(crate) order_id: Uuid,
    #[validate(range(min = 1, max = 100))]
    pub(crate) parcel: u32,
}

/// `UPDATE_SCHEMAS=1 cargo test -p order-service` records them.
#[cfg(test)]
#[test]
fn the_contracts_are_recorded() {
    event_schema::contract::Catalog::new("order-service")
        .sends::<OrderRequested>()
        .receives::<OrderRequested>()
        .sends::<DeliveryRequested>()
        .receives::<DeliveryAnswered>()
        .assert_recorded(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/order-service"));
}
