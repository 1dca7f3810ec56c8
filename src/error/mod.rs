//! The errors of `load` and `dump`: [`LoadError`] and [`DumpError`].

#[cfg(feature = "cloudevents")]
pub(crate) mod cloud_event;
#[cfg(feature = "avro")]
mod datum;
mod dump;
mod frame;
mod load;
mod text;

/// An error with its causes.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(feature = "cloudevents")]
pub use self::cloud_event::CloudEventError;
#[cfg(feature = "avro")]
pub use self::datum::{Malformed, Unwritable};
pub use self::dump::DumpError;
pub(crate) use self::dump::DumpErrorKind;
pub use self::frame::FrameError;
pub use self::load::LoadError;
pub(crate) use self::load::LoadErrorKind;
pub(crate) use self::text::UnknownName;
pub use self::text::printable;
#[cfg(feature = "kafka")]
pub(crate) use self::text::{debug_as_text, in_one_line};
