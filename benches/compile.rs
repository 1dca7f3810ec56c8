//! What the derive costs in compilation: `cargo check` of the zoo (`tests/load/zoo`) with the attribute of
//! this crate, beside the same types with the derives of serde, schemars and validator, and the size
//! of a program that loads, dumps and describes every one of them.
//!
//! `cargo bench --bench compile` prints it. The crates are made outside of the checkout; their
//! dependencies are built first and do not count. They take turns in several rounds, each a full check
//! of the crate alone, and the median round of each is printed.
//!
//! validator's derive knows no enums and no tuple structs: there the twin has no rules. Nested values
//! are not marked `nested` either, so that the twin does less.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const ROUNDS: usize = 7;

const OURS: &str = r"
use event_schema::prelude::*;
use event_schema::regex::Regex;
use event_schema::serde_json::{Map, Value};
use event_schema::url::Url;

macro_rules! zoo {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {$(
        #[event_schema::event]
        #[derive(Debug, Clone, PartialEq)]
        $(#[$attr])*
        pub $kind $name $body
    )*};
}
";

const THEIRS: &str = r"
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;
use validator::{Validate, ValidationError as Violation};

macro_rules! zoo {
    ($($(#[$attr:meta])* $kind:ident $name:ident $body:tt)*) => {
        $(zoo!{@$kind $(#[$attr])* $kind $name $body})*
    };
    (@struct $($item:tt)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
        $($item)*
    };
    (@enum $($item:tt)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        $($item)*
    };
}
";

/// A crate with the types of the zoo.
struct Contender {
    name: &'static str,
    directory: PathBuf,
}

impl Contender {
    fn make(name: &'static str, workspace: &Path, dependencies: &str, source: &str) -> Self {
        let directory = workspace.join(name);
        fs::create_dir_all(directory.join("src")).expect("a writable directory");
        let manifest = format!(
            "[workspace]\n[package]\nname = \"{name}\"\nedition = \"2024\"\n[profile.release]\nstrip = true\n\
             [dependencies]\n{dependencies}"
        );
        fs::write(directory.join("Cargo.toml"), manifest).expect("a writable directory");
        fs::copy(checkout().join("Cargo.lock"), directory.join("Cargo.lock")).expect("a lock file");
        fs::write(directory.join("src/main.rs"), source).expect("a writable directory");
        Self { name, directory }
    }

    fn cargo(&self, arguments: &[&str]) {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .arg("--quiet")
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .expect("cargo");
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
    }

    /// How long a check of the crate takes, its dependencies aside.
    fn check(&self) -> Duration {
        let source = fs::File::options().append(true).open(self.directory.join("src/main.rs")).expect("its source");
        source.set_modified(SystemTime::now()).expect("a file system with times");
        let begun = Instant::now();
        self.cargo(&["check"]);
        begun.elapsed()
    }

    fn binary_size(&self) -> u64 {
        self.cargo(&["build", "--release"]);
        fs::metadata(self.directory.join("target/release").join(self.name)).expect("a program").len()
    }
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The zoo without its imports and macros, and the names of its types.
fn zoo() -> (String, Vec<String>) {
    let source = fs::read_to_string(checkout().join("tests/load/zoo/mod.rs")).expect("the zoo");
    let (head, body) = source.split_once("pub(crate) use every_type;").expect("the macros of the zoo");
    let (_, list) = head.split_once("$callback! {").expect("the list of types");
    let types = list.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(": "));
    let types = types.map(|(_, name)| name.to_owned()).collect();
    (body.replace("pub(crate)", "pub"), types)
}

/// A program that reads, writes and describes every type, by these expressions.
fn program(prelude: &str, body: &str, types: &[String], answer: &str) -> String {
    let imports = "#![allow(dead_code)]
        use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
        use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
        use std::num::NonZeroI128;
        use std::sync::LazyLock;
        use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};";
    let answer_of = |name: &String| {
        let item = name.split('<').next().expect("the name of a type");
        let named = [" {", "<T> {"].iter().any(|end| body.contains(&format!("struct {item}{end}")));
        let validate = if named { "println!(\"{:?}\", event.validate());" } else { "" };
        answer.replace("TYPE", name).replace("VALIDATE", validate)
    };
    let answers: Vec<String> = types.iter().map(answer_of).collect();
    let main =
        format!("fn main() {{ let input = std::io::read_to_string(std::io::stdin()).unwrap(); {} }}", answers.concat());
    format!("{imports}{prelude}{body}{main}")
}

/// The attributes of a line, but for the rules.
fn without_rules(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some(start) = rest.find("#[validate(") {
        kept.push_str(&rest[..start]);
        let end = rest[start..].find(")]").expect("the end of an attribute");
        rest = &rest[start + end + 2..];
    }
    kept + rest
}

/// The zoo as serde's, schemars' and validator's derives take it.
fn for_the_others(body: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut in_enum = false;
    for line in body.lines() {
        let item = line.trim_start().trim_start_matches("pub ");
        if item.starts_with("enum ") || item.starts_with("struct ") {
            in_enum = item.starts_with("enum ");
        }
        let tuple_struct = item.starts_with("struct ") && !line.contains('{');
        let line = if in_enum || tuple_struct { without_rules(line) } else { line.to_owned() };
        if item.starts_with("struct ") && line.starts_with("pub ") && !tuple_struct {
            // Outside of the macro, which names the derives for those inside.
            lines.push("#[derive(Validate)]".to_owned());
        }
        lines.push(line.replace(", Deserialize)]", ", Serialize, Deserialize, JsonSchema)]"));
    }
    // validator takes a bound as it is written, and the field is a float.
    lines.join("\n").replace("#[event_schema::event]\n", "").replace("exclusive_min = 0,", "exclusive_min = 0.0,")
}

fn main() {
    let workspace = tempfile::tempdir().expect("a temporary directory");
    let (body, types) = zoo();

    let dependencies = format!(
        "event-schema = {{ path = '{}', features = [\"chrono04\", \"regex1\", \"url2\", \"uuid1\"] }}\nchrono = \"0.4\"\n",
        checkout().display()
    );
    let answer = "match <TYPE>::load_str(&input) {
            Ok(event) => println!(\"{:?}\", event.dump().map(|bytes| bytes.len())),
            Err(error) => println!(\"{error}\"),
        }
        println!(\"{:?}\", <TYPE as EventSchema>::json_schema());";
    let source = program(OURS, &body.replace(", Deserialize)]", ")]"), &types, answer);
    let ours = Contender::make("event-schema-zoo", workspace.path(), &dependencies, &source);

    let dependencies =
        "chrono = { version = \"0.4\", default-features = false, features = [\"clock\", \"serde\", \"std\"] }
        regex = { version = \"1\", default-features = false, features = [\"std\"] }
        schemars = { version = \"1\", features = [\"chrono04\", \"url2\", \"uuid1\"] }
        serde = { version = \"1\", features = [\"derive\"] }
        serde_json = { version = \"1\", features = [\"float_roundtrip\"] }
        url = { version = \"2\", features = [\"serde\"] }
        uuid = { version = \"1\", features = [\"serde\"] }
        validator = { version = \"0.21\", features = [\"derive\"] }";
    let answer = "match serde_json::from_str::<TYPE>(&input) {
            Ok(event) => {
                VALIDATE
                println!(\"{:?}\", serde_json::to_vec(&event).map(|bytes| bytes.len()));
            }
            Err(error) => println!(\"{error}\"),
        }
        println!(\"{:?}\", schemars::schema_for!(TYPE));";
    let source = program(THEIRS, &for_the_others(&body), &types, answer);
    let theirs = Contender::make("serde-zoo", workspace.path(), dependencies, &source);

    println!("building the dependencies of {} types twice", types.len());
    for contender in [&ours, &theirs] {
        contender.cargo(&["check"]);
    }
    let mut times: Vec<(Duration, Duration)> = (0..ROUNDS).map(|_| (ours.check(), theirs.check())).collect();
    times.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let median = times[ROUNDS / 2];
    println!(
        "cargo check: {:.2} s, with the other derives {:.2} s: {:.2} times as long",
        median.0.as_secs_f64(),
        median.1.as_secs_f64(),
        ratio(&median)
    );
    let sizes = (ours.binary_size(), theirs.binary_size());
    #[allow(clippy::cast_precision_loss, reason = "a ratio of sizes")]
    let times_larger = sizes.0 as f64 / sizes.1 as f64;
    println!(
        "stripped program: {} kB, with the other derives {} kB: {times_larger:.2} times as large",
        sizes.0 / 1000,
        sizes.1 / 1000
    );
}

fn ratio((ours, theirs): &(Duration, Duration)) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}
