use event_schema::prelude::*;

#[derive(Serialize)]
struct Raw;

fn publish<E: EventSchema>(_: &E) {}

fn main() {
    publish(&Raw);
}
