//! The way to a place in an input: [`Path`], its steps and their names.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The mask of a sensitive value.
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
    /// Its other names on the wire.
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

    /// The other names of the field in an input.
    pub(crate) const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The field's own text for a finding of shape.
    pub(crate) fn message(&self, code: &str) -> Option<&'static str> {
        let [required, null, invalid] = self.messages?;
        match code {
            "required" => *required,
            "null" => *null,
            "invalid" | "choice" | "length" | "range" => *invalid,
            _ => None,
        }
    }

    /// The name on the wire and in messages: Marshmallow's data key, serde's rename.
    ///
    /// See the example of [`FieldName`].
    #[must_use]
    pub const fn wire(&self) -> &'static str {
        self.wire
    }

    /// The name in Rust; for a tuple field, its index.
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
/// A map's key and a struct's field are different steps, even with the same name.
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
    /// A field of the type.
    Field(&'static FieldName),
    /// A field that only the input or a rule names: an unknown field, or one inside a value that is read by foreign
    /// code; long names are cut.
    Name(InputName),
    /// The value of a map's entry, under its key; long keys are cut.
    Key(InputName),
    /// The key of a map's entry, if the key itself is invalid; long keys are cut.
    MapKey(InputName),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl Segment {
    /// Leaves out what only the input names.
    pub(crate) fn mask(&mut self) {
        if let Self::Name(name) | Self::Key(name) | Self::MapKey(name) = self {
            *name = InputName::masked();
        }
    }

    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Field(name) => Cow::Borrowed(name.wire),
            Self::Name(name) | Self::Key(name) | Self::MapKey(name) => Cow::Borrowed(name),
            Self::Index(index) => Cow::Owned(index.to_string()),
        }
    }

    /// Its other names in an input.
    pub(crate) const fn aliases(&self) -> &'static [&'static str] {
        match self {
            Self::Field(name) => name.aliases,
            _ => &[],
        }
    }
}

/// A name that only the input has, such as that of an unknown field; long names are cut.
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

/// The place of a violation in the input: the steps from the root, whose path is empty.
///
/// `Display` writes it as in code (`lines[1].sku`), [`Path::to_pointer`] as a JSON Pointer (RFC 6901).
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

    /// More steps than [`FEW`](Self::FEW), outermost first.
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

    pub(super) fn segments_mut(&mut self) -> &mut [Segment] {
        match &mut self.0 {
            Steps::Few { length, steps } => &mut steps[..*length],
            Steps::Many(steps) => steps,
        }
    }

    #[cfg(feature = "kafka")]
    pub(super) fn redact(&mut self) {
        self.segments_mut().iter_mut().for_each(Segment::mask);
    }

    /// Goes further in.
    pub(crate) fn extend(&mut self, steps: impl IntoIterator<Item = Segment>) {
        let steps: Vec<Segment> = self.segments().iter().cloned().chain(steps).collect();
        *self = Self::default();
        match self.few(steps.len()) {
            Some(few) => few.clone_from_slice(&steps),
            None => *self = Self::of_many(steps),
        }
    }

    /// The JSON Pointer as a URI fragment (RFC 6901, section 6), as in the examples of RFC 9457; the root is `#`.
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
            // Characters that RFC 3986 allows in a fragment.
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
