//! What load costs beside `serde_json` and validator in a program of their own: Cargo builds one `serde_json` for a
//! program, with the features that anything in it asks for, and so `benches/load` cannot tell.
//!
//! `cargo bench --bench apart` makes the two programs of the documents and types of `benches/load`, outside of the
//! checkout, and lets them run in turns: every time is a multiple of that of the baseline on the valid twin of the same
//! document, and the median of many rounds is printed. Beside it, where valgrind is installed, is the same ratio of
//! instructions, which does not change from run to run and from machine to machine.
//! `cargo bench --bench apart -- 540` runs only the cases with "540" in their names.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const ROUNDS: usize = 301;

/// How long the baseline runs in one round, in nanoseconds.
const SLICE: u64 = 1_000_000;

/// The name, the document, its valid twin and the type.
const CASES: [(&str, &str, &str, &str); 15] = [
    ("20 B, valid", "ping(vec![])", "ping(vec![])", "Ping"),
    ("20 B, 2 faults", "ping(documents::two())", "ping(vec![])", "Ping"),
    ("540 B, valid", "order(3, vec![])", "order(3, vec![])", "Order"),
    ("540 B, 5 faults", "order(3, documents::five())", "order(3, vec![])", "Order"),
    ("540 B, 20 faults", "order(3, documents::twenty())", "order(3, vec![])", "Order"),
    ("11 kB, valid", "order(200, vec![])", "order(200, vec![])", "Order"),
    ("11 kB, 5 faults", "order(200, documents::five())", "order(200, vec![])", "Order"),
    ("11 kB, 20 faults", "order(200, documents::twenty_apart())", "order(200, vec![])", "Order"),
    ("11 kB, 600 faults", "order(200, documents::everywhere())", "order(200, vec![])", "Order"),
    ("plain field, valid", "parcel(vec![])", "parcel(vec![])", "Parcel"),
    ("plain field, 3 faults", "parcel(documents::faulty_parcel())", "parcel(vec![])", "Parcel"),
    ("flatten, valid", "stop(vec![])", "stop(vec![])", "Stop"),
    ("tag first, valid", "payment(true, vec![])", "payment(true, vec![])", "Payment"),
    ("tag last, valid", "payment(false, vec![])", "payment(false, vec![])", "Payment"),
    ("tag last, 3 faults", "payment(false, documents::faulty_payment())", "payment(false, vec![])", "Payment"),
];

const DEPENDENCIES: &str = r#"
chrono = { version = "0.4", default-features = false, features = ["serde", "std"] }
regex = "1"
serde = { version = "1", features = ["derive"] }
"#;

/// Loads as often as it is told to, by its arguments or line by line, and tells the nanoseconds.
const MAIN: &str = r#"
#![allow(dead_code)]
mod documents;
mod contender;
EXTRA

use std::hint::black_box;
use std::time::Instant;

fn run<T>(load: impl Fn(&[u8]) -> T, input: &[u8], times: u64) -> u128 {
    let begun = Instant::now();
    for _ in 0..times {
        drop(black_box(load(black_box(input))));
    }
    begun.elapsed().as_nanos()
}

fn main() {
    let documents = [DOCUMENTS];
    let once = |order: &str| {
        let (case, times) = order.trim().split_once(' ').expect("a case and a number");
        let times = times.parse().expect("a number");
        let case: usize = case.parse().expect("a case");
        let input = documents[case].text.as_bytes();
        match case {
            RUNS
            _ => unreachable!("a case"),
        }
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.is_empty() {
        println!("{}", once(&arguments.join(" ")));
        return;
    }
    for line in std::io::stdin().lines() {
        println!("{}", once(&line.expect("a line")));
    }
}
"#;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Makes and builds a program that loads each document as its type.
fn build(name: &str, dependencies: &str, contender: &str, extra: &str, documents: &[&str]) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(directory.join("src")).expect("a writable directory");
    let write = |file: &str, text: &str| fs::write(directory.join(file), text).expect("a writable directory");
    write(
        "Cargo.toml",
        &format!(
            "[workspace]\n[package]\nname = \"{name}\"\nedition = \"2024\"\n\
             [dependencies]\n{DEPENDENCIES}{dependencies}"
        ),
    );
    fs::copy(checkout().join("Cargo.lock"), directory.join("Cargo.lock")).expect("a lock file");
    fs::copy(checkout().join("benches/load/documents.rs"), directory.join("src/documents.rs")).expect("the documents");
    write("src/contender.rs", contender);
    let list: Vec<String> = documents.iter().map(|document| format!("documents::{document}")).collect();
    let runs = CASES
        .iter()
        .enumerate()
        .map(|(case, (.., event))| format!("{case} => run(contender::load::<contender::{event}>, input, times),"));
    let main = MAIN.replace("EXTRA", extra).replace("DOCUMENTS", &list.join(", "));
    write("src/main.rs", &main.replace("RUNS", &runs.collect::<String>()));
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet"])
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .status()
        .expect("cargo");
    assert!(status.success(), "{name}");
    directory.join("target/release").join(name)
}

