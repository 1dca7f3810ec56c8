//! How events become bytes and back: [`Codec`].
//!
//! A codec is data. It is compiled for a type once, into an encoder or a decoder, which then do no more than each message
//! needs.
//!
//! A decoder works in two steps. [`Decoder::payload`] looks at headers and first bytes only, and finds how the data are read;
//! they are loaded after that. Nothing else can fail for want of a schema. So the verdict that a schema is [`Missing`]
//! comes before anything is loaded: a consumer asks the codec's source for it on the asynchronous side, and tries again.
//! `LoadErrorKind::UnknownSchema` is the verdict on an id that the source does not have either.

#[expect(clippy::module_inception, reason = "the codec, among its parts")]
mod codec;
mod cut_over;
mod decoder;
mod encoder;
mod error;
mod known;
mod source;

pub use self::codec::Codec;
pub use self::cut_over::CutOver;
pub use self::decoder::Decoder;
#[cfg(feature = "kafka")]
pub(crate) use self::decoder::{Missing, Unread};
pub use self::encoder::Encoder;
pub use self::error::CodecError;
#[cfg(feature = "kafka")]
pub(crate) use self::known::Reader;
pub use self::source::{SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite, WriterSchema};
