//! The wire format of a type, as data: the source of its contracts.
//!
//! The derive writes a [`Definition`] for each type, as constants with function pointers at the edges: at the types of
//! fields, at defaults and at the arguments of rules. JSON Schema (`json_schema`) and Avro schemas (`avro`) are written
//! from it.

use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::decimal::decimal;

/// The wire format of a type, from which its contracts are written.
///
/// The derive generates it. A [`FieldType`](crate::load::FieldType) implemented by hand builds it from the shapes of
/// other types and from rules:
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, FieldType};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
/// use event_schema::serde_json::Map;
///
/// /// Percentages by name.
/// #[derive(Debug, Serialize)]
/// struct Shares(std::collections::BTreeMap<String, u8>);
///
/// impl FieldType for Shares {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         let shares: Option<Self> = FieldType::read(input, cx, at)?.map(Shares);
///         if let Some(shares) = &shares {
///             shares.check(cx, at);
///         }
///         Ok(shares)
///     }
///
///     fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
///         if self.0.values().any(|share| *share > 100) {
///             cx.violation(at, "shares", Map::new(), Some("No share is above 100.".into()));
///         }
///     }
///
///     fn shape() -> Shape {
///         Shape::map(Shape::of::<u8>().range(..=100))
///     }
/// }
///
/// #[event_schema::event]
/// struct Vote { shares: Shares }
///
/// let schema = Vote::json_schema();
/// assert_eq!(schema.pointer("/properties/shares/additionalProperties/maximum").unwrap(), 100);
/// assert!(Vote::load(br#"{"shares": {"yes": 101}}"#).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Shape(Kind);

impl Shape {
    /// A type of another crate that implements schemars' `JsonSchema` but has no shape.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    /// use event_schema::schemars::{self, JsonSchema};
    ///
    /// #[derive(JsonSchema)]
    /// struct Point { x: f64, y: f64 }
    ///
    /// assert_eq!(Shape::foreign::<Point>().name(), "Point");
    /// ```
    #[must_use]
    pub fn foreign<T: JsonSchema>() -> Self {
        Self(Kind::Foreign(Foreign {
            name: T::schema_name,
            id: T::schema_id,
            schema: SchemaGenerator::subschema_for::<T>,
            whole: T::json_schema,
        }))
    }

    /// Any JSON value.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    /// use event_schema::serde_json::Value;
    ///
    /// assert_eq!(Shape::any().name(), Shape::of::<Value>().name());
    /// ```
    #[must_use]
    pub fn any() -> Self {
        Self(Kind::Any)
    }

    /// Text.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::text().length(2..=2).pattern("^[A-Z]*$").name(), "string");
    /// ```
    #[must_use]
    pub fn text() -> Self {
        Self(Kind::Text(Text::PLAIN))
    }

    /// A number, whole or not.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::number().range(-273.15..).name(), "Number");
    /// ```
    #[must_use]
    pub fn number() -> Self {
        Self(Kind::Number)
    }

    /// A list of values of this shape.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::list(Shape::text()).length(1..).name(), "Array_of_string");
    /// ```
    #[must_use]
    pub fn list(items: Self) -> Self {
        Self(Kind::List { items: Box::new(items), unique: false, length: None })
    }

    /// An object with any keys and values of this shape.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::map(Shape::of::<u8>()).name(), "Map_of_uint8");
    /// ```
    #[must_use]
    pub fn map(values: Self) -> Self {
        Self::map_of(Self::text(), values)
    }

    /// A value of this shape or null; a field with it may be missing, as with an `Option`.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::text().optional().name(), Shape::of::<Option<String>>().name());
    /// ```
    #[must_use]
    pub fn optional(self) -> Self {
        Self(Kind::Optional(Box::new(self)))
    }

    /// A field of this type may be missing but not null. Use it for types whose
    /// [`FieldType::missing`](crate::load::FieldType::missing) returns a value.
    ///
    /// See the example of [`FieldType::missing`](crate::load::FieldType::missing).
    #[must_use]
    pub fn or_missing(self) -> Self {
        Self(Kind::Omissible(Box::new(self)))
    }

