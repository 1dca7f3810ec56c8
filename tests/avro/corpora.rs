//! Rows of test data.

use std::path::Path;

use event_schema::serde_json::{self, Value};

/// The rows of a file of the repository.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(name))
}

/// The rows of a file that restates tests of other projects, which are not part of the repository, from the folder that is
/// named. The tests that need them are ignored, so that `cargo test` names them.
pub(crate) fn rows_elsewhere(name: &str) -> Vec<Value> {
    let folder = std::env::var_os("EVENT_SCHEMA_CORPORA").expect("EVENT_SCHEMA_CORPORA names a folder with rows");
    read(&Path::new(&folder).join(name))
}

fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes of hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
