//! What `load` and `dump` answer when they cannot: [`LoadError`] and [`DumpError`].

use std::error::Error;
use std::fmt;
use std::io;

use serde_json::Value;
use serde_json::error::Category;

use crate::report;
use crate::violation::Violations;

/// Why an input could not be loaded.
///
/// Either it is no JSON at all, and then the error says where it breaks off or goes wrong, or it
/// is, and then [`violations`](Self::violations) has everything that is wrong with it. `Display`
/// tells the whole, a line for each violation (in columns with `{:#}`); neither it nor `Debug` ever
/// quotes a value of the input. Names of unknown fields and keys of maps are told, cut after 100
/// characters.
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Ping { seq: u64 }
///
/// let error = Ping::load(br#"{"seq": "#).unwrap_err();
/// assert!(error.is_syntax() && error.is_truncated());
/// assert_eq!(error.to_string(), "the JSON breaks off: EOF while parsing a value at line 1 column 8");
///
/// let error = Ping::load(br#"{"seq": -1}"#).unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(error.to_string(), "1 violation\nseq: Not a valid integer.");
/// ```
// Not boxed: what is wrong with a small event costs one allocation then, that of the list.
pub struct LoadError(LoadErrorKind, Option<Box<Value>>);

#[derive(Debug)]
pub(crate) enum LoadErrorKind {
    Empty,
    Syntax {
        reason: String,
        truncated: bool,
    },
    NotUtf8 {
        valid_up_to: usize,
    },
    TooDeep {
        limit: usize,
    },
    /// Without a size where the rest was not read.
    TooLarge {
        size: Option<usize>,
        limit: usize,
    },
    Io(io::Error),
    Invalid(Violations),
    UnsupportedVersion {
        version: u32,
        today: u32,
        violations: Option<Violations>,
    },
}

impl From<LoadErrorKind> for LoadError {
    #[cold]
    fn from(kind: LoadErrorKind) -> Self {
        Self(kind, None)
    }
}

impl LoadError {
    /// Everything that is wrong with an event, and what is valid of it.
    #[inline]
    pub(crate) fn invalid(violations: Violations, valid_data: Option<Value>) -> Self {
        Self(LoadErrorKind::Invalid(violations), valid_data.map(Box::new))
    }

