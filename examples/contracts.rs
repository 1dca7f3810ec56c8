//! The contracts of the example events, for programs in other languages. One line of `main` makes a catalog a
//! command-line tool.
//!
//! `cargo run --example contracts export schemas/shop` records them; `check schemas/shop` fails if they are not current, or
//! if a change of an event would break the programs that exchange it; `diff` lists the changes; `list` lists the events.
//! `page target/page schemas/shop` writes a page for colleagues: open `target/page/index.html`.
//! With the feature `registry`, `register schemas/shop --registry URL --type avro` registers what is recorded.

use std::process::ExitCode;

#[allow(dead_code, reason = "shared with other examples; this one needs the types only")]
#[path = "events/mod.rs"]
mod events;

fn main() -> ExitCode {
    events::catalog().main()
}
