//! The error of load: [`LoadError`].

use std::error::Error;
use std::fmt;
use std::io;

use serde_json::Value;

#[cfg(feature = "cloudevents")]
use super::cloud_event::CloudEventError;
#[cfg(feature = "avro")]
use super::datum::Malformed;
#[cfg(feature = "avro")]
use super::frame::FrameError;
use super::text::{UnknownName, count, debug_as_text, in_one_line, one_of};
use crate::report;
#[cfg(feature = "kafka")]
use crate::violation::MASK;
use crate::violation::{Position, Violations, cut};

/// The error of an input that could not be loaded.
///
/// If the input is not JSON, the error has the [`position`](Self::position) of the syntax error. If it is JSON but not
/// a valid event, [`violations`](Self::violations) has all violations. Other errors have methods of their own, such as
/// [`is_too_large`](Self::is_too_large). If [`is_config`](Self::is_config) is true, the fault is in the service, and
/// not in the input.
///
/// `Display` and `Debug` write one line for each violation (in columns with `{:#}`). They quote no values of the input,
/// only names of unknown fields and keys of maps, cut after 100 characters.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Ping { seq: u64 }
///
/// let error = Ping::load(br#"{"seq": "#).unwrap_err();
/// assert!(error.is_syntax() && error.is_truncated());
/// assert_eq!(error.to_string(), "truncated JSON: EOF while parsing a value at line 1 column 8");
///
/// let error = Ping::load(br#"{"seq": "7"}"#).unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(error.to_string(), "1 violation\nseq: Not a valid integer.");
/// ```
// Not boxed: what is wrong with a small event costs one allocation then, that of the list.
pub struct LoadError(LoadErrorKind, Option<Box<Value>>);

