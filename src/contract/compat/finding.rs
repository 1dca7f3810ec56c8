//! What the check answers: [`Report`], [`Finding`].

use std::fmt;

use serde_json::Value;

use super::mode::{Direction, Policy};
use super::outcome::Change;
use super::rule::Rule;

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
///      old: {\"type\":\"string\"}\n  \
///      new: {\"type\":\"string\"}\n  \
///      consumers of the new schema refuse messages of the old one\n  \
///      make the field optional, with a default in the reader; or publish a new version",
/// );
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
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
        self.findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))?;
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
    direction: Direction,
    old: Option<Value>,
    new: Option<Value>,
    revision: usize,
}

impl Finding {
    pub(super) fn new(change: &Change<'_>, direction: Direction, revision: usize) -> Self {
        let (old, new) = match direction {
            Direction::Backward => (change.writer, change.reader),
            Direction::Forward => (change.reader, change.writer),
        };
        let path = format!("#{}", change.path);
        Self { rule: change.rule, path, direction, old: old.cloned(), new: new.cloned(), revision }
    }

    /// The rule that was broken.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Where the schemas differ: keywords and names of fields as in a JSON Pointer, through references.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
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
        self.old.as_ref()
    }

    /// The part of the new schema, if it has one there.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn after(&self) -> Option<&Value> {
        self.new.as_ref()
    }

    /// The place of the old schema in the history that was checked, from 0.
    ///
    /// See the example of [`check_history`](super::check_history).
    #[must_use]
    pub fn revision(&self) -> usize {
        self.revision
    }

    /// Whether the change is incompatible under a policy.
    ///
    /// See the example of [`diff`](super::diff).
    #[must_use]
    pub fn breaks(&self, policy: Policy) -> bool {
        self.rule.breaks(policy)
    }

    /// Who fails.
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
            _ if self.rule.is_fine() => "nobody: the change is compatible",
            Direction::Backward => "consumers of the new schema refuse messages of the old one",
            Direction::Forward => "consumers of the old schema refuse messages of the new one",
        }
    }

    /// What to do instead, apart from a new version.
    ///
    /// See the example of [`Finding`].
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.rule.remedy(self.direction)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.path, self.rule.reason(), self.rule.id())?;
        match (&self.old, &self.new) {
            (None, None) => {}
            (None, Some(new)) => write!(f, "\n  added: {}", Short(new))?,
            (Some(old), None) => write!(f, "\n  removed: {}", Short(old))?,
            (Some(old), Some(new)) => write!(f, "\n  old: {}\n  new: {}", Short(old), Short(new))?,
        }
        if self.rule.is_fine() {
            return Ok(());
        }
        write!(f, "\n  {}\n  {}; or publish a new version", self.affected(), self.remedy())
    }
}

/// The beginning of a part of a schema.
struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 100;
        let text = self.0.to_string();
        match text.char_indices().nth(MOST) {
            None => f.write_str(&text),
            Some((end, _)) => write!(f, "{} ...", &text[..end]),
        }
    }
}
