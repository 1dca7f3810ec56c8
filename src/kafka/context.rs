//! What a client gives to each load and dump of its events.

use std::any::Any;
use std::sync::Arc;

use crate::{DumpOptions, EventSchema, LoadError, LoadOptions};

/// The context of rules with `use_context`, if there is one, the other options of a load, and what a message without a
/// version is.
#[derive(Clone, Default)]
pub(crate) struct RuleContext {
    user: Option<Arc<dyn Any + Send + Sync>>,
    options: LoadOptions<'static>,
    untyped: Option<u32>,
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

    /// Messages without a version are of this one.
    pub(crate) fn set_untyped(&mut self, version: u32) {
        self.untyped = Some(version);
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

    /// Loads a message of this type, if it has one.
    pub(crate) fn load<E: EventSchema>(&self, event_type: Option<&str>, bytes: &[u8]) -> Result<E, LoadError> {
        let options = self.load_options();
        let has_version = event_type.is_some_and(|event_type| event_type != E::descriptor().name());
        match (event_type, self.untyped) {
            (_, Some(version)) if !has_version && !E::HAS_TYPES => options.load_from(version, bytes),
            (Some(event_type), _) => options.load_typed(event_type, bytes),
            (None, _) => E::load_untyped(bytes, &options),
        }
    }
}
