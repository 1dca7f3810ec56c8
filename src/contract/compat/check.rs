//! The checks: [`check`], [`check_history`], [`diff`].

use std::borrow::Cow;

use serde_json::Value;

use super::comparison::Comparison;
use super::document::Document;
use super::finding::{Finding, Report, Sides};
use super::history::compare_each;
use super::mode::{Compatibility, Direction, Policy};
use super::schema_error::{SchemaError, Side};
use super::spelling::respelled;

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
/// One of the documents is no JSON Schema, has references that it does not resolve, or is too deep; or the comparison of
/// the two takes too many steps.
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
    let history: Vec<_> = history.into_iter().map(|old| spelled(old, policy)).collect();
    let new = spelled(new, policy);
    compare_each(history.iter().map(AsRef::as_ref).collect(), &new, mode, Document::new, |writer, reader| {
        Comparison::changes(writer, reader, policy, false)
    })
}

/// All changes from an old JSON Schema to a new one, compatible ones too: as a reader of the new schema meets them, and
/// those that break readers of the old schema. Of each there are no more than 1000.
///
/// Annotations other than `$id`, `title`, `description` and `default` are not compared.
///
/// ```
/// use event_schema::contract::compat::{diff, Direction, Policy};
/// use event_schema::serde_json::json;
///
/// let (old, new) = (json!({"type": "string", "maxLength": 5}), json!({"type": "string", "title": "Name"}));
/// let changes = diff(&old, &new, Policy::Exact)?;
/// let ids: Vec<&str> = changes.iter().map(|change| change.rule().id()).collect();
/// assert_eq!(ids, ["TITLE_CHANGED", "MAX_LENGTH_REMOVED", "MAX_LENGTH_ADDED"]);
/// // Readers of the old schema refuse longer strings.
/// let breaking: Vec<_> = changes.iter().filter(|change| change.is_breaking()).collect();
/// assert_eq!(breaking.len(), 1);
/// assert_eq!(breaking[0].direction(), Direction::Forward);
/// # Ok::<(), event_schema::contract::compat::SchemaError>(())
/// ```
///
/// # Errors
///
/// As with [`check`].
pub fn diff(old: &Value, new: &Value, policy: Policy) -> Result<Vec<Finding>, SchemaError> {
    let (old, new) = (spelled(old, policy), spelled(new, policy));
    let old = Document::new(&old).map_err(|error| error.in_document(Side::Old(0)))?;
    let new = Document::new(&new).map_err(|error| error.in_document(Side::New))?;
    let (backward, _) = Comparison::changes(&old, &new, policy, true)?;
    let (forward, _) = Comparison::changes(&new, &old, policy, false)?;
    let mut sides = Sides::default();
    let both = [(Direction::Backward, backward), (Direction::Forward, forward)];
    let findings = both.iter().flat_map(|(direction, changes)| changes.iter().map(|change| (*direction, change)));
    Ok(findings.map(|(direction, change)| Finding::of(change, direction, 0, &mut sides)).collect())
}

/// A document as a comparison with this policy looks at it. The registry distinguishes spellings.
fn spelled(document: &Value, policy: Policy) -> Cow<'_, Value> {
    if policy.proves() { respelled(document) } else { Cow::Borrowed(document) }
}
