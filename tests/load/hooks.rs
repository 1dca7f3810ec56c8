//! Hooks around load and dump, at every level, with and without an error.

use event_schema::prelude::*;
use serde_json::{Value, json};

/// Senders of old called it `mail`.
fn rename(mut value: Value) -> Value {
    if let Some(mail) = value.as_object_mut().and_then(|object| object.remove("mail")) {
        value["email"] = mail;
    }
    value
}

fn normalise(mut user: User) -> Result<User, Violation> {
    user.email = user.email.to_lowercase();
    if user.email.ends_with("@example.org") {
        Ok(user)
    } else {
        Err(Violation::new("foreign").with_message("Not one of ours."))
    }
}

fn stamp(user: &User) -> User {
    User { seen: user.seen + 1, ..user.clone() }
}

fn envelop(mut value: Value) -> Value {
    value["v"] = 1.into();
    value
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(pre_load = rename, post_load = normalise, pre_dump = stamp, post_dump = envelop)]
struct User {
    email: String,
    #[serde(default)]
    #[validate(range(max = 9))]
    seen: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
struct Team {
    users: Vec<User>,
}

#[test]
fn load_hooks_run_at_every_level() {
    let ada = User { email: "ada@example.org".into(), seen: 0 };
    assert_eq!(User::load(br#"{"mail": "Ada@Example.org"}"#).unwrap(), ada);
    let team = Team::load(br#"{"users": [{"mail": "Ada@Example.org"}, {"email": "ada@example.org"}]}"#).unwrap();
    assert_eq!(team.users, [ada.clone(), ada]);

    let error = Team::load(br#"{"users": [{"mail": 7}, {"email": "eve@example.com"}, 5]}"#).unwrap_err();
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({"users": {
            "0": {"email": ["Not a valid string."]},
            "1": {"_schema": ["Not one of ours."]},
            "2": {"_schema": ["Invalid input type."]},
        }})
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
struct Member {
    since: u16,
    #[serde(flatten)]
    user: User,
}

#[test]
fn a_flattened_types_hooks_run() {
    let member = Member::load(br#"{"since": 2020, "mail": "Ada@Example.org"}"#).unwrap();
    assert_eq!(member.user.email, "ada@example.org");
}

#[test]
fn dump_hooks_change_what_is_written() {
    let ada = User { email: "ada@example.org".into(), seen: 0 };
    assert_eq!(ada.dump().unwrap(), br#"{"email":"ada@example.org","seen":1,"v":1}"#);
    assert_eq!(ada.dump_value().unwrap(), json!({"email": "ada@example.org", "seen": 1, "v": 1}));
    // What the hook makes is what is checked.
    let worn = User { seen: 9, ..ada };
    worn.validate().unwrap();
    assert!(worn.dump().unwrap_err().is_invalid());
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(post_load = refuse_large)]
struct Strict {
    amount: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
struct Lenient {
    amount: u32,
}

fn refuse_large(strict: Strict) -> Result<Strict, Violation> {
    if strict.amount <= 9 { Ok(strict) } else { Err(Violation::new("large").with_message("Too large.")) }
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(types)]
#[serde(untagged)]
enum Events {
    Strict(Strict),
    Lenient(Lenient),
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[serde(untagged)]
enum Deep {
    One { inner: Strict },
    Two { inner: Value },
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct MaybeStrict {
    id: u8,
    #[serde(flatten)]
    strict: Option<Strict>,
}

/// What a hook refuses fits by shape: no other variant takes it, and a flattened option does not become `None`.
#[test]
fn a_hooks_refusal_is_no_misfit() {
    assert_eq!(Events::load(br#"{"amount": 9}"#).unwrap(), Events::Strict(Strict { amount: 9 }));
    let says = |error: LoadError| error.violations().unwrap().to_messages();
    assert_eq!(says(Events::load(br#"{"amount": 10}"#).unwrap_err()), json!({"_schema": ["Too large."]}));
    assert_eq!(
        says(Deep::load(br#"{"inner": {"amount": 10}}"#).unwrap_err()),
        json!({"inner": {"_schema": ["Too large."]}})
    );
    assert_eq!(says(MaybeStrict::load(br#"{"id": 1, "amount": 10}"#).unwrap_err()), json!({"_schema": ["Too large."]}));
    // What does not fit is another's, as before.
    assert_eq!(Deep::load(br#"{"inner": 10}"#).unwrap(), Deep::Two { inner: 10.into() });
    assert_eq!(MaybeStrict::load(br#"{"id": 1, "amount": "x"}"#).unwrap().strict, None);
}

/// So does what the rules refuse of a hook's result, also where that is no number.
#[test]
fn what_a_hook_makes_is_judged_by_rules() {
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[event(post_load = divide)]
    struct Ratio {
        ratio: f64,
    }
    fn divide(mut ratio: Ratio) -> Ratio {
        let by = ratio.ratio;
        ratio.ratio /= by;
        ratio
    }
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Either {
        Ratio(Ratio),
        Any(Value),
    }

    let error = Either::load(br#"{"ratio": 0}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"ratio": ["Not a valid number."]}));
    assert_eq!(Either::load(br#"{"ratio": 2}"#).unwrap(), Either::Ratio(Ratio { ratio: 1.0 }));
}
