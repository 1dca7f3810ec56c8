//! Marshmallow's tree of messages.

use std::borrow::Cow;
use std::collections::HashMap;
use std::{iter, mem};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::{Concern, Segment, Violation, Violations};

/// Marshmallow's name for messages that concern an object or list as a whole.
const SCHEMA: Label<'static> = Label::Text("_schema");

/// The root's index, and so nobody's child: it also ends lists of siblings.
const ROOT: usize = 0;

/// A node with more children than this finds them by hash.
const FEW: usize = 16;

/// The tree, its nodes in the order in which they were met.
pub(super) struct Tree<'v> {
    nodes: Vec<Node<'v>>,
    /// The children of nodes that have many.
    index: HashMap<(usize, Label<'v>), usize>,
}

struct Node<'v> {
    label: Label<'v>,
    messages: Messages<'v>,
    first_child: usize,
    last_child: usize,
    next: usize,
    children: usize,
    /// Whether the children are elements in their order, so that a higher one is a new one.
    ascending: bool,
    indexed: bool,
}

/// Nearly always there is one message or none, which takes no list.
#[derive(Default)]
struct Messages<'v> {
    first: Option<Cow<'v, str>>,
    more: Vec<Cow<'v, str>>,
}

impl<'v> Messages<'v> {
    fn push(&mut self, message: Cow<'v, str>) {
        if self.first.is_none() { self.first = Some(message) } else { self.more.push(message) }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.first.iter().chain(&self.more).map(|message| &**message)
    }

    fn into_value(self) -> Value {
        let mut list = Vec::with_capacity(usize::from(self.first.is_some()) + self.more.len());
        list.extend(self.first.map(|message| Value::String(message.into_owned())));
        list.extend(self.more.into_iter().map(|message| Value::String(message.into_owned())));
        list.into()
    }
}

/// The name of a node. A key that reads as an index is one, so that no name can stand twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Label<'v> {
    Text(&'v str),
    Index(usize),
}

impl<'v> Label<'v> {
    fn of(segment: &'v Segment) -> Self {
        match segment {
            Segment::Index(index) => Self::Index(*index),
            Segment::Field(name) => Self::of_name(name.wire),
            Segment::Name(name) | Segment::Key(name) | Segment::MapKey(name) => Self::of_name(name),
        }
    }

    fn of_name(name: &'v str) -> Self {
        let is_index = match name.as_bytes() {
            [first, rest @ ..] => matches!(first, b'1'..=b'9') || (*first == b'0' && rest.is_empty()),
            [] => false,
        };
        if is_index && let Ok(index) = name.parse() { Self::Index(index) } else { Self::Text(name) }
    }

    fn is_before(self, other: Self) -> bool {
        matches!((self, other), (Self::Index(one), Self::Index(other)) if one < other)
    }
}

impl Serialize for Label<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(name) => serializer.serialize_str(name),
            Self::Index(index) => serializer.collect_str(index),
        }
    }
}

impl<'v> Node<'v> {
    fn new(label: Label<'v>) -> Self {
        Self {
            label,
            messages: Messages::default(),
            first_child: ROOT,
            last_child: ROOT,
            next: ROOT,
            children: 0,
            ascending: true,
            indexed: false,
        }
    }
}

impl<'v> Tree<'v> {
    /// `rest` stands for those that were omitted.
    pub(super) fn of(violations: &'v Violations, rest: Option<&'v Violation>) -> Self {
        let nodes = Vec::with_capacity(1 + 2 * violations.len());
        let mut tree = Self { nodes, index: HashMap::new() };
        tree.nodes.push(Node::new(SCHEMA));
        for violation in violations {
            let mut node = ROOT;
            for segment in violation.path.segments() {
                node = tree.child(node, Label::of(segment));
                match segment {
                    Segment::Key(_) => node = tree.child(node, Label::Text("value")),
                    Segment::MapKey(_) => node = tree.child(node, Label::Text("key")),
                    _ => {}
                }
            }
            if violation.concern == Concern::Whole {
                node = tree.child(node, SCHEMA);
            }
            tree.nodes[node].messages.push(violation.message());
        }
        tree.move_messages_beside_children();
        if let Some(rest) = rest {
            let node = tree.child(ROOT, SCHEMA);
            tree.nodes[node].messages.push(rest.message());
        }
        tree
    }

    /// A node is a list of messages or an object: the messages of an object stand under `_schema`.
    fn move_messages_beside_children(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].children > 0 || node == ROOT {
                let own = mem::take(&mut self.nodes[node].messages);
                for message in own.first.into_iter().chain(own.more) {
                    let schema = self.child(node, SCHEMA);
                    self.nodes[schema].messages.push(message);
                }
            }
        }
    }

    /// The child that is called so, made if there is none.
    fn child(&mut self, parent: usize, label: Label<'v>) -> usize {
        let last = self.nodes[parent].last_child;
        if last != ROOT {
            if self.nodes[last].label == label {
                return last;
            }
            let is_new = self.nodes[parent].ascending && self.nodes[last].label.is_before(label);
            if !is_new && let Some(known) = self.find(parent, label) {
                return known;
            }
            self.nodes[parent].ascending = is_new;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::new(label));
        let node = &mut self.nodes[parent];
        node.children += 1;
        node.last_child = child;
        if last == ROOT {
            node.first_child = child;
        } else {
            self.nodes[last].next = child;
        }
        if self.nodes[parent].indexed {
            self.index.insert((parent, label), child);
        }
        child
    }

    fn find(&mut self, parent: usize, label: Label<'v>) -> Option<usize> {
        if self.nodes[parent].children <= FEW {
            return self.children(parent).find(|child| self.nodes[*child].label == label);
        }
        if !self.nodes[parent].indexed {
            self.nodes[parent].indexed = true;
            let mut child = self.nodes[parent].first_child;
            while child != ROOT {
                self.index.insert((parent, self.nodes[child].label), child);
                child = self.nodes[child].next;
            }
        }
        self.index.get(&(parent, label)).copied()
    }

    fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let or_end = |child: usize| (child != ROOT).then_some(child);
        iter::successors(or_end(self.nodes[parent].first_child), move |child| or_end(self.nodes[*child].next))
    }

    pub(super) fn into_value(mut self) -> Value {
        self.take(ROOT)
    }

    fn take(&mut self, node: usize) -> Value {
        if self.nodes[node].children == 0 && node != ROOT {
            return mem::take(&mut self.nodes[node].messages).into_value();
        }
        let mut object = Map::new();
        let mut child = self.nodes[node].first_child;
        while child != ROOT {
            let name = match self.nodes[child].label {
                Label::Text(name) => name.to_owned(),
                Label::Index(index) => index.to_string(),
            };
            object.insert(name, self.take(child));
            child = self.nodes[child].next;
        }
        object.into()
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Branch { tree: self, node: ROOT }.serialize(serializer)
    }
}

struct Branch<'t, 'v> {
    tree: &'t Tree<'v>,
    node: usize,
}

impl Serialize for Branch<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { tree, node } = *self;
        if tree.nodes[node].children == 0 && node != ROOT {
            return serializer.collect_seq(tree.nodes[node].messages.iter());
        }
        let mut object = serializer.serialize_map(Some(tree.nodes[node].children))?;
        for child in tree.children(node) {
            object.serialize_entry(&tree.nodes[child].label, &Branch { tree, node: child })?;
        }
        object.end()
    }
}
