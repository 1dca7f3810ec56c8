//! Options that do the work: each verb of the trait is theirs too.

use event_schema::prelude::*;
use event_schema::{DumpOptions, Line, Partial};
use serde_json::{Value, json};

struct Limits {
    max: u32,
}

#[event_schema::event(name = "bid", version = 2, previous = BidV1)]
#[derive(Clone, Debug, PartialEq)]
#[validate(context = Limits)]
struct Bid {
    #[validate(custom(function = affordable, use_context))]
    cents: u32,
    bidder: Option<String>,
}

#[event_schema::event(name = "bid")]
struct BidV1 {
    euros: u32,
}

impl From<BidV1> for Bid {
    fn from(old: BidV1) -> Self {
        Self { cents: old.euros * 100, bidder: None }
    }
}

#[event_schema::event]
#[derive(Debug)]
#[validate(context = Limits)]
struct Auction {
    bid: Bid,
}

fn affordable(cents: u32, limits: &Limits) -> Result<(), ValidationError> {
    if cents <= limits.max { Ok(()) } else { Err(ValidationError::new("too_expensive")) }
}

const fn is_send_and_sync<T: Send + Sync>() {}
const _: () = is_send_and_sync::<LoadOptions<'_>>();
const _: () = is_send_and_sync::<DumpOptions<'_>>();

static HUNDRED: Limits = Limits { max: 100 };
static BOUNDED: LoadOptions<'static> = LoadOptions::new().max_size(1000).max_depth(8);
static WHOLE: DumpOptions<'static> = DumpOptions::new();

fn bid(cents: u32) -> Bid {
    Bid { cents, bidder: Some("Ada".to_owned()) }
}

/// Whether each verb accepts a bid of so many cents.
fn accepted(options: &LoadOptions<'_>, cents: u32) -> Vec<(&'static str, bool)> {
    let text = format!(r#"{{"cents": {cents}, "bidder": "Ada"}}"#);
    let list = format!("[{text}]");
    let old = format!(r#"{{"euros": {}}}"#, cents / 100);
    let expected = bid(cents);
    let is = |read: Result<Bid, LoadError>| read.is_ok_and(|read| read == expected);
    let part = LoadOptions::new().context(&Limits { max: u32::MAX }).load_partial::<Bid>(text.as_bytes()).unwrap();
    vec![
        ("load", is(options.load(text.as_bytes()))),
        ("load_str", is(options.load_str(&text))),
        ("load_value", is(options.load_value(serde_json::from_str(&text).unwrap()))),
        ("load_reader", is(options.load_reader(text.as_bytes()))),
        ("load_lines", options.load_lines(text.as_bytes()).all(|Line { event, .. }| is(event))),
        ("load_many", options.load_many::<Bid>(list.as_bytes()).is_ok_and(|read| read == [expected.clone()])),
        ("load_from", is(options.load_from(2, text.as_bytes()))),
        ("load_from, of before", options.load_from::<Bid>(1, old.as_bytes()).is_ok()),
        ("load_typed", is(options.load_typed("bid.v2", text.as_bytes()))),
        ("load_partial", options.load_partial::<Bid>(text.as_bytes()).is_ok()),
        ("load_partial_many", options.load_partial_many::<Bid>(list.as_bytes()).is_ok()),
        ("apply", is(options.apply(&part, Bid { cents: 0, bidder: None }))),
        ("validate", options.validate(&expected).is_ok()),
    ]
}

/// The verbs whose answer is not `right`.
fn wrong(answers: Vec<(&'static str, bool)>, right: bool) -> Vec<&'static str> {
    answers.into_iter().filter(|(_, answer)| *answer != right).map(|(verb, _)| verb).collect()
}

#[test]
fn every_verb_has_the_context() {
    let options = BOUNDED.context(&HUNDRED);
    assert_eq!(wrong(accepted(&options, 100), true), [""; 0]);
    assert_eq!(wrong(accepted(&options, 200), false), [""; 0]);
    // Without it no event is known to be valid.
    assert_eq!(wrong(accepted(&BOUNDED, 100), false), [""; 0]);

    let part = options.load_partial::<Auction>(br#"{"bid": {"cents": 90}}"#).unwrap();
    let inner = options.load_field::<Partial<Bid>>(&part, "bid").unwrap().unwrap();
    assert_eq!(inner.get::<u32>("cents").unwrap(), Some(90));
    assert!(BOUNDED.context(&Limits { max: 80 }).load_field::<Partial<Bid>>(&part, "bid").is_err());
}

#[test]
fn every_dump_has_the_context_and_the_choice() {
    let options = DumpOptions::new().context(&HUNDRED).only(["cents"]);
    let mut buffer = b"> ".to_vec();
    options.dump_into(&bid(100), &mut buffer).unwrap();
    assert_eq!(buffer, br#"> {"cents":100}"#);
    assert_eq!(options.dump(&bid(100)).unwrap(), br#"{"cents":100}"#);
    assert_eq!(options.dump_value(&bid(100)).unwrap(), json!({"cents": 100}));
    assert_eq!(options.dump_many(&[bid(1), bid(2)]).unwrap(), br#"[{"cents":1},{"cents":2}]"#);

    assert!(options.dump(&bid(101)).unwrap_err().is_invalid());
    assert!(options.dump_value(&bid(101)).unwrap_err().is_invalid());
    assert!(options.dump_into(&bid(101), &mut buffer).unwrap_err().is_invalid());
    assert_eq!(buffer, br#"> {"cents":100}"#);
    let error = options.dump_many(&[bid(1), bid(101)]).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/1/cents");

    let misspelt = DumpOptions::new().context(&HUNDRED).exclude(["biddr"]);
    assert!(!misspelt.dump_many(&[bid(1)]).unwrap_err().is_invalid());
    assert!(WHOLE.dump_many::<Bid>(&[]).is_ok());
    assert!(WHOLE.dump(&bid(1)).unwrap_err().is_invalid());
}

#[tokio::test]
async fn options_are_held_across_await() {
    async fn load(options: &LoadOptions<'_>, writes: &DumpOptions<'_>, text: String) -> Value {
        tokio::task::yield_now().await;
        let bid: Bid = options.load_str(&text).unwrap();
        tokio::task::yield_now().await;
        writes.dump_value(&bid).unwrap()
    }
    let task = tokio::spawn(async {
        let limits = Limits { max: 10 };
        let (options, writes) = (LoadOptions::new().context(&limits), DumpOptions::new().context(&limits));
        load(&options, &writes, r#"{"cents": 10}"#.to_owned()).await
    });
    assert_eq!(task.await.unwrap(), json!({"cents": 10, "bidder": null}));
}
