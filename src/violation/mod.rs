//! What is wrong with an event: [`Violation`], the list of them, and the [`Path`] to the place.

mod position;
mod sentence;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value};

pub use self::position::Position;
pub(crate) use self::sentence::GENERIC;
use crate::suggestion::suggest;

/// Widest column of paths, in characters.
const MAX_COLUMN: usize = 40;

/// What stands for a sensitive value.
pub(crate) const MASK: &str = "***";

/// Longest input-controlled text (an unknown field's name, a map's key) kept in a path, in characters.
pub(crate) const MAX_NAME: usize = 100;

/// The two names of a field: the one on the wire and the one in Rust.
///
/// ```
/// use event_schema::{EventSchema, Segment, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
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
    sensitive: bool,
    /// What else it may be called on the wire.
    aliases: &'static [&'static str],
}

impl FieldName {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(wire: &'static str, rust: &'static str) -> Self {
        Self { wire, rust, messages: None, sensitive: false, aliases: &[] }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_messages(mut self, messages: &'static [Option<&'static str>; 3]) -> Self {
        self.messages = Some(messages);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// What else the field may be called in an input.
    pub(crate) const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
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
    ///
    /// See the example of [`FieldName`].
    #[must_use]
    pub const fn wire(&self) -> &'static str {
        self.wire
    }

    /// The name in the Rust source; of a tuple field, its index.
    ///
    /// See the example of [`FieldName`].
    #[must_use]
    pub const fn rust(&self) -> &'static str {
        self.rust
    }

    /// Whether the field is marked `#[event(sensitive)]`.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # use event_schema::Segment;
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Login { #[event(sensitive)] password: String }
    ///
    /// let error = Login::load(br#"{"password": 7}"#).unwrap_err();
    /// let Segment::Field(name) = &error.violations().unwrap()[0].path().segments()[0] else { panic!() };
    /// assert!(name.is_sensitive());
    /// ```
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.sensitive
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
/// use event_schema::{EventSchema, Segment, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
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
    Name(InputName),
    /// The value of a map's entry, under its key; long keys are cut.
    Key(InputName),
    /// The key of a map's entry, itself at fault; long keys are cut.
    MapKey(InputName),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl Segment {
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Field(name) => Cow::Borrowed(name.wire),
            Self::Name(name) | Self::Key(name) | Self::MapKey(name) => Cow::Borrowed(name),
            Self::Index(index) => Cow::Owned(index.to_string()),
        }
    }
}

/// A name that only the input has, such as an unknown field's; long ones are cut.
///
/// It dereferences to [`str`].
///
/// ```
/// use event_schema::{EventSchema, Segment, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Ping { seq: u64 }
///
/// let error = Ping::load(br#"{"seq": 1, "time": 2}"#).unwrap_err();
/// let Some(Segment::Name(name)) = error.violations().unwrap()[0].path().segments().last() else { panic!() };
/// assert_eq!(&**name, "time");
/// ```
// Thin, so that a segment is two words: steps of a path are moved in registers then.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InputName(Box<Box<str>>);

impl InputName {
    /// Cuts a name, so that a hostile one is not kept whole.
    pub(crate) fn cut(name: &str) -> Self {
        Self(Box::new(cut(name)))
    }

    /// In place of a name in a sensitive field.
    pub(crate) fn masked() -> Self {
        Self(Box::new(MASK.into()))
    }
}

pub(crate) fn cut(name: &str) -> Box<str> {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

impl std::ops::Deref for InputName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

/// Where in the input a violation lies: steps from the root, which itself is the empty path.
///
/// `Display` shows it as programmers write it (`lines[1].sku`), [`Path::to_pointer`] as a JSON
/// Pointer (RFC 6901).
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Line { sku: String }
///
/// #[derive(Debug, Serialize, EventSchema)]
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
    Few { length: usize, steps: [Segment; Path::FEW] },
    Many(Vec<Segment>),
}

impl Default for Steps {
    #[inline]
    fn default() -> Self {
        Self::Few { length: 0, steps: [const { Segment::Index(0) }; Path::FEW] }
    }
}

impl Path {
    pub(crate) const FEW: usize = 3;

