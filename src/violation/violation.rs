//! One thing that is wrong: [`Violation`].

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value};

use super::path::{Path, Segment};
use super::position::Position;
use super::rule::{Fault, OtherFault, Param};
use super::sentence;
use crate::suggestion::suggest;

/// The subject of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The value that the path leads to.
    Value,
    /// The object as a whole: stands under `_schema` in the message tree.
    Whole,
}

/// A fault of an event.
///
/// It has a [`path`](Self::path), a [`code`](Self::code) with [`params`](Self::params) for programs, and a
/// [`message`](Self::message) for people. It holds the invalid value only [on request](Self::value), because payloads
/// may be personal data.
///
/// A violation is also the error that your own rules and hooks return: see [`Violation::new`].
///
/// `Display` writes one line: the path, the message and, if a known name resembles the one that was found, a
/// suggestion: `quantty: Unknown field. Did you mean quantity?`
///
/// # Codes
///
/// Codes are stable: a code keeps its meaning and its params.
///
/// | `code` | meaning | params |
/// |---|---|---|
/// | `required` | the field is missing, or is `None` although it has `#[validate(required)]` | |
/// | `null` | the value is null, and the type does not allow null | |
/// | `invalid` | not a value of the type: another JSON type, not parseable, or outside its range (for integers of up to 64 bits, see `range`) | `expected` |
/// | `choice` | not one of an enum's variants | `choices`, `suggestion` |
/// | `unknown` | a field that the type does not have, with `deny_unknown_fields` | `suggestion` |
/// | `duplicate` | the input has the field twice | |
/// | `length` | too short or too long; for a tuple or an array, not of its length | `min`, `max`, `equal` |
/// | `range` | too small or too large, for the rule or for the integer type of the field | `min`, `max`, `exclusive_min`, `exclusive_max` |
/// | `email`, `url`, `credit_card` | not an email address, a URL or the number of a credit card | |
/// | `ip` | not an IP address, or not of the required version | `v4`, `v6` |
/// | `regex` | does not match | |
/// | `contains`, `does_not_contain` | does not contain the pattern, or contains it | `pattern` |
/// | `must_match` | differs from the other field | `other` |
/// | `non_control_character` | has control characters | |
/// | `one_of` | not one of these values | `choices` |
/// | `none_of` | one of these forbidden values | `choices` |
/// | `equal` | not this value | `other` |
/// | `contains_only` | an element is not among these | `choices` |
/// | `contains_none_of` | an element is among these | `values` |
/// | `context` | a rule could not be checked, because its context is missing | |
/// | `custom` | a rule or a hook returned an error without a violation | |
/// | `omitted` | in reports: the number of violations that were not kept | `count` |
/// | any other | the code from `code = "..."` or from the [`Violation`](Violation::new) of a rule or hook | its params |
///
/// Params that do not apply are left out; `suggestion` is a name of the type.
///
/// # Messages
///
/// Messages are Marshmallow's, unless a rule has a `message` of its own. Such a message may contain params by name in
/// braces; all other braces are kept. The input is not a param, so `{input}`, which Marshmallow replaces, is kept too.
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
/// At and below a field that is marked `#[event(sensitive)]`, a violation has its path and its code, but no text that
/// could contain payload. Map keys and unknown names in the path are `***`, there are no suggestions and no
/// [values](Self::value), and only the code of a violation that a rule or hook returned is kept. Messages and codes in
/// attributes are kept, and so are the params of the library's own rules. The messages of struct rules are not masked,
/// unless they name a sensitive field of the struct: they must not quote sensitive fields.
///
/// ```
/// use event_schema::{EventSchema, Serialize, Violation};
///
/// #[derive(Serialize, EventSchema)]
/// #[event(debug)]
/// struct Login {
///     #[event(sensitive)]
///     #[validate(custom(function = check))]
///     password: String,
/// }
///
/// fn check(password: &str) -> Result<(), Violation> {
///     Err(Violation::new("weak").with_message(format!("{password} is weak")))
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
    /// Details that are recorded on request.
    pub(crate) beside: Option<Box<Beside>>,
}

/// Details of a violation that are recorded on request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    pub(crate) position: Option<Position>,
    pub(crate) value: Option<Box<str>>,
}