#[derive(Debug)]
pub(crate) enum LoadErrorKind {
    Empty,
    Syntax(Box<Syntax>),
    NotUtf8(Position),
    TooDeep {
        limit: usize,
    },
    TooAmbiguous,
    /// Without a size where the rest was not read.
    TooLarge {
        size: Option<usize>,
        limit: usize,
    },
    Io(io::Error),
    Invalid(Violations),
    UnsupportedVersion {
        version: u32,
        today: u32,
        violations: Option<Violations>,
    },
    /// Without a type where the message does not tell it.
    OtherEvent {
        event_type: Option<Box<str>>,
        expected: Box<[&'static str]>,
    },
    /// A rule asked for a context of this type.
    NoContext(&'static str),
    /// The options name a field that the event does not have.
    NoSuchField(Box<UnknownName>),
    #[cfg(feature = "cloudevents")]
    NoCloudEvent(CloudEventError),
    #[cfg(feature = "avro")]
    Datum(Malformed),
    #[cfg(feature = "avro")]
    Frame(FrameError),
    /// The message has no framing that the codec reads.
    #[cfg(feature = "avro")]
    Unframed,
    /// The codec does not know the schema with this id.
    #[cfg(feature = "avro")]
    UnknownSchema(Box<str>),
}

/// The syntax error of a text; without a position if the input was not text.
#[derive(Debug)]
pub(crate) struct Syntax {
    reason: String,
    truncated: bool,
    position: Option<Position>,
}

#[cfg(feature = "cloudevents")]
impl From<CloudEventError> for LoadError {
    #[cold]
    fn from(error: CloudEventError) -> Self {
        LoadErrorKind::NoCloudEvent(error).into()
    }
}

#[cfg(feature = "avro")]
impl From<FrameError> for LoadError {
    #[cold]
    fn from(error: FrameError) -> Self {
        LoadErrorKind::Frame(error).into()
    }
}

impl From<LoadErrorKind> for LoadError {
    #[cold]
    fn from(kind: LoadErrorKind) -> Self {
        Self(kind, None)
    }
}

impl LoadError {
    /// The type of a message that is of another type than the event's.
    #[cfg(feature = "kafka")]
    pub(crate) fn other_type(&self) -> Option<&str> {
        match &self.0 {
            LoadErrorKind::OtherEvent { event_type, .. } => event_type.as_deref(),
            _ => None,
        }
    }

    /// Everything that is wrong with an event, and what is valid of it.
    #[inline]
    pub(crate) fn invalid(violations: Violations, valid_data: Option<Value>) -> Self {
        Self(LoadErrorKind::Invalid(violations), valid_data.map(Box::new))
    }

    #[cold]
    pub(crate) fn not_json(reason: String, truncated: bool, position: Option<Position>) -> Self {
        LoadErrorKind::Syntax(Box::new(Syntax { reason, truncated, position })).into()
    }

    /// As the error of a text that so many lines and bytes come before.
    #[cold]
    pub(crate) fn behind(mut self, lines: u64, bytes: u64) -> Self {
        match &mut self.0 {
            LoadErrorKind::Syntax(syntax) => syntax.position = syntax.position.map(|at| at.behind(lines, bytes)),
            LoadErrorKind::NotUtf8(position) => *position = position.behind(lines, bytes),
            LoadErrorKind::Invalid(violations)
            | LoadErrorKind::UnsupportedVersion { violations: Some(violations), .. } => {
                violations.behind(lines, bytes);
            }
            _ => {}
        }
        self
    }

    /// Says where the input is no UTF-8. One that ends within a character is cut off, like one that
    /// ends before it.
    #[cold]
    pub(crate) fn not_utf8(input: &[u8], error: &std::str::Utf8Error) -> Self {
        if error.error_len().is_some() {
            LoadErrorKind::NotUtf8(Position::of(input, error.valid_up_to())).into()
        } else {
            let position = Position::of(input, input.len());
            Self::not_json("EOF while parsing a character".to_owned(), true, Some(position))
        }
    }

    /// The position of the syntax error, or of the first byte that is not UTF-8.
    ///
    /// Positions of violations are recorded on request:
    /// [`LoadOptions::positions`](crate::LoadOptions::positions).
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let position = Ping::load(b"{\n\"seq\": 7,\n}").unwrap_err().position().unwrap();
    /// assert_eq!((position.line(), position.column(), position.offset()), (3, 1, 12));
    /// assert_eq!(Ping::load(b"{\"seq\": \xFF}").unwrap_err().position().unwrap().offset(), 8);
    /// assert_eq!(Ping::load(br#"{"seq": 0}"#).unwrap_err().position(), None);
    /// ```
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match &self.0 {
            LoadErrorKind::Syntax(syntax) => syntax.position,
            LoadErrorKind::NotUtf8(position) => Some(*position),
            _ => None,
        }
    }

    /// All violations, if the input is a complete JSON text.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let error = Ping::load(br#"{"seq": 0}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].code(), "range");
    /// assert!(Ping::load(b"{").unwrap_err().violations().is_none());
    /// ```
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        match &self.0 {
            LoadErrorKind::Invalid(violations) => Some(violations),
            LoadErrorKind::UnsupportedVersion { violations, .. } => violations.as_ref(),
            _ => None,
        }
    }

    /// The [`violations`](Self::violations), by value.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let violations = Ping::load(br#"{"seq": 0}"#).unwrap_err().into_violations().unwrap();
    /// assert_eq!(violations.to_string(), "seq: Must be greater than or equal to 1.");
    /// ```
    #[must_use]
    pub fn into_violations(self) -> Option<Violations> {
        match self.0 {
            LoadErrorKind::Invalid(violations) => Some(violations),
            LoadErrorKind::UnsupportedVersion { violations, .. } => violations,
            _ => None,
        }
    }

