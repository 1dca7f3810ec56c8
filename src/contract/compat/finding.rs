//! The answer of a check: [`Report`], [`Finding`].

use std::collections::HashMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::Value;

use super::document::address;
use super::mode::Direction;
use super::outcome::Change;
use super::rule::{self, Rule};

/// The answer of a check: the changes that are incompatible.
///
/// ```
/// use event_schema::contract::compat::{check, Compatibility, Policy};
/// use event_schema::serde_json::json;
///
/// let old = json!({"type": "object", "properties": {"note": {"type": "string"}}});
/// let new = json!({"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]});
/// let report = check(&old, &new, Compatibility::Full, Policy::Strict)?;
/// assert!(!report.is_compatible());
/// assert!(check(&old, &new, Compatibility::Forward, Policy::Strict)?.is_compatible());
///
/// let finding = &report.findings()[0];
/// assert_eq!((finding.rule().id(), finding.path()), ("REQUIRED_ATTRIBUTE_ADDED", "#/required/note"));
/// assert_eq!(
///     report.to_string(),
///     "1 incompatible change\n\
///      #/required/note: the reader requires a field that the writer may omit [REQUIRED_ATTRIBUTE_ADDED]\n  \
///      old (writer): {\"type\":\"string\"}\n  \
///      new (reader): {\"type\":\"string\"}\n  \
///      consumers of the new schema refuse messages of the old one\n  \
///      make the field optional, with a default in the reader; or publish a new version",
/// );
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    findings: Vec<Finding>,
    truncated: bool,
}

impl Report {
    pub(super) fn add(&mut self, findings: impl IntoIterator<Item = Finding>, truncated: bool) {
        self.findings.extend(findings);
        self.truncated |= truncated;
    }

    /// Whether there is no finding.
    ///
    /// See the example of [`Report`].
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.findings.is_empty()
    }

    /// The incompatible changes, in the order of the schemas' fields.
    ///
    /// See the example of [`Report`].
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether there are more incompatible changes than the report contains: of each direction it has 1000 or fewer.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let report = check(&json!({"maximum": 2}), &json!({"maximum": 1}), Compatibility::Backward, Policy::Strict)?;
    /// assert!(!report.is_truncated());
    /// # Ok::<(), event_schema::contract::compat::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }
}

impl Report {
    pub(in crate::contract) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.findings.len() {
            0 => return f.write_str("compatible"),
            1 => f.write_str("1 incompatible change")?,
            count => write!(f, "{count} incompatible changes")?,
        }
        let are_of_several = self.findings.iter().any(|finding| finding.revision != self.findings[0].revision);
        for finding in &self.findings {
            f.write_str("\n")?;
            if are_of_several {
                write!(f, "revision {}: ", finding.revision)?;
            }
            write!(f, "{finding}; or publish a new version")?;
        }
        if self.truncated { f.write_str("\nand more") } else { Ok(()) }
    }
}

/// A change between two schemas.
///
/// ```
/// use event_schema::contract::compat::{check, Compatibility, Direction, Policy};
/// use event_schema::serde_json::json;
///
/// let (old, new) = (json!({"type": "number", "maximum": 10}), json!({"type": "number", "maximum": 5}));
/// let report = check(&old, &new, Compatibility::Backward, Policy::Strict)?;
/// let finding = &report.findings()[0];
/// assert_eq!((finding.rule().id(), finding.path()), ("MAXIMUM_DECREASED", "#/maximum"));
/// assert_eq!((finding.before(), finding.after()), (Some(&json!(10)), Some(&json!(5))));
/// assert_eq!(finding.direction(), Direction::Backward);
/// assert_eq!(finding.remedy(), "keep the limit, or choose one that allows more");
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    rule: Rule,
    path: String,
    uses: Vec<String>,
    direction: Direction,
    old: Option<Arc<Value>>,
    new: Option<Arc<Value>>,
    revision: usize,
    breaks: bool,
}

/// The sides of findings, by their addresses: many findings may have the same.
#[derive(Default)]
pub(super) struct Sides(HashMap<usize, Arc<Value>>);

impl Sides {
    fn get(&mut self, side: &Value) -> Arc<Value> {
        Arc::clone(self.0.entry(address(side)).or_insert_with(|| Arc::new(side.clone())))
    }
}

impl Finding {
    pub(super) fn of(change: &Change<'_>, direction: Direction, revision: usize, sides: &mut Sides) -> Self {
        let (old, new) = match direction {
            Direction::Backward => (change.writer, change.reader),
            Direction::Forward => (change.reader, change.writer),
        };
        Self {
            rule: change.rule,
            path: format!("#{}", change.path),
            uses: change.uses.iter().map(|place| format!("#{place}")).collect(),
            direction,
            old: old.map(|side| sides.get(side)),
            new: new.map(|side| sides.get(side)),
            revision,
            breaks: change.breaks,
        }
    }

    /// An incompatible change of an event that the comparison of its schemas does not show.
    pub(in crate::contract) fn of_event(
        rule: Rule,
        direction: Direction,
        old: Option<Value>,
        new: Option<Value>,
    ) -> Self {
        let side = |side: Option<Value>| side.map(Arc::new);
        let (old, new) = (side(old), side(new));
        Self { rule, path: "#".to_owned(), uses: Vec::new(), direction, old, new, revision: 0, breaks: true }
    }

