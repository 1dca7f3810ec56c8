//! What is wrong with an event: [`Violation`], the list of them, and the [`Path`] to the place.

mod sentence;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value};

/// Longest input-controlled text (an unknown field's name, a map's key) kept in a path, in characters.
const MAX_NAME: usize = 100;

/// The two names of a field: the one on the wire and the one in Rust.
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Segment, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Order {
///     #[serde(rename = "orderId")]
///     order_id: String,
/// }
///
/// let error = Order::load(b"{}").unwrap_err();
/// let violation = &error.violations().unwrap()[0];
/// let Segment::Field(name) = &violation.path().segments()[0] else { panic!() };
/// assert_eq!((name.wire(), name.rust()), ("orderId", "order_id"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldName {
    wire: &'static str,
    rust: &'static str,
    /// The field's own texts for what is wrong with its shape: required, null, invalid.
    messages: Option<&'static [Option<&'static str>; 3]>,
}

impl FieldName {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(wire: &'static str, rust: &'static str) -> Self {
        Self { wire, rust, messages: None }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_messages(mut self, messages: &'static [Option<&'static str>; 3]) -> Self {
        self.messages = Some(messages);
        self
    }

    /// The field's own text for a finding of shape.
    pub(crate) fn message(&self, code: &str) -> Option<&'static str> {
        let [required, null, invalid] = self.messages?;
        match code {
            "required" => *required,
            "null" => *null,
            "invalid" | "choice" | "length" => *invalid,
            _ => None,
        }
    }

    /// The name in messages: Marshmallow's data key, serde's rename.
    #[must_use]
    pub const fn wire(&self) -> &'static str {
        self.wire
    }

    /// The name in the Rust source; of a tuple field, its index.
    #[must_use]
    pub const fn rust(&self) -> &'static str {
        self.rust
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.wire, f)
    }
}

/// One step of a [`Path`].
///
/// A map's key and a struct's field are different things, even when they are spelled alike.
///
/// ```
/// use std::collections::BTreeMap;
/// use event_schema::{EventSchema, JsonSchema, Segment, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Stock { counts: BTreeMap<String, u32> }
///
/// let error = Stock::load(br#"{"counts": {"bolt": -1}}"#).unwrap_err();
/// let path = error.violations().unwrap()[0].path();
/// assert!(matches!(path.segments(), [Segment::Field(_), Segment::Key(key)] if &**key == "bolt"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Segment {
    /// A field that the type has.
    Field(&'static FieldName),
    /// A field that only the input names: one that the type does not have, or one inside a value that
    /// is read by code of others; long names are cut.
    Name(Box<str>),
    /// The value of a map's entry, under its key; long keys are cut.
    Key(Box<str>),
    /// The key of a map's entry, itself at fault; long keys are cut.
    MapKey(Box<str>),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl Segment {
    /// Cuts a name that comes from the input, so that a hostile one is not kept whole.
    pub(crate) fn bounded(name: &str) -> Box<str> {
        match name.char_indices().nth(MAX_NAME) {
            Some((end, _)) => format!("{}…", &name[..end]).into(),
            None => name.into(),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Field(name) => Cow::Borrowed(name.wire),
            Self::Name(name) | Self::Key(name) | Self::MapKey(name) => Cow::Borrowed(name),
            Self::Index(index) => Cow::Owned(index.to_string()),
        }
    }
}

/// Where in the input a violation lies: steps from the root, which itself is the empty path.
///
/// `Display` shows it as programmers write it (`lines[1].sku`), [`Path::to_pointer`] as a JSON
/// Pointer (RFC 6901).
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Line { sku: String }
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Order { lines: Vec<Line> }
///
/// let error = Order::load(br#"{"lines": [{"sku": "a"}, {}]}"#).unwrap_err();
/// let path = error.violations().unwrap()[0].path();
/// assert_eq!(path.to_string(), "lines[1].sku");
/// assert_eq!(path.to_pointer(), "/lines/1/sku");
/// ```
#[derive(Clone, Default)]
pub struct Path(Steps);

/// A short path needs no allocation: most events are no deeper than a list of objects with fields.
#[derive(Clone)]
enum Steps {
    Few { length: usize, steps: [Segment; FEW] },
    Many(Vec<Segment>),
}

const FEW: usize = 3;

impl Default for Steps {
    fn default() -> Self {
        Self::Few { length: 0, steps: [const { Segment::Index(0) }; FEW] }
    }
}

impl Path {
    /// Of so many steps, the innermost of which come first.
    pub(crate) fn of(length: usize, mut innermost_first: impl Iterator<Item = Segment>) -> Self {
        if length > FEW {
            let mut steps: Vec<Segment> = innermost_first.collect();
            steps.reverse();
            return Self(Steps::Many(steps));
        }
        let mut steps = std::array::from_fn(|_| innermost_first.next().unwrap_or(Segment::Index(0)));
        steps[..length].reverse();
        Self(Steps::Few { length, steps })
    }

    /// The steps, outermost first.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        match &self.0 {
            Steps::Few { length, steps } => &steps[..*length],
            Steps::Many(steps) => steps,
        }
    }

    /// The path as a JSON Pointer (RFC 6901); the root is the empty string.
    #[must_use]
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.segments() {
            pointer.push('/');
            pointer.push_str(&segment.name().replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.segments() == other.segments()
    }
}

