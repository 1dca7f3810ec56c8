//! A recorded exception from the check: [`Exception`].

use serde::Deserialize;

use crate::contract::compat::Finding;

/// A change that is accepted although it is incompatible.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) rule: String,
    pub(super) path: String,
    pub(super) reason: String,
}

impl Exception {
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule().id() && self.path == finding.path()
    }
}