    /// The steps of a path of this length, to be filled in; none of one that is longer than [`FEW`](Self::FEW).
    #[inline]
    pub(crate) fn few(&mut self, new_length: usize) -> Option<&mut [Segment]> {
        match &mut self.0 {
            Steps::Few { length, steps } if new_length <= Self::FEW => {
                *length = new_length;
                Some(&mut steps[..new_length])
            }
            _ => None,
        }
    }

    /// Of more steps than a [`FEW`](Self::FEW), outermost first.
    pub(crate) fn of_many(steps: Vec<Segment>) -> Self {
        Self(Steps::Many(steps))
    }

    /// The steps, outermost first.
    ///
    /// See the examples of [`Segment`].
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        match &self.0 {
            Steps::Few { length, steps } => &steps[..*length],
            Steps::Many(steps) => steps,
        }
    }

    /// The path as a JSON Pointer (RFC 6901); the root is the empty string.
    ///
    /// See the example of [`Path`].
    #[must_use]
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.segments() {
            pointer.push('/');
            pointer.push_str(&segment.name().replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }

    #[cfg(feature = "kafka")]
    fn redact(&mut self) {
        let steps = match &mut self.0 {
            Steps::Few { length, steps } => &mut steps[..*length],
            Steps::Many(steps) => steps,
        };
        for step in steps {
            if let Segment::Name(name) | Segment::Key(name) | Segment::MapKey(name) = step {
                *name = InputName::masked();
            }
        }
    }

    /// The JSON Pointer as a URI fragment (RFC 6901, section 6), the form that RFC 9457 shows; the
    /// root is `#`.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use event_schema::{EventSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Stock { counts: BTreeMap<String, u32> }
    ///
    /// let error = Stock::load(br#"{"counts": {"M3 50%": -1}}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_fragment(), "#/counts/M3%2050%25");
    /// ```
    #[must_use]
    pub fn to_fragment(&self) -> String {
        let pointer = self.to_pointer();
        let mut fragment = String::with_capacity(pointer.len() + 1);
        fragment.push('#');
        for byte in pointer.bytes() {
            // What RFC 3986 lets stand in a fragment.
            if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte) {
                fragment.push(char::from(byte));
            } else {
                let hex = |digit: u8| char::from(b"0123456789ABCDEF"[usize::from(digit)]);
                fragment.extend(['%', hex(byte >> 4), hex(byte & 0xF)]);
            }
        }
        fragment
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

/// A rule of which everything is known at compile time: breaking it costs no allocation.
#[doc(hidden)]
#[derive(Debug)]
pub struct Rule {
    code: &'static str,
    params: &'static [(&'static str, Param)],
    /// One more parameter: what a value should have been.
    expected: Option<&'static str>,
    message: Option<&'static str>,
    /// Made when it is asked for first: it is the same each time.
    sentence: OnceLock<Sentence>,
}

#[derive(Debug)]
struct Sentence {
    text: Cow<'static, str>,
    json: Box<str>,
}

impl Rule {
    #[must_use]
    pub const fn new(
        code: &'static str,
        params: &'static [(&'static str, Param)],
        message: Option<&'static str>,
    ) -> Self {
        Self { code, params, expected: None, message, sentence: OnceLock::new() }
    }

    pub(crate) const fn bare(code: &'static str) -> Self {
        Self::new(code, &[], None)
    }

    /// That a value is of a type that is called so.
    pub(crate) const fn expect(words: &'static str) -> Self {
        Self { code: "invalid", params: &[], expected: Some(words), message: None, sentence: OnceLock::new() }
    }

    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) const fn expected(&self) -> Option<&'static str> {
        self.expected
    }

    /// The names of the variants, of a rule that says what they are.
    #[must_use]
    pub fn choices(&self) -> &'static [&'static str] {
        match self.param("choices") {
            Some(Param::Strs(names)) => names,
            _ => &[],
        }
    }

    fn params(&self) -> impl Iterator<Item = (&'static str, Param)> {
        self.params.iter().copied().chain(self.expected.map(|words| ("expected", Param::Str(words))))
    }

    fn param(&self, name: &str) -> Option<Param> {
        self.params().find_map(|(known, param)| (known == name).then_some(param))
    }

    fn sentence(&'static self) -> &'static Sentence {
        self.sentence.get_or_init(|| {
            let fault = Fault::Rule(self);
            let text = match self.message {
                Some(message) => sentence::filled(message, &fault),
                None => sentence::of(self.code, &fault),
            };
            Sentence { json: Value::from(&*text).to_string().into(), text }
        })
    }
}

