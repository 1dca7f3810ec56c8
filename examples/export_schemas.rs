//! Records the JSON Schemas and Avro schemas of the example events under `schemas/`, for programs in other languages.
//!
//! `cargo run --example export_schemas` writes them. With `-- --check`, for CI, it writes nothing and fails if they are
//! not current.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

#[path = "events/contracts.rs"]
mod contracts;
#[allow(dead_code, reason = "shared with other examples; this one needs the types only")]
#[path = "events/mod.rs"]
mod events;

fn main() -> std::io::Result<ExitCode> {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("unknown argument {other}; usage: export_schemas [--check]");
            return Ok(ExitCode::FAILURE);
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = ExitCode::SUCCESS;
    for recorded in contracts::all() {
        let Some(reason) = contracts::stale(root, &recorded) else { continue };
        if check {
            eprintln!("{reason}; run `cargo run --example export_schemas` and commit the result");
            code = ExitCode::FAILURE;
            continue;
        }
        let path = root.join(&recorded.path);
        if let Some(text) = recorded.text {
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(&path, text)?;
            println!("wrote {}", recorded.path.display());
        } else {
            fs::remove_file(&path)?;
            println!("removed {}", recorded.path.display());
        }
    }
    Ok(code)
}
