//! What Avro costs beside apache-avro, `serde_avro_fast` and Python's fastavro, which check no rules.
//!
//! `cargo bench --bench avro` reads and writes the same orders with each contender in turns and prints the medians of
//! their times, as multiples of apache-avro's direct route through serde on the same bytes. `cargo bench --bench avro --
//! 240` runs only the cases with "240" in their names. fastavro runs too with `--python DIR`, a folder into which
//! `pip install --target DIR fastavro` has put it.

use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use event_schema::avro::{DatumReader, DatumWriter, Schema};
use event_schema::chrono::{DateTime, Utc};
use event_schema::contract::avro_schema;
use event_schema::prelude::*;

const ROUNDS: usize = 301;

/// How long the baseline runs in one round, in nanoseconds.
const SLICE: u128 = 1_000_000;

#[event_schema::event(name = "order.placed")]
#[derive(Debug, PartialEq)]
struct Order {
    id: Uuid,
    #[validate(length(min = 1, max = 100))]
    customer: String,
    #[validate(email)]
    email: Option<String>,
    status: Status,
    placed_at: DateTime<Utc>,
    #[validate(length(min = 1))]
    lines: Vec<Line>,
    #[validate(length(max = 1000))]
    note: Option<String>,
    total: f64,
    express: bool,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Status {
    New,
    Paid,
    Shipped,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Line {
    #[validate(length(min = 1, max = 40))]
    sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: i32,
    #[validate(range(min = 0.0))]
    price: f64,
    note: Option<String>,
}

/// The same for apache-avro, in the types that its serde route has.
mod plain {
    use event_schema::serde::{self, Deserialize, Serialize};
    use event_schema::uuid::Uuid;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(crate = "self::serde", rename = "OrderPlaced")]
    pub(super) struct Order {
        id: Uuid,
        customer: String,
        email: Option<String>,
        status: Status,
        placed_at: i64,
        lines: Vec<Line>,
        note: Option<String>,
        total: f64,
        express: bool,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(crate = "self::serde")]
    enum Status {
        New,
        Paid,
        Shipped,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(crate = "self::serde")]
    struct Line {
        sku: String,
        quantity: i32,
        price: f64,
        note: Option<String>,
    }
}

/// A later version: fields added, removed, reordered, renamed and promoted, and a default symbol.
mod later {
    use event_schema::chrono::{DateTime, Utc};
    use event_schema::uuid::Uuid;

