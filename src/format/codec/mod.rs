//! How events become bytes and back: [`Codec`].
//!
//! A codec is data. What it says is compiled for a type once, into an encoder or a decoder, which then do no more than
//! each message needs: no lock, no lookup of a type.
//!
//! A decoder works in two steps. [`Decoder::payload`] looks at headers and first bytes only, and finds the reader of the data;
//! the reader then loads them. Nothing else can fail for want of a schema, so this is where a schema registry belongs: its
//! client resolves the id on the asynchronous side and adds the reader, before the message is given to a worker. Until
//! then the message waits, in order and without an attempt spent. `LoadErrorKind::UnknownSchema` is the verdict on an id that the
//! registry does not have either.

#[expect(clippy::module_inception, reason = "the codec, among its parts")]
mod codec;
mod cut_over;
mod decoder;
mod encoder;
mod error;

pub use self::codec::Codec;
pub use self::cut_over::CutOver;
pub use self::decoder::Decoder;
pub use self::encoder::Encoder;
pub use self::error::CodecError;
