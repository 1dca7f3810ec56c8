//! What the derive and the attribute take: a reference. This module has no items.
//!
//! # Two forms
//!
//! **The attribute** [`#[event_schema::event]`](macro@crate::event) adds the derives `Serialize` and
//! `EventSchema`, and the path by which serde's finds its crate. `event-schema` is the only dependency that it
//! needs.
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
//! **The derive** leaves the list of derives to you. serde's macro looks for a crate called `serde`, which must be
//! among your dependencies then.
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
//! `Deserialize` is not needed: the derive writes the reader that finds every fault. A type may have
//! it as well. schemars' `JsonSchema` is implemented by `EventSchema`: do not derive it.
//!
//! # `#[event(...)]` on a type
//!
//! | | meaning | default |
//! |---|---|---|
//! | `name = "..."` | the event's name: ASCII letters, digits, `.`, `-` and `_` | the type's name in kebab-case |
//! | `version = 2` | the major version of its contract, counted from 1 | 1 |
//! | `topic = "..."` or `topic = PATH` | the topic that it is published to: its name, or a `&'static str` constant that holds it | none |
//! | `key = field` | the field whose value is the message's [key](crate::EventKey): a text, an integer, a UUID, a newtype of one, an enum without data; `key = field.inner` goes deeper | none |
//! | `types` | of an enum: each variant holds an event of its own, see [several events in one topic](#several-events-in-one-topic) | |
//! | `previous = Type` | the type of the version before, which has a `From` or `TryFrom` into this one, see [versions](#versions) | none |
//! | `newer = "refuse"` | what a newer version's writer wrote is refused without a try | `"accept"`: it is tried |
//! | `pre_load`, `post_load`, `pre_dump`, `post_dump` `= function` | see [hooks](#hooks) | none |
//! | `validate = false` | no `impl validator::Validate`, for a type that has its own | `true` |
//! | `json_schema = false` | no `impl schemars::JsonSchema`, for a type that has its own | `true` |
//! | `event_key = false` | no [`impl EventKey`](crate::EventKey), for a newtype or an enum without data that has its own | `true` |
//! | `debug` | an `impl Debug` that shows sensitive fields as `***`, in place of `#[derive(Debug)]`; the attribute form adds it where it is needed; `debug = false` keeps the type's own `Debug`, which must mask them itself | |
//! | `crate = path` | where `event-schema` is, if it goes by another name | `::event_schema` |
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
//! Values in attributes are ordinary Rust: a topic, the bound of a rule or the function of a hook can be a constant or a
//! function of any module, and `Self` is the type.
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
//!     fn is_small_enough(&self) -> Result<(), ValidationError> {
//!         if self.quantity <= 100 { Ok(()) } else { Err(ValidationError::new("too_many")) }
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
//! An enum whose variants are events of their own is `#[event(types)]`: the message's type (in
//! CloudEvents' header `ce_type`) says which one it is, and the body is that event's own, with nothing
//! around it. Names, versions, keys and hooks are those of the variants; the topic is the enum's, or
//! where it has none the variant's. serde's word for such a body is `untagged`, which the attribute form
//! adds.
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
//! Two variants hold different events, or different versions of one: two of the same name and version are refused by the
//! compiler. All `Page<T>` share the name and version of `Page`, so that two of them cannot stand in one enum: wrap each in
//! an event of its own.
//!
//! A Kafka message that does not tell its type is rejected: with a field missing or damaged, one event may well
//! look like another. Where writers set no headers, let the body tell: an enum with `#[serde(tag = "type")]` is one
//! event with several forms. An `untagged` one without `types` takes the first that fits, as `load` does here.
//!
//! ## Hooks
//!
//! Functions around load and dump, as Marshmallow's decorators of the same names. Each may also give
//! back a `Result` of its value and [`ValidationError`](crate::ValidationError), whose message stands
//! under `_schema` then.
//!
//! | | is given | when |
//! |---|---|---|
//! | `pre_load` | `serde_json::Value` | before the fields are read, and at every level on which the type stands |
//! | `post_load` | `Self` | when it is without fault; the rules run again on what it gives back |
//! | `pre_dump` | `&Self` | before the event's rules run: what it gives back is checked and written |
//! | `post_dump` | `serde_json::Value` | before it is written, unchecked |
//!
//! A hook of load that gives an error refuses the event: no other variant of an `untagged` enum takes it, nor does a
//! flattened `Option` become `None`. The hooks of dump are those of the type that is dumped, for what stands in it is
//! written by its own `Serialize`; an enum of `types` has those of its variants. `pre_load` costs its type the direct way: the input is made a `Value` first.
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
//! fn lowercase(user: User) -> Result<User, ValidationError> {
//!     if user.email.ends_with("@example.com") {
//!         return Err(ValidationError::new("blocked").with_message("We do not write there.".into()));
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
//! A version is a type. [`load_from`](crate::EventSchema::load_from) takes the writer's version, reads
//! with that version's type and converts through every version between.
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
//! # `#[event(...)]` on a field
//!
//! | | meaning |
//! |---|---|
//! | `plain` | the field's type is read by its own `Deserialize`: for types of other crates that no feature supports. It gives at most one violation, at the path inside it where its reader gave up |
//! | `sensitive` | masked where the library speaks of it: in [violations](crate::Violation#sensitive-fields) and, see below, in `Debug` |
//! | `not_null` | null is refused, though the type is an `Option` or has a default: optional, but never null. Nor is it written: the attribute form leaves out a null of an `Option` or a defaulted `Value` (`skip_serializing_if`), the derive form asks for that, and a null that is left is a violation in `dump` |
//! | `default = "computed"` | the default differs from time to time, see [`#[schemars(...)]`](#schemars): the contract leaves its value out |
//! | `messages(required = "...", null = "...", invalid = "...")` | its own sentences for what is wrong with its shape; `required` also for the rule of this name |
//! | `one_of(a, b, ...)`, `none_of(a, b, ...)`, `equal(a)` | rules: the value is one of these, none of them, this one |
//! | `contains_only(a, b, ...)`, `contains_none_of(a, b, ...)` | rules: all elements are among these, none is |
//! | `each(rule, ...)` | rules of the elements of a list, a set or an array |
//! | `keys(rule, ...)`, `values(rule, ...)` | rules of a map's keys and of its values |
//!
//! Rules take `message = "..."` and `code = "..."`; inside `each`, `keys` and `values` stand these rules and
//! those of `#[validate(...)]`, `must_match`, `required` and `nested` aside.
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
//! The attribute form replaces a `Debug` in the list of derives below it by one that masks them; with
//! the derive form, write `#[event(debug)]` on the type in place of `#[derive(Debug)]`. What is
//! masked are errors and logs of the library's own: [`dump`](crate::EventSchema::dump) writes the
//! value, and a dead letter has the original bytes. A newtype of a sensitive field is masked as a map's key too.
//!
//! Any other `Debug` of a type with sensitive fields is a compile error, wherever it is derived: it would show them. A
//! type whose own `impl Debug` masks them says `#[event(debug = false)]`.
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
//! Rules have the syntax of [validator], and each may have a `message = "..."` of its own
//! and a `code = "..."`. A field can have several; they run in the order written. A rule looks
//! through `Option`, `Box`, `Rc` and `Arc`: what is not there breaks no rule but `required`.
//!
//! | rule | holds if | for |
//! |---|---|---|
//! | `length(min, max, equal)` | so many characters, elements or entries | texts, lists, sets, maps |
//! | `range(min, max, exclusive_min, exclusive_max)` | within the bounds | numbers, and what else has an order |
//! | `email` | an email address, as HTML defines it | texts |
//! | `url` | an absolute URL | texts |
//! | `ip`, `ip(v4)`, `ip(v6)` | an IP address | texts |
//! | `regex(path = *PATTERN)` | the pattern, a `regex::Regex`, is found in it | texts |
//! | `contains(pattern = "...")` | it contains the text, or the key | texts, maps |
//! | `does_not_contain(pattern = "...")` | it does not | texts, maps |
//! | `must_match(other = field)` | equal to another field of the struct | fields of one type |
//! | `required` | not `None` | `Option` |
//! | `non_control_character` | no control characters | texts |
//! | `credit_card` | the number of a credit card | texts |
//! | `custom(function = path)` | the function returns `Ok`: `fn(&T) -> Result<(), ValidationError>`, numbers by value; with `use_context` a second argument `&Context` | all |
//! | `nested` | nothing: a nested event is checked anyhow | events |
//! | `skip` | the field's rules are switched off, those of `#[event(...)]` too | all |
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
//! fn even(quantity: u32) -> Result<(), ValidationError> {
//!     if quantity.is_multiple_of(2) { Ok(()) } else { Err(ValidationError::new("odd")) }
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
//! `schema(function = path)` is a rule of the whole: `fn(&Self) -> Result<(), ValidationError>`. It runs
//! when nothing else is wrong with the struct, or always with `skip_on_field_errors = false`; its message
//! stands under `_schema`, or with `field = name` under the field that it blames. A type can have several.
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
//! fn ends_after_start(slot: &Slot) -> Result<(), ValidationError> {
//!     if slot.start < slot.end { Ok(()) } else { Err(ValidationError::new("order")) }
//! }
//!
//! fn is_short(slot: &Slot) -> Result<(), ValidationError> {
//!     if slot.end.saturating_sub(slot.start) <= 8 { Ok(()) } else { Err(ValidationError::new("long")) }
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
//! `context = Type` names the type of the second argument that functions with `use_context` get:
//! [`LoadOptions::context`](crate::LoadOptions::context) gives it, and validator's `ValidateArgs` takes it.
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
//! fn affordable(cents: u32, limits: &Limits) -> Result<(), ValidationError> {
//!     if cents <= limits.max { Ok(()) } else { Err(ValidationError::new("too_expensive")) }
//! }
//!
//! let limits = Limits { max: 100 };
//! let options = LoadOptions::new().context(&limits);
//! assert!(options.load::<Bid>(br#"{"cents": 100}"#).is_ok());
//! assert!(options.load::<Bid>(br#"{"cents": 101}"#).is_err());
//! ```
//!
//! A load has one context, for the event and all that is nested in it: a second call of `context` replaces the first, and
//! a rule that asks for another type is a violation (`context`). An event and the types in it that have rules with a
//! context therefore name the same type, a struct of all that they need:
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
//! fn is_open(_: &Auction, shop: &Shop) -> Result<(), ValidationError> {
//!     if shop.open { Ok(()) } else { Err(ValidationError::new("closed")) }
//! }
//!
//! fn affordable(cents: u32, shop: &Shop) -> Result<(), ValidationError> {
//!     if cents <= shop.max { Ok(()) } else { Err(ValidationError::new("too_expensive")) }
//! }
//!
//! let shop = Shop { max: 100, open: true };
//! let auction = br#"{"bid": {"cents": 100}}"#;
//! assert!(LoadOptions::new().context(&shop).load::<Auction>(auction).is_ok());
//!
//! // A context of another type serves none of the rules.
//! let error = LoadOptions::new().context(&100_u32).load::<Auction>(auction).unwrap_err();
//! assert_eq!(error.violations().unwrap()[0].code(), "context");
//! ```
//!
//! # `#[serde(...)]`
//!
//! serde's attributes are read by serde's own parser and mean what they mean to serde.
//!
//! | on | supported | refused |
//! |---|---|---|
//! | types | `rename_all`, `rename_all_fields`, `deny_unknown_fields`, `default`, `tag`, `content`, `untagged`, `transparent`, `from`, `try_from`, `into`, `bound`, `crate` | `remote`, `field_identifier`, `variant_identifier`; a `tag` alone beside a variant of a number, a text or a list |
//! | fields | `rename`, `alias`, `default`, `flatten`, `skip`, `skip_serializing`, `skip_deserializing`, `skip_serializing_if`, `with`, `deserialize_with`, `serialize_with`, `bound` | `getter`; two fields of one name; `flatten` of a number, a text or a list; a flattened map before another flattened field |
//! | variants | `rename`, `rename_all`, `alias`, `bound`, `other`, `skip`, `skip_serializing`, `skip_deserializing` | `with`, `untagged`; two variants of one name |
//!
//! What is optional in the input is said by serde's attributes and by the type: `Option` may be
//! missing or null, `#[serde(default)]` may be missing, everything else is required. Unknown fields are
//! skipped, unless `deny_unknown_fields` makes each a violation.
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
//! Rules hold for every value of a field: read, defaulted or skipped. What a load gives, a dump can write, and what a dump
//! writes, a load reads. So a violation is: a key of a flattened map, or a field of a flattened struct or of a tagged
//! variant, that is called as another field or as the tag; and a NaN in a `plain` field. Unlike serde, a load gives nothing
//! twice: what a flattened enum has read, and what only a dump writes (`skip_deserializing`, a struct's `tag`), is in no
//! flattened map beside it.
//!
//! `deny_unknown_fields` on the data of a flattened tagged or untagged enum refuses, as in serde, whatever the fields
//! before it leave, and so the entries of flattened fields behind it. Write it on the outer struct instead.
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
//! The contract cannot see what functions of `with` and its kin read and write: `#[schemars(with = "...")]` says
//! which type it looks like.
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
//! `bound` sets the bounds of serde's own implementations, and nothing else: what `load` needs of a type parameter follows
//! from the fields (see [types of fields](#types-of-fields)), and a generic type is an event wherever it is `Serialize`.
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
//! The [contract](crate::contract) is written from what serde's attributes and the rules say, in JSON Schema 2020-12, by
//! draft 7 or for OpenAPI 3.0; [few things](crate::contract#where-load-and-the-contract-differ) it cannot say. schemars'
//! attributes add to it:
//!
//! | on | supported |
//! |---|---|
//! | types | `with`, `schema_with`, `title`, `description`, `example`, `deprecated`, `extend`, `inline`, `rename`, `crate` |
//! | fields | `with`, `schema_with`, `title`, `description`, `example`, `deprecated`, `extend` |
//! | variants | `title`, `description`, `example`, `deprecated`, `extend` |
//!
//! Others are refused with the reason: the contract says what load does.
//!
//! The value of `#[serde(default)]` stands in the contract. A default that differs from time to time would make every
//! contract differ from the recorded one: `#[event(default = "computed")]` leaves its value out.
//!
//! ```
//! use event_schema::prelude::*;
//! use std::time::SystemTime;
//!
//! /// What a device measured.
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
//! A field's type implements [`FieldType`](crate::load::FieldType), which lists what does. Nested values
//! derive `EventSchema`: one concept, not two. Events own their data, so that references and lifetime
//! parameters are refused. Of a generic parameter `FieldType` is asked wherever a field mentions it.
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
//! # Which goes first
//!
//! The compiler expands what stands above first, and a derive above the attribute does not see what
//! the attribute adds.
//!
//! | written, from top to bottom | what happens |
//! |---|---|
//! | `#[event_schema::event]`, `#[derive(Debug)]` | works |
//! | `#[event_schema::event]`, `#[derive(Debug, Serialize, EventSchema, Validate)]` | works: the attribute takes the list over and merges what it adds itself |
//! | `#[derive(Debug)]`, `#[event_schema::event]` | works; with [sensitive fields](#sensitive-fields) an error that says so |
//! | `#[derive(EventSchema)]`, `#[event_schema::event]` | an error that says so |
//! | `#[derive(Serialize)]`, `#[event_schema::event]` | E0119, "conflicting implementations": both derive it. Put the attribute first |
//! | `#[derive(EventSchema)]`, `#[event(...)]` | works: this is the derive's own attribute |
//! | `#[event(...)]`, `#[derive(EventSchema)]` | "derive helper attribute is used before it is introduced": put it below |
//! | `use event_schema::event;` and `#[event(...)]` first | works: this is the attribute |
//!
//! # Another name for the crate
//!
//! Generated code finds this crate as `::event_schema`. A dependency that is renamed in `Cargo.toml`, or that another crate
//! re-exports, needs its path: `#[event(crate = schema)]`. Without it the error says so, where the new name can be told.
//!
//! # E0119: schemars' own derive
//!
//! The derive implements [`schemars::JsonSchema`] too. A type that also has schemars' derive has two
//! implementations: drop `JsonSchema` from its list of derives. A type with a schema of its own, written by hand, keeps it
//! with `#[event(json_schema = false)]`. Types that are no event schemas, which a field marked `plain` holds, derive
//! `event_schema::schemars::JsonSchema`; the prelude's name `JsonSchema` only says so.
//!
//! # E0119: a key by hand
//!
//! The derive implements [`EventKey`](crate::EventKey) for types that are one value on the wire: newtypes, and enums
//! without data. A type that has its own writes `#[event(event_key = false)]`.
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
//! The derive implements [`validator::Validate`] too, so that the type works
//! wherever that trait is asked for.
//!
//! - **E0119**, "conflicting implementations of trait `Validate`": the type has a second one, by hand or by
//!   validator's derive. Remove it, or keep it and write `#[event(validate = false)]`.
//! - **E0034**, "multiple applicable items in scope" at `event.validate()`: both traits are imported and
//!   have a method of this name. Remove the `use` of `Validate`, or write which one is meant:
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
//! // All of it, under the names on the wire.
//! let violations: Violations = EventSchema::validate(&order).unwrap_err();
//! assert_eq!(violations[0].path().to_string(), "orderId");
//!
//! // In validator's form, under the names in Rust.
//! let errors: ValidationErrors = Validate::validate(&order).unwrap_err();
//! assert!(errors.field_errors().contains_key("order_id"));
//! ```
