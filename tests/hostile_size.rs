//! A hundred megabytes and a million faults: bounded time, and memory that does not grow with the input. One test
//! in a process of its own, for the peak of memory is the process's.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use event_schema::prelude::*;
use serde_json::Value;

#[event_schema::event]
#[derive(Debug)]
#[serde(deny_unknown_fields)]
struct Strict {
    id: Option<u32>,
}

#[event_schema::event]
#[derive(Debug)]
struct Tolerant {
    id: Option<u32>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    #[event(each(range(max = 9)))]
    digits: Vec<u8>,
}

#[event_schema::event]
#[derive(Debug)]
struct Line {
    sku: String,
}

#[event_schema::event]
#[derive(Debug)]
#[serde(tag = "t")]
enum Late {
    Nested {
        inner: Box<Late>,
        #[serde(default)]
        text: Option<String>,
    },
    End,
}

#[event_schema::event]
#[derive(Debug)]
struct Keyed {
    #[serde(default)]
    choices: BTreeMap<String, Vec<Choice>>,
    #[serde(default)]
    lines: BTreeMap<String, Vec<Line>>,
    #[serde(default)]
    numbers: BTreeMap<Option<Box<str>>, Vec<Number>>,
}

#[event_schema::event]
#[derive(Debug)]
#[serde(untagged)]
enum Choice {
    Text(String),
    Flag(bool),
    Number(u8),
}