impl Eq for Path {}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.segments().hash(state);
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.segments()).finish()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.segments().iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => write!(f, "[{key:?}]")?,
                Segment::MapKey(key) => write!(f, "[key {key:?}]")?,
                Segment::Field(_) | Segment::Name(_) => {
                    let name = segment.name();
                    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '…');
                    if !name.is_empty() && name.chars().all(plain) {
                        write!(f, "{}{name}", if depth == 0 { "" } else { "." })?;
                    } else {
                        // Quoted, so that a name from the input cannot forge lines of a log.
                        write!(f, "[{name:?}]")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A parameter of a rule, as the derive writes it down.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Param {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Str(&'static str),
    Strs(&'static [&'static str]),
}

impl From<Param> for Value {
    fn from(param: Param) -> Self {
        match param {
            Param::Unsigned(n) => n.into(),
            Param::Signed(n) => n.into(),
            Param::Float(n) => n.into(),
            Param::Bool(b) => b.into(),
            Param::Str(s) => s.into(),
            Param::Strs(list) => list.into(),
        }
    }
}

/// A rule of which everything is known at compile time: breaking it costs no allocation but the path.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "written out by the derive as a constant")]
pub struct Rule {
    pub code: &'static str,
    pub params: &'static [(&'static str, Param)],
    pub message: Option<&'static str>,
}

impl Rule {
    pub(crate) const fn bare(code: &'static str) -> Self {
        Self { code, params: &[], message: None }
    }
}

/// What is wrong: as a rule, known before the program runs.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Rule(&'static Rule),
    /// Not a value of the type that is called so.
    Invalid(&'static str),
    /// None of these.
    Choice(&'static [&'static str]),
    Other(Box<OtherFault>),
}

#[derive(Clone, Debug)]
pub(crate) struct OtherFault {
    pub(crate) code: Cow<'static, str>,
    pub(crate) params: Map<String, Value>,
    pub(crate) message: Option<Cow<'static, str>>,
}

impl Fault {
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Rule(rule) => rule.code,
            Self::Invalid(_) => "invalid",
            Self::Choice(_) => "choice",
            Self::Other(other) => &other.code,
        }
    }
}

/// What a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The value that the path leads to.
    Value,
    /// The object as a whole: stands under `_schema` in the message tree.
    Whole,
}