    /// Limits the number of characters, elements or entries.
    ///
    /// See the example of [`text`](Self::text).
    #[must_use]
    pub fn length(self, bounds: impl RangeBounds<u64>) -> Self {
        let min = match bounds.start_bound() {
            Bound::Included(min) => Some(*min),
            Bound::Excluded(min) => Some(min.saturating_add(1)),
            Bound::Unbounded => None,
        };
        let max = match bounds.end_bound() {
            Bound::Included(max) => Some(*max),
            Bound::Excluded(end) => Some(end.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        self.with(Rule::Length { min, max })
    }

    /// Limits a number to these bounds.
    ///
    /// See the example of [`number`](Self::number).
    #[must_use]
    pub fn range<N: Serialize>(self, bounds: impl RangeBounds<N>) -> Self {
        let mut range = Range::default();
        match bounds.start_bound() {
            Bound::Included(min) => range.min = decimal(min),
            Bound::Excluded(min) => range.exclusive_min = decimal(min),
            Bound::Unbounded => {}
        }
        match bounds.end_bound() {
            Bound::Included(max) => range.max = decimal(max),
            Bound::Excluded(end) => range.exclusive_max = decimal(end),
            Bound::Unbounded => {}
        }
        self.with(Rule::Range(range))
    }

    /// Requires text to match this regular expression, in the syntax of the crate `regex`. A contract leaves out an
    /// expression that ECMA-262 cannot express.
    ///
    /// See the example of [`text`](Self::text).
    #[must_use]
    pub fn pattern(self, regex: impl Into<Cow<'static, str>>) -> Self {
        self.with(Rule::Pattern(regex.into()))
    }

    /// Requires text in one of JSON Schema's formats, by its name.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::text().format("date-time").name(), "string");
    /// ```
    #[must_use]
    pub fn format(self, format: impl Into<Cow<'static, str>>) -> Self {
        self.with(Rule::Format(format.into()))
    }

    /// Requires one of these values. Values that JSON cannot express are left out.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::text().one_of(["AT", "CH", "DE"]).name(), "string");
    /// ```
    #[must_use]
    pub fn one_of<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Self {
        self.with(Rule::OneOf(values.into_iter().filter_map(decimal).collect()))
    }

    fn with(self, rule: Rule) -> Self {
        Self(match self.0 {
            Kind::Ruled { shape, mut rules } => {
                rules.push(rule);
                Kind::Ruled { shape, rules }
            }
            kind => Kind::Ruled { shape: Box::new(Self(kind)), rules: vec![rule] },
        })
    }

    /// Sets the name of the type in contracts.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// #[event_schema::event]
    /// struct Address { street: String }
    ///
    /// assert_eq!(Shape::of::<Option<Address>>().name(), "Nullable_Address");
    /// ```
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match &self.0 {
            Kind::Any => "AnyValue".into(),
            Kind::Null => "null".into(),
            Kind::Boolean => "boolean".into(),
            Kind::Integer(integer) => integer.name.into(),
            Kind::Float(float) => float.name.into(),
            Kind::Number => "Number".into(),
            Kind::Text(text) => text.name.into(),
            Kind::List { items, unique: true, .. } => format!("Set_of_{}", items.name()).into(),
            Kind::List { items, length: None, .. } => format!("Array_of_{}", items.name()).into(),
            Kind::List { items, length: Some(length), .. } => format!("Array_size_{length}_of_{}", items.name()).into(),
            Kind::Tuple(items) => {
                let names: Vec<_> = items.iter().map(Self::name).collect();
                format!("Tuple_of_{}", names.join("_and_")).into()
            }
            Kind::Map { keys, values } if keys.is_any_text() => format!("Map_of_{}", values.name()).into(),
            Kind::Map { keys, values } => format!("Map_from_{}_to_{}", keys.name(), values.name()).into(),
            Kind::Optional(shape) => format!("Nullable_{}", shape.name()).into(),
            Kind::Named(definition) => definition.name.get(),
            Kind::Foreign(foreign) => (foreign.name)(),
            Kind::Ways { read: shape, .. } | Kind::Omissible(shape) | Kind::Ruled { shape, .. } => shape.name(),
        }
    }

    /// Its identity among all shapes, composed of those of its parts.
    #[doc(hidden)]
    #[must_use]
    pub fn id(&self) -> Cow<'static, str> {
        match &self.0 {
            Kind::List { items, unique, length } => format!("[{}; {unique} {length:?}]", items.id()).into(),
            Kind::Tuple(items) => {
                let ids: Vec<_> = items.iter().map(Self::id).collect();
                format!("({})", ids.join(",")).into()
            }
            Kind::Map { keys, values } => format!("{{{}: {}}}", keys.id(), values.id()).into(),
            Kind::Optional(shape) => format!("{}?", shape.id()).into(),
            Kind::Omissible(shape) => format!("{}~", shape.id()).into(),
            Kind::Named(definition) => (definition.id)().into(),
            Kind::Foreign(foreign) => (foreign.id)(),
            Kind::Ways { written, read } => format!("{}|{}", written.id(), read.id()).into(),
            Kind::Ruled { shape, rules } => format!("{} with {rules:?}", shape.id()).into(),
            leaf => format!("event_schema::{leaf:?}").into(),
        }
    }

