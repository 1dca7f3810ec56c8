//! `event-schema diff`.

use std::io::{self, Write};

use event_schema::contract::compat::{self, Compatibility, Policy, avro};
use event_schema::serde_json::json;

use crate::Format;
use crate::input::{Kind, Pair, Unusable, is_wanted, printable};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: Pair,
    /// For JSON Schema: the policy by which changes are called incompatible; strict (the default), lenient, exact or
    /// written
    #[arg(long)]
    policy: Option<Policy>,
}

pub(crate) fn run(args: &Args) -> Result<(), Unusable> {
    let (kind, old, new) = args.pair.read(args.policy)?;
    let found = match kind {
        Kind::Json => compat::diff(&old, &new, args.policy.unwrap_or_default()),
        Kind::Avro => avro::check(&old, &new, Compatibility::Full).map(|report| report.findings().to_vec()),
    };
    let found = found.map_err(|error| args.pair.unusable(&error))?;
    let mut out = io::stdout().lock();
    let written = match args.pair.format {
        Format::Text if found.is_empty() => writeln!(out, "no changes"),
        Format::Text => found.iter().try_for_each(|change| writeln!(out, "{}", printable(&change.to_string()))),
        Format::Json => writeln!(out, "{:#}", json!({ "changes": found })),
    };
    is_wanted(written).map(drop)
}