    #[event_schema::event(name = "order.placed")]
    #[derive(Debug, PartialEq)]
    pub(super) struct Order {
        id: Uuid,
        #[serde(default)]
        channel: Option<String>,
        #[validate(length(min = 1))]
        lines: Vec<Line>,
        status: Status,
        #[serde(alias = "customer")]
        #[validate(length(min = 1, max = 100))]
        buyer: String,
        placed_at: DateTime<Utc>,
        #[validate(email)]
        email: Option<String>,
        total: f64,
        express: bool,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Status {
        New,
        Shipped,
        #[event(avro(default))]
        Unknown,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Line {
        #[validate(range(min = 0.0))]
        price: f64,
        #[validate(range(min = 1, max = 1000))]
        quantity: i64,
        #[validate(length(min = 1, max = 40))]
        sku: String,
        note: Option<String>,
    }
}

fn order(lines: usize) -> Order {
    let line = |index: usize| Line {
        sku: format!("article-{index:04}"),
        quantity: 1 + i32::try_from(index % 900).unwrap_or(1),
        price: 19.99,
        note: index.is_multiple_of(4).then(|| "gift wrapped".to_owned()),
    };
    Order {
        id: Uuid::from_u128(0x3f25_04e0_4f89_11d3_9a0c_0305_e82c_3301),
        customer: "Ada Lovelace".to_owned(),
        email: Some("ada@example.com".to_owned()),
        status: Status::Paid,
        placed_at: DateTime::from_timestamp_micros(1_709_251_199_123_456).unwrap_or_default(),
        lines: (0..lines).map(line).collect(),
        note: Some("leave it at the door".to_owned()),
        total: 59.97,
        express: true,
    }
}

/// Does it so many times, and says how many nanoseconds that took.
type Contender<'c> = (&'static str, Box<dyn Fn(u128) -> u128 + 'c>);

fn contender<'c, T>(name: &'static str, work: impl Fn() -> T + 'c) -> Contender<'c> {
    let run = move |times| {
        let begun = Instant::now();
        (0..times).for_each(|_| drop(black_box(work())));
        begun.elapsed().as_nanos()
    };
    (name, Box::new(run))
}

/// Lets the contenders run in turns and prints their medians; the first is the baseline.
fn compare(case: &str, contenders: &[Contender<'_>]) {
    let once = ((contenders[0].1)(1000) / 1000).max(1);
    let times = (SLICE / once).max(1);
    let mut ratios = vec![Vec::new(); contenders.len()];
    let mut base = Vec::new();
    for _ in 0..ROUNDS {
        let first = (contenders[0].1)(times);
        base.push(first / times);
        for (contender, ratios) in contenders.iter().zip(&mut ratios).skip(1) {
            #[allow(clippy::cast_precision_loss, reason = "nanoseconds of a millisecond")]
            ratios.push((contender.1)(times) as f64 / first as f64);
        }
    }
    base.sort_unstable();
    println!("{case}: {} {} ns", contenders[0].0, base[ROUNDS / 2]);
    for ((name, _), mut ratios) in contenders.iter().zip(ratios).skip(1) {
        ratios.sort_by(f64::total_cmp);
        println!("    {:.2}  {name}", ratios[ROUNDS / 2]);
    }
}

/// fastavro in a process of its own, which measures what it is told to do.
struct Python {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Python {
    fn start(packages: &Path, schema: &str, datum: &[u8]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/avro/fastavro_turns.py"))
            .args([schema, &event_schema::serde_json::to_string(datum)?])
            .env("PYTHONPATH", packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else { unreachable!("both are piped") };
        Ok(Self { child, pipes: RefCell::new((to, BufReader::new(from))) })
    }

    fn contender(&self, what: &'static str) -> Contender<'_> {
        let run = move |times| {
            let (to, from) = &mut *self.pipes.borrow_mut();
            let mut answer = String::new();
            writeln!(to, "{what} {times}").and_then(|()| from.read_line(&mut answer)).expect("Python answers");
            answer.trim().parse().expect("nanoseconds; Python's error is above")
        };
        ("fastavro", Box::new(run))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It would end by itself with its input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = pico_args::Arguments::from_env();
    let python: Option<PathBuf> = arguments.opt_value_from_str("--python")?;
    let wanted: Vec<_> = arguments.finish().into_iter().filter_map(|word| word.into_string().ok()).collect();
    let is_wanted = |case: &str| wanted.iter().filter(|word| !word.starts_with('-')).all(|word| case.contains(word));

    let text = avro_schema::<Order>()?;
    let schema = Schema::of::<Order>()?;
    let parsed = apache_avro::Schema::parse(&text)?;
    let fast: serde_avro_fast::Schema = text.to_string().parse()?;
    let reader = DatumReader::<Order>::new(&schema);
    let newer = DatumReader::<later::Order>::new(&schema);
    let writer = DatumWriter::<Order>::new(&schema)?;
    let apache_reader = GenericDatumReader::builder(&parsed).human_readable(true).build()?;
    let apache_writer = GenericDatumWriter::builder(&parsed).human_readable(true).build()?;
    for (size, lines) in [("240 B", 4), ("3.5 kB", 105)] {
        let order = order(lines);
        let datum = writer.dump(&order)?;
        let plain: plain::Order = apache_reader.read_deser(&mut &datum[..])?;
        assert_eq!(apache_writer.write_ser_to_vec(&plain)?, datum);
        assert_eq!(reader.load(&datum)?, order);
        newer.load(&datum)?;
        let fast_writer = RefCell::new(serde_avro_fast::ser::SerializerConfig::new(&fast));
        let write_fast = || serde_avro_fast::to_datum_vec(black_box(&plain), &mut fast_writer.borrow_mut());
        assert_eq!(write_fast()?, datum);
        let json = order.dump()?;
        println!("{size}: {} bytes, {} as JSON", datum.len(), json.len());
        let datum = &datum[..];
        let read_fast = || serde_avro_fast::from_datum_slice::<plain::Order>(black_box(datum), &fast);
        assert_eq!(apache_writer.write_ser_to_vec(&read_fast()?)?, datum);
        let python = python.as_deref().map(|packages| Python::start(packages, &text.to_string(), datum)).transpose()?;

        let mut decoders = vec![
            contender("apache-avro", || apache_reader.read_deser::<plain::Order>(&mut black_box(datum))),
            contender("load", || reader.load(black_box(datum))),
            contender("load, from another schema", || newer.load(black_box(datum))),
            contender("serde_avro_fast", read_fast),
            contender("apache-avro, to its Value", || apache_reader.read_value(&mut black_box(datum))),
            contender("load of JSON", || Order::load(black_box(&json))),
        ];
        decoders.extend(python.as_ref().map(|python| python.contender("decode")));
        let case = format!("decode, {size}");
        if is_wanted(&case) {
            compare(&case, &decoders);
        }
        let mut encoders = vec![
            contender("apache-avro", || apache_writer.write_ser_to_vec(black_box(&plain))),
            contender("dump", || writer.dump(black_box(&order))),
            contender("serde_avro_fast", write_fast),
            contender("dump of JSON", || black_box(&order).dump()),
        ];
        encoders.extend(python.as_ref().map(|python| python.contender("encode")));
        let case = format!("encode, {size}");
        if is_wanted(&case) {
            compare(&case, &encoders);
        }
    }
    Ok(())
}
