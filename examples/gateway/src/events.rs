//! The events, whose contracts are recorded in `schemas/gateway`.

use event_schema::prelude::*;

/// Something that a user did. Those of one user go to one partition, and keep their order.
#[event_schema::event(name = "activity", topic = "event_topic", key = user)]
pub(crate) struct Activity {
    #[validate(length(min = 1, max = 40))]
    pub(crate) user: String,
    #[validate(length(min = 1, max = 200))]
    pub(crate) action: String,
    #[validate(range(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<u32>,
}

/// A new user.
#[event_schema::event(name = "user.registered", topic = "user_topic", key = user_id)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserRegistered {
    #[validate(length(min = 1, max = 40))]
    pub(crate) user_id: String,
    #[validate(length(min = 1, max = 100))]
    pub(crate) name: String,
    #[event(sensitive)]
    #[validate(email)]
    pub(crate) email: String,
}

/// An order that was made for a user.
#[event_schema::event(name = "order.created", topic = "order_topic", key = user_id)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderCreated {
    pub(crate) order_id: Uuid,
    #[validate(length(min = 1, max = 40))]
    pub(crate) user_id: String,
    #[validate(length(min = 1, max = 100))]
    pub(crate) product: String,
}

/// `UPDATE_SCHEMAS=1 cargo test -p gateway` records them.
#[cfg(test)]
#[test]
fn the_contracts_are_recorded() {
    event_schema::contract::Catalog::new("gateway")
        .sends::<Activity>()
        .receives::<Activity>()
        .sends::<UserRegistered>()
        .receives::<UserRegistered>()
        .sends::<OrderCreated>()
        .receives::<OrderCreated>()
        .assert_recorded(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/gateway"));
}
