//! The events of a service, and their recorded contracts: [`Catalog`].

mod asyncapi;
mod deviation;
mod error;
mod exception;
mod folder;
mod recorded;
mod tool;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use self::deviation::Deviation;
use self::deviation::told;
pub use self::error::CatalogError;
use self::error::chain;
use self::folder::{Revision, files, read_exceptions, read_revisions};
use self::recorded::{Contract, Documents};
use super::compat::{Compatibility, Finding, Policy, SchemaError, avro, check, diff};
use crate::event::{Descriptor, EventSchema};

/// The events of a service.
///
/// The contracts are recorded in a folder of the repository, usually `schemas`:
///
/// | file | what it is |
/// |---|---|
/// | `<event>/v<version>.json` | the JSON Schema of what is written, with the event's name, version, topic and key under `x-event-schema` |
/// | `<event>/v<version>.reader.json` | the JSON Schema of what is accepted, if it differs |
/// | `<event>/v<version>.avsc` | the Avro schema, if the event has one (feature `avro`) |
/// | `<event>/v<version>.r<number>.json`, `.r<number>.reader.json`, `.r<number>.avsc` | the same of an earlier revision of this version, from 1 |
/// | `<event>/v<version>.exceptions.json` | a list of the incompatible changes that are accepted, each with `rule`, `path` and `reason`; written by hand |
///
/// A test keeps them:
///
/// ```no_run
/// # use event_schema::contract::Catalog;
/// # fn catalog() -> Catalog { Catalog::new("orders") }
/// #[test]
/// fn contracts_are_kept() {
///     catalog().assert_recorded("schemas");
/// }
/// ```
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
        self.contracts.push(Contract::of::<E>(false));
        self
    }

    /// The catalog with one more event, which the service receives from others: its contract is recorded and checked as
    /// those of the events that it sends, and [`asyncapi`](Self::asyncapi) says so.
    ///
    /// See the example of [`asyncapi`](Self::asyncapi).
    #[must_use]
    pub fn received<E: EventSchema>(mut self) -> Self {
        self.contracts.push(Contract::of::<E>(true));
        self
    }

    /// The events in an [AsyncAPI 3] document, with Kafka bindings: a channel for each topic, an operation for each event
    /// that has one, and the messages with their schemas in draft 7. `version` is that of the service's interface.
    ///
    /// ```
    /// use event_schema::contract::Catalog;
    ///
    /// #[event_schema::event(name = "order.placed", topic = "orders", key = order_id)]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// #[event_schema::event(name = "order.paid", topic = "payments")]
    /// struct OrderPaid { order_id: u64 }
    ///
    /// let document = Catalog::new("orders").event::<OrderPlaced>().received::<OrderPaid>().asyncapi("1.0.0");
    /// assert_eq!(document["channels"]["orders"]["address"], "orders");
    /// assert_eq!(document["operations"]["send.order.placed.v1"]["action"], "send");
    /// assert_eq!(document["operations"]["receive.order.paid.v1"]["action"], "receive");
    /// ```
    ///
    /// [AsyncAPI 3]: https://www.asyncapi.com/docs/reference/specification/v3.0.0
    #[must_use]
    pub fn asyncapi(&self, version: &str) -> Value {
        asyncapi::document(&self.service, version, &self.contracts)
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
    /// A recorded file cannot be read, or is no schema; or two events have the same name and version.
    pub fn check(&self, folder: impl AsRef<Path>) -> Result<Vec<Deviation>, CatalogError> {
        let folder = folder.as_ref();
        self.refuse_doubles()?;
        let mut deviations = Vec::new();
        for contract in &self.contracts {
            for file in files(contract, folder) {
                deviations.extend(file.deviation()?);
            }
            for (at, reason) in &contract.bad_examples {
                deviations.push(Deviation::example(&folder::path(contract, folder), *at, reason));
            }
            let (path, exceptions) = read_exceptions(contract, folder)?;
            let mut needless = vec![true; exceptions.len()];
            for revision in read_revisions(contract, folder)? {
                let mut findings = incompatible(contract, &revision)?;
                findings.retain(|finding| {
                    let covering = exceptions.iter().enumerate().filter(|(_, exception)| exception.covers(finding));
                    covering.map(|(at, _)| needless[at] = false).count() == 0
                });
                if !findings.is_empty() {
                    deviations.push(Deviation::incompatible(contract, &revision.path, findings, &path));
                }
            }
            for (exception, needless) in exceptions.iter().zip(needless) {
                if needless {
                    deviations.push(Deviation::needless_exception(&path, exception));
                } else if exception.reason.trim().is_empty() {
                    deviations.push(Deviation::exception_without_reason(&path, exception));
                }
            }
        }
        Ok(deviations)
    }

    /// Records today's contracts. What they replace is kept as an earlier revision, unless both accept the same values.
    /// Returns the files that it wrote or removed.
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
            if let Some(last) = read_revisions(contract, folder)?.pop()
                && !means_the_same(&last.documents, &contract.documents)
                    .map_err(|error| CatalogError::schema(&last.path, error))?
            {
                written.extend(folder::keep_revision(contract, folder)?);
            }
            for file in files(contract, folder) {
                written.extend(file.record()?);
            }
        }
        Ok(written)
    }

    /// Fails a test if the recorded contracts are not those of today, or today's are incompatible with them: as
    /// [`check`](Self::check) says. A relative folder is below the package, where `cargo test` runs.
    ///
    /// With `UPDATE_SCHEMAS=1` in the environment it records today's contracts first, as [`export`](Self::export) does.
    ///
    /// ```
    /// use event_schema::contract::Catalog;
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-assert-{}", std::process::id()));
    /// let catalog = Catalog::new("orders").event::<OrderPlaced>();
    /// catalog.export(&folder)?;
    /// catalog.assert_recorded(&folder);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// A recorded contract is not that of today, is incompatible with it, or cannot be read.
    #[track_caller]
    pub fn assert_recorded(&self, folder: impl AsRef<Path>) {
        let folder = folder.as_ref();
        let wanted = std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| !value.is_empty() && value != "0");
        let recorded = if wanted { self.export(folder).map(drop) } else { Ok(()) };
        let found = recorded.and_then(|()| self.check(folder));
        let text = match found {
            Ok(deviations) if deviations.is_empty() => return,
            Ok(deviations) => told(&deviations),
            Err(error) => chain(&error),
        };
        panic!("\nThe contracts of `{}` in {}:\n\n{text}\n", self.service, folder.display());
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
            if let Some(last) = read_revisions(contract, folder.as_ref())?.pop() {
                let found = diff(&last.documents.written, &contract.documents.written, Policy::Written)
                    .map_err(|error| CatalogError::schema(&last.path, error))?;
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

/// The incompatible changes between a recorded revision and today's contract.
fn incompatible(contract: &Contract, revision: &Revision) -> Result<Vec<Finding>, CatalogError> {
    let (old, new) = (&revision.documents, &contract.documents);
    let schema = |error| CatalogError::schema(&revision.path, error);
    let policy = Policy::Written;
    let backward = check(&old.written, &new.accepted, Compatibility::Backward, policy).map_err(schema)?;
    let forward = check(&old.accepted, &new.written, Compatibility::Forward, policy).map_err(schema)?;
    let mut findings = [backward.into_findings(), forward.into_findings()].concat();
    if let (Some(old), Some(new)) = (&old.avro, &new.avro) {
        let report = avro::check(old, new, Compatibility::Full)
            .map_err(|error| CatalogError::schema(&revision.path.with_extension("avsc"), error))?;
        findings.extend(report.into_findings());
    }
    Ok(findings)
}

/// Whether two revisions differ in words only.
fn means_the_same(old: &Documents, new: &Documents) -> Result<bool, SchemaError> {
    let same = |old, new| Ok(check(old, new, Compatibility::Full, Policy::Exact)?.is_compatible());
    let same_avro = match (&old.avro, &new.avro) {
        (None, None) => true,
        (Some(old), Some(new)) => avro::without_docs(old) == avro::without_docs(new),
        _ => false,
    };
    Ok(same_avro && same(&old.written, &new.written)? && same(&old.accepted, &new.accepted)?)
}
