//! A recorded exception from the check: [`Exception`].

use serde::Deserialize;
use serde_json::{Value, json};

use crate::contract::compat::{Finding, avro, without_annotations};

/// A change that is accepted although it is incompatible: one finding, with its direction and both sides, so that no later
/// change is accepted with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) rule: String,
    pub(super) path: String,
    direction: String,
    #[serde(default)]
    old: Value,
    #[serde(default)]
    new: Value,
    pub(super) reason: String,
}

impl Exception {
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        self.has_reason()
            && self.rule == finding.rule().id()
            && self.path == finding.path()
            && self.direction == finding.direction().name()
            && self.old == side(finding.before())
            && self.new == side(finding.after())
    }

    pub(super) fn has_reason(&self) -> bool {
        !self.reason.trim().is_empty()
    }
}

/// The side of a finding without the texts for its readers, which may change.
fn side(side: Option<&Value>) -> Value {
    side.map_or(Value::Null, |side| avro::without_docs(&without_annotations(side)))
}

/// The exception that covers a finding once it has a reason.
pub(super) fn entry(finding: &Finding) -> Value {
    let mut entry = json!({
        "rule": finding.rule().id(),
        "path": finding.path(),
        "direction": finding.direction().name(),
        "reason": "",
    });
    for (name, value) in [("old", side(finding.before())), ("new", side(finding.after()))] {
        if !value.is_null() {
            entry[name] = value;
        }
    }
    entry
}