    /// Says why `input`, on which `serde_json` gave up with `error`, is no JSON.
    #[cold]
    pub(crate) fn syntax(input: &str, error: &serde_json::Error) -> Self {
        if input.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return LoadErrorKind::Empty.into();
        }
        let reason = if input.starts_with('\u{feff}') {
            "the text starts with a byte order mark, which JSON does not allow".to_owned()
        } else {
            reason(error)
        };
        LoadErrorKind::Syntax { reason, truncated: error.is_eof() }.into()
    }

    /// Says why a value, whose reader gave up with `error`, could not be read.
    #[cold]
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        LoadErrorKind::Syntax { reason: reason(error), truncated: false }.into()
    }

    /// As the error of one line of many, where a place has a column only.
    #[cold]
    pub(crate) fn in_line(mut self) -> Self {
        if let LoadErrorKind::Syntax { reason, .. } = &mut self.0 {
            *reason = reason.replace(" at line 1 column ", " at column ");
        }
        self
    }

    /// Says where the input is no UTF-8. One that ends within a character is cut off, like one that
    /// ends before it.
    #[cold]
    pub(crate) fn not_utf8(error: &std::str::Utf8Error) -> Self {
        let valid_up_to = error.valid_up_to();
        if error.error_len().is_some() {
            LoadErrorKind::NotUtf8 { valid_up_to }.into()
        } else {
            let reason = format!("EOF while parsing a character at offset {valid_up_to}");
            LoadErrorKind::Syntax { reason, truncated: true }.into()
        }
    }

    /// Everything that is wrong with the event, if the input was a complete JSON text.
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        match &self.0 {
            LoadErrorKind::Invalid(violations) => Some(violations),
            LoadErrorKind::UnsupportedVersion { violations, .. } => violations.as_ref(),
            _ => None,
        }
    }

    /// As [`violations`](Self::violations), taking them out.
    #[must_use]
    pub fn into_violations(self) -> Option<Violations> {
        match self.0 {
            LoadErrorKind::Invalid(violations) => Some(violations),
            LoadErrorKind::UnsupportedVersion { violations, .. } => violations,
            _ => None,
        }
    }

    /// What is valid of the input, if the load was asked to keep it
    /// ([`LoadOptions::valid_data`](crate::LoadOptions::valid_data)); not if more was wrong than was kept.
    #[must_use]
    pub fn valid_data(&self) -> Option<&Value> {
        self.1.as_deref()
    }

    /// The writer's version is none that this type, or those before it, can read; of a newer one
    /// that was tried, [`violations`](Self::violations) says where it does not fit.
    #[must_use]
    pub fn is_unsupported_version(&self) -> bool {
        matches!(self.0, LoadErrorKind::UnsupportedVersion { .. })
    }

    /// The input is no JSON text: empty, broken off, malformed, or not UTF-8.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(self.0, LoadErrorKind::Empty | LoadErrorKind::Syntax { .. } | LoadErrorKind::NotUtf8 { .. })
    }

    /// The input is empty, or white space only.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, LoadErrorKind::Empty)
    }

    /// The input is the beginning of a JSON text.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        matches!(self.0, LoadErrorKind::Syntax { truncated: true, .. })
    }

    /// The input is not UTF-8.
    #[must_use]
    pub fn is_not_utf8(&self) -> bool {
        matches!(self.0, LoadErrorKind::NotUtf8 { .. })
    }

    /// The input is nested deeper than the limit of the load.
    #[must_use]
    pub fn is_too_deep(&self) -> bool {
        matches!(self.0, LoadErrorKind::TooDeep { .. })
    }

    /// The input is larger than the limit of the load.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.0, LoadErrorKind::TooLarge { .. })
    }

    /// The source of the input failed: [`source`](Error::source) has its [`io::Error`].
    ///
    /// ```
    /// use std::error::Error;
    /// use std::io;
    /// use event_schema::{EventSchema, JsonSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
    /// struct Ping { seq: u64 }
    ///
    /// struct Broken;
    ///
    /// impl io::Read for Broken {
    ///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
    ///         Err(io::Error::other("unplugged"))
    ///     }
    /// }
    ///
    /// let error = Ping::load_reader(Broken).unwrap_err();
    /// assert!(error.is_io());
    /// assert_eq!(error.source().unwrap().to_string(), "unplugged");
    /// ```
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0, LoadErrorKind::Io(_))
    }

    /// The input is a JSON text but not a valid event: [`violations`](Self::violations) says why.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self.0, LoadErrorKind::Invalid(_))
    }

    /// The body of an HTTP answer: problem details (RFC 9457), with the status that fits.
    ///
    /// It is [`Violations::to_problem`] (422) of an invalid event or one of an unknown version, 413 of one that is too large, 400 of
    /// what is no JSON or nested too deep, and 500, which tells nothing, of a source that failed.
    ///
    /// ```
    /// use event_schema::{EventSchema, JsonSchema, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
    /// struct Ping { seq: u64 }
    ///
    /// assert_eq!(Ping::load(b"").unwrap_err().to_problem(), json!({
    ///     "type": "about:blank",
    ///     "title": "Bad Request",
    ///     "status": 400,
    ///     "detail": "the input is empty, expected a JSON object",
    /// }));
    /// assert_eq!(Ping::load(b"{}").unwrap_err().to_problem()["status"], 422);
    /// ```
    #[must_use]
    pub fn to_problem(&self) -> Value {
        match &self.0 {
            LoadErrorKind::Invalid(violations) => violations.to_problem(),
            LoadErrorKind::UnsupportedVersion { version, today, violations } => {
                let detail = unsupported(*version, *today, violations.is_some());
                match violations {
                    Some(violations) => {
                        let mut problem = violations.to_problem();
                        problem["detail"] = detail.into();
                        problem
                    }
                    None => report::problem(422, "Unprocessable Content", &detail),
                }
            }
            LoadErrorKind::TooLarge { .. } => report::problem(413, "Content Too Large", &self.to_string()),
            LoadErrorKind::Io(_) => report::problem(500, "Internal Server Error", &self.to_string()),
            LoadErrorKind::Empty
            | LoadErrorKind::Syntax { .. }
            | LoadErrorKind::NotUtf8 { .. }
            | LoadErrorKind::TooDeep { .. } => report::problem(400, "Bad Request", &self.to_string()),
        }
    }
}

