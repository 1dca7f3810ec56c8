use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Pair(std::ffi::CString, u8);

fn main() {}
