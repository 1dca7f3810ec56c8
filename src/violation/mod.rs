//! The faults of an event: [`Violation`], the list of them, and the [`Path`] of each.

mod builder;
mod list;
mod path;
mod position;
mod rule;
mod sentence;
mod tree;
#[expect(clippy::module_inception, reason = "one violation, in the room of all of them")]
mod violation;

pub use self::list::Violations;
pub use self::path::{FieldName, InputName, Path, Segment};
pub(crate) use self::path::{MASK, MAX_NAME, cut};
pub use self::position::Position;
pub(crate) use self::rule::{Fault, MISSING};
pub use self::rule::{Param, Rule};
pub(crate) use self::sentence::GENERIC;
pub(crate) use self::violation::Concern;
pub use self::violation::Violation;
