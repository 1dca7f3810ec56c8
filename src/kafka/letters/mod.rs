//! Messages that could not be handled and are sent elsewhere: dead letters, and messages for retry topics.

mod cause;
mod dead_letter;
mod dead_message;
mod headers;
mod names;
mod redrive;
mod retry;
#[cfg(test)]
mod tests;

pub(crate) use self::cause::{Cause, OTHER_TYPES};
pub use self::dead_letter::DeadLetter;
pub(crate) use self::dead_letter::{Form, MAX_KEY, Original};
pub use self::dead_message::DeadMessage;
pub(crate) use self::names::{is_legal, legal};
pub(crate) use self::redrive::{Destination, headers_for_redrive, is_for_another, redrive_topic, redrives};
pub(crate) use self::retry::{attempts, due, headers_for_retry, is_retry_of_another, retry_topic, without_retries};
