//! Where values belong that are read directly: [`Put`].
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use serde::de::Error;

use crate::error::Malformed;

/// Where a value belongs.
pub trait Put<T> {
    /// Puts it there.
    fn put(&mut self, value: T);
}

impl<T> Put<T> for Option<T> {
    #[inline]
    fn put(&mut self, value: T) {
        *self = Some(value);
    }
}

/// Puts a value, if there is one.
#[inline]
pub fn give<T>(value: Option<T>, put: &mut impl Put<T>) -> Result<(), Malformed> {
    match value {
        Some(value) => {
            put.put(value);
            Ok(())
        }
        None => Err(not_read()),
    }
}

/// The error of a value that the tolerant reader has to look at.
#[cold]
#[must_use]
pub fn not_read() -> Malformed {
    Malformed::custom("a value that is not read directly")
}
