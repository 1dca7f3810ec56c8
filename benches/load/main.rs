//! What load and dump cost, beside other ways to read an event and know what is wrong with it.
//!
//! `cargo bench --bench load` prints every time as a multiple of `serde_json::from_slice` and
//! validator's `validate()` on the valid twin of the same document, in the same run: the contenders
//! take turns in many short rounds, each round gives one ratio, and the median of them is printed.
//! The `serde_json` of this program has `float_roundtrip`, which the tests ask for and which makes its
//! floats slower; `cargo bench --bench apart` compares with one that does not have it.
//! `cargo bench --bench load -- 540` runs only the cases with "540" in their names.

mod documents;
mod with_deserr;
mod with_eserde;
mod with_event_schema;
mod with_garde;
mod with_jsonschema;
mod with_validator;

use std::hint::black_box;
use std::time::{Duration, Instant};

use event_schema::EventSchema;

use self::documents::Document;

/// As many rounds make a median that a busy machine does not move.
const ROUNDS: usize = 201;

/// How long the baseline runs in one round.
const SLICE: Duration = Duration::from_micros(400);

/// Lets event-schema dump an event; the baseline is validator's `validate()` and `serde_json`.
macro_rules! dump {
    ($name:expr, $event:ident, $document:expr) => {{
        let document = $document;
        let twin = with_validator::load::<with_validator::$event>(document.text.as_bytes()).expect("a valid document");
        let event = with_event_schema::$event::load(document.text.as_bytes()).expect("a valid document");
        let (baseline, ratios) = race(&[
            Box::new(|times| time(times, || with_validator::dump(black_box(&twin)))),
            Box::new(|times| time(times, || black_box(&event).dump())),
        ]);
        println!("  {:<34}{:>8.2}  (baseline {} ns)", $name, ratios[1], baseline.as_nanos());
    }};
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!("{ROUNDS} rounds of {SLICE:?}");
    println!("profile: {}", profile());
    println!("features: {}", features().join(", "));

    let few = |faults| documents::order(documents::FEW_LINES, faults);
    let many = |faults| documents::order(documents::MANY_LINES, faults);
    let payment = documents::payment;
    let cases: [(&str, Document, Document, Contenders); 19] = [
        ("20 B, valid", documents::ping(vec![]), documents::ping(vec![]), pings),
        ("20 B, 2 faults", documents::ping(vec![]), documents::ping(documents::two()), pings),
        ("20 B, 2 broken rules", documents::ping(vec![]), documents::ping(documents::two_of_rules()), pings),
        ("540 B, valid", few(vec![]), few(vec![]), orders),
        ("540 B, 5 faults", few(vec![]), few(documents::five()), orders),
        ("540 B, 5 broken rules", few(vec![]), few(documents::five_of_rules()), orders),
        ("540 B, 20 faults", few(vec![]), few(documents::twenty()), orders),
        ("11 kB, valid", many(vec![]), many(vec![]), orders),
        ("11 kB, 5 faults", many(vec![]), many(documents::five()), orders),
        ("11 kB, 20 faults", many(vec![]), many(documents::twenty_apart()), orders),
        ("11 kB, 600 faults", many(vec![]), many(documents::everywhere()), orders),
        ("plain field, valid", documents::parcel(vec![]), documents::parcel(vec![]), parcels),
        ("plain field, 3 faults", documents::parcel(vec![]), documents::parcel(documents::faulty_parcel()), parcels),
        ("flatten, valid", documents::stop(vec![]), documents::stop(vec![]), stops),
        ("flatten, 3 faults", documents::stop(vec![]), documents::stop(documents::faulty_stop()), stops),
        ("tag first, valid", payment(true, vec![]), payment(true, vec![]), payments),
        ("tag first, 3 faults", payment(true, vec![]), payment(true, documents::faulty_payment()), payments),
        ("tag last, valid", payment(false, vec![]), payment(false, vec![]), payments),
        ("tag last, 3 faults", payment(false, vec![]), payment(false, documents::faulty_payment()), payments),
    ];
    for (name, valid, document, contenders) in cases.iter().filter(|(name, ..)| name.contains(&filter)) {
        load(name, valid, document, &contenders());
    }

    if "dump".contains(&filter) {
        println!("\n{:<36}{:>8}", "dump, valid", "x rules + to_vec");
        dump!("20 B", Ping, documents::ping(vec![]));
        dump!("540 B", Order, few(vec![]));
        dump!("11 kB", Order, many(vec![]));
    }
}

type RunOn = Box<dyn Fn(&[u8], u32) -> Duration>;
type FindIn = Box<dyn Fn(&[u8]) -> Vec<String>>;

/// One way to load an event.
struct Contender {
    name: &'static str,
    /// Loads so many times, and answers how long that took.
    run: RunOn,
    /// Where it finds faults.
    found: FindIn,
}

impl Contender {
    fn new<T: 'static, E: 'static>(
        name: &'static str,
        load: fn(&[u8]) -> Result<T, E>,
        found: fn(E) -> Vec<String>,
    ) -> Self {
        Self {
            name,
            run: Box::new(move |input, times| time(times, || load(black_box(input)))),
            found: Box::new(move |input| load(input).err().map_or_else(Vec::new, found)),
        }
    }
}

