//! `#[validate(...)]`: validator's vocabulary, in validator's syntax.

use proc_macro2::{Span, TokenStream};
use serde_derive_internals::Ctxt;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Path, UnOp};

use crate::meta::{flag, items, name_of, nested_items, set, skip_item, string, suggestion, unknown, unknown_in, value};

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

/// The rules of a field: its own, and those of the parts of a container.
#[derive(Default)]
pub(crate) struct Rules {
    /// Of the field itself, in the order written.
    pub(crate) own: Vec<Rule>,
    /// Of a list's elements.
    pub(crate) each: Vec<Rule>,
    /// Of a map's keys.
    pub(crate) keys: Vec<Rule>,
    /// Of a map's values.
    pub(crate) values: Vec<Rule>,
    /// `#[validate(nested)]`.
    pub(crate) nested: bool,
    /// `#[validate(skip)]`.
    skip: bool,
}

#[derive(Default)]
pub(crate) struct Range {
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
    pub(crate) exclusive_min: Option<Expr>,
    pub(crate) exclusive_max: Option<Expr>,
}

/// A rule of a whole struct.
pub(crate) struct SchemaRule {
    pub(crate) function: Path,
    pub(crate) use_context: bool,
    pub(crate) skip_on_field_errors: bool,
    /// The field under which its finding stands, in place of the whole.
    pub(crate) field: Option<Ident>,
    pub(crate) code: Option<LitStr>,
    pub(crate) message: Option<LitStr>,
}