/// One thing that is wrong with an event.
///
/// It says where ([`path`](Self::path)), what for programs ([`code`](Self::code) with
/// [`params`](Self::params)), and what for people ([`message`](Self::message)). It never holds the
/// value that was found there: payloads may be personal data.
///
/// | `code` | meaning | params |
/// |---|---|---|
/// | `required` | the field is missing, or `None` where `#[validate(required)]` asks for a value | |
/// | `null` | null where the type has no null | |
/// | `invalid` | not a value of the type: of another JSON type, out of its range, or not readable as one | `expected` |
/// | `choice` | not one of an enum's variants | `choices` |
/// | `unknown` | a field that the type does not have, under `deny_unknown_fields` | |
/// | `duplicate` | the field was there before | |
/// | `length`, `range`, `email`, ... | the rule of validator's that was broken | the rule's arguments |
/// | any other | as given by `code = "..."` or by the custom rule's `ValidationError` | its params |
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Payment {
///     #[validate(range(min = 1, max = 100))]
///     cents: u32,
/// }
///
/// let error = Payment::load(br#"{"cents": 101}"#).unwrap_err();
/// let violation = &error.violations().unwrap()[0];
/// assert_eq!(violation.path().to_pointer(), "/cents");
/// assert_eq!(violation.code(), "range");
/// assert_eq!(violation.params()["max"], 100);
/// assert_eq!(
///     violation.to_string(),
///     "cents: Must be greater than or equal to 1 and less than or equal to 100."
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Violation {
    pub(crate) path: Path,
    pub(crate) concern: Concern,
    pub(crate) fault: Fault,
    /// Whether it is one of shape, for which the field may have its own text.
    pub(crate) of_shape: bool,
}

impl Violation {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stable name of what is wrong.
    #[must_use]
    pub fn code(&self) -> &str {
        self.fault.code()
    }

    /// The arguments of the broken rule, such as `min`.
    #[must_use]
    pub fn params(&self) -> Map<String, Value> {
        match &self.fault {
            Fault::Rule(rule) => rule.params.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect(),
            Fault::Invalid(expected) => Map::from_iter([("expected".to_owned(), Value::from(*expected))]),
            Fault::Choice(choices) => Map::from_iter([("choices".to_owned(), Value::from(*choices))]),
            Fault::Other(other) => other.params.clone(),
        }
    }

    /// The sentence for people: the rule's own `message`, or Marshmallow's for the code.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        let of_field = match self.path.segments().last() {
            Some(Segment::Field(name)) if self.of_shape => name.message(self.code()),
            _ => None,
        };
        let own = of_field.or(match &self.fault {
            Fault::Rule(rule) => rule.message,
            Fault::Other(other) => other.message.as_deref(),
            Fault::Invalid(_) | Fault::Choice(_) => None,
        });
        own.map_or_else(|| sentence::of(self.code(), &self.fault), Cow::Borrowed)
    }
}

impl PartialEq for Violation {
    fn eq(&self, other: &Self) -> bool {
        self.concern == other.concern
            && self.path == other.path
            && self.code() == other.code()
            && self.params() == other.params()
            && self.message() == other.message()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.segments().is_empty() {
            f.write_str(&self.message())
        } else {
            write!(f, "{}: {}", self.path, self.message())
        }
    }
}

/// As one flat record: `pointer` (RFC 6901), `code`, `message`, `params`.
impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Violation", 4)?;
        record.serialize_field("pointer", &self.path.to_pointer())?;
        record.serialize_field("code", self.code())?;
        record.serialize_field("message", &self.message())?;
        record.serialize_field("params", &self.params())?;
        record.end()
    }
}

/// Everything that is wrong with an event, in the order in which it was found.
///
/// `Display` prints one line for each; [`to_messages`](Self::to_messages), which is also how it
/// serialises, gives Marshmallow's tree. Dereferences to a slice of [`Violation`].
///
/// At most as many are kept as the load allows (1000 by default); [`omitted`](Self::omitted)
/// counts the rest.
///
/// ```
/// use event_schema::{EventSchema, JsonSchema, Serialize};
/// use serde_json::json;
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// struct Line {
///     #[validate(length(min = 1))]
///     sku: String,
/// }
///
/// #[derive(Debug, Serialize, JsonSchema, EventSchema)]
/// #[serde(rename_all = "camelCase")]
/// struct Order { order_id: u64, lines: Vec<Line> }
///
/// let error = Order::load(br#"{"orderId": "x", "lines": [{"sku": ""}, {}]}"#).unwrap_err();
/// let violations = error.violations().unwrap();
///
/// assert_eq!(violations.len(), 3);
/// assert_eq!(violations.to_string(), "\
/// orderId: Not a valid integer.
/// lines[0].sku: Shorter than minimum length 1.
/// lines[1].sku: Missing data for required field.");
/// assert_eq!(violations.to_messages(), json!({
///     "orderId": ["Not a valid integer."],
///     "lines": {
///         "0": {"sku": ["Shorter than minimum length 1."]},
///         "1": {"sku": ["Missing data for required field."]},
///     },
/// }));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations {
    pub(crate) list: Vec<Violation>,
    pub(crate) omitted: usize,
}

impl Violations {
    /// How many more there are than were kept.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Marshmallow's tree of messages: objects by wire name and by index, lists of messages at the
    /// leaves. What concerns an object or list as a whole stands under `_schema`; an entry of a map
    /// has `key` and `value` below it.
    #[must_use]
    pub fn to_messages(&self) -> Value {
        tree::Tree::of(self).into_value()
    }
}

impl std::ops::Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, violation) in self.list.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{violation}")?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// As Marshmallow's tree, see [`Violations::to_messages`].
impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tree::Tree::of(self).serialize(serializer)
    }
}
