//! The verbs of [`EventSchema`] that write, with options of their own.

use serde_json::Value;

use super::EventSchema;
use crate::dump::DumpOptions;
use crate::error::{DumpError, DumpErrorKind};
use crate::load::{At, Context, Dialect};
use crate::violation::{Concern, Violations};
use crate::{exact, finite};

/// # Dump
///
/// The dump methods of [`EventSchema`], with these options.
impl DumpOptions<'_> {
    /// [`EventSchema::dump`] with these options.
    ///
    /// ```
    /// use event_schema::DumpOptions;
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// struct Card { holder: String, number: String }
    ///
    /// let card = Card { holder: "Ada".into(), number: "4111111111111111".into() };
    /// assert_eq!(DumpOptions::new().exclude(["number"]).dump(&card)?, br#"{"holder":"Ada"}"#);
    /// assert!(DumpOptions::new().exclude(["numbr"]).dump(&card).is_err());
    /// # Ok::<(), DumpError>(())
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::dump`], and if a chosen field does not exist.
    pub fn dump<E: EventSchema>(&self, event: &E) -> Result<Vec<u8>, DumpError> {
        let mut buffer = Vec::with_capacity(128);
        self.dump_into(event, &mut buffer)?;
        Ok(buffer)
    }

    /// [`EventSchema::dump_into`] with these options: appends to a buffer, which is unchanged after an error.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Pair { a: u64, b: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let mut line = b"pair: ".to_vec();
    /// DumpOptions::new().only(["b"]).dump_into(&Pair { a: 1, b: 2 }, &mut line).unwrap();
    /// assert!(DumpOptions::new().only(["c"]).dump_into(&Pair { a: 1, b: 2 }, &mut line).is_err());
    /// assert_eq!(line, br#"pair: {"b":2}"#);
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    pub fn dump_into<E: EventSchema>(&self, event: &E, buffer: &mut Vec<u8>) -> Result<(), DumpError> {
        let before = buffer.len();
        let written = self.valid(event, |event| self.write(event, buffer));
        if written.is_err() {
            buffer.truncate(before);
        }
        written
    }

    /// [`EventSchema::dump_value`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Pair { a: u64, b: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let value = DumpOptions::new().exclude(["a"]).dump_value(&Pair { a: 1, b: 2 }).unwrap();
    /// assert_eq!(value, serde_json::json!({"b": 2}));
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    pub fn dump_value<E: EventSchema>(&self, event: &E) -> Result<Value, DumpError> {
        self.valid(event, |event| self.value(event))
    }

    /// [`EventSchema::dump_many`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Pair { a: u64, b: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let pairs = [Pair { a: 1, b: 2 }, Pair { a: 3, b: 4 }];
    /// assert_eq!(DumpOptions::new().only(["b"]).dump_many(&pairs).unwrap(), br#"[{"b":2},{"b":4}]"#);
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::dump_many`], and if a chosen field does not exist.
    pub fn dump_many<E: EventSchema>(&self, events: &[E]) -> Result<Vec<u8>, DumpError> {
        // A hook may add fields that only an event tells.
        if events.is_empty() && !E::CHANGES_DUMP {
            self.check_names::<E>()?;
        }
        let mut cx = Context::new(self.rules, Dialect::Value);
        let mut text = vec![b'['];
        for (index, event) in events.iter().enumerate() {
            let at = &At::ROOT.document(index);
            let changed = match event.before_dump().transpose() {
                Ok(changed) => changed,
                Err(violations) => {
                    cx.found_by_user(at, Concern::Whole, violations, None, None);
                    continue;
                }
            };
            let event = changed.as_ref().unwrap_or(event);
            // Once something is wrong, nothing will be written.
            if cx.found() > 0 {
                event.check(&mut cx, at);
                continue;
            }
            if index > 0 {
                text.push(b',');
            }
            checked(event, &mut cx, at, |event| self.write(event, &mut text))?;
        }
        if cx.found() > 0 {
            return Err(invalid(cx));
        }
        text.push(b']');
        Ok(text)
    }

    /// Writes what the `pre_dump` hook made of the event, if that is valid.
    pub(crate) fn valid<E: EventSchema, T>(
        &self,
        event: &E,
        write: impl FnOnce(&E) -> Result<T, Unwritten>,
    ) -> Result<T, DumpError> {
        let mut cx = Context::new(self.rules, Dialect::Value);
        let changed = match event.before_dump().transpose() {
            Ok(changed) => changed,
            Err(violations) => {
                cx.found_by_user(&At::ROOT, Concern::Whole, violations, None, None);
                return Err(invalid(cx));
            }
        };
        let event = changed.as_ref().unwrap_or(event);
        match checked(event, &mut cx, &At::ROOT, write)? {
            Some(written) => Ok(written),
            None => Err(invalid(cx)),
        }
    }

    /// Writes an event that is valid.
    fn write<E: EventSchema>(&self, event: &E, buffer: &mut Vec<u8>) -> Result<(), Unwritten> {
        if E::CHANGES_DUMP || self.chooses() {
            Ok(serde_json::to_writer(buffer, &self.value(event)?).map_err(DumpErrorKind::Write)?)
        } else {
            Ok(finite::write(event, &mut serde_json::Serializer::new(buffer)).map_err(DumpErrorKind::Write)?)
        }
    }

    /// The chosen part of a valid event's value, after its `post_dump` hook.
    pub(crate) fn value<E: EventSchema>(&self, event: &E) -> Result<Value, Unwritten> {
        let value = exact::to_value(event).map_err(DumpErrorKind::Write)?;
        let value = if E::CHANGES_DUMP {
            event.after_dump(value).map_err(|violations| Unwritten::ByHook(Box::new(violations)))?
        } else {
            value
        };
        Ok(self.choose::<E>(value)?)
    }
}

/// Why a valid event was not written; as small as can be, because every dump returns it or nothing.
pub(crate) enum Unwritten {
    /// The `post_dump` hook refused it.
    ByHook(Box<Violations>),
    Error(DumpError),
}

impl From<DumpError> for Unwritten {
    fn from(error: DumpError) -> Self {
        Self::Error(error)
    }
}

impl From<DumpErrorKind> for Unwritten {
    fn from(kind: DumpErrorKind) -> Self {
        Self::Error(kind.into())
    }
}

/// Writes the event if it is valid; `None` if not, and what is wrong is noted in `cx`, which has no other findings.
#[inline]
fn checked<E: EventSchema, T>(
    event: &E,
    cx: &mut Context<'_>,
    at: &At<'_>,
    write: impl FnOnce(&E) -> Result<T, Unwritten>,
) -> Result<Option<T>, DumpError> {
    let floats_left = cx.leaving_floats(|cx| event.check(cx, at));
    let error = if cx.found() == 0 {
        match write(event) {
            Ok(written) => return Ok(Some(written)),
            Err(Unwritten::ByHook(violations)) => {
                cx.found_by_user(at, Concern::Whole, *violations, None, None);
                return Ok(None);
            }
            Err(Unwritten::Error(error)) => Some(error),
        }
    } else {
        None
    };
    // Floats that were left to the writer are told with their places, beside all else.
    if floats_left {
        cx.forget_findings();
        event.check(cx, at);
    }
    match error {
        Some(error) if cx.found() == 0 => Err(error),
        _ => Ok(None),
    }
}

/// The error for the findings.
#[cold]
fn invalid(cx: Context<'_>) -> DumpError {
    match cx.forgotten() {
        Some(context) => DumpErrorKind::NoContext(context).into(),
        None => DumpErrorKind::Invalid(cx.into_violations()).into(),
    }
}