impl Violation {
    /// The place of the violation.
    ///
    /// See the examples of [`Violation`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The position in the text, if the load recorded it ([`LoadOptions::positions`](crate::LoadOptions::positions)).
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.beside.as_ref()?.position
    }

    /// The value that breaks the rule, as JSON text, if the load was asked to show it
    /// ([`LoadOptions::show_values`](crate::LoadOptions::show_values)). A text of more than 100 characters is cut, and
    /// ends with "…".
    ///
    /// The reports with one record per violation contain it: [`to_problem`](crate::Violations::to_problem),
    /// [`to_list`](crate::Violations::to_list), and a violation that is serialized. The tree of messages and the text do
    /// not. It is `None` for a sensitive field, for a list or an object, for a value of a type that does not implement
    /// [`FieldType`](crate::load::FieldType), and for a value that is not of its field's type.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Line {
    ///     #[validate(range(min = 1))]
    ///     quantity: u32,
    /// }
    ///
    /// let options = LoadOptions::new().show_values(true);
    /// let error = options.load::<Line>(br#"{"quantity": 0}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].value(), Some("0"));
    /// assert_eq!(error.to_problem()["errors"][0]["value"], "0");
    /// assert_eq!(Line::load(br#"{"quantity": 0}"#).unwrap_err().violations().unwrap()[0].value(), None);
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.beside.as_ref()?.value.as_deref()
    }

    pub(crate) fn beside_mut(&mut self) -> &mut Beside {
        self.beside.get_or_insert_default()
    }

    /// Its fault in the words of a rule's attribute, if that has some; of one in a sensitive field only the code is kept.
    pub(crate) fn into_fault(
        mut self,
        is_sensitive: bool,
        code: Option<&'static str>,
        message: Option<&'static str>,
    ) -> Fault {
        if !is_sensitive && code.is_none() && message.is_none() {
            return self.fault;
        }
        let other = self.other_mut();
        if let Some(code) = code {
            other.code = code.into();
        }
        if is_sensitive {
            other.params = Map::new();
            other.suggestion = None;
            other.message = Some(sentence::GENERIC.into());
        }
        if let Some(message) = message {
            other.message = Some(message.into());
        }
        self.fault
    }

    /// The stable code of the fault.
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

    /// The name that was probably meant: a field of the type for an unknown field, or a variant of the enum.
    ///
    /// The suggestion is a name of the type, never one from the input, and is also one of the params.
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

    /// The message for people: the rule's own `message`, or Marshmallow's for the code.
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
    pub(super) fn message_as_json(&self) -> Option<&'static str> {
        match &self.fault {
            Fault::Rule(rule) | Fault::Choice(rule, _) if self.message_of_field().is_none() => {
                Some(&rule.sentence().json)
            }
            _ => None,
        }
    }

    /// The field's own message for a fault of shape.
    #[inline]
    fn message_of_field(&self) -> Option<&'static str> {
        match self.path.segments().last() {
            Some(Segment::Field(name)) if self.of_shape => name.message(self.code()),
            _ => None,
        }
    }

    /// The message with the suggestion.
    pub(super) fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        match self.suggestion() {
            Some(name) => write!(f, " Did you mean {name}?"),
            None => Ok(()),
        }
    }

    /// The same violation in these words.
    pub(super) fn translated(self, message: Cow<'static, str>) -> Self {
        let (params, suggestion) = (self.params(), self.suggestion());
        let fault = OtherFault { code: self.fault.into_code(), params, message: Some(message), suggestion };
        Self { fault: Fault::Other(Box::new(fault)), of_shape: false, ..self }
    }

    /// As if all of it stood in a sensitive field; of what is found out at run time only the code is kept.
    #[cfg(feature = "kafka")]
    pub(super) fn redact(&mut self) {
        self.path.redact();
        if let Some(beside) = &mut self.beside {
            beside.value = None;
        }
        match &mut self.fault {
            Fault::Rule(_) => {}
            Fault::Choice(_, meant) => *meant = None,
            Fault::Unknown(known) => *known = &[],
            Fault::Other(other) => {
                other.params = Map::new();
                other.message = Some(Cow::Borrowed(sentence::GENERIC));
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

/// As one flat record: `pointer` (RFC 6901), `code`, `message` and `params`, and the [`position`](Violation::position) and
/// the [`value`](Violation::value) if the load recorded them.
impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (position, value) = (self.position(), self.value());
        let details = usize::from(position.is_some()) + usize::from(value.is_some());
        let mut record = serializer.serialize_struct("Violation", 4 + details)?;
        record.serialize_field("pointer", &self.path.to_pointer())?;
        record.serialize_field("code", self.code())?;
        record.serialize_field("message", &self.message())?;
        record.serialize_field("params", &self.params())?;
        match position {
            Some(position) => record.serialize_field("position", &position)?,
            None => record.skip_field("position")?,
        }
        match value {
            Some(value) => record.serialize_field("value", value)?,
            None => record.skip_field("value")?,
        }
        record.end()
    }
}
