//! What the comparison of two schemas found.

use serde_json::Value;

use super::rule::Rule;

/// How many changes of one pair of schemas are kept.
const MAX_CHANGES: usize = 1000;

/// A change, with its place below the compared schemas.
#[derive(Clone, Debug)]
pub(super) struct Change<'a> {
    pub(super) rule: Rule,
    pub(super) path: String,
    pub(super) writer: Option<&'a Value>,
    pub(super) reader: Option<&'a Value>,
    /// Whether the policy calls it incompatible.
    pub(super) breaks: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Outcome<'a> {
    pub(super) changes: Vec<Change<'a>>,
    /// Whether one of the changes is incompatible.
    pub(super) breaks: bool,
    /// Whether more changes were found than are kept.
    pub(super) truncated: bool,
}

impl<'a> Outcome<'a> {
    pub(super) fn push(&mut self, change: Change<'a>) {
        // The first incompatible change is kept in any case.
        if self.changes.len() < MAX_CHANGES || (change.breaks && !self.breaks) {
            self.breaks |= change.breaks;
            self.changes.push(change);
        } else {
            self.truncated = true;
        }
    }

    /// Adds what was found at a place.
    pub(super) fn absorb(&mut self, place: &str, inner: &Outcome<'a>) {
        for change in &inner.changes {
            self.push(Change { path: format!("{place}{}", change.path), ..change.clone() });
        }
        self.breaks |= inner.breaks;
        self.truncated |= inner.truncated;
    }
}
