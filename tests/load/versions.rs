//! What an earlier version wrote is upcast; what a later one wrote is tried.

use event_schema::prelude::*;
use serde_json::json;

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "price.set")]
struct PriceV1 {
    price: f64,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "price.set", version = 2, previous = PriceV1)]
struct PriceV2 {
    cents: u64,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "price.set", version = 3, previous = PriceV2)]
struct Price {
    #[validate(range(min = 1))]
    cents: u64,
    currency: String,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(version = 2, newer = "refuse")]
struct Strict {
    cents: u64,
}

impl TryFrom<PriceV1> for PriceV2 {
    type Error = String;

    fn try_from(v1: PriceV1) -> Result<Self, String> {
        if v1.price < 0.0 {
            return Err(format!("secret {}", v1.price));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive in this test")]
        Ok(Self { cents: (v1.price * 100.0).round() as u64 })
    }
}

impl From<PriceV2> for Price {
    fn from(v2: PriceV2) -> Self {
        Self { cents: v2.cents, currency: "EUR".into() }
    }
}

#[test]
fn earlier_versions_are_upcast_through_the_chain() {
    let price = Price { cents: 150, currency: "EUR".into() };
    assert_eq!(Price::load_from(1, br#"{"price": 1.5}"#).unwrap(), price);
    assert_eq!(Price::load_from(2, br#"{"cents": 150}"#).unwrap(), price);
    assert_eq!(Price::load_from(3, br#"{"cents": 150, "currency": "EUR"}"#).unwrap(), price);
}

#[test]
fn violations_carry_the_paths_of_what_was_written() {
    let messages = |error: LoadError| error.violations().unwrap().to_messages();
    assert_eq!(
        messages(Price::load_from(1, br#"{"price": "x"}"#).unwrap_err()),
        json!({"price": ["Not a valid number."]})
    );
    // Today's rules hold for what was written before they were made.
    assert_eq!(
        messages(Price::load_from(2, br#"{"cents": 0}"#).unwrap_err()),
        json!({"cents": ["Must be greater than or equal to 1."]})
    );
    let error = Price::load_from(1, br#"{"price": -1.5}"#).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(messages(error), json!({"_schema": ["Cannot be converted from version 1."]}));
}

#[test]
fn a_newer_version_is_tried_unless_the_type_refuses() {
    assert!(Price::load_from(4, br#"{"cents": 1, "currency": "EUR", "vat": 19}"#).is_ok());
    let error = Price::load_from(4, br#"{"amount": 1}"#).unwrap_err();
    assert!(error.is_unsupported_version() && !error.is_invalid());
    assert_eq!(
        error.to_string(),
        "written as version 4, which a reader of version 3 cannot read: 2 violations\n\
         cents: Missing data for required field.\ncurrency: Missing data for required field."
    );

    let error = Strict::load_from(3, br#"{"cents": 1}"#).unwrap_err();
    assert!(error.is_unsupported_version());
    assert_eq!(error.to_string(), "written as version 3, which a reader of version 2 does not know");
    assert!(Strict::load_from(1, br#"{"cents": 1}"#).unwrap_err().is_unsupported_version());
    assert!(Price::load_from(0, b"{}").unwrap_err().is_unsupported_version());
}

/// Ten versions: each is read by its own type and converted through all that follow; today's is read as if there
/// were no others.
mod chain {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static CONVERSIONS: Cell<u32> = const { Cell::new(0) };
    }

    #[event_schema::event(name = "chain")]
    struct V1 {
        sum: u32,
    }

    macro_rules! versions {
        ($($version:ident = $number:literal of $previous:ident;)*) => {$(
            #[event_schema::event(name = "chain", version = $number, previous = $previous)]
            #[derive(Debug)]
            struct $version {
                sum: u32,
            }

            impl From<$previous> for $version {
                fn from(previous: $previous) -> Self {
                    CONVERSIONS.set(CONVERSIONS.get() + 1);
                    Self { sum: previous.sum + $number }
                }
            }
        )*};
    }

    versions! {
        V2 = 2 of V1;
        V3 = 3 of V2;
        V4 = 4 of V3;
        V5 = 5 of V4;
        V6 = 6 of V5;
        V7 = 7 of V6;
        V8 = 8 of V7;
        V9 = 9 of V8;
        V10 = 10 of V9;
    }

    #[test]
    fn costs_nothing_to_events_of_today() {
        for version in 1..=10 {
            let loaded = V10::load_from(version, br#"{"sum": 0}"#).unwrap();
            assert_eq!(loaded.sum, (version + 1..=10).sum::<u32>(), "from version {version}");
            assert_eq!(CONVERSIONS.replace(0), 10 - version);
        }
        V10::load(br#"{"sum": 0}"#).unwrap();
        assert!(V10::load_from(10, b"{}").unwrap_err().is_invalid());
        assert_eq!(CONVERSIONS.get(), 0);
    }
}

/// Each version in an enum of events has a variant of its own, in whichever order they stand.
#[test]
fn two_versions_in_one_enum_of_events() {
    #[event_schema::event(types)]
    #[derive(Debug, PartialEq)]
    enum Prices {
        V1(PriceV1),
        V2(PriceV2),
    }
    #[event_schema::event(types)]
    #[derive(Debug, PartialEq)]
    enum Reversed {
        V2(PriceV2),
        V1(PriceV1),
    }

    let (v1, v2) = (br#"{"price": 1.5}"#, br#"{"cents": 150}"#);
    assert_eq!(Prices::load_typed("price.set.v1", v1).unwrap(), Prices::V1(PriceV1 { price: 1.5 }));
    assert_eq!(Prices::load_typed("price.set.v2", v2).unwrap(), Prices::V2(PriceV2 { cents: 150 }));
    assert_eq!(Reversed::load_typed("price.set.v1", v1).unwrap(), Reversed::V1(PriceV1 { price: 1.5 }));
    assert_eq!(Reversed::load_typed("price.set.v2", v2).unwrap(), Reversed::V2(PriceV2 { cents: 150 }));
    assert!(Prices::load_typed("price.set.v2", v1).is_err());
}

/// What a conversion says in the crate's own words is told, as a hook's refusal is; other errors may quote payloads.
#[test]
fn a_conversion_says_why_it_refuses() {
    #[event_schema::event(name = "mail.sent")]
    struct MailV1 {
        to: String,
        kind: u8,
    }
    macro_rules! version {
        ($name:ident, $error:ty, $refuse:expr) => {
            #[event_schema::event(name = "mail.sent", version = 2, previous = MailV1)]
            #[derive(Debug)]
            struct $name {
                #[validate(length(min = 3))]
                to: String,
            }

            impl TryFrom<MailV1> for $name {
                type Error = $error;

                fn try_from(old: MailV1) -> Result<Self, $error> {
                    let refuse: fn(&MailV1) -> $error = $refuse;
                    if old.kind == 0 { Err(refuse(&old)) } else { Ok(Self { to: old.to }) }
                }
            }
        };
    }
    version!(ByRule, Violation, |_| Violation::new("kind").with_message("No such kind."));
    version!(ByViolations, Violations, |old| ByRule { to: old.to.clone() }.validate().unwrap_err());
    version!(ByLoad, LoadError, |_| ByRule::load(b"{}").unwrap_err());
    version!(ByText, String, |old| old.to.clone());

    let input = br#"{"to": "x", "kind": 0}"#;
    let error = ByRule::load_from(1, input).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].code(), "kind");
    assert_eq!(error.to_string(), "1 violation\nNo such kind.");
    assert_eq!(error.violations().unwrap().to_messages(), json!({"_schema": ["No such kind."]}));
    let error = ByViolations::load_from(1, input).unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nto: Shorter than minimum length 3.");
    let error = ByLoad::load_from(1, input).unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nto: Missing data for required field.");
    let error = ByText::load_from(1, input).unwrap_err();
    assert_eq!(error.to_string(), "1 violation\nCannot be converted from version 1.");
    assert!(ByRule::load_from(1, br#"{"to": "abc", "kind": 1}"#).is_ok());
}

/// Whatever becomes an event of a version passes that version's rules and hooks, wherever it comes from.
#[test]
fn a_converted_event_passes_the_hooks_of_its_version() {
    #[event_schema::event(name = "user.named")]
    struct NamedV1 {
        name: String,
    }
    #[event_schema::event(name = "user.named", version = 2, previous = NamedV1, post_load = trim)]
    struct NamedV2 {
        #[validate(length(min = 1))]
        name: String,
    }
    #[event_schema::event(name = "user.named", version = 3, previous = NamedV2, pre_load = never, post_load = lowercase)]
    #[derive(Debug, PartialEq)]
    struct Named {
        #[validate(length(max = 5))]
        login: String,
    }
    fn trim(mut named: NamedV2) -> NamedV2 {
        named.name = named.name.trim().to_owned();
        named
    }
    fn never(_: serde_json::Value) -> Result<serde_json::Value, Violation> {
        Err(Violation::new("never"))
    }
    fn lowercase(mut named: Named) -> Result<Named, Violation> {
        if named.login == "Root" {
            return Err(Violation::new("root").at("login"));
        }
        named.login = named.login.replace('ß', "ss").to_lowercase();
        Ok(named)
    }
    impl From<NamedV1> for NamedV2 {
        fn from(v1: NamedV1) -> Self {
            Self { name: v1.name }
        }
    }
    impl From<NamedV2> for Named {
        fn from(v2: NamedV2) -> Self {
            Self { login: v2.name }
        }
    }

    let ada = Named { login: "ada".into() };
    assert_eq!(Named::load_from(1, br#"{"name": " Ada "}"#).unwrap(), ada);
    assert_eq!(Named::load_from(2, br#"{"name": "Ada "}"#).unwrap(), ada);
    assert_eq!(Named::load_typed("user.named.v1", br#"{"name": " Ada "}"#).unwrap(), ada);
    let says = |name: &str| {
        let input = json!({"name": name}).to_string();
        let error = Named::load_from(1, input.as_bytes()).unwrap_err();
        error.violations().unwrap().to_messages()
    };
    assert_eq!(says("Root"), json!({"login": ["Invalid value."]}));
    // The rules run again on what a hook returns, of each version.
    assert_eq!(says("  "), json!({"name": ["Shorter than minimum length 1."]}));
    assert_eq!(says("Groß1"), json!({"login": ["Longer than maximum length 5."]}));
}

mod other_types {
    use event_schema::prelude::*;
    use event_schema::{LoadOptions, OtherEvent};

    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[event(name = "order.placed", version = 2)]
    struct OrderPlaced {
        order_id: String,
    }

    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[event(types, topic = "orders")]
    #[serde(untagged)]
    enum OrderEvent {
        Placed(OrderPlaced),
        Other(OtherEvent),
    }

    #[test]
    fn the_last_variant_takes_messages_of_every_other_type_and_no_others() {
        let body = br#"{"order_id": "A-1"}"#;
        let placed = OrderEvent::Placed(OrderPlaced { order_id: "A-1".to_owned() });
        assert_eq!(OrderEvent::load_typed("order.placed.v2", body).unwrap(), placed);
        // An unknown version of a known event is no other event.
        assert!(OrderEvent::load_typed("order.placed.v1", body).unwrap_err().is_unsupported_version());
        assert!(OrderEvent::load_typed("order.placed.v2", b"{}").unwrap_err().is_invalid());
        for (event_type, body) in [("order.cancelled.v1", &b"{}"[..]), ("", b""), ("order.placedx", b"\0\xff no JSON")]
        {
            let OrderEvent::Other(other) = OrderEvent::load_typed(event_type, body).unwrap() else { panic!() };
            assert_eq!((other.event_type(), other.bytes()), (event_type, body));
        }
        let small = LoadOptions::new().max_size(1);
        assert!(small.load_typed::<OrderEvent>("other", b"{}").unwrap_err().is_too_large());
    }

    #[test]
    fn what_is_of_another_type_has_no_form_of_its_own() {
        let other = OrderEvent::load_typed("order.cancelled.v1", b"{}").unwrap();
        assert!(other.dump().unwrap_err().is_invalid());
        assert!(other.dump_value().is_err());
        // By its body alone nothing is another event, and contracts do not have it.
        assert!(OrderEvent::load(b"{}").unwrap_err().is_invalid());
        let schema = OrderEvent::json_schema();
        let schema = jsonschema::validator_for(schema.as_value()).unwrap();
        assert!(schema.is_valid(&serde_json::json!({"order_id": "A-1"})));
        assert!(!schema.is_valid(&serde_json::json!({})) && !schema.is_valid(&serde_json::json!(null)));
    }
}
