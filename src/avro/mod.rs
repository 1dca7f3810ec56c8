//! Avro's binary encoding: events from bytes and back, without a value of some general type in between.
//!
//! [`Schema`] is a schema, of an event or of somebody else's. [`DatumReader`] loads events that were written with a
//! schema, today's or another; [`DatumWriter`] dumps events. A datum is the bare encoding of a value: neither says which
//! schema it has.
//!
//! # Reading
//!
//! A reader compiles the writer's schema and the event's [`Shape`](crate::contract::Shape) into a plan: for each of the
//! writer's fields, in the order of the bytes, the event's field that takes it, or none. The datum is then read by the
//! same generated code that reads JSON, and so it gives the same violations at the same paths.
//!
//! - Fields are matched by name, in any order. A field of the event that goes by an alias (`#[serde(alias = "...")]`)
//!   takes the writer's field of that name. A writer's field that the event does not have is skipped.
//! - The name of the writer's record is not compared with that of the event, as in Java's readers and apache-avro's; the
//!   specification asks for the same one. In a union of several records the name tells which it is.
//! - A field that the writer does not have is missing: the type's own default fills it, or it is a violation.
//! - Values are promoted as the specification says: `int` and `long` to wider integers and floats, `float` to `double`,
//!   strings and bytes to each other. An integer only has to fit: a `long` of 7 is read into a `u8`.
//! - A symbol or a variant that the event's enum does not have is its default one, or a violation.
//! - Logical types are converted: `timestamp-millis` to a `DateTime`, `decimal` to a `Decimal`. A type without one has
//!   that of the event's own schema: a `long` is read into a `DateTime` as microseconds, or as milliseconds with
//!   `#[event(avro(millis))]`. Of two different ones the writer's counts, so that a time in milliseconds stays the same
//!   time. Those with nothing in common, such as a `date` for a `DateTime`, are a violation; `timestamp-*` and
//!   `local-timestamp-*` stand for each other. `big-decimal` is read as bytes only, and is not written.
//!
//! Defaults of the writer's schema play no part, and those of the event's Avro schema neither: they tell other programs
//! what the type does.
//!
//! Bytes that break off, or go on after the value, are errors. So are lengths beyond the end, before anything is
//! allocated for them. The depth of values is limited as that of JSON is
//! ([`LoadOptions::max_depth`](crate::LoadOptions::max_depth)).
//!
//! # Writing
//!
//! A writer checks the event's rules and then serializes it through its `Serialize`, into the types of a schema: the
//! event's own, or an older one that consumers still read with. Times are cut off at the unit of their type:
//! `timestamp-micros` has no nanoseconds. A decimal with more digits than its type is an error.

mod names;
mod node;
mod read;
mod schema;
mod target;
mod write;

pub use self::read::DatumReader;
pub(crate) use self::read::Writer;
pub use self::schema::{ParseSchemaError, Schema};
pub use self::write::DatumWriter;
