//! The questions to ask: [`check`], [`check_history`], [`diff`].

use serde_json::Value;

use super::comparison::Comparison;
use super::document::{Document, SchemaError};
use super::finding::{Finding, Report};
use super::history::compare_each;
use super::mode::{Compatibility, Direction, Policy};
use super::outcome::Change;

/// Whether a new JSON Schema may follow an old one.
///
/// ```
/// use event_schema::contract::compat::{check, Compatibility, Policy};
/// use event_schema::serde_json::json;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "string"}}});
/// let new = json!({"type": "object", "properties": {"id": {"type": "string"}, "note": {"type": "string"}}});
/// // The registry refuses it: old messages may have a field `note` of another type.
/// assert!(!check(&old, &new, Compatibility::Backward, Policy::Strict)?.is_compatible());
/// // This service's old messages had no other fields.
/// assert!(check(&old, &new, Compatibility::Backward, Policy::Written)?.is_compatible());
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
///
/// # Errors
///
/// One of the documents is no JSON Schema, has references that it does not resolve, or is too deep.
pub fn check(old: &Value, new: &Value, mode: Compatibility, policy: Policy) -> Result<Report, SchemaError> {
    check_history([old], new, mode, policy)
}

/// Whether a new JSON Schema may follow a history, the oldest first: with a transitive mode, all of it.
///
/// ```
/// use event_schema::contract::compat::{check_history, Compatibility, Policy};
/// use event_schema::serde_json::json;
///
/// let history = [json!({"type": "integer"}), json!({"type": "number"}), json!({"type": "string"})];
/// let (last, all) = (Compatibility::Backward, Compatibility::BackwardTransitive);
/// let new = json!({"type": "string"});
/// assert!(check_history(&history, &new, last, Policy::Strict)?.is_compatible());
/// let report = check_history(&history, &new, all, Policy::Strict)?;
/// assert_eq!(report.findings().iter().map(|finding| finding.revision()).collect::<Vec<_>>(), [0, 1]);
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
///
/// # Errors
///
/// As with [`check`].
pub fn check_history<'a>(
    history: impl IntoIterator<Item = &'a Value>,
    new: &Value,
    mode: Compatibility,
    policy: Policy,
) -> Result<Report, SchemaError> {
    let new = Document::new(new)?;
    compare_each(history.into_iter().collect(), mode, Document::new, &new, |writer, reader| {
        changes(writer, reader, policy, |change| change.breaks)
    })
}

/// All changes from an old JSON Schema to a new one, compatible ones too.
///
/// ```
/// use event_schema::contract::compat::{diff, Policy};
/// use event_schema::serde_json::json;
///
/// let (old, new) = (json!({"type": "string", "maxLength": 5}), json!({"type": "string", "title": "Name"}));
/// let changes = diff(&old, &new)?;
/// assert_eq!(changes.iter().map(|change| change.rule().id()).collect::<Vec<_>>(), ["TITLE_CHANGED", "MAX_LENGTH_REMOVED"]);
/// assert!(changes.iter().all(|change| !change.breaks(Policy::Exact)));
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
///
/// # Errors
///
/// As with [`check`].
pub fn diff(old: &Value, new: &Value) -> Result<Vec<Finding>, SchemaError> {
    let (old, new) = (Document::new(old)?, Document::new(new)?);
    let (all, _) = changes(&old, &new, Policy::Strict, |_| true)?;
    Ok(all.iter().map(|change| Finding::new(change, Direction::Backward, 0)).collect())
}

fn changes<'a>(
    writer: &'a Document<'a>,
    reader: &'a Document<'a>,
    policy: Policy,
    wanted: impl Fn(&Change<'a>) -> bool,
) -> Result<(Vec<Change<'a>>, bool), SchemaError> {
    Comparison::changes(writer, reader, policy, wanted)
        .ok_or_else(|| SchemaError::new("#", "the schemas are too entangled to be compared"))
}
