//! What the compiler says of mistakes: each case under `ui/` must fail to compile, with just the
//! messages that its `.stderr` records.
//!
//! After a deliberate change: `TRYBUILD=overwrite cargo test -p event-schema-derive --test ui`, and
//! read the diff.

use std::process::Command;

/// The toolchain whose messages are recorded. rustc's own words differ from release to release.
const RECORDED_WITH: &str = "rustc 1.95.";

#[test]
fn every_mistake_has_its_message() {
    let version = Command::new("rustc").arg("--version").output().expect("rustc");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(RECORDED_WITH) {
        eprintln!("skipped: the messages are recorded with {RECORDED_WITH}x, this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
