//! The comparison of a schema with a history.

use serde_json::Value;

use super::finding::{Finding, Report, Sides};
use super::mode::{Compatibility, Direction};
use super::outcome::Change;
use super::schema_error::{SchemaError, Side};

/// The changes between the schemas of a writer and of a reader, and whether there are more.
type Changes<'a> = (Vec<Change<'a>>, bool);

/// Compares the last document of a history, or each with a transitive mode, with the new one. `parse` reads a document;
/// `changes` compares that of a writer with that of a reader.
pub(super) fn compare_each<'a, D>(
    history: Vec<&'a Value>,
    new: &'a Value,
    mode: Compatibility,
    parse: impl Fn(&'a Value) -> Result<D, SchemaError>,
    changes: impl for<'d> Fn(&'d D, &'d D) -> Result<Changes<'d>, SchemaError>,
) -> Result<Report, SchemaError> {
    let new = parse(new).map_err(|error| error.in_document(Side::New))?;
    let mut report = Report::default();
    let first = if mode.is_transitive() { 0 } else { history.len().saturating_sub(1) };
    for (revision, old) in history.into_iter().enumerate().skip(first) {
        let old = parse(old).map_err(|error| error.in_document(Side::Old(revision)))?;
        let mut sides = Sides::default();
        for direction in mode.directions() {
            let (breaking, truncated) = match direction {
                Direction::Backward => changes(&old, &new)?,
                Direction::Forward => changes(&new, &old)?,
            };
            let findings = breaking.iter().map(|change| Finding::of(change, *direction, revision, &mut sides));
            report.add(findings, truncated);
        }
    }
    Ok(report)
}
