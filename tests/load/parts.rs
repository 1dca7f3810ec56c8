//! Parts of events: those that a partial load gives, and those that a dump writes.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]

use std::collections::BTreeMap;
use std::sync::Arc;

use event_schema::prelude::*;
use event_schema::{DumpOptions, Partial};
use serde_json::{Value, json};

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
struct Address {
    street: String,
    #[serde(alias = "plz")]
    #[validate(length(min = 5))]
    zip: String,
    #[serde(skip)]
    checked: bool,
}

#[event_schema::event(post_load = tidy)]
#[derive(Debug, Clone, PartialEq)]
struct Customer {
    #[serde(alias = "mail")]
    email: String,
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip)]
    session: u32,
    #[serde(skip_deserializing)]
    created: u64,
    address: Address,
    former: Option<Arc<Address>>,
    labels: BTreeMap<u16, Address>,
    aliases: Vec<String>,
    #[event(plain)]
    since: Option<u32>,
    #[serde(flatten)]
    contact: Contact,
    #[serde(flatten)]
    kind: Kind,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
struct Contact {
    #[serde(alias = "tel")]
    phone: Option<String>,
    fax: Option<String>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(tag = "kind")]
enum Kind {
    Person { age: u8 },
    Company,
}

fn tidy(mut customer: Customer) -> Customer {
    customer.email.make_ascii_lowercase();
    customer
}

fn address(zip: &str) -> Address {
    Address { street: "Main St".into(), zip: zip.into(), checked: true }
}

fn customer() -> Customer {
    Customer {
        email: "ada@example.org".into(),
        password: "secret".into(),
        session: 7,
        created: 1815,
        address: address("10115"),
        former: Some(Arc::new(address("20000"))),
        labels: BTreeMap::from([(1, address("11111")), (2, address("22222"))]),
        aliases: vec!["a".into(), "b".into()],
        since: Some(1),
        contact: Contact { phone: Some("1".into()), fax: Some("2".into()) },
        kind: Kind::Person { age: 36 },
        extra: BTreeMap::from([("note".into(), json!({"a": 1, "b": [1]}))]),
    }
}

fn part(input: &Value) -> Partial<Customer> {
    Customer::load_partial(input.to_string().as_bytes()).unwrap_or_else(|error| panic!("{input}: {error}"))
}

#[test]
fn a_part_changes_what_it_has_and_nothing_else() {
    let changed = |input: Value| part(&input).apply_to(customer()).unwrap_or_else(|error| panic!("{input}: {error}"));
    assert_eq!(changed(json!({})), customer());
    assert_eq!(changed(json!({"email": "Eve@x.org"})), Customer { email: "eve@x.org".into(), ..customer() });
    assert_eq!(changed(json!({"mail": "Eve@x.org"})), Customer { email: "eve@x.org".into(), ..customer() });
    assert_eq!(changed(json!({"password": "other"})), Customer { password: "other".into(), ..customer() });
    // Structs and maps are merged, all the way down.
    assert_eq!(changed(json!({"address": {"plz": "99999"}})), Customer { address: address("99999"), ..customer() });
    assert_eq!(
        changed(json!({"former": {"zip": "99999"}})),
        Customer { former: Some(Arc::new(address("99999"))), ..customer() }
    );
    assert_eq!(changed(json!({"former": null})), Customer { former: None, ..customer() });
    assert_eq!(
        changed(json!({"labels": {"2": {"zip": "33333"}, "3": {"street": "x", "zip": "44444"}}})).labels,
        BTreeMap::from([
            (1, address("11111")),
            (2, address("33333")),
            (3, Address { street: "x".into(), zip: "44444".into(), checked: false }),
        ])
    );
    // Lists, foreign values and enums are replaced.
    assert_eq!(changed(json!({"aliases": ["c"]})), Customer { aliases: vec!["c".into()], ..customer() });
    assert_eq!(changed(json!({"since": 2})), Customer { since: Some(2), ..customer() });
    assert_eq!(changed(json!({"kind": "Company"})), Customer { kind: Kind::Company, ..customer() });
    // What is flattened has its own.
    let contact = Contact { phone: Some("3".into()), fax: Some("2".into()) };
    assert_eq!(changed(json!({"tel": "3"})), Customer { contact, ..customer() });
    let extra = BTreeMap::from([("note".into(), json!({"a": 1, "b": 2})), ("more".into(), json!(3))]);
    assert_eq!(changed(json!({"note": {"b": 2}, "more": 3})), Customer { extra, ..customer() });
}

#[test]
fn the_changed_event_is_judged_as_a_whole() {
    let says = |input: Value, customer: Customer| {
        part(&input).apply_to(customer).unwrap_err().violations().unwrap().to_messages()
    };
    let short = json!(["Shorter than minimum length 5."]);
    let invalid = Customer { address: address("1"), ..customer() };
    assert_eq!(says(json!({"email": "x"}), invalid.clone()), json!({"address": {"zip": short}}));
    assert_eq!(part(&json!({"address": {"zip": "10115"}})).apply_to(invalid).unwrap(), customer());
    let nobody = Customer { former: None, ..customer() };
    assert_eq!(
        says(json!({"former": {"zip": "10115"}}), nobody),
        json!({"former": {"street": ["Missing data for required field."]}})
    );
    assert_eq!(says(json!({"age": 3}), customer()), json!({"kind": ["Missing data for required field."]}));
}

/// By the name on the wire, under which the event is written.
#[test]
fn a_parts_fields_have_their_names() {
    let part = part(&json!({"mail": "Ada@Example.org", "tel": "3", "more": 1, "address": {"plz": "10115"}}));
    for name in ["email", "phone", "more", "address"] {
        assert!(part.contains(name), "{name}");
    }
    for name in ["mail", "tel", "fax"] {
        assert!(!part.contains(name), "{name}");
    }
    assert_eq!(part.get::<String>("email").unwrap().unwrap(), "Ada@Example.org");
    let address = part.get::<Partial<Address>>("address").unwrap().unwrap();
    assert_eq!(address.get::<String>("zip").unwrap().unwrap(), "10115");
    assert_eq!(part.as_object().keys().collect::<Vec<_>>().len(), 4);
}

#[event_schema::event(pre_load = unwrap)]
#[derive(Debug, PartialEq)]
struct User {
    name: String,
    age: u8,
    #[serde(skip)]
    seen: u8,
}

