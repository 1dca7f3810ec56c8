//! `#[event(...)]`: what it may say, and where.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use serde_derive_internals::Ctxt;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Expr, ExprPath, Ident, LitBool, LitInt, LitStr, Path, Token, Type, parse_quote};

use crate::rule::Rules;

/// `#[event(...)]` on a type.
#[derive(Default)]
pub(crate) struct EventAttrs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<(u32, Span)>,
    pub(crate) topic: Option<LitStr>,
    pub(crate) key: Option<Key>,
    /// Each variant is an event of its own.
    pub(crate) types: Option<Span>,
    pub(crate) krate: Option<Path>,
    pub(crate) validate: Option<bool>,
    pub(crate) json_schema: Option<bool>,
    /// `Debug` is asked for, with sensitive fields masked.
    pub(crate) debug: bool,
    pub(crate) pre_load: Option<Path>,
    pub(crate) post_load: Option<Path>,
    pub(crate) pre_dump: Option<Path>,
    pub(crate) post_dump: Option<Path>,
    pub(crate) previous: Option<Type>,
    pub(crate) refuse_newer: Option<bool>,
}

/// `key = field` or `key = field.inner`.
pub(crate) struct Key {
    pub(crate) field: Ident,
    /// The whole expression behind `self.`.
    pub(crate) access: TokenStream,
}

const ON_TYPE: &[&str] = &[
    "name",
    "version",
    "topic",
    "key",
    "types",
    "previous",
    "newer",
    "pre_load",
    "post_load",
    "pre_dump",
    "post_dump",
    "crate",
    "validate",
    "json_schema",
    "debug",
];

impl EventAttrs {
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut parsed = Self::default();
        for attr in event_attrs(attrs) {
            items(cx, attr, |meta| parsed.parse(cx, meta));
        }
        parsed
    }

    fn parse(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match name_of(meta).as_str() {
            "name" => set(cx, meta, &mut self.name, string(meta)?),
            "version" => {
                let Version(version, span) = value(meta, "a whole number from 1: `version = 2`")?;
                set(cx, meta, &mut self.version, (version, span));
            }
            "topic" => set(cx, meta, &mut self.topic, string(meta)?),
            "key" => set(cx, meta, &mut self.key, Key::parse(meta)?),
            "types" => self.types = Some(meta.path.span()),
            "crate" => {
                let ModPath(path) = value(meta, "a path, without quotes: `crate = my_crate::event_schema`")?;
                set(cx, meta, &mut self.krate, path);
            }
            "validate" => {
                let literal: LitBool = value(meta, "`true` or `false`")?;
                set(cx, meta, &mut self.validate, literal.value);
            }
            "json_schema" => {
                let literal: LitBool = value(meta, "`true` or `false`")?;
                set(cx, meta, &mut self.json_schema, literal.value);
            }
            "debug" => self.debug = true,
            "pre_load" => set(cx, meta, &mut self.pre_load, function(meta)?),
            "post_load" => set(cx, meta, &mut self.post_load, function(meta)?),
            "pre_dump" => set(cx, meta, &mut self.pre_dump, function(meta)?),
            "previous" => set(cx, meta, &mut self.previous, value(meta, "the type of the version before")?),
            "newer" => {
                let literal = string(meta)?;
                let refuse = match literal.value().as_str() {
                    "refuse" => true,
                    "accept" => false,
                    _ => return Err(syn::Error::new_spanned(literal, "`newer` is `\"accept\"` or `\"refuse\"`")),
                };
                set(cx, meta, &mut self.refuse_newer, refuse);
            }
            "post_dump" => set(cx, meta, &mut self.post_dump, function(meta)?),
            other => return Err(unknown(meta, other, ON_TYPE, "event", "a type")),
        }
        Ok(())
    }
}

impl Key {
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let expr: Expr = value(meta, "a field's name: `key = order_id`")?;
        let mut root = &expr;
        while let Expr::Field(inner) = root {
            root = &inner.base;
        }
        match root {
            Expr::Path(ExprPath { path, qself: None, .. }) if path.get_ident().is_some() => {
                let field = path.require_ident()?.clone();
                Ok(Self { field, access: expr.to_token_stream() })
            }
            _ => Err(syn::Error::new_spanned(
                &expr,
                "`key` names a field, without quotes or calls: `key = order_id` or `key = customer.id`",
            )),
        }
    }
}

