//! What the derive and the attribute accept: each module is a program of its own.
//!
//! What they refuse, and with which words, is in `derive/tests/ui`.

/// The attribute comes first and takes over the list below it, whatever it repeats.
mod attribute_above_derive {
    #[event_schema::event(name = "order.requested", topic = "orders", key = order_id)]
    #[derive(Debug, Clone, PartialEq, serde::Serialize, event_schema::EventSchema, validator::Validate)]
    struct OrderRequested {
        #[validate(length(min = 1))]
        order_id: String,
    }

    #[test]
    fn works() {
        use event_schema::EventSchema;

        let order = OrderRequested::load(br#"{"order_id": "a"}"#).unwrap();
        assert_eq!(order.clone(), order);
        assert_eq!(OrderRequested::descriptor().topic(), Some("orders"));
        validator::Validate::validate(&order).unwrap();
    }
}

/// A derive of others' traits may stand above.
mod other_derive_above_attribute {
    #[derive(Debug, Clone)]
    #[event_schema::event(version = 2)]
    struct Ping {
        seq: u64,
    }

    #[test]
    fn works() {
        use event_schema::EventSchema;

        assert_eq!(format!("{:?}", Ping::load(br#"{"seq": 7}"#).unwrap().clone()), "Ping { seq: 7 }");
        assert_eq!(Ping::descriptor().version(), 2);
    }
}

/// The attribute's arguments and `#[event(...)]` are one list.
mod attribute_and_helper {
    #[event_schema::event(version = 2)]
    #[event(name = "ping.sent")]
    struct Ping {
        seq: u64,
    }

    #[test]
    fn works() {
        use event_schema::EventSchema;

        assert_eq!((Ping::descriptor().name(), Ping::descriptor().version()), ("ping.sent", 2));
        assert_eq!(Ping::load(br#"{"seq": 7}"#).unwrap().seq, 7);
    }
}

/// With the attribute imported, `#[event]` is the attribute where it comes first, and the derive's
/// own below the derive.
mod attribute_imported {
    use event_schema::{EventSchema, Serialize, event};

    #[event(name = "first")]
    struct First {
        seq: u64,
    }

    #[derive(Serialize, EventSchema)]
    #[event(name = "second")]
    struct Second {
        seq: u64,
    }

    #[test]
    fn works() {
        assert_eq!((First::descriptor().name(), Second::descriptor().name()), ("first", "second"));
        assert_eq!(First::load(br#"{"seq": 1}"#).unwrap().seq + Second::load(br#"{"seq": 2}"#).unwrap().seq, 3);
    }
}

/// `crate` says where event-schema is when it goes by another name.
mod crate_renamed {
    mod library {
        pub(crate) use event_schema as schema;
    }

    use library::schema::{EventSchema, Serialize};

    #[library::schema::event(crate = library::schema)]
    struct ByAttribute {
        seq: u64,
    }

    #[derive(Serialize, EventSchema)]
    #[event(crate = crate::attributes::crate_renamed::library::schema)]
    struct ByDerive {
        seq: u64,
    }

    #[test]
    fn works() {
        let sum = ByAttribute::load(br#"{"seq": 1}"#).unwrap().seq + ByDerive::load(br#"{"seq": 2}"#).unwrap().seq;
        assert_eq!(sum, 3);
    }
}

/// `validate = false` leaves `impl Validate` to the user.
mod validate_by_hand {
    use event_schema::prelude::*;
    use validator::{Validate, ValidationErrors};

    #[event_schema::event(validate = false)]
    struct Ping {
        #[validate(range(min = 1))]
        seq: u64,
    }

    impl Validate for Ping {
        fn validate(&self) -> Result<(), ValidationErrors> {
            Ok(())
        }
    }

    #[test]
    fn works() {
        let ping = Ping { seq: 0 };
        assert!(EventSchema::validate(&ping).is_err());
        assert!(Validate::validate(&ping).is_ok());
    }
}

mod generics {
    use std::collections::BTreeMap;
    use std::marker::PhantomData;

    use event_schema::prelude::*;

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Envelope<T, M = ()>
    where
        T: Clone,
    {
        #[validate(length(min = 1))]
        id: String,
        body: T,
        others: Vec<Option<T>>,
        by_name: BTreeMap<String, Box<T>>,
        #[serde(skip)]
        mark: PhantomData<M>,
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq)]
    struct Body {
        #[validate(range(max = 9))]
        size: u8,
    }

    /// The phantom's type need not be readable.
    #[derive(Debug, PartialEq)]
    struct Mark;

    #[test]
    fn work() {
        let input = br#"{"id": "", "body": {"size": 10}, "others": [null, {}], "by_name": {"a": {"size": "1"}}}"#;
        let error = Envelope::<Body, Mark>::load(input).unwrap_err();
        assert_eq!(
            error.violations().unwrap().to_messages(),
            event_schema::serde_json::json!({
                "id": ["Shorter than minimum length 1."],
                "body": {"size": ["Must be less than or equal to 9."]},
                "others": {"1": {"size": ["Missing data for required field."]}},
                "by_name": {"a": {"value": {"size": ["Not a valid integer."]}}},
            })
        );
        let input = br#"{"id": "a", "body": 1, "others": [], "by_name": {}}"#;
        assert_eq!(Envelope::<u32>::load(input).unwrap().body, 1);
    }
}

/// Every rule, with every argument, on the types that it is for.
mod all_rules {
    use std::borrow::Cow;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::LazyLock;

    use event_schema::prelude::*;
    use event_schema::regex::Regex;

    type Address = String;

    static SKU: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]+$").expect("a pattern"));
    const MAX: u32 = 9;

    #[event_schema::event]
    #[validate(schema(function = check_all, code = "all", message = "Not all.", skip_on_field_errors = false))]
    #[validate(schema(function = "check_all"))]
    struct All {
        #[validate(length(min = 1, max = 3), length(equal = 2, code = "two", message = "Two."))]
        text: String,
        #[validate(length(min = 1))]
        list: Vec<u8>,
        #[validate(length(max = 1))]
        set: BTreeSet<u8>,
        #[validate(length(max = 1))]
        map: BTreeMap<String, u8>,
        #[validate(range(min = 1, max = MAX))]
        whole: u32,
        #[validate(range(exclusive_min = 0, exclusive_max = 1.5))]
        share: f64,
        #[validate(range(min = -5))]
        signed: Option<i8>,
        #[validate(email, url, ip)]
        address: Option<Box<Address>>,
        #[validate(ip(v4), ip(v6 = true))]
        host: String,
        #[validate(regex(path = *SKU), contains(pattern = "a"), does_not_contain(pattern = "b"))]
        sku: String,
        #[validate(regex(path = "SKU"))]
        quoted: Option<String>,
        #[validate(must_match(other = text))]
        again: String,
        #[validate(required)]
        given: Option<bool>,
        #[validate(non_control_character)]
        line: String,
        #[validate(custom(function = even), custom(function = "even", code = "odd"))]
        number: u64,
        #[validate(nested)]
        inner: Inner,
        #[validate(skip, range(min = 1))]
        ignored: u8,
    }

    #[event_schema::event]
    struct Inner {
        #[validate(custom(function = never))]
        flag: bool,
    }

    fn even(number: u64) -> Result<(), Violation> {
        if number.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("even").with_message(Cow::Borrowed("Odd."))) }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as validator passes what is no number")]
    fn never(_: &bool) -> Result<(), Violation> {
        Err(Violation::new("never"))
    }

    fn check_all(_: &All) -> Result<(), Violation> {
        Err(Violation::new("whole"))
    }

    #[test]
    fn report() {
        let all = All {
            text: String::new(),
            list: vec![],
            set: [1, 2].into(),
            map: [("a".to_owned(), 1), ("b".to_owned(), 2)].into(),
            whole: 10,
            share: 1.5,
            signed: Some(-6),
            address: Some(Box::new("x".to_owned())),
            host: "x".to_owned(),
            sku: "B b".to_owned(),
            quoted: Some("1".to_owned()),
            again: "other".to_owned(),
            given: None,
            line: "a\u{7}".to_owned(),
            number: 3,
            inner: Inner { flag: true },
            ignored: 0,
        };
        let found = all.validate().unwrap_err();
        let found: Vec<String> = found.iter().map(|one| format!("{} {}", one.path(), one.code())).collect();
        assert_eq!(
            found,
            [
                "text length",
                "text two",
                "list length",
                "set length",
                "map length",
                "whole range",
                "share range",
                "signed range",
                "address email",
                "address url",
                "address ip",
                "host ip",
                "host ip",
                "sku regex",
                "sku contains",
                "sku does_not_contain",
                "quoted regex",
                "given required",
                "line non_control_character",
                "number even",
                "number odd",
                "inner.flag never",
                "again must_match",
                " all",
            ]
        );
    }
}

/// What the macros write compiles under the strictest lints, and beside names that shadow std's.
#[deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]
mod hygiene {
    #![allow(dead_code, clippy::items_after_statements, reason = "they are there to be in the way")]

    #[test]
    fn holds() {
        use event_schema::EventSchema as _;

        struct Option;
        struct Result;
        struct String;
        struct Vec;
        fn drop() {}
        /// Every type has its methods, which come before those of a type that borrow it.
        trait Everywhere: Sized {
            fn next(self) {}
            fn record(self) {}
            fn value(self) {}
            fn variant(self) {}
        }
        impl<T> Everywhere for T {}

        /// An enum among strangers.
        #[event_schema::event]
        enum Choice {
            /// With data.
            Some {
                /// A name of the generated code's own.
                datum: u8,
            },
            /// Without.
            None,
        }

        /// An event among strangers.
        #[event_schema::event(name = "strange", key = r#type)]
        struct Event {
            /// A keyword as a name.
            #[validate(length(min = 1), custom(function = fine))]
            r#type: std::string::String,
            /// Names of the generated code's own.
            cx: u8,
            at: u8,
            entries: std::option::Option<u8>,
            field_0: u8,
            value: bool,
            output: std::option::Option<Choice>,
        }

        fn fine(text: &str) -> std::result::Result<(), event_schema::Violation> {
            if text == "b" { Err(event_schema::Violation::new("b")) } else { Ok(()) }
        }

        let event = Event::load(br#"{"type": "a", "cx": 1, "at": 2, "field_0": 3, "value": true}"#).unwrap();
        assert_eq!(event.key().as_deref(), Some(&b"a"[..]));
        drop();
    }
}

/// No name of the user's is one of the generated code's.
#[allow(non_upper_case_globals, non_camel_case_types, dead_code, reason = "names to be in the way")]
mod names {
    use event_schema::prelude::*;

    const at: u64 = 2;
    const value: &str = "b";
    const cx: u8 = 3;
    const before: u8 = 4;
    const this: u8 = 5;
    const input: u8 = 6;
    const entries: u8 = 7;
    const elements: u8 = 7;
    const field: u8 = 8;
    const field_0: u8 = 8;
    const name: u8 = 9;
    const inner: u8 = 10;
    const read: u8 = 11;
    const wire: u8 = 12;
    const error: u8 = 13;
    const params: u8 = 14;
    const clean: u8 = 15;
    const bound: u8 = 16;
    const default: u8 = 17;
    const container: u8 = 18;
    const context: u8 = 19;
    const rest: u8 = 20;
    const names: u8 = 21;
    const variant: u8 = 22;
    const index: u8 = 23;
    const key: u8 = 24;
    const text: u8 = 25;
    const map: u8 = 26;
    const args: u8 = 27;
    const event: u8 = 28;
    const options: u8 = 29;
    const f: u8 = 30;
    const TAG: &str = "tag";
    const FORM: &str = "form";
    const RULE: &str = "rule";
    const CHOICES: u8 = 31;
    const FIELDS_0: u8 = 32;

    fn rules_0_0(letters: &str) -> Result<(), Violation> {
        if letters == TAG { Err(Violation::new("tag")) } else { Ok(()) }
    }

    struct Read_0_0;

    #[event_schema::event(key = value, post_load = output)]
    #[derive(Debug, PartialEq)]
    #[serde(default = "made")]
    #[validate(schema(function = generator))]
    struct Strange<E, D, A, const this_too: usize>
    where
        E: Default,
    {
        #[validate(length(min = at, message = "at"), custom(function = rules_0_0))]
        #[event(one_of(TAG, FORM, RULE, value))]
        value: String,
        #[validate(range(min = cx, max = input))]
        at: u8,
        #[event(each(range(max = field)))]
        cx: [u8; 2],
        before: Option<E>,
        this: Option<D>,
        #[serde(flatten)]
        rest: Vec1<A>,
    }

    type Context = Strange<u8, u8, u8, 1>;

    #[event_schema::event]
    #[derive(Debug, PartialEq, Default)]
    struct Vec1<A> {
        elements: Option<A>,
    }

    fn made<E: Default, D, A, const N: usize>() -> Strange<E, D, A, N> {
        Strange { value: "tag".into(), at: 4, cx: [0; 2], before: None, this: None, rest: Vec1 { elements: None } }
    }

    fn generator<E: Default, D, A, const N: usize>(strange: &Strange<E, D, A, N>) -> Result<(), Violation> {
        if strange.value.is_empty() { Err(Violation::new("empty")) } else { Ok(()) }
    }

    fn output<E: Default, D, A, const N: usize>(strange: Strange<E, D, A, N>) -> Strange<E, D, A, N> {
        strange
    }

    /// Variants of the names that traits give their types.
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "TAG", content = "FORM")]
    #[validate(context = u8, schema(function = generator_of_variants))]
    enum Variants {
        Args,
        Error { code: u8, label: u8 },
        Value(u8),
        Pair(u8, u8),
    }

    fn generator_of_variants(variants: &Variants) -> Result<(), Violation> {
        if *variants == Variants::Args { Err(Violation::new("args")) } else { Ok(()) }
    }

    #[test]
    fn are_the_users() {
        let strange = Context::load(br#"{"value": "form", "at": 5, "cx": [8, 8], "elements": 1}"#).unwrap();
        assert_eq!(strange.key().as_deref(), Some(&b"form"[..]));
        assert_eq!(strange.rest.elements, Some(1));
        let refused = Context::load(br#"{"value": "b", "at": 7, "cx": [9, 8]}"#).unwrap_err();
        assert_eq!(
            refused.violations().unwrap().to_messages(),
            event_schema::serde_json::json!({
                "value": ["at"],
                "at": ["Must be greater than or equal to 3 and less than or equal to 6."],
                "cx": {"0": ["Must be less than or equal to 8."]},
            })
        );
        let variants = Variants::load(br#"{"TAG": "Error", "FORM": {"code": 1, "label": 2}}"#).unwrap();
        assert_eq!(variants, Variants::Error { code: 1, label: 2 });
    }
}

/// `Self` is the type, wherever a function or a constant of its own is meant.
mod self_in_attributes {
    use event_schema::prelude::*;

    #[event_schema::event(topic = Self::TOPIC, key = name, post_load = Self::complete)]
    #[derive(Debug)]
    #[validate(context = Limit)]
    #[validate(schema(function = Self::is_small, field = name))]
    #[validate(schema(function = "Self::fits", use_context))]
    struct Order {
        #[validate(length(max = Self::LONGEST), custom(function = Self::is_lower))]
        name: String,
        #[event(one_of(Self::CHOICE, 2))]
        choice: u8,
        #[validate(custom(function = Self::no_parts))]
        parts: Option<Box<Self>>,
    }

    struct Limit {
        choice: u8,
    }

    impl Order {
        const TOPIC: &'static str = "orders";
        const LONGEST: u64 = 3;
        const CHOICE: u8 = 1;

        fn is_lower(name: &str) -> Result<(), Violation> {
            if name.chars().all(char::is_lowercase) { Ok(()) } else { Err(Violation::new("case")) }
        }

        fn no_parts(part: &Self) -> Result<(), Violation> {
            if part.parts.is_none() { Ok(()) } else { Err(Violation::new("deep")) }
        }

        fn is_small(&self) -> Result<(), Violation> {
            if self.name == "big" { Err(Violation::new("big")) } else { Ok(()) }
        }

        fn fits(&self, limit: &Limit) -> Result<(), Violation> {
            if self.choice <= limit.choice { Ok(()) } else { Err(Violation::new("fits")) }
        }

        fn complete(self) -> Self {
            Self { name: self.name + "z", ..self }
        }
    }

    #[event_schema::event(pre_load = Self::prepare)]
    #[derive(Debug, PartialEq)]
    #[validate(schema(function = Self::is_full))]
    struct Page<T: Default + PartialEq> {
        #[validate(custom(function = Self::is_new))]
        #[serde(default)]
        body: T,
    }

    impl<T: Default + PartialEq> Page<T> {
        fn is_new(body: &T) -> Result<(), Violation> {
            if *body == T::default() { Err(Violation::new("old")) } else { Ok(()) }
        }

        fn is_full(&self) -> Result<(), Violation> {
            Self::is_new(&self.body)
        }

        fn prepare(input: event_schema::serde_json::Value) -> event_schema::serde_json::Value {
            input
        }
    }

    #[test]
    fn is_the_type() {
        assert_eq!(Order::descriptor().topic(), Some("orders"));
        let load = |input: &str| {
            let options = LoadOptions::new().context(&Limit { choice: 1 });
            options.load::<Order>(input.as_bytes()).map(|order| order.name).map_err(|error| error.to_string())
        };
        assert_eq!(load(r#"{"name": "a", "choice": 1}"#).unwrap(), "az");
        let error = load(r#"{"name": "Long", "choice": 3}"#).unwrap_err();
        assert!(error.contains("name: Longer than maximum length 3."), "{error}");
        assert!(error.contains("choice: Must be one of: 1, 2."), "{error}");
        assert!(load(r#"{"name": "big", "choice": 1}"#).is_err());
        assert!(load(r#"{"name": "a", "choice": 2}"#).is_err());
        let deep = r#"{"name": "a", "choice": 1, "parts":
            {"name": "b", "choice": 1, "parts": {"name": "c", "choice": 1}}}"#;
        assert!(load(deep).is_err());
        assert_eq!(Page::<u8>::load(br#"{"body": 1}"#).unwrap(), Page { body: 1 });
        assert_eq!(Page::<u8>::load(b"{}").unwrap_err().violations().unwrap()[0].code(), "old");
    }
}

/// A topic can be a constant, of another module or of a generic type too.
mod topic_constant {
    use event_schema::prelude::*;

    mod topics {
        pub(super) const ORDERS: &str = "orders.v1";
    }

    #[event_schema::event(topic = topics::ORDERS)]
    struct Order {}

    #[event_schema::event(topic = self::topics::ORDERS)]
    struct Page<T> {
        body: T,
    }

    #[test]
    fn is_the_topic() {
        assert_eq!(Order::descriptor().topic(), Some("orders.v1"));
        assert_eq!(Page::<u8>::descriptor().topic(), Some("orders.v1"));
        assert_eq!(Page::load(br#"{"body": 1}"#).unwrap(), Page { body: 1_u8 });
    }

    impl<T: PartialEq> PartialEq for Page<T> {
        fn eq(&self, other: &Self) -> bool {
            self.body == other.body
        }
    }

    impl<T> std::fmt::Debug for Page<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Page")
        }
    }
}

/// `event_key = false` leaves `impl EventKey` to the user.
mod key_by_hand {
    use std::borrow::Cow;

    use event_schema::EventKey;
    use event_schema::prelude::*;

    #[event_schema::event(event_key = false)]
    struct Seat(u32);

    impl EventKey for Seat {
        fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
            Some(Cow::Owned(self.0.to_be_bytes().to_vec()))
        }
    }

    #[event_schema::event(event_key = false)]
    enum Level {
        Low,
        High,
    }

    impl EventKey for Level {
        fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
            match self {
                Self::Low => None,
                Self::High => Some(Cow::Borrowed(b"h")),
            }
        }
    }

    #[event_schema::event(key = seat)]
    struct Taken {
        seat: Seat,
    }

    #[event_schema::event(key = level)]
    struct Raised {
        level: Level,
    }

    #[test]
    fn is_the_key() {
        assert_eq!(Taken { seat: Seat(258) }.key().as_deref(), Some(&[0, 0, 1, 2][..]));
        assert_eq!(Raised { level: Level::High }.key().as_deref(), Some(&b"h"[..]));
        assert_eq!(Raised { level: Level::Low }.key(), None);
    }
}

/// serde's `bound` is about serde's own impls. What a load asks of a parameter is told from the fields.
mod serde_bound {
    use std::marker::PhantomData;

    use event_schema::prelude::*;

    /// Neither written nor read.
    #[derive(Debug, PartialEq)]
    struct Unit;

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(bound(serialize = ""))]
    struct Amount<U> {
        cents: u32,
        #[serde(skip, bound(serialize = ""))]
        unit: PhantomData<U>,
    }

    /// Stricter than what serde would ask.
    trait Body: Serialize {}
    impl Body for u8 {}

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(bound = "T: Body")]
    struct Page<T> {
        body: T,
    }

    #[test]
    fn is_serdes() {
        let amount = Amount::<Unit>::load(br#"{"cents": 1}"#).unwrap();
        assert_eq!(amount.dump().unwrap(), br#"{"cents":1}"#);
        let page = Page::<u8>::load(br#"{"body": 1}"#).unwrap();
        assert_eq!(page.dump().unwrap(), br#"{"body":1}"#);
    }
}

/// Every `Debug` of a type with sensitive fields masks them, or is the user's own. What would show them is refused, see
/// `derive/tests/ui/sensitive`.
mod sensitive_debug {
    use event_schema::prelude::*;

    #[event_schema::event(debug)]
    struct Asked {
        #[event(sensitive)]
        token: String,
    }

    /// Asked for by both.
    #[event_schema::event(debug)]
    #[derive(Debug)]
    struct AskedTwice {
        #[event(sensitive)]
        token: String,
    }

    #[event_schema::event(debug = false)]
    struct ByHand {
        #[event(sensitive)]
        token: String,
    }

    impl std::fmt::Debug for ByHand {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "ByHand({} letters)", self.token.len())
        }
    }

    /// Without any, nothing can show them.
    #[event_schema::event]
    struct Without<T> {
        #[event(sensitive)]
        token: T,
    }

    #[test]
    fn masks() {
        assert_eq!(format!("{:?}", Asked { token: "abc".into() }), "Asked { token: *** }");
        assert_eq!(format!("{:?}", AskedTwice { token: "abc".into() }), "AskedTwice { token: *** }");
        assert_eq!(format!("{:?}", ByHand { token: "abc".into() }), "ByHand(3 letters)");
        assert_eq!(Without::<String>::load(br#"{"token": "abc"}"#).ok().unwrap().token, "abc");
    }
}

/// What a `macro_rules` was given for a fragment stands in a group that nobody sees.
#[test]
fn fragments_of_macros_in_attributes() {
    use event_schema::prelude::*;

    fn even(number: u8) -> Result<(), Violation> {
        if number.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("even")) }
    }

    macro_rules! event {
        ($name:literal, $version:literal, $topic:literal, $rule:path, $choice:literal, $least:expr) => {
            #[event_schema::event(name = $name, version = $version, topic = $topic)]
            struct Made {
                #[validate(custom(function = $rule), range(min = $least))]
                number: u8,
                #[event(one_of($choice, "b"))]
                choice: String,
            }
        };
    }
    event!("made.here", 3, "made", even, "a", 1 + 1);

    let descriptor = Made::descriptor();
    assert_eq!((descriptor.name(), descriptor.version(), descriptor.topic()), ("made.here", 3, Some("made")));
    let codes = |input: &str| -> Vec<String> {
        let Err(error) = Made::load_str(input) else { return Vec::new() };
        error.violations().unwrap().iter().map(|one| one.code().to_owned()).collect()
    };
    assert_eq!(codes(r#"{"number": 2, "choice": "a"}"#), [""; 0]);
    assert_eq!(codes(r#"{"number": 1, "choice": "c"}"#), ["even", "range", "one_of"]);
}
