//! A field while its object is read: [`Slot`].
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use serde::de::{IgnoredAny, MapAccess};

use super::context::Context;
use super::place::At;

/// A field while its object is read.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "matched by the derive's code")]
pub enum Slot<T> {
    /// Not met yet.
    Missing,
    /// Met, and noted as faulty.
    Bad,
    /// Read.
    Good(T),
}

impl<T> Slot<T> {
    /// Whether the field was met before; then what stands there is noted and skipped.
    #[inline]
    pub(super) fn is_duplicate<'de, A: MapAccess<'de>>(
        &self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<bool, A::Error> {
        if self.is_missing() {
            return Ok(false);
        }
        cx.duplicate(at);
        skip_value(entries)?;
        Ok(true)
    }

    #[inline]
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value that was read.
    #[inline]
    #[must_use]
    pub fn good(&self) -> Option<&T> {
        match self {
            Self::Good(value) => Some(value),
            _ => None,
        }
    }

    /// The value that was read, and that [`good`](Self::good) has found.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    #[must_use]
    pub fn into_good(self) -> T {
        match self {
            Self::Good(value) => value,
            Self::Missing | Self::Bad => unreachable!("there is a value"),
        }
    }
}

/// Skips the value of a field that the type does not have.
#[doc(hidden)]
#[inline]
pub fn skip_value<'de, A: MapAccess<'de>>(entries: &mut A) -> Result<(), A::Error> {
    entries.next_value::<IgnoredAny>().map(drop)
}