/// The path to `event-schema` in generated code.
pub(crate) fn crate_path(input: &DeriveInput) -> Path {
    leniently(input).krate.unwrap_or_else(|| parse_quote!(::event_schema))
}

/// Whether the type has an `impl Validate` of its own.
pub(crate) fn keeps_validate(input: &DeriveInput) -> bool {
    leniently(input).validate == Some(false)
}

/// Whether the type has an `impl JsonSchema` of its own.
pub(crate) fn keeps_json_schema(input: &DeriveInput) -> bool {
    leniently(input).json_schema == Some(false)
}

/// Whether a `Debug` that masks is asked for.
pub(crate) fn asks_for_debug(input: &DeriveInput) -> bool {
    leniently(input).debug
}

/// Whether the variants are events of their own.
pub(crate) fn holds_events(input: &DeriveInput) -> bool {
    leniently(input).types.is_some()
}

/// What the attributes say, without their errors: those are another's to report.
fn leniently(input: &DeriveInput) -> EventAttrs {
    let silent = Ctxt::new();
    let attrs = EventAttrs::from_ast(&silent, &input.attrs);
    drop(silent.check());
    attrs
}

/// Parses an attribute's list. An item with an error is skipped, so that those behind it are looked at.
pub(crate) fn items(cx: &Ctxt, attr: &Attribute, mut parse: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>) {
    let result = attr.parse_nested_meta(|meta| {
        if let Err(error) = parse(&meta) {
            cx.syn_error(error);
            skip_item(&meta)?;
        }
        Ok(())
    });
    if let Err(error) = result {
        cx.syn_error(error);
    }
}

/// As [`items`], of the list in an item's parentheses.
pub(crate) fn nested_items(
    cx: &Ctxt,
    meta: &ParseNestedMeta<'_>,
    mut parse: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !meta.input.peek(syn::token::Paren) {
        let name = name_of(meta);
        return Err(meta.error(format!("`{name}` takes a list in parentheses: `{name}(...)`")));
    }
    meta.parse_nested_meta(|inner| {
        if let Err(error) = parse(&inner) {
            cx.syn_error(error);
            skip_item(&inner)?;
        }
        Ok(())
    })
}

/// Skips the rest of an item, up to the comma.
pub(crate) fn skip_item(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Parses `name = value`; `what` completes "`name` takes ...".
pub(crate) fn value<T: Parse>(meta: &ParseNestedMeta<'_>, what: &str) -> syn::Result<T> {
    let name = name_of(meta);
    if !meta.input.peek(Token![=]) {
        return Err(meta.error(format!("`{name}` takes {what}")));
    }
    let input = meta.value()?;
    let found = input.fork();
    input.parse().map_err(|error| match found.parse::<Expr>() {
        Ok(expr) => syn::Error::new_spanned(expr, format!("`{name}` takes {what}")),
        Err(_) => error,
    })
}

pub(crate) fn string(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    value(meta, &format!("a string: `{} = \"...\"`", name_of(meta)))
}

/// The path of a hook.
fn function(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    value(meta, &format!("the path of a function, without quotes: `{} = path`", name_of(meta)))
}

struct Version(u32, Span);

impl Parse for Version {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal: LitInt = input.parse()?;
        Ok(Self(literal.base10_parse()?, literal.span()))
    }
}

struct ModPath(Path);

impl Parse for ModPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Path::parse_mod_style).map(Self)
    }
}

/// `#[event(...)]` on a field, its rules aside.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    /// Read by its own `Deserialize`.
    pub(crate) plain: bool,
    /// Masked wherever the library speaks of it.
    pub(crate) sensitive: bool,
    /// Null is refused, though the type has a place for it.
    pub(crate) not_null: Option<Span>,
    /// Its default differs from time to time: contracts leave its value out.
    pub(crate) computed_default: Option<Span>,
    /// Its own texts for what is wrong with its shape.
    pub(crate) messages: Messages,
}

