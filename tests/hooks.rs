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

fn normalise(mut user: User) -> Result<User, ValidationError> {
    user.email = user.email.to_lowercase();
    if user.email.ends_with("@example.org") {
        Ok(user)
    } else {
        Err(ValidationError::new("foreign").with_message("Not one of ours.".into()))
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
