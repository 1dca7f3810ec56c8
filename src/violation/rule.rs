//! The rule that is broken, and what else may be wrong.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::{Map, Value};

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
    pub(super) message: Option<&'static str>,
    /// Made when it is asked for first: it is the same each time.
    pub(super) sentence: OnceLock<Sentence>,
}

#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) text: Cow<'static, str>,
    pub(super) json: Box<str>,
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

    /// The rule that a value is of the type with this name.
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

    pub(super) fn params(&self) -> impl Iterator<Item = (&'static str, Param)> {
        self.params.iter().copied().chain(self.expected.map(|words| ("expected", Param::Str(words))))
    }

    pub(super) fn param(&self, name: &str) -> Option<Param> {
        self.params().find_map(|(known, param)| (known == name).then_some(param))
    }
}

/// A field that is not in the input; a value that breaks the rule `required` has a rule of its own.
pub(crate) static MISSING: Rule = Rule::bare("required");

/// The fault: a rule, known at compile time.
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
    /// A translated message.
    pub(crate) suggestion: Option<&'static str>,
}

impl Fault {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Rule(rule) if std::ptr::eq(*rule, &raw const MISSING))
    }

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
    pub(super) fn message(&self) -> Option<&str> {
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