    /// A type that the contracts refer to by its name.
    #[doc(hidden)]
    #[must_use]
    pub const fn named(definition: &'static Definition) -> Self {
        Self(Kind::Named(definition))
    }

    /// A list of just these values.
    pub(crate) const fn tuple(items: Vec<Self>) -> Self {
        Self(Kind::Tuple(items))
    }

    /// An object with such keys and values.
    pub(crate) fn map_of(keys: Self, values: Self) -> Self {
        Self(Kind::Map { keys: Box::new(keys), values: Box::new(values) })
    }

    /// The kind of the shape, for the writers of documents.
    #[doc(hidden)]
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.0
    }

    /// As [`kind`](Self::kind), in place of it.
    #[doc(hidden)]
    #[must_use]
    pub fn into_kind(self) -> Kind {
        self.0
    }

    fn is_any_text(&self) -> bool {
        matches!(&self.0, Kind::Text(text) if text.is_plain())
    }

    /// Whether a field of it may be missing.
    #[doc(hidden)]
    #[must_use]
    pub fn may_be_missing(&self) -> bool {
        match &self.0 {
            Kind::Optional(_) | Kind::Omissible(_) => true,
            Kind::Ways { read: shape, .. } | Kind::Ruled { shape, .. } => shape.may_be_missing(),
            Kind::Named(Definition { transparent: true, form: Form::Content(Content::Inner(field)), .. }) => {
                (field.shape)().may_be_missing()
            }
            _ => false,
        }
    }
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        Self(kind)
    }
}

/// The kind of a shape.
#[doc(hidden)]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// Any JSON value.
    Any,
    /// Null and nothing else.
    Null,
    Boolean,
    Integer(Integer),
    Float(Float),
    /// A number of any size.
    Number,
    Text(Text),
    List {
        items: Box<Shape>,
        /// Written without repetitions.
        unique: bool,
        /// How many there are, where that is fixed.
        length: Option<usize>,
    },
    Tuple(Vec<Shape>),
    Map {
        keys: Box<Shape>,
        values: Box<Shape>,
    },
    /// Null too, and as a field it may be missing.
    Optional(Box<Shape>),
    /// As a field it may be missing, but is not null.
    Omissible(Box<Shape>),
    /// A type that the contracts refer to by its name.
    Named(&'static Definition),
    /// A type that only schemars knows.
    Foreign(Foreign),
    /// The output differs from the input.
    Ways {
        written: Box<Shape>,
        read: Box<Shape>,
    },
    Ruled {
        shape: Box<Shape>,
        rules: Vec<Rule>,
    },
}

/// An integer.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "read within this crate and its tests")]
pub struct Integer {
    /// The name of its width in JSON Schema, such as `uint8`.
    pub format: &'static str,
    pub name: &'static str,
    pub min: i128,
    pub max: u128,
    pub zero: bool,
    /// Beyond its ends a number counts as the end.
    pub saturates: bool,
}

/// A float.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "read within this crate and its tests")]
pub struct Float {
    pub name: &'static str,
    /// The largest number that is read, where that is not the largest there is.
    pub max: Option<f64>,
}

