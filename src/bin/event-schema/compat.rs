//! `event-schema compat`.

use std::io::{self, Write};
use std::path::PathBuf;

use event_schema::contract::compat::{self, Compatibility, Policy, avro};
use event_schema::serde_json::{Value, json};

use crate::Format;
use crate::input::{Kind, Unusable, read_json, to_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old schema
    old: PathBuf,
    /// The new schema
    new: PathBuf,
    /// Who reads whom: backward, forward, full or none
    #[arg(long, default_value = "backward")]
    mode: Compatibility,
    /// For JSON Schema: strict and lenient are those of Confluent Schema Registry; exact is a proof; written is a proof
    /// for writers that add no fields of their own
    #[arg(long, default_value = "strict")]
    policy: Policy,
    /// The kind of the schemas; without it avro for files whose names end in .avsc, else json
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let (old, new) = (read_json(&args.old)?, read_json(&args.new)?);
    let (kind, mode) = (Kind::of(args.kind, &args.new), args.mode);
    let compared = |old: &Value, new: &Value| match kind {
        Kind::Json => compat::check(old, new, mode, args.policy),
        Kind::Avro => avro::check(old, new, mode),
    };
    let report = compared(&old, &new)
        .map_err(|_| Unusable::schema([&args.old, &args.new], [&old, &new], |schema| compared(schema, schema).err()))?;
    let mut out = io::stdout().lock();
    match args.format {
        Format::Text => writeln!(out, "{report}")?,
        Format::Json => {
            let findings: Vec<Value> = report.findings().iter().map(to_json).collect();
            let policy = (kind == Kind::Json).then(|| args.policy.to_string());
            let answer = json!({
                "compatible": report.is_compatible(),
                "mode": mode.to_string(),
                "policy": policy,
                "findings": findings,
            });
            writeln!(out, "{answer:#}")?;
        }
    }
    Ok(report.is_compatible())
}
