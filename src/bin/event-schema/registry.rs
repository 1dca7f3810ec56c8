//! `event-schema registry`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use event_schema::contract::compat::Compatibility;
use event_schema::format::framing::SchemaId;
use event_schema::registry::{RegisteredSchema, RegistryConfig, SchemaRegistry, SchemaText};
use event_schema::serde_json::{Value, json};

use crate::Format;
use crate::input::{Kind, Unusable, is_wanted, parse, printable, read};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The URL of the registry, or several, separated by commas; without it that of `SCHEMA_REGISTRY_URL` or of
    /// the file
    #[arg(long, global = true, value_name = "URL")]
    registry: Option<String>,
    /// A file of properties, such as `basic.auth.user.info`. They are also read from the environment, as
    /// `SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO`
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the subjects
    Subjects,
    /// List the versions of a subject
    Versions { subject: String },
    /// Print a schema
    Show {
        /// The subject of the schema
        #[arg(required_unless_present = "id")]
        subject: Option<String>,
        /// The version of the subject; without it the last one
        version: Option<u32>,
        /// The number of the schema, or its GUID
        #[arg(long, conflicts_with = "subject", value_parser = id)]
        id: Option<SchemaId>,
    },
    /// Whether a schema may follow those of a subject, by the subject's level
    Check {
        subject: String,
        #[command(flatten)]
        schema: File,
    },
    /// Register a schema under a subject
    Register {
        subject: String,
        #[command(flatten)]
        schema: File,
        /// Set the compatibility level of the subject first
        #[arg(long)]
        level: Option<Compatibility>,
    },
    /// Print or set a compatibility level
    Level {
        /// The subject; without it the level of subjects that have none of their own
        subject: Option<String>,
        /// The new level, such as `FULL_TRANSITIVE`
        #[arg(long, value_name = "LEVEL")]
        set: Option<Compatibility>,
    },
}

#[derive(Debug, clap::Args)]
struct File {
    /// The schema; `-` for the standard input. Of a contract that a catalog recorded, the schema that producers use
    file: PathBuf,
    /// The kind of the schema; without it avro if the name of the file ends in .avsc, else json
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
}

fn id(text: &str) -> Result<SchemaId, String> {
    let number = text.parse().ok().map(SchemaId::Number);
    let guid = || text.parse().ok().map(SchemaId::Guid);
    number.or_else(guid).ok_or_else(|| "neither a number nor a GUID".to_owned())
}

/// A result, in both forms, and whether it is a good one.
struct Answer {
    text: String,
    value: Value,
    is_good: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let config = RegistryConfig::of_operator(args.registry.as_deref(), args.config.as_deref())?;
    let registry = SchemaRegistry::new(&config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unusable::arguments(&error.to_string()))?;
    let answer = runtime.block_on(registry.wait(answer(&registry, &args.command)))?;
    let mut out = io::stdout().lock();
    is_wanted(match args.format {
        Format::Text if answer.text.is_empty() => Ok(()),
        Format::Text => writeln!(out, "{}", printable(&answer.text)),
        Format::Json => writeln!(out, "{:#}", answer.value),
    })?;
    Ok(answer.is_good)
}

