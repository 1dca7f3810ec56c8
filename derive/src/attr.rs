//! `#[event(...)]`: what it may say, and where.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, DeriveInput, Expr, ExprLit, ExprPath, Ident, Lit, LitBool, LitInt, LitStr, Path, Type, parse_quote,
};

use crate::avro::AvroAttrs;
use crate::krate;
use crate::meta::{flag, items, name_of, nested_items, set, skip_item, string, ungrouped, unknown, unknown_in, value};
use crate::rule::{Rules, VALIDATOR};
use crate::schemars::On;

/// `#[event(...)]` on a type.
#[derive(Default)]
pub(crate) struct EventAttrs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<(u32, Span)>,
    pub(crate) topic: Option<Topic>,
    pub(crate) key: Option<Key>,
    /// Each variant is an event of its own.
    pub(crate) types: Option<Span>,
    pub(crate) krate: Option<Path>,
    pub(crate) validate: Option<bool>,
    pub(crate) json_schema: Option<bool>,
    pub(crate) event_key: Option<bool>,
    /// Whether `Debug` is asked for, with sensitive fields masked; `false` keeps one that the type has itself.
    pub(crate) debug: Option<bool>,
    pub(crate) pre_load: Option<Path>,
    pub(crate) post_load: Option<Path>,
    pub(crate) pre_dump: Option<Path>,
    pub(crate) post_dump: Option<Path>,
    pub(crate) previous: Option<Type>,
    pub(crate) refuse_newer: Option<bool>,
    pub(crate) avro: AvroAttrs,
    /// Its `Serialize` is serde's derive, which the attribute form has added.
    pub(crate) derived_serialize: bool,
}

/// `topic = "orders"` or `topic = ORDERS`.
pub(crate) enum Topic {
    Text(LitStr),
    /// The path of a constant.
    Constant(ExprPath),
}

impl Topic {
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        const WHAT: &str = "a string or the path of a constant: `topic = \"orders\"` or `topic = ORDERS`";
        match ungrouped(value(meta, WHAT)?) {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(Self::Text(literal)),
            Expr::Path(path) => Ok(Self::Constant(path)),
            other => Err(syn::Error::new_spanned(other, format!("`topic` takes {WHAT}"))),
        }
    }
}

/// `key = field` or `key = field.inner`.
pub(crate) struct Key {
    pub(crate) field: Ident,
    /// The whole expression behind `self.`.
    pub(crate) access: TokenStream,
}

/// What the attribute form tells the derive.
pub(crate) const DERIVED_SERIALIZE: &str = "__derived_serialize";

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
    "event_key",
    "debug",
    "avro",
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
            "topic" => set(cx, meta, &mut self.topic, Topic::parse(meta)?),
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
            "event_key" => {
                let literal: LitBool = value(meta, "`true` or `false`")?;
                set(cx, meta, &mut self.event_key, literal.value);
            }
            "debug" => set(cx, meta, &mut self.debug, flag(meta)?),
            "pre_load" => set(cx, meta, &mut self.pre_load, function(meta)?),
            "post_load" => set(cx, meta, &mut self.post_load, function(meta)?),
            "pre_dump" => set(cx, meta, &mut self.pre_dump, function(meta)?),
            "previous" => set(cx, meta, &mut self.previous, value(meta, "the type of the previous version")?),
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
            "avro" => self.avro.parse(cx, meta, On::Type)?,
            DERIVED_SERIALIZE => self.derived_serialize = true,
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
    leniently(input).krate.unwrap_or_else(|| match krate::other_name() {
        Some(name) => parse_quote!(::#name),
        None => parse_quote!(::event_schema),
    })
}

/// Whether the type has an `impl Validate` of its own.
pub(crate) fn keeps_validate(input: &DeriveInput) -> bool {
    !cfg!(feature = "validator021") || leniently(input).validate == Some(false)
}

/// Whether the type has an `impl JsonSchema` of its own.
pub(crate) fn keeps_json_schema(input: &DeriveInput) -> bool {
    leniently(input).json_schema == Some(false)
}

/// Whether the type has an `impl EventKey` of its own.
pub(crate) fn keeps_event_key(input: &DeriveInput) -> bool {
    leniently(input).event_key == Some(false)
}

/// Whether the type has an `impl Debug` of its own, which masks.
pub(crate) fn keeps_debug(input: &DeriveInput) -> bool {
    leniently(input).debug == Some(false)
}

/// Whether a `Debug` that masks is asked for.
pub(crate) fn asks_for_debug(input: &DeriveInput) -> bool {
    leniently(input).debug == Some(true)
}

/// Whether the variants are events of their own.
pub(crate) fn holds_events(input: &DeriveInput) -> bool {
    leniently(input).types.is_some()
}

/// The attributes without their errors, which are reported elsewhere.
fn leniently(input: &DeriveInput) -> EventAttrs {
    let silent = Ctxt::new();
    let attrs = EventAttrs::from_ast(&silent, &input.attrs);
    drop(silent.check());
    attrs
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
    pub(crate) avro: AvroAttrs,
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
    "avro",
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
                                "`default` takes only `\"computed\"`, for a default that is not constant; the default \
                                 itself belongs in `#[serde(default)]`",
                            ));
                        }
                        parsed.computed_default = Some(meta.path.span());
                    }
                    "avro" => parsed.avro.parse(cx, meta, On::Field)?,
                    "messages" => nested_items(cx, meta, |text| parsed.messages.parse(cx, text))?,
                    name if rules.parse_event(cx, meta, name)? => {}
                    other if ON_TYPE.contains(&other) => {
                        return Err(
                            meta.error(format!("`{other}` is an attribute of the type: write it above the type"))
                        );
                    }
                    rule if VALIDATOR.contains(&rule) => {
                        return Err(
                            meta.error(format!("`{rule}` is a rule of validator: write it in `#[validate(...)]`"))
                        );
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

/// `#[event(avro(...))]` on a variant, where nothing else of it has a meaning.
pub(crate) fn of_variant(cx: &Ctxt, attrs: &[Attribute]) -> AvroAttrs {
    let mut avro = AvroAttrs::default();
    for attr in event_attrs(attrs) {
        let mut refused = false;
        items(cx, attr, |meta| {
            if name_of(meta) == "avro" {
                return avro.parse(cx, meta, On::Variant);
            }
            refused = true;
            skip_item(meta)
        });
        if refused {
            cx.error_spanned_by(
                attr,
                "#[event(...)] is not supported on a variant, except for `avro(...)`: write it on the type or a field",
            );
        }
    }
    avro
}

/// `#[validate(...)]` where nothing of it has a meaning.
pub(crate) fn refuse_validate_attrs(cx: &Ctxt, attrs: &[Attribute], place: &str) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
        cx.error_spanned_by(
            attr,
            format!("#[validate(...)] is not supported on {place}: write it on a field or the type"),
        );
    }
}