/// `messages(required = "...", null = "...", invalid = "...")`.
#[derive(Default)]
pub(crate) struct Messages {
    pub(crate) required: Option<LitStr>,
    pub(crate) null: Option<LitStr>,
    pub(crate) invalid: Option<LitStr>,
}

const ON_FIELD: &[&str] = &[
    "plain",
    "sensitive",
    "not_null",
    "default",
    "messages",
    "each",
    "keys",
    "values",
    "one_of",
    "none_of",
    "equal",
    "contains_only",
    "contains_none_of",
];

impl FieldAttrs {
    /// Reads them, and adds the rules among them to those that validator's attribute gave.
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute], rules: &mut Rules) -> Self {
        let mut parsed = Self::default();
        for attr in event_attrs(attrs) {
            items(cx, attr, |meta| {
                let name = name_of(meta);
                match name.as_str() {
                    "plain" => parsed.plain = true,
                    "sensitive" => parsed.sensitive = true,
                    "not_null" => parsed.not_null = Some(meta.path.span()),
                    "default" => {
                        let literal = string(meta)?;
                        if literal.value() != "computed" {
                            return Err(syn::Error::new_spanned(
                                literal,
                                "`default` is `\"computed\"`, for one that differs from time to time; the default itself \
                                 is said in `#[serde(default)]`",
                            ));
                        }
                        parsed.computed_default = Some(meta.path.span());
                    }
                    "messages" => nested_items(cx, meta, |text| parsed.messages.parse(cx, text))?,
                    name if rules.parse_event(cx, meta, name)? => {}
                    other if ON_TYPE.contains(&other) => {
                        return Err(meta.error(format!("`{other}` is said of the type: write it above the type")));
                    }
                    other => return Err(unknown(meta, other, ON_FIELD, "event", "a field")),
                }
                Ok(())
            });
        }
        parsed
    }
}

impl Messages {
    fn parse(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let option = match name_of(meta).as_str() {
            "required" => &mut self.required,
            "null" => &mut self.null,
            "invalid" => &mut self.invalid,
            other => return Err(unknown_in(meta, other, &["required", "null", "invalid"], "`messages(...)`")),
        };
        set(cx, meta, option, string(meta)?);
        Ok(())
    }
}

fn event_attrs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("event"))
}

/// `#[event(...)]` where nothing of it has a meaning.
pub(crate) fn refuse_event_attrs(cx: &Ctxt, attrs: &[Attribute], place: &str) {
    for attr in event_attrs(attrs) {
        cx.error_spanned_by(attr, format!("#[event(...)] says nothing of {place}: it belongs on the type or a field"));
    }
}

/// `#[validate(...)]` where nothing of it has a meaning.
pub(crate) fn refuse_validate_attrs(cx: &Ctxt, attrs: &[Attribute], place: &str) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
        cx.error_spanned_by(
            attr,
            format!("#[validate(...)] says nothing of {place}: it belongs on a field or the type"),
        );
    }
}

pub(crate) fn name_of(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map_or_else(|| meta.path.to_token_stream().to_string(), |ident| ident.unraw().to_string())
}

/// Sets an option once.
pub(crate) fn set<T>(cx: &Ctxt, meta: &ParseNestedMeta<'_>, option: &mut Option<T>, value: T) {
    if option.is_some() {
        cx.error_spanned_by(&meta.path, format!("`{}` is given twice", name_of(meta)));
    } else {
        *option = Some(value);
    }
}

pub(crate) fn unknown(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], attr: &str, place: &str) -> syn::Error {
    unknown_in(meta, name, known, &format!("#[{attr}(...)] on {place}"))
}

pub(crate) fn unknown_in(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], place: &str) -> syn::Error {
    let hint = match suggestion(name, known) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("known are {}", list(known)),
    };
    meta.error(format!("unknown `{name}` in {place}; {hint}"))
}

/// The known name that was most probably meant.
pub(crate) fn suggestion<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