/// A program that waits for orders.
struct Program {
    path: PathBuf,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Program {
    fn start(path: PathBuf) -> Self {
        let mut child =
            Command::new(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
        let orders = child.stdin.take().expect("its input");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        Self { path, child, orders, answers }
    }

    fn nanos(&mut self, case: usize, times: u64) -> u64 {
        writeln!(self.orders, "{case} {times}").expect("the program reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the program answers");
        answer.trim().parse().expect("a number")
    }

    /// The instructions of one load, as callgrind counts them; `None` without valgrind.
    fn instructions(&self, case: usize) -> Option<f64> {
        const TIMES: u32 = 1000;
        let count = |times: u32| -> Option<f64> {
            let output = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&self.path)
                .args([case.to_string(), times.to_string()])
                .output()
                .ok()?;
            let told = String::from_utf8(output.stderr).ok()?;
            let (_, count) = told.rsplit_once("Collected : ")?;
            count.lines().next()?.trim().parse().ok()
        };
        Some((count(2 * TIMES)? - count(TIMES)?) / f64::from(TIMES))
    }

    fn stop(mut self) {
        drop(self.orders);
        self.child.wait().expect("the program ends");
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(clippy::cast_precision_loss, reason = "nanoseconds of a round")]
fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let source = |name: &str| fs::read_to_string(checkout().join("benches/load").join(name)).expect("a contender");

    let dependencies = "serde_json = \"1\"\nuuid = { version = \"1\", features = [\"serde\"] }\n\
        validator = { version = \"0.21\", default-features = false, features = [\"derive\"] }\n";
    let baseline = source("with_validator.rs")
        .replace("use event_schema::schemars::{self, JsonSchema};\n", "")
        .replace(", JsonSchema)]", ")]")
        .replace("event_schema::uuid::Uuid", "uuid::Uuid");
    let valid: Vec<_> = CASES.iter().map(|(_, _, valid, _)| *valid).collect();
    let baseline = build("apart-baseline", dependencies, &baseline, "", &valid);

    let dependencies =
        format!("event-schema = {{ path = '{}', features = [\"chrono04\", \"uuid1\"] }}\n", checkout().display());
    let size = "mod with_validator {
        #[derive(serde::Serialize, serde::Deserialize, event_schema::schemars::JsonSchema)]
        #[schemars(crate = \"event_schema::schemars\")]
        pub(crate) struct Size { width: u32, height: u32, depth: u32 }
    }";
    let documents: Vec<_> = CASES.iter().map(|(_, document, ..)| *document).collect();
    let ours = build("apart-ours", &dependencies, &source("with_event_schema.rs"), size, &documents);

    let (mut baseline, mut ours) = (Program::start(baseline), Program::start(ours));
    println!(
        "{:<26}{:>10}{:>10}{:>16}{:>16}",
        "x serde_json + validator", "time", "quarter", "instructions", "baseline"
    );
    for (case, (name, ..)) in CASES.iter().enumerate().filter(|(_, (name, ..))| name.contains(&filter)) {
        let mut times = 1;
        while baseline.nanos(case, times) < SLICE {
            times *= 2;
        }
        let round = |round: usize| {
            // The one that comes second follows the other in every second round only.
            let (ours, baseline) = if round.is_multiple_of(2) {
                let ours = ours.nanos(case, times);
                (ours, baseline.nanos(case, times))
            } else {
                let baseline = baseline.nanos(case, times);
                (ours.nanos(case, times), baseline)
            };
            (ours as f64 / baseline as f64, baseline as f64 / times as f64)
        };
        let (mut ratios, mut nanos): (Vec<_>, Vec<_>) = (0..ROUNDS).map(round).unzip();
        let counts = ours.instructions(case).zip(baseline.instructions(case));
        let counts = counts.map_or(String::new(), |(ours, baseline)| format!("{ours:.0}  {:.2}", ours / baseline));
        let time = median(&mut ratios);
        // How far apart the middle half of the rounds is tells how much noise there was.
        let spread = ratios[ROUNDS * 3 / 4] - ratios[ROUNDS / 4];
        println!("{name:<26}{time:>10.2}{spread:>10.2}{counts:>16}{:>13.0} ns", median(&mut nanos));
    }
    baseline.stop();
    ours.stop();
}
