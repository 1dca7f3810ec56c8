//! Avro's binary encoding: events from bytes and back, without an intermediate value of a general type.
//!
//! [`Schema`] is the schema of an event, or one from a file or a registry. [`DatumReader`] loads events that were written
//! with the current schema or another; [`DatumWriter`] dumps events. A datum is the bare encoding of a value: it does not
//! contain the id of its schema.
//!
//! # Reading
//!
//! A reader compiles the writer's schema and the event's [`Shape`](crate::contract::Shape) into a plan. For each of the
//! writer's fields, in the order of the bytes, the plan has the event's field that takes it, or none.
//!
//! A valid datum is read by generated code that stops at the first fault, and the rules are checked afterwards. After a
//! fault the same generated code that reads JSON reads the datum again, so the violations and their paths are the same.
//! Rules, defaults and hooks of nested types may therefore run more than once for a datum.
//!
//! - Fields are matched by name, in any order. A field of the event with an alias (`#[serde(alias = "...")]`) also
//!   takes the writer's field of that name. A writer's field that the event does not have is skipped.
//! - The name of the writer's record is not compared with the name of the event: the specification requires the same
//!   name, but Java's readers and apache-avro do not. In a union of several records, the name selects the record: the
//!   current name, or an earlier one that the type or the variant has as an alias.
//! - A field that the writer does not have is missing: the type's own default fills it, or it is a violation.
//! - Values are promoted as the specification says: `int` and `long` to wider integers and floats, `float` to `double`,
//!   strings and bytes to each other. An integer only has to fit: a `long` of 7 is read into a `u8`.
//! - If the event's enum does not have a symbol or a variant, the enum's default is used, or it is a violation.
//! - Logical types are converted: `timestamp-millis` to a `DateTime`, `decimal` to a `Decimal`. A type without a
//!   logical type is read with the logical type of the event's own schema: a `long` is read into a `DateTime` as
//!   microseconds, or as milliseconds with `#[event(avro(millis))]`. If both have one, the writer's is used, so that a time
//!   in milliseconds keeps its value. A logical type that does not fit, such as `date` for a `DateTime`, is a violation;
//!   `timestamp-*` and `local-timestamp-*` are accepted for each other. `big-decimal` is read as bytes only, and is not
//!   written.
//!
//! The defaults in the writer's schema and in the event's Avro schema are not used: the latter only tell other programs
//! about the defaults of the type.
//!
//! Truncated bytes, and bytes after the value, are errors. A length beyond the end is an error before anything is
//! allocated for it. The depth of values has the same limit as that of JSON
//! ([`LoadOptions::max_depth`](crate::LoadOptions::max_depth)).
//!
//! # Writing
//!
//! A writer checks the event's rules, and then writes the event as its `Serialize` says in the types of a schema:
//! the event's own, or an older one that consumers still use. For a type with `#[event_schema::event]` the writing is
//! generated code, which takes about half the time; a type with `#[derive(EventSchema)]` alone may implement `Serialize`
//! by hand, and is serialized. The bytes are the same. Times are truncated to the unit of their type:
//! `timestamp-micros` has no nanoseconds. A decimal with more digits than its type allows is an error.

mod names;
mod node;
pub(crate) mod read;
mod schema;
mod target;
mod untagged;
pub(crate) mod write;

pub use self::read::DatumReader;
pub(crate) use self::read::Writer;
pub use self::schema::{ParseSchemaError, Schema};
pub use self::write::DatumWriter;
