//! The recorded contracts of the example events: which files there are, and what belongs in them.

use std::path::{Path, PathBuf};

use event_schema::EventSchema;
use event_schema::schemars::Schema;
use event_schema::schemars::generate::Contract;
use event_schema::serde_json::{self, Value};

use crate::events::{OrderRequested, ReadingTaken};

/// A file under `schemas/`.
pub(crate) struct Recorded {
    /// Its path from the root of the repository.
    pub(crate) path: PathBuf,
    /// What belongs in it; `None` if the file should not be there.
    pub(crate) text: Option<String>,
}

/// The files of all example events.
pub(crate) fn all() -> Vec<Recorded> {
    [of::<OrderRequested>(), of::<ReadingTaken>()].into_iter().flatten().collect()
}

/// What is written goes into `v1.json`; what is accepted into `v1.reader.json`, where it differs.
fn of<E: EventSchema>() -> [Recorded; 2] {
    let event = E::descriptor();
    let folder = Path::new("schemas").join(event.name());
    let written = to_text(E::json_schema_for(&Contract::Serialize));
    let accepted = to_text(E::json_schema_for(&Contract::Deserialize));
    let reader = (accepted != written).then_some(accepted);
    [
        Recorded { path: folder.join(format!("v{}.json", event.version())), text: Some(written) },
        Recorded { path: folder.join(format!("v{}.reader.json", event.version())), text: reader },
    ]
}

/// The same text on every run, whatever order of keys `serde_json` is built for.
fn to_text(schema: Schema) -> String {
    let mut value = schema.to_value();
    value.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_else(|_| Value::Null.to_string());
    text.push('\n');
    text
}

/// Says why the file differs from what is recorded, if it does.
pub(crate) fn stale(root: &Path, recorded: &Recorded) -> Option<String> {
    // As text files may be checked out elsewhere.
    let found = std::fs::read_to_string(root.join(&recorded.path)).ok().map(|text| text.replace("\r\n", "\n"));
    let file = recorded.path.display();
    match (&found, &recorded.text) {
        (Some(found), Some(text)) if found == text => None,
        (None, None) => None,
        (Some(_), Some(_)) => Some(format!("{file} is not what the event says today")),
        (None, Some(_)) => Some(format!("{file} is missing")),
        (Some(_), None) => Some(format!("{file} is not needed: what is accepted is what is written")),
    }
}
