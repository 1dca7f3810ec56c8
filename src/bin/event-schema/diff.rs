//! `event-schema diff`.

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
    /// For JSON Schema: the policy by which changes are called incompatible; strict (the default), lenient, exact or
    /// written
    #[arg(long)]
    policy: Option<Policy>,
    /// The kind of the schemas; without it avro if the name of a file ends in .avsc, else json. For Avro schemas only
    /// incompatible changes are listed
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<(), Unusable> {
    let kind = Kind::of(args.kind, [&args.old, &args.new]);
    if kind == Kind::Avro && args.policy.is_some() {
        return Err(Unusable::arguments("--policy applies to JSON Schemas only"));
    }
    let (old, new) = read_schemas(&args.old, &args.new)?;
    let found = match kind {
        Kind::Json => compat::diff(&old, &new, args.policy.unwrap_or_default()),
        Kind::Avro => avro::check(&old, &new, Compatibility::Full).map(|report| report.findings().to_vec()),
    };
    let found = found.map_err(|error| Unusable::schema(&args.old, &args.new, &error))?;
    let mut out = io::stdout().lock();
    let written = match args.format {
        Format::Text if found.is_empty() => writeln!(out, "no changes"),
        Format::Text => found.iter().try_for_each(|change| writeln!(out, "{}", printable(&change.to_string()))),
        Format::Json => writeln!(out, "{:#}", json!({ "changes": found })),
    };
    is_wanted(written).map(drop)
}
