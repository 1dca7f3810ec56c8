//! What the comparison of two schemas found.

use std::collections::HashSet;

use serde_json::Value;

use super::rule::Rule;

/// How many changes are told.
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

/// The changes of a pair and of those that it leads to, each pair once, and whether there are more.
pub(super) fn collect<'a>(
    mut outcomes: Vec<Vec<Item<'a>>>,
    root: usize,
    wanted: impl Fn(&Change<'a>) -> bool,
) -> (Vec<Change<'a>>, bool) {
    let mut changes = Vec::new();
    let mut told = HashSet::from([root]);
    let mut open = vec![(String::new(), std::mem::take(&mut outcomes[root]).into_iter())];
    while let Some((place, items)) = open.last_mut() {
        match items.next() {
            None => drop(open.pop()),
            Some(Item::Change(change)) if wanted(&change) => {
                if changes.len() == MAX_CHANGES {
                    return (changes, true);
                }
                changes.push(Change { path: format!("{place}{}", change.path), ..change });
            }
            Some(Item::Change(_)) => {}
            Some(Item::Pair(below, pair)) => {
                if told.insert(pair) {
                    let place = format!("{place}{below}");
                    open.push((place, std::mem::take(&mut outcomes[pair]).into_iter()));
                }
            }
        }
    }
    (changes, false)
}
