#[event_schema::event(types)]
enum OrderEvent {
    Placed(String),
}

fn main() {}
