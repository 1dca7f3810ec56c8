use event_schema::prelude::*;

#[derive(Serialize)]
struct Raw;

#[derive(Serialize, EventSchema)]
struct Envelope<T> {
    body: T,
}

fn main() {
    let _ = Envelope::<Raw>::load(b"{}");
}
