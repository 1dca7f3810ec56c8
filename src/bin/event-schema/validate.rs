//! `event-schema validate`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_schema::serde_json::{self, Value};
use jsonschema::Validator;

use crate::input::{Unusable, read_json};

/// The longest line that is read.
const MAX_LINE: u64 = 64 << 20;
/// How often progress is shown.
const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The JSON Schema
    schema: PathBuf,
    /// Files with a message each; a message on each line if their names end in .ndjson or .jsonl
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
    let schema = read_json(&args.schema)?;
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| Unusable::new(&args.schema, format!("not a JSON Schema: {error}")))?;
    let mut check = Check {
        validator,
        out: io::stdout().lock(),
        printed: 0,
        limit: args.limit,
        messages: 0,
        invalid: 0,
        progress: Progress { shown: args.progress || io::stderr().is_terminal(), last: Instant::now(), width: 0 },
    };
    for path in &args.files {
        let ending = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if args.lines || matches!(ending, "ndjson" | "jsonl") {
            check.lines(path)?;
        } else {
            let bytes = std::fs::read(path).map_err(|error| Unusable::new(path, error))?;
            check.message(&path.display().to_string(), &bytes)?;
        }
    }
    check.progress.clear();
    let Check { messages, invalid, printed, .. } = check;
    let more = if printed > args.limit { ", and not all faults are printed" } else { "" };
    eprintln!("{invalid} of {messages} messages {} invalid{more}", if invalid == 1 { "is" } else { "are" });
    Ok(invalid == 0)
}

struct Check<'a> {
    validator: Validator,
    out: io::StdoutLock<'a>,
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
        let file = File::open(path).map_err(unusable)?;
        let size = file.metadata().map_err(unusable)?.len();
        let mut input = BufReader::with_capacity(1 << 16, file);
        let (mut line, mut number, mut done) = (Vec::new(), 0_u64, 0);
        loop {
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
            if !line.trim_ascii().is_empty() {
                self.message(&format!("{}:{number}", path.display()), &line)?;
            }
            self.progress.show(|| {
                let percent = (done * 100).checked_div(size).unwrap_or(100);
                format!("{}: {percent} %, {number} lines, {} invalid", path.display(), self.invalid)
            });
        }
    }

    fn message(&mut self, place: &str, bytes: &[u8]) -> Result<(), Unusable> {
        self.messages += 1;
        let value: Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => {
                self.invalid += 1;
                return self.fault(&format!("{place}: not JSON: {error}"));
            }
        };
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        self.invalid += 1;
        let left = self.limit.saturating_sub(self.printed) + 1;
        // Values of messages are not printed: they may be secrets.
        let faults = self.validator.iter_errors(&value).take(left);
        let texts: Vec<String> =
            faults.map(|fault| format!("{place}: {}: {}", pointer(&fault), fault.masked())).collect();
        texts.iter().try_for_each(|text| self.fault(text))
    }

    fn fault(&mut self, text: &str) -> Result<(), Unusable> {
        self.printed += 1;
        if self.printed > self.limit {
            self.printed = self.limit + 1;
            return Ok(());
        }
        self.progress.clear();
        Ok(writeln!(self.out, "{text}")?)
    }
}

/// Where a fault is, as a JSON Pointer behind `#`.
fn pointer(fault: &jsonschema::ValidationError<'_>) -> String {
    format!("#{}", fault.instance_path())
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
            eprint!("{text}");
            self.width = text.chars().count();
            self.last = Instant::now();
        }
    }

    fn clear(&mut self) {
        if self.width > 0 {
            eprint!("\r{:width$}\r", "", width = self.width);
            self.width = 0;
        }
    }
}
