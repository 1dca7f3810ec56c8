//! The context that a client gives to the rules of its events.

use std::any::Any;
use std::sync::Arc;

use crate::{DumpOptions, LoadOptions};

/// The context of rules with `use_context`, if there is one.
#[derive(Clone, Default)]
pub(crate) struct RuleContext(Option<Arc<dyn Any + Send + Sync>>);

impl RuleContext {
    pub(crate) fn new<T: Send + Sync + 'static>(context: Arc<T>) -> Self {
        Self(Some(context))
    }

    pub(crate) fn load_options(&self) -> LoadOptions<'_> {
        let mut options = LoadOptions::new();
        options.user = self.0.as_deref().map(|context| context as _);
        options
    }

    pub(crate) fn dump_options(&self) -> DumpOptions<'_> {
        let mut options = DumpOptions::new();
        options.rules = self.load_options();
        options
    }
}