/// What is wrong: as a rule, known before the program runs.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Rule(&'static Rule),
    /// None of these, and the index of the one that was probably meant.
    Choice(&'static Rule, Option<u16>),
    /// A field that is none of these.
    Unknown(&'static [&'static str]),
    Other(Box<OtherFault>),
}

#[derive(Clone, Debug)]
pub(crate) struct OtherFault {
    pub(crate) code: Cow<'static, str>,
    pub(crate) params: Map<String, Value>,
    pub(crate) message: Option<Cow<'static, str>>,
    /// Of one that was translated.
    pub(crate) suggestion: Option<&'static str>,
}

impl Fault {
    pub(crate) fn other(
        code: Cow<'static, str>,
        params: Map<String, Value>,
        message: Option<Cow<'static, str>>,
    ) -> Self {
        Self::Other(Box::new(OtherFault { code, params, message, suggestion: None }))
    }

    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Rule(rule) | Self::Choice(rule, _) => rule.code,
            Self::Unknown(_) => "unknown",
            Self::Other(other) => &other.code,
        }
    }

    /// The text of its own, of one that is no rule.
    fn message(&self) -> Option<&str> {
        match self {
            Self::Other(other) => other.message.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn into_code(self) -> Cow<'static, str> {
        match self {
            Self::Rule(rule) | Self::Choice(rule, _) => Cow::Borrowed(rule.code),
            Self::Unknown(_) => Cow::Borrowed("unknown"),
            Self::Other(other) => other.code,
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
/// `Display` is one line: the path, the message and, where a known name resembles what was found, a
/// question: `quantty: Unknown field. Did you mean quantity?`
///
/// # Codes
///
/// Programs may rely on them: a code keeps its meaning and its params.
///
/// | `code` | meaning | params |
/// |---|---|---|
/// | `required` | the field is missing, or `None` where `#[validate(required)]` asks for a value | |
/// | `null` | null where the type has no null | |
/// | `invalid` | not a value of the type: of another JSON type, out of its range, or not readable as one | `expected` |
/// | `choice` | not one of an enum's variants | `choices`, `suggestion` |
/// | `unknown` | a field that the type does not have, under `deny_unknown_fields` | `suggestion` |
/// | `duplicate` | the field was there before | |
/// | `length` | too short or too long; of a tuple or array, not of its length | `min`, `max`, `equal` |
/// | `range` | too small or too large | `min`, `max`, `exclusive_min`, `exclusive_max` |
/// | `email`, `url`, `credit_card` | not one | |
/// | `ip` | no IP address, or not of the version asked for | `v4`, `v6` |
/// | `regex` | does not match | |
/// | `contains`, `does_not_contain` | the pattern is not in it, or is | `pattern` |
/// | `must_match` | differs from the other field | `other` |
/// | `non_control_character` | has control characters | |
/// | `one_of` | not one of these values | `choices` |
/// | `none_of` | one of the values that it must not be | `choices` |
/// | `equal` | not this value | `other` |
/// | `contains_only` | an element is not among these | `choices` |
/// | `contains_none_of` | an element is among these | `values` |
/// | `context` | a rule could not be checked, for its context was not given | |
/// | `omitted` | in reports: so many more than were kept | `count` |
/// | any other | as given by `code = "..."` or by the custom rule's `ValidationError` | its params |
///
/// Params that do not apply are left out; `suggestion` is a name that the type knows.
///
/// # Messages
///
/// Without a `message` of the rule's own, they are Marshmallow's. One that is given may hold
/// the params by name in braces; braces around anything else stay as they are. The input is no
/// param, so that `{input}`, which Marshmallow fills in, stays too.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Payment {
///     #[validate(range(min = 1, max = 100, message = "From {min} to {max} cents, not {input}."))]
///     cents: u32,
/// }
///
/// let error = Payment::load(br#"{"cents": 101}"#).unwrap_err();
/// assert_eq!(error.violations().unwrap()[0].message(), "From 1 to 100 cents, not {input}.");
/// ```
///
/// # Sensitive fields
///
/// At and below a field that is marked `#[event(sensitive)]` a violation has its path and its code,
/// but nothing that could hold payload: map keys and unknown names in the path are `***`, nothing
/// is suggested, and of a custom rule's `ValidationError` only the code is kept. A message or a code
/// that stands in the attribute is kept, as are the params of the library's own rules. What a rule
/// of the whole struct says is its own responsibility.
///
/// ```
/// use event_schema::{EventSchema, Serialize, ValidationError};
///
/// #[derive(Serialize, EventSchema)]
/// #[event(debug)]
/// struct Login {
///     #[event(sensitive)]
///     #[validate(custom(function = check))]
///     password: String,
/// }
///
/// fn check(password: &str) -> Result<(), ValidationError> {
///     Err(ValidationError::new("weak").with_message(format!("{password} is weak").into()))
/// }
///
/// let error = Login::load(br#"{"password": "letmein"}"#).unwrap_err();
/// let violation = &error.violations().unwrap()[0];
/// assert_eq!((violation.code(), &*violation.message()), ("weak", "Invalid value."));
/// ```
///
/// # Example
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
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
    pub(crate) position: Option<Box<Position>>,
}

impl Violation {
    /// Where it lies.
    ///
    /// See the examples of [`Violation`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it stands in the text, if the load was asked to say so
    /// ([`LoadOptions::positions`](crate::LoadOptions::positions)).
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position.as_deref().copied()
    }

    /// The stable name of what is wrong.
    ///
    /// See the examples of [`Violation`].
    #[must_use]
    pub fn code(&self) -> &str {
        self.fault.code()
    }

    /// The arguments of the broken rule, such as `min`.
    ///
    /// See the examples of [`Violation`].
    #[must_use]
    pub fn params(&self) -> Map<String, Value> {
        let owned = |(name, param): (&str, Param)| (name.to_owned(), param.into());
        match &self.fault {
            Fault::Rule(rule) => rule.params().map(owned).collect(),
            Fault::Choice(rule, _) => rule.params().map(owned).chain(self.suggested()).collect(),
            Fault::Unknown(_) => self.suggested().collect(),
            Fault::Other(other) => other.params.clone(),
        }
    }

    /// The name that was probably meant: one of the type's fields in place of an unknown one, or
    /// one of an enum's variants.
    ///
    /// It is a name of the type's, never what the input says, and is among the params too.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct Line { quantity: Option<u32> }
    ///
    /// let error = Line::load(br#"{"quantty": 7}"#).unwrap_err();
    /// let violation = &error.violations().unwrap()[0];
    /// assert_eq!(violation.suggestion(), Some("quantity"));
    /// assert_eq!(violation.params()["suggestion"], "quantity");
    /// assert_eq!(violation.message(), "Unknown field.");
    /// assert_eq!(violation.to_string(), "quantty: Unknown field. Did you mean quantity?");
    /// ```
    #[must_use]
    pub fn suggestion(&self) -> Option<&'static str> {
        match &self.fault {
            Fault::Choice(choices, meant) => choices.choices().get(usize::from((*meant)?)).copied(),
            // Looked for when somebody asks: most loads are refused without.
            Fault::Unknown(known) => match self.path.segments().last() {
                Some(Segment::Name(name)) => suggest(name, known).map(|index| known[index]),
                _ => None,
            },
            Fault::Other(other) => other.suggestion,
            Fault::Rule(_) => None,
        }
    }

    fn suggested(&self) -> impl Iterator<Item = (String, Value)> {
        self.suggestion().map(|name| ("suggestion".to_owned(), name.into())).into_iter()
    }

    /// The sentence for people: the rule's own `message`, or Marshmallow's for the code.
    ///
    /// See the examples of [`Violation`].
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        match (self.message_of_field(), &self.fault) {
            (Some(text), fault) => sentence::filled(text, fault),
            (None, Fault::Rule(rule) | Fault::Choice(rule, _)) => Cow::Borrowed(&rule.sentence().text),
            (None, fault) => match fault.message() {
                Some(text) => sentence::filled(text, fault),
                None => sentence::of(fault.code(), fault),
            },
        }
    }

    /// The message as a string of JSON, if it is known already.
    fn message_as_json(&self) -> Option<&'static str> {
        match &self.fault {
            Fault::Rule(rule) | Fault::Choice(rule, _) if self.message_of_field().is_none() => {
                Some(&rule.sentence().json)
            }
            _ => None,
        }
    }

    /// What the field says itself of what is wrong with its shape.
    #[inline]
    fn message_of_field(&self) -> Option<&'static str> {
        match self.path.segments().last() {
            Some(Segment::Field(name)) if self.of_shape => name.message(self.code()),
            _ => None,
        }
    }

    /// The message with the suggestion.
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        match self.suggestion() {
            Some(name) => write!(f, " Did you mean {name}?"),
            None => Ok(()),
        }
    }

    /// The same violation in these words.
    fn translated(self, message: Cow<'static, str>) -> Self {
        let (params, suggestion) = (self.params(), self.suggestion());
        let fault = OtherFault { code: self.fault.into_code(), params, message: Some(message), suggestion };
        Self { fault: Fault::Other(Box::new(fault)), of_shape: false, ..self }
    }

    /// As if all of it stood in a sensitive field; of what is found out at run time only the code is kept.
    #[cfg(feature = "kafka")]
    fn redact(&mut self) {
        self.path.redact();
        match &mut self.fault {
            Fault::Rule(_) => {}
            Fault::Choice(_, meant) => *meant = None,
            Fault::Unknown(known) => *known = &[],
            Fault::Other(other) => {
                other.params = Map::new();
                other.message = Some(Cow::Borrowed(GENERIC));
                other.suggestion = None;
            }
        }
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
        if !self.path.segments().is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.write_message(f)
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
/// It dereferences to a slice of [`Violation`], and is reported
/// - to people as lines: `{}` for logs, `{:#}` in columns for a terminal;
/// - as Marshmallow's tree by [`to_messages`](Self::to_messages), which is also how it serialises, and
///   soonest by [`to_json`](Self::to_json);
/// - as a flat list with JSON Pointers by [`to_list`](Self::to_list);
/// - as RFC 9457 problem details by [`to_problem`](Self::to_problem);
///
/// each in other words, or in another language, after [`translate`](Self::translate).
///
/// At most as many are kept as the load allows (1000 by default); [`omitted`](Self::omitted)
/// counts the rest.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
/// use serde_json::json;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Line {
///     #[validate(length(min = 1))]
///     sku: String,
/// }
///
/// #[derive(Debug, Serialize, EventSchema)]
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
/// assert_eq!(format!("{violations:#}"), "\
/// orderId       Not a valid integer.
/// lines[0].sku  Shorter than minimum length 1.
/// lines[1].sku  Missing data for required field.");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations {
    list: Vec<Violation>,
    rest: Option<Box<Rest>>,
}

