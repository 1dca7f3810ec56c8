use event_schema::prelude::*;

#[derive(Serialize, JsonSchema)]
struct Raw;

fn publish<E: EventSchema>(_: &E) {}

fn main() {
    publish(&Raw);
}
