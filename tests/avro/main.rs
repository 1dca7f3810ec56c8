//! Avro's binary encoding, through the public API.

mod codec;
mod corpora;
mod evolution;
mod hostile;
mod oracle;
mod resolution;
mod schemas;
mod values;
mod versions;
mod wire;
