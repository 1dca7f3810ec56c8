//! Avro's logical types: what is text in JSON and numbers or bytes in Avro.

pub(crate) mod civil;
pub(crate) mod decimal;