/// Text, as a type of one's own may be written.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "read within this crate and its tests")]
pub struct Text {
    pub name: &'static str,
    /// One of these formats, by the names that JSON Schema has for them.
    pub formats: &'static [&'static str],
    /// ECMA-262's regular expressions; each matches.
    pub patterns: &'static [&'static str],
    /// One of these.
    pub choices: &'static [&'static str],
    /// A single character.
    pub character: bool,
    /// A number between its negative and this is read as well.
    pub number_below: Option<f64>,
    /// The value that the text stands for, where formats other than JSON have a form for it.
    pub logical: Option<Logical>,
}

/// The value that a text stands for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Logical {
    Uuid,
    /// A point in time.
    Instant,
    /// A date and a time of no zone.
    DateTime,
    Date,
    Time,
    Duration,
    Decimal,
}

impl Text {
    pub(crate) const PLAIN: Self = Self {
        name: "string",
        formats: &[],
        patterns: &[],
        choices: &[],
        character: false,
        number_below: None,
        logical: None,
    };

    #[cfg(feature = "chrono04")]
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, ..Self::PLAIN }
    }

    pub(crate) const fn of_format(name: &'static str, formats: &'static [&'static str]) -> Self {
        Self { name, formats, ..Self::PLAIN }
    }

    #[cfg(any(
        feature = "chrono04",
        feature = "jiff02",
        feature = "rust_decimal1",
        feature = "semver1",
        feature = "time03"
    ))]
    pub(crate) const fn of_pattern(name: &'static str, patterns: &'static [&'static str]) -> Self {
        Self { name, patterns, ..Self::PLAIN }
    }

    #[cfg(any(
        feature = "chrono04",
        feature = "jiff02",
        feature = "rust_decimal1",
        feature = "time03",
        feature = "uuid1"
    ))]
    pub(crate) const fn meaning(self, logical: Logical) -> Self {
        Self { logical: Some(logical), ..self }
    }

    /// Whether any text will do.
    pub(crate) fn is_plain(&self) -> bool {
        Self { name: "string", ..*self } == Self::PLAIN
    }
}

/// A type that schemars knows.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "read within this crate and its tests")]
pub struct Foreign {
    pub name: fn() -> Cow<'static, str>,
    pub id: fn() -> Cow<'static, str>,
    /// A reference to it, or all of it.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// All of it.
    pub whole: fn(&mut SchemaGenerator) -> Schema,
}

/// A type with a name.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Definition {
    pub name: Name,
    pub id: fn() -> String,
    pub notes: Notes,
    /// On the wire it is one with its only field, also where it is missing.
    pub transparent: bool,
    /// Written out where it is used, in place of a reference.
    pub inline: bool,
    /// Rules of the whole are functions of the user's.
    pub ruled: bool,
    /// The form of the input, and of the output unless `written` differs.
    pub form: Form,
    pub written: Option<Form>,
    pub avro: Avro,
    /// A reference to its JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// A type that the contracts refer to by its name.
#[doc(hidden)]
pub trait Defined {
    /// Its form.
    const DEFINITION: &'static Definition;
}

/// A name in contracts.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum Name {
    Static(&'static str),
    /// Composed of those of type parameters.
    Made(fn() -> String),
}

impl Name {
    fn get(&self) -> Cow<'static, str> {
        match self {
            Self::Static(name) => (*name).into(),
            Self::Made(make) => make().into(),
        }
    }
}

/// The form of a type.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum Form {
    Content(Content),
    Enum(Enum),
    /// The same as this.
    As(fn() -> Shape),
}

/// The fields of a struct or of a variant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum Content {
    Unit,
    /// One with its field.
    Inner(&'static Field),
    /// A list of its fields, of which those that are not in the direction's are not counted.
    Tuple(&'static [Field]),
    Record(Record),
}

impl Content {
    /// The fields, with and without names.
    pub(crate) fn fields(&self) -> &'static [Field] {
        match self {
            Self::Unit => &[],
            Self::Inner(field) => std::slice::from_ref(*field),
            Self::Tuple(fields) => fields,
            Self::Record(record) => record.fields,
        }
    }
}

