//! The commands of a service's own tool.

mod folder;
#[cfg(feature = "registry")]
mod registry;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use self::folder::default_folder;
use crate::contract::{Catalog, CatalogError, report};
use crate::error::{printable, with_causes};
use crate::suggestion::suggest;

const USAGE: &str = "\
commands:
  list                list the events
  check [FOLDER]      compare the recorded contracts with the current ones
  export [FOLDER]     record the current contracts
  export --draft 7 [FOLDER]
                      write the current contracts in draft 7 of JSON Schema, for tools without a later one
  diff [FOLDER]       list the changes from the recorded contracts
  asyncapi [VERSION]  print an AsyncAPI document; VERSION is that of the service's interface
  page PAGE [FOLDER]  write a static page of the events into the folder PAGE (feature `page` of event-schema)
FOLDER is `schemas` in the current directory if it is not named; then it must be there.";

/// Why a command did not end well.
enum Trouble {
    Usage,
    /// As `Usage`, with the fault.
    Arguments(String),
    /// The folder that is meant if none is named is not there.
    Folder(String),
    Catalog(CatalogError),
    Output(io::Error),
    #[cfg(feature = "registry")]
    Registry(registry::Trouble),
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Catalog {
    /// The tool of a service, for its `main`: it runs the command in the program's arguments.
    ///
    /// ```no_run
    /// use event_schema::contract::Catalog;
    /// use std::process::ExitCode;
    ///
    /// #[event_schema::event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// fn main() -> ExitCode {
    ///     Catalog::new("orders").sends::<OrderPlaced>().main()
    /// }
    /// ```
    ///
    /// | command | what it does |
    /// |---|---|
    /// | `list` | lists the events: name, version, topic |
    /// | `check [FOLDER]` | as [`check`](Self::check); exit code 1 if there is something to do |
    /// | `export [FOLDER]` | as [`export`](Self::export) |
    /// | `export --draft 7 [FOLDER]` | as [`export_draft07`](Self::export_draft07) |
    /// | `diff [FOLDER]` | as [`diff`](Self::diff); exit code 1 if no contract is recorded |
    /// | `asyncapi [VERSION]` | prints the document of [`asyncapi`](Self::asyncapi); the version is 1.0.0 if none is named |
    /// | `page PAGE [FOLDER]` | writes a static page of the events into the folder `PAGE` (feature `page`) |
    ///
    /// The folder is `schemas` in the current directory if none is named; `export` creates only a folder that is named, so
    /// that it does not begin a history in another directory. Exit code 2: wrong arguments, or a file that cannot be used.
    ///
    /// # With a Schema Registry
    ///
    /// The feature `registry` adds:
    ///
    /// | command | what it does |
    /// |---|---|
    /// | `register [FOLDER] --type TYPE` | as `check`; if all is current, as `Catalog::register`; exit code 1 if a schema is not accepted |
    /// | `check [FOLDER] --type TYPE` | as `check`, and as `Catalog::check_registry` |
    ///
    /// | option | |
    /// |---|---|
    /// | `--type avro`, `--type json` | the language of the schemas; both can be named |
    /// | `--registry URL` | the registry, if the environment or the file does not name it; several URLs are separated by commas |
    /// | `--config FILE` | a file of properties with the keys of `RegistryConfig` |
    /// | `--strategy NAME` | how subjects are named: `topic` (the default), `record` or `topic-record` |
    /// | `--level LEVEL` | sets the compatibility level of each subject, such as `FULL_TRANSITIVE`, before the registration |
    /// | `--dry-run` | `register` writes nothing, and tells what it would do |
    ///
    /// The keys of `RegistryConfig` are also read from the environment, as `SCHEMA_REGISTRY_URL` or
    /// `SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO`; the file overrides them. Credentials on the command line are refused. Exit
    /// code 2: also a registry that cannot be asked, or that refuses the client.
    #[must_use]
    pub fn main(&self) -> ExitCode {
        let args: Result<Vec<String>, OsString> = std::env::args_os().skip(1).map(OsString::into_string).collect();
        // Not locked: the thread that asks a registry writes there too, as may the service's subscriber of `tracing`.
        let (mut out, mut err) = (io::stdout(), io::stderr());
        match args {
            Ok(args) => ExitCode::from(run(self, &args, &mut out, &mut err)),
            Err(arg) => {
                let _ = writeln!(err, "the argument `{}` is not valid UTF-8", printable(&arg.to_string_lossy()));
                ExitCode::from(2)
            }
        }
    }
}

/// Runs a command, and returns the exit code.
pub fn run(catalog: &Catalog, args: &[String], out: &mut impl Write, err: &mut impl Write) -> u8 {
    let text = match command(catalog, args, out) {
        Ok(true) => return 0,
        Ok(false) => return 1,
        Err(Trouble::Usage) => usage(),
        Err(Trouble::Arguments(fault)) => format!("{fault}\n{}", usage()),
        Err(Trouble::Folder(fault)) => fault,
        Err(Trouble::Catalog(error)) if error.is_incompatible() => {
            let _ = writeln!(err, "{error}");
            return 1;
        }
        Err(Trouble::Catalog(error)) => with_causes(&error),
        Err(Trouble::Output(error)) => with_causes(&error),
        #[cfg(feature = "registry")]
        Err(Trouble::Registry(trouble @ registry::Trouble::Arguments(_))) => format!("{trouble}\n{}", usage()),
        #[cfg(feature = "registry")]
        Err(Trouble::Registry(trouble)) => trouble.to_string(),
    };
    let _ = writeln!(err, "{}", printable(&text));
    2
}

fn usage() -> String {
    #[cfg(feature = "registry")]
    let text = format!("{USAGE}\n{}", registry::USAGE);
    #[cfg(not(feature = "registry"))]
    let text = USAGE.to_owned();
    text
}

/// Whether all is well.
fn command(catalog: &Catalog, args: &[String], out: &mut impl Write) -> Result<bool, Trouble> {
    #[cfg(feature = "registry")]
    if let Some(asked) = registry::Asked::parse(args).map_err(Trouble::Registry)? {
        if !check(catalog, &asked.folder, out)? {
            return Ok(false);
        }
        return asked.run(catalog, out).map_err(Trouble::Registry);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["--help" | "-h" | "help", ..] | [_, "--help" | "-h"] = args.as_slice() {
        writeln!(out, "{}", usage())?;
        return Ok(true);
    }
    let Some((command, args)) = args.split_first() else { return Err(Trouble::Usage) };
    match *command {
        "list" => match args {
            [] => list_events(catalog, out),
            [other, ..] => Err(unexpected(other)),
        },
        "check" => check(catalog, &folder(args)?, out),
        "export" => export(catalog, args, out),
        "diff" => diff(catalog, &folder(args)?, out),
        "asyncapi" => asyncapi(catalog, args, out),
        "page" => page(catalog, args, out),
        other => Err(Trouble::Arguments(unknown(other))),
    }
}

fn unknown(command: &str) -> String {
    let known = ["list", "check", "export", "diff", "asyncapi", "page"];
    let known: Vec<&str> = known.into_iter().chain(cfg!(feature = "registry").then_some("register")).collect();
    let meant = suggest(command, &known).map(|at| format!("; did you mean `{}`?", known[at])).unwrap_or_default();
    format!("unknown command `{command}`{meant}")
}

/// The folder that is named, or `schemas`.
fn folder(args: &[&str]) -> Result<String, Trouble> {
    match args {
        [] => default_folder().map_err(Trouble::Folder),
        [folder] if !is_option(folder) => Ok((*folder).to_owned()),
        [folder, other, ..] if !is_option(folder) => Err(unexpected(other)),
        [option, ..] => Err(unexpected(option)),
    }
}

/// An argument that the command does not have.
fn unexpected(arg: &str) -> Trouble {
    let of_registry = ["--type", "--registry", "--config", "--strategy", "--level", "--dry-run"];
    let name = arg.split('=').next().unwrap_or(arg);
    let hint = if cfg!(not(feature = "registry")) && of_registry.contains(&name) {
        ", without the feature `registry` of event-schema"
    } else {
        ""
    };
    Trouble::Arguments(format!("`{arg}` is not known here{hint}"))
}

fn list_events(catalog: &Catalog, out: &mut impl Write) -> Result<bool, Trouble> {
    for event in catalog.events() {
        let topic = event.topic().map(|topic| format!("  topic {topic}")).unwrap_or_default();
        writeln!(out, "{}  version {}{topic}", event.name(), event.version())?;
    }
    Ok(true)
}

fn export(catalog: &Catalog, args: &[&str], out: &mut impl Write) -> Result<bool, Trouble> {
    match args {
        ["--draft", "7", args @ ..] => {
            list(&catalog.export_draft07(folder(args)?)?, "the contracts in draft 7 are up to date", out)?;
        }
        ["--draft", other, ..] => {
            return Err(Trouble::Arguments(format!("`--draft {other}` is not known: draft 7 is `--draft 7`")));
        }
        ["--draft"] => return Err(Trouble::Arguments("`--draft` needs a number: `--draft 7`".to_owned())),
        _ => list(&catalog.export(folder(args)?)?, "the recorded contracts are up to date", out)?,
    }
    Ok(true)
}

fn diff(catalog: &Catalog, folder: &str, out: &mut impl Write) -> Result<bool, Trouble> {
    let all = catalog.diff(folder)?;
    if all.is_empty() {
        writeln!(out, "{folder} has no recorded contract of these events")?;
        return Ok(false);
    }
    if all.iter().all(|(_, changes)| changes.is_empty()) {
        writeln!(out, "no changes")?;
    }
    for (event, changes) in all {
        if !changes.is_empty() {
            writeln!(out, "{} version {}", event.name(), event.version())?;
        }
        for change in changes {
            writeln!(out, "{}", printable(&change.to_string()))?;
        }
    }
    Ok(true)
}

fn asyncapi(catalog: &Catalog, args: &[&str], out: &mut impl Write) -> Result<bool, Trouble> {
    let version = match args {
        [] => "1.0.0",
        [option, ..] if is_option(option) => return Err(unexpected(option)),
        [_, other, ..] => return Err(unexpected(other)),
        [version] if version.contains(|c: char| c.is_ascii_digit()) => version,
        [other] => return Err(Trouble::Arguments(format!("`{other}` is not a version"))),
    };
    writeln!(out, "{:#}", catalog.asyncapi(version))?;
    Ok(true)
}

#[cfg(feature = "page")]
fn page(catalog: &Catalog, args: &[&str], out: &mut impl Write) -> Result<bool, Trouble> {
    let (page, recorded) = match args.split_first() {
        None => return Err(Trouble::Arguments("the folder PAGE is missing".to_owned())),
        Some((option, _)) if is_option(option) => return Err(unexpected(option)),
        Some(folders) => folders,
    };
    list(&catalog.page(page, folder(recorded)?)?, "the page is up to date", out)?;
    Ok(true)
}

#[cfg(not(feature = "page"))]
fn page(_: &Catalog, _: &[&str], _: &mut impl Write) -> Result<bool, Trouble> {
    Err(Trouble::Arguments("`page` needs the feature `page` of event-schema".to_owned()))
}

fn is_option(arg: &str) -> bool {
    arg.starts_with('-')
}

/// Lists the files that were written, or says that there are none.
fn list(written: &[PathBuf], none: &str, out: &mut impl Write) -> io::Result<()> {
    for path in written {
        writeln!(out, "{}", path.display())?;
    }
    if written.is_empty() { writeln!(out, "{none}") } else { Ok(()) }
}

fn check(catalog: &Catalog, folder: &str, out: &mut impl Write) -> Result<bool, Trouble> {
    let deviations = catalog.check(folder)?;
    if deviations.is_empty() {
        writeln!(out, "the recorded contracts are up to date")?;
        return Ok(true);
    }
    writeln!(out, "{}", report(&deviations))?;
    Ok(false)
}
