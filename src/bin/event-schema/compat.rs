//! `event-schema compat`.

use std::io::{self, Write};
use std::path::PathBuf;

use event_schema::contract::compat::{self, Compatibility, Policy, avro};
use event_schema::serde_json::json;

use crate::Format;
use crate::input::{Kind, Unusable, is_wanted, printable, read_schemas};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old schema; `-` for the standard input
    old: PathBuf,
    /// The new schema; `-` for the standard input
    new: PathBuf,
    /// The direction: backward (new consumers read old messages), forward (old consumers read new messages), full (both)
    /// or none
    #[arg(long, default_value = "backward")]
    mode: Compatibility,
    /// For JSON Schema: strict (the default) and lenient are those of Confluent Schema Registry; exact is a proof; written
    /// is a proof for writers that add no fields of their own
    #[arg(long)]
    policy: Option<Policy>,
    /// The kind of the schemas; without it avro if the name of a file ends in .avsc, else json
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let (kind, mode) = (Kind::of(args.kind, [&args.old, &args.new]), args.mode);
    if kind == Kind::Avro && args.policy.is_some() {
        return Err(Unusable::arguments("--policy applies to JSON Schemas only"));
    }
    let (old, new) = read_schemas(&args.old, &args.new)?;
    let policy = args.policy.unwrap_or_default();
    let report = match kind {
        Kind::Json => compat::check(&old, &new, mode, policy),
        Kind::Avro => avro::check(&old, &new, mode),
    };
    let report = report.map_err(|error| Unusable::schema(&args.old, &args.new, &error))?;
    let mut out = io::stdout().lock();
    let written = match args.format {
        Format::Text => writeln!(out, "{}", printable(&report.to_string())),
        Format::Json => {
            let answer = json!({
                "compatible": report.is_compatible(),
                "mode": mode.to_string(),
                "policy": (kind == Kind::Json).then(|| policy.to_string()),
                "findings": report.findings(),
                "truncated": report.is_truncated(),
            });
            writeln!(out, "{answer:#}")
        }
    };
    is_wanted(written)?;
    Ok(report.is_compatible())
}