#[event_schema::event]
#[derive(Debug)]
struct Number(#[validate(range(max = 9))] u8);

const MOST: Duration = Duration::from_secs(60);
const MOST_KIB: u64 = 8 << 10;

/// The most memory that the process has had since its reset, in KiB, where the system tells it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Loads an input that stays in memory; what it takes beside that is bounded.
fn bounded<E: EventSchema>(what: &str, options: LoadOptions<'_>, input: &[u8]) -> Result<E, LoadError> {
    let options = options.max_size(usize::MAX);
    // Resets the peak.
    let told = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let (before, begun) = (peak().filter(|_| told), Instant::now());
    let loaded = options.load::<E>(input);
    let (took, after) = (begun.elapsed(), peak());
    let grew = before.zip(after).map(|(before, after)| after - before);
    println!("{what}: {} MB in {took:.1?}, {grew:?} KiB more", input.len() >> 20);
    assert!(took < MOST, "{what}: {took:?}");
    assert!(grew.is_none_or(|kib| kib < MOST_KIB), "{what}: {grew:?} KiB");
    loaded
}

/// `count` entries or elements, with commas between.
fn joined(count: usize, write: impl Fn(usize, &mut String)) -> String {
    let mut text = String::with_capacity(count * 12);
    for n in 0..count {
        if n > 0 {
            text.push(',');
        }
        write(n, &mut text);
    }
    text
}

fn assert_violations<E: std::fmt::Debug>(loaded: Result<E, LoadError>, count: usize) {
    let error = loaded.unwrap_err();
    let violations = error.violations().unwrap();
    assert_eq!((violations.len(), violations.omitted()), (1000, count - 1000));
    assert!(error.to_string().ends_with(&format!("and {} more", count - 1000)));
}

#[event_schema::event]
#[derive(Debug)]
struct Hooks {
    lists: BTreeMap<String, Vec<Hooked>>,
}

#[event_schema::event(pre_load = unchanged)]
#[derive(Debug)]
struct Hooked {
    id: Option<u32>,
}

fn unchanged(value: Value) -> Value {
    value
}

#[event_schema::event]
#[derive(Debug)]
struct Deep {
    child: Option<Box<Deep>>,
    text: Option<String>,
}

/// The most memory that a part of an event takes, in multiples of its text.
const MOST_OF_PART: u64 = 16;

/// As [`bounded`], of a part of an event: it holds what it has, but not for each of its places all that they lie in.
fn bounded_part<E: EventSchema>(what: &str, input: &str, event: E) {
    let told = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = peak().filter(|_| told);
    let part = E::load_partial(input.as_bytes()).unwrap();
    part.apply_to(event).unwrap();
    let grew = before.zip(peak()).map(|(before, after)| after - before);
    println!("{what}: {} MB, {grew:?} KiB more", input.len() >> 20);
    assert!(grew.is_none_or(|kib| kib < MOST_OF_PART * (input.len() as u64 >> 10)), "{what}: {grew:?} KiB");
}

#[test]
fn size_does_not_count() {
    use std::fmt::Write;

    const MILLION: usize = 1_000_000;
    const MANY: usize = 60_000;
    let unknown = joined(MILLION, |n, text| write!(text, r#""unknown{n:08}":{{"a":["{n:080}"]}}"#).unwrap());
    let unknown = format!("{{{unknown}}}");
    assert!(unknown.len() > 100_000_000, "{}", unknown.len());
    assert!(Strict::load_str(&unknown).unwrap_err().is_too_large());
    assert!(bounded::<Tolerant>("unknown fields, skipped", LoadOptions::new(), unknown.as_bytes()).is_ok());
    assert_violations(bounded::<Strict>("unknown fields, refused", LoadOptions::new(), unknown.as_bytes()), MILLION);
    drop(unknown);

    let text = "s".repeat(4 << 20);
    let innermost = format!(r#"{{"inner":{{"t":"End"}},"text":"{text}","t":"Nested"}}"#);
    let late = format!("{}{innermost}{}", r#"{"inner":"#.repeat(50), r#","t":"Nested"}"#.repeat(50));
    drop((text, innermost));
    assert!(bounded::<Late>("tags that come late", LoadOptions::new(), late.as_bytes()).is_ok());
    drop(late);

    let again = format!("{{{}}}", joined(MILLION, |_, text| text.push_str(r#""id":1"#)));
    assert_violations(bounded::<Strict>("the same field", LoadOptions::new(), again.as_bytes()), MILLION - 1);
    let wrong = format!(r#"{{"digits":[{}]}}"#, joined(MILLION, |_, text| text.push_str("\"1\"")));
    assert_violations(bounded::<Tolerant>("elements of another type", LoadOptions::new(), wrong.as_bytes()), MILLION);
    let missing = format!(r#"{{"lines":[{}]}}"#, joined(MILLION, |_, text| text.push_str("{}")));
    assert_violations(bounded::<Tolerant>("missing fields", LoadOptions::new(), missing.as_bytes()), MILLION);
    let rules = format!(r#"{{"digits":[{}]}}"#, joined(MILLION, |_, text| text.push_str("10")));
    assert_violations(bounded::<Tolerant>("broken rules", LoadOptions::new(), rules.as_bytes()), MILLION);
    drop((again, wrong, missing, rules));

    // A key of megabytes, and many findings below it.
    let under_key = |field: &str, element: &str| {
        let elements = joined(MANY, |_, text| text.push_str(element));
        format!(r#"{{"{field}":{{"{}":[{elements}]}}}}"#, "k".repeat(2 << 20))
    };
    let misfits = under_key("choices", "1");
    assert!(bounded::<Keyed>("variants that do not fit", LoadOptions::new(), misfits.as_bytes()).is_ok());
    let missing = under_key("lines", "{}");
    assert_violations(bounded::<Keyed>("missing fields below a key", LoadOptions::new(), missing.as_bytes()), MANY);
    let broken = under_key("numbers", "10");
    let options = LoadOptions::new().show_values(true);
    assert_violations(bounded::<Keyed>("values that are shown", options, broken.as_bytes()), MANY);

    let key = "k".repeat(4 << 20);
    let keyed =
        format!(r#"{{"lists":{{"{key}":[{}]}}}}"#, joined(1000, |n, text| write!(text, r#"{{"id":{n}}}"#).unwrap()));
    bounded_part("a long key in a part", &keyed, Hooks { lists: BTreeMap::new() });
    let deep = format!(r#"{}{{"text":"{key}"}}{}"#, r#"{"child":"#.repeat(100), "}".repeat(100));
    bounded_part("a long text deep in a part", &deep, Deep { child: None, text: None });
}
