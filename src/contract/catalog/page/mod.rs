//! The static page of a catalog: an index, a page for each event, and what they load.
//!
//! Names and doc comments are untrusted text: [`maud`] escapes all that is not markup of this module.

mod changes;
mod event;
mod fields;
mod index;
mod markdown;
mod paper;
mod rules;
mod secrets;
mod spot;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::paper::GENERATOR;
use super::error::CatalogError;
use super::recorded::Contract;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("search.js");
const ICON: &str = include_str!("icon.svg");

/// Writes the page into a folder and returns the files that were written or removed.
pub(super) fn write(
    service: &str,
    contracts: &[Contract],
    recorded: &Path,
    folder: &Path,
) -> Result<Vec<PathBuf>, CatalogError> {
    // A folder that is misspelled would give a page without history.
    fs::read_dir(recorded).map_err(|error| CatalogError::io(recorded, error))?;
    let mut events: BTreeMap<&str, Vec<&Contract>> = BTreeMap::new();
    for contract in contracts {
        events.entry(contract.descriptor.name()).or_default().push(contract);
    }
    let mut files = BTreeMap::new();
    let (mut cards, mut found) = (Vec::new(), Vec::new());
    for versions in events.values_mut() {
        versions.sort_by_key(|contract| contract.descriptor.version());
        let page = event::page(service, versions, recorded)?;
        files.insert(folder.join(&page.card.place), page.text);
        cards.push(page.card);
        found.extend(page.fields);
    }
    let pages: BTreeSet<PathBuf> = files.keys().cloned().collect();
    files.insert(folder.join("index.html"), index::page(service, &cards));
    files.insert(folder.join("fields.js"), index::data(&found));
    for (name, text) in [("style.css", STYLE), ("search.js", SCRIPT), ("icon.svg", ICON)] {
        files.insert(folder.join(name), text.to_owned());
    }
    let mut changed = Vec::new();
    for (path, text) in outdated(folder, files)? {
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| CatalogError::io(&path, error))?;
        changed.push(path);
    }
    changed.extend(remove_others(&folder.join(paper::EVENTS), &pages)?);
    Ok(changed)
}

/// The files that do not have their text. Refuses to replace files of another origin: pages have a mark, and the files
/// beside them are ours if the index is.
fn outdated(folder: &Path, mut files: BTreeMap<PathBuf, String>) -> Result<Vec<(PathBuf, String)>, CatalogError> {
    files.retain(|path, text| !has_text(path, text));
    let has_index = is_ours(&folder.join("index.html"));
    for path in files.keys().filter(|path| path.exists()) {
        let is_page = path.extension() == Some("html".as_ref());
        let is_known = if is_page { is_ours(path) } else { has_index };
        if !is_known {
            return Err(CatalogError::of_another(path));
        }
    }
    Ok(files.into_iter().collect())
}

/// Whether a file is a page that this module has written.
fn is_ours(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.contains(GENERATOR))
}

fn has_text(path: &Path, text: &str) -> bool {
    // Git may check text files out with other line ends.
    fs::read_to_string(path).is_ok_and(|known| known.replace("\r\n", "\n") == text)
}

/// Removes the pages of events that the catalog no longer has, and no file of another origin.
fn remove_others(folder: &Path, pages: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, CatalogError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = match entries {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries.map_err(|error| CatalogError::io(folder, error))?,
    };
    let mut others: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    others.retain(|path| path.extension() == Some("html".as_ref()) && !pages.contains(path));
    others.retain(|path| is_ours(path));
    others.sort_unstable();
    for path in &others {
        fs::remove_file(path).map_err(|error| CatalogError::io(path, error))?;
    }
    Ok(others)
}