    /// The valid fields of the input, if the load kept them
    /// ([`LoadOptions::valid_data`](crate::LoadOptions::valid_data)). `None` if there are more violations than the
    /// load keeps, or if a [`Value`] cannot hold a valid field: a number kept as text that is beyond a float, say.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Pair { a: u64, b: u64 }
    /// let options = LoadOptions::new().valid_data(true);
    /// let error = options.load::<Pair>(br#"{"a": 1, "b": "2"}"#).unwrap_err();
    /// assert_eq!(error.valid_data(), Some(&event_schema::serde_json::json!({"a": 1})));
    /// assert_eq!(Pair::load(b"{}").unwrap_err().valid_data(), None);
    /// ```
    #[must_use]
    pub fn valid_data(&self) -> Option<&Value> {
        self.1.as_deref()
    }

    /// Whether neither this type nor its previous versions can read the writer's version. If a newer version was tried,
    /// [`violations`](Self::violations) has the reasons.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load_from(1, br#"{"seq": 7}"#).is_ok());
    /// let error = Ping::load_from(2, br#"{"sequence": 7}"#).unwrap_err();
    /// assert!(error.is_unsupported_version());
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/seq");
    /// ```
    #[must_use]
    pub fn is_unsupported_version(&self) -> bool {
        matches!(self.0, LoadErrorKind::UnsupportedVersion { .. })
    }

    /// Whether the message has the type of another event, or has no type although the type must select one of several
    /// events.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(name = "order.placed")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// let error = OrderPlaced::load_typed("order.cancelled.v1", b"{}").unwrap_err();
    /// assert!(error.is_other_event());
    /// assert_eq!(error.to_string(), "the event has type `order.cancelled.v1`, expected `order.placed`");
    /// ```
    #[must_use]
    pub fn is_other_event(&self) -> bool {
        matches!(self.0, LoadErrorKind::OtherEvent { .. })
    }

    /// Whether the message is marked as a CloudEvent in structured mode but is not a valid one, so that its event
    /// cannot be found.
    #[cfg(feature = "cloudevents")]
    #[must_use]
    pub fn is_no_cloud_event(&self) -> bool {
        matches!(self.0, LoadErrorKind::NoCloudEvent(_))
    }

    #[cold]
    pub(crate) fn other_event(event_type: Option<&str>, expected: Box<[&'static str]>) -> Self {
        LoadErrorKind::OtherEvent { event_type: event_type.map(cut), expected }.into()
    }

    /// Leaves away what only the input names, unknown fields and keys of maps, and what the rules of users say in
    /// words of their own.
    #[cfg(feature = "kafka")]
    #[cold]
    pub(crate) fn redact(&mut self) {
        match &mut self.0 {
            LoadErrorKind::Invalid(violations)
            | LoadErrorKind::UnsupportedVersion { violations: Some(violations), .. } => violations.redact(),
            LoadErrorKind::OtherEvent { event_type, .. } => *event_type = event_type.take().map(|_| MASK.into()),
            LoadErrorKind::NoCloudEvent(error) => error.redact(),
            #[cfg(feature = "avro")]
            LoadErrorKind::Datum(_)
            | LoadErrorKind::Frame(_)
            | LoadErrorKind::Unframed
            | LoadErrorKind::UnknownSchema(_) => {}
            LoadErrorKind::Empty
            | LoadErrorKind::Syntax(_)
            | LoadErrorKind::NotUtf8(_)
            | LoadErrorKind::TooDeep { .. }
            | LoadErrorKind::TooAmbiguous
            | LoadErrorKind::TooLarge { .. }
            | LoadErrorKind::Io(_)
            | LoadErrorKind::NoContext(_)
            | LoadErrorKind::NoSuchField(_)
            | LoadErrorKind::UnsupportedVersion { violations: None, .. } => {}
        }
    }

    /// Whether the input is not JSON text: it is empty, truncated, malformed, or not UTF-8. For an Avro datum: whether
    /// it is truncated, malformed, or longer than its schema says. For a message with a codec: whether it has no
    /// framing that the codec reads.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load(br#"{"seq": 7"#).unwrap_err().is_syntax());
    /// assert!(!Ping::load(br#"{"seq": "7"}"#).unwrap_err().is_syntax());
    /// ```
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        match &self.0 {
            LoadErrorKind::Empty | LoadErrorKind::Syntax(_) | LoadErrorKind::NotUtf8(_) => true,
            #[cfg(feature = "avro")]
            LoadErrorKind::Datum(_) | LoadErrorKind::Frame(_) | LoadErrorKind::Unframed => true,
            _ => false,
        }
    }

