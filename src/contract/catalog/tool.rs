//! The commands of a service's own tool.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::Catalog;
use super::deviation::report;
use super::error::{CatalogError, chain};

const USAGE: &str = "\
commands:
  list                list the events
  check [FOLDER]      compare the recorded contracts with the current ones
  export [FOLDER]     record the current contracts
  diff [FOLDER]       list the changes from the recorded contracts
  asyncapi [VERSION]  print an AsyncAPI document; VERSION is that of the service's interface
  page PAGE [FOLDER]  write a static page of the events into the folder PAGE (feature `page` of event-schema)
FOLDER is `schemas` if it is not named.";

/// Why a command did not end well.
enum Trouble {
    Usage,
    Catalog(CatalogError),
    Output(io::Error),
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
    /// | `diff [FOLDER]` | as [`diff`](Self::diff) |
    /// | `asyncapi [VERSION]` | prints the document of [`asyncapi`](Self::asyncapi); the version is 1.0.0 if none is named |
    /// | `page PAGE [FOLDER]` | writes a static page of the events into the folder `PAGE` (feature `page`) |
    ///
    /// The folder is `schemas` if none is named. Exit code 2: wrong arguments, or a file that cannot be used.
    #[must_use]
    pub fn main(&self) -> ExitCode {
        run(self, std::env::args().skip(1))
    }
}

fn run(catalog: &Catalog, args: impl Iterator<Item = String>) -> ExitCode {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let text = match command(catalog, &args.collect::<Vec<_>>(), &mut out) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => return ExitCode::FAILURE,
        Err(Trouble::Usage) => USAGE.to_owned(),
        Err(Trouble::Catalog(error)) if error.is_incompatible() => {
            let _ = writeln!(err, "{error}");
            return ExitCode::FAILURE;
        }
        Err(Trouble::Catalog(error)) => chain(&error),
        Err(Trouble::Output(error)) => chain(&error),
    };
    let _ = writeln!(err, "{text}");
    ExitCode::from(2)
}

/// Whether all is well.
fn command(catalog: &Catalog, args: &[String], out: &mut impl Write) -> Result<bool, Trouble> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (command, named) = match args.as_slice() {
        #[cfg(feature = "page")]
        ["page", page, recorded @ ..] if recorded.len() <= 1 => {
            let recorded = recorded.first().unwrap_or(&"schemas");
            let written = catalog.page(page, recorded)?;
            list(&written, "the page is up to date", out)?;
            return Ok(true);
        }
        [command] => (*command, None),
        [command, named] => (*command, Some(*named)),
        _ => return Err(Trouble::Usage),
    };
    let folder = named.unwrap_or("schemas");
    match command {
        "list" => {
            for event in catalog.events() {
                let topic = event.topic().map(|topic| format!("  topic {topic}")).unwrap_or_default();
                writeln!(out, "{}  version {}{topic}", event.name(), event.version())?;
            }
            Ok(true)
        }
        "check" => {
            let deviations = catalog.check(folder)?;
            if deviations.is_empty() {
                writeln!(out, "the recorded contracts are up to date")?;
                return Ok(true);
            }
            writeln!(out, "{}", report(&deviations))?;
            Ok(false)
        }
        "export" => {
            list(&catalog.export(folder)?, "the recorded contracts are up to date", out)?;
            Ok(true)
        }
        "diff" => {
            for (event, changes) in catalog.diff(folder)? {
                if !changes.is_empty() {
                    writeln!(out, "{} version {}", event.name(), event.version())?;
                }
                for change in changes {
                    writeln!(out, "{change}")?;
                }
            }
            Ok(true)
        }
        "asyncapi" => {
            writeln!(out, "{:#}", catalog.asyncapi(named.unwrap_or("1.0.0")))?;
            Ok(true)
        }
        _ => Err(Trouble::Usage),
    }
}

/// Lists the files that were written, or says that there are none.
fn list(written: &[PathBuf], none: &str, out: &mut impl Write) -> io::Result<()> {
    for path in written {
        writeln!(out, "{}", path.display())?;
    }
    if written.is_empty() { writeln!(out, "{none}") } else { Ok(()) }
}
