//! Refusals that are the same everywhere: of the forms that a visitor has no value for.

use super::context::Context;
use super::expected::Expected;
use super::place::At;

/// The methods of a visitor for the forms that it refuses: by its `reject`, or, for null, by its `null`. With
/// `expected =>` before the forms they note that what stands here is no such value.
macro_rules! refuse {
    (@ bool $reject:expr, $null:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ number $reject:expr, $null:expr) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
        fn visit_i128<E>(self, _: i128) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ str $reject:expr, $null:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ bytes $reject:expr, $null:expr) => {
        fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
            Ok($reject(self))
        }
    };
    (@ null $reject:expr, $null:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($null(self))
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($null(self))
        }
        fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
            input.deserialize_any(self)
        }
    };
    (@ list $reject:expr, $null:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            $crate::load::drain::drain_seq(seq)?;
            Ok($reject(self))
        }
    };
    // A map may be a number in disguise, which is refused all the same.
    (@ object $reject:expr, $null:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            $crate::load::number::in_disguise(map)?;
            Ok($reject(self))
        }
    };
    ($expected:expr => $($form:ident)*) => {
        $(refuse!(
            @ $form
            |this: Self| $crate::load::refuse::refused(this.cx, this.at, $expected),
            |this: Self| $crate::load::refuse::refused_null(this.cx, this.at, $expected)
        );)*
    };
    ($($form:ident)*) => {
        $(refuse!(@ $form Self::reject, Self::null);)*
    };
}

/// Notes that what was read is no value of the type.
#[cold]
pub(super) fn refused<T>(cx: &mut Context<'_>, at: &At<'_>, expected: &'static Expected) -> Option<T> {
    cx.invalid(at, expected);
    None
}

/// Notes a null where the type has none.
#[cold]
pub(super) fn refused_null<T>(cx: &mut Context<'_>, at: &At<'_>, expected: &'static Expected) -> Option<T> {
    cx.null(at, expected);
    None
}