    /// Whether the input is empty, or white space only.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load(b" \n").unwrap_err().is_empty());
    /// assert!(!Ping::load(b"{}").unwrap_err().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, LoadErrorKind::Empty)
    }

    /// Whether the input is truncated: the beginning of a JSON text or an Avro datum.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load(br#"{"seq": 7"#).unwrap_err().is_truncated());
    /// assert!(!Ping::load(br#"{"seq": 7]"#).unwrap_err().is_truncated());
    /// ```
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        match &self.0 {
            LoadErrorKind::Syntax(syntax) => syntax.truncated,
            #[cfg(feature = "avro")]
            LoadErrorKind::Datum(malformed) => malformed.is_truncated(),
            #[cfg(feature = "avro")]
            LoadErrorKind::Frame(error) => error.is_truncated(),
            _ => false,
        }
    }

    /// Whether the input is not UTF-8.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load(b"{\"\xFF\": 7}").unwrap_err().is_not_utf8());
    /// ```
    #[must_use]
    pub fn is_not_utf8(&self) -> bool {
        matches!(self.0, LoadErrorKind::NotUtf8(_))
    }

    /// Whether nested untagged enums would need too many reads to find their variants: more than 64 times the input
    /// and more than a megabyte. The number of reads grows exponentially with the depth of such enums.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[serde(untagged)]
    /// enum Rule {
    ///     All { of: Vec<Rule>, all: bool },
    ///     Any { of: Vec<Rule>, any: bool },
    /// }
    ///
    /// let rule = |levels| format!("{}{}", r#"{"of": ["#.repeat(levels), r#"], "any": true}"#.repeat(levels));
    /// assert!(Rule::load_str(&rule(4)).is_ok());
    /// assert!(Rule::load_str(&rule(40)).unwrap_err().is_too_ambiguous());
    /// ```
    #[must_use]
    pub fn is_too_ambiguous(&self) -> bool {
        matches!(self.0, LoadErrorKind::TooAmbiguous)
    }

    /// Whether the input is nested deeper than the limit of the load.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Tree { inner: Option<Box<Tree>> }
    /// let options = LoadOptions::new().max_depth(1);
    /// assert!(options.load::<Tree>(br#"{"inner": null}"#).is_ok());
    /// assert!(options.load::<Tree>(br#"{"inner": {}}"#).unwrap_err().is_too_deep());
    /// ```
    #[must_use]
    pub fn is_too_deep(&self) -> bool {
        matches!(self.0, LoadErrorKind::TooDeep { .. })
    }

    /// Whether the input is larger than the limit of the load.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// let options = LoadOptions::new().max_size(10);
    /// assert!(options.load::<Ping>(br#"{"seq": 7}"#).is_ok());
    /// assert!(options.load::<Ping>(br#"{"seq": 77}"#).unwrap_err().is_too_large());
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.0, LoadErrorKind::TooLarge { .. })
    }

    /// Whether reading the source of the input failed: [`source`](Error::source) has its [`io::Error`].
    ///
    /// ```
    /// use std::error::Error;
    /// use std::io;
    /// use event_schema::{EventSchema, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Ping { seq: u64 }
    ///
    /// struct Broken;
    ///
    /// impl io::Read for Broken {
    ///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
    ///         Err(io::Error::other("unplugged"))
    ///     }
    /// }
    ///
    /// let error = Ping::load_reader(Broken).unwrap_err();
    /// assert!(error.is_io());
    /// assert_eq!(error.source().unwrap().to_string(), "unplugged");
    /// ```
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0, LoadErrorKind::Io(_))
    }

    /// Whether the load is misconfigured: a rule needs a context that was not given
    /// ([`LoadOptions::context`](crate::LoadOptions::context)), or the options name a field that the event does not
    /// have. Such an error says nothing about the input.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[validate(context = u32)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    /// }
    ///
    /// fn affordable(cents: u32, max: &u32) -> Result<(), Violation> {
    ///     if cents <= *max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// let error = Bid::load(br#"{"cents": 1}"#).unwrap_err();
    /// assert!(error.is_config() && !error.is_invalid());
    /// assert_eq!(error.to_string(), "a rule needs a context of type `u32`: set it with `LoadOptions::context`");
    /// assert_eq!(error.to_problem()["status"], 500);
    ///
    /// let error = LoadOptions::new().exclude(&["cent"]).load_partial::<Bid>(b"{}").unwrap_err();
    /// assert!(error.is_config());
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self.0, LoadErrorKind::NoContext(_) | LoadErrorKind::NoSuchField(_))
    }

    /// Whether the [codec](crate::format::Codec) does not know the schema whose id the message has: it may be that of
    /// another writer or of a newer version. The data were not read.
    ///
    /// ```
    /// use event_schema::format::{Codec, Decoder};
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Ping { seq: i64 }
    ///
    /// let decoder = Decoder::<Ping>::new(&Codec::confluent_avro())?;
    /// let error = decoder.load(b"\0\0\0\0\x07\x0E").unwrap_err();
    /// assert!(error.is_unknown_schema() && !error.is_syntax());
    /// assert_eq!(error.to_problem()["status"], 422);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "avro")]
    #[must_use]
    pub fn is_unknown_schema(&self) -> bool {
        matches!(self.0, LoadErrorKind::UnknownSchema(_))
    }

    /// Whether the input is JSON but not a valid event: [`violations`](Self::violations) has the reasons.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// assert!(Ping::load(br#"{"seq": "7"}"#).unwrap_err().is_invalid());
    /// assert!(!Ping::load(br#"{"seq": "#).unwrap_err().is_invalid());
    /// ```
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self.0, LoadErrorKind::Invalid(_))
    }

    /// The body of an HTTP response: problem details (RFC 9457), with a suitable status.
    ///
    /// The status is 422 for an invalid event ([`Violations::to_problem`]), an unsupported version or an unknown
    /// schema, and 413 for input that is too large. It is 400 for malformed input, for another event, and for input
    /// that is nested too deep or too ambiguous. It is 500, without details, for a source that fails and for a
    /// [misconfigured](Self::is_config) load.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Ping { seq: u64 }
    ///
    /// assert_eq!(Ping::load(b"").unwrap_err().to_problem(), json!({
    ///     "type": "about:blank",
    ///     "title": "Bad Request",
    ///     "status": 400,
    ///     "detail": "the input is empty, expected a JSON object",
    /// }));
    /// assert_eq!(Ping::load(b"{}").unwrap_err().to_problem()["status"], 422);
    /// ```
    #[must_use]
    pub fn to_problem(&self) -> Value {
        match &self.0 {
            LoadErrorKind::Invalid(violations) => violations.to_problem(),
            LoadErrorKind::UnsupportedVersion { version, today, violations } => {
                let detail = unsupported(*version, *today, violations.is_some());
                match violations {
                    Some(violations) => {
                        let mut problem = violations.to_problem();
                        problem["detail"] = detail.into();
                        problem
                    }
                    None => report::problem(422, "Unprocessable Content", &detail),
                }
            }
            LoadErrorKind::TooLarge { .. } => report::problem(413, "Content Too Large", &self.to_string()),
            LoadErrorKind::Io(_) => report::problem(500, "Internal Server Error", &self.to_string()),
            // A wrong setup of the service is not told outside.
            LoadErrorKind::NoContext(_) | LoadErrorKind::NoSuchField(_) => {
                report::problem(500, "Internal Server Error", "the input could not be checked")
            }
            #[cfg(feature = "cloudevents")]
            LoadErrorKind::NoCloudEvent(_) => report::problem(400, "Bad Request", &self.to_string()),
            #[cfg(feature = "avro")]
            LoadErrorKind::Datum(_) | LoadErrorKind::Frame(_) | LoadErrorKind::Unframed => {
                report::problem(400, "Bad Request", &self.to_string())
            }
            #[cfg(feature = "avro")]
            LoadErrorKind::UnknownSchema(_) => report::problem(422, "Unprocessable Content", &self.to_string()),
            LoadErrorKind::Empty
            | LoadErrorKind::Syntax(_)
            | LoadErrorKind::NotUtf8(_)
            | LoadErrorKind::OtherEvent { .. }
            | LoadErrorKind::TooDeep { .. }
            | LoadErrorKind::TooAmbiguous => report::problem(400, "Bad Request", &self.to_string()),
        }
    }
}

