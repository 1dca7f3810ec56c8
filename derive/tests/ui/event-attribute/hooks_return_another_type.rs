//! A hook returns its value, or a `Result` of it and a violation.

use event_schema::prelude::*;
use event_schema::serde_json::Value;

#[derive(Debug, Clone, Serialize, EventSchema)]
#[event(pre_load = unwrap, post_load = refuse, pre_dump = nothing)]
struct Ping {
    seq: u32,
}

fn unwrap(value: Value) -> Option<Value> {
    Some(value)
}

fn refuse(_: Ping) -> Result<Ping, String> {
    Err("no".to_owned())
}

fn nothing(_: &Ping) {}

fn main() {}
