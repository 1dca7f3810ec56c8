//! Where recorded contracts and those of today differ: [`Deviation`].

use std::collections::HashSet;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exception::Exception;
use super::recorded::Contract;
use crate::contract::compat::Finding;

/// A recorded contract that is not that of today, or not compatible with it.
///
/// Its `Display` says what to do, with code to paste. See the example of [`Catalog::check`](super::Catalog::check).
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    path: PathBuf,
    text: String,
    findings: Vec<Finding>,
}

impl Deviation {
    pub(super) fn stale(path: &Path) -> Self {
        Self::file(path, "is not the contract of today; record it")
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::file(path, "is missing; record it")
    }

    pub(super) fn needless(path: &Path) -> Self {
        Self::file(path, "is not needed any more; record the contracts to remove it")
    }

    pub(super) fn needless_exception(path: &Path, exception: &Exception) -> Self {
        let Exception { rule, path: place, .. } = exception;
        Self::file(path, &format!("has an exception that nothing needs any more; remove it: {rule} at {place}"))
    }

    pub(super) fn exception_without_reason(path: &Path, exception: &Exception) -> Self {
        let Exception { rule, path: place, .. } = exception;
        Self::file(path, &format!("has an exception without a reason: {rule} at {place}"))
    }

    pub(super) fn example(path: &Path, at: usize, reason: &str) -> Self {
        Self::file(path, &format!("would have an example that is no valid event: #/examples/{at}: {reason}"))
    }

    fn file(path: &Path, what: &str) -> Self {
        Self { path: path.to_owned(), text: format!("{} {what}", path.display()), findings: Vec::new() }
    }

    /// Today's contract is incompatible with the revision in a file. `exceptions` is the file for exceptions.
    pub(super) fn incompatible(contract: &Contract, path: &Path, findings: Vec<Finding>, exceptions: &Path) -> Self {
        let (event, name) = (contract.descriptor, contract.type_name);
        let (version, next) = (event.version(), event.version().saturating_add(1));
        let topic = event.topic().map(|topic| format!(", topic = {topic:?}")).unwrap_or_default();
        let found = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n");
        let mut entries: Vec<_> = findings
            .iter()
            .map(|finding| json!({"rule": finding.rule().id(), "path": finding.path(), "reason": ""}))
            .collect();
        // The same change may break readers of both sides.
        let mut told = HashSet::new();
        entries.retain(|entry| told.insert(entry.to_string()));
        let text = format!(
            "`{event_name}` version {version} would break programs that exchange it: `{name}` is incompatible with \
             {file}\n\n{found}\n\n\
             Undo the change; or publish it as version {next}. Rename the type that is recorded to {name}V{version}, \
             keep it, and add:\n\n\
             #[event_schema::event(name = {event_name:?}, version = {next}, previous = {name}V{version}{topic})]\n\
             struct {name} {{\n    // the fields of version {next}\n}}\n\n\
             impl From<{name}V{version}> for {name} {{\n    \
             fn from(old: {name}V{version}) -> Self {{\n        \
             Self {{ /* each field, from those of version {version} */ }}\n    }}\n}}\n\n\
             If you know that nobody is affected, record an exception with its reason in {exceptions}:\n\n{entries:#}",
            event_name = event.name(),
            file = path.display(),
            exceptions = exceptions.display(),
            entries = serde_json::Value::from(entries),
        );
        Self { path: path.to_owned(), text, findings }
    }

    /// The recorded file.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether today's contract is incompatible with a recorded one. Otherwise a file is not current.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The incompatible changes; none if a file is not current.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text of a failed test.
pub(super) fn told(deviations: &[Deviation]) -> String {
    let mut text = String::new();
    for deviation in deviations {
        let _ = writeln!(text, "{deviation}{}", if deviation.is_incompatible() { "\n" } else { "" });
    }
    if !deviations.iter().any(Deviation::is_incompatible) {
        text += "\nRecord the contracts and commit the files: run the test with UPDATE_SCHEMAS=1 in the environment, or the command `export`.";
    }
    text
}
