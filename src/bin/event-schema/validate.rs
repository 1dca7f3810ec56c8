//! `event-schema validate`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_schema::contract::compat::{Compatibility, Policy, check};
use event_schema::serde_json::Value;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};

use crate::input::{NotJson, Unusable, is_wanted, parse, printable, read, read_schema};

/// The longest line that is read.
const MAX_LINE: u64 = 64 << 20;
/// How often progress is shown.
const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The JSON Schema; `-` for the standard input
    schema: PathBuf,
    /// Files with a message each; a message on each line if their names end in .ndjson or .jsonl; `-` for the standard
    /// input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// All files have a message on each line
    #[arg(long)]
    lines: bool,
    /// Show progress even if the error output is no terminal
    #[arg(long)]
    progress: bool,
    /// How many faults are printed
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: usize,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let stdin = Path::new("-");
    if args.files.iter().chain([&args.schema]).filter(|path| path.as_path() == stdin).count() > 1 {
        return Err(Unusable::arguments("the standard input can be read once"));
    }
    let schema = read_schema(&args.schema)?;
    // The validator accepts any value then. It reads other documents that are not compared.
    if let Err(error) = check(&schema, &schema, Compatibility::None, Policy::Exact)
        && error.is_circular()
    {
        return Err(Unusable::new(&args.schema, error));
    }
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| Unusable::new(&args.schema, format!("not a JSON Schema: {error}")))?;
    let mut check = Check {
        validator,
        names: names(&schema),
        out: io::stdout().lock(),
        is_wanted: true,
        printed: 0,
        limit: args.limit,
        messages: 0,
        invalid: 0,
        progress: Progress { shown: args.progress || io::stderr().is_terminal(), last: Instant::now(), width: 0 },
    };
    for path in &args.files {
        let ending = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if args.lines || ["ndjson", "jsonl"].iter().any(|lines| ending.eq_ignore_ascii_case(lines)) {
            check.lines(path)?;
        } else {
            check.message(&path.display().to_string(), &read(path)?, NotJson::to_string)?;
        }
        if !check.is_wanted {
            break;
        }
    }
    check.progress.clear();
    let Check { messages, invalid, printed, .. } = check;
    let more = if printed > args.limit { ", and not all faults are printed" } else { "" };
    let are = if invalid == 1 { "is" } else { "are" };
    let _ = writeln!(io::stderr(), "{invalid} of {messages} messages {are} invalid{more}");
    Ok(invalid == 0)
}

struct Check<'a> {
    validator: Validator,
    /// The names of fields that the schema contains.
    names: HashSet<String>,
    out: io::StdoutLock<'a>,
    /// Whether somebody reads the output.
    is_wanted: bool,
    /// The faults that were printed, and one that was not.
    printed: usize,
    limit: usize,
    messages: u64,
    invalid: u64,
    progress: Progress,
}

impl Check<'_> {
    fn lines(&mut self, path: &Path) -> Result<(), Unusable> {
        let unusable = |error: io::Error| Unusable::new(path, error);
        let (input, size): (Box<dyn Read>, u64) = if path == Path::new("-") {
            (Box::new(io::stdin().lock()), 0)
        } else {
            let file = File::open(path).map_err(unusable)?;
            let size = file.metadata().map_err(unusable)?.len();
            (Box::new(file), size)
        };
        let mut input = BufReader::with_capacity(1 << 16, input);
        let (mut line, mut number, mut done) = (Vec::new(), 0_u64, 0);
        while self.is_wanted {
            line.clear();
            let read = (&mut input).take(MAX_LINE).read_until(b'\n', &mut line).map_err(unusable)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            done += read as u64;
            if read as u64 == MAX_LINE && !line.ends_with(b"\n") {
                return Err(Unusable::new(path, format!("line {number} is longer than {MAX_LINE} bytes")));
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if !text.trim_ascii().is_empty() {
                self.message(&format!("{}:{number}", path.display()), text, NotJson::in_line)?;
            }
            self.progress.show(|| {
                let percent = (done * 100).checked_div(size).unwrap_or(100);
                format!("{}: {percent} %, {number} lines, {} invalid", path.display(), self.invalid)
            });
        }
        Ok(())
    }

    fn message(&mut self, place: &str, bytes: &[u8], shown: fn(&NotJson) -> String) -> Result<(), Unusable> {
        self.messages += 1;
        let value = match parse(bytes) {
            Ok(value) => value,
            Err(error) => {
                self.invalid += 1;
                return self.fault(&format!("{place}: not JSON: {}", shown(&error)));
            }
        };
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        self.invalid += 1;
        let left = self.limit.saturating_sub(self.printed) + 1;
        let faults = self.validator.iter_errors(&value).take(left);
        let texts: Vec<String> = faults
            .map(|fault| format!("{place}: {}: {}", pointer(&fault, &value, &self.names), reason(&fault)))
            .collect();
        texts.iter().try_for_each(|text| self.fault(text))
    }

    fn fault(&mut self, text: &str) -> Result<(), Unusable> {
        self.printed += 1;
        if self.printed > self.limit {
            self.printed = self.limit + 1;
            return Ok(());
        }
        self.progress.clear();
        self.is_wanted &= is_wanted(writeln!(self.out, "{text}"))?;
        Ok(())
    }
}

/// The reason of a fault. Values of messages are not printed, nor names of fields that come from the message: they may be
/// secrets.
fn reason(fault: &ValidationError<'_>) -> String {
    let count = |count: usize| if count == 1 { "1 property is".to_owned() } else { format!("{count} properties are") };
    match fault.kind() {
        ValidationErrorKind::PropertyNames { error } => format!("the name of a property: {}", reason(error)),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("{} not allowed", count(unexpected.len()))
        }
        _ => fault.masked().to_string(),
    }
}

/// The place of a fault, as a JSON Pointer behind `#`; `*` stands for a name that the schema does not contain.
fn pointer(fault: &ValidationError<'_>, message: &Value, names: &HashSet<String>) -> String {
    let mut text = "#".to_owned();
    let mut at = Some(message);
    for token in fault.instance_path().as_str().split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        text.push('/');
        // A number is the name of a field, too, if it stands in an object.
        match at {
            Some(Value::Array(_)) => text += token,
            _ if names.contains(&name) => text += &printable(&token.replace('\n', "\\u{a}")),
            _ => text.push('*'),
        }
        at = at.and_then(|value| match value {
            Value::Array(items) => items.get(token.parse::<usize>().ok()?),
            value => value.get(&name),
        });
    }
    text
}

/// The names of fields that a schema contains.
fn names(schema: &Value) -> HashSet<String> {
    let (mut names, mut open) = (HashSet::new(), vec![schema]);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(entries) => {
                if let Some(Value::Object(fields)) = entries.get("properties") {
                    names.extend(fields.keys().cloned());
                }
                open.extend(entries.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    names
}

/// A line on the error output that is overwritten.
struct Progress {
    shown: bool,
    last: Instant,
    /// The length of the line that is shown.
    width: usize,
}

impl Progress {
    fn show(&mut self, text: impl Fn() -> String) {
        if self.shown && self.last.elapsed() >= INTERVAL {
            self.clear();
            let text = text();
            let _ = write!(io::stderr(), "{text}");
            self.width = text.chars().count();
            self.last = Instant::now();
        }
    }

    fn clear(&mut self) {
        if self.width > 0 {
            let _ = write!(io::stderr(), "\r{:width$}\r", "", width = self.width);
            self.width = 0;
        }
    }
}