type Contenders = fn() -> Vec<Contender>;

/// The baseline and event-schema.
macro_rules! two_contenders {
    ($event:ident) => {
        vec![
            Contender::new(
                "serde_json + validator",
                with_validator::load::<with_validator::$event>,
                with_validator::found,
            ),
            Contender::new(OURS, with_event_schema::load::<with_event_schema::$event>, with_event_schema::found),
            Contender::new(
                "event-schema, tree as a Value",
                with_event_schema::load_or_messages::<with_event_schema::$event>,
                |tree| with_event_schema::leaves(&tree),
            ),
            Contender::new(
                "event-schema, tree as JSON text",
                with_event_schema::load_or_text::<with_event_schema::$event>,
                |text| with_event_schema::leaves(&serde_json::from_str(&text).expect("a JSON text")),
            ),
        ]
    };
}

/// Those, and others.
macro_rules! contenders {
    ($event:ident) => {{
        let mut contenders = two_contenders!($event);
        contenders.extend([
            Contender::new("serde_json + garde", with_garde::load::<with_garde::$event>, with_garde::found),
            Contender::new("eserde + validator", with_eserde::load::<with_eserde::$event>, with_eserde::found),
            Contender::new("deserr over Value", with_deserr::load::<with_deserr::$event>, with_deserr::found),
            Contender::new(
                "jsonschema over Value",
                with_jsonschema::load::<with_validator::$event>,
                with_jsonschema::found,
            ),
        ]);
        contenders
    }};
}

const OURS: &str = "event-schema";

fn pings() -> Vec<Contender> {
    contenders!(Ping)
}

fn orders() -> Vec<Contender> {
    contenders!(Order)
}

fn parcels() -> Vec<Contender> {
    two_contenders!(Parcel)
}

fn stops() -> Vec<Contender> {
    two_contenders!(Stop)
}

fn payments() -> Vec<Contender> {
    two_contenders!(Payment)
}

/// Lets all contenders load `document`; the baseline is the first of them on `valid`.
fn load(name: &str, valid: &Document, document: &Document, contenders: &[Contender]) {
    let mut runs: Vec<Run<'_>> = vec![Box::new(|times| (contenders[0].run)(valid.text.as_bytes(), times))];
    for contender in contenders {
        runs.push(Box::new(|times| (contender.run)(document.text.as_bytes(), times)));
    }
    let (baseline, ratios) = race(&runs);
    println!(
        "\n{name} ({} B, baseline {} ns): x baseline, findings, faults found in place",
        document.text.len(),
        baseline.as_nanos()
    );
    for (contender, ratio) in contenders.iter().zip(&ratios[1..]) {
        let found = (contender.found)(document.text.as_bytes());
        let in_place = document.faults.iter().filter(|fault| found.contains(&fault.pointer)).count();
        let of = document.faults.len();
        println!("  {:<34}{ratio:>8.2}{:>8}{in_place:>8}/{of}", contender.name, found.len());
        assert!(
            contender.name != OURS || (found.len() == of && in_place == of),
            "event-schema found {found:?} and not {:?}",
            document.faults.iter().map(|fault| &fault.pointer).collect::<Vec<_>>()
        );
    }
}

type Run<'a> = Box<dyn Fn(u32) -> Duration + 'a>;

fn time<T>(times: u32, once: impl Fn() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(once());
    }
    start.elapsed()
}

/// What the first takes for one turn, and how many times as long each of them takes.
fn race(runs: &[Run<'_>]) -> (Duration, Vec<f64>) {
    let mut times = 1;
    while runs[0](times) < SLICE {
        times *= 2;
    }
    let mut baselines = Vec::with_capacity(ROUNDS);
    let mut ratios = vec![Vec::with_capacity(ROUNDS); runs.len()];
    for round in 0..ROUNDS {
        // Each comes first in its turn, and all run forwards and backwards: nobody always follows the same other.
        let mut order: Vec<usize> = (0..runs.len()).map(|turn| (turn + round) % runs.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        let mut seconds = vec![0.0; runs.len()];
        for turn in order {
            seconds[turn] = runs[turn](times).as_secs_f64();
        }
        baselines.push(seconds[0] / f64::from(times));
        for (ratios, own) in ratios.iter_mut().zip(&seconds) {
            ratios.push(own / seconds[0]);
        }
    }
    (Duration::from_secs_f64(median(&mut baselines)), ratios.iter_mut().map(|ratios| median(ratios)).collect())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `lines[1].sku` as a JSON Pointer.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

/// How this was compiled, as the manifest says it.
fn profile() -> String {
    let manifest = include_str!("../../Cargo.toml");
    let (_, profile) = manifest.split_once("[profile.bench]\n").unwrap_or_default();
    profile.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The features of event-schema that are on.
fn features() -> Vec<&'static str> {
    [
        ("derive", cfg!(feature = "derive")),
        ("kafka", cfg!(feature = "kafka")),
        ("uuid1", cfg!(feature = "uuid1")),
        ("chrono04", cfg!(feature = "chrono04")),
        ("regex1", cfg!(feature = "regex1")),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect()
}
