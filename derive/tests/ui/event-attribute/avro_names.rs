use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(avro(name = "order placed"))]
struct Name {}

#[derive(Serialize, EventSchema)]
#[event(avro(namespace = "com..example"))]
struct Namespace {}

#[derive(Serialize, EventSchema)]
#[event(avro(alias = "order.placed.1"))]
struct Alias {}

#[derive(Serialize, EventSchema)]
#[event(avro(alias = ""))]
struct Empty {}

#[derive(Serialize, EventSchema)]
#[event(avro(alias = "OrderPlaced", alias = "OrderPlaced"))]
struct Twice {}

#[derive(Serialize, EventSchema)]
struct Field {
    #[event(avro(alias = "id"))]
    order_id: u64,
}

#[derive(Serialize, EventSchema)]
enum Payment {
    #[event(avro(alias = "Card"))]
    Credit { number: String },
}

fn main() {}
