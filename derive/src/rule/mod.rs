//! `#[validate(...)]`: validator's vocabulary, in validator's syntax.

mod args;
mod choice;
mod kind;
mod size;
mod text;
mod whole;

use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr};

use self::args::{Args, boolean, field_name, path};
pub(crate) use self::kind::{Rule, RuleKind};
pub(crate) use self::size::{float, integer};
pub(crate) use self::whole::TypeRules;
use crate::meta::{flag, items, name_of, nested_items, suggestion, unknown};

/// The rules of a field: its own, and those of the parts of a container.
#[derive(Default)]
pub(crate) struct Rules {
    /// Rules of the field itself, in the order written.
    pub(crate) own: Vec<Rule>,
    /// For the elements of a list.
    pub(crate) each: Vec<Rule>,
    /// For the keys of a map.
    pub(crate) keys: Vec<Rule>,
    /// For the values of a map.
    pub(crate) values: Vec<Rule>,
    /// `#[validate(nested)]`.
    pub(crate) nested: bool,
    /// `#[validate(skip)]`.
    skip: bool,
}

/// The attributes that hold rules of a container's parts.
const PARTS: &[&str] = &["each", "keys", "values"];

/// The rules that validator knows.
pub(crate) const VALIDATOR: &[&str] = &[
    "length",
    "range",
    "email",
    "url",
    "ip",
    "regex",
    "contains",
    "does_not_contain",
    "must_match",
    "required",
    "non_control_character",
    "credit_card",
    "custom",
    "nested",
    "skip",
];

impl Rules {
    /// Reads `#[validate(...)]` of a field.
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut rules = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
            if let syn::Meta::Path(path) = &attr.meta {
                cx.error_spanned_by(
                    path,
                    "expected a rule, as in `#[validate(length(min = 1))]` or `#[validate(nested)]`",
                );
                continue;
            }
            items(cx, attr, |meta| {
                match name_of(meta).as_str() {
                    // A nested schema is validated anyhow, but where the type is read as another.
                    "nested" => rules.nested = flag(meta)?,
                    "skip" => rules.skip = flag(meta)?,
                    name if choice::NAMES.contains(&name) || PARTS.contains(&name) => {
                        return Err(
                            meta.error(format!("`{name}` is not a rule of validator: write `#[event({name}(...))]`"))
                        );
                    }
                    name => rules.own.push(Rule::parse(cx, meta, name)?),
                }
                Ok(())
            });
        }
        rules
    }

    /// The rules, all that were parsed, or none if they are skipped.
    pub(crate) fn unless_skipped(self) -> Self {
        if self.skip { Self { nested: self.nested, ..Self::default() } } else { self }
    }

    /// A rule in `#[event(...)]`; whether it is one.
    pub(crate) fn parse_event(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>, name: &str) -> syn::Result<bool> {
        let parts = match name {
            "each" => &mut self.each,
            "keys" => &mut self.keys,
            "values" => &mut self.values,
            name if choice::NAMES.contains(&name) => {
                self.own.push(Rule::parse(cx, meta, name)?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        nested_items(cx, meta, |inner| {
            let name = name_of(inner);
            if matches!(name.as_str(), "must_match" | "required" | "nested" | "skip") {
                return Err(inner.error(format!("`{name}` cannot be a rule of an element, a key or a value")));
            }
            if PARTS.contains(&name.as_str()) {
                return Err(inner.error(format!(
                    "`{name}` cannot stand within another one: a newtype for the inner value can have `#[event({name}(...))]`"
                )));
            }
            parts.push(Rule::parse(cx, inner, &name)?);
            Ok(())
        })?;
        Ok(true)
    }

    /// Whether any rule looks at the parts of a container.
    pub(crate) fn any_of_parts(&self) -> bool {
        !(self.each.is_empty() && self.keys.is_empty() && self.values.is_empty())
    }
}

impl Rule {
    fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, name: &str) -> syn::Result<Self> {
        let alone = |kind| Ok::<_, syn::Error>((kind, Args::parse(cx, meta, &[])?));
        let (kind, args) = match name {
            "length" => size::length(cx, meta)?,
            "range" => size::range(cx, meta)?,
            "email" => alone(RuleKind::Email)?,
            "url" => alone(RuleKind::Url)?,
            "ip" => text::ip(cx, meta)?,
            "regex" => text::regex(cx, meta)?,
            "contains" => text::contains(cx, meta)?,
            "does_not_contain" => text::does_not_contain(cx, meta)?,
            "must_match" => must_match(cx, meta)?,
            "required" => alone(RuleKind::Required)?,
            "non_control_character" => alone(RuleKind::NonControlCharacter)?,
            "credit_card" => alone(RuleKind::CreditCard)?,
            "custom" => custom(cx, meta)?,
            name if choice::NAMES.contains(&name) => choice::parse(cx, meta, name)?,
            "schema" => return Err(meta.error("`schema` is a rule of the whole type: write it above the type")),
            other => return Err(unknown_rule(meta, other)),
        };
        Ok(Self { kind, span: meta.path.span(), code: args.code, message: args.message })
    }

    /// The code of the violation.
    pub(crate) fn code(&self) -> String {
        self.code.as_ref().map_or_else(|| self.kind.code().to_owned(), LitStr::value)
    }
}

impl RuleKind {
    /// The code, and the name in an attribute.
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Range(_) => "range",
            Self::Email => "email",
            Self::Url => "url",
            Self::Ip { .. } => "ip",
            Self::Regex(_) => "regex",
            Self::Contains(_) => "contains",
            Self::DoesNotContain(_) => "does_not_contain",
            Self::MustMatch(_) => "must_match",
            Self::Required => "required",
            Self::NonControlCharacter => "non_control_character",
            Self::CreditCard => "credit_card",
            Self::Custom { .. } => "custom",
            Self::OneOf(_) => "one_of",
            Self::NoneOf(_) => "none_of",
            Self::Equal(_) => "equal",
            Self::ContainsOnly(_) => "contains_only",
            Self::ContainsNoneOf(_) => "contains_none_of",
        }
    }
}

fn must_match(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["other"])?;
    let kind = RuleKind::MustMatch(field_name(&args.require(meta, "other", "must_match(other = password)")?)?);
    Ok((kind, args))
}

fn custom(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["function", "use_context"])?;
    let use_context = boolean(args.take("use_context").as_ref())?;
    let function = path(&args.require(meta, "function", "custom(function = check_sku)")?)?;
    let kind = RuleKind::Custom { function, use_context };
    Ok((kind, args))
}

/// A name that is no rule; the most frequent slips of those who know validator or serde are named.
fn unknown_rule(meta: &ParseNestedMeta<'_>, name: &str) -> syn::Error {
    match suggestion(name, VALIDATOR) {
        None if matches!(name, "min" | "max") => meta.error(format!(
            "`{name}` is an argument, not a rule: `length({name} = ...)` for strings and lists, `range(...)` for numbers"
        )),
        _ => unknown(meta, name, VALIDATOR, "validate", "a field"),
    }
}
