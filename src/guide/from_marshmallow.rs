//! From Marshmallow and pydantic to event-schema: the features of each, with their equivalents in Rust.
//!
//! In Marshmallow, a schema and the class of its objects are two classes. Here the struct is both. A field's Rust type
//! defines its kind, serde's attributes define its form on the wire, `#[validate(...)]` defines its valid values in the
//! syntax of [validator], and `#[event(...)]` defines the rest. Messages have Marshmallow's wording where the meaning
//! is the same, and they form the same tree.
//!
//! | Marshmallow | pydantic | here |
//! |---|---|---|
//! | [`Schema`](#a-schema) | `BaseModel` | `#[event_schema::event]` above a struct or an enum |
//! | [`load`, `loads`](#a-schema) | `model_validate`, `model_validate_json` | [`load_value`], [`load`] |
//! | [`dump`, `dumps`](#a-schema) | `model_dump`, `model_dump_json` | [`dump_value`], [`dump`], which check the rules too |
//! | [`validate`](#a-schema) | | [`validate`], on an event instead of its input |
//! | [`fields.Str` and the other fields](#fields) | annotations | the field's type |
//! | [`required`, `allow_none`, `load_default`, `dump_default`](#missing-null-and-defaults) | defaults, `Optional` | the field's type, `Option`, `#[serde(default)]`, `#[event(not_null)]` |
//! | [`data_key`, `attribute`](#names) | `alias`, `alias_generator` | `#[serde(rename)]`, `rename_all`, `alias` |
//! | [`dump_only`, `load_only`](#names) | `exclude=True` | `#[serde(skip_deserializing)]`, `#[serde(skip_serializing)]` |
//! | [`unknown`](#unknown-fields) | `extra` | `#[serde(deny_unknown_fields)]`; serde's default; `#[serde(flatten)]` |
//! | [`validate=[...]`, `@validates`](#rules) | `Field(ge=...)`, `@field_validator` | `#[validate(...)]`, `custom` |
//! | [`List(validate=)`, `Dict(keys=, values=)`](#rules) | `Annotated` in the type | `#[event(each(...))]`, `keys(...)`, `values(...)` |
//! | [`OneOf`, `NoneOf`, `Equal`, `ContainsOnly`, `ContainsNoneOf`](#rules) | `Literal` | `#[event(one_of(...))]` and so on; a `Literal` is an enum |
//! | [`@validates_schema`](#rules-of-a-struct) | `@model_validator(mode="after")` | `#[validate(schema(function = ...))]` |
//! | [`context`](#context) | `info.context` | `#[validate(context = Type)]`, [`LoadOptions::context`] |
//! | [`@pre_load`, `@post_load`, `@pre_dump`, `@post_dump`](#hooks) | `@model_validator`, `@model_serializer` | `#[event(pre_load = ...)]` and so on |
//! | [`Nested`, `List(Nested)`, `Nested("self")`](#nested-schemas-and-enums) | a model as a type | the type; `Vec<Type>`; `Vec` or `Box` of the type itself |
//! | [`Enum`, one-of-schema](#nested-schemas-and-enums) | `Enum`, `Discriminator` | an enum; with data, `#[serde(tag = "...")]` |
//! | [`many`](#many-partial-only-and-exclude) | `TypeAdapter(list[...])` | [`load_many`], [`dump_many`] |
//! | [`partial`](#many-partial-only-and-exclude) | | [`load_partial`], [`LoadOptions::partial`] |
//! | [`only`, `exclude`](#many-partial-only-and-exclude) | `include`, `exclude` | [`DumpOptions`](crate::DumpOptions); for partial loads [`LoadOptions::only`](crate::LoadOptions::only), [`LoadOptions::exclude`](crate::LoadOptions::exclude) |
//! | [`ValidationError.messages`](#errors) | `ValidationError.errors()` | [`Violations::to_messages`], or the [`Violations`] one by one |
//! | [`ValidationError.valid_data`](#errors) | | [`LoadOptions::valid_data`], [`LoadError::valid_data`] |
//! | [`error_messages`, `error=`](#errors) | | `#[event(messages(...))]`, `message = "..."` |
//! | | `type`, `loc`, `ctx` of an error | [`Violation::path`], [`Violation::code`], [`Violation::params`] |
//! | | `input` of an error | [`LoadOptions::show_values`], [`Violation::value`] |
//! | (gettext in a subclass) | (by `type` and `ctx`) | [`Violations::translate`] |
//! | | `model_json_schema` | [`json_schema`](crate::EventSchema::json_schema) |
//! | `metadata={"description": ...}` | `Field(description=...)` | the doc comment; `#[schemars(...)]` for other keywords |
//! | `Schema.from_dict` | `create_model` | none: types are known when the program is compiled |
//! | `fields.Function`, `fields.Method` | `@computed_field` | a `post_dump` hook that adds the fields |
//! | `class B(A)` | inheritance | `#[serde(flatten)]` of an `A` in `B` |
//!
//! [`load`]: crate::EventSchema::load
//! [`load_value`]: crate::EventSchema::load_value
//! [`dump`]: crate::EventSchema::dump
//! [`dump_value`]: crate::EventSchema::dump_value
//! [`validate`]: crate::EventSchema::validate
//! [`load_many`]: crate::EventSchema::load_many
//! [`dump_many`]: crate::EventSchema::dump_many
//! [`load_partial`]: crate::EventSchema::load_partial
//! [`LoadOptions::context`]: crate::LoadOptions::context
//! [`LoadOptions::partial`]: crate::LoadOptions::partial
//! [`LoadOptions::valid_data`]: crate::LoadOptions::valid_data
//! [`LoadError::valid_data`]: crate::LoadError::valid_data
//! [`Violations`]: crate::Violations
//! [`Violations::to_messages`]: crate::Violations::to_messages
//! [`Violations::translate`]: crate::Violations::translate
//! [`Violation`]: crate::Violation
//! [`Violation::path`]: crate::Violation::path
//! [`Violation::code`]: crate::Violation::code
//! [`Violation::params`]: crate::Violation::params
//! [`Violation::value`]: crate::Violation::value
//! [`LoadOptions::show_values`]: crate::LoadOptions::show_values
//!
//! # A schema
//!
//! ```python
//! class UserSchema(Schema):
//!     name = fields.Str(required=True)
//!     email = fields.Email(required=True)
//!
//!     @post_load
//!     def make_user(self, data, **kwargs):
//!         return User(**data)
//!
//! try:
//!     UserSchema().loads('{"name": 7, "email": "ada"}')
//! except ValidationError as error:
//!     assert error.messages == {
//!         "name": ["Not a valid string."],
//!         "email": ["Not a valid email address."],
//!     }
//! ```
//!
//! `load` returns the struct itself, so `make_user` is not needed. Unlike Marshmallow's `dump`, this `dump` checks the
//! rules and never writes an invalid event.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! struct User {
//!     name: String,
//!     #[validate(email)]
//!     email: String,
//! }
//!
//! let mut user = User::load(br#"{"name": "Ada", "email": "ada@example.org"}"#)?;
//! assert_eq!(user, User::load_value(json!({"name": "Ada", "email": "ada@example.org"}))?);
//!
//! let error = User::load(br#"{"name": 7, "email": "ada"}"#).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     json!({"name": ["Not a valid string."], "email": ["Not a valid email address."]})
//! );
//!
//! assert_eq!(user.dump()?, br#"{"name":"Ada","email":"ada@example.org"}"#);
//! user.email.clear();
//! assert!(user.validate().is_err() && user.dump().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Fields
//!
//! | Marshmallow | pydantic | here |
//! |---|---|---|
//! | `Str` | `str` | `String` |
//! | `Int(strict=True)` | `StrictInt`, `conint` | `u8` to `i128`: the type is the bound |
//! | `Float`, `Decimal` | `float`, `Decimal` | `f64`; `rust_decimal::Decimal` (feature `rust_decimal1`) |
//! | `Bool(truthy={True}, falsy={False})` | `StrictBool` | `bool` |
//! | `Email`, `Url` | `EmailStr`, `AnyUrl` | `String` with `#[validate(email)]` or `#[validate(url)]`; `url::Url` (`url2`) |
//! | `UUID` | `UUID` | `uuid::Uuid` (`uuid1`) |
//! | `IP`, `IPv4`, `IPv6` | `IPvAnyAddress` | `std::net::IpAddr`, `Ipv4Addr`, `Ipv6Addr` |
//! | `AwareDateTime`, `DateTime` | `AwareDatetime`, `datetime` | `chrono::DateTime<FixedOffset>` (`chrono04`), `jiff::Timestamp` (`jiff02`), `time::OffsetDateTime` (`time03`) |
//! | `NaiveDateTime`, `Date`, `Time` | `NaiveDatetime`, `date`, `time` | `chrono::NaiveDateTime`, `jiff::civil::DateTime` and so on |
//! | `DateTime(format="timestamp")`, `TimeDelta` | `@field_serializer` | `#[serde(with = "chrono::serde::ts_seconds")]` and its like |
//! | `List(X)`, `Tuple((X, Y))` | `list[X]`, `tuple[X, Y]`, `set[X]` | `Vec<X>`, `(X, Y)`, `BTreeSet<X>`, `[X; 3]` |
//! | `Dict(keys=K, values=V)`, `Mapping` | `dict[K, V]` | `BTreeMap<K, V>`, `HashMap<K, V>` |
//! | `Raw`, `Dict()` | `Any`, `dict` | `serde_json::Value`, `serde_json::Map<String, Value>`; not null: `#[event(not_null)]` |
//! | `Enum(E)` | `Enum` | an enum |
//! | `Enum(E, by_value=fields.Int())` | `IntEnum` | an enum with `#[serde(try_from = "i64", into = "i64")]` |
//! | `Nested(S)`, `Pluck(S, "id")` | a model | the type; the type of the one field |
//! | `Constant(x)` | `Literal[x]` | `#[event(equal(x))]`, which the input must have |
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::net::Ipv4Addr;
//!
//! use event_schema::prelude::*;
//! use event_schema::serde_json::{Value, json};
//!
//! #[event_schema::event]
//! #[derive(Debug, Clone, Copy, PartialEq)]
//! #[serde(try_from = "i64", into = "i64")]
//! enum Priority { Low = 1, High = 2 }
//!
//! impl TryFrom<i64> for Priority {
//!     type Error = ();
//!
//!     fn try_from(number: i64) -> Result<Self, ()> {
//!         match number {
//!             1 => Ok(Priority::Low),
//!             2 => Ok(Priority::High),
//!             _ => Err(()),
//!         }
//!     }
//! }
//!
//! impl From<Priority> for i64 {
//!     fn from(priority: Priority) -> i64 {
//!         priority as i64
//!     }
//! }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Everything {
//!     count: u8,
//!     #[validate(url)]
//!     site: String,
//!     peer: Ipv4Addr,
//!     pair: (String, i64),
//!     by_name: BTreeMap<String, Vec<f64>>,
//!     #[event(not_null)]
//!     raw: Value,
//!     #[event(messages(invalid = "Must be one of: 1, 2."))]
//!     priority: Priority,
//!     #[event(equal("order"))]
//!     kind: String,
//! }
//!
//! let input = json!({
//!     "count": 7, "site": "https://example.org", "peer": "192.0.2.1", "pair": ["a", 1], "by_name": {"x": [0.5]},
//!     "raw": [null], "priority": 2, "kind": "order",
//! });
//! assert_eq!(Everything::load_value(input.clone())?.dump_value()?, input);
//!
//! let input = json!({
//!     "count": 256, "site": "example", "peer": "::1", "pair": ["a"], "by_name": {"x": [true]},
//!     "raw": null, "priority": 3, "kind": "user",
//! });
//! assert_eq!(
//!     Everything::load_value(input).unwrap_err().violations().unwrap().to_messages(),
//!     json!({
//!         "count": ["Must be greater than or equal to 0 and less than or equal to 255."],
//!         "site": ["Not a valid URL."],
//!         "peer": ["Not a valid IPv4 address."],
//!         "pair": ["Length must be 2."],
//!         "by_name": {"x": {"value": {"0": ["Not a valid number."]}}},
//!         "raw": ["Field may not be null."],
//!         "priority": ["Must be one of: 1, 2."],
//!         "kind": ["Must be equal to order."],
//!     })
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Missing, null and defaults
//!
//! ```python
//! class OrderSchema(Schema):
//!     id = fields.Int(required=True)
//!     parent = fields.Int(required=True, allow_none=True)
//!     note = fields.Str(allow_none=True)
//!     coupon = fields.Str()
//!     quantity = fields.Int(load_default=1)
//! ```
//!
//! | may be missing | may be null | Marshmallow | here |
//! |---|---|---|---|
//! | no | no | `required=True` | `T` |
//! | no | yes | `required=True, allow_none=True` | `Option<T>` with `#[serde(deserialize_with = "Option::deserialize")]`, as in serde |
//! | yes | yes | `allow_none=True` | `Option<T>` |
//! | yes | no | the default | `Option<T>` with `#[event(not_null)]` |
//! | yes, then it is `x` | no | `load_default=x` | `T` with `#[serde(default = "x")]` |
//! | yes, then it is `x` | yes | `load_default=x, allow_none=True` | `Option<T>` with `#[serde(default = "x")]` |
//!
//! A field that is `not_null` must not be written as null either. `#[event_schema::event]` therefore leaves the field
//! out if it is `None`. With `#[derive(EventSchema)]`, add `#[serde(skip_serializing_if = "Option::is_none")]`
//! yourself. `dump_default` has no counterpart: a struct always has all its fields.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! struct Order {
//!     id: u64,
//!     #[serde(deserialize_with = "Option::deserialize")]
//!     parent: Option<u64>,
//!     note: Option<String>,
//!     #[event(not_null)]
//!     coupon: Option<String>,
//!     #[serde(default = "one")]
//!     quantity: u32,
//! }
//!
//! fn one() -> u32 {
//!     1
//! }
//!
//! let order = Order::load(br#"{"id": 7, "parent": null}"#)?;
//! assert_eq!(order, Order { id: 7, parent: None, note: None, coupon: None, quantity: 1 });
//! assert_eq!(order.dump_value()?, json!({"id": 7, "parent": null, "note": null, "quantity": 1}));
//!
//! let error = Order::load(br#"{"coupon": null, "quantity": null}"#).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     json!({
//!         "id": ["Missing data for required field."],
//!         "parent": ["Missing data for required field."],
//!         "coupon": ["Field may not be null."],
//!         "quantity": ["Field may not be null."],
//!     })
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names
//!
//! ```python
//! class AccountSchema(Schema):
//!     user_name = fields.Str(data_key="userName", required=True)
//!     created = fields.Int(dump_only=True)
//!     password = fields.Str(load_only=True, required=True)
//! ```
//!
//! A `skip_deserializing` field is an unknown field in the input, and a load gives it its default value. Messages and
//! paths contain the names on the wire.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[serde(rename_all = "camelCase", deny_unknown_fields)]
//! struct Account {
//!     #[serde(alias = "login")]
//!     user_name: String,
//!     #[serde(skip_deserializing)]
//!     created: u64,
//!     #[serde(skip_serializing)]
//!     password: String,
//! }
//!
//! let account = Account::load(br#"{"login": "ada", "password": "letmein"}"#)?;
//! assert_eq!(account.dump_value()?, json!({"userName": "ada", "created": 0}));
//!
//! let error = Account::load(br#"{"created": 5, "password": "letmein"}"#).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     json!({"userName": ["Missing data for required field."], "created": ["Unknown field."]})
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Unknown fields
//!
//! ```python
//! class StrictSchema(Schema):
//!     class Meta:
//!         unknown = RAISE     # the default of Marshmallow
//!     a = fields.Int()
//!
//! class TolerantSchema(Schema):
//!     class Meta:
//!         unknown = EXCLUDE   # the default here, and of pydantic
//!     a = fields.Int()
//!
//! class KeepingSchema(Schema):
//!     class Meta:
//!         unknown = INCLUDE
//!     a = fields.Int()
//! ```
//!
//! Each type has its own policy, nested types too. [`LoadOptions::unknown`](crate::LoadOptions::unknown) replaces
//! it for one load; unlike in Marshmallow, it then applies to nested types as well. All unknown fields are reported,
//! not only the first.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::{Map, Value, json};
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[serde(deny_unknown_fields)]
//! struct Strict { a: u8 }
//!
//! #[event_schema::event]
//! struct Tolerant { a: u8 }
//!
//! #[event_schema::event]
//! struct Keeping {
//!     a: u8,
//!     #[serde(flatten)]
//!     extra: Map<String, Value>,
//! }
//!
//! let input = br#"{"a": 1, "b": 2, "c": 3}"#;
//! assert_eq!(
//!     Strict::load(input).unwrap_err().violations().unwrap().to_messages(),
//!     json!({"b": ["Unknown field."], "c": ["Unknown field."]})
//! );
//! assert_eq!(Tolerant::load(input)?.dump_value()?, json!({"a": 1}));
//! assert_eq!(Keeping::load(input)?.dump_value()?, json!({"a": 1, "b": 2, "c": 3}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules
//!
//! ```python
//! def even(number):
//!     if number % 2:
//!         raise ValidationError("Odd.")
//!
//! class ItemSchema(Schema):
//!     sku = fields.Str(required=True, validate=validate.Length(equal=4))
//!     count = fields.Int(required=True, validate=[validate.Range(min=1, max=9), even])
//!     size = fields.Str(required=True, validate=validate.OneOf(["S", "M", "L"]))
//!     tags = fields.List(fields.Str(validate=validate.Length(min=2)), required=True)
//!     prices = fields.Dict(
//!         keys=fields.Str(validate=validate.Length(equal=3)),
//!         values=fields.Int(validate=validate.Range(min=0)),
//!         required=True,
//!     )
//! ```
//!
//! All rules of a field run, in the order written. The rules that validator has are written in `#[validate(...)]`, the
//! rules that only Marshmallow has in `#[event(...)]`. Each can have its own `message`. The page [`derive`] lists all
//! rules. The contract contains each rule that JSON Schema can express.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Item {
//!     #[validate(length(equal = 4))]
//!     sku: String,
//!     #[validate(range(min = 1, max = 9), custom(function = even))]
//!     count: i32,
//!     #[event(one_of("S", "M", "L"))]
//!     size: String,
//!     #[event(each(length(min = 2)))]
//!     tags: Vec<String>,
//!     #[event(keys(length(equal = 3)), values(range(min = 0)))]
//!     prices: BTreeMap<String, i64>,
//! }
//!
//! fn even(number: i32) -> Result<(), Violation> {
//!     if number % 2 == 0 { Ok(()) } else { Err(Violation::new("odd").with_message("Odd.")) }
//! }
//!
//! let input = json!({"sku": "x", "count": 11, "size": "XL", "tags": ["a", "bb"], "prices": {"EUR": -1, "DM": "1"}});
//! assert_eq!(
//!     Item::load_value(input).unwrap_err().violations().unwrap().to_messages(),
//!     json!({
//!         "sku": ["Length must be 4."],
//!         "count": ["Must be greater than or equal to 1 and less than or equal to 9.", "Odd."],
//!         "size": ["Must be one of: S, M, L."],
//!         "tags": {"0": ["Shorter than minimum length 2."]},
//!         "prices": {
//!             "EUR": {"value": ["Must be greater than or equal to 0."]},
//!             "DM": {"key": ["Length must be 3."], "value": ["Not a valid integer."]},
//!         },
//!     })
//! );
//! ```
//!
//! # Rules of a struct
//!
//! ```python
//! class WindowSchema(Schema):
//!     start = fields.Int(required=True)
//!     end = fields.Int(required=True)
//!
//!     @validates_schema
//!     def in_order(self, data, **kwargs):
//!         if data["start"] >= data["end"]:
//!             raise ValidationError("start must be before end")
//! ```
//!
//! Struct rules run when the struct has no other violation, as with Marshmallow's `skip_on_field_errors=True`. With
//! `skip_on_field_errors = false` they also run when a field breaks its rules, but never when a field could not be
//! read. The equivalent of Python's `ValidationError("must be after start", "end")` is a [`Violation`] that names the
//! field: its message is reported under that field. If the field is always the same, the attribute can name it:
//! `field = end`.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[validate(schema(function = in_order, message = "start must be before end"))]
//! struct Window { start: i64, end: i64 }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[validate(schema(function = not_empty))]
//! struct Slot { start: i64, end: i64 }
//!
//! fn not_empty(slot: &Slot) -> Result<(), Violation> {
//!     if slot.start < slot.end {
//!         return Ok(());
//!     }
//!     Err(Violation::new("empty").with_message("must be after start").at("end"))
//! }
//!
//! fn in_order(window: &Window) -> Result<(), Violation> {
//!     if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
//! }
//!
//! let messages = |input| Window::load_value(input).unwrap_err().violations().unwrap().to_messages();
//! assert_eq!(messages(json!({"start": 2, "end": 1})), json!({"_schema": ["start must be before end"]}));
//! assert_eq!(messages(json!({"start": "2", "end": 1})), json!({"start": ["Not a valid integer."]}));
//!
//! let error = Slot::load(br#"{"start": 2, "end": 1}"#).unwrap_err();
//! assert_eq!(error.violations().unwrap().to_messages(), json!({"end": ["must be after start"]}));
//! ```
//!
//! # Context
//!
//! ```python
//! from marshmallow.experimental.context import Context
//!
//! class BidSchema(Schema):
//!     cents = fields.Int(required=True)
//!
//!     @validates("cents")
//!     def affordable(self, value, data_key):
//!         if value > Context.get()["max"]:
//!             raise ValidationError("Too expensive.")
//! ```
//!
//! The context has a type. If a rule needs a context and the load has none, the load fails. The error is not a
//! violation, because the fault is in the service and not in the input.
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
//!     #[validate(custom(function = affordable, use_context, message = "Too expensive."))]
//!     cents: u32,
//! }
//!
//! fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
//!     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
//! }
//!
//! let limits = Limits { max: 100 };
//! let error = LoadOptions::new().context(&limits).load::<Bid>(br#"{"cents": 101}"#).unwrap_err();
//! assert_eq!(error.violations().unwrap()[0].message(), "Too expensive.");
//! assert!(Bid::load(br#"{"cents": 1}"#).unwrap_err().is_config());
//! ```
//!
//! # Hooks
//!
//! ```python
//! class ContactSchema(Schema):
//!     email = fields.Str(required=True)
//!
//!     @pre_load
//!     def rename(self, data, **kwargs):
//!         return {"email": data["mail"]} if "mail" in data else data
//!
//!     @post_load
//!     def lowercase(self, data, **kwargs):
//!         return {**data, "email": data["email"].lower()}
//!
//!     @post_dump
//!     def wrap(self, data, **kwargs):
//!         return {"contact": data}
//! ```
//!
//! A type has at most one function for each hook. The page [`derive`] says when hooks run. To accept another name for a
//! field, `alias` is cheaper than `pre_load`.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::{Value, json};
//!
//! #[event_schema::event(pre_load = rename, post_load = lowercase, post_dump = wrap)]
//! struct Contact { email: String }
//!
//! fn rename(mut value: Value) -> Value {
//!     if let Some(mail) = value.as_object_mut().and_then(|object| object.remove("mail")) {
//!         value["email"] = mail;
//!     }
//!     value
//! }
//!
//! fn lowercase(contact: Contact) -> Contact {
//!     Contact { email: contact.email.to_lowercase() }
//! }
//!
//! fn wrap(value: Value) -> Value {
//!     json!({ "contact": value })
//! }
//!
//! let contact = Contact::load(br#"{"mail": "Ada@Example.org"}"#)?;
//! assert_eq!(contact.dump_value()?, json!({"contact": {"email": "ada@example.org"}}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Nested schemas and enums
//!
//! ```python
//! class Status(enum.Enum):
//!     open = 1
//!     closed = 2
//!
//! class TreeSchema(Schema):
//!     value = fields.Int(required=True)
//!     status = fields.Enum(Status, required=True)
//!     children = fields.List(fields.Nested(lambda: TreeSchema()), load_default=[])
//! ```
//!
//! A nested type is defined like the outer one, and its field needs no attribute. Enums with data replace
//! `marshmallow-oneofschema` and pydantic's discriminated unions.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[serde(rename_all = "lowercase")]
//! enum Status { Open, Closed }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Tree {
//!     value: i64,
//!     status: Status,
//!     #[serde(default)]
//!     children: Vec<Tree>,
//! }
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! #[serde(tag = "type", rename_all = "lowercase")]
//! enum Payment {
//!     Card { number: String },
//!     Invoice { days: u8 },
//! }
//!
//! let input = json!({"value": 1, "status": "open", "children": [{"value": "2", "status": "done"}]});
//! assert_eq!(
//!     Tree::load_value(input).unwrap_err().violations().unwrap().to_messages(),
//!     json!({"children": {"0": {"value": ["Not a valid integer."], "status": ["Must be one of: open, closed."]}}})
//! );
//! assert!(matches!(Payment::load(br#"{"type": "invoice", "days": 14}"#)?, Payment::Invoice { days: 14 }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Many, partial, only and exclude
//!
//! ```python
//! class PointSchema(Schema):
//!     x = fields.Int(required=True)
//!     y = fields.Int(required=True)
//!
//! assert PointSchema(many=True).validate([{"x": 1, "y": 2}, {"x": 1}, None]) == {
//!     1: {"y": ["Missing data for required field."]},
//!     2: {"_schema": ["Invalid input type."]},
//! }
//! assert PointSchema(partial=True).load({"x": 1}) == {"x": 1}
//! assert PointSchema(partial=("y",)).load({"x": 1}) == {"x": 1}
//! assert PointSchema(only=("x",)).dump({"x": 1, "y": 2}) == {"x": 1}
//! ```
//!
//! A partial load returns a [`Partial<E>`](crate::Partial), not an event. The fields that it contains are valid, and it
//! can be applied to an event.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::DumpOptions;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug, PartialEq)]
//! struct Point { x: i64, y: i64 }
//!
//! let error = Point::load_many(br#"[{"x": 1, "y": 2}, {"x": 1}, null]"#).unwrap_err();
//! assert_eq!(
//!     error.violations().unwrap().to_messages(),
//!     json!({
//!         "1": {"y": ["Missing data for required field."]},
//!         "2": {"_schema": ["Invalid input type."]},
//!     })
//! );
//!
//! let part = Point::load_partial(br#"{"x": 5}"#)?;
//! assert_eq!((part.get::<i64>("x")?, part.get::<i64>("y")?), (Some(5), None));
//! assert_eq!(part.apply_to(Point { x: 1, y: 2 })?, Point { x: 5, y: 2 });
//! assert!(LoadOptions::new().partial(&["y"]).load_partial::<Point>(br#"{"x": 5}"#).is_ok());
//! assert!(LoadOptions::new().partial(&["x"]).load_partial::<Point>(br#"{"x": 5}"#).is_err());
//!
//! assert_eq!(DumpOptions::new().only(["x"]).dump(&Point { x: 1, y: 2 })?, br#"{"x":1}"#);
//! let x = LoadOptions::new().only(&["x"]).load_partial::<Point>(br#"{"x": 5, "y": 6}"#)?;
//! assert!(x.contains("x") && !x.contains("y"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Errors
//!
//! ```python
//! class SeatSchema(Schema):
//!     row = fields.Int(
//!         required=True,
//!         error_messages={"required": "Which row?", "invalid": "Rows have numbers.", "null": "Which row?"},
//!         validate=validate.Range(min=1, error="Rows are counted from {min}."),
//!     )
//!     place = fields.Int()
//!
//! assert SeatSchema().validate({"row": 0}) == {"row": ["Rows are counted from 1."]}
//! ```
//!
//! Violations are also available as a flat list. Each has a path, a stable code with parameters for programs, and a
//! message for people. The placeholder `{input}` in a message is not replaced, because values may be personal data.
//! With [`LoadOptions::show_values`] a violation contains the invalid value. With [`LoadOptions::valid_data`] the error
//! contains the valid fields.
//!
//! ```
//! use event_schema::prelude::*;
//! use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Seat {
//!     #[event(messages(required = "Which row?", invalid = "Rows have numbers.", null = "Which row?"))]
//!     #[validate(range(min = 1, message = "Rows are counted from {min}."))]
//!     row: u32,
//!     place: Option<u32>,
//! }
//!
//! let messages = |input| Seat::load_value(input).unwrap_err().violations().unwrap().to_messages();
//! assert_eq!(messages(json!({})), json!({"row": ["Which row?"]}));
//! assert_eq!(messages(json!({"row": "A"})), json!({"row": ["Rows have numbers."]}));
//! assert_eq!(messages(json!({"row": 0})), json!({"row": ["Rows are counted from 1."]}));
//!
//! let error = Seat::load(br#"{"row": 0}"#).unwrap_err();
//! let violation = &error.violations().unwrap()[0];
//! assert_eq!((violation.path().to_pointer().as_str(), violation.code()), ("/row", "range"));
//! assert_eq!(violation.params()["min"], 1);
//!
//! let options = LoadOptions::new().valid_data(true);
//! let error = options.load::<Seat>(br#"{"row": 0, "place": 7}"#).unwrap_err();
//! assert_eq!(error.valid_data(), Some(&json!({"place": 7})));
//! ```
//!
//! # What differs on purpose
//!
//! | Marshmallow | here | why |
//! |---|---|---|
//! | `"42"` and `1.0` are integers, `1` and `"yes"` are booleans; also in pydantic without `strict=True` | each is a violation | load accepts what the exported schema describes: a sender in another language knows nothing else |
//! | integers have no bounds | the field's type bounds them | the contract shows the bounds |
//! | `a@b` is not an email address, `ü@example.org` is one | `a@b` is an email address, `ü@example.org` is not | the rule is HTML's, which browsers use; a `custom` rule can be narrower |
//! | a pattern's `$` also matches before a final newline | `$` matches at the end only | JSON Schema's patterns do the same |
//! | a list's own rules are skipped if an element breaks a rule | both are reported, the list's under `_schema` | all faults are reported at once |
//! | with `many`, a struct rule is skipped for all elements if one has a field error | each element is checked on its own | the events of a list do not depend on each other |
//! | `dump` does not validate | `dump` validates | no invalid event is sent |
//! | a missing field is a missing key of the result | an `Option` is `None`, whether the field was missing or null | a struct always has all its fields |
//! | unknown fields are refused | unknown fields are skipped | an old reader then accepts events of a newer writer |
//!
//! ```
//! use event_schema::prelude::*;
//!
//! #[event_schema::event]
//! #[derive(Debug)]
//! struct Answer { number: u32, sure: bool }
//!
//! let error = Answer::load(br#"{"number": "42", "sure": 1}"#).unwrap_err();
//! assert_eq!(error.to_string(), "2 violations\nnumber: Not a valid integer.\nsure: Not a valid boolean.");
//! ```
//!
//! [`derive`]: mod@crate::derive
