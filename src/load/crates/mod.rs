//! Types of other crates, each behind a feature that names the crate's major version; read as the
//! crate's own `Deserialize` reads them from JSON.

#[cfg(feature = "chrono04")]
mod chrono04;
#[cfg(feature = "indexmap2")]
mod indexmap2;
#[cfg(feature = "jiff02")]
mod jiff02;
#[cfg(feature = "rust_decimal1")]
mod rust_decimal1;
#[cfg(feature = "semver1")]
mod semver1;
#[cfg(feature = "smallvec1")]
mod smallvec1;
#[cfg(feature = "time03")]
mod time03;
#[cfg(feature = "url2")]
mod url2;
#[cfg(feature = "uuid1")]
mod uuid1;

/// The names of the crates' types.
#[cfg(any(feature = "chrono04", feature = "jiff02", feature = "time03"))]
mod words {
    use crate::load::Expected;

    pub(super) static DATETIME: Expected = Expected::new("datetime");
    pub(super) static DATE: Expected = Expected::new("date");
    pub(super) static TIME: Expected = Expected::new("time");
}

/// Patterns of local times and their like, for which JSON Schema has no format.
#[cfg(any(feature = "chrono04", feature = "jiff02"))]
mod patterns {
    macro_rules! date {
        () => {
            "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        };
    }
    macro_rules! time {
        () => {
            "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?"
        };
    }

    pub(super) const DATETIME: &str = concat!("^", date!(), "T", time!(), "$");
    pub(super) const TIME: &str = concat!("^", time!(), "$");
    #[cfg(feature = "jiff02")]
    pub(super) const ZONED: &str = concat!("^", date!(), "T", time!(), "(Z|[+-][0-9]{2}:[0-9]{2})\\[[^\\]]+\\]$");
}

/// Implements [`FieldType`](super::FieldType) for leaves that are read from text; `$parse` takes a
/// `&str`, `$text` says what the text looks like, and `$binary` takes the bytes of the form that `$hint` asks for.
/// A point in time is so many seconds and nanoseconds `$since_1970`.
#[cfg(any(feature = "chrono04", feature = "jiff02", feature = "semver1", feature = "time03", feature = "url2",))]
macro_rules! from_text {
    ($($type:ty: $expected:expr, $parse:expr, $text:expr $(, $hint:ident => $binary:expr)?
        $(, |$this:ident| $since_1970:expr)?;)*) => {$(
        impl $crate::load::Leaf for $type {
            const EXPECTED: &'static $crate::load::Expected = &$expected;
            #[inline]
            fn from_text(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
            $(
                const HINT: Option<&'static str> = Some($crate::load::hint::$hint);
                #[inline]
                fn from_binary(bytes: &[u8]) -> Option<Self> {
                    let read: fn(&[u8]) -> Option<Self> = $binary;
                    read(bytes)
                }
            )?
        }

        impl $crate::load::FieldType for $type {
            #[inline]
            fn read<'de, D: serde::de::Deserializer<'de>>(
                input: D,
                cx: &mut $crate::load::Context<'_>,
                at: &$crate::load::At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                $crate::load::read_leaf(input, cx, at)
            }

            $(
                #[cfg(feature = "avro")]
                #[inline]
                fn write_datum<'p>(
                    &self,
                    output: &mut $crate::avro::write::Output<'p, '_>,
                    op: &'p $crate::avro::write::Op,
                ) -> Result<(), $crate::error::Unwritable> {
                    let $this = self;
                    let (seconds, nanos) = $since_1970;
                    output.write_instant(op, seconds, nanos, self)
                }
            )?

            fn shape() -> $crate::contract::Shape {
                $crate::contract::shape::Kind::Text($text).into()
            }
        }
    )*};
}
#[cfg(any(feature = "chrono04", feature = "jiff02", feature = "semver1", feature = "time03", feature = "url2",))]
use from_text;
