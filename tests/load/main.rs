//! Load, dump and validate, through the public API.

mod agreement;
mod dump;
#[allow(dead_code, reason = "only the types of its events")]
#[path = "../../examples/events/mod.rs"]
mod events;
mod evolution;
mod fuzz_smoke;
mod hooks;
mod hostile;
mod json;
mod keys;
mod languages;
mod load;
mod many;
mod marshmallow;
mod options;
mod pages;
mod parts;
#[path = "../contract/processor.rs"]
mod processor;
mod reports;
mod returned;
mod rules;
mod shapes;
#[allow(dead_code, reason = "the markup alone is looked at")]
#[path = "../contract/site.rs"]
mod site;
mod sources;
mod types;
#[cfg(feature = "validator021")]
mod validator;
mod values;
mod versions;
mod zoo;
