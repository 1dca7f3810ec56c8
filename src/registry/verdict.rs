//! The answer of a registry to the question whether a schema is compatible: [`Verdict`].

use serde::Deserialize;

/// The answer of a registry to the question whether a schema is compatible with those of a subject.
#[derive(Debug, Clone, Deserialize)]
pub struct Verdict {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

impl Verdict {
    /// The verdict of a subject without a version.
    pub(super) fn compatible() -> Self {
        Self { is_compatible: true, messages: Vec::new() }
    }

    /// Whether the schema may be registered. See the example of [`SchemaRegistry`](super::SchemaRegistry).
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.is_compatible
    }

    /// The registry's reasons, in its own words; some registries give none.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }
}
