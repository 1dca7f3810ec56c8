//! `event-schema diff`.

use std::io::{self, Write};
use std::path::PathBuf;

use event_schema::contract::compat::{self, Compatibility, Finding, Policy, avro};
use event_schema::serde_json::{Value, json};

use crate::Format;
use crate::input::{Kind, Unusable, read_json, to_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old schema
    old: PathBuf,
    /// The new schema
    new: PathBuf,
    /// The kind of the schemas; without it avro for files whose names end in .avsc, else json. Of Avro schemas only
    /// incompatible changes are listed, in both directions
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<(), Unusable> {
    let (old, new) = (read_json(&args.old)?, read_json(&args.new)?);
    let kind = Kind::of(args.kind, &args.new);
    let changes = |old: &Value, new: &Value| match kind {
        Kind::Json => compat::diff(old, new),
        Kind::Avro => avro::check(old, new, Compatibility::Full).map(|report| report.findings().to_vec()),
    };
    let found = changes(&old, &new)
        .map_err(|_| Unusable::schema([&args.old, &args.new], [&old, &new], |schema| changes(schema, schema).err()))?;
    let mut out = io::stdout().lock();
    match args.format {
        Format::Text if found.is_empty() => writeln!(out, "no changes")?,
        Format::Text => {
            for change in &found {
                writeln!(out, "{change}")?;
            }
        }
        Format::Json => {
            let policies = [Policy::Strict, Policy::Lenient, Policy::Exact, Policy::Written];
            let change = |change: &Finding| {
                let breaks = policies.iter().filter(|policy| change.breaks(**policy)).map(ToString::to_string);
                let mut change = to_json(change);
                change["breaks"] = breaks.collect::<Vec<_>>().into();
                change
            };
            writeln!(out, "{:#}", json!({"changes": found.iter().map(change).collect::<Vec<_>>()}))?;
        }
    }
    Ok(())
}
