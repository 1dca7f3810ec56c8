//! The diagnostics of rustc that `trybuild` does not see: it is called as Cargo would, with our library as
//! `--extern schema=...`, and compiles to the end.

mod flattened;
mod renamed;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The library, among what Cargo built for this test: the newest, for there may be some of other features.
fn library(deps: &Path) -> PathBuf {
    let files = deps.read_dir().expect("the folder of this program").map(|entry| entry.expect("an entry").path());
    let ours = files.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libevent_schema-") && name.ends_with(".rlib")
    });
    ours.max_by_key(|path| path.metadata().and_then(|it| it.modified()).expect("a time")).expect("our library")
}

/// What rustc says of the source.
fn compile(name: &str, source: &str) -> String {
    let program = std::env::current_exe().expect("this program");
    let deps = program.parent().expect("a folder");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(name);
    std::fs::write(&file, source).expect("a file");
    let output = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata,obj", "--out-dir"])
        .arg(folder)
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("schema={}", library(deps).display()))
        .arg(file)
        .output()
        .expect("rustc");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.success(), !said.contains("error"), "{said}");
    said
}