/// Not for what has been unwrapped before: one hook, one time.
fn unwrap(mut value: Value) -> Result<Value, Violation> {
    value.get_mut("user").map(Value::take).ok_or_else(|| Violation::new("wrapped").with_message("No user."))
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Team {
    lead: User,
}

#[test]
fn a_part_is_what_the_hook_makes_of_it() {
    let part = User::load_partial(br#"{"user": {"name": "Ada"}}"#).unwrap();
    assert!(part.contains("name") && !part.contains("user"));
    assert_eq!(part.get::<String>("name").unwrap().unwrap(), "Ada");
    let user = |name: &str| User { name: name.into(), age: 36, seen: 1 };
    assert_eq!(part.apply_to(user("Eve")).unwrap(), user("Ada"));

    let part = Team::load_partial(br#"{"lead": {"user": {"name": "Ada"}}}"#).unwrap();
    assert_eq!(part.apply_to(Team { lead: user("Eve") }).unwrap(), Team { lead: user("Ada") });
    let error = Team::load_partial(br#"{"lead": {"name": "Ada"}}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"lead": {"_schema": ["No user."]}}));
}

#[test]
fn a_part_needs_the_context_of_its_rules() {
    struct Limits {
        max: u32,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[validate(context = Limits)]
    struct Bid {
        #[validate(custom(function = affordable, use_context))]
        cents: u32,
        bidder: String,
    }
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Auction {
        bid: Bid,
    }
    fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
        if cents <= limits.max { Ok(()) } else { Err(Violation::new("expensive")) }
    }

    let (small, large) = (Limits { max: 10 }, Limits { max: 100 });
    let options = LoadOptions::new().context(&large);
    let auction = |cents| Auction { bid: Bid { cents, bidder: "Ada".into() } };
    let part = options.load_partial::<Auction>(br#"{"bid": {"cents": 90}}"#).unwrap();
    assert_eq!(options.apply(&part, auction(1)).unwrap(), auction(90));
    let error = LoadOptions::new().context(&small).apply(&part, auction(1)).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].path().to_string(), "bid.cents");
    assert!(part.apply_to(auction(1)).unwrap_err().is_config());
    let bid = options.load_field::<Partial<Bid>>(&part, "bid").unwrap().unwrap();
    assert_eq!(bid.get::<u32>("cents").unwrap(), Some(90));
    assert!(part.get::<Partial<Bid>>("bid").is_err());
}

/// Paths begin at the part, also those of what its fields are taken for.
#[test]
fn a_field_taken_for_another_type_is_told_by_its_name() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Line {
        sku: String,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Order {
        lines: Vec<Line>,
    }

    let part = Order::load_partial(br#"{"lines": [{}, {"sku": "A"}]}"#).unwrap();
    let error = part.get::<Vec<Line>>("lines").unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nlines[0].sku: Missing data for required field.");
    let error = LoadOptions::new().valid_data(true).load_field::<Vec<Line>>(&part, "lines").unwrap_err();
    assert_eq!(error.valid_data(), Some(&serde_json::json!({"lines": [{}, {"sku": "A"}]})));
    assert_eq!(part.get::<u8>("lines").unwrap_err().to_string(), "1 violation\nlines: Not a valid integer.");
}

/// A rule of the whole runs on a part that has all fields that can be read, options aside, and on no other.
#[test]
fn a_whole_part_is_judged_as_a_whole() {
    #[event_schema::event]
    #[derive(Debug)]
    #[validate(schema(function = in_order, message = "Ends before it starts."))]
    struct Window {
        start: u32,
        end: u32,
        note: Option<String>,
        #[event(plain)]
        #[validate(required)]
        more: Option<u8>,
        #[serde(skip)]
        #[validate(range(min = 1))]
        seen: u32,
        #[serde(default = "ten")]
        step: u32,
    }
    fn ten() -> u32 {
        10
    }
    fn in_order(window: &Window) -> Result<(), Violation> {
        if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
    }

    let wrong = json!({"_schema": ["Ends before it starts."]});
    let error = Window::load_partial(br#"{"start": 2, "end": 1, "step": 1}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), wrong);
    for part in [r#"{"start": 2, "end": 1}"#, r#"{"start": 2, "step": 1, "note": "x"}"#, r#"{"end": 1, "more": 1}"#] {
        assert!(Window::load_partial(part.as_bytes()).is_ok(), "{part}");
    }
}

#[test]
fn a_part_is_an_object() {
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
        Object { x: u8 },
    }
    let error = Either::load_partial(b"7").unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"_schema": ["Invalid input type."]}));
    assert!(Either::load_partial(br#"{"x": 1}"#).unwrap().contains("x"));
}

#[event_schema::event]
#[derive(Debug)]
struct Order {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Box<Buyer>>,
    counts: BTreeMap<String, u8>,
    #[serde(skip_serializing)]
    secret: u8,
    payment: Payment,
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<Value>,
}

#[event_schema::event]
#[derive(Debug)]
struct Line {
    sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u32>,
}

#[event_schema::event]
#[derive(Debug)]
struct Buyer {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Box<Buyer>>,
}

#[event_schema::event]
#[derive(Debug)]
#[serde(tag = "type")]
enum Payment {
    Card {
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
    },
    Cash,
}

fn order() -> Order {
    Order {
        id: 7,
        note: None,
        lines: vec![Line { sku: "a".into(), cost: None }, Line { sku: "b".into(), cost: None }],
        customer: None,
        counts: BTreeMap::new(),
        secret: 1,
        payment: Payment::Card { number: None },
        any: None,
    }
}

#[track_caller]
fn written(options: &DumpOptions<'_>) -> Value {
    serde_json::from_slice(&options.dump(&order()).unwrap()).unwrap()
}

#[test]
fn only_nothing_is_nothing() {
    assert_eq!(written(&DumpOptions::new().only::<&str>([])), json!({}));
    assert_eq!(written(&DumpOptions::new().only::<&str>([]).only(["id"])), json!({"id": 7}));
    // All of a field is chosen, whatever else is said of it.
    let lines = json!({"lines": [{"sku": "a"}, {"sku": "b"}]});
    assert_eq!(written(&DumpOptions::new().only(["lines", "lines.cost"])), lines);
    assert_eq!(written(&DumpOptions::new().only(["lines.cost", "lines"])), lines);
}

/// A field that this event leaves out is a field; one that no event has is a typing error.
#[test]
fn fields_that_are_left_out_have_names() {
    let all = written(&DumpOptions::new());
    let absent = [
        "note",
        "lines.cost",
        "customer",
        "customer.name",
        "customer.parent.parent.name",
        "counts.any",
        "payment.number",
        "any",
        "any.more",
    ];
    for name in absent {
        assert_eq!(written(&DumpOptions::new().exclude([name])), all, "{name}");
        assert!(DumpOptions::new().only([name]).dump(&order()).is_ok(), "{name}");
    }
    for name in ["nte", "secret", "lines.costs", "customer.nme", "customer.parent.nme", "payment.numbr", "id.x"] {
        let error = DumpOptions::new().exclude([name]).dump(&order()).unwrap_err();
        assert!(!error.is_invalid() && error.to_string().contains(name), "{error}");
        assert!(DumpOptions::new().only([name]).dump(&order()).is_err(), "{name}");
    }
}

/// Which names are errors does not depend on what this event holds.
#[test]
fn a_name_is_right_or_wrong_for_all_events_of_a_type() {
    let empty = Order { lines: Vec::new(), ..order() };
    for name in ["lines.cost", "lines.sku"] {
        assert!(DumpOptions::new().exclude([name]).dump(&empty).is_ok(), "{name}");
    }
    for order in [&order(), &empty] {
        let error = DumpOptions::new().exclude(["lines.costs"]).dump(order).unwrap_err();
        assert!(error.to_string().contains("lines.costs"), "{error}");
    }
    #[event_schema::event]
    struct Nullable {
        line: Option<Line>,
    }
    let nullable = Nullable { line: None };
    assert!(DumpOptions::new().exclude(["line.cost"]).dump(&nullable).is_ok());
    assert!(DumpOptions::new().exclude(["line.costs"]).dump(&nullable).is_err());
}

#[test]
fn names_are_found_in_types_of_any_name_and_form() {
    #[event_schema::event]
    #[serde(rename = "Größe")]
    struct Size {
        #[serde(skip_serializing_if = "Option::is_none")]
        height: Option<u8>,
    }
    #[event_schema::event]
    #[schemars(rename = "Page<{T}>")]
    struct Page<T> {
        items: Vec<T>,
    }
    #[event_schema::event]
    #[serde(tag = "t", content = "c")]
    enum Choice {
        One { a: u8 },
        Two(Size),
        None,
    }
    #[event_schema::event]
    #[serde(tag = "kind")]
    struct Sheet {
        size: Option<Size>,
        pages: Option<Page<Size>>,
        choices: Vec<Choice>,
        pair: Option<(u8, Size)>,
        named: BTreeMap<String, Size>,
        #[serde(flatten)]
        flat: Size,
    }
    let sheet = Sheet {
        size: None,
        pages: None,
        choices: Vec::new(),
        pair: None,
        named: BTreeMap::new(),
        flat: Size { height: None },
    };
    for name in [
        "kind",
        "size.height",
        "pages.items.height",
        "choices.t",
        "choices.c.a",
        "choices.c.height",
        "pair.height",
        "named.any.height",
        "height",
    ] {
        let result = DumpOptions::new().exclude([name]).dump(&sheet);
        assert!(result.is_ok(), "{name}: {result:?}");
    }
    for name in ["kind.x", "size.width", "pages.height", "choices.c.b", "choices.One", "named.any.width", "flat"] {
        assert!(DumpOptions::new().exclude([name]).dump(&sheet).is_err(), "{name}");
    }
}

/// Every way leads back to the type: each is gone once.
#[test]
fn an_unknown_name_in_a_type_that_holds_itself_is_soon_told() {
    #[derive(Serialize, EventSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "the way that is searched")]
    enum Tree {
        Left(Box<Tree>),
        Right(Box<Tree>),
        Both { left: Box<Tree>, right: Box<Tree> },
        Leaf { size: u8 },
    }
    let leaf = Tree::Leaf { size: 1 };
    assert!(DumpOptions::new().exclude(["left.right.left.size"]).dump(&leaf).is_ok());
    assert!(DumpOptions::new().exclude(["left.right.left.sizes"]).dump(&leaf).is_err());
}

/// A part puts into what is flattened only what it has of it.
#[test]
fn parts_leave_flattened_values_that_they_do_not_have() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Nothing;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Spread {
        a: Option<u8>,
        #[serde(flatten)]
        null: (),
        #[serde(flatten)]
        unit: Nothing,
        #[serde(flatten)]
        mark: std::marker::PhantomData<u8>,
        #[serde(flatten)]
        boxed: Box<()>,
        #[serde(flatten)]
        range: std::ops::Range<u8>,
        #[serde(flatten)]
        wait: std::time::Duration,
    }
    let before = Spread {
        a: None,
        null: (),
        unit: Nothing,
        mark: std::marker::PhantomData,
        boxed: Box::new(()),
        range: 1..9,
        wait: std::time::Duration::from_secs(1),
    };
    let apply = |part: &str| Spread::load_partial(part.as_bytes()).unwrap().apply_to(before.clone()).unwrap();
    assert_eq!(apply("{}"), before);
    assert_eq!(apply(r#"{"a": 1}"#), Spread { a: Some(1), ..before.clone() });
    assert_eq!(apply(r#"{"start": 2, "end": 3}"#), Spread { range: 2..3, ..before.clone() });
    let wait = std::time::Duration::new(2, 3);
    assert_eq!(apply(r#"{"nanos": 3, "secs": 2, "a": 1}"#), Spread { a: Some(1), wait, ..before.clone() });
}

/// What an event has no field for cannot be carried into a store by way of a part.
mod what_the_event_does_not_read {
    use super::*;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Account {
        #[serde(alias = "mail")]
        email: String,
        #[serde(skip_deserializing)]
        created: u64,
        #[serde(rename(serialize = "out", deserialize = "in"))]
        way: Option<u8>,
        place: Place,
        places: Vec<Place>,
        named: BTreeMap<String, Place>,
        pair: (u8, Place),
        choice: Choice,
        tagged: Tagged,
        beside: Beside,
        any: Value,
        #[event(plain)]
        #[schemars(with = "Value")]
        plain: Option<BTreeMap<String, u8>>,
        #[serde(flatten)]
        base: Base,
        #[serde(flatten)]
        kind: Kind,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Base {
        #[serde(alias = "no")]
        id: u64,
        #[serde(flatten)]
        inner: Inner,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Inner {
        deep: Option<Place>,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Place {
        #[serde(alias = "plz")]
        zip: String,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    enum Choice {
        Unit,
        #[serde(alias = "P")]
        Place(Place),
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[serde(tag = "t")]
    enum Tagged {
        Unit,
        Place(Place),
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[serde(tag = "t", content = "c")]
    enum Beside {
        Place(Place),
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[serde(untagged)]
    enum Form {
        Number(u8),
        Place(Place),
        Sum { sum: u8, place: Place },
    }

    #[track_caller]
    fn holds<E: EventSchema>(input: &Value, expected: &Value) {
        let part = E::load_partial(input.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Value::Object(part.as_object().clone()), *expected);
        assert_eq!(serde_json::to_value(&part).unwrap(), *expected);
        assert_eq!(Value::Object(part.into_object()), *expected);
    }

    #[test]
    fn is_in_no_part_of_it() {
        let (place, clean) = (json!({"plz": "1", "admin": true}), json!({"zip": "1"}));
        let mut input = json!({
            "mail": "a@b", "created": 7, "out": 1, "in": 2, "place": place, "places": [place, place],
            "named": {"x": place}, "pair": [1, place], "choice": {"P": place}, "no": 1, "deep": place, "kind": "Person",
            "age": 3, "is_admin": true, "any": {"left": 1}, "plain": {"a": 1},
        });
        input["tagged"] = json!({"t": "Place", "plz": "1", "admin": true});
        input["beside"] = json!({"t": "Place", "c": place, "admin": true});
        let expected = json!({
            "email": "a@b", "in": 2, "place": clean, "places": [clean, clean], "named": {"x": clean},
            "pair": [1, clean], "choice": {"Place": clean}, "id": 1, "deep": clean, "kind": "Person", "age": 3,
            "any": {"left": 1}, "plain": {"a": 1}, "tagged": {"t": "Place", "zip": "1"},
            "beside": {"t": "Place", "c": clean},
        });
        holds::<Account>(&input, &expected);
        holds::<Account>(
            &json!({"tagged": {"t": "Unit", "zip": "1"}, "choice": "Unit"}),
            &json!({
                "tagged": {"t": "Unit"}, "choice": "Unit",
            }),
        );
        holds::<Form>(&json!({"sum": 1, "more": 1, "place": place}), &json!({"sum": 1, "place": clean}));
        holds::<Form>(&place, &clean);
        // A flattened map has what is left.
        holds::<Customer>(&json!({"more": {"a": 1}, "tel": "1"}), &json!({"more": {"a": 1}, "phone": "1"}));
    }

    /// A part of a list of parts, or in another event, no less.
    #[test]
    fn is_in_no_other_part() {
        #[derive(Debug, Serialize, EventSchema)]
        struct Update {
            place: Partial<Place>,
        }
        let update = Update::load(br#"{"place": {"plz": "1", "admin": true}}"#).unwrap();
        assert_eq!(update.dump().unwrap(), br#"{"place":{"zip":"1"}}"#);
        let many = Place::load_partial_many(br#"[{"admin": 1}, {"zip": "1", "admin": 1}]"#).unwrap();
        assert_eq!(serde_json::to_value(many).unwrap(), json!([{}, {"zip": "1"}]));
    }
}

/// A part is read as the whole is: what came twice is told, and numbers keep their digits.
#[test]
fn a_part_keeps_every_digit_and_tells_what_came_twice() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Wide {
        big: u128,
        small: Option<i128>,
        price: Option<Box<Wide>>,
        exact: Exact,
    }
    /// Every digit of a number.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    struct Exact(String);
    impl event_schema::load::Leaf for Exact {
        const EXPECTED: &'static event_schema::load::Expected = {
            static E: event_schema::load::Expected = event_schema::load::Expected::new("number");
            &E
        };
        const DIGITS: bool = true;
        fn from_digits(text: &str) -> Option<Self> {
            Some(Self(text.to_owned()))
        }
    }
    impl event_schema::load::FieldType for Exact {
        fn read<'de, D: event_schema::serde::Deserializer<'de>>(
            input: D,
            cx: &mut event_schema::load::Context<'_>,
            at: &event_schema::load::At<'_>,
        ) -> Result<Option<Self>, D::Error> {
            event_schema::load::read_leaf(input, cx, at)
        }
        fn shape() -> event_schema::contract::Shape {
            event_schema::contract::Shape::number()
        }
    }

    let digits = "0.100000000000000000000000000000000001";
    let max = u128::MAX;
    let text = format!(r#"{{"big": {max}, "exact": {digits}, "price": {{"big": {max}, "exact": {digits}}}}}"#);
    let part = Wide::load_partial(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(part.get::<u128>("big").unwrap(), Some(max));
    assert_eq!(part.get::<Exact>("exact").unwrap(), Some(Exact(digits.into())));
    assert_eq!(serde_json::to_string(&part).unwrap().replace(' ', "").matches(digits).count(), 2);
    let inner = part.get::<Partial<Wide>>("price").unwrap().unwrap();
    assert_eq!(inner.get::<u128>("big").unwrap(), Some(max));
    let none = |price| Wide { big: 0, small: None, price, exact: Exact("0".into()) };
    let changed = part.apply_to(none(Some(Box::new(none(None))))).unwrap();
    let wide = |price| Wide { big: max, small: None, price, exact: Exact(digits.into()) };
    assert_eq!(changed, wide(Some(Box::new(wide(None)))));

    for input in [r#"{"big": 1, "big": 2}"#, r#"{"price": {"big": 1, "big": 1}}"#] {
        let error = Wide::load_partial(input.as_bytes()).unwrap_err();
        assert_eq!(error.violations().unwrap()[0].code(), "duplicate", "{input}");
    }
    let error = Contact::load_partial(br#"{"phone": "1", "tel": "2"}"#).unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nphone: Duplicate field.");
}

/// In whichever way the part is used, and at every level.
#[test]
fn a_hook_runs_once_on_a_part() {
    use std::cell::Cell;
    thread_local! {
        static RUNS: Cell<u32> = const { Cell::new(0) };
    }
    #[event_schema::event(pre_load = count)]
    #[derive(Debug, Clone, PartialEq)]
    struct Counted {
        name: String,
        inner: Option<Box<Counted>>,
        list: Option<Vec<Counted>>,
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        counted: Counted,
    }
    fn count(mut value: Value) -> Value {
        RUNS.set(RUNS.get() + 1);
        if let Some(name) = value.get_mut("name").map(Value::take) {
            value["name"] = format!("{}!", name.as_str().unwrap_or_default()).into();
        }
        value
    }

    let input = br#"{"name": "a", "inner": {"name": "b"}, "list": [{"name": "c", "inner": null}]}"#;
    let part = Counted::load_partial(input).unwrap();
    assert_eq!(RUNS.replace(0), 3);
    assert_eq!(
        Value::Object(part.as_object().clone()),
        json!({"name": "a!", "inner": {"name": "b!"}, "list": [{"name": "c!", "inner": null}]})
    );
    let one = |name: &str| Counted { name: name.into(), inner: None, list: None };
    let inner = part.get::<Partial<Counted>>("inner").unwrap().unwrap();
    assert_eq!(inner.get::<String>("name").unwrap().unwrap(), "b!");
    let changed = part.apply_to(Counted { inner: Some(Box::new(one("y"))), ..one("x") }).unwrap();
    let whole = Counted { inner: Some(Box::new(one("b!"))), list: Some(vec![one("c!")]), ..one("a!") };
    assert_eq!(changed, whole);
    let part = LoadOptions::new().exclude(&["inner"]).load_partial::<Counted>(br#"{"name": "a", "inner": {}}"#);
    assert_eq!(Value::Object(part.unwrap().into_object()), json!({"name": "a!"}));
    assert_eq!(RUNS.replace(0), 1);

    let part = Flat::load_partial(br#"{"id": 1, "name": "a"}"#).unwrap();
    let flat = part.apply_to(Flat { id: 0, counted: one("x") }).unwrap();
    assert_eq!(flat, Flat { id: 1, counted: one("a!") });
    assert_eq!(RUNS.replace(0), 1);
}

/// A flattened option of which nothing came is none, in a part as in the whole.
#[test]
fn a_part_with_all_fields_is_judged_as_the_whole_without_a_flattened_option() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[validate(schema(function = in_order, message = "Ends before it starts."))]
    struct Window {
        start: u32,
        end: u32,
        #[serde(flatten)]
        note: Option<Note>,
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Note {
        text: String,
        #[serde(default)]
        #[validate(range(max = 9))]
        weight: u32,
    }
    fn in_order(window: &Window) -> Result<(), Violation> {
        if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
    }

    for input in [
        r#"{"start": 2, "end": 1}"#,
        r#"{"start": 2, "end": 1, "text": "x", "weight": 1}"#,
        r#"{"start": 2, "end": 1, "text": 7}"#,
    ] {
        let whole = Window::load_str(input).unwrap_err().to_string();
        assert_eq!(whole, "1 violation\nEnds before it starts.", "{input}");
        assert_eq!(Window::load_partial(input.as_bytes()).unwrap_err().to_string(), whole, "{input}");
    }
    // It is not known what the weight is.
    assert!(Window::load_partial(br#"{"start": 2, "end": 1, "text": "x"}"#).is_ok());
    assert!(Window::load_partial(br#"{"start": 2, "end": 1, "weight": 3}"#).is_ok());
    assert!(Window::load_partial(br#"{"start": 2, "weight": 3}"#).is_ok());
}

/// A field that only another variant has may be of any depth: neither a load nor a partial load runs out of stack.
#[test]
fn what_no_variant_reads_may_be_deep() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Deep {
        child: Option<Box<Deep>>,
    }

    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Either {
        Id { id: u32 },
        Deep { deep: Deep },
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        either: Either,
    }

    let text = |depth: usize| {
        let (open, close) = (r#"{"child":"#.repeat(depth), "}".repeat(depth));
        format!(r#"{{"either":{{"id":1,"deep":{open}null{close}}}}}"#)
    };
    assert!(Event::load(text(20_000).as_bytes()).is_ok());
    for depth in [100, 20_000] {
        let part = Event::load_partial(text(depth).as_bytes()).unwrap();
        assert_eq!(Value::Object(part.into_object()), json!({"either": {"id": 1}}));
    }
}

/// Keys are long and values many: the work is not the product of both.
#[test]
fn a_part_with_a_long_key_is_read_in_time() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        lists: BTreeMap<String, Vec<u32>>,
    }

    let text = format!(r#"{{"lists":{{"{}":[{}1]}}}}"#, "k".repeat(1_000_000), "1,".repeat(100_000));
    assert!(Event::load_partial(text.as_bytes()).unwrap().contains("lists"));
}

/// What a part of an `E` has in its own terms: as an object, as text, and when it is read again.
#[track_caller]
fn holds<E: EventSchema>(input: &str, expected: &Value) -> Partial<E> {
    let part = E::load_partial(input.as_bytes()).unwrap_or_else(|error| panic!("{input}: {error}"));
    assert_eq!(Value::Object(part.as_object().clone()), *expected, "{input}");
    let text = serde_json::to_string(&part).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *expected, "{input}");
    assert_eq!(text.matches(':').count(), expected.to_string().matches(':').count(), "nothing twice: {text}");
    part
}

/// Puts an exclamation mark behind the name: how often it has run can be seen.
fn exclaim(mut value: Value) -> Value {
    if let Some(name) = value.get("name").and_then(Value::as_str) {
        value["name"] = format!("{name}!").into();
    }
    value
}

#[event_schema::event(pre_load = exclaim)]
#[derive(Debug, Clone, PartialEq)]
struct Loud {
    name: String,
    level: Option<u8>,
}

mod untagged {
    //! Enums without any tag.

    use super::*;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[serde(untagged)]
    enum Grant {
        User {
            user: String,
            #[serde(alias = "n")]
            note: Option<String>,
        },
        Role {
            #[validate(length(max = 5))]
            role: String,
            #[validate(range(max = 9))]
            level: u8,
            #[serde(alias = "n")]
            name: Option<String>,
            admin: Option<bool>,
        },
        Loud(Box<Loud>),
        Many(Vec<Grant>),
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        grant: Grant,
    }

    /// What only another variant has is as unknown as what no variant has.
    #[test]
    fn a_part_has_the_fields_of_one_variant() {
        holds::<Event>(
            r#"{"grant": {"user": "a", "admin": true, "n": "x"}}"#,
            &json!({"grant": {"user": "a", "note": "x"}}),
        );
        let role = json!({"grant": {"role": "a", "level": 1, "admin": true, "name": "x"}});
        let input = r#"{"grant": {"role": "a", "level": 1, "admin": true, "n": "x", "note": 7}}"#;
        let part = holds::<Event>(input, &role);
        let changed = part.apply_to(Event { grant: Grant::Many(Vec::new()) }).unwrap();
        assert_eq!(changed, Event::load_str(input).unwrap());
        holds::<Event>(
            r#"{"grant": [{"role": "a", "level": 1, "user": 7}, {"name": "b", "admin": true}, []]}"#,
            &json!({"grant": [{"role": "a", "level": 1}, {"name": "b!"}, []]}),
        );
        // In a list of lists each element is told of once.
        holds::<Event>(
            r#"{"grant": [[{"admin": true, "x": 1}, {"level": 3, "x": 1}], [{"n": "y", "x": 1}]]}"#,
            &json!({"grant": [[{"admin": true}, {"level": 3}], [{"note": "y"}]]}),
        );
        // On the level of the event, too.
        holds::<Grant>(r#"{"user": "a", "role": "b"}"#, &json!({"user": "a"}));
    }

    /// Where none is whole, every struct fits: the part is of the variant that has the most of its entries.
    #[test]
    fn a_part_of_a_variant_is_of_the_likeliest() {
        holds::<Event>(r#"{"grant": {"level": 3, "more": 1}}"#, &json!({"grant": {"level": 3}}));
        holds::<Event>(r#"{"grant": {"admin": true, "n": "x"}}"#, &json!({"grant": {"admin": true, "name": "x"}}));
        holds::<Event>(r#"{"grant": {"n": "x"}}"#, &json!({"grant": {"note": "x"}}));
        holds::<Event>(r#"{"grant": {}}"#, &json!({"grant": {}}));
        let says = |input: &str| Event::load_partial(input.as_bytes()).unwrap_err().to_string();
        // Whose rules it must satisfy.
        assert_eq!(says(r#"{"grant": {"level": 10}}"#), "1 violation\ngrant.level: Must be less than or equal to 9.");
        assert_eq!(
            says(r#"{"grant": {"level": 1, "role": "abcdef"}}"#),
            "1 violation\ngrant.role: Longer than maximum length 5."
        );
        assert!(Event::load_partial(br#"{"grant": 7}"#).is_err());
    }

    /// Choices within choices cost a part no more than the whole.
    #[test]
    fn a_part_of_nested_choices_is_read() {
        #[event_schema::event]
        #[derive(Debug, PartialEq)]
        #[serde(untagged)]
        enum Nest {
            Leaf { size: u8 },
            Node { child: Box<Nest>, note: Option<u8> },
        }
        let text = |depth: usize, leaf: &str| format!("{}{leaf}{}", r#"{"child":"#.repeat(depth), "}".repeat(depth));
        let own = |input: &str| serde_json::to_string(&Nest::load_partial(input.as_bytes()).unwrap()).unwrap();
        assert_eq!(own(&text(100, r#"{"x":1,"size":1,"note":2}"#)), text(100, r#"{"size":1}"#));
        assert_eq!(own(&text(15, r#"{"x":1,"note":2}"#)), text(15, r#"{"note":2}"#));
    }

    /// The hooks of variants that were tried leave nothing.
    #[test]
    fn a_hook_of_another_variant_changes_nothing() {
        #[event_schema::event]
        #[derive(Debug)]
        #[serde(untagged)]
        enum Either {
            Loud(Strict),
            Quiet { name: String, id: u8 },
        }
        #[event_schema::event(pre_load = exclaim)]
        #[derive(Debug)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            name: String,
        }
        holds::<Either>(r#"{"name": "a", "id": 1}"#, &json!({"name": "a", "id": 1}));
        holds::<Either>(r#"{"name": "a"}"#, &json!({"name": "a!"}));
    }
}

/// A flattened map does not take what is only written, and so no part has it.
#[test]
fn names_that_are_only_written_are_in_no_part() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        way: Option<u8>,
        #[serde(skip_deserializing)]
        created: u8,
        #[serde(flatten)]
        base: Base,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Base {
        #[serde(rename(serialize = "uit"))]
        way_too: Option<u8>,
    }
    let before = Event { way: None, created: 7, base: Base { way_too: None }, rest: BTreeMap::new() };
    let input = r#"{"in": 1, "out": 2, "created": 3, "uit": 4, "way_too": 5, "more": 6}"#;
    let part = holds::<Event>(input, &json!({"in": 1, "way_too": 5, "more": 6}));
    let whole = Event::load_str(input).unwrap();
    assert_eq!(part.apply_to(before).unwrap(), Event { created: 7, ..whole });
}

/// Of entries with the same key the last one counts, in a part as in the whole, with all that hooks made of it.
#[test]
fn a_key_that_comes_twice_is_the_last_one() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        named: BTreeMap<String, Loud>,
    }
    let input = r#"{"named": {"a": {"name": "x", "level": 1}, "b": {"name": "y"}, "a": {"name": "z"}}}"#;
    let part = holds::<Event>(input, &json!({"named": {"a": {"name": "z!"}, "b": {"name": "y!"}}}));
    let whole = part.apply_to(Event { named: BTreeMap::new() }).unwrap();
    assert_eq!(whole, Event::load_str(input).unwrap());
}

mod keys {
    //! Keys of types of their own.

    use super::*;

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Secret(#[event(sensitive)] String);

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(from = "String", into = "String")]
    struct Lower(String);

    impl From<String> for Lower {
        fn from(text: String) -> Self {
            Self(text.to_lowercase())
        }
    }

    impl From<Lower> for String {
        fn from(lower: Lower) -> Self {
            lower.0
        }
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        secret: Option<BTreeMap<Secret, Loud>>,
        lower: Option<BTreeMap<Lower, Loud>>,
        number: Option<BTreeMap<u8, Vec<Loud>>>,
    }

    const NONE: Event = Event { secret: None, lower: None, number: None };

    #[test]
    fn what_hooks_make_stands_under_keys_of_any_type() {
        let input = r#"{
            "secret": {"pin": {"name": "a"}, "pan": {"name": "b"}},
            "lower": {"ABC": {"name": "c", "more": 1}},
            "number": {"1": [{"name": "d"}, {"name": "e"}]}
        }"#;
        let expected = json!({
            "secret": {"pin": {"name": "a!"}, "pan": {"name": "b!"}},
            "lower": {"ABC": {"name": "c!"}},
            "number": {"1": [{"name": "d!"}, {"name": "e!"}]},
        });
        let part = holds::<Event>(input, &expected);
        assert_eq!(part.apply_to(NONE).unwrap(), Event::load_str(input).unwrap());
    }

    /// Two texts may be one key.
    #[test]
    fn keys_that_are_the_same_to_the_map_are_one() {
        let input = r#"{"lower": {"A": {"name": "x", "level": 1}, "b": {"name": "y"}, "a": {"name": "z"}}}"#;
        let part = holds::<Event>(input, &json!({"lower": {"a": {"name": "z!"}, "b": {"name": "y!"}}}));
        assert_eq!(part.apply_to(NONE).unwrap(), Event::load_str(input).unwrap());
    }
}

/// What a flattened option could not read is in no part: the event does not read it.
#[test]
fn a_part_has_nothing_of_a_flattened_option_that_did_not_fit() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        id: Option<u8>,
        #[serde(flatten)]
        note: Option<Note>,
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Note {
        text: String,
        weight: Option<u8>,
    }
    let input = r#"{"id": 1, "text": 7, "weight": 2}"#;
    let part = holds::<Event>(input, &json!({"id": 1}));
    assert_eq!(part.apply_to(Event { id: None, note: None }).unwrap(), Event::load_str(input).unwrap());
    holds::<Event>(r#"{"id": 1, "weight": 2}"#, &json!({"id": 1, "weight": 2}));
}

mod hooks_of_shared_objects {
    //! Hooks of values that stand in one object with others.

    use super::*;

    /// Makes entries of its own and of others.
    fn meddle(mut value: Value) -> Value {
        for name in ["id", "other", "rest", "own", "deep"] {
            value[name] = match name {
                "deep" => json!({"name": "deep", "more": 1}),
                _ => "made".into(),
            };
        }
        value
    }

    #[event_schema::event(pre_load = meddle)]
    #[derive(Debug, Clone, PartialEq)]
    struct Meddler {
        own: String,
        deep: Option<Loud>,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Other {
        other: String,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        id: String,
        #[serde(flatten)]
        meddler: Meddler,
        #[serde(flatten)]
        between: Other,
        #[serde(flatten)]
        all: BTreeMap<String, String>,
    }

    #[test]
    fn a_hook_of_a_flattened_struct_changes_nothing_of_others() {
        let input = r#"{"id": "1", "own": "2", "other": "3", "rest": "4"}"#;
        let made = json!({"name": "deep!"});
        let expected = json!({"id": "1", "own": "made", "deep": made, "other": "3", "rest": "4"});
        let part = holds::<Event>(input, &expected);
        let whole = Event::load_str(input).unwrap();
        let nothing = Event {
            id: String::new(),
            meddler: Meddler { own: String::new(), deep: None },
            between: Other { other: String::new() },
            all: BTreeMap::new(),
        };
        assert_eq!(part.apply_to(nothing).unwrap(), whole);
        // Of nothing, the hook makes the same.
        holds::<Event>(r#"{"id": "1"}"#, &json!({"id": "1", "own": "made", "deep": made}));
    }

    #[test]
    fn a_hook_behind_a_tag_changes_nothing_of_it() {
        #[event_schema::event]
        #[derive(Debug, Clone, PartialEq)]
        #[serde(tag = "id")]
        enum Tagged {
            A(Meddler),
            #[serde(rename = "B")]
            Quiet(Other),
        }
        let deep = json!({"name": "deep!"});
        for input in [r#"{"id": "A", "x": 1}"#, r#"{"x": 1, "id": "A"}"#] {
            holds::<Tagged>(input, &json!({"id": "A", "own": "made", "deep": deep}));
        }
        holds::<Tagged>(r#"{"id": "B", "x": 1, "other": "o"}"#, &json!({"id": "B", "other": "o"}));
    }

    /// A hook within a hook's value sees what that one made.
    #[test]
    fn hooks_within_hooks_run_once_each() {
        #[event_schema::event(pre_load = exclaim)]
        #[derive(Debug, Clone, PartialEq)]
        struct Outer {
            name: String,
            #[serde(flatten)]
            inner: Inner,
            list: Vec<Loud>,
        }
        #[event_schema::event(pre_load = rename)]
        #[derive(Debug, Clone, PartialEq)]
        struct Inner {
            title: String,
        }
        fn rename(mut value: Value) -> Value {
            if let Some(old) = value.as_object_mut().and_then(|object| object.remove("heading")) {
                value["title"] = old;
                value["name"] = "other".into();
            }
            value
        }
        holds::<Outer>(
            r#"{"name": "a", "heading": "h", "x": 1, "list": [{"name": "b"}, {"level": 1, "x": 1}]}"#,
            &json!({"name": "a!", "title": "h", "list": [{"name": "b!"}, {"level": 1}]}),
        );
    }
}

/// Without its tag nobody reads an enum's data.
#[test]
fn a_part_has_no_data_without_their_tag() {
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Line(Line),
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        adjacent: Option<Adjacent>,
        payment: Option<Payment>,
    }
    holds::<Event>(r#"{"payment": {"number": "x", "admin": 1}}"#, &json!({"payment": {}}));
    holds::<Event>(r#"{"adjacent": {"c": {"sku": 7}}}"#, &json!({"adjacent": {}}));
    let input =
        r#"{"adjacent": {"c": {"sku": "a", "x": 1}, "t": "Line"}, "payment": {"number": 1, "x": 1, "type": "Card"}}"#;
    holds::<Event>(
        input,
        &json!({"adjacent": {"t": "Line", "c": {"sku": "a"}}, "payment": {"type": "Card", "number": 1}}),
    );
}

/// Readers that take an object as a whole take all that is left for them.
#[test]
fn a_part_has_all_of_what_is_read_as_a_whole() {
    /// Read by hand, in a way of its own.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    struct ByHand(Value);
    impl event_schema::load::FieldType for ByHand {
        fn read<'de, D: event_schema::serde::Deserializer<'de>>(
            input: D,
            cx: &mut event_schema::load::Context<'_>,
            at: &event_schema::load::At<'_>,
        ) -> Result<Option<Self>, D::Error> {
            Ok(Value::read(input, cx, at)?.map(Self))
        }
        fn shape() -> event_schema::contract::Shape {
            event_schema::contract::Shape::map(event_schema::contract::Shape::any())
        }
    }
    /// Behind a wrapper that no path tells.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    struct Wrapped(Vec<Line2>);
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Line2 {
        sku: Option<String>,
    }
    impl event_schema::load::FieldType for Wrapped {
        fn read<'de, D: event_schema::serde::Deserializer<'de>>(
            input: D,
            cx: &mut event_schema::load::Context<'_>,
            at: &event_schema::load::At<'_>,
        ) -> Result<Option<Self>, D::Error> {
            let Some(mut value) = Value::read(input, cx, at)? else { return Ok(None) };
            let list = Vec::read(value["list"].take(), cx, at);
            list.map(|list| list.map(Self)).map_err(event_schema::serde::de::Error::custom)
        }
        fn shape() -> event_schema::contract::Shape {
            event_schema::contract::Shape::map(event_schema::contract::Shape::any())
        }
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    #[serde(tag = "t")]
    enum Tagged {
        Any(Value),
        ByHand(ByHand),
        Plain(
            #[event(plain)]
            #[schemars(with = "Value")]
            BTreeMap<String, u8>,
        ),
        Rest {
            a: u8,
            #[serde(flatten)]
            rest: ByHand,
        },
        None(()),
    }
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Event {
        id: u8,
        by_hand: Option<ByHand>,
        wrapped: Option<Wrapped>,
        tagged: Option<Tagged>,
        #[serde(flatten)]
        any: Value,
    }
    for tagged in [
        json!({"t": "Any", "x": {"a": 1}}),
        json!({"t": "ByHand", "x": {"a": 1}}),
        json!({"t": "Plain", "x": 1}),
        json!({"t": "Rest", "a": 1, "b": 2}),
        json!({"t": "None"}),
    ] {
        let input = json!({
            "id": 1, "by_hand": {"a": {"b": 1}}, "wrapped": {"list": [{"sku": "a", "x": 1}], "y": 1}, "tagged": tagged,
            "more": [1],
        });
        let part = holds::<Event>(&input.to_string(), &input);
        let none = Event { id: 0, by_hand: None, wrapped: None, tagged: None, any: json!({}) };
        assert_eq!(part.apply_to(none).unwrap(), Event::load_value(input).unwrap());
    }
}

/// A part within a part is in its own terms, hooks' results included.
#[test]
fn a_part_in_a_part_is_in_its_own_terms() {
    #[derive(Debug, Serialize, EventSchema)]
    struct Update {
        id: u8,
        loud: Partial<Loud>,
        list: Vec<Partial<Contact>>,
    }
    let part = holds::<Update>(
        r#"{"id": 1, "loud": {"name": "a", "x": 1}, "list": [{"tel": "1", "x": 1}]}"#,
        &json!({"id": 1, "loud": {"name": "a!"}, "list": [{"phone": "1"}]}),
    );
    let loud = part.get::<Partial<Loud>>("loud").unwrap().unwrap();
    assert_eq!(loud.get::<String>("name").unwrap().unwrap(), "a!");
}

/// A key that is too long for a path is cut before it is copied: places under it may be many.
#[test]
fn fields_below_a_long_key_are_missing_in_time() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        lists: BTreeMap<String, Vec<Line>>,
    }
    let key = "k".repeat(1 << 20);
    let text = format!(r#"{{"lists":{{"{key}":[{}{{}}]}}}}"#, "{},".repeat(200_000));
    let options = LoadOptions::new().partial(&["lists.sku", "lists.cost"]);
    assert!(options.load_partial::<Event>(text.as_bytes()).is_ok());
    let error = LoadOptions::new().partial(&[]).load_partial::<Event>(text.as_bytes()).unwrap_err();
    let path = error.violations().unwrap()[0].path().to_string();
    assert!(path.len() < 200 && path.contains("kkk…") && path.ends_with("[0].sku"), "{path}");
}

/// A field that may not be read is in no part, also where several lists lead to it.
#[test]
fn what_is_excluded_is_in_no_list_of_lists() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(untagged)]
    enum Cell {
        User { user: String, age: u8, admin: Option<bool> },
        Group { group: String, size: u8 },
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Event {
        grid: Vec<Vec<Cell>>,
    }

    let options = LoadOptions::new().exclude(&["grid.admin"]);
    let input = r#"{"grid": [[{"user": "a", "admin": true}, {"group": "b"}], [{"user": "c", "admin": true}]]}"#;
    let part = options.load_partial::<Event>(input.as_bytes()).unwrap();
    assert_eq!(Value::Object(part.into_object()), json!({"grid": [[{"user": "a"}, {"group": "b"}], [{"user": "c"}]]}));
}

/// The result of a hook is in the part although the rest of the flattened value is missing.
#[test]
fn results_of_hooks_stay_where_the_rest_is_missing() {
    fn from_legacy(mut value: Value) -> Value {
        if let Some(street) = value.as_object_mut().and_then(|value| value.remove("legacy_street")) {
            value["street"] = street;
        }
        value
    }

    #[event_schema::event(pre_load = from_legacy)]
    #[derive(Debug, PartialEq)]
    struct Address {
        street: String,
        zip: String,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Person {
        id: u8,
        #[serde(flatten)]
        address: Option<Address>,
    }

    #[event_schema::event(pre_load = exclaim)]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Kind {
        A { name: String, size: u8 },
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Thing {
        #[serde(flatten)]
        kind: Kind,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    holds::<Person>(r#"{"legacy_street": "x"}"#, &json!({"street": "x"}));
    holds::<Thing>(r#"{"kind": "A", "name": "x", "more": 1}"#, &json!({"kind": "A", "name": "x!", "more": 1}));
}