/// Those that were omitted.
#[derive(Clone, Debug, PartialEq)]
struct Rest {
    count: usize,
    /// Stands for them in reports.
    violation: Violation,
}

impl Violations {
    #[inline]
    pub(crate) fn new(list: Vec<Violation>, omitted: usize) -> Self {
        let rest = || {
            let params = Map::from_iter([("count".to_owned(), omitted.into())]);
            let fault = Fault::other(Cow::Borrowed("omitted"), params, None);
            let violation =
                Violation { path: Path::default(), concern: Concern::Whole, fault, of_shape: false, position: None };
            Box::new(Rest { count: omitted, violation })
        };
        Self { list, rest: (omitted > 0).then(rest) }
    }

    /// How many more there are than were kept.
    ///
    /// See the example of [`LoadOptions`](crate::LoadOptions).
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.count)
    }

    /// Leaves away what only the input names, and what the rules of users say in words of their own.
    #[cfg(feature = "kafka")]
    pub(crate) fn redact(&mut self) {
        self.list.iter_mut().for_each(Violation::redact);
    }

    /// As those of a text that so many lines and bytes come before.
    pub(crate) fn behind(&mut self, lines: u64, bytes: u64) {
        for position in self.list.iter_mut().filter_map(|violation| violation.position.as_mut()) {
            **position = position.behind(lines, bytes);
        }
    }

    /// One that stands for those that were omitted.
    fn rest(&self) -> Option<&Violation> {
        self.rest.as_ref().map(|rest| &rest.violation)
    }

    /// Marshmallow's tree of messages: objects by wire name and by index, lists of messages at the
    /// leaves. What concerns an object or list as a whole stands under `_schema`; an entry of a map
    /// has `key` and `value` below it.
    ///
    /// See the example of [`Violations`].
    #[must_use]
    pub fn to_messages(&self) -> Value {
        tree::to_value(self)
    }

    /// [`to_messages`](Self::to_messages) as JSON text, which takes a fraction of the time.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Line { sku: String }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Order { lines: Vec<Line> }
    ///
    /// let error = Order::load(br#"{"lines": [{"sku": 7}, {}]}"#).unwrap_err();
    /// assert_eq!(
    ///     error.violations().unwrap().to_json(),
    ///     r#"{"lines":{"0":{"sku":["Not a valid string."]},"1":{"sku":["Missing data for required field."]}}}"#
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        tree::to_json(self)
    }

    /// The same violations with messages of your own, for every form of report.
    ///
    /// `words` is asked for each violation, and knows it by its code and params; where it answers
    /// `None` the message stays. Its text may hold params in braces, as a rule's `message` may. When
    /// violations were [`omitted`](Self::omitted) it is asked for the code `omitted` too, whose
    /// param `count` says how many.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize, Violation};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Order {
    ///     #[validate(range(min = 1, max = 9))]
    ///     quantity: u32,
    ///     sku: String,
    /// }
    ///
    /// fn german(violation: &Violation) -> Option<&'static str> {
    ///     Some(match violation.code() {
    ///         "required" => "Pflichtfeld.",
    ///         "range" => "Muss zwischen {min} und {max} liegen.",
    ///         _ => return None,
    ///     })
    /// }
    ///
    /// let error = Order::load(br#"{"quantity": 0}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap().translate(german).to_messages(), json!({
    ///     "quantity": ["Muss zwischen 1 und 9 liegen."],
    ///     "sku": ["Pflichtfeld."],
    /// }));
    /// ```
    #[must_use]
    pub fn translate<T: Into<Cow<'static, str>>>(&self, mut words: impl FnMut(&Violation) -> Option<T>) -> Self {
        let mut translated = |violation: &Violation| match words(violation) {
            Some(text) => violation.clone().translated(text.into()),
            None => violation.clone(),
        };
        Self {
            list: self.iter().map(&mut translated).collect(),
            rest: self
                .rest
                .as_ref()
                .map(|rest| Box::new(Rest { count: rest.count, violation: translated(&rest.violation) })),
        }
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
        if f.alternate() {
            return self.write_columns(f);
        }
        for (n, violation) in self.list.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{violation}")?;
        }
        match self.rest() {
            Some(rest) => write!(f, "\n{rest}"),
            None => Ok(()),
        }
    }
}

impl Violations {
    /// The paths in one column, the messages in another; a path that is too long for its column
    /// shifts its own line only.
    fn write_columns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.list.iter().map(|violation| violation.path.to_string()).collect();
        let widths = paths.iter().map(|path| path.chars().count());
        let column = widths.filter(|width| *width <= MAX_COLUMN).max().unwrap_or(0);
        for (n, (violation, path)) in self.list.iter().zip(&paths).enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            if column > 0 || !path.is_empty() {
                write!(f, "{path:column$}  ")?;
            }
            violation.write_message(f)?;
        }
        match self.rest() {
            Some(rest) => write!(f, "\n{rest}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Violations {}

/// As Marshmallow's tree, see [`Violations::to_messages`].
impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tree::serialize(self, serializer)
    }
}
