//! The events of a service, and their recorded contracts: [`Catalog`].

mod asyncapi;
mod check;
mod deviation;
mod error;
mod exception;
mod folder;
#[cfg(feature = "page")]
mod page;
mod recorded;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::check::{changes, deviations, means_the_same};
pub(crate) use self::deviation::report;
pub use self::deviation::{Change, Deviation, DeviationKind};
pub use self::error::CatalogError;
use self::folder::{draft07_files, files, keep_revision, read_revisions};
#[cfg(feature = "registry")]
pub(crate) use self::recorded::Sent;
use self::recorded::{Contract, Role, add};
use crate::error::with_causes;
use crate::event::{Descriptor, EventSchema};

/// The events of a service.
///
/// The contracts are recorded in a folder of the repository that no other catalog uses, usually `schemas`:
///
/// | file | what it is |
/// |---|---|
/// | `<event>/v<version>.json` | the JSON Schema of what is written, with the event's name, version, topic and key under `x-event-schema` |
/// | `<event>/v<version>.reader.json` | the JSON Schema of what is accepted, if it differs |
/// | `<event>/v<version>.avsc` | the Avro schema, if the event has one (feature `avro`) |
/// | `<event>/v<version>.r<number>.json`, `.r<number>.reader.json`, `.r<number>.avsc` | the same of an earlier revision of this version, from 1 |
/// | `<event>/v<version>.exceptions.json` | an array of the incompatible changes that are accepted, as a failed check prints them, each with a `reason`; written by hand |
///
/// For an event that the service only receives, `.reader.json` and `.reader.avsc` are recorded. Copies of the `.json` and
/// `.avsc` that its owner recorded may stand beside them: then the check compares with those. The service's own type may
/// give a logical type to a number that has none in the owner's schema. If the service starts or stops to send an event,
/// its recorded files remain in use; the written form then counts as the owner's.
///
/// An event is recorded with the versions that its type names in `previous`. An enum of events, `#[event(types)]`, stands
/// for those of its variants; an [`OtherEvent`](crate::OtherEvent) is not recorded. A version that is recorded and has no
/// type any more fails the check.
///
/// A test compares the recorded contracts with the current ones:
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
/// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
/// assert_eq!(catalog.events().map(|event| event.name()).collect::<Vec<_>>(), ["order.placed"]);
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

    /// The catalog with one more event that the service sends. It may [receive](Self::receives) it, too.
    ///
    /// See the example of [`Catalog`].
    #[must_use]
    pub fn sends<E: EventSchema>(mut self) -> Self {
        add::<E>(&mut self.contracts, Role::SENDS);
        self
    }

    /// The catalog with one more event that the service receives. If it does not [send](Self::sends) it, only the accepted
    /// form is recorded, and checked in one direction: load must accept the messages that it accepted before. An event that is
    /// received must not start to refuse unknown fields, because other programs may send them.
    ///
    /// See the example of [`asyncapi`](Self::asyncapi).
    #[must_use]
    pub fn receives<E: EventSchema>(mut self) -> Self {
        add::<E>(&mut self.contracts, Role::RECEIVES);
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
    /// let document = Catalog::new("orders").sends::<OrderPlaced>().receives::<OrderPaid>().asyncapi("1.0.0");
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

    /// Writes a static page of the events into a folder, to read in a browser: from the disk, or from any web server. It
    /// needs no other site, and no script except for its search. Returns the files that were written or removed.
    ///
    /// The index lists the events. Each event has a page with its fields, rules and examples, all its versions, the changes
    /// between these, and the changes between the revisions that are recorded in the folder `recorded`. Events, versions and
    /// fields have links of their own, for instance `events/order.placed.html#v1.order_id`. Doc comments are shown as
    /// Markdown. Sensitive fields are marked; their examples and defaults are not shown.
    ///
    /// The same catalog and the same recorded contracts give the same files, so the folder can be committed. Pages of events
    /// that the catalog no longer has are removed.
    ///
    /// ```
    /// use event_schema::prelude::*;
    /// use event_schema::contract::Catalog;
    ///
    /// /// A customer has placed an order.
    /// #[event_schema::event(name = "order.placed", topic = "orders")]
    /// struct OrderPlaced {
    ///     order_id: u64,
    ///     #[validate(email)]
    ///     #[event(sensitive)]
    ///     email: String,
    /// }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-page-{}", std::process::id()));
    /// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
    /// catalog.page(&folder, "schemas")?;
    /// let page = std::fs::read_to_string(folder.join("events/order.placed.html")).unwrap();
    /// assert!(page.contains("A customer has placed an order."));
    /// assert!(page.contains(r#"id="v1.email""#));
    /// // Nothing has changed.
    /// assert!(catalog.page(&folder, "schemas")?.is_empty());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`check`](Self::check); the folder `recorded` is not there; a file of the folder was written by someone else, and is
    /// not replaced; or a file cannot be written.
    #[cfg(feature = "page")]
    pub fn page(&self, folder: impl AsRef<Path>, recorded: impl AsRef<Path>) -> Result<Vec<PathBuf>, CatalogError> {
        self.refuse_doubles()?;
        page::write(&self.service, &self.contracts, recorded.as_ref(), folder.as_ref())
    }

    /// The name of the service.
    ///
    /// See the example of [`Catalog::new`].
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The events, in the order in which they were added, without their earlier versions.
    ///
    /// See the example of [`Catalog`].
    pub fn events(&self) -> impl Iterator<Item = Descriptor> + '_ {
        self.contracts.iter().filter(|contract| !contract.is_earlier).map(|contract| contract.descriptor)
    }

    /// Compares the recorded contracts with the current ones and returns every difference. The current contract must be
    /// compatible with each recorded revision of its version: load must read the messages of the revision, and readers of
    /// the revision must read the messages that are written now, also those that go by its recorded schema, which requires all
    /// fields that were always written. No version may be lost. The examples of the event and of its fields must be valid;
    /// those of nested types are not checked.
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
    /// Catalog::new("orders").sends::<before::OrderPlaced>().export(&folder)?;
    /// let deviations = Catalog::new("orders").sends::<OrderPlaced>().check(&folder)?;
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
        self.refuse_doubles()?;
        deviations(&self.contracts, folder.as_ref())
    }

    /// Records the current contracts. A replaced contract is kept as an earlier revision, unless both accept the same values.
    /// Returns the files that were written or removed.
    ///
    /// See the example of [`Catalog`].
    ///
    /// # Errors
    ///
    /// As with [`check`](Self::check); a file cannot be written; or contracts are incompatible with what is recorded, or have
    /// an example that is not valid: then nothing is written.
    pub fn export(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, CatalogError> {
        let folder = folder.as_ref();
        let mut deviations = self.check(folder)?;
        deviations.retain(Deviation::prevents_export);
        if !deviations.is_empty() {
            return Err(CatalogError::refused(&deviations));
        }
        let mut written = Vec::new();
        for contract in &self.contracts {
            if let Some(last) = read_revisions(contract, folder)?.pop()
                && !means_the_same(&last, contract)?
            {
                written.extend(keep_revision(contract, folder)?);
            }
            for file in files(contract, folder) {
                written.extend(file.record()?);
            }
        }
        Ok(written)
    }

    /// Writes the current contracts in draft 7 of JSON Schema, for tools that do not know a later one: into
    /// `<event name>/v<version>.draft07.json`, and `.reader.draft07.json` where the accepted form differs. They accept the
    /// same values. [`check`](Self::check) does not look at them. Returns the files that were written or removed.
    ///
    /// ```
    /// use event_schema::contract::Catalog;
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced { point: (f64, f64) }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-draft07-{}", std::process::id()));
    /// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
    /// let written = catalog.export_draft07(&folder)?;
    /// assert!(written[0].ends_with("order.placed/v1.draft07.json"));
    /// assert!(std::fs::read_to_string(&written[0]).unwrap().contains("http://json-schema.org/draft-07/schema#"));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A file cannot be read or written; or two events have the same name and version.
    pub fn export_draft07(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, CatalogError> {
        self.refuse_doubles()?;
        let mut written = Vec::new();
        for contract in &self.contracts {
            for file in draft07_files(&contract.in_draft07(), folder.as_ref()) {
                written.extend(file.record()?);
            }
        }
        Ok(written)
    }

    /// Fails a test if [`check`](Self::check) finds a difference. A relative folder is below the package, where `cargo test` runs.
    ///
    /// With `UPDATE_SCHEMAS=1` in the environment it records the current contracts first, as [`export`](Self::export)
    /// does.
    ///
    /// ```
    /// use event_schema::contract::Catalog;
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// # let folder = std::env::temp_dir().join(format!("catalog-assert-{}", std::process::id()));
    /// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
    /// catalog.export(&folder)?;
    /// catalog.assert_recorded(&folder);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// A recorded contract differs from the current one, is incompatible with it, or cannot be read.
    #[track_caller]
    pub fn assert_recorded(&self, folder: impl AsRef<Path>) {
        let folder = folder.as_ref();
        let wanted = std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| !value.is_empty() && value != "0");
        let recorded = if wanted { self.export(folder).map(drop) } else { Ok(()) };
        let found = recorded.and_then(|()| self.check(folder));
        let text = match found {
            Ok(deviations) if deviations.is_empty() => return,
            Ok(deviations) => report(&deviations),
            Err(error) => with_causes(&error),
        };
        panic!("\nThe contracts of `{}` in {}:\n\n{text}\n", self.service, folder.display());
    }

    /// The changes of each recorded event from its recorded contract to the current one, compatible ones too, with the verdict of
    /// [`check`](Self::check). Of Avro schemas only incompatible changes are listed.
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
    /// Catalog::new("orders").sends::<before::OrderPlaced>().export(&folder)?;
    /// let catalog = Catalog::new("orders").sends::<OrderPlaced>();
    /// let (event, changes) = &catalog.diff(&folder)?[0];
    /// assert_eq!(event.name(), "order.placed");
    /// assert!(changes[0].path().ends_with("order.placed/v1.json"));
    /// assert_eq!(changes[0].finding().path(), "#/properties/note");
    /// assert!(changes.iter().all(|change| !change.is_breaking()));
    /// // The changes are compatible: `export` records them, and keeps the earlier revision.
    /// catalog.export(&folder)?;
    /// assert!(folder.join("order.placed/v1.r1.json").exists());
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::contract::CatalogError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`check`](Self::check).
    pub fn diff(&self, folder: impl AsRef<Path>) -> Result<Vec<(Descriptor, Vec<Change>)>, CatalogError> {
        self.refuse_doubles()?;
        let folder = folder.as_ref();
        let mut found = Vec::new();
        for contract in &self.contracts {
            let Some(last) = read_revisions(contract, folder)?.pop() else { continue };
            let mut all = Vec::new();
            for file in files(contract, folder) {
                all.extend(changes(contract, &last, &file, folder)?);
            }
            found.push((contract.descriptor, all));
        }
        Ok(found)
    }

    /// The events that the service sends, without their earlier versions, with the schemas that its producers write with.
    #[cfg(feature = "registry")]
    pub(crate) fn sent(&self) -> impl Iterator<Item = (Descriptor, &Sent)> {
        let sent = self.contracts.iter().filter(|contract| contract.role.sends && !contract.is_earlier);
        sent.map(|contract| (contract.descriptor, &contract.sent))
    }

    fn refuse_doubles(&self) -> Result<(), CatalogError> {
        for (at, contract) in self.contracts.iter().enumerate() {
            let event = contract.descriptor;
            if matches!(event.name(), "." | "..") {
                return Err(CatalogError::name(event, "is not the name of a folder"));
            }
            for known in &self.contracts[..at] {
                let other = known.descriptor;
                if (other.name(), other.version()) == (event.name(), event.version()) {
                    return Err(CatalogError::double(known, contract));
                }
                // They would share a folder where case does not count.
                if other.name() != event.name() && other.name().eq_ignore_ascii_case(event.name()) {
                    return Err(CatalogError::name(event, &format!("differs from {:?} in case only", other.name())));
                }
            }
        }
        Ok(())
    }
}
