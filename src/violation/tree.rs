//! Marshmallow's tree of messages.
//!
//! A reader goes through the input in depth, so that the violations of an object nearly always stand
//! together: the tree is read off their list, and only a list in another order is sorted first.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::{iter, ptr};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::list::Violations;
use super::path::Segment;
use super::violation::{Concern, Violation};

/// Marshmallow's name for messages that concern an object or list as a whole.
const SCHEMA: Label<'static> = Label::Text("_schema");

/// So many labels of an object are compared with each other; more must come in their order.
const FEW: usize = 16;

/// About what one violation takes in JSON text.
const TYPICAL: usize = 64;

impl Violations {
    /// Marshmallow's tree of messages: objects by wire name and by index, with lists of messages at the leaves.
    /// Messages about an object or a list as a whole are under `_schema`; an entry of a map has `key` and `value`
    /// below it.
    ///
    /// See the example of [`Violations`].
    #[must_use]
    pub fn to_messages(&self) -> Value {
        to_value(self)
    }

    /// [`to_messages`](Self::to_messages) as JSON text, in a fraction of the time.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Line { sku: String }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Order { lines: Vec<Line> }
    ///
    /// let error = Order::load(br#"{"lines": [{"sku": 7}, {}]}"#).unwrap_err();
    /// assert_eq!(
    ///     error.violations().unwrap().to_json(),
    ///     r#"{"lines":{"0":{"sku":["Not a valid string."]},"1":{"sku":["Missing data for required field."]}}}"#
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// As Marshmallow's tree, see [`Violations::to_messages`].
impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

fn to_value(violations: &Violations) -> Value {
    fn object(tree: &mut Tree<'_>, depth: usize) -> Value {
        let mut children = Map::new();
        while tree.has_child(depth) {
            let label = tree.label(depth);
            let child = match tree.messages(depth) {
                Some(list) => list.iter().map(|violation| violation.message().into_owned()).collect(),
                None => object(tree, depth + 1),
            };
            children.insert(label.to_string(), child);
        }
        children.into()
    }
    object(&mut Tree::of(&in_order(violations)), 0)
}

fn to_json(violations: &Violations) -> String {
    let mut out = String::with_capacity(TYPICAL * (1 + violations.len()));
    // Nobody knows whether they are in order until they are written.
    if violations.omitted() > 0 || push_object(&mut Tree::of(violations), 0, &mut out).is_err() {
        out.clear();
        let written = push_object(&mut Tree::of(&sorted(violations)), 0, &mut out);
        debug_assert!(written.is_ok(), "sorted");
    }
    out
}

fn push_object(tree: &mut Tree<'_>, depth: usize, out: &mut String) -> Result<(), OutOfOrder> {
    let mut siblings = Siblings::new();
    out.push('{');
    while tree.has_child(depth) {
        if !out.ends_with('{') {
            out.push(',');
        }
        let label = tree.label(depth);
        siblings.add(label)?;
        push_label(label, out);
        match tree.messages(depth) {
            Some(list) => push_messages(list, out),
            None => push_object(tree, depth + 1, out)?,
        }
    }
    out.push('}');
    Ok(())
}

fn push_messages(list: &[Violation], out: &mut String) {
    out.push('[');
    for (n, violation) in list.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        match violation.message_as_json() {
            Some(json) => out.push_str(json),
            None => out.push_str(&Value::from(violation.message()).to_string()),
        }
    }
    out.push(']');
}

