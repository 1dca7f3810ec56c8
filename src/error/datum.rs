//! The errors of Avro datums: [`Malformed`] bytes, and values that are [`Unwritable`].

use std::fmt;

use serde::{de, ser};

/// The fault of the bytes, and its place. It is one word, so that the results of a reader stay small.
#[derive(Debug)]
pub struct Malformed(Box<Fault>);

#[derive(Debug)]
struct Fault {
    /// Nothing if they break off.
    reason: Option<&'static str>,
    offset: usize,
}

impl Malformed {
    #[cold]
    pub(crate) fn new(reason: &'static str, offset: usize) -> Self {
        Self(Box::new(Fault { reason: Some(reason), offset }))
    }

    #[cold]
    pub(crate) fn truncated(offset: usize) -> Self {
        Self(Box::new(Fault { reason: None, offset }))
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.0.reason.is_none()
    }
}

/// The error of a read that was given up; the reader's context knows why.
impl de::Error for Malformed {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("a value that cannot be read", 0)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.reason {
            Some(reason) => write!(f, "not a valid Avro datum: {reason} at byte {}", self.0.offset),
            None => write!(f, "truncated Avro datum at byte {}", self.0.offset),
        }
    }
}

impl std::error::Error for Malformed {}

/// Why a schema cannot express a value, and where. One word, so that the results of a writer stay small.
#[derive(Debug)]
pub struct Unwritable(Box<Reason>);

#[derive(Debug)]
struct Reason {
    reason: &'static str,
    /// The names of fields, the innermost first.
    path: Vec<Box<str>>,
}

impl Unwritable {
    #[cold]
    pub(crate) fn new(reason: &'static str) -> Self {
        Self(Box::new(Reason { reason, path: Vec::new() }))
    }

    /// As the error of a field's value.
    #[cold]
    pub(crate) fn within(mut self, field: &str) -> Self {
        self.0.path.push(field.into());
        self
    }
}

impl ser::Error for Unwritable {
    // The text may quote the payload.
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new("its `Serialize` fails")
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.path.iter().rev().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(f, "{dot}{name}")?;
        }
        let colon = if self.0.path.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.0.reason)
    }
}

impl std::error::Error for Unwritable {}
