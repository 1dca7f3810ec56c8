//! Dead letters, read from their topic, and sent again.

mod letter;
mod memory;
mod options;
mod read;
mod selection;
mod send;
mod source;
mod topic;

pub use self::letter::{Letter, LetterState};
pub use self::options::{Fate, Redrive, RedriveCounts};
pub use self::read::Letters;
pub use self::topic::DeadLetterTopic;
