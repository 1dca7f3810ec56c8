//! Wire formats: events to bytes, and bytes to events.
//!
//! - [`framing`] splits the bytes of a message into the id of its schema and its data.
#![cfg_attr(
    feature = "avro",
    doc = "- [`Codec`] says how events become bytes: JSON or Avro, with the id of the schema before the data, in a header, or \
           without an id. An [`Encoder`] and a [`Decoder`] apply a codec to the events of a type. A [`SchemaSource`], such as \
           a schema registry, has the schemas that a codec was not given."
)]
#![cfg_attr(
    feature = "cloudevents",
    doc = "- [`cloudevents`] reads and writes CloudEvents in Kafka messages: the data with their metadata."
)]

#[cfg(feature = "cloudevents")]
pub mod cloudevents;
#[cfg(feature = "avro")]
mod codec;
pub mod framing;

#[cfg(feature = "avro")]
pub use self::codec::{
    Codec, CodecError, CutOver, Decoder, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject,
    SchemaToWrite, WriterSchema,
};
#[cfg(all(feature = "avro", feature = "kafka"))]
pub(crate) use self::codec::{Missing, Reader, Unread};
