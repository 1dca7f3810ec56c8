//! Rows of test data.

use std::path::Path;

use event_schema::serde_json::{self, Value};

/// The rows of a file of the repository.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(name))
}

/// The rows of a file that restates tests of other projects, if the folder with them is named; they are not part of the
/// repository.
pub(crate) fn rows_elsewhere(name: &str) -> Vec<Value> {
    match std::env::var_os("EVENT_SCHEMA_CORPORA") {
        Some(folder) => read(&Path::new(&folder).join(name)),
        None => {
            println!("skipped: {name}, for which EVENT_SCHEMA_CORPORA names no folder");
            Vec::new()
        }
    }
}

fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes of hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
