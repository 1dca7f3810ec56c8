//! The recorded contracts of the example events: the files, and their content.

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
    /// The expected content; `None` if the file should not exist.
    pub(crate) text: Option<String>,
}

/// The files of all example events.
pub(crate) fn all() -> Vec<Recorded> {
    [of::<OrderRequested>(), of::<ReadingTaken>()].into_iter().flatten().collect()
}

/// `v1.json` has the written form; `v1.reader.json` has the accepted form if it differs.
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

/// The same text on every run, whatever order of keys `serde_json` is built with.
fn to_text(schema: Schema) -> String {
    let mut value = schema.to_value();
    value.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_else(|_| Value::Null.to_string());
    text.push('\n');
    text
}

/// The reason why the file is not current, if it is not.
pub(crate) fn stale(root: &Path, recorded: &Recorded) -> Option<String> {
    // Git may check text files out with other line ends.
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
