//! The context and options that a client gives to each load and dump of its events.

use std::any::Any;
use std::sync::Arc;

use crate::{DumpOptions, LoadOptions};

/// The context of rules with `use_context`, if there is one, and the other options of a load.
#[derive(Clone, Default)]
pub(crate) struct RuleContext {
    user: Option<Arc<dyn Any + Send + Sync>>,
    options: LoadOptions<'static>,
}

impl RuleContext {
    pub(crate) fn new<T: Send + Sync + 'static>(context: Arc<T>) -> Self {
        Self { user: Some(context), ..Self::default() }
    }

    pub(crate) fn set_user<T: Send + Sync + 'static>(&mut self, context: Arc<T>) {
        self.user = Some(context);
    }

    pub(crate) fn set_options(&mut self, options: LoadOptions<'static>) {
        self.options = options;
    }

    pub(crate) fn load_options(&self) -> LoadOptions<'_> {
        let mut options: LoadOptions<'_> = self.options;
        if let Some(context) = &self.user {
            options.user = Some(&**context as _);
        }
        options
    }

    pub(crate) fn dump_options(&self) -> DumpOptions<'_> {
        let mut options = DumpOptions::new();
        options.rules = self.load_options();
        options
    }
}
