use event_schema::prelude::*;
use event_schema::serde_json;

/// One mistake, and many uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
#[event(nmae = "order.status", key = name)]
enum Status {
    Open,
    Closed,
}

#[derive(Debug, Serialize, EventSchema)]
#[event(topic = "orders/eu")]
struct Order<T>
where
    T: Clone,
{
    #[validate(length(min = 1))]
    order_id: String,
    status: Status,
    by_status: std::collections::BTreeMap<Status, T>,
}

#[derive(Debug, Serialize, EventSchema)]
struct Batch {
    orders: Vec<Order<u8>>,
    status: Option<Box<Status>>,
}

fn publish<E: EventSchema>(event: &E) -> Vec<u8> {
    event.dump().unwrap()
}

fn main() {
    let order = Order::<u8>::load(b"{}").unwrap();
    order.validate().unwrap();
    event_schema::validator::Validate::validate(&order).unwrap();
    publish(&order);
    publish(&Batch::load_value(serde_json::json!({})).unwrap());
    let _ = (order.key(), Order::<u8>::descriptor(), Order::<u8>::json_schema(), Status::json_schema());
}
