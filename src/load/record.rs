//! A part of an event as the reader reads it, recorded while it reads: [`Record`].

use super::place::{At, Part};

/// A value that was read. Its parts stand behind it, each followed by its own.
#[derive(Debug)]
pub(super) struct Node {
    /// The value that it is a part of.
    parent: usize,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// The part of an event.
    Root,
    /// An object. Only the entries recorded below it are read.
    Object,
    /// An entry of an object.
    Entry(Entry),
    /// An element of a list.
    Element(usize),
    /// The text that is read in place of what came: a hook made it. An object that several values share has one for each
    /// that was made of it; else there is nothing beside it.
    Made(String),
}

/// An entry of an object.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its key in the input, unless that is its name.
    key: Option<Box<str>>,
    name: Name,
}

#[derive(Debug)]
enum Name {
    Field(&'static str),
    /// A map's key. Several are the same to the map if it writes them the same way, and the last counts.
    Key {
        came: Box<str>,
        written: Option<Box<str>>,
    },
}

impl Entry {
    /// Its key in the input.
    pub(super) fn key(&self) -> &str {
        match &self.name {
            Name::Field(name) => self.key.as_deref().unwrap_or(name),
            Name::Key { came, .. } => came,
        }
    }

    /// Its key in a part of an event: keys stay as they came.
    pub(super) fn name(&self) -> &str {
        match &self.name {
            Name::Field(name) => name,
            Name::Key { came, .. } => came,
        }
    }

    pub(super) fn is_of_map(&self) -> bool {
        matches!(self.name, Name::Key { .. })
    }

    /// The name that distinguishes it from the other fields, or from the other entries of the map.
    pub(super) fn identity(&self) -> &str {
        match &self.name {
            Name::Field(name) => name,
            Name::Key { came, written } => written.as_deref().unwrap_or(came),
        }
    }
}

/// A stop on the way to the value that is read.
#[derive(Debug)]
struct Stop {
    /// The part that it is; `None` of what was made of the one before.
    part: Option<Part>,
    node: usize,
}

/// How much has been recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    nodes: usize,
    objects: usize,
}

/// The values that an attempt has recorded, set aside.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    nodes: Vec<Node>,
    objects: usize,
}

/// The values that have been read of a part of an event.
///
/// A value that is not in it is read as it stands: a text, a number, or a value that a reader takes as a whole.
#[derive(Debug)]
pub(super) struct Record {
    nodes: Vec<Node>,
    /// The number of calls of [`object`](Self::object). Unknown entries share one node, so the nodes alone do not show that
    /// an object was read.
    objects: usize,
    /// The way to the value of the last node.
    way: Vec<Stop>,
    /// How many steps lead to the part of the event.
    start: usize,
    /// Whether `only` or `exclude` choose the fields that are read.
    pub(super) chooses: bool,
    /// Room for the steps of a place.
    steps: Vec<Part>,
}

impl Record {
    pub(super) fn new(at: &At<'_>, chooses: bool) -> Self {
        let root = Node { parent: 0, what: What::Root };
        let start = at.parts().count();
        Self { nodes: vec![root], objects: 0, way: Vec::new(), start, chooses, steps: Vec::new() }
    }

    pub(super) fn len(&self) -> Length {
        Length { nodes: self.nodes.len(), objects: self.objects }
    }

    /// How many entries were recorded since it was of this length.
    pub(super) fn entries_since(&self, len: Length) -> usize {
        self.since(len).iter().filter(|node| matches!(node.what, What::Entry(_))).count()
    }

    /// The nodes that were recorded since it was of this length.
    fn since(&self, len: Length) -> &[Node] {
        self.nodes.get(len.nodes..).unwrap_or_default()
    }

    /// The keys of the entries of the object at `at` that were read as fields since it was of this length.
    pub(super) fn fields_since(&mut self, len: Length, at: &At<'_>) -> Vec<&str> {
        let Some(parent) = self.find(at) else { return Vec::new() };
        // Values that a hook made of the object are the object's, too.
        let is_of_it = |mut node: usize| {
            while node != parent && matches!(self.nodes[node].what, What::Made(_)) {
                node = self.nodes[node].parent;
            }
            node == parent
        };
        let entries = self.since(len).iter().filter_map(|node| match &node.what {
            What::Entry(entry) if is_of_it(node.parent) && !entry.is_of_map() => Some(entry.key()),
            _ => None,
        });
        entries.collect()
    }

