//! `event-schema compat`.

use std::io::{self, Write};

use event_schema::contract::compat::{self, Compatibility, Policy, avro};
use event_schema::serde_json::json;

use crate::Format;
use crate::input::{Kind, Pair, Unusable, is_wanted, printable};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: Pair,
    /// The direction: backward (new consumers read old messages), forward (old consumers read new messages), full (both)
    /// or none
    #[arg(long, default_value = "backward")]
    mode: Compatibility,
    /// For JSON Schema: strict (the default) and lenient are those of Confluent Schema Registry; exact is a proof; written
    /// is a proof for writers that add no fields of their own
    #[arg(long)]
    policy: Option<Policy>,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let mode = args.mode;
    let (kind, old, new) = args.pair.read(args.policy)?;
    let policy = args.policy.unwrap_or_default();
    let report = match kind {
        Kind::Json => compat::check(&old, &new, mode, policy),
        Kind::Avro => avro::check(&old, &new, mode),
    };
    let report = report.map_err(|error| args.pair.unusable(&error))?;
    let mut out = io::stdout().lock();
    let written = match args.pair.format {
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
