//! Load, dump and validate, through the public API.

mod agreement;
mod dump;
mod evolution;
mod fuzz_smoke;
mod hooks;
mod hostile;
mod json;
mod keys;
mod load;
mod many;
mod marshmallow;
mod options;
mod pages;
mod parts;
mod reports;
mod returned;
mod rules;
mod shapes;
#[path = "../contract/site.rs"]
mod site;
mod sources;
mod types;
#[cfg(feature = "validator021")]
mod validator;
mod values;
mod versions;
mod zoo;
