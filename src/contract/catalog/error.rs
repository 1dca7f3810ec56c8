//! The error of a catalog: [`CatalogError`].

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use super::deviation::Deviation;
use crate::contract::compat::SchemaError;
use crate::event::Descriptor;

/// The error of a [`Catalog`](super::Catalog): a file, an unusable recorded schema, two events of one name, or a
/// contract that is not recorded because it is incompatible.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::contract::Catalog;
///
/// #[event_schema::event]
/// struct Ping { seq: u8 }
///
/// let error = Catalog::new("twice").event::<Ping>().event::<Ping>().check("schemas").unwrap_err();
/// assert_eq!(error.to_string(), "two events are `ping` version 1");
/// assert!(!error.is_incompatible());
/// ```
#[derive(Debug)]
pub struct CatalogError {
    text: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
    is_incompatible: bool,
}

impl CatalogError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::caused(format!("{} cannot be read or written", path.display()), error)
    }

    pub(super) fn json(path: &Path, error: impl Error + Send + Sync + 'static) -> Self {
        Self::caused(format!("{} is not JSON", path.display()), error)
    }

    pub(super) fn exceptions(path: &Path, error: impl Error + Send + Sync + 'static) -> Self {
        Self::caused(
            format!("{} is not a list of exceptions, each with `rule`, `path` and `reason`", path.display()),
            error,
        )
    }

    pub(super) fn schema(path: &Path, error: SchemaError) -> Self {
        Self::caused(format!("{} is not a usable JSON Schema", path.display()), error)
    }

    fn caused(text: String, error: impl Error + Send + Sync + 'static) -> Self {
        Self { text, cause: Some(Box::new(error)), is_incompatible: false }
    }

    pub(super) fn double(event: Descriptor) -> Self {
        let text = format!("two events are `{}` version {}", event.name(), event.version());
        Self { text, cause: None, is_incompatible: false }
    }

    pub(super) fn refused(deviation: &Deviation) -> Self {
        Self { text: deviation.to_string(), cause: None, is_incompatible: true }
    }

    /// Whether a contract was not recorded because it is incompatible with a recorded one of its version.
    ///
    /// See the example of [`CatalogError`].
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        self.is_incompatible
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for CatalogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
