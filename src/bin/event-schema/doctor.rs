//! `event-schema doctor`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use event_schema::kafka::doctor::Doctor;
use event_schema::kafka::{DeadLetter, KafkaConfig, Retry};
use event_schema::serde_json;

use crate::Format;
use crate::input::{Unusable, is_wanted};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The `client.properties` of the service; without it, the variables of the environment that begin with `KAFKA_`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The consumer group of the service; without it, `group.id` of the configuration
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// A topic that the group reads, as the code names it, or a pattern that begins with `^`; several are possible
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// The dead letter topic of all topics; without it, `<topic>-<group>-dlt` of each
    #[arg(long, value_name = "TOPIC")]
    dead_letter: Option<String>,
    /// Examine no dead letter topic
    #[arg(long, conflicts_with = "dead_letter")]
    no_dead_letter: bool,
    /// The service has retry topics, for this number of attempts in all: `<topic>-<group>-retry-1` and so on
    #[arg(long, value_name = "ATTEMPTS")]
    retry_topics: Option<u32>,
    /// The service has redrive topics: `<topic>-<group>-redrive`
    #[arg(long)]
    redrive_topics: bool,
    /// The time limit of the service's handlers, in milliseconds
    #[arg(long, value_name = "MILLISECONDS")]
    handler_timeout: Option<u64>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// As `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let unusable = |error: &dyn std::error::Error| Unusable::arguments(&error.to_string());
    let config = match &args.config {
        Some(file) => KafkaConfig::from_properties_file(file),
        None => KafkaConfig::from_env("KAFKA_"),
    };
    let mut config = config.map_err(|error| unusable(&error))?;
    if let Some(group) = &args.group {
        config = config.group(group);
    }
    let mut doctor = args.topics.iter().fold(Doctor::new(&config), Doctor::topic);
    if let Some(topic) = &args.dead_letter {
        doctor = doctor.dead_letter(DeadLetter::new().topic(topic));
    }
    if args.no_dead_letter {
        doctor = doctor.without_dead_letter();
    }
    if let Some(attempts) = args.retry_topics {
        doctor = doctor.retry(Retry::topics().attempts(attempts));
    }
    if args.redrive_topics {
        doctor = doctor.redrive_topics();
    }
    if let Some(millis) = args.handler_timeout {
        doctor = doctor.handler_timeout(Duration::from_millis(millis));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unusable(&error))?;
    let report = runtime.block_on(doctor.examine()).map_err(|error| unusable(&error))?;
    let mut out = io::stdout().lock();
    is_wanted(match args.format {
        Format::Text if !args.json => writeln!(out, "{report}"),
        _ => serde_json::to_value(&report).map_err(io::Error::from).and_then(|report| writeln!(out, "{report:#}")),
    })?;
    match (report.findings(), report.unchecked()) {
        ([], []) => Ok(true),
        ([], unchecked) => Err(Unusable::arguments(&format!("{} questions not answered", unchecked.len()))),
        _ => Ok(false),
    }
}