fn unsupported(version: u32, today: u32, tried: bool) -> String {
    let cannot = if tried { "cannot read" } else { "does not know" };
    format!("written as version {version}, which a reader of version {today} {cannot}")
}

impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_as_text(self, f)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            LoadErrorKind::Empty => f.write_str("the input is empty, expected a JSON object"),
            LoadErrorKind::Syntax(syntax) => {
                let what = if syntax.truncated { "truncated JSON" } else { "not valid JSON" };
                write!(f, "{what}: {}", syntax.reason)?;
                syntax.position.map_or(Ok(()), |position| write!(f, " at {position}"))
            }
            LoadErrorKind::NotUtf8(at) => {
                let offset = at.offset();
                write!(f, "not valid UTF-8, which JSON requires: the first invalid byte is at offset {offset}")
            }
            LoadErrorKind::TooDeep { limit } => {
                write!(f, "nested deeper than {limit} levels, the limit of this load")
            }
            LoadErrorKind::TooAmbiguous => {
                f.write_str("too ambiguous: nested untagged enums have too many combinations of variants to try")
            }
            LoadErrorKind::TooLarge { size: Some(size), limit } => {
                write!(f, "{size} bytes, more than the {limit} bytes that this load allows")
            }
            LoadErrorKind::TooLarge { size: None, limit } => {
                write!(f, "more than the {limit} bytes that this load allows")
            }
            LoadErrorKind::Io(_) => f.write_str("the input could not be read"),
            LoadErrorKind::NoContext(context) => {
                write!(f, "a rule needs a context of type `{context}`: set it with `LoadOptions::context`")
            }
            LoadErrorKind::NoSuchField(unknown) => unknown.fmt(f),
            LoadErrorKind::OtherEvent { event_type: Some(event_type), expected } => {
                write!(f, "the event has type `{}`, expected {}", in_one_line(event_type), one_of(expected))
            }
            LoadErrorKind::OtherEvent { event_type: None, expected } => {
                write!(f, "the message has no type (header `ce_type`), which selects the event: {}", one_of(expected))
            }
            #[cfg(feature = "cloudevents")]
            LoadErrorKind::NoCloudEvent(error) => write!(f, "not a valid CloudEvent: {error}"),
            #[cfg(feature = "avro")]
            LoadErrorKind::Datum(malformed) => write!(f, "{malformed}"),
            #[cfg(feature = "avro")]
            LoadErrorKind::Frame(error) => write!(f, "{error}"),
            #[cfg(feature = "avro")]
            LoadErrorKind::Unframed => {
                f.write_str("the message has none of the framings that its codec reads; `Codec::also_reads` adds one")
            }
            #[cfg(feature = "avro")]
            LoadErrorKind::UnknownSchema(id) => write!(f, "the schema of the message is unknown: {id}"),
            LoadErrorKind::Invalid(violations) => count(f, violations),
            LoadErrorKind::UnsupportedVersion { version, today, violations: None } => {
                f.write_str(&unsupported(*version, *today, false))
            }
            LoadErrorKind::UnsupportedVersion { version, today, violations: Some(violations) } => {
                write!(f, "{}: ", unsupported(*version, *today, true))?;
                count(f, violations)
            }
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            LoadErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}
