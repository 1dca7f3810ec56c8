//! Avro's binary encoding, codecs, and the client of a registry, through the public API.

mod codec;
mod corpora;
mod direct_reads;
mod direct_writes;
mod evolution;
mod hostile;
mod java;
mod oracle;
mod registry;
mod resolution;
mod schemas;
mod values;
mod versions;
mod wire;
