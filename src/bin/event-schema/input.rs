//! The files that are read, and why one cannot be used.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use clap::ValueEnum;
use event_schema::contract::compat::{Finding, SchemaError};
use event_schema::serde_json::{self, Value, json};

/// The kind of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Json,
    Avro,
}

impl Kind {
    /// The kind that was named, or that of files whose names end in `.avsc`.
    pub(crate) fn of(named: Option<Self>, path: &Path) -> Self {
        let is_avro = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("avsc"));
        named.unwrap_or(if is_avro { Self::Avro } else { Self::Json })
    }
}

/// Input that cannot be used, or output that cannot be written.
#[derive(Debug)]
pub(crate) struct Unusable {
    text: String,
    is_closed_pipe: bool,
}

impl Unusable {
    pub(crate) fn new(path: &Path, error: impl fmt::Display) -> Self {
        Self { text: format!("{}: {error}", path.display()), is_closed_pipe: false }
    }

    pub(crate) fn output(error: &io::Error) -> Self {
        Self { text: error.to_string(), is_closed_pipe: error.kind() == io::ErrorKind::BrokenPipe }
    }

    /// A schema of one of two files.
    pub(crate) fn schema(
        paths: [&Path; 2],
        schemas: [&Value; 2],
        alone: impl Fn(&Value) -> Option<SchemaError>,
    ) -> Self {
        let faults = paths.into_iter().zip(schemas).filter_map(|(path, schema)| Some((path, alone(schema)?)));
        let texts: Vec<String> = faults.map(|(path, error)| format!("{}: {error}", path.display())).collect();
        let text = if texts.is_empty() { "the schemas cannot be compared".to_owned() } else { texts.join("\n") };
        Self { text, is_closed_pipe: false }
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.is_closed_pipe
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(crate) fn read_json(path: &Path) -> Result<Value, Unusable> {
    let bytes = fs::read(path).map_err(|error| Unusable::new(path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| Unusable::new(path, format!("not JSON: {error}")))
}

/// A finding for other programs.
pub(crate) fn to_json(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule().id(),
        "path": finding.path(),
        "direction": finding.direction().name(),
        "reason": finding.rule().reason(),
        "affected": finding.affected(),
        "remedy": finding.remedy(),
        "old": finding.before(),
        "new": finding.after(),
    })
}