/// Fields by name, in the order of the reader's indexes.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Record {
    pub fields: &'static [Field],
    /// Unknown fields are refused.
    pub closed: bool,
    /// A tag that is written beside the fields, and its value.
    pub tag: Option<(&'static str, &'static str)>,
}

/// A field.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
#[allow(clippy::struct_excessive_bools, reason = "each is an attribute of its own")]
pub struct Field {
    /// Its name in what is read, unless it is not read.
    pub read: Option<&'static str>,
    /// Its name in what is written, unless it is not written.
    pub written: Option<&'static str>,
    /// Other names under which it is read.
    pub aliases: &'static [&'static str],
    pub shape: fn() -> Shape,
    pub rules: Option<fn() -> Vec<Rule>>,
    pub presence: Presence,
    /// Null is refused, though the type has a place for it.
    pub not_null: bool,
    /// It may be left out of what is written.
    pub written_when: bool,
    /// Its own fields stand among those of this level.
    pub flat: bool,
    pub sensitive: bool,
    pub avro: Avro,
    pub notes: Notes,
}

/// Whether a field may be missing.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum Presence {
    /// As its type has it.
    ByType,
    Required,
    /// With this value then, if that can be told.
    Default(fn() -> Option<Value>),
}

impl Field {
    /// A field of one name without attributes.
    #[must_use]
    pub const fn new(name: &'static str, shape: fn() -> Shape) -> Self {
        Self {
            read: Some(name),
            written: Some(name),
            aliases: &[],
            shape,
            rules: None,
            presence: Presence::ByType,
            not_null: false,
            written_when: false,
            flat: false,
            sensitive: false,
            avro: Avro::NONE,
            notes: Notes::NONE,
        }
    }

    /// The rules of its values.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.map(|rules| rules()).unwrap_or_default()
    }

    /// Whether it must be there in what is read.
    #[must_use]
    pub fn is_required(&self) -> bool {
        match self.presence {
            Presence::Required => true,
            Presence::Default(_) => false,
            Presence::ByType => self.rules().contains(&Rule::Required) || !(self.shape)().may_be_missing(),
        }
    }

    /// All names under which it is read.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.read.into_iter().chain(self.aliases.iter().copied())
    }
}

/// A choice of variants.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Enum {
    pub tagging: Tagging,
    pub variants: &'static [Variant],
    /// Unknown fields beside the tag and the content are refused.
    pub closed: bool,
}

/// Where a variant's name stands.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum Tagging {
    External,
    Internal { tag: &'static str },
    Adjacent { tag: &'static str, content: &'static str },
    Untagged,
}

/// A variant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Variant {
    /// Its name in what is read, unless it is not read.
    pub read: Option<&'static str>,
    /// Its name in what is written, unless it is not written.
    pub written: Option<&'static str>,
    /// Other names under which it is read.
    pub aliases: &'static [&'static str],
    /// It is read for every name that no other variant has.
    pub other: bool,
    pub content: Content,
    pub avro: Avro,
    pub notes: Notes,
}

impl Variant {
    /// A variant of one name without attributes.
    #[must_use]
    pub const fn new(name: &'static str, content: Content) -> Self {
        Self {
            read: Some(name),
            written: Some(name),
            aliases: &[],
            other: false,
            content,
            avro: Avro::NONE,
            notes: Notes::NONE,
        }
    }

    /// All names under which it is read.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.read.into_iter().chain(self.aliases.iter().copied())
    }
}

/// The choices for Avro, `#[event(avro(...))]`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Avro {
    /// A legal name, in place of one made from the name on the wire.
    pub name: Option<&'static str>,
    /// The namespace of a type.
    pub namespace: Option<&'static str>,
    /// The earlier names of a type, those of another namespace with it.
    pub aliases: &'static [&'static str],
    /// The variant stands for symbols that a reader does not know.
    pub default: bool,
    /// The form of a field, or of its parts.
    pub form: Option<AvroForm>,
}

impl Avro {
    /// None.
    pub const NONE: Self = Self { name: None, namespace: None, aliases: &[], default: false, form: None };
}

