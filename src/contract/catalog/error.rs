//! The error of a catalog: [`CatalogError`].

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use super::deviation::Deviation;
use super::recorded::Contract;
use crate::contract::compat::SchemaError;
use crate::event::Descriptor;

/// The error of a [`Catalog`](super::Catalog): a file, an unusable schema, a revision that is missing, two events of one
/// name, or contracts that are not recorded because they are incompatible.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::contract::Catalog;
///
/// #[event_schema::event]
/// struct Ping { seq: u8 }
///
/// mod other {
///     #[event_schema::event]
///     pub struct Ping { pub seq: u16 }
/// }
///
/// let error = Catalog::new("twice").sends::<Ping>().sends::<other::Ping>().check("schemas").unwrap_err();
/// assert!(error.to_string().starts_with("two types are `ping` version 1, "));
/// assert!(error.to_string().ends_with("other::Ping`: give one of them another name or version"));
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

    /// Git could not merge the file.
    pub(super) fn conflict(path: &Path, remedy: &str) -> Self {
        let text = format!("{} has the markers of a merge conflict: {remedy}", path.display());
        Self { text, cause: None, is_incompatible: false }
    }

    pub(super) fn exceptions(path: &Path, error: impl Error + Send + Sync + 'static) -> Self {
        Self::caused(
            format!(
                "{} is not an array of exceptions, each with `rule`, `path`, `direction`, `reason`, and `old` and `new` as \
                 the failed check prints them",
                path.display()
            ),
            error,
        )
    }

    pub(super) fn schema(path: &Path, error: SchemaError) -> Self {
        Self::caused(format!("{} is not a usable schema", path.display()), error)
    }

    /// A schema that a type of today has.
    pub(super) fn of_today(contract: &Contract, error: SchemaError) -> Self {
        let name = contract.type_name();
        let text = format!("the type `{name}` has no usable schema; change its `#[schemars(...)]` attributes");
        Self::caused(text, error)
    }

    /// A revision that is missing between others.
    pub(super) fn gap(path: &Path) -> Self {
        let text = format!("{} is missing, although other files of its version are there: restore it", path.display());
        Self { text, cause: None, is_incompatible: false }
    }

    /// A file whose name resembles that of a contract.
    pub(super) fn misnamed(path: &Path, right: &Path) -> Self {
        let name = right.file_name().unwrap_or_default().display();
        let text = format!(
            "{} is not the name of a recorded contract; did you mean `{name}`? Rename or remove it",
            path.display()
        );
        Self { text, cause: None, is_incompatible: false }
    }

    /// Exceptions of a version without a recorded contract.
    pub(super) fn exceptions_of_none(path: &Path) -> Self {
        let text = format!("{} belongs to no recorded version: rename or remove it", path.display());
        Self { text, cause: None, is_incompatible: false }
    }

    /// A document in the place of that of another event.
    pub(super) fn of_other_event(path: &Path, other: &str) -> Self {
        let text = format!("{} describes {other}: restore the document of its event and version", path.display());
        Self { text, cause: None, is_incompatible: false }
    }

    /// A file of the page's folder that is none of the page.
    #[cfg(feature = "page")]
    pub(super) fn of_another(path: &Path) -> Self {
        let text = format!(
            "{} was not written as part of a catalog's page: choose another folder, or remove the file",
            path.display()
        );
        Self { text, cause: None, is_incompatible: false }
    }

    pub(super) fn name(event: Descriptor, reason: &str) -> Self {
        Self { text: format!("the event name {:?} {reason}", event.name()), cause: None, is_incompatible: false }
    }

    fn caused(text: String, error: impl Error + Send + Sync + 'static) -> Self {
        Self { text, cause: Some(Box::new(error)), is_incompatible: false }
    }

    pub(super) fn double(one: &Contract, other: &Contract) -> Self {
        let text = format!(
            "two types are `{}` version {}, `{}` and `{}`: give one of them another name or version",
            one.descriptor.name(),
            one.descriptor.version(),
            one.type_path,
            other.type_path,
        );
        Self { text, cause: None, is_incompatible: false }
    }

    pub(super) fn refused(deviations: &[Deviation]) -> Self {
        let texts: Vec<String> = deviations.iter().map(ToString::to_string).collect();
        let is_incompatible = deviations.iter().any(Deviation::is_incompatible);
        Self { text: texts.join("\n\n"), cause: None, is_incompatible }
    }

    /// Whether contracts were not recorded because they are incompatible with recorded ones.
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
