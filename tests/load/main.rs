//! Load, dump and validate, through the public API.

mod agreement;
mod dump;
mod fuzz_smoke;
mod hooks;
mod hostile;
mod json;
mod keys;
mod load;
mod many;
mod marshmallow;
mod options;
mod parts;
mod reports;
mod rules;
mod shapes;
mod sources;
mod types;
mod validator;
mod versions;
mod zoo;
