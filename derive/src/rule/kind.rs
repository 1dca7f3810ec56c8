//! A rule, and its kinds.

use proc_macro2::Span;
use syn::{Expr, Ident, LitStr, Path};

/// A rule of a field.
pub(crate) struct Rule {
    pub(crate) kind: RuleKind,
    /// The rule's name where it was written: errors of type show there.
    pub(crate) span: Span,
    pub(crate) code: Option<LitStr>,
    pub(crate) message: Option<LitStr>,
}

pub(crate) enum RuleKind {
    Length { min: Option<Expr>, max: Option<Expr>, equal: Option<Expr> },
    Range(Range),
    Email,
    Url,
    Ip { v4: bool, v6: bool },
    Regex(Expr),
    Contains(LitStr),
    DoesNotContain(LitStr),
    MustMatch(Ident),
    Required,
    NonControlCharacter,
    CreditCard,
    Custom { function: Path, use_context: bool },
    OneOf(Vec<Expr>),
    NoneOf(Vec<Expr>),
    Equal(Expr),
    ContainsOnly(Vec<Expr>),
    ContainsNoneOf(Vec<Expr>),
}

#[derive(Default)]
pub(crate) struct Range {
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
    pub(crate) exclusive_min: Option<Expr>,
    pub(crate) exclusive_max: Option<Expr>,
}

impl Range {
    /// The bounds that are given, by the names of their parameters.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = (&'static str, &Expr)> {
        [
            ("min", &self.min),
            ("max", &self.max),
            ("exclusive_min", &self.exclusive_min),
            ("exclusive_max", &self.exclusive_max),
        ]
        .into_iter()
        .filter_map(|(name, bound)| Some((name, bound.as_ref()?)))
    }
}
