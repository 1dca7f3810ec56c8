//! The files that are read, and why one cannot be used.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
pub(crate) use event_schema::__private::printable;
use event_schema::__private::{ReadError, read_json};
use event_schema::contract::compat::{Policy, SchemaError, Side};
use event_schema::serde_json::Value;

use crate::Format;

/// The longest file with one document that is read.
const MAX_FILE: u64 = 256 << 20;

/// The kind of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Json,
    Avro,
}

impl Kind {
    /// The kind that was named, or that of files whose names end in `.avsc`.
    pub(crate) fn of(named: Option<Self>, paths: [&Path; 2]) -> Self {
        let is_avro = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("avsc"));
        named.unwrap_or(if paths.into_iter().any(is_avro) { Self::Avro } else { Self::Json })
    }
}

/// Two schemas, and how they are printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Pair {
    /// The old schema; `-` for the standard input
    pub(crate) old: PathBuf,
    /// The new schema; `-` for the standard input
    pub(crate) new: PathBuf,
    /// The kind of the schemas; without it avro if the name of a file ends in .avsc, else json
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

impl Pair {
    /// The kind of the schemas, which a policy may not apply to, and the schemas.
    pub(crate) fn read(&self, policy: Option<Policy>) -> Result<(Kind, Value, Value), Unusable> {
        let kind = Kind::of(self.kind, [&self.old, &self.new]);
        if kind == Kind::Avro && policy.is_some() {
            return Err(Unusable::arguments("--policy applies to JSON Schemas only"));
        }
        let (old, new) = read_schemas(&self.old, &self.new)?;
        Ok((kind, old, new))
    }

    /// The error for one of the schemas, or both together.
    pub(crate) fn unusable(&self, error: &SchemaError) -> Unusable {
        Unusable::schema(&self.old, &self.new, error)
    }
}

/// Input that cannot be used, or output that cannot be written.
#[derive(Debug)]
pub(crate) struct Unusable {
    text: String,
}

impl Unusable {
    pub(crate) fn new(path: &Path, error: impl fmt::Display) -> Self {
        Self { text: format!("{}: {error}", path.display()) }
    }

    /// The arguments contradict each other, or cannot be followed.
    pub(crate) fn arguments(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// The schema of one of two files, or both together.
    pub(crate) fn schema(old: &Path, new: &Path, error: &SchemaError) -> Self {
        match error.side() {
            Some(Side::Old(_)) => Self::new(old, error),
            Some(Side::New) => Self::new(new, error),
            None => Self { text: error.reason().to_owned() },
        }
    }
}

/// A registry that cannot be asked, or refuses.
#[cfg(feature = "registry")]
impl From<event_schema::registry::RegistryError> for Unusable {
    fn from(error: event_schema::registry::RegistryError) -> Self {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        Self { text: causes.map(ToString::to_string).collect::<Vec<_>>().join(": ") }
    }
}

/// Dead letters that cannot be read or sent.
#[cfg(feature = "kafka")]
impl From<event_schema::kafka::RedriveError> for Unusable {
    fn from(error: event_schema::kafka::RedriveError) -> Self {
        Self { text: error.to_string() }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether what was to be written is wanted: the reader of the output may have closed it, such as `head`.
pub(crate) fn is_wanted(written: io::Result<()>) -> Result<bool, Unusable> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Unusable { text: error.to_string() }),
    }
}

/// The bytes of a file, or of the standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Unusable> {
    let unusable = |error: io::Error| Unusable::new(path, error);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unusable)?;
    } else {
        File::open(path).map_err(unusable)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unusable)?;
    }
    // A device may have no end.
    if bytes.len() as u64 > MAX_FILE {
        return Err(Unusable::new(path, format!("longer than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

/// Two schemas, one of which may come from the standard input.
pub(crate) fn read_schemas(old: &Path, new: &Path) -> Result<(Value, Value), Unusable> {
    if old == new && old == Path::new("-") {
        return Err(Unusable::arguments("only one of the schemas can come from the standard input"));
    }
    Ok((read_schema(old)?, read_schema(new)?))
}

pub(crate) fn read_schema(path: &Path) -> Result<Value, Unusable> {
    parse(&read(path)?).map_err(|error| Unusable::new(path, format!("not JSON: {error}")))
}

/// Text that is not JSON.
#[derive(Debug)]
pub(crate) enum NotJson {
    /// The text starts with the byte order mark of UTF-16.
    Utf16,
    /// The bytes before it are UTF-8.
    NotUtf8(usize),
    Syntax(ReadError),
}

impl NotJson {
    /// The error and the column, for a text of one line.
    pub(crate) fn in_line(&self) -> String {
        match self {
            Self::Utf16 => self.to_string(),
            Self::NotUtf8(offset) => format!("not UTF-8 at column {}", offset + 1),
            Self::Syntax(error) => format!("{} at column {}", error.words(), error.position().column()),
        }
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => f.write_str("the text is UTF-16; save it as UTF-8"),
            Self::NotUtf8(offset) => write!(f, "not UTF-8 at byte {offset}"),
            Self::Syntax(error) => error.fmt(f),
        }
    }
}

/// Reads JSON as load does: with exact floats.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(NotJson::Utf16);
    }
    let text = str::from_utf8(bytes).map_err(|error| NotJson::NotUtf8(error.valid_up_to()))?;
    read_json(text).map_err(NotJson::Syntax)
}
