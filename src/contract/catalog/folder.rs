//! The recorded files of an event.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::CatalogError;
use super::exception::Exception;
use super::recorded::{Contract, Documents};
use crate::load::json;

const WRITTEN: &str = ".json";
const ACCEPTED: &str = ".reader.json";
const AVRO: &str = ".avsc";
/// The Avro schema of an event that is only received: that of its owner has the other name.
const READER_AVRO: &str = ".reader.avsc";
const EXCEPTIONS: &str = ".exceptions.json";

/// A file, as it is recorded and as it should be.
pub(super) struct File<'c> {
    pub(super) path: PathBuf,
    /// None if there should be none.
    pub(super) document: Option<&'c Value>,
    pub(super) form: Form,
}

/// The form of an event that a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Written,
    Accepted,
    Avro,
    /// The Avro schema from the time when the event was only received.
    OnceReceived,
}

/// The state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Current,
    Missing,
    Stale,
    Needless,
}

/// A recorded revision of the version of an event.
pub(super) struct Revision {
    pub(super) paths: Paths,
    pub(super) documents: Documents,
    /// Whether the Avro schema is that of a sender.
    pub(super) has_written_avro: bool,
}

#[cfg(feature = "page")]
impl Revision {
    /// The contract of today as the revision before another.
    pub(super) fn of_today(contract: &Contract, folder: &Path) -> Self {
        let path = |kind| place(contract, folder, None, kind);
        let paths = Paths {
            main: main_path(contract, folder),
            written: path(WRITTEN),
            accepted: path(ACCEPTED),
            avro: path(AVRO),
        };
        let documents = Documents { written: contract.written().cloned(), ..contract.documents.clone() };
        Self { paths, documents, has_written_avro: !contract.role.is_foreign() }
    }
}

/// The files of a revision.
pub(super) struct Paths {
    /// The form by which the event is known, if it is there, or the other: its name tells the revision.
    pub(super) main: PathBuf,
    pub(super) written: PathBuf,
    pub(super) accepted: PathBuf,
    pub(super) avro: PathBuf,
}

/// The names of the files in the folder of an event, by version and revision; `None` for the last revision.
pub(super) type Listing = BTreeMap<u32, BTreeMap<Option<u32>, BTreeSet<&'static str>>>;

fn file(folder: &Path, event: &str, version: u32, revision: Option<u32>, kind: &str) -> PathBuf {
    let revision = revision.map(|number| format!(".r{number}")).unwrap_or_default();
    folder.join(event).join(format!("v{version}{revision}{kind}"))
}

fn place(contract: &Contract, folder: &Path, revision: Option<u32>, kind: &str) -> PathBuf {
    file(folder, contract.descriptor.name(), contract.descriptor.version(), revision, kind)
}

/// The file by which the contract is known.
pub(super) fn main_path(contract: &Contract, folder: &Path) -> PathBuf {
    place(contract, folder, None, main_kind(contract))
}

fn main_kind(contract: &Contract) -> &'static str {
    if contract.role.is_foreign() { ACCEPTED } else { WRITTEN }
}

/// The files of the contract of today.
pub(super) fn files<'c>(contract: &'c Contract, folder: &Path) -> Vec<File<'c>> {
    let Documents { accepted, avro, .. } = &contract.documents;
    let written = contract.written();
    let reader = Some(accepted).filter(|accepted| written.is_none_or(|written| differ(written, accepted)));
    let mut files = vec![(ACCEPTED, reader)];
    // The written form of a foreign event is its owner's.
    if written.is_some() {
        files.insert(0, (WRITTEN, written));
    }
    // Without the feature the Avro schemas that were recorded with it are ignored.
    if cfg!(feature = "avro") {
        match written {
            Some(_) => files.extend([(AVRO, avro.as_ref()), (READER_AVRO, None)]),
            None => files.push((READER_AVRO, avro.as_ref())),
        }
    }
    let file = |(kind, document)| File {
        path: place(contract, folder, None, kind),
        document,
        form: match kind {
            WRITTEN => Form::Written,
            ACCEPTED => Form::Accepted,
            READER_AVRO if written.is_some() => Form::OnceReceived,
            _ => Form::Avro,
        },
    };
    files.into_iter().map(file).collect()
}

/// The files of a contract in draft 7, beside the recorded ones.
pub(super) fn draft07_files<'c>(contract: &'c Contract, folder: &Path) -> impl Iterator<Item = File<'c>> {
    let schemas =
        files(contract, folder).into_iter().filter(|file| matches!(file.form, Form::Written | Form::Accepted));
    schemas.map(|file| File { path: file.path.with_extension("draft07.json"), ..file })
}

/// Whether the accepted form is another than the written one, apart from what says so.
fn differ(written: &Value, accepted: &Value) -> bool {
    let [written, accepted] = [written, accepted].map(|document| {
        let mut document = document.clone();
        if let Value::Object(keywords) = &mut document {
            keywords.retain(|keyword, _| !matches!(keyword.as_str(), "$id" | "x-event-schema"));
        }
        document
    });
    written != accepted
}

