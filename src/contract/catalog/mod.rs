//! The events of a service, and their recorded contracts: [`Catalog`].

mod deviation;
mod error;
mod folder;
mod recorded;

use std::path::{Path, PathBuf};

pub use self::deviation::Deviation;
pub use self::error::CatalogError;
use self::folder::{Revision, files, read_revisions};
use self::recorded::Contract;
use super::compat::{Compatibility, Finding, Policy, check, diff};
use crate::event::{Descriptor, EventSchema};

/// The events of a service.
///
/// The contracts are recorded in a folder of the repository, usually `schemas`:
///
/// | file | what it is |
/// |---|---|
/// | `<event>/v<version>.json` | the JSON Schema of what is written |
/// | `<event>/v<version>.reader.json` | the JSON Schema of what is accepted, if it differs |
/// | `<event>/v<version>.avsc` | the Avro schema, if the event has one (feature `avro`) |
/// | `<event>/v<version>.r<number>.json`, `.r<number>.reader.json` | the same of an earlier revision of this version, from 1 |
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::contract::Catalog;
///
/// #[event_schema::event(name = "order.placed")]
/// struct OrderPlaced { order_id: u64 }
///
/// # let folder = std::env::temp_dir().join(format!("catalog-{}", std::process::id()));
/// let catalog = Catalog::new("orders").event::<OrderPlaced>();
/// assert_eq!(catalog.list().map(|event| event.name()).collect::<Vec<_>>(), ["order.placed"]);
/// assert!(!catalog.check(&folder)?.is_empty());
///
/// catalog.export(&folder)?;
/// assert!(catalog.check(&folder)?.is_empty());
/// assert!(folder.join("order.placed/v1.json").exists());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), event_schema::contract::CatalogError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    service: String,
    contracts: Vec<Contract>,
}

impl Catalog {
    /// The catalog of a service, without events.
    ///
    /// ```
    /// use event_schema::contract::Catalog;
    ///
    /// assert_eq!(Catalog::new("orders").service(), "orders");
    /// ```
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self { service: service.into(), contracts: Vec::new() }
    }

    /// The catalog with one more event.
    ///
    /// See the example of [`Catalog`].
    #[must_use]
    pub fn event<E: EventSchema>(mut self) -> Self {
        self.contracts.push(Contract::of::<E>());
        self
    }

    /// The name of the service.
    ///
    /// See the example of [`Catalog::new`].
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The events, in the order in which they were added.
    ///
    /// See the example of [`Catalog`].
    pub fn list(&self) -> impl Iterator<Item = Descriptor> + '_ {
        self.contracts.iter().map(|contract| contract.descriptor)
    }

    /// Where the recorded contracts differ from those of today, and where today's are incompatible with a recorded
    /// revision of the same version: today's load must read what each revision wrote, and the readers of each revision
    /// must read what is written today.
    ///
    /// ```
    /// use event_schema::prelude::*;
    /// use event_schema::contract::Catalog;
    ///
    /// mod before {
    ///     #[event_schema::event(name = "order.placed")]
    ///     pub struct OrderPlaced { pub order_id: u64 }
    /// }
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced { order_id: String }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-check-{}", std::process::id()));
    /// Catalog::new("orders").event::<before::OrderPlaced>().export(&folder)?;
    /// let deviations = Catalog::new("orders").event::<OrderPlaced>().check(&folder)?;
    /// let message = deviations.iter().find(|one| one.is_incompatible()).unwrap().to_string();
    /// assert!(message.contains("#/properties/order_id: the types differ [TYPE_CHANGED]"));
    /// assert!(message.contains("version = 2, previous = OrderPlacedV1"));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A recorded file cannot be read, or is no JSON Schema; or two events have the same name and version.
    pub fn check(&self, folder: impl AsRef<Path>) -> Result<Vec<Deviation>, CatalogError> {
        let folder = folder.as_ref();
        self.refuse_doubles()?;
        let mut deviations = Vec::new();
        for contract in &self.contracts {
            for file in files(contract, folder) {
                deviations.extend(file.deviation()?);
            }
            for revision in read_revisions(contract, folder)? {
                deviations.extend(incompatible(contract, &revision)?);
            }
        }
        Ok(deviations)
    }

    /// Records today's contracts, and keeps what they replace as an earlier revision. Returns the files that it wrote or
    /// removed.
    ///
    /// See the example of [`Catalog`].
    ///
    /// # Errors
    ///
    /// As with [`check`](Self::check); a file cannot be written; or a contract is incompatible with a recorded revision
    /// of its version: then nothing is written.
    pub fn export(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, CatalogError> {
        let folder = folder.as_ref();
        if let Some(deviation) = self.check(folder)?.into_iter().find(Deviation::is_incompatible) {
            return Err(CatalogError::refused(&deviation));
        }
        let mut written = Vec::new();
        for contract in &self.contracts {
            written.extend(folder::keep_revision(contract, folder)?);
            for file in files(contract, folder) {
                written.extend(file.record()?);
            }
        }
        Ok(written)
    }

    /// The changes of each event from the recorded contract of its output to today's, compatible ones too.
    ///
    /// ```
    /// use event_schema::prelude::*;
    /// use event_schema::contract::Catalog;
    ///
    /// mod before {
    ///     #[event_schema::event(name = "order.placed")]
    ///     pub struct OrderPlaced { pub order_id: u64 }
    /// }
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced {
    ///     order_id: u64,
    ///     #[serde(default)]
    ///     note: String,
    /// }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-diff-{}", std::process::id()));
    /// Catalog::new("orders").event::<before::OrderPlaced>().export(&folder)?;
    /// let catalog = Catalog::new("orders").event::<OrderPlaced>();
    /// let (event, changes) = &catalog.diff(&folder)?[0];
    /// assert_eq!(event.name(), "order.placed");
    /// assert_eq!(changes.len(), 1);
    /// assert_eq!(changes[0].path(), "#/properties/note");
    /// // The change is compatible: `export` records it, and keeps the earlier revision.
    /// catalog.export(&folder)?;
    /// assert!(folder.join("order.placed/v1.r1.json").exists());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`check`](Self::check).
    pub fn diff(&self, folder: impl AsRef<Path>) -> Result<Vec<(Descriptor, Vec<Finding>)>, CatalogError> {
        let mut changes = Vec::new();
        for contract in &self.contracts {
            if let Some(last) = read_revisions(contract, folder.as_ref())?.into_iter().next_back() {
                let found =
                    diff(&last.written, &contract.written).map_err(|error| CatalogError::schema(&last.path, error))?;
                changes.push((contract.descriptor, found));
            }
        }
        Ok(changes)
    }

    fn refuse_doubles(&self) -> Result<(), CatalogError> {
        for (at, contract) in self.contracts.iter().enumerate() {
            let key = |contract: &Contract| (contract.descriptor.name(), contract.descriptor.version());
            if self.contracts[..at].iter().any(|other| key(other) == key(contract)) {
                return Err(CatalogError::double(contract.descriptor));
            }
        }
        Ok(())
    }
}

fn incompatible(contract: &Contract, revision: &Revision) -> Result<Option<Deviation>, CatalogError> {
    let schema = |error| CatalogError::schema(&revision.path, error);
    let policy = Policy::Written;
    let backward = check(&revision.written, &contract.accepted, Compatibility::Backward, policy).map_err(schema)?;
    let forward = check(&revision.accepted, &contract.written, Compatibility::Forward, policy).map_err(schema)?;
    if backward.is_compatible() && forward.is_compatible() {
        return Ok(None);
    }
    Ok(Some(Deviation::incompatible(contract, &revision.path, &[backward, forward])))
}