/// One of several Avro types for the same type in Rust.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "written by the derive as a constant")]
pub enum AvroForm {
    /// The text that JSON has.
    String,
    /// A UUID as 16 bytes.
    Fixed,
    /// A list of bytes as `bytes`.
    Bytes,
    Millis,
    Micros,
    Nanos,
    /// Months, days and milliseconds.
    Duration,
    Decimal {
        precision: u32,
        scale: u32,
    },
}

/// The documentation in contracts.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive as a constant")]
pub struct Notes {
    pub title: &'static str,
    pub description: &'static str,
    pub deprecated: bool,
    pub examples: Option<fn() -> Vec<Value>>,
    /// Keywords of JSON Schema that were written by hand.
    pub extensions: Option<fn() -> Keywords>,
}

/// Keywords of JSON Schema and their values.
type Keywords = Vec<(&'static str, Value)>;

impl Notes {
    /// None.
    pub const NONE: Self = Self { title: "", description: "", deprecated: false, examples: None, extensions: None };

    pub(crate) fn is_none(&self) -> bool {
        self.title.is_empty()
            && self.description.is_empty()
            && !self.deprecated
            && self.examples.is_none()
            && self.extensions.is_none()
    }
}

/// A rule of a value.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    Length {
        min: Option<u64>,
        max: Option<u64>,
    },
    Range(Range),
    /// A format that JSON Schema has a name for.
    Format(Cow<'static, str>),
    Ip {
        v4: bool,
        v6: bool,
    },
    /// A regular expression of the crate `regex`.
    Pattern(Cow<'static, str>),
    Contains(&'static str),
    DoesNotContain(&'static str),
    NoControlCharacters,
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
    /// An option that is neither missing nor null.
    Required,
    CreditCard,
    /// Equal to another field, by its name in Rust.
    MustMatch(&'static str),
    /// A function of the user's.
    Custom,
    /// For the elements of a list.
    Each(Vec<Rule>),
    /// For the keys of a map.
    Keys(Vec<Rule>),
    /// For the values of a map.
    Values(Vec<Rule>),
}

/// The bounds of a number.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "written by the derive")]
pub struct Range {
    pub min: Option<Value>,
    pub max: Option<Value>,
    pub exclusive_min: Option<Value>,
    pub exclusive_max: Option<Value>,
}

/// A part that has no shape: a field that is neither read nor written.
#[doc(hidden)]
#[must_use]
pub fn no_shape() -> Shape {
    Shape::any()
}

/// The function that `#[schemars(schema_with = "...")]` names.
#[doc(hidden)]
#[must_use]
pub fn schema_with(name: fn() -> Cow<'static, str>, schema: fn(&mut SchemaGenerator) -> Schema) -> Shape {
    Shape(Kind::Foreign(Foreign { name, id: name, schema, whole: schema }))
}

/// The id of a type without parameters.
#[doc(hidden)]
#[must_use]
pub fn id_of<T: ?Sized>() -> String {
    format!("event_schema::{}", std::any::type_name::<T>())
}

/// The id of a generic type, of those of its parameters.
#[doc(hidden)]
#[must_use]
pub fn generic_id<T: ?Sized>(ident: &str, parameters: &[&str]) -> String {
    let name = std::any::type_name::<T>();
    // Without the parameters' own names: a boxed type and the type itself are one on the wire.
    let end = name.find(&format!("{ident}<")).map_or(name.len(), |start| start + ident.len());
    format!("event_schema::{}<{}>", &name[..end], parameters.join(", "))
}

/// The name of a generic type, of those of its parameters.
#[doc(hidden)]
#[must_use]
pub fn generic_name(name: &str, parameters: &[&str]) -> String {
    format!("{name}_for_{}", parameters.join("_and_"))
}

/// A default in a contract, if its type can be written: a type parameter need not say that it can.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "made by generated code")]
pub struct MaybeValue<T>(pub T);

impl<T: Serialize> MaybeValue<T> {
    /// The value as JSON.
    #[must_use]
    pub fn to_value(self) -> Option<Value> {
        decimal(self.0)
    }
}

/// The fallback of [`MaybeValue`] for types that cannot be written.
#[doc(hidden)]
pub trait NoValue: Sized {
    /// None.
    fn to_value(self) -> Option<Value> {
        None
    }
}

impl<T> NoValue for MaybeValue<T> {}