impl File<'_> {
    pub(super) fn state(&self) -> Result<State, CatalogError> {
        Ok(match (read(&self.path)?, self.document) {
            (Some(found), Some(document)) if found == to_text(document) => State::Current,
            (None, None) => State::Current,
            (Some(_), Some(_)) => State::Stale,
            (None, Some(_)) => State::Missing,
            (Some(_), None) => State::Needless,
        })
    }

    /// The document that is recorded.
    pub(super) fn recorded(&self) -> Result<Option<Value>, CatalogError> {
        read_json(&self.path)
    }

    /// Writes or removes the file if it is not current, and returns its path then.
    pub(super) fn record(self) -> Result<Option<PathBuf>, CatalogError> {
        if self.state()? == State::Current {
            return Ok(None);
        }
        let done = match self.document {
            Some(document) => self
                .path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&self.path, to_text(document))),
            None => fs::remove_file(&self.path),
        };
        done.map_err(|error| CatalogError::io(&self.path, error))?;
        Ok(Some(self.path))
    }
}

/// The recorded files of an event; none if it has no folder. A file with a name that only resembles that of a contract would
/// vanish from the history, and is refused.
pub(super) fn list(folder: &Path, event: &str) -> Result<Listing, CatalogError> {
    let mut listing = Listing::new();
    let (mut excepted, here) = (BTreeSet::new(), folder.join(event));
    for name in names(&here)? {
        let Some((version, revision, kind)) = parse(&name.to_ascii_lowercase()) else { continue };
        // The first revision is 1.
        let path = file(folder, event, version, revision.map(|number| number.max(1)), kind);
        if path != here.join(&name) {
            return Err(CatalogError::misnamed(&here.join(&name), &path));
        }
        if kind == EXCEPTIONS {
            excepted.insert(version);
        } else {
            listing.entry(version).or_default().entry(revision).or_default().insert(kind);
        }
    }
    match excepted.into_iter().find(|version| !listing.contains_key(version)) {
        Some(version) => Err(CatalogError::exceptions_of_none(&file(folder, event, version, None, EXCEPTIONS))),
        None => Ok(listing),
    }
}

/// The folders with recorded contracts, by the names of their events.
pub(super) fn events(folder: &Path) -> Result<Vec<String>, CatalogError> {
    let mut events = Vec::new();
    for name in names(folder)? {
        if folder.join(&name).is_dir() && !list(folder, &name)?.is_empty() {
            events.push(name);
        }
    }
    Ok(events)
}

fn names(folder: &Path) -> Result<BTreeSet<String>, CatalogError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let entries = entries.map_err(|error| CatalogError::io(folder, error))?;
    Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// The version, the revision and the kind that a file's name says.
fn parse(name: &str) -> Option<(u32, Option<u32>, &'static str)> {
    let kinds = [ACCEPTED, EXCEPTIONS, READER_AVRO, AVRO, WRITTEN];
    let (stem, kind) = kinds.into_iter().find_map(|kind| Some((name.strip_suffix(kind)?, kind)))?;
    let numbers = stem.strip_prefix('v')?;
    let (version, revision) = match numbers.split_once(".r").filter(|_| kind != EXCEPTIONS) {
        Some((version, revision)) => (version, Some(revision.parse().ok()?)),
        None => (numbers, None),
    };
    Some((version.parse().ok()?, revision, kind))
}

/// The recorded revisions of the contract's version, the oldest first.
pub(super) fn read_revisions(contract: &Contract, folder: &Path) -> Result<Vec<Revision>, CatalogError> {
    let listing = list(folder, contract.descriptor.name())?;
    let Some(revisions) = listing.get(&contract.descriptor.version()) else { return Ok(Vec::new()) };
    let is_foreign = contract.role.is_foreign();
    // The last revision comes behind the numbered ones.
    let numbers: Vec<u32> = revisions.keys().copied().flatten().collect();
    let last = revisions.get(&None);
    // Recorded for the first time, an event that is only received may have a schema of its owner.
    let is_new = last.is_none_or(|kinds| is_foreign && !kinds.contains(WRITTEN) && !kinds.contains(ACCEPTED));
    if is_new && numbers.is_empty() {
        return Ok(Vec::new());
    }
    let was_sent = numbers.iter().any(|number| revisions[&Some(*number)].contains(WRITTEN));
    let all = (1..=numbers.last().copied().unwrap_or_default()).map(Some).chain([None]);
    let read = |revision: Option<u32>| {
        let none = BTreeSet::new();
        let kinds = revisions.get(&revision).unwrap_or(&none);
        let needs_written = !is_foreign && (has_written_avro(kinds) || was_sent && revision.is_none());
        match lost(kinds, needs_written, main_kind(contract)) {
            Some(kind) => Err(CatalogError::gap(&place(contract, folder, revision, kind))),
            None => read_revision(contract, folder, revision),
        }
    };
    all.filter_map(|revision| read(revision).transpose()).collect()
}

/// Whether there is the Avro schema of an event that was sent.
fn has_written_avro(kinds: &BTreeSet<&str>) -> bool {
    kinds.contains(AVRO) && !kinds.contains(READER_AVRO)
}

