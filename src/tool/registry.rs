//! The commands of a service's tool that ask a Schema Registry.

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::path::PathBuf;

use pico_args::Arguments;

use super::folder::default_folder;
use crate::contract::Catalog;
use crate::contract::compat::Compatibility;
use crate::error::{printable, with_causes};
use crate::registry::{Registration, RegistryConfig, RegistryError, SchemaRegistry, SchemaType};

pub(super) const USAGE: &str = "\
with a schema registry:
  register [FOLDER] --type TYPE  register the recorded contracts of the events that are sent
  check [FOLDER] --type TYPE     also whether the registry would accept them
options:
  --type TYPE      avro or json; both may be named
  --registry URL   the registry; without it, that of the environment (SCHEMA_REGISTRY_URL) or of the file
  --config FILE    a file of properties, with credentials, for instance
  --strategy NAME  the names of subjects: topic, record or topic-record
  --level LEVEL    set the compatibility level of the subjects, such as FULL_TRANSITIVE (register)
  --dry-run        write nothing (register)";

/// Why the registry could not be asked.
#[derive(Debug)]
pub(super) enum Trouble {
    Arguments(String),
    /// The folder that is meant if none is named is not there.
    Folder(String),
    Registry(RegistryError),
    Output(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(text) | Self::Folder(text) => f.write_str(text),
            Self::Registry(error) => f.write_str(&with_causes(error)),
            Self::Output(error) => f.write_str(&with_causes(error)),
        }
    }
}

impl From<RegistryError> for Trouble {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<pico_args::Error> for Trouble {
    fn from(error: pico_args::Error) -> Self {
        Self::Arguments(error.to_string())
    }
}

/// A command with its options.
pub(super) struct Asked {
    pub(super) folder: String,
    languages: Vec<SchemaType>,
    level: Option<Compatibility>,
    writes: bool,
    config: RegistryConfig,
}

impl Asked {
    /// None if the command is another, or does not ask a registry.
    pub(super) fn parse(args: &[String]) -> Result<Option<Self>, Trouble> {
        let registers = match args.first().map(String::as_str) {
            Some("register") => true,
            Some("check") => false,
            _ => return Ok(None),
        };
        let mut args = Arguments::from_vec(args[1..].iter().map(OsString::from).collect());
        let urls: Option<String> = args.opt_value_from_str("--registry")?;
        let file: Option<PathBuf> = args.opt_value_from_str("--config")?;
        let languages = args.values_from_fn("--type", |name| match name {
            "avro" => Ok(SchemaType::Avro),
            "json" => Ok(SchemaType::Json),
            _ => Err("neither avro nor json"),
        })?;
        if !registers && urls.is_none() && file.is_none() && languages.is_empty() {
            return Ok(None);
        }
        if languages.is_empty() {
            return Err(Trouble::Arguments("--type is missing: avro or json".to_owned()));
        }
        let strategy: Option<String> = args.opt_value_from_str("--strategy")?;
        let level = if registers { args.opt_value_from_str("--level")? } else { None };
        let writes = registers && !args.contains("--dry-run");
        let folder: Option<String> = args.opt_free_from_str()?;
        // An unknown option in the place of the folder.
        let is_option = folder.as_deref().is_some_and(|name| name.starts_with('-'));
        let left = folder.iter().filter(|_| is_option).map(OsString::from).chain(args.finish()).next();
        if let Some(left) = left {
            return Err(Trouble::Arguments(format!("{} is not known here", left.display())));
        }
        let mut config = RegistryConfig::of_operator(urls.as_deref(), file.as_deref())?;
        if let Some(strategy) = strategy {
            config = config.set("value.subject.name.strategy", strategy.replace('-', "_").to_uppercase());
        }
        let folder = folder.map_or_else(default_folder, Ok).map_err(Trouble::Folder)?;
        Ok(Some(Self { folder, languages, level, writes, config }))
    }

    /// Whether the registry has accepted all schemas, or would.
    pub(super) fn run(&self, catalog: &Catalog, out: &mut impl Write) -> Result<bool, Trouble> {
        let registry = SchemaRegistry::new(&self.config)?;
        let all = wait(registry.wait(async {
            let mut all = Vec::new();
            for language in &self.languages {
                all.extend(if self.writes {
                    catalog.register(&registry, *language, self.level).await
                } else {
                    catalog.check_registry(&registry, *language, self.level).await
                });
                if all.last().is_some_and(|last: &Registration| last.error().is_some()) {
                    break;
                }
            }
            all
        }))?;
        if all.is_empty() {
            writeln!(out, "the service sends no event")?;
        }
        for registration in &all {
            writeln!(out, "{}", printable(&registration.to_string()))?;
        }
        match all.last().and_then(Registration::error) {
            Some(error) => Err(error.clone().into()),
            None => Ok(all.iter().all(Registration::is_accepted)),
        }
    }
}

/// Ends when the future does. A service's `main` may run in a runtime, in which no other can be entered: hence the thread.
fn wait<T: Send>(future: impl Future<Output = T> + Send) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = std::thread::scope(|scope| scope.spawn(move || runtime.block_on(future)).join());
    ended.map_err(|panic| std::panic::resume_unwind(panic))
}
