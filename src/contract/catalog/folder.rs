//! The recorded files of an event.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::deviation::Deviation;
use super::error::CatalogError;
use super::exception::Exception;
use super::recorded::{Contract, Documents};
use crate::load::json;

/// The kinds of documents, by the ends of their files' names.
const KINDS: [&str; 3] = [".json", ".reader.json", ".avsc"];

/// A file, as it is recorded and as it should be.
pub(super) struct File {
    path: PathBuf,
    /// None if there should be none.
    text: Option<String>,
}

/// A recorded revision of the version of an event.
pub(super) struct Revision {
    /// The file of its written form.
    pub(super) path: PathBuf,
    pub(super) documents: Documents,
}

fn place(contract: &Contract, folder: &Path, suffix: &str) -> PathBuf {
    let event = contract.descriptor;
    folder.join(event.name()).join(format!("v{}{suffix}", event.version()))
}

/// The file of the written form.
pub(super) fn path(contract: &Contract, folder: &Path) -> PathBuf {
    place(contract, folder, ".json")
}

/// The files of the contract of today.
pub(super) fn files(contract: &Contract, folder: &Path) -> Vec<File> {
    let documents = &contract.documents;
    let written = to_text(&documents.written);
    let accepted = to_text(&documents.accepted);
    let reader = differ(&documents.written, &documents.accepted).then_some(accepted);
    let avro = documents.avro.as_ref().map(to_text);
    let texts = KINDS.into_iter().zip([Some(written), reader, avro]);
    // Without the feature the Avro schemas that were recorded with it are none of this program's business.
    let known = texts.filter(|(kind, _)| cfg!(feature = "avro") || *kind != ".avsc");
    known.map(|(kind, text)| File { path: place(contract, folder, kind), text }).collect()
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

impl File {
    pub(super) fn deviation(&self) -> Result<Option<Deviation>, CatalogError> {
        Ok(match (read(&self.path)?, &self.text) {
            (Some(found), Some(text)) if found == *text => None,
            (None, None) => None,
            (Some(_), Some(_)) => Some(Deviation::stale(&self.path)),
            (None, Some(_)) => Some(Deviation::missing(&self.path)),
            (Some(_), None) => Some(Deviation::needless(&self.path)),
        })
    }

    /// Writes or removes the file if it is not current, and returns its path then.
    pub(super) fn record(self) -> Result<Option<PathBuf>, CatalogError> {
        if self.deviation()?.is_none() {
            return Ok(None);
        }
        let done = match &self.text {
            Some(text) => {
                self.path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&self.path, text))
            }
            None => fs::remove_file(&self.path),
        };
        done.map_err(|error| CatalogError::io(&self.path, error))?;
        Ok(Some(self.path))
    }
}

/// The recorded revisions of the contract's version, the oldest first.
pub(super) fn read_revisions(contract: &Contract, folder: &Path) -> Result<Vec<Revision>, CatalogError> {
    let mut revisions = Vec::new();
    for number in 1.. {
        match read_revision(contract, folder, &format!(".r{number}"))? {
            Some(revision) => revisions.push(revision),
            None => break,
        }
    }
    revisions.extend(read_revision(contract, folder, "")?);
    Ok(revisions)
}

fn read_revision(contract: &Contract, folder: &Path, suffix: &str) -> Result<Option<Revision>, CatalogError> {
    let file = |kind: &str| place(contract, folder, &format!("{suffix}{kind}"));
    let path = file(".json");
    let Some(written) = read_json(&path)? else { return Ok(None) };
    let accepted = read_json(&file(".reader.json"))?.unwrap_or_else(|| written.clone());
    let avro = if cfg!(feature = "avro") { read_json(&file(".avsc"))? } else { None };
    Ok(Some(Revision { path, documents: Documents { written, accepted, avro } }))
}

/// Keeps the recorded contract as an earlier revision. Returns the new files.
pub(super) fn keep_revision(contract: &Contract, folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let number = read_revisions(contract, folder)?.len();
    let mut kept = Vec::new();
    for kind in KINDS {
        let from = place(contract, folder, kind);
        let to = place(contract, folder, &format!(".r{number}{kind}"));
        if let Some(text) = read(&from)? {
            fs::write(&to, text).map_err(|error| CatalogError::io(&to, error))?;
            kept.push(to);
        }
    }
    Ok(kept)
}

/// The file of the exceptions from the check, and its content.
pub(super) fn read_exceptions(contract: &Contract, folder: &Path) -> Result<(PathBuf, Vec<Exception>), CatalogError> {
    let path = place(contract, folder, ".exceptions.json");
    let Some(text) = read(&path)? else { return Ok((path, Vec::new())) };
    match json::read_document(&text) {
        Ok(exceptions) => Ok((path, exceptions)),
        Err(error) => Err(CatalogError::exceptions(&path, error)),
    }
}

fn read_json(path: &Path) -> Result<Option<Value>, CatalogError> {
    let Some(text) = read(path)? else { return Ok(None) };
    json::read_document(&text).map(Some).map_err(|error| CatalogError::json(path, error))
}

fn read(path: &Path) -> Result<Option<String>, CatalogError> {
    match fs::read_to_string(path) {
        // Git may check text files out with other line ends.
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CatalogError::io(path, error)),
    }
}

/// The same text on every run, whatever order of keys `serde_json` is built with.
fn to_text(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    format!("{value:#}\n")
}