/// With the colon after it.
fn push_label(label: Label<'_>, out: &mut String) {
    match label {
        Label::Text(name) if is_plain(name) => {
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
        }
        Label::Text(name) => {
            out.push_str(&Value::from(name).to_string());
            out.push(':');
        }
        Label::Index(index) => {
            out.push('"');
            push_digits(index, out);
            out.push_str("\":");
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a digit")]
fn push_digits(number: usize, out: &mut String) {
    if number > 9 {
        push_digits(number / 10, out);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// Whether it needs no escapes in JSON.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

fn serialize<S: Serializer>(violations: &Violations, serializer: S) -> Result<S::Ok, S::Error> {
    let list = in_order(violations);
    Object { tree: &RefCell::new(Tree::of(&list)), depth: 0 }.serialize(serializer)
}

/// The object at this depth that comes next in the tree.
struct Object<'t, 'v> {
    tree: &'t RefCell<Tree<'v>>,
    depth: usize,
}

impl Serialize for Object<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        while self.tree.borrow().has_child(self.depth) {
            object.serialize_key(&self.tree.borrow().label(self.depth))?;
            let messages = self.tree.borrow_mut().messages(self.depth);
            match messages {
                Some(list) => object.serialize_value(&Messages(list))?,
                None => object.serialize_value(&Self { depth: self.depth + 1, ..*self })?,
            }
        }
        object.end()
    }
}

struct Messages<'v>(&'v [Violation]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Violation::message))
    }
}

/// The name of a node. A key that reads as an index is one, so that no name can stand twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label<'v> {
    Index(usize),
    Text(&'v str),
}

impl<'v> Label<'v> {
    #[inline]
    fn of(segment: &'v Segment) -> Self {
        match segment {
            Segment::Index(index) => Self::Index(*index),
            Segment::Field(name) => Self::of_name(name.wire()),
            Segment::Name(name) | Segment::Key(name) | Segment::MapKey(name) => Self::of_name(name),
        }
    }

    #[inline]
    fn of_name(name: &'v str) -> Self {
        let is_index = match name.as_bytes() {
            [first, rest @ ..] => matches!(first, b'1'..=b'9') || (*first == b'0' && rest.is_empty()),
            [] => false,
        };
        if is_index { Self::of_digits(name) } else { Self::Text(name) }
    }

    #[cold]
    fn of_digits(name: &'v str) -> Self {
        name.parse().map_or(Self::Text(name), Self::Index)
    }
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(name) => f.write_str(name),
            Self::Index(index) => index.fmt(f),
        }
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

/// The labels on the way to the violation's message.
fn labels(violation: &Violation) -> impl Iterator<Item = Label<'_>> {
    let steps = violation.path.segments().iter();
    let labels = steps.flat_map(|step| [Some(Label::of(step)), below(step).map(Label::Text)]).flatten();
    labels.chain((violation.concern == Concern::Whole).then_some(SCHEMA))
}

/// The label below that of a map's entry.
fn below(step: &Segment) -> Option<&'static str> {
    match step {
        Segment::Key(_) => Some("value"),
        Segment::MapKey(_) => Some("key"),
        Segment::Field(_) | Segment::Name(_) | Segment::Index(_) => None,
    }
}

/// The label at this depth, as which a message of an object itself counts from there on.
#[inline]
fn label(violation: &Violation, depth: usize) -> Label<'_> {
    // Nearly always: steps without maps among them.
    match violation.path.segments().get(..=depth) {
        Some([steps @ .., last]) if steps.iter().all(|step| below(step).is_none()) => Label::of(last),
        _ => labels(violation).nth(depth).unwrap_or(SCHEMA),
    }
}

/// How many labels there are on the way to the violation's message.
fn depth(violation: &Violation) -> usize {
    let steps = violation.path.segments();
    let below = steps.iter().filter(|step| below(step).is_some()).count();
    steps.len() + below + usize::from(violation.concern == Concern::Whole)
}

/// How many labels two violations have in common, from the root; none if they have the same place.
fn common(one: &Violation, other: &Violation) -> Option<usize> {
    let (steps, others) = (one.path.segments(), other.path.segments());
    let same = |(step, other): &(&Segment, &Segment)| match (step, other) {
        (Segment::Field(name), Segment::Field(other)) => ptr::eq(*name, *other),
        (Segment::Index(index), Segment::Index(other)) => index == other,
        _ => false,
    };
    let plain = iter::zip(steps, others).take_while(same).count();
    match (steps.get(plain), others.get(plain)) {
        // Nearly always: no need to look for all labels.
        (Some(step), Some(other)) if Label::of(step) != Label::of(other) => Some(plain),
        _ => (plain..depth(one).max(depth(other))).find(|depth| label(one, *depth) != label(other, *depth)),
    }
}

