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
        event_schema::validator::Validate::validate(&order).unwrap();
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
    use event_schema::validator::{Validate, ValidationErrors};

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

    fn even(number: u64) -> Result<(), ValidationError> {
        if number.is_multiple_of(2) {
            Ok(())
        } else {
            Err(ValidationError::new("even").with_message(Cow::Borrowed("Odd.")))
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as validator passes what is no number")]
    fn never(_: &bool) -> Result<(), ValidationError> {
        Err(ValidationError::new("never"))
    }

    fn check_all(_: &All) -> Result<(), ValidationError> {
        Err(ValidationError::new("whole"))
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
        }

        fn fine(text: &str) -> std::result::Result<(), event_schema::ValidationError> {
            if text == "b" { Err(event_schema::ValidationError::new("b")) } else { Ok(()) }
        }

        let event = Event::load(br#"{"type": "a", "cx": 1, "at": 2, "field_0": 3, "value": true}"#).unwrap();
        assert_eq!(event.key().as_deref(), Some(&b"a"[..]));
        drop();
    }
}
