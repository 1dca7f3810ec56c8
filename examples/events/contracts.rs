//! The recorded contracts of the example events: the files, and their content.

use std::path::{Path, PathBuf};

use event_schema::EventSchema;
use event_schema::contract::avro_schema;
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

/// `v1.json` has the written form; `v1.reader.json` has the accepted form if it differs; `v1.avsc` is the Avro schema.
fn of<E: EventSchema>() -> [Recorded; 3] {
    let event = E::descriptor();
    let folder = Path::new("schemas").join(event.name());
    let written = to_text(E::json_schema_for(&Contract::Serialize).to_value());
    let accepted = to_text(E::json_schema_for(&Contract::Deserialize).to_value());
    let reader = (accepted != written).then_some(accepted);
    let avro = avro_schema::<E>().expect("the example events have Avro schemas");
    [
        Recorded { path: folder.join(format!("v{}.json", event.version())), text: Some(written) },
        Recorded { path: folder.join(format!("v{}.reader.json", event.version())), text: reader },
        Recorded { path: folder.join(format!("v{}.avsc", event.version())), text: Some(to_text(avro)) },
    ]
}

/// The same text on every run, whatever order of keys `serde_json` is built with.
fn to_text(mut value: Value) -> String {
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
