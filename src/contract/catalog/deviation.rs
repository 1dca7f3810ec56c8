//! Where recorded contracts and those of today differ: [`Deviation`].

use std::fmt;
use std::path::Path;

use super::recorded::Contract;
use crate::contract::compat::Report;

/// A recorded contract that is not that of today, or not compatible with it.
///
/// See the example of [`Catalog::check`](super::Catalog::check).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    text: String,
    is_incompatible: bool,
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

    fn file(path: &Path, what: &str) -> Self {
        Self { text: format!("{} {what}", path.display()), is_incompatible: false }
    }

    pub(super) fn incompatible(contract: &Contract, path: &Path, reports: &[Report]) -> Self {
        let (event, name) = (contract.descriptor, contract.type_name);
        let (version, next) = (event.version(), event.version().saturating_add(1));
        let mut text = format!("`{}` is incompatible with {}", event.name(), path.display());
        for report in reports.iter().filter(|report| !report.is_compatible()) {
            text += &format!("\n{report}");
        }
        text += &format!(
            "\nEither undo the changes, or keep the old type as {name}V{version} and add a version:\n\n\
             #[event_schema::event(name = {:?}, version = {next}, previous = {name}V{version})]\n\
             struct {name} {{ /* the new fields */ }}\n\n\
             impl From<{name}V{version}> for {name} {{\n    \
             fn from(old: {name}V{version}) -> Self {{ /* each new field from the old ones */ }}\n}}",
            event.name(),
        );
        Self { text, is_incompatible: true }
    }

    /// Whether today's contract is incompatible with a recorded one. Otherwise a file is not current.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        self.is_incompatible
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