/// The required file that the revision lacks. The role of the event may have been another: either form will do, unless
/// what is left says which one there was.
fn lost(kinds: &BTreeSet<&str>, needs_written: bool, main: &'static str) -> Option<&'static str> {
    match (kinds.contains(WRITTEN), kinds.contains(ACCEPTED)) {
        (false, false) => Some(main),
        (false, true) if needs_written => Some(WRITTEN),
        (true, false) if main == ACCEPTED && kinds.contains(READER_AVRO) => Some(ACCEPTED),
        _ => None,
    }
}

fn read_revision(contract: &Contract, folder: &Path, revision: Option<u32>) -> Result<Option<Revision>, CatalogError> {
    let file = |kind: &str| place(contract, folder, revision, kind);
    let (written, accepted) = (read_json(&file(WRITTEN))?, read_json(&file(ACCEPTED))?);
    let owned = if cfg!(feature = "avro") { read_json(&file(AVRO))? } else { None };
    let (avro, avro_kind) = match owned {
        None if cfg!(feature = "avro") => (read_json(&file(READER_AVRO))?, READER_AVRO),
        owned => (owned, AVRO),
    };
    let is_own = accepted.is_some();
    let main = match (&written, is_own) {
        (None, _) => ACCEPTED,
        (Some(_), false) => WRITTEN,
        (Some(_), true) => main_kind(contract),
    };
    for (document, kind) in [(&written, WRITTEN), (&accepted, ACCEPTED)] {
        if let Some(other) = document.as_ref().and_then(|document| other_event(document, contract)) {
            return Err(CatalogError::of_other_event(&file(kind), &other));
        }
    }
    let Some(accepted) = accepted.or_else(|| written.clone()) else { return Ok(None) };
    let paths = Paths {
        main: file(main),
        written: file(WRITTEN),
        accepted: file(if is_own { ACCEPTED } else { WRITTEN }),
        avro: file(avro_kind),
    };
    let has_written_avro = avro_kind == AVRO;
    Ok(Some(Revision { paths, documents: Documents { written, accepted, avro }, has_written_avro }))
}

/// The event that a document says it describes, if it is another.
fn other_event(document: &Value, contract: &Contract) -> Option<String> {
    let about = document.get("x-event-schema")?;
    let (name, version) = (about.get("name")?.as_str()?, about.get("version")?.as_u64()?);
    let (own_name, own_version) = (contract.descriptor.name(), contract.descriptor.version());
    (name != own_name || version != u64::from(own_version)).then(|| format!("`{name}` version {version}"))
}

/// Keeps the recorded contract as an earlier revision. Returns the new files.
pub(super) fn keep_revision(contract: &Contract, folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let listing = list(folder, contract.descriptor.name())?;
    let revisions = listing.get(&contract.descriptor.version());
    let last = revisions.and_then(|revisions| revisions.keys().copied().flatten().max()).unwrap_or_default();
    let mut kept = Vec::new();
    let all = &[ACCEPTED, READER_AVRO, WRITTEN, AVRO];
    // Those of the owner are not kept.
    let kinds = if contract.role.is_foreign() { &all[..2] } else { all };
    for kind in kinds {
        let from = place(contract, folder, None, kind);
        let to = place(contract, folder, Some(last + 1), kind);
        if let Some(text) = read(&from)? {
            fs::write(&to, text).map_err(|error| CatalogError::io(&to, error))?;
            kept.push(to);
        }
    }
    Ok(kept)
}

/// The exceptions from the check of a version of an event, and their file.
pub(super) fn read_exceptions(
    folder: &Path,
    event: &str,
    version: u32,
) -> Result<(PathBuf, Vec<Exception>), CatalogError> {
    let path = file(folder, event, version, None, EXCEPTIONS);
    let Some(text) = read(&path)? else { return Ok((path, Vec::new())) };
    match json::read_document(&text) {
        Ok(exceptions) => Ok((path, exceptions)),
        Err(_) if has_conflict(&text) => Err(CatalogError::conflict(&path, "keep the exceptions of both sides")),
        Err(error) => Err(CatalogError::exceptions(&path, error)),
    }
}

/// Whether a text has the markers that Git leaves where two branches changed the same lines.
fn has_conflict(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("<<<<<<< "))
}

fn read_json(path: &Path) -> Result<Option<Value>, CatalogError> {
    let Some(text) = read(path)? else { return Ok(None) };
    json::read_document(&text).map(Some).map_err(|error| {
        if has_conflict(&text) {
            CatalogError::conflict(path, "restore the file of the target branch, and record the contracts again")
        } else {
            CatalogError::json(path, error)
        }
    })
}

fn read(path: &Path) -> Result<Option<String>, CatalogError> {
    match fs::read_to_string(path) {
        // Git may check text files out with other line ends.
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        // A link to nothing is no missing file.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => Ok(None),
        Err(error) => Err(CatalogError::io(path, error)),
    }
}

/// The same text on every run, whatever order of keys `serde_json` is built with.
fn to_text(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    format!("{value:#}\n")
}
