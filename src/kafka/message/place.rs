//! A partition of a topic.

use std::fmt;
use std::sync::Arc;

/// A partition of a topic.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

impl Place {
    /// The same in memory of its own.
    pub(crate) fn copied(&self) -> Self {
        Self { topic: (&*self.topic).into(), partition: self.partition }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}