/// The rules that validator knows.
const VALIDATOR: &[&str] = &[
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
/// Arguments that say `true` by being there.
const FLAGS: &[&str] = &["v4", "v6", "use_context", "skip_on_field_errors"];
/// Those that Marshmallow has beside them.
const MARSHMALLOW: &[&str] = &["one_of", "none_of", "equal", "contains_only", "contains_none_of"];
const ON_TYPE: &[&str] = &["schema", "context", "crate", "nest_all_fields"];

impl Rules {
    /// What `#[validate(...)]` says of a field.
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut rules = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
            if let syn::Meta::Path(path) = &attr.meta {
                cx.error_spanned_by(path, "which rule? As in `#[validate(length(min = 1))]` or `#[validate(nested)]`");
                continue;
            }
            items(cx, attr, |meta| {
                match name_of(meta).as_str() {
                    // A nested schema is validated anyhow, but where the type is read as another.
                    "nested" => rules.nested = flag(meta)?,
                    "skip" => rules.skip = flag(meta)?,
                    name if MARSHMALLOW.contains(&name) => {
                        return Err(
                            meta.error(format!("`{name}` is no rule of validator's: write `#[event({name}(...))]`"))
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
            name if MARSHMALLOW.contains(&name) => {
                self.own.push(Rule::parse(cx, meta, name)?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        nested_items(cx, meta, |inner| {
            let name = name_of(inner);
            if matches!(name.as_str(), "must_match" | "required" | "nested" | "skip") {
                return Err(inner.error(format!("`{name}` says nothing of an element, a key or a value")));
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

/// `#[validate(...)]` on a type.
#[derive(Default)]
pub(crate) struct TypeRules {
    pub(crate) schemas: Vec<SchemaRule>,
    /// The type of the argument of rules with `use_context`.
    pub(crate) context: Option<syn::Type>,
}

impl TypeRules {
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut rules = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
            items(cx, attr, |meta| {
                match name_of(meta).as_str() {
                    "schema" => rules.schemas.push(SchemaRule::parse(cx, meta)?),
                    "context" => {
                        let Context(ty) = value(meta, "a type: `context = Limits`")?;
                        set(cx, meta, &mut rules.context, ty);
                    }
                    "crate" => drop(meta.value()?.parse::<Expr>()?),
                    "nest_all_fields" => drop(flag(meta)?),
                    "mutable" => {
                        return Err(meta.error("a rule cannot change its context: a load may run it more than once"));
                    }
                    other if VALIDATOR.contains(&other) => {
                        return Err(meta.error(format!("`{other}` is a rule of a field: write it above the field")));
                    }
                    other => return Err(unknown(meta, other, ON_TYPE, "validate", "a type")),
                }
                Ok(())
            });
        }
        rules
    }
}

/// The type of a context, bare or, as validator takes it too, in quotes.
struct Context(syn::Type);

impl Parse for Context {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) { input.parse::<LitStr>()?.parse() } else { input.parse() }.map(Self)
    }
}

/// The arguments of one rule while they are parsed.
#[derive(Default)]
struct Args {
    code: Option<LitStr>,
    message: Option<LitStr>,
    exprs: Vec<(String, Expr)>,
}

impl Args {
    /// Parses `rule(...)`, or `rule` alone; `known` are its own arguments.
    fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, known: &[&str]) -> syn::Result<Self> {
        let mut args = Self::default();
        if !meta.input.peek(syn::token::Paren) {
            if meta.input.peek(syn::Token![=]) {
                let rule = name_of(meta);
                return Err(meta.error(format!("`{rule}` takes its arguments in parentheses: `{rule}(...)`")));
            }
            return Ok(args);
        }
        let content = meta.input.fork();
        let mut errors = None;
        if is_empty(&content)? {
            skip_item(meta)?;
        } else {
            meta.parse_nested_meta(|arg| {
                if let Err(error) = args.parse_one(cx, meta, &arg, known) {
                    combine(&mut errors, error);
                    skip_item(&arg)?;
                }
                Ok(())
            })?;
        }
        // All of them, and none that would only follow from them.
        errors.map_or(Ok(args), Err)
    }

    fn parse_one(
        &mut self,
        cx: &Ctxt,
        rule: &ParseNestedMeta<'_>,
        arg: &ParseNestedMeta<'_>,
        known: &[&str],
    ) -> syn::Result<()> {
        match name_of(arg).as_str() {
            "code" => set(cx, arg, &mut self.code, string(arg)?),
            "message" => set(cx, arg, &mut self.message, string(arg)?),
            name if known.contains(&name) => {
                let value = if FLAGS.contains(&name) && !arg.input.peek(syn::Token![=]) {
                    syn::parse_quote!(true)
                } else {
                    value(arg, &format!("a value: `{name} = ...`"))?
                };
                if self.exprs.iter().any(|(other, _)| other == name) {
                    cx.error_spanned_by(&arg.path, format!("`{name}` is given twice"));
                }
                self.exprs.push((name.to_owned(), value));
            }
            name => {
                let known: Vec<&str> = known.iter().copied().chain(["message", "code"]).collect();
                return Err(unknown_in(arg, name, &known, &format!("`{}(...)`", name_of(rule))));
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<Expr> {
        let position = self.exprs.iter().position(|(other, _)| other == name)?;
        Some(self.exprs.swap_remove(position).1)
    }

    /// Parses `rule(value, value, message = "...")`.
    fn parse_list(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(Self, Vec<Expr>)> {
        let (mut args, mut list) = (Self::default(), Vec::new());
        if !meta.input.peek(syn::token::Paren) {
            let rule = name_of(meta);
            return Err(meta.error(format!("`{rule}` takes values in parentheses: `{rule}(\"a\", \"b\")`")));
        }
        let content;
        syn::parenthesized!(content in meta.input);
        while !content.is_empty() {
            let named = content.peek(Ident) && content.peek2(syn::Token![=]) && !content.peek2(syn::Token![==]);
            if named {
                let name: Ident = content.parse()?;
                content.parse::<syn::Token![=]>()?;
                let option = match name.to_string().as_str() {
                    "code" => &mut args.code,
                    "message" => &mut args.message,
                    _ => {
                        content.parse::<TokenStream>()?;
                        let rule = name_of(meta);
                        return Err(syn::Error::new_spanned(
                            &name,
                            format!("unknown `{name}` in `{rule}(...)`; known are `message`, `code`"),
                        ));
                    }
                };
                if option.is_some() {
                    cx.error_spanned_by(&name, format!("`{name}` is given twice"));
                }
                *option = Some(content.parse()?);
            } else {
                list.push(content.parse()?);
            }
            if !content.is_empty() {
                content.parse::<syn::Token![,]>()?;
            }
        }
        if list.is_empty() {
            let rule = name_of(meta);
            return Err(meta.error(format!("`{rule}` needs values: `{rule}(\"a\", \"b\")`")));
        }
        Ok((args, list))
    }

    fn require(&mut self, meta: &ParseNestedMeta<'_>, name: &str, example: &str) -> syn::Result<Expr> {
        self.take(name).ok_or_else(|| meta.error(format!("`{}` needs `{name}`: `{example}`", name_of(meta))))
    }
}

/// Whether the parentheses that come next have nothing in them.
fn is_empty(input: ParseStream<'_>) -> syn::Result<bool> {
    let content;
    syn::parenthesized!(content in input);
    Ok(content.is_empty())
}

fn combine(errors: &mut Option<syn::Error>, error: syn::Error) {
    match errors {
        Some(errors) => errors.combine(error),
        None => *errors = Some(error),
    }
}

impl Rule {
    fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, name: &str) -> syn::Result<Self> {
        let mut args;
        let kind = match name {
            "length" => {
                args = Args::parse(cx, meta, &["min", "max", "equal"])?;
                let (min, max, equal) = (args.take("min"), args.take("max"), args.take("equal"));
                match (&equal, min.as_ref().or(max.as_ref())) {
                    (Some(_), Some(other)) => {
                        cx.error_spanned_by(other, "`equal` says it all: drop `min` and `max`, or drop `equal`");
                    }
                    (None, None) => return Err(meta.error("`length` needs `min`, `max` or `equal`")),
                    _ => {}
                }
                refuse_empty(cx, min.as_ref(), max.as_ref(), false);
                RuleKind::Length { min, max, equal }
            }
            "range" => {
                args = Args::parse(cx, meta, &["min", "max", "exclusive_min", "exclusive_max"])?;
                let range = Range {
                    min: args.take("min"),
                    max: args.take("max"),
                    exclusive_min: args.take("exclusive_min"),
                    exclusive_max: args.take("exclusive_max"),
                };
                if range.bounds().next().is_none() {
                    return Err(meta.error("`range` needs `min`, `max`, `exclusive_min` or `exclusive_max`"));
                }
                let (min, max) = (range.min.as_ref(), range.max.as_ref());
                let (above, below) = (range.exclusive_min.as_ref(), range.exclusive_max.as_ref());
                refuse_empty(cx, min, max, false);
                refuse_empty(cx, above, below, true);
                refuse_empty(cx, min, below, true);
                refuse_empty(cx, above, max, true);
                RuleKind::Range(range)
            }
            "email" => {
                args = Args::parse(cx, meta, &[])?;
                RuleKind::Email
            }
            "url" => {
                args = Args::parse(cx, meta, &[])?;
                RuleKind::Url
            }
            "ip" => {
                args = Args::parse(cx, meta, &["v4", "v6"])?;
                let (v4, v6) = (args.take("v4"), args.take("v6"));
                RuleKind::Ip { v4: boolean(v4.as_ref())?, v6: boolean(v6.as_ref())? }
            }
            "regex" => {
                args = Args::parse(cx, meta, &["path"])?;
                RuleKind::Regex(pattern(args.require(meta, "path", "regex(path = *PATTERN)")?)?)
            }
            "contains" => {
                args = Args::parse(cx, meta, &["pattern"])?;
                RuleKind::Contains(text(&args.require(meta, "pattern", "contains(pattern = \"@\")")?)?)
            }
            "does_not_contain" => {
                args = Args::parse(cx, meta, &["pattern"])?;
                RuleKind::DoesNotContain(text(&args.require(meta, "pattern", "does_not_contain(pattern = \"@\")")?)?)
            }
            "must_match" => {
                args = Args::parse(cx, meta, &["other"])?;
                RuleKind::MustMatch(field_name(&args.require(meta, "other", "must_match(other = password)")?)?)
            }
            "required" => {
                args = Args::parse(cx, meta, &[])?;
                RuleKind::Required
            }
            "non_control_character" => {
                args = Args::parse(cx, meta, &[])?;
                RuleKind::NonControlCharacter
            }
            "custom" => {
                args = Args::parse(cx, meta, &["function", "use_context"])?;
                let use_context = boolean(args.take("use_context").as_ref())?;
                let function = path(&args.require(meta, "function", "custom(function = check_sku)")?)?;
                RuleKind::Custom { function, use_context }
            }
            "credit_card" => {
                args = Args::parse(cx, meta, &[])?;
                RuleKind::CreditCard
            }
            name if MARSHMALLOW.contains(&name) => {
                let mut list;
                (args, list) = Args::parse_list(cx, meta)?;
                match name {
                    "one_of" => RuleKind::OneOf(list),
                    "none_of" => RuleKind::NoneOf(list),
                    "contains_only" => RuleKind::ContainsOnly(list),
                    "contains_none_of" => RuleKind::ContainsNoneOf(list),
                    _ if list.len() == 1 => RuleKind::Equal(list.swap_remove(0)),
                    _ => return Err(meta.error("`equal` takes one value; `one_of` takes several")),
                }
            }
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

impl SchemaRule {
    fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut args = Args::parse(cx, meta, &["function", "use_context", "skip_on_field_errors", "field"])?;
        let use_context = boolean(args.take("use_context").as_ref())?;
        let skip = args.take("skip_on_field_errors");
        Ok(Self {
            function: path(&args.require(meta, "function", "schema(function = check_order)")?)?,
            use_context,
            skip_on_field_errors: skip.is_none() || boolean(skip.as_ref())?,
            field: args.take("field").map(|field| field_name(&field)).transpose()?,
            code: args.code,
            message: args.message,
        })
    }
}

fn boolean(expr: Option<&Expr>) -> syn::Result<bool> {
    match expr {
        None => Ok(false),
        Some(Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. })) => Ok(literal.value),
        Some(other) => Err(syn::Error::new_spanned(other, "expected `true` or `false`")),
    }
}

fn text(expr: &Expr) -> syn::Result<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(literal.clone()),
        other => Err(syn::Error::new_spanned(other, "expected a string in quotes")),
    }
}

/// A path, bare or, as validator takes it too, in quotes.
fn path(expr: &Expr) -> syn::Result<Path> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) if literal.parse::<Path>().is_ok() => literal.parse(),
        other => Err(syn::Error::new_spanned(other, "expected a path, such as `check_sku` or `rules::check_sku`")),
    }
}

/// The expression of a compiled pattern, bare or, as validator takes it too, in quotes.
fn pattern(expr: Expr) -> syn::Result<Expr> {
    let Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) = &expr else { return Ok(expr) };
    match literal.parse() {
        Ok(inner) if !matches!(inner, Expr::Lit(_)) => Ok(inner),
        _ => Err(syn::Error::new_spanned(
            expr,
            "`regex` takes a compiled pattern, not its text: `regex(path = *PATTERN)`, with \
             `static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(\"...\").unwrap())`",
        )),
    }
}

/// A field's name, bare or, as validator takes it too, in quotes.
fn field_name(expr: &Expr) -> syn::Result<Ident> {
    match path(expr) {
        Ok(path) if path.get_ident().is_some() => path.require_ident().cloned(),
        _ => Err(syn::Error::new_spanned(expr, "expected the name of a field, such as `password`")),
    }
}

/// The value of an integer literal, with its sign.
pub(crate) fn integer(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => integer(&unary.expr).map(|value| -value),
        Expr::Group(group) => integer(&group.expr),
        _ => None,
    }
}

/// The value of a float literal, with its sign.
pub(crate) fn float(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => literal.base10_parse().ok(),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => float(&unary.expr).map(|value| -value),
        Expr::Group(group) => float(&group.expr),
        _ => None,
    }
}

/// A lower bound above the upper one, or equal to it where one of them is exclusive: nothing could ever pass.
fn refuse_empty(cx: &Ctxt, min: Option<&Expr>, max: Option<&Expr>, exclusive: bool) {
    let (Some(min), Some(max)) = (min, max) else { return };
    let empty = match (integer(min), integer(max)) {
        (Some(min), Some(max)) => min > max || exclusive && min == max,
        _ => matches!((float(min), float(max)), (Some(min), Some(max)) if min > max || exclusive && min >= max),
    };
    if empty {
        cx.error_spanned_by(max, "no value can pass: the upper bound is below the lower one");
    }
}

/// A name that is no rule; the most frequent slips of those who know validator or serde are named.
fn unknown_rule(meta: &ParseNestedMeta<'_>, name: &str) -> syn::Error {
    match suggestion(name, VALIDATOR) {
        None if matches!(name, "min" | "max") => meta.error(format!(
            "`{name}` is an argument, not a rule: `length({name} = ...)` for texts and lists, `range(...)` for numbers"
        )),
        _ => unknown(meta, name, VALIDATOR, "validate", "a field"),
    }
}

/// The last name of a type's path, and its type arguments; of an array, `[]` and its element.
pub(crate) fn head(ty: &syn::Type) -> Option<(String, Vec<&syn::Type>)> {
    let path = match serde_derive_internals::ungroup(ty) {
        syn::Type::Path(path) => path,
        syn::Type::Array(array) => return Some(("[]".to_owned(), vec![&*array.elem])),
        syn::Type::Slice(slice) => return Some(("[]".to_owned(), vec![&*slice.elem])),
        _ => return None,
    };
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                syn::GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((last.ident.unraw().to_string(), arguments))
}
