use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    count: std::ffi::CString,
}

fn main() {}
