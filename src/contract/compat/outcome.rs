//! What the comparison of two schemas found.

use serde_json::Value;

use super::rule::Rule;

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

/// The verdict on a pair of schemas, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner {
    /// The number of the pair.
    pub(super) pair: usize,
    pub(super) breaks: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Change(Change<'a>),
    /// The changes of another pair, at a place.
    Pair(String, usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Outcome<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Whether one of the changes is incompatible.
    pub(super) breaks: bool,
}

impl<'a> Outcome<'a> {
    pub(super) fn push(&mut self, change: Change<'a>) {
        self.breaks |= change.breaks;
        self.items.push(Item::Change(change));
    }

    /// Adds what is found at a place.
    pub(super) fn absorb(&mut self, place: &str, inner: &Inner) {
        self.breaks |= inner.breaks;
        self.items.push(Item::Pair(place.to_owned(), inner.pair));
    }
}
