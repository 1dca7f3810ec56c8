use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Pair(std::ffi::CString, u8);

fn main() {}