fn unsupported(version: u32, today: u32, tried: bool) -> String {
    let cannot = if tried { "cannot read" } else { "does not know" };
    format!("written as version {version}, which a reader of version {today} {cannot}")
}

/// What `serde_json` says of syntax: what was expected and where; it quotes no input.
///
/// Errors of other kinds come from a reader that was written by hand, or from JSON that was kept,
/// and may say anything.
fn reason(error: &serde_json::Error) -> String {
    const KNOWN: [&str; 2] = ["number out of range", "lone leading surrogate in hex escape"];
    let text = error.to_string();
    if error.classify() != Category::Data || KNOWN.iter().any(|known| text.starts_with(known)) {
        return text;
    }
    match error.line() {
        0 => "a value cannot be read".to_owned(),
        line => format!("a value cannot be read at line {line} column {}", error.column()),
    }
}

impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoadError").field(&self.0).finish()
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            LoadErrorKind::Empty => f.write_str("the input is empty, expected a JSON object"),
            LoadErrorKind::Syntax { reason, truncated: true } => write!(f, "the JSON breaks off: {reason}"),
            LoadErrorKind::Syntax { reason, truncated: false } => write!(f, "not valid JSON: {reason}"),
            LoadErrorKind::NotUtf8 { valid_up_to } => {
                write!(f, "not valid UTF-8, which JSON must be: the first wrong byte is at offset {valid_up_to}")
            }
            LoadErrorKind::TooDeep { limit } => {
                write!(f, "nested deeper than {limit} levels, the limit of this load")
            }
            LoadErrorKind::TooLarge { size: Some(size), limit } => {
                write!(f, "{size} bytes, which is more than the {limit} bytes this load allows")
            }
            LoadErrorKind::TooLarge { size: None, limit } => {
                write!(f, "more than the {limit} bytes this load allows")
            }
            LoadErrorKind::Io(_) => f.write_str("the input could not be read"),
            LoadErrorKind::Invalid(violations) => count(f, violations),
            LoadErrorKind::UnsupportedVersion { version, today, violations: None } => {
                f.write_str(&unsupported(*version, *today, false))
            }
            LoadErrorKind::UnsupportedVersion { version, today, violations: Some(violations) } => {
                write!(f, "{}: ", unsupported(*version, *today, true))?;
                count(f, violations)
            }
        }
    }
}

/// "2 violations", and a line for each.
fn count(f: &mut fmt::Formatter<'_>, violations: &Violations) -> fmt::Result {
    writeln!(f, "{}", report::violations(violations.len() + violations.omitted()))?;
    fmt::Display::fmt(violations, f)
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            LoadErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Why an event could not be dumped.
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: u64,
/// }
///
/// let error = Ping { seq: 0 }.dump().unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(
///     error.to_string(),
///     "the event is invalid: 1 violation\nseq: Must be greater than or equal to 1."
/// );
/// ```
pub struct DumpError(Box<DumpErrorKind>);

#[derive(Debug)]
pub(crate) enum DumpErrorKind {
    Invalid(Violations),
    Write(serde_json::Error),
    NoSuchField(String),
}

impl From<DumpErrorKind> for DumpError {
    #[cold]
    fn from(kind: DumpErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl DumpError {
    /// What is wrong with the event, if it is invalid.
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        match &*self.0 {
            DumpErrorKind::Invalid(violations) => Some(violations),
            DumpErrorKind::Write(_) | DumpErrorKind::NoSuchField(_) => None,
        }
    }

    /// The event breaks its own rules: [`violations`](Self::violations) says which.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, DumpErrorKind::Invalid(_))
    }
}

impl fmt::Debug for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DumpError").field(&self.0).finish()
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            DumpErrorKind::Invalid(violations) => {
                f.write_str("the event is invalid: ")?;
                count(f, violations)
            }
            DumpErrorKind::Write(_) => f.write_str("the event has no form in JSON"),
            DumpErrorKind::NoSuchField(name) => {
                write!(f, "`{name}` is no field of the event: none can be left out or chosen")
            }
        }
    }
}

impl Error for DumpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            DumpErrorKind::Invalid(_) | DumpErrorKind::NoSuchField(_) => None,
            DumpErrorKind::Write(error) => Some(error),
        }
    }
}