/// The tree as it lies in a list in its order: read from the first leaf, a list of messages, to the last.
struct Tree<'v> {
    /// Those of the leaf that comes next, and all after it.
    list: &'v [Violation],
    /// How many of them are of that leaf.
    count: usize,
    /// How many labels lead to it, and how many of them have been told.
    depth: usize,
    told: usize,
    /// How many it has in common with the leaf after it.
    common: usize,
}

impl<'v> Tree<'v> {
    fn of(list: &'v [Violation]) -> Self {
        let mut tree = Self { list, count: 0, depth: 0, told: 0, common: 0 };
        tree.go_on();
        tree
    }

    /// Whether the object at this depth, which is being told, has one more child.
    fn has_child(&self, depth: usize) -> bool {
        self.told >= depth && !self.list.is_empty()
    }

    /// The label of that child.
    fn label(&self, depth: usize) -> Label<'v> {
        label(&self.list[0], depth)
    }

    /// Its messages, unless it is an object, whose children come next then.
    fn messages(&mut self, depth: usize) -> Option<&'v [Violation]> {
        if self.depth > depth + 1 {
            self.told = depth + 1;
            return None;
        }
        let (messages, rest) = self.list.split_at(self.count);
        self.list = rest;
        self.go_on();
        Some(messages)
    }

    /// Goes on to the leaf at the start of the list.
    fn go_on(&mut self) {
        self.told = self.common;
        (self.count, self.depth, self.common) = (0, 0, 0);
        let mut rest = self.list;
        while let [first, others @ ..] = rest {
            self.count += 1;
            self.depth = self.depth.max(depth(first));
            rest = others;
            if let Some(common) = others.first().and_then(|next| common(first, next)) {
                self.common = common;
                break;
            }
        }
        // Messages of an object itself, the root among them, are its child `_schema`.
        let common = self.told.max(self.common);
        if common >= self.depth {
            self.depth = common + 1;
        }
    }

    /// Whether no label comes twice in an object.
    fn is_in_order(&mut self, depth: usize) -> bool {
        let mut siblings = Siblings::new();
        while self.has_child(depth) {
            let is_new = siblings.add(self.label(depth)).is_ok();
            if !is_new || (self.messages(depth).is_none() && !self.is_in_order(depth + 1)) {
                return false;
            }
        }
        true
    }
}

/// The labels of an object so far.
struct Siblings<'v> {
    index: Option<usize>,
    names: [&'v str; FEW],
    count: usize,
    last: &'v str,
}

struct OutOfOrder;

impl<'v> Siblings<'v> {
    fn new() -> Self {
        Self { index: None, names: [""; FEW], count: 0, last: "" }
    }

    /// Takes a label that is new, as far as that can be seen at little cost: elements of a list come in their order.
    #[inline]
    fn add(&mut self, label: Label<'v>) -> Result<(), OutOfOrder> {
        let is_new = match label {
            Label::Index(index) => self.index.replace(index).is_none_or(|last| last < index),
            Label::Text(name) => {
                let is_new = match self.names.get(..self.count) {
                    Some(known) => !known.contains(&name),
                    None => self.names.is_sorted() && self.last < name,
                };
                if let Some(place) = self.names.get_mut(self.count) {
                    *place = name;
                }
                self.count += 1;
                self.last = name;
                is_new
            }
        };
        if is_new { Ok(()) } else { Err(OutOfOrder) }
    }
}

/// The violations in the order in which they stand in the tree.
fn in_order(violations: &Violations) -> Cow<'_, [Violation]> {
    if violations.omitted() == 0 && Tree::of(violations).is_in_order(0) {
        Cow::Borrowed(violations)
    } else {
        Cow::Owned(sorted(violations))
    }
}

