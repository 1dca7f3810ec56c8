//! Avro's binary encoding, through the public API.

mod corpora;
mod evolution;
mod hostile;
mod oracle;
mod schemas;
mod values;
mod versions;
mod wire;
