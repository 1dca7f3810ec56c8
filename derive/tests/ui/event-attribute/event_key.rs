use event_schema::EventKey;

#[event_schema::event]
struct Seat(u32);

impl EventKey for Seat {
    fn to_key_bytes(&self) -> Option<std::borrow::Cow<'_, [u8]>> {
        None
    }
}

#[event_schema::event(event_key = "none")]
struct Row(u32);

fn main() {}