/// The violations by their labels, with the one that stands for those that were omitted.
#[cold]
fn sorted(violations: &Violations) -> Vec<Violation> {
    let mut list: Vec<Violation> = violations.iter().chain(violations.rest()).cloned().collect();
    list.sort_by(|one, other| {
        common(one, other).map_or(Ordering::Equal, |common| label(one, common).cmp(&label(other, common)))
    });
    list
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::{Concern, Segment, Value, Violation, Violations};
    use crate::violation::{Fault, FieldName, InputName, Path};

    /// The tree as it is defined, made message by message.
    #[derive(Default)]
    struct Reference {
        messages: Vec<String>,
        children: BTreeMap<String, Reference>,
    }

    impl Reference {
        fn of(violations: &Violations) -> Value {
            let mut root = Self::default();
            root.make(vec!["_schema".into()]);
            let all: Vec<&Violation> = violations.iter().chain(violations.rest()).collect();
            for violation in &all {
                root.make(labels(violation));
            }
            for violation in &all {
                root.push(&labels(violation), violation.message().into_owned());
            }
            root.into_value(true)
        }

        fn make(&mut self, labels: Vec<String>) {
            labels.into_iter().fold(self, |node, label| node.children.entry(label).or_default());
        }

        fn push(&mut self, labels: &[String], message: String) {
            match labels {
                [first, rest @ ..] => self.children.get_mut(first).unwrap().push(rest, message),
                [] if self.children.is_empty() => self.messages.push(message),
                [] => self.children.entry("_schema".into()).or_default().push(&[], message),
            }
        }

        fn into_value(self, is_root: bool) -> Value {
            if self.children.is_empty() {
                return self.messages.into();
            }
            let mut children: Vec<_> =
                self.children.into_iter().map(|(label, child)| (label, child.into_value(false))).collect();
            // The place that was made for what the root says of itself.
            children.retain(|(_, child)| !is_root || child != &Value::Array(Vec::new()));
            Value::Object(children.into_iter().collect())
        }
    }

    fn labels(violation: &Violation) -> Vec<String> {
        let mut labels = Vec::new();
        for segment in violation.path.segments() {
            labels.push(segment.name().into_owned());
            match segment {
                Segment::Key(_) => labels.push("value".into()),
                Segment::MapKey(_) => labels.push("key".into()),
                _ => {}
            }
        }
        if violation.concern == Concern::Whole {
            labels.push("_schema".into());
        }
        labels
    }

    /// Few names, so that they meet: as fields, as keys, as indices.
    fn segment() -> impl Strategy<Value = Segment> {
        static FIELDS: [FieldName; 3] =
            [FieldName::new("a", "a"), FieldName::new("value", "value"), FieldName::new("1", "one")];
        let name =
            || select(vec!["a", "b", "key", "value", "0", "1", "01", "_schema", "q\"\\\n"]).prop_map(InputName::cut);
        prop_oneof![
            3 => (0..FIELDS.len()).prop_map(|index| Segment::Field(&FIELDS[index])),
            3 => (0..3_usize).prop_map(Segment::Index),
            1 => name().prop_map(Segment::Name),
            1 => name().prop_map(Segment::Key),
            1 => name().prop_map(Segment::MapKey),
        ]
    }

    fn violation() -> impl Strategy<Value = Violation> {
        (prop::collection::vec(segment(), 0..5), any::<bool>()).prop_map(|(steps, whole)| Violation {
            path: Path::of_many(steps),
            concern: if whole { Concern::Whole } else { Concern::Value },
            fault: Fault::other("any".into(), serde_json::Map::new(), None),
            of_shape: false,
            beside: None,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_message_stands_where_it_belongs(
            mut list in prop::collection::vec(violation(), 1..40),
            is_sorted: bool,
            omitted in 0..2_usize,
        ) {
            if is_sorted {
                list.sort_by_cached_key(labels);
            }
            for (n, violation) in list.iter_mut().enumerate() {
                violation.fault = Fault::other("any".into(), serde_json::Map::new(), Some(format!("\"{n}\"").into()));
            }
            let violations = Violations::new(list, omitted);
            let tree = Reference::of(&violations);
            prop_assert_eq!(&violations.to_messages(), &tree);
            prop_assert_eq!(&serde_json::to_value(&violations).unwrap(), &tree);
            let text = violations.to_json();
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &tree, "{}", text);
            prop_assert_eq!(serde_json::to_string(&violations).unwrap(), text);
        }
    }
}
