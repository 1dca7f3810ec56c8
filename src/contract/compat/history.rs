//! The comparison of a schema with a history.

use serde_json::Value;

use super::document::SchemaError;
use super::finding::{Finding, Report};
use super::mode::{Compatibility, Direction};
use super::outcome::Change;

/// The changes between the schemas of a writer and of a reader, and whether there are more.
type Changes<'a> = (Vec<Change<'a>>, bool);

/// Compares the last document of a history, or each with a transitive mode, with the new one. `parse` reads a document;
/// `changes` compares that of a writer with that of a reader.
pub(super) fn compare_each<'a, D>(
    history: Vec<&'a Value>,
    mode: Compatibility,
    parse: impl Fn(&'a Value) -> Result<D, SchemaError>,
    new: &D,
    changes: impl for<'d> Fn(&'d D, &'d D) -> Result<Changes<'d>, SchemaError>,
) -> Result<Report, SchemaError> {
    let mut report = Report::default();
    let first = if mode.is_transitive() { 0 } else { history.len().saturating_sub(1) };
    for (revision, old) in history.into_iter().enumerate().skip(first) {
        let old = parse(old)?;
        for direction in mode.directions() {
            let (breaking, truncated) = match direction {
                Direction::Backward => changes(&old, new)?,
                Direction::Forward => changes(new, &old)?,
            };
            let findings = breaking.iter().map(|change| Finding::new(change, *direction, revision));
            report.add(findings, truncated);
        }
    }
    Ok(report)
}