    /// Takes out what was recorded since it was of this length.
    pub(super) fn split_off(&mut self, len: Length) -> Recorded {
        let nodes = self.nodes.split_off(len.nodes.min(self.nodes.len()));
        let recorded = Recorded { nodes, objects: self.objects.saturating_sub(len.objects) };
        self.truncate(len);
        recorded
    }

    /// Puts back what was taken out when it was of the length that it has now.
    pub(super) fn append(&mut self, mut recorded: Recorded) {
        self.nodes.append(&mut recorded.nodes);
        self.objects += recorded.objects;
    }

    /// Forgets what was recorded since it was of this length.
    pub(super) fn truncate(&mut self, len: Length) {
        self.nodes.truncate(len.nodes);
        self.objects = self.objects.min(len.objects);
        while self.way.pop_if(|stop| stop.node >= len.nodes).is_some() {}
    }

    /// Records the elements on the way to `at`.
    pub(super) fn place(&mut self, at: &At<'_>) {
        self.find(at);
    }

    /// The object at `at` is read by its entries.
    pub(super) fn object(&mut self, at: &At<'_>) {
        let Some(parent) = self.find(at) else { return };
        self.objects += 1;
        let tells = |last: &Node| last.parent == parent && matches!(last.what, What::Object | What::Entry(_));
        if !self.nodes.last().is_some_and(tells) {
            self.nodes.push(Node { parent, what: What::Object });
        }
    }

    /// The entry `key` of the object at `at` is read as the field `name`.
    pub(super) fn field(&mut self, at: &At<'_>, key: &str, name: &'static str) {
        let key = (key != name).then(|| key.into());
        self.entry(at, Part::Field(name), Entry { key, name: Name::Field(name) });
    }

    /// The entry `came` of the map at `at` is read; `written` is its key as the map writes it.
    pub(super) fn map_entry(&mut self, at: &At<'_>, came: &str, written: Option<String>) {
        let written = written.filter(|written| written != came).map(Into::into);
        self.entry(at, Part::Entry, Entry { key: None, name: Name::Key { came: came.into(), written } });
    }

    fn entry(&mut self, at: &At<'_>, part: Part, entry: Entry) {
        if let Some(parent) = self.find(at) {
            self.push(parent, Some(part), What::Entry(entry));
        }
    }

    /// The value at `at` is read from `text`, until [`end_made`](Self::end_made) is called with the answer.
    pub(super) fn begin_made(&mut self, at: &At<'_>, text: String) -> Option<usize> {
        let parent = self.find(at)?;
        let before = self.way.len();
        self.push(parent, None, What::Made(text));
        Some(before)
    }

    pub(super) fn end_made(&mut self, before: usize) {
        self.way.truncate(before);
    }

    fn push(&mut self, parent: usize, part: Option<Part>, what: What) {
        self.way.push(Stop { part, node: self.nodes.len() });
        self.nodes.push(Node { parent, what });
    }

    /// The node of the value at `at`; `None` in a map's key. It is on the way to the last node or behind it, so only the way
    /// is searched. The elements that lead to an attempt have to be recorded before it: what is [put back](Self::append)
    /// is not on the way.
    fn find(&mut self, at: &At<'_>) -> Option<usize> {
        self.steps.clear();
        for part in at.parts() {
            self.steps.push(part?);
        }
        let steps = self.steps.len().checked_sub(self.start)?;
        let mut known = self.behind_made(0);
        for index in (0..steps).rev() {
            let part = self.steps[index];
            if self.way.get(known).is_none_or(|stop| stop.part != Some(part)) {
                // Elements are not told beforehand.
                let Part::Element(element) = part else { return None };
                self.way.truncate(known);
                self.push(self.node(), Some(part), What::Element(element));
            }
            known = self.behind_made(known + 1);
        }
        self.way.truncate(known);
        Some(self.node())
    }

    /// The node of the last stop.
    fn node(&self) -> usize {
        self.way.last().map_or(0, |stop| stop.node)
    }

    /// How many stops there are with those that were made of the last of the `known` ones.
    fn behind_made(&self, known: usize) -> usize {
        known + self.way[known..].iter().take_while(|stop| stop.part.is_none()).count()
    }

    /// The nodes, with the end of each one's parts.
    pub(super) fn into_tree(self) -> (Vec<Node>, Vec<usize>) {
        let mut ends: Vec<usize> = (1..=self.nodes.len()).collect();
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            ends[node.parent] = ends[node.parent].max(ends[index]);
        }
        (self.nodes, ends)
    }
}
