//! `event-schema`: the compatibility of two schemas, their changes, the validation of messages, with the feature
//! `registry` the schemas in a registry, and with `kafka-ssl` the examination of a Kafka configuration, and dead letters.
//!
//! The exit code is 0 if all is compatible, valid or healthy, 1 if it is not, and 2 if the input or the arguments cannot be
//! used, or a server cannot be asked.

#![warn(clippy::disallowed_methods)]

mod compat;
mod diff;
#[cfg(feature = "kafka")]
mod dlq;
#[cfg(feature = "kafka")]
mod doctor;
mod input;
#[cfg(feature = "registry")]
mod registry;
mod validate;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::input::printable;

/// Checks contracts of events: JSON Schemas and Avro schemas; and the services that send them.
#[derive(Debug, Parser)]
#[command(name = "event-schema", version, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether a new schema may follow an old one
    Compat(compat::Args),
    /// The changes between two schemas, compatible ones too; of Avro schemas only the incompatible ones
    Diff(diff::Args),
    /// Whether messages are valid by a JSON Schema
    Validate(validate::Args),
    /// List, show and redrive the messages of a dead letter topic
    #[cfg(feature = "kafka")]
    Dlq(Box<dlq::Args>),
    /// Subjects, versions, schemas and levels in a schema registry
    #[cfg(feature = "registry")]
    Registry(registry::Args),
    /// Examine a Kafka configuration and its cluster: groups, offsets, dead letter topics, rights, timeouts, protocols, clocks
    /// and replication. It only reads
    #[cfg(feature = "kafka")]
    Doctor(doctor::Args),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Compat(args) => compat::run(&args),
        Command::Diff(args) => diff::run(&args).map(|()| true),
        Command::Validate(args) => validate::run(&args),
        #[cfg(feature = "kafka")]
        Command::Dlq(args) => dlq::run(&args),
        #[cfg(feature = "registry")]
        Command::Registry(args) => registry::run(&args),
        #[cfg(feature = "kafka")]
        Command::Doctor(args) => doctor::run(&args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody may read it.
            let _ = writeln!(std::io::stderr(), "event-schema: {}", printable(&error.to_string()));
            ExitCode::from(2)
        }
    }
}
