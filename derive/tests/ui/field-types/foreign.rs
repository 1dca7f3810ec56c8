use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    count: std::ffi::CString,
}

fn main() {}
