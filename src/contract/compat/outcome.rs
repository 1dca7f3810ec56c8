//! The outcome of comparing two schemas, and the changes that a report contains.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::document::{address, place_of};
use super::rule::Rule;

/// How many changes are reported, how long their paths are together, and how many uses of a definition are named.
const MAX_CHANGES: usize = 1000;
const MAX_PATHS: usize = 1 << 22;
const MAX_USES: usize = 5;

/// A change, with its place below the compared schemas.
#[derive(Clone, Debug)]
pub(super) struct Change<'a> {
    pub(super) rule: Rule,
    pub(super) path: String,
    pub(super) writer: Option<&'a Value>,
    pub(super) reader: Option<&'a Value>,
    /// Whether the policy calls it incompatible.
    pub(super) breaks: bool,
    /// The places where the definition that contains it is used.
    pub(super) uses: Vec<String>,
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
    Pair {
        place: String,
        inner: Inner,
        /// The reference by which both sides name the pair's schemas.
        definition: Option<&'a str>,
    },
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

    /// Adds the changes at a place.
    pub(super) fn absorb(&mut self, place: &str, inner: &Inner) {
        self.absorb_definition(place, inner, None);
    }

    pub(super) fn absorb_definition(&mut self, place: &str, inner: &Inner, definition: Option<&'a str>) {
        self.breaks |= inner.breaks;
        self.items.push(Item::Pair { place: place.to_owned(), inner: *inner, definition });
    }
}

/// The items of a pair at a place that are left.
struct Level<'a> {
    place: String,
    /// The definition that contains the place.
    definition: Option<String>,
    items: std::vec::IntoIter<Item<'a>>,
}

/// The changes of a pair and of those that it leads to, each pair once, and whether there are more; only the incompatible
/// ones unless `all` are wanted. The changes of a definition have its own place, wherever it is used.
pub(super) fn collect<'a>(
    root: usize,
    all: bool,
    mut items_of: impl FnMut(usize) -> Vec<Item<'a>>,
) -> (Vec<Change<'a>>, bool) {
    let mut changes: Vec<(Change<'a>, Option<String>)> = Vec::new();
    let (mut length, mut truncated) = (0, false);
    let mut uses: HashMap<String, Vec<String>> = HashMap::new();
    let (mut met, mut told) = (HashSet::new(), HashSet::from([root]));
    let mut open = vec![Level { place: String::new(), definition: None, items: items_of(root).into_iter() }];
    while let Some(level) = open.last_mut() {
        match level.items.next() {
            None => drop(open.pop()),
            Some(Item::Change(change)) if all || change.breaks => {
                let path = format!("{}{}", level.place, change.path);
                let sides = (change.writer.map(address), change.reader.map(address));
                if !met.insert((path.clone(), change.rule.id(), sides)) {
                    continue;
                }
                length += path.len();
                if changes.len() == MAX_CHANGES || length > MAX_PATHS {
                    truncated = true;
                    break;
                }
                changes.push((Change { path, ..change }, level.definition.clone()));
            }
            Some(Item::Pair { place, inner, definition }) if all || inner.breaks => {
                let here = format!("{}{place}", level.place);
                let own = definition.and_then(place_of).filter(|own| !own.is_empty());
                if let Some(own) = &own {
                    let uses = uses.entry(own.clone()).or_default();
                    if uses.len() <= MAX_USES {
                        uses.push(here.clone());
                    }
                }
                if told.insert(inner.pair) {
                    let definition = own.clone().or_else(|| level.definition.clone());
                    let items = items_of(inner.pair).into_iter();
                    open.push(Level { place: own.unwrap_or(here), definition, items });
                }
            }
            Some(_) => {}
        }
    }
    let places = |definition: Option<String>| definition.and_then(|definition| uses.get(&definition)).cloned();
    let complete = changes.into_iter().map(|(change, definition)| {
        let uses = places(definition).unwrap_or_default();
        Change { uses, ..change }
    });
    (complete.collect(), truncated)
}
