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

fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
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
    assert!(WHOLE.dump(&bid(1)).unwrap_err().is_config());
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

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[event(pre_load = rename)]
struct Place {
    zip: String,
    #[serde(alias = "checked")]
    verified: bool,
}

/// What an earlier client calls `verified`.
fn rename(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut()
        && let Some(old) = object.remove("ok")
    {
        object.insert("verified".to_owned(), old);
    }
    value
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Base {
    id: u64,
    #[serde(alias = "is_admin")]
    admin: bool,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Contact {
    Mail { address: String, checked: bool },
    Phone { number: String },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Account {
    #[serde(flatten)]
    base: Base,
    name: String,
    place: Place,
    places: Vec<Place>,
    contact: Contact,
    #[event(sensitive)]
    pin: std::collections::BTreeMap<String, Base>,
    #[serde(flatten)]
    extra: std::collections::BTreeMap<String, Value>,
}

fn everything() -> Value {
    json!({
        "id": 7, "is_admin": true, "name": "Ada",
        "place": {"zip": "10115", "checked": true},
        "places": [{"zip": "1", "verified": true}, {"checked": false, "zip": "2"}],
        "contact": {"kind": "mail", "address": "a@b", "checked": true},
        "pin": {"k": {"id": 1, "is_admin": true}},
        "more": {"deep": 1},
    })
}

/// What a part of everything has.
fn part(options: &LoadOptions<'_>) -> Value {
    let part = options.load_partial::<Account>(everything().to_string().as_bytes());
    Value::Object(part.unwrap().into_object())
}

#[test]
fn a_part_has_the_chosen_fields_only() {
    let none = LoadOptions::new();
    assert_eq!(
        part(&none.only(&["name", "place.zip", "places.zip", "contact.address"])),
        json!({
            "name": "Ada", "place": {"zip": "10115"}, "places": [{"zip": "1"}, {"zip": "2"}],
            "contact": {"kind": "mail", "address": "a@b"},
        })
    );
    assert_eq!(
        part(&none.only(&["place", "admin"])),
        json!({"admin": true, "place": {"zip": "10115", "verified": true}})
    );
    assert_eq!(part(&none.only(&["more", "id"])), json!({"id": 7, "more": {"deep": 1}}));
    assert_eq!(part(&none.only(&[])), json!({}));

    let excluded = ["admin", "place.verified", "places.verified", "contact.checked", "pin.admin", "more"];
    assert_eq!(
        part(&none.exclude(&excluded)),
        json!({
            "id": 7, "name": "Ada", "place": {"zip": "10115"}, "places": [{"zip": "1"}, {"zip": "2"}],
            "contact": {"kind": "mail", "address": "a@b"}, "pin": {"k": {"id": 1}},
        })
    );
    assert_eq!(part(&none.only(&["place"]).exclude(&["place.zip"])), json!({"place": {"verified": true}}));
}

#[test]
fn what_is_not_chosen_is_not_checked() {
    let options = LoadOptions::new().exclude(&["id", "places"]);
    assert!(options.load_partial::<Account>(br#"{"id": "x", "places": 7, "name": "Ada"}"#).is_ok());
    let error = options.load_partial::<Account>(br#"{"id": "x", "name": 7}"#).unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nname: Not a valid string.");

    // Nor is it missing.
    let few = options.partial(&["place", "contact", "pin", "admin"]);
    let error = few.load_partial::<Account>(b"{}").unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nname: Missing data for required field.");

    // Whole events are read as ever.
    let whole = LoadOptions::new().only(&["id"]).load_value::<Account>(everything()).unwrap();
    assert_eq!(whole, Account::load_value(everything()).unwrap());
    let options = LoadOptions::new().exclude(&["id"]);
    let list = options.load_partial_many::<Base>(br#"[{"id": 1}, {"id": "x", "admin": true}]"#).unwrap();
    assert_eq!(list.iter().map(|base| base.as_object().len()).collect::<Vec<_>>(), [0, 1]);
}

/// A hook can make the field that nobody may change of another one: the part does not have it.
#[test]
fn a_field_that_a_hook_makes_is_not_let_in() {
    let own = LoadOptions::new().exclude(&["verified"]);
    let nested = LoadOptions::new().exclude(&["place.verified"]);
    for input in [
        r#"{"zip": "1", "ok": true}"#,
        r#"{"zip": "1", "ok": true, "verified": false}"#,
        r#"{"zip": "1", "verified": true}"#,
    ] {
        let part = own.load_partial::<Place>(input.as_bytes()).unwrap();
        assert_eq!(part.as_object().keys().collect::<Vec<_>>(), ["zip"], "{input}");
        let place = part.apply_to(Place { zip: "0".to_owned(), verified: false }).unwrap();
        assert_eq!(place, Place { zip: "1".to_owned(), verified: false });
        let error = own.unknown(Unknown::Raise).load_partial::<Place>(input.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "1 violation\nverified: Unknown field.", "{input}");

        let input = format!(r#"{{"place": {input}}}"#);
        let part = nested.load_partial::<Account>(input.as_bytes()).unwrap();
        assert_eq!(Value::Object(part.into_object()), json!({"place": {"zip": "1"}}), "{input}");
    }
}

/// As with what a dump leaves out: a typing error would let in what was to stay out, and nobody would see it.
#[test]
fn a_misspelt_name_is_told_at_once() {
    let none = LoadOptions::new();
    for name in
        ["nme", "place.zp", "places.vrified", "contact.chcked", "pin.admn", "name.x", "is_admin", "place.checked"]
    {
        let names = [name];
        for options in [none.only(&names), none.exclude(&names), none.partial(&names)] {
            let loaded = options.load_partial::<Account>(b"{}");
            // A flattened map takes every name at its level.
            if !name.contains('.') {
                assert!(!loaded.is_err_and(|error| error.is_config()), "{name}");
                continue;
            }
            let error = loaded.unwrap_err();
            assert!(error.is_config() && !error.is_invalid() && error.violations().is_none(), "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(options.load_partial_many::<Account>(b"[]").unwrap_err().is_config());
            assert_eq!(error.to_problem()["status"], 500);
            assert!(!error.to_problem().to_string().contains(name), "{error}");
        }
    }
    for name in ["id", "verfied", "zip.x", "checked"] {
        let names = [name];
        assert!(none.exclude(&names).load_partial::<Place>(b"{}").unwrap_err().is_config(), "{name}");
    }
    for name in ["zip", "verified"] {
        let names = [name];
        assert!(none.exclude(&names).load_partial::<Place>(b"{}").is_ok(), "{name}");
    }
    // Whole events are read as ever.
    assert!(none.only(&["nme"]).load_value::<Account>(everything()).is_ok());
}

/// The error says which name was probably meant, at the step that leads nowhere.
#[test]
fn a_name_that_resembles_a_misspelt_one_is_proposed() {
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    struct Parcel {
        parcel_id: u64,
        #[serde(alias = "items")]
        lines: Vec<Content>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Content {
        weight: u32,
    }

    let told = |name: &'static str| {
        let names = [name];
        let loaded = LoadOptions::new().only(&names).load_partial::<Parcel>(b"{}").unwrap_err().to_string();
        let parcel = Parcel { parcel_id: 1, lines: Vec::new() };
        assert_eq!(DumpOptions::new().only([name]).dump(&parcel).unwrap_err().to_string(), loaded);
        loaded
    };
    let proposed = |name: &'static str, other: &str| {
        assert_eq!(
            told(name),
            format!("the options name the field `{name}`, which the event does not have: did you mean `{other}`?")
        );
    };
    proposed("parcel_id", "parcelId");
    proposed("items", "lines");
    proposed("lines.wieght", "lines.weight");
    proposed("liness.weight", "lines.weight");
    assert_eq!(
        told("colour"),
        "the options name the field `colour`, which the event does not have (fields have their names on the wire)"
    );
}

#[event_schema::event]
#[derive(Debug)]
#[serde(untagged)]
enum Lot {
    Number(u8),
    Bid(Bid),
}

/// Who forgot the context is the service, not the sender.
#[test]
fn a_forgotten_context_is_no_fault_of_the_event() {
    let mut errors = Vec::new();
    let text = br#"{"cents": 1, "bidder": "Ada"}"#;
    errors.push(Bid::load(text).unwrap_err());
    errors.push(Bid::load_value(json!({"cents": 1, "bidder": "Ada"})).unwrap_err());
    errors.push(Bid::load_many(br#"[{"cents": 1}]"#).unwrap_err());
    errors.push(Bid::load_from(1, br#"{"euros": 1}"#).unwrap_err());
    errors.push(Bid::load_typed("bid.v3", text).unwrap_err());
    errors.push(Bid::load_partial(text).unwrap_err());
    errors.push(Auction::load(br#"{"bid": {"cents": 1}, "x": 1}"#).unwrap_err());
    // Also where there is more to say, and where another context was given.
    errors.push(Bid::load(br#"{"cents": 1, "bidder": 7}"#).unwrap_err());
    errors.push(Lot::load(br#"{"cents": 1, "bidder": 7}"#).unwrap_err());
    errors.push(LoadOptions::new().context(&7_u8).load::<Bid>(text).unwrap_err());
    errors.push(LoadOptions::new().max_violations(0).load::<Bid>(text).unwrap_err());
    let part = LoadOptions::new().context(&HUNDRED).load_partial::<Bid>(text).unwrap();
    errors.push(part.apply_to(bid(1)).unwrap_err());
    for error in errors {
        assert!(error.is_config() && !error.is_invalid() && !error.is_syntax(), "{error}");
        assert!(error.violations().is_none() && error.valid_data().is_none(), "{error}");
        let told = "a rule needs a context of type `load::options::Limits`: set it with `LoadOptions::context`";
        assert_eq!(error.to_string(), told);
        let problem = error.to_problem();
        assert_eq!(problem["status"], 500);
        assert!(!problem.to_string().contains("Limits"), "{problem}");
    }
    let error = bid(1).dump().unwrap_err();
    assert!(!error.is_invalid() && error.violations().is_none());
    assert!(error.to_string().contains("DumpOptions::context"), "{error}");
    assert!(!Bid::dump_many(&[bid(1)]).unwrap_err().is_invalid());
    // An event without a value for the rule needs none.
    assert!(Bid::load(br#"{"cents": "x"}"#).unwrap_err().is_invalid());
    assert!(bid(1).validate().is_err());
}

fn unknown(error: &LoadError) -> Vec<String> {
    error.violations().unwrap().iter().map(|one| format!("{} {}", one.path(), one.code())).collect()
}

#[test]
fn unknown_fields_are_raised_or_excluded_at_every_level() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        base: Base,
        flat: Flat,
        tagged: Adjacent,
        span: std::ops::Range<u8>,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Flat {
        #[serde(flatten)]
        base: Base,
        #[serde(skip_deserializing)]
        written: u8,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "t", content = "c", deny_unknown_fields)]
    enum Adjacent {
        One(Base),
    }

    let clean = json!({
        "base": {"id": 1, "admin": true}, "flat": {"id": 2, "admin": false},
        "tagged": {"t": "One", "c": {"id": 3, "admin": true}}, "span": {"start": 1, "end": 2},
    });
    let mut noisy = clean.clone();
    for at in ["", "/base", "/flat", "/tagged", "/tagged/c", "/span"] {
        noisy.pointer_mut(at).unwrap()["stray"] = json!(1);
    }
    noisy["flat"]["written"] = json!(2);

    let (raise, exclude) = (LoadOptions::new().unknown(Unknown::Raise), LoadOptions::new().unknown(Unknown::Exclude));
    let expected = Strict::load_value(clean.clone()).unwrap();
    for options in [raise, exclude] {
        assert_eq!(options.load_value::<Strict>(clean.clone()).unwrap(), expected);
        assert_eq!(options.load_str::<Strict>(&clean.to_string()).unwrap(), expected);
    }
    assert_eq!(exclude.load_value::<Strict>(noisy.clone()).unwrap(), expected);
    assert_eq!(exclude.load_str::<Strict>(&noisy.to_string()).unwrap(), expected);

    let mut found = unknown(&Strict::load_value(noisy.clone()).unwrap_err());
    found.sort();
    assert_eq!(found, ["span.stray unknown", "stray unknown", "tagged.stray unknown"]);
    for error in [raise.load_value::<Strict>(noisy.clone()), raise.load_str::<Strict>(&noisy.to_string())] {
        let mut found = unknown(&error.unwrap_err());
        found.sort();
        assert_eq!(
            found,
            [
                "base.stray unknown",
                "flat.stray unknown",
                "flat.written unknown",
                "span.stray unknown",
                "stray unknown",
                "tagged.c.stray unknown",
                "tagged.stray unknown",
            ]
        );
    }
}

/// What is left of an object for flattened fields is known to the level that they stand on.
#[test]
fn what_another_flattened_field_reads_is_not_unknown() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Spread {
        id: u8,
        #[serde(flatten)]
        kind: Kind,
        #[serde(flatten)]
        outer: Outer,
        #[serde(flatten)]
        last: Last,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Kind {
        Person { age: u8 },
        Company,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Outer {
        outer: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Inner {
        inner: Base,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Last {
        last: u8,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Rest {
        id: u8,
        #[serde(flatten)]
        kind: Kind,
        #[serde(flatten)]
        all: Option<std::collections::BTreeMap<String, Value>>,
    }

    let raise = LoadOptions::new().unknown(Unknown::Raise);
    let person = json!({
        "id": 1, "kind": "Person", "age": 2, "outer": 3, "inner": {"id": 1, "admin": true}, "last": 4,
    });
    let company = json!({"id": 1, "kind": "Company", "outer": 3, "inner": {"id": 1, "admin": true}, "last": 4});
    for clean in [&person, &company] {
        assert_eq!(raise.load_value::<Spread>(clean.clone()).unwrap(), Spread::load_value(clean.clone()).unwrap());
        assert!(raise.load_str::<Spread>(&clean.to_string()).is_ok());
        assert!(raise.load_str::<Rest>(&clean.to_string()).is_ok());
        let mut noisy = clean.clone();
        noisy["more"] = json!(1);
        assert_eq!(unknown(&raise.load_value::<Spread>(noisy).unwrap_err()), ["more unknown"]);
    }
    let mut noisy = person;
    noisy["inner"]["more"] = json!(1);
    assert_eq!(unknown(&raise.load_value::<Spread>(noisy).unwrap_err()), ["inner.more unknown"]);
}
