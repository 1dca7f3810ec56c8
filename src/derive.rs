//! The attributes of the derive and of `#[event_schema::event]`: a reference. This module has no items.
//!
//! # Two forms
//!
//! **The attribute** [`#[event_schema::event]`](macro@crate::event) adds the derives `Serialize` and `EventSchema`, and
//! tells serde's derive where its crate is. Your crate needs no other dependency than `event-schema`.
//!
//! ```
//! use event_schema::EventSchema;
//!
//! #[event_schema::event(name = "user.registered")]
//! #[derive(Debug, Clone)]
//! struct UserRegistered {
//!     #[validate(email)]
//!     email: String,
//! }
//!
//! let user = UserRegistered::load(br#"{"email": "ada@example.org"}"#).unwrap();
//! assert_eq!(user.email, "ada@example.org");
//! ```
//!
//! **The derive** `EventSchema` takes its arguments from `#[event(...)]`, and you list all derives yourself. serde's
//! derive of `Serialize` looks for a crate named `serde`, so your crate must depend on it.
//!
//! ```
//! use event_schema::{EventSchema, Serialize};
//!
//! #[derive(Debug, Clone, Serialize, EventSchema)]
//! #[event(name = "user.registered")]
//! struct UserRegistered {
//!     #[validate(email)]
//!     email: String,
//! }
//!
//! assert_eq!(UserRegistered::descriptor().name(), "user.registered");
//! ```
//!
//! `Deserialize` is not needed, because `EventSchema` generates a reader of its own, which reports every fault. A type
//! may derive it as well. Do not derive schemars' `JsonSchema`: `EventSchema` implements it.
//!
//! On this page, *the attribute form* is a type with `#[event_schema::event]`, and *the derive form* is a type that
//! lists `EventSchema` in its derives.
//!
//! # `#[event(...)]` on a type
//!
//! Both forms take these arguments: `#[event_schema::event(version = 2)]`, or `#[event(version = 2)]` beside a derive.
//!
//! | | meaning | default |
//! |---|---|---|
//! | `name = "..."` | the event's name: ASCII letters, digits, `.`, `-` and `_` | the type's name in kebab-case |
//! | `version = 2` | the major version of its contract, counted from 1 | 1 |
//! | `topic = "..."` or `topic = PATH` | the topic of the event: its name, or a `&'static str` constant that holds the name | none |
//! | `key = field` | the field that is the message's [key](crate::EventKey): a string, an integer, a UUID, a newtype of one, or an enum without data; `key = field.inner` names a nested field | none |
//! | `types` | for enums: each variant holds an event of its own, see [several events in one topic](#several-events-in-one-topic) | |
//! | `previous = Type` | the type of the previous version; it converts into this type by `From` or `TryFrom`, see [versions](#versions) | none |
//! | `newer = "refuse"` | messages from a newer version are rejected without being tried | `"accept"`: they are tried |
//! | `pre_load`, `post_load`, `pre_dump`, `post_dump` `= function` | see [hooks](#hooks) | none |
//! | `validate = false` | no `impl validator::Validate`: the type has its own | `true` with the feature `validator021` |
//! | `json_schema = false` | no `impl schemars::JsonSchema`: the type has its own | `true` |
//! | `event_key = false` | no [`impl EventKey`](crate::EventKey): the newtype or enum without data has its own | `true` |
//! | `debug` | an `impl Debug` that shows sensitive fields as `***`, instead of `#[derive(Debug)]`; the attribute form adds it where it is needed; `debug = false` keeps the type's own `Debug`, which must mask them itself | |
//! | `avro(name = "...", namespace = "...")` | the name of its Avro record, and the namespace of the record and the types in it | made from the event's name; no namespace |
//! | `avro(alias = "...")` | an earlier name of its Avro record or enum, also several: `avro(alias = "OrderPlaced", alias = "com.example.OrderMade")`; `contract::avro_schema` says who needs it | none |
//! | `crate = path` | the path of `event-schema`, if the dependency has another name | `::event_schema` |
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event(name = "order.requested", version = 2, topic = "orders", key = customer.id)]
//! struct OrderRequested { customer: Customer }
//!
//! #[event_schema::event]
//! struct Customer { id: u64 }
//!
//! let order = OrderRequested { customer: Customer { id: 42 } };
//! assert_eq!(order.key().as_deref(), Some(&b"42"[..]));
//! assert_eq!(OrderRequested::descriptor().version(), 2);
//! assert_eq!(Customer::descriptor().name(), "customer");
//! ```
//!
//! Values in attributes are ordinary Rust. A topic or the bound of a rule can be a constant of any module, a hook can
//! be a function of any module, and `Self` is the type.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! mod topics {
//!     pub const ORDERS: &str = "orders";
//! }
//!
//! #[event_schema::event(topic = topics::ORDERS)]
//! #[validate(schema(function = Self::is_small_enough))]
//! struct OrderPlaced {
//!     #[validate(length(max = Self::MAX_SKU))]
//!     sku: String,
//!     quantity: u32,
//! }
//!
//! impl OrderPlaced {
//!     const MAX_SKU: u64 = 8;
//!
//!     fn is_small_enough(&self) -> Result<(), Violation> {
//!         if self.quantity <= 100 { Ok(()) } else { Err(Violation::new("too_many")) }
//!     }
//! }
//!
//! assert_eq!(OrderPlaced::descriptor().topic(), Some("orders"));
//! let order = OrderPlaced { sku: "AB-12345678".to_owned(), quantity: 1 };
//! assert_eq!(order.validate().unwrap_err()[0].to_string(), "sku: Longer than maximum length 8.");
//! ```
//!
//! ## Several events in one topic
//!
//! `#[event(types)]` is for an enum whose variants are events of their own. The message's type (CloudEvents'
//! header `ce_type`) selects the variant, and the body is that of the variant's event, without a tag. Names,
//! versions, keys and hooks come from the variants. The topic is the enum's; an enum without a topic uses the topics of
//! the variants. For serde, such an enum is `untagged`: the attribute form adds `#[serde(untagged)]`, and the derive
//! form needs it.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event(name = "order.placed", key = order_id)]
//! struct OrderPlaced { order_id: String }
//!
//! #[event_schema::event(name = "order.cancelled", key = order_id)]
//! struct OrderCancelled { order_id: String }
//!
//! #[event_schema::event(types, topic = "orders")]
//! enum OrderEvent { Placed(OrderPlaced), Cancelled(OrderCancelled) }
//!
//! let event = OrderEvent::load_typed("order.cancelled.v1", br#"{"order_id": "A-1"}"#).unwrap();
//! assert!(matches!(event, OrderEvent::Cancelled(_)));
//! assert_eq!(event.key().as_deref(), Some(&b"A-1"[..]));
//! assert_eq!(event.dump().unwrap(), br#"{"order_id":"A-1"}"#);
//! assert_eq!(event.described_by().event_type(), "order.cancelled.v1");
//! ```
//!
//! Each variant holds a different event, or a different version of an event: two variants with the same name and
//! version are a compile error. All `Page<T>` share the name and version of `Page`, so one enum cannot hold two of
//! them: wrap each in an event of its own.
//!
//! A message of a type that no variant holds is rejected. To accept such messages, add a last variant that holds an
//! [`OtherEvent`](crate::OtherEvent), which has the type and the bytes of the message.
//!
//! A Kafka message without a type is rejected, because an event with a missing or damaged field may look like another
//! one. If writers set no headers, put the type into the body: an enum with `#[serde(tag = "type")]` is one event with
//! several forms. An `untagged` enum without `types` takes the first variant that fits, and so does `load` here.
//!
//! ## Hooks
//!
//! Hooks are functions that run before or after load and dump, like Marshmallow's decorators of the same names. A hook
//! returns the new value, or a `Result` whose error is a [`Violation`](crate::Violation) or
//! [`Violations`](crate::Violations) (other errors are accepted as [for rules](#validate-on-a-type)). The message is
//! reported under `_schema`, or under the field that the violation [names](crate::Violation::at).
//!
//! | hook | argument | when it runs |
//! |---|---|---|
//! | `pre_load` | `serde_json::Value` | before the fields are read, also if the type is nested in another |
//! | `post_load` | `Self` | when there is no violation, also after a conversion from an earlier version; the rules run again on the returned value |
//! | `pre_dump` | `&Self` | before the event's rules run: the returned value, a `Self`, is checked and written |
//! | `post_dump` | `serde_json::Value` | before the value is written; the returned value is not checked |
//!
//! An error of a load hook rejects the event: no other variant of an `untagged` enum is tried, and a flattened `Option`
//! does not become `None`. Only the dump hooks of the dumped type run, because nested values are written by their own
//! `Serialize`; an enum with `types` runs those of its variants. A type with `pre_load` loads more slowly: its input
//! becomes a `Value` first.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::Value;
//!
//! #[event_schema::event(pre_load = unwrap, post_load = lowercase, post_dump = wrap)]
//! #[derive(Debug)]
//! struct User { email: String }
//!
//! fn unwrap(mut value: Value) -> Value {
//!     match value.get_mut("user") {
//!         Some(user) => user.take(),
//!         None => value,
//!     }
//! }
//!
//! fn lowercase(user: User) -> Result<User, Violation> {
//!     if user.email.ends_with("@example.com") {
//!         return Err(Violation::new("blocked").with_message("We do not write there."));
//!     }
//!     Ok(User { email: user.email.to_lowercase() })
//! }
//!
//! fn wrap(value: Value) -> Value {
//!     event_schema::serde_json::json!({ "user": value })
//! }
//!
//! let user = User::load_str(r#"{"user": {"email": "Ada@Example.org"}}"#).unwrap();
//! assert_eq!(user.email, "ada@example.org");
//! assert_eq!(user.dump().unwrap(), br#"{"user":{"email":"ada@example.org"}}"#);
//!
//! let error = User::load_str(r#"{"user": {"email": "eve@example.com"}}"#).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     event_schema::serde_json::json!({"_schema": ["We do not write there."]})
//! );
//! ```
//!
//! ## Versions
//!
//! Each version is a type. [`load_from`](crate::EventSchema::load_from) takes the writer's version, reads the input as
//! that version's type, and converts it version by version to the current type. The result of a conversion must satisfy the
//! rules of its version and passes the `post_load` hook of its version, as if it had been read. If the conversion
//! itself calls a load, that hook runs twice.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event(name = "price.set")]
//! struct PriceV1 { euros: u64 }
//!
//! #[event_schema::event(name = "price.set", version = 2, previous = PriceV1, newer = "refuse")]
//! #[derive(Debug, PartialEq)]
//! struct Price { cents: u64 }
//!
//! impl From<PriceV1> for Price {
//!     fn from(v1: PriceV1) -> Self {
//!         Self { cents: v1.euros * 100 }
//!     }
//! }
//!
//! assert_eq!(Price::load_from(1, br#"{"euros": 2}"#).unwrap(), Price { cents: 200 });
//! assert_eq!(Price::load_from(2, br#"{"cents": 200}"#).unwrap(), Price { cents: 200 });
//! assert!(Price::load_from(3, br#"{"cents": 200}"#).unwrap_err().is_unsupported_version());
//! ```
//!
//! A conversion that can fail is a `TryFrom`. If its error is a [`Violation`](crate::Violation),
//! [`Violations`](crate::Violations), a [`LoadError`](crate::LoadError) or (with the feature `validator021`)
//! validator's `ValidationError`, it is reported like the error of a hook. For any other error, only the failure is
//! reported, because the error's text may quote the payload.
//!
//! # `#[event(...)]` on a field
//!
//! | | meaning |
//! |---|---|
//! | `plain` | the field's type is read by its own `Deserialize`: for types of other crates that no feature supports. Its reader stops at the first fault, so the field has at most one violation, at the path of that fault |
//! | `sensitive` | the field is masked in [violations](crate::Violation#sensitive-fields) and in `Debug`, see [sensitive fields](#sensitive-fields) |
//! | `not_null` | null is a violation, although the type is an `Option` or has a default. Null is not written either: the attribute form leaves out a `None`, or a null `Value` with a default; the derive form needs `skip_serializing_if` for that. Any other null is a violation in `dump` |
//! | `default = "computed"` | the default is not constant: the contract leaves its value out, see [`#[schemars(...)]`](#schemars) |
//! | `messages(required = "...", null = "...", invalid = "...")` | messages for a missing value, a null and a value of the wrong shape; `required` is also the message of the rule `required` |
//! | `avro(...)` | choices for the Avro schema: `name = "..."`, or the form of the value, such as `millis`, `fixed`, `bytes` or `precision = 12, scale = 2` (`contract::avro_schema` lists them). On a variant: `avro(name = "...")`, and `avro(default)` for the symbol that stands for unknown ones |
//! | `one_of(a, b, ...)`, `none_of(a, b, ...)`, `equal(a)` | rules: the value is one of these, none of these, or this one |
//! | `contains_only(a, b, ...)`, `contains_none_of(a, b, ...)` | rules: all elements are among these, or none is |
//! | `each(rule, ...)` | rules for the elements of a list, a set or an array |
//! | `keys(rule, ...)`, `values(rule, ...)` | rules for the keys and for the values of a map |
//!
//! Rules take `message = "..."` and `code = "..."`. `each`, `keys` and `values` contain rules of this table
//! (but not one another), and rules of `#[validate(...)]` except `must_match`, `required` and `nested`.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Signup {
//!     #[event(one_of("free", "paid", message = "No such plan."))]
//!     plan: String,
//!     #[event(each(length(min = 2)))]
//!     tags: Vec<String>,
//!     #[event(keys(length(max = 2)), values(range(max = 9)))]
//!     counts: BTreeMap<String, u8>,
//!     #[event(equal(true))]
//!     terms: bool,
//!     #[event(none_of(0, 13), messages(required = "How many?", invalid = "A number, please."))]
//!     seats: u32,
//!     #[event(contains_only("en", "de"), contains_none_of("de"))]
//!     languages: Vec<String>,
//!     #[event(not_null, messages(null = "Leave it out."))]
//!     nick: Option<String>,
//! }
//!
//! let input = r#"{"plan": "gratis", "tags": ["a", "bb"], "counts": {"abc": 10},
//!     "terms": false, "seats": "two", "languages": ["fr", "de"], "nick": null}"#;
//! let error = Signup::load_str(input).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     event_schema::serde_json::json!({
//!         "plan": ["No such plan."],
//!         "tags": {"0": ["Shorter than minimum length 2."]},
//!         "counts": {"abc": {
//!             "key": ["Longer than maximum length 2."],
//!             "value": ["Must be less than or equal to 9."],
//!         }},
//!         "terms": ["Must be equal to true."],
//!         "seats": ["A number, please."],
//!         "languages": [
//!             "One or more of the choices you made was not in: en, de.",
//!             "One or more of the choices you made was in: de.",
//!         ],
//!         "nick": ["Leave it out."],
//!     })
//! );
//! ```
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Peer {
//!     #[event(plain)]
//!     address: std::net::IpAddr,
//! }
//!
//! let error = Peer::load(br#"{"address": "nowhere"}"#).unwrap_err();
//! assert_eq!(error.violations().unwrap()[0].code(), "invalid");
//! ```
//!
//! ## Sensitive fields
//!
//! The attribute form replaces a `Debug` in the list of derives below it by one that masks these fields. With
//! the derive form, write `#[event(debug)]` on the type instead of `#[derive(Debug)]`. Only the library's errors,
//! logs and `Debug` are masked: [`dump`](crate::EventSchema::dump) writes the value, and a dead letter holds the
//! original bytes. A newtype with a sensitive field is also masked as the key of a map.
//!
//! Any other `Debug` of a type with sensitive fields is a compile error, wherever it is derived, because it would show
//! them. A type whose own `impl Debug` masks them needs `#[event(debug = false)]`.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Login {
//!     user: String,
//!     #[event(sensitive)]
//!     password: String,
//! }
//!
//! let login = Login { user: "ada".to_owned(), password: "letmein".to_owned() };
//! assert_eq!(format!("{login:?}"), r#"Login { user: "ada", password: *** }"#);
//! assert_eq!(Login::descriptor().sensitive(), ["password"]);
//!
//! #[derive(Serialize, EventSchema)]
//! #[event(debug)]
//! struct Token(#[event(sensitive)] String);
//!
//! assert_eq!(format!("{:?}", Token("letmein".to_owned())), "Token(***)");
//! ```
//!
//! # `#[validate(...)]` on a field
//!
//! Rules have the syntax of [validator], and each takes a `message = "..."` and a `code = "..."`. A field can have
//! several; they run in the order written. A rule checks the value inside `Option`, `Box`, `Rc` and `Arc`. `None`
//! satisfies every rule except `required`.
//!
//! | rule | satisfied if | for |
//! |---|---|---|
//! | `length(min, max, equal)` | the number of characters, elements or entries is within the bounds | strings, lists, sets, maps |
//! | `range(min, max, exclusive_min, exclusive_max)` | the value is within the bounds | numbers, and other types with an order |
//! | `email` | the value is an email address, as HTML defines it | strings |
//! | `url` | the value is an absolute URL | strings |
//! | `ip`, `ip(v4)`, `ip(v6)` | the value is an IP address | strings |
//! | `regex(path = *PATTERN)` | the pattern, a `regex::Regex` (re-exported with the feature `regex1`), matches anywhere in the value | strings |
//! | `contains(pattern = "...")` | the value contains the text, or the key | strings, maps |
//! | `does_not_contain(pattern = "...")` | the value does not contain it | strings, maps |
//! | `must_match(other = field)` | the value equals another field of the struct | fields of one type |
//! | `required` | the value is not `None` | `Option` |
//! | `non_control_character` | the value has no control characters | strings |
//! | `credit_card` | the value is the number of a credit card | strings |
//! | `custom(function = path)` | the function returns `Ok`: `fn(&T) -> Result<(), Violation>`, with numbers by value; `use_context` adds a second argument `&Context` | all |
//! | `nested` | always: it is accepted and ignored, because nested events are always checked | events |
//! | `skip` | always: it turns off the field's rules, also those of `#[event(...)]` | all |
//!
//! ```
//! use std::sync::LazyLock;
//!
//! use event_schema::prelude::*;
//! # #[cfg(feature = "regex1")]
//! use event_schema::regex::Regex;
//!
//! # #[cfg(feature = "regex1")]
//! static SKU: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]{2}-[0-9]+$").unwrap());
//!
//! # #[cfg(feature = "regex1")]
//! #[event_schema::event]
//! struct Line {
//!     #[validate(regex(path = *SKU, message = "Not one of our articles."))]
//!     sku: String,
//!     #[validate(range(min = 1), custom(function = even, code = "pairs"))]
//!     quantity: u32,
//!     #[validate(length(max = 3))]
//!     note: Option<String>,
//! }
//!
//! fn even(quantity: u32) -> Result<(), Violation> {
//!     if quantity.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd")) }
//! }
//!
//! # #[cfg(feature = "regex1")] {
//! let line = Line { sku: "?".to_owned(), quantity: 3, note: Some("long".to_owned()) };
//! let violations = line.validate().unwrap_err();
//! assert_eq!(violations[0].to_string(), "sku: Not one of our articles.");
//! assert_eq!(violations[1].code(), "pairs");
//! assert_eq!(violations[2].to_string(), "note: Longer than maximum length 3.");
//! # }
//! ```
//!
//! # `#[validate(...)]` on a type
//!
//! `schema(function = path)` is a rule for the whole struct: `fn(&Self) -> Result<(), Violation>`. It runs
//! when the struct has no other violation. With `skip_on_field_errors = false` it also runs when fields break
//! their rules, if all fields could be read. Its message is reported under `_schema`, or under the field that
//! `field = name` in the attribute or the violation itself ([`Violation::at`](crate::Violation::at)) names. A type can
//! have several such rules.
//!
//! The function of a rule may return [`Violations`](crate::Violations) instead of one [`Violation`](crate::Violation).
//! With the feature `validator021` it may also return validator's errors, so functions that were written for validator
//! can be used unchanged. Your own error type is accepted if `Violations` implements `From` for it.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[validate(schema(function = ends_after_start, message = "Ends before it starts."))]
//! #[validate(schema(function = is_short, field = end, message = "Too late."))]
//! #[derive(Debug)]
//! struct Slot { start: u32, end: u32 }
//!
//! fn ends_after_start(slot: &Slot) -> Result<(), Violation> {
//!     if slot.start < slot.end { Ok(()) } else { Err(Violation::new("order")) }
//! }
//!
//! fn is_short(slot: &Slot) -> Result<(), Violation> {
//!     if slot.end.saturating_sub(slot.start) <= 8 { Ok(()) } else { Err(Violation::new("long")) }
//! }
//!
//! let messages = |input: &str| Slot::load_str(input).unwrap_err().violations().unwrap().to_messages();
//! assert_eq!(
//!     messages(r#"{"start": 2, "end": 1}"#),
//!     event_schema::serde_json::json!({"_schema": ["Ends before it starts."]})
//! );
//! assert_eq!(messages(r#"{"start": 2, "end": 20}"#), event_schema::serde_json::json!({"end": ["Too late."]}));
//! ```
//!
//! A load may call a function more than once for a value: after a hook, or for a datum of Avro that is read a second time.
//! A function must therefore not remember the values that it has seen, for instance to find duplicates. Check that in the
//! handler.
//!
//! `context = Type` is the type of the second argument of functions with `use_context`. The value comes from
//! [`LoadOptions::context`](crate::LoadOptions::context), or from the argument of validator's `ValidateArgs`. For
//! Kafka, the `with_context` of a producer or a consumer sets it.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! struct Limits { max: u32 }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[validate(context = Limits)]
//! struct Bid {
//!     #[validate(custom(function = affordable, use_context))]
//!     cents: u32,
//! }
//!
//! fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
//!     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
//! }
//!
//! let limits = Limits { max: 100 };
//! let options = LoadOptions::new().context(&limits);
//! assert!(options.load::<Bid>(br#"{"cents": 100}"#).is_ok());
//! assert!(options.load::<Bid>(br#"{"cents": 101}"#).is_err());
//! ```
//!
//! A load has one context, for the event and all types nested in it: a second call of `context` replaces the first. If
//! the context of a rule is missing, or has another type, the load fails. The error is not a violation: the service is
//! misconfigured ([`LoadError::is_config`](crate::LoadError::is_config)). If both an event and its nested types have
//! rules with a context, all of them must therefore name the same type: a struct with everything that their rules need.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! struct Shop { max: u32, open: bool }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[validate(context = Shop, schema(function = is_open, use_context))]
//! struct Auction { bid: Bid }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[validate(context = Shop)]
//! struct Bid {
//!     #[validate(custom(function = affordable, use_context))]
//!     cents: u32,
//! }
//!
//! fn is_open(_: &Auction, shop: &Shop) -> Result<(), Violation> {
//!     if shop.open { Ok(()) } else { Err(Violation::new("closed")) }
//! }
//!
//! fn affordable(cents: u32, shop: &Shop) -> Result<(), Violation> {
//!     if cents <= shop.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
//! }
//!
//! let shop = Shop { max: 100, open: true };
//! let auction = br#"{"bid": {"cents": 100}}"#;
//! assert!(LoadOptions::new().context(&shop).load::<Auction>(auction).is_ok());
//!
//! // With a context of another type, no rule can run.
//! let error = LoadOptions::new().context(&100_u32).load::<Auction>(auction).unwrap_err();
//! assert!(error.is_config() && error.violations().is_none());
//! ```
//!
//! # `#[serde(...)]`
//!
//! serde's attributes are read by serde's own parser and have the meaning that serde gives them.
//!
//! | on | supported | refused |
//! |---|---|---|
//! | types | `rename_all`, `rename_all_fields`, `deny_unknown_fields`, `default`, `tag`, `content`, `untagged`, `transparent`, `from`, `try_from`, `into`, `bound`, `crate` | `remote`, `field_identifier`, `variant_identifier`; a `tag` without `content` if a variant holds a number, a string or a list |
//! | fields | `rename`, `alias`, `default`, `flatten`, `skip`, `skip_serializing`, `skip_deserializing`, `skip_serializing_if`, `with`, `deserialize_with`, `serialize_with`, `bound` | `getter`; two fields with the same name; `flatten` of a number, a string or a list, or of a type into itself; a flattened map before another flattened field |
//! | variants | `rename`, `rename_all`, `alias`, `bound`, `other`, `skip`, `skip_serializing`, `skip_deserializing` | `with`, `untagged`; two variants with the same name |
//!
//! serde's attributes and the field's type determine which fields are optional in the input. An `Option` may be
//! missing or null, a field with `#[serde(default)]` may be missing, and all others are required. Unknown fields
//! are skipped; with `deny_unknown_fields` each is a violation.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! #[serde(rename_all = "camelCase", deny_unknown_fields)]
//! struct Order {
//!     order_id: u64,
//!     note: Option<String>,
//!     #[serde(default, alias = "count")]
//!     quantity: u32,
//! }
//!
//! assert_eq!(
//!     Order::load(br#"{"orderId": 1, "count": 2}"#).unwrap(),
//!     Order { order_id: 1, note: None, quantity: 2 }
//! );
//! assert_eq!(
//!     Order::load(br#"{"orderId": 1, "quantity": null, "x": 1}"#).unwrap_err().to_string(),
//!     "2 violations\nquantity: Field may not be null.\nx: Unknown field."
//! );
//! ```
//!
//! Rules apply to every value of a field: read, defaulted or skipped. A loaded event can be dumped, and a dumped event
//! can be loaded. Three things are therefore violations:
//!
//! - a name that is written twice: a key of a flattened map, or a field of a flattened struct or of a tagged variant,
//!   with the name of another field or of the tag;
//! - a NaN in a `plain` field;
//! - a required field that `skip_serializing_if` leaves out: give it a `#[serde(default)]`.
//!
//! A flattened map does not contain the fields that a flattened enum in the same struct has read, nor the fields that
//! only a dump writes (`skip_deserializing`, a struct's `tag`). serde differs here.
//!
//! Do not put `deny_unknown_fields` on the data of a flattened tagged or untagged enum. As in serde, it rejects all
//! entries that the fields before the enum leave, including those of flattened fields after it. Put it on the outer
//! struct instead.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use event_schema::prelude::*;
//! use event_schema::serde_json::Value;
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! struct Payment {
//!     id: u64,
//!     #[serde(flatten)]
//!     by: Means,
//!     #[serde(flatten)]
//!     extra: BTreeMap<String, Value>,
//! }
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! #[serde(tag = "by")]
//! enum Means { Card { number: String }, Cash }
//!
//! let mut payment = Payment::load(br#"{"id": 1, "by": "Card", "number": "4711", "note": "?"}"#).unwrap();
//! assert_eq!(payment.extra.keys().collect::<Vec<_>>(), ["note"]);
//! assert_eq!(Payment::load(&payment.dump().unwrap()).unwrap(), payment);
//!
//! payment.extra.insert("by".to_owned(), "Cash".into());
//! assert_eq!(payment.validate().unwrap_err()[0].to_string(), "by: Duplicate field.");
//! ```
//!
//! The contract cannot show the JSON form that the functions of `with`, `serialize_with` and `deserialize_with` read
//! and write. Name a type with the same JSON form in `#[schemars(with = "...")]`.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Theme {
//!     #[serde(with = "hex", default)]
//!     #[schemars(with = "String")]
//!     color: u32,
//! }
//!
//! mod hex {
//!     use event_schema::serde::de::{Deserialize, Deserializer, Error};
//!     use event_schema::serde::ser::Serializer;
//!
//!     pub(super) fn serialize<S: Serializer>(color: &u32, output: S) -> Result<S::Ok, S::Error> {
//!         output.serialize_str(&format!("{color:06x}"))
//!     }
//!
//!     pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
//!         u32::from_str_radix(&String::deserialize(input)?, 16).map_err(D::Error::custom)
//!     }
//! }
//!
//! let theme = Theme::load(br#"{"color": "00ff00"}"#).unwrap();
//! assert_eq!(theme.color, 0xff00);
//! assert_eq!(theme.dump().unwrap(), br#"{"color":"00ff00"}"#);
//! assert_eq!(Theme::json_schema().pointer("/properties/color/type").unwrap(), "string");
//! assert_eq!(Theme::load(br#"{"color": "green"}"#).unwrap_err().violations().unwrap()[0].code(), "invalid");
//! ```
//!
//! `bound` sets the bounds of serde's own implementations only. The bounds that `load` needs on type parameters follow
//! from the fields (see [types of fields](#types-of-fields)). A generic type must also be `Serialize` to be an event.
//!
//! ```
//! use std::marker::PhantomData;
//!
//! use event_schema::prelude::*;
//!
//! struct Euro;
//!
//! #[event_schema::event]
//! #[serde(bound(serialize = ""))]
//! struct Amount<Unit> {
//!     cents: u64,
//!     #[serde(skip)]
//!     unit: PhantomData<Unit>,
//! }
//!
//! let amount = Amount::<Euro>::load(br#"{"cents": 250}"#).unwrap();
//! assert_eq!(amount.dump().unwrap(), br#"{"cents":250}"#);
//! ```
//!
//! # `#[schemars(...)]`
//!
//! The [contract](crate::contract) follows from the types of fields, serde's attributes and the rules. It is written as
//! JSON Schema 2020-12, as draft 7 or for OpenAPI 3.0, and cannot express [a few
//! things](crate::contract#where-load-and-the-contract-differ). schemars' attributes add to it:
//!
//! | on | supported |
//! |---|---|
//! | types | `with`, `schema_with`, `title`, `description`, `example`, `deprecated`, `extend`, `inline`, `rename`, `crate` |
//! | fields | `with`, `schema_with`, `title`, `description`, `example`, `deprecated`, `extend` |
//! | variants | `title`, `description`, `example`, `deprecated`, `extend` |
//!
//! Other attributes are refused, because the contract would no longer describe the input that load accepts. The error
//! names the reason.
//!
//! The contract contains the value of `#[serde(default)]`. A default that is not constant, such as the current time,
//! would make every contract differ from the recorded one: `#[event(default = "computed")]` leaves its value out.
//!
//! ```
//! use event_schema::prelude::*;
//! use std::time::SystemTime;
//!
//! /// A measurement of a device.
//! #[event_schema::event]
//! #[schemars(rename = "Measurement", extend("x-owner" = "telemetry"))]
//! struct Reading {
//!     #[schemars(description = "In degrees Celsius.", example = 21.5)]
//!     celsius: f64,
//!     #[serde(default = "SystemTime::now")]
//!     #[event(default = "computed")]
//!     at: SystemTime,
//! }
//!
//! let schema = Reading::json_schema();
//! assert_eq!(schema.get("title").unwrap(), "Measurement");
//! assert_eq!(schema.get("x-owner").unwrap(), "telemetry");
//! assert_eq!(schema.pointer("/properties/celsius/description").unwrap(), "In degrees Celsius.");
//! assert!(schema.pointer("/properties/at/default").is_none());
//! ```
//!
//! # Types of fields
//!
//! The type of a field must implement [`FieldType`](crate::load::FieldType), whose page lists the supported types.
//! Nested types derive `EventSchema`, as events do. Events own their data, so references and lifetime parameters are
//! refused. A generic parameter must implement `FieldType` if a field uses it.
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! struct Envelope<T> { id: u64, body: T }
//!
//! #[event_schema::event]
//! struct Ping { seq: u64 }
//!
//! let envelope = Envelope::<Ping>::load(br#"{"id": 1, "body": {"seq": 2}}"#).unwrap();
//! assert_eq!((envelope.id, envelope.body.seq), (1, 2));
//! ```
//!
//! # Order of attributes and derives
//!
//! The compiler expands attributes from top to bottom. A derive above `#[event_schema::event]` does not see the
//! attributes that the macro adds.
//!
//! | written, from top to bottom | what happens |
//! |---|---|
//! | `#[event_schema::event]`, `#[derive(Debug)]` | works |
//! | `#[event_schema::event]`, `#[derive(Debug, Serialize, EventSchema, Validate)]` | works: the attribute merges the list with its own derives |
//! | `#[derive(Debug)]`, `#[event_schema::event]` | works; with [sensitive fields](#sensitive-fields) it is an error that tells you to swap them |
//! | `#[derive(EventSchema)]`, `#[event_schema::event]` | an error that tells you to swap them |
//! | `#[derive(Serialize)]`, `#[event_schema::event]` | E0119, "conflicting implementations": `Serialize` is derived twice. Put the attribute first |
//! | `#[derive(EventSchema)]`, `#[event(...)]` | works: `#[event(...)]` is the derive's own attribute |
//! | `#[event(...)]`, `#[derive(EventSchema)]` | "derive helper attribute is used before it is introduced": put the derive first |
//! | `use event_schema::event;` and `#[event(...)]` first | works: `#[event(...)]` is the attribute macro |
//!
//! # Another name for the crate
//!
//! Generated code refers to this crate as `::event_schema`. If the dependency is renamed in `Cargo.toml`, or
//! re-exported by another crate, name its path: `#[event(crate = schema)]`. If the argument is missing, the compile
//! error suggests the path, provided that the macro can find the new name.
//!
//! # E0119: schemars' own derive
//!
//! The derive also implements [`schemars::JsonSchema`]. A type that derives schemars' `JsonSchema` as well has two
//! implementations: remove `JsonSchema` from its list of derives. A type with a schema written by hand keeps it with
//! `#[event(json_schema = false)]`. Types without `EventSchema`, such as those of `plain` fields, derive
//! `event_schema::schemars::JsonSchema`. The `JsonSchema` of the prelude is not that derive: it only reports the error.
//!
//! # E0119: a key by hand
//!
//! The derive implements [`EventKey`](crate::EventKey) for newtypes and for enums without data. If you implement it by
//! hand, add `#[event(event_key = false)]`.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use event_schema::EventKey;
//! use event_schema::prelude::*;
//!
//! #[event_schema::event(event_key = false)]
//! struct Region(String);
//!
//! impl EventKey for Region {
//!     fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
//!         Some(Cow::Owned(self.0.to_lowercase().into_bytes()))
//!     }
//! }
//!
//! #[event_schema::event(key = region)]
//! struct Opened { region: Region }
//!
//! assert_eq!(Opened { region: Region("EU".to_owned()) }.key().as_deref(), Some(&b"eu"[..]));
//! ```
//!
//! # E0119 and E0034: validator's own trait
//!
//! With the feature `validator021`, which is on by default, the derive also implements
//! [`validator::Validate`](https://docs.rs/validator/0.21/validator/trait.Validate.html), so the type works wherever
//! that trait is required. Without the feature no public item uses a type of validator.
//!
//! - **E0119**, "conflicting implementations of trait `Validate`": the type has a second implementation, by hand or by
//!   validator's derive. Remove it, or keep it and write `#[event(validate = false)]`.
//! - **E0034**, "multiple applicable items in scope" at `event.validate()`: both traits are imported and
//!   have a method of this name. Remove the `use` of `Validate`, or name the trait in the call:
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::validator::{Validate, ValidationErrors};
//!
//! #[event_schema::event]
//! struct Order {
//!     #[serde(rename = "orderId")]
//!     #[validate(length(min = 1))]
//!     order_id: String,
//! }
//!
//! let order = Order { order_id: String::new() };
//!
//! // All violations, under the names on the wire.
//! let violations: Violations = EventSchema::validate(&order).unwrap_err();
//! assert_eq!(violations[0].path().to_string(), "orderId");
//!
//! // In validator's form, under the names in Rust.
//! let errors: ValidationErrors = Validate::validate(&order).unwrap_err();
//! assert!(errors.field_errors().contains_key("order_id"));
//! ```