    /// Whether both are the same change, wherever its definition is used.
    pub(in crate::contract) fn is_like(&self, other: &Self) -> bool {
        (self.rule, &self.path, self.direction) == (other.rule, &other.path, other.direction)
            && (&self.old, &self.new) == (&other.old, &other.new)
    }

    /// The finding for a change that is compatible in its context.
    pub(in crate::contract) fn without_break(self) -> Self {
        Self { breaks: false, ..self }
    }

    /// The rule that was broken.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The place where the schemas differ: keywords and names of fields as in a JSON Pointer. A change in a definition that
    /// both schemas name by the same reference has the place in the definition, however often it is used.
    ///
    /// See the examples of [`Finding`] and of [`uses`](Self::uses).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The places where the definition that contains the change is used, as far as they were met; no more than six.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let order = |street: &str| json!({
    ///     "properties": {"billing": {"$ref": "#/$defs/Address"}, "shipping": {"$ref": "#/$defs/Address"}},
    ///     "$defs": {"Address": {"properties": {"street": {"type": street}}}},
    /// });
    /// let report = check(&order("string"), &order("integer"), Compatibility::Backward, Policy::Strict)?;
    /// let [finding] = report.findings() else { panic!("{report}") };
    /// assert_eq!(finding.path(), "#/$defs/Address/properties/street");
    /// assert_eq!(finding.uses(), ["#/properties/billing", "#/properties/shipping"]);
    /// # Ok::<(), event_schema::contract::compat::SchemaError>(())
    /// ```
    #[must_use]
    pub fn uses(&self) -> &[String] {
        &self.uses
    }

    /// Which schema reads.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The part of the old schema, if it has one there.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn before(&self) -> Option<&Value> {
        self.old.as_deref()
    }

    /// The part of the new schema, if it has one there.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn after(&self) -> Option<&Value> {
        self.new.as_deref()
    }

    /// The place of the old schema in the history that was checked, from 0.
    ///
    /// See the example of [`check_history`](super::check_history).
    #[must_use]
    pub fn revision(&self) -> usize {
        self.revision
    }

    /// Whether the change is incompatible, in its direction and under the policy of the comparison.
    ///
    /// See the example of [`diff`](super::diff).
    #[must_use]
    pub const fn is_breaking(&self) -> bool {
        self.breaks
    }

    /// The consumers that fail.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let (old, new) = (json!({"type": "string"}), json!({"type": ["string", "null"]}));
    /// let report = check(&old, &new, Compatibility::Forward, Policy::Strict)?;
    /// assert_eq!(report.findings()[0].affected(), "consumers of the old schema refuse messages of the new one");
    /// # Ok::<(), event_schema::contract::compat::SchemaError>(())
    /// ```
    #[must_use]
    pub fn affected(&self) -> &'static str {
        match self.direction {
            _ if !self.breaks => "no consumers: the change is compatible",
            _ if self.rule == rule::TOPIC_CHANGED => "consumers of the old topic",
            _ if self.rule == rule::KEY_CHANGED => "consumers that rely on the order of messages or on compaction",
            Direction::Backward => "consumers of the new schema refuse messages of the old one",
            Direction::Forward => "consumers of the old schema refuse messages of the new one",
        }
    }

    /// The change to make instead, apart from a new version.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        let remedy = self.rule.remedy(self.direction).filter(|_| self.breaks);
        remedy.unwrap_or("nothing: the change is compatible")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.path, self.rule.reason(), self.rule.id())?;
        if !self.uses.is_empty() {
            write!(f, "\n  used at {}", self.uses.join(", "))?;
        }
        let (old, new) = match self.direction {
            Direction::Backward => ("old (writer)", "new (reader)"),
            Direction::Forward => ("old (reader)", "new (writer)"),
        };
        for (name, side) in [(old, &self.old), (new, &self.new)] {
            if let Some(side) = side {
                write!(f, "\n  {name}: {}", Short(side))?;
            }
        }
        if !self.breaks {
            return Ok(());
        }
        write!(f, "\n  {}\n  {}", self.affected(), self.remedy())
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_struct("Finding", 11)?;
        entries.serialize_field("rule", self.rule.id())?;
        entries.serialize_field("path", &self.path)?;
        entries.serialize_field("uses", &self.uses)?;
        entries.serialize_field("direction", self.direction.name())?;
        entries.serialize_field("revision", &self.revision)?;
        entries.serialize_field("breaking", &self.breaks)?;
        entries.serialize_field("reason", self.rule.reason())?;
        entries.serialize_field("affected", self.affected())?;
        entries.serialize_field("remedy", self.remedy())?;
        entries.serialize_field("old", &self.before())?;
        entries.serialize_field("new", &self.after())?;
        entries.end()
    }
}

/// The beginning of a part of a schema.
struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut beginning = Beginning { text: String::new(), left: 100 };
        // Writing stops where the text is long enough.
        match write!(beginning, "{}", self.0) {
            Ok(()) => f.write_str(&beginning.text),
            Err(fmt::Error) => write!(f, "{} ...", beginning.text),
        }
    }
}

/// The first characters of a text.
struct Beginning {
    text: String,
    left: usize,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}