async fn answer(registry: &SchemaRegistry, command: &Command) -> Result<Answer, Unusable> {
    match command {
        Command::Subjects => {
            let mut subjects = registry.subjects().await?;
            subjects.sort_unstable();
            Ok(good(subjects.join("\n"), json!({ "subjects": subjects })))
        }
        Command::Versions { subject } => {
            let versions = registry.versions(subject).await?;
            let lines: Vec<String> = versions.iter().map(u32::to_string).collect();
            Ok(good(lines.join("\n"), json!({ "subject": subject, "versions": versions })))
        }
        Command::Show { subject, version, id } => {
            let found = match (subject, version, id) {
                (_, _, Some(id)) => registry.schema_as_registered(*id).await,
                (subject, Some(version), None) => {
                    registry.version(subject.as_deref().unwrap_or_default(), *version).await
                }
                (subject, None, None) => registry.latest(subject.as_deref().unwrap_or_default()).await,
            };
            let found = found?;
            Ok(good(format!("{}\n{}", about(&found), pretty(found.schema())), to_json(&found)))
        }
        Command::Check { subject, schema } => {
            let verdict = registry.check_compatibility(subject, &schema.read()?).await?;
            let reasons: Vec<&str> = verdict.reasons().collect();
            let is_good = verdict.is_compatible();
            let text = if is_good { "compatible".to_owned() } else { incompatible(&reasons) };
            Ok(Answer { text, value: json!({ "compatible": is_good, "reasons": reasons }), is_good })
        }
        Command::Register { subject, schema, level } => {
            let schema = schema.read()?;
            let registered = match level {
                Some(level) => registry.register_with(subject, &schema, *level).await,
                None => registry.register(subject, &schema).await,
            };
            match registered {
                Ok(registered) => Ok(good(about(&registered), to_json(&registered))),
                Err(error) if error.is_incompatible() => {
                    let text = incompatible(&[&error.to_string()]);
                    Ok(Answer {
                        text,
                        value: json!({ "compatible": false, "reasons": [error.to_string()] }),
                        is_good: false,
                    })
                }
                Err(error) => Err(error.into()),
            }
        }
        Command::Level { subject, set } => {
            let subject = subject.as_deref();
            if let Some(level) = set {
                let done = match subject {
                    Some(subject) => registry.set_compatibility(subject, *level).await,
                    None => registry.set_default_compatibility(*level).await,
                };
                done?;
            }
            let own = match subject {
                Some(subject) => registry.compatibility(subject).await?,
                None => None,
            };
            let level = match own {
                None => registry.default_compatibility().await?,
                own => own,
            };
            if set.is_some_and(|set| level != Some(set)) {
                return Err(Unusable::arguments("the registry did not keep the level"));
            }
            let level = level.map(|level| level.to_string());
            let text = level.clone().unwrap_or_else(|| "none".to_owned());
            let inherited = subject.is_some() && own.is_none();
            let text = if inherited { format!("{text} (the registry's)") } else { text };
            Ok(good(text, json!({ "subject": subject, "level": level, "inherited": inherited })))
        }
    }
}

fn good(text: String, value: Value) -> Answer {
    Answer { text, value, is_good: true }
}

fn incompatible(reasons: &[&str]) -> String {
    reasons.iter().fold("incompatible".to_owned(), |text, reason| format!("{text}\n  {}", reason.replace('\n', "\n  ")))
}

/// The line above a schema.
fn about(registered: &RegisteredSchema) -> String {
    let parts = [
        registered.subject().map(|subject| format!("subject {subject}")),
        registered.version().map(|version| format!("version {version}")),
        registered.id().map(|id| format!("id {id}")),
        registered.guid().map(|guid| format!("guid {guid}")),
        Some(format!("{:?}", registered.schema().schema_type()).to_lowercase()),
    ];
    let references = registered.schema().references().iter().map(|one| format!("refers to {} as {}", one, one.name()));
    parts.into_iter().flatten().chain(references).collect::<Vec<_>>().join(", ")
}

/// The text of a schema with line breaks, if it is JSON.
fn pretty(schema: &SchemaText) -> String {
    parse(schema.text().as_bytes()).map_or_else(|_| schema.text().to_owned(), |value| format!("{value:#}"))
}

fn to_json(registered: &RegisteredSchema) -> Value {
    json!({
        "id": registered.id(),
        "guid": registered.guid().map(|guid| guid.to_string()),
        "subject": registered.subject(),
        "version": registered.version(),
        "type": registered.schema().schema_type(),
        "schema": registered.schema().text(),
        "references": registered.schema().references(),
    })
}

impl File {
    /// The text of the file. A contract that a catalog recorded has marks that the schema of producers has not, and the
    /// registry compares texts.
    fn read(&self) -> Result<SchemaText, Unusable> {
        let path: &Path = &self.file;
        let bytes = read(path)?;
        let mut value = parse(&bytes).map_err(|error| Unusable::new(path, format!("not JSON: {error}")))?;
        let kind = Kind::of(self.kind, [path, path]);
        if kind == Kind::Avro {
            // As producers write it, without white space: some registries compare that, too.
            return Ok(SchemaText::avro(value.to_string()));
        }
        let marks =
            value.as_object_mut().and_then(|schema| Some((schema.remove("x-event-schema")?, schema.remove("$id"))));
        if marks.is_some_and(|(about, _)| about.get("form").is_some_and(|form| form != "written")) {
            return Err(Unusable::new(
                path,
                "the accepted form of an event; producers use the written one, without `.reader`",
            ));
        }
        Ok(SchemaText::json(value.to_string()))
    }
}
