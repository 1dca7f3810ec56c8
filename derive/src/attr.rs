//! `#[event(...)]`: what it may say, and where.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use serde_derive_internals::Ctxt;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, DeriveInput, Expr, ExprPath, Ident, LitInt, LitStr, Path, parse_quote};

/// `#[event(...)]` on a type.
#[derive(Default)]
pub(crate) struct EventAttrs {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<(u32, Span)>,
    pub(crate) topic: Option<LitStr>,
    pub(crate) key: Option<Key>,
    pub(crate) krate: Option<Path>,
    pub(crate) validate: Option<bool>,
}

/// `key = field` or `key = field.inner`.
pub(crate) struct Key {
    pub(crate) field: Ident,
    /// The whole expression behind `self.`.
    pub(crate) access: TokenStream,
}

const ON_TYPE: &[&str] = &["name", "version", "topic", "key", "crate", "validate"];

impl EventAttrs {
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut parsed = Self::default();
        for attr in event_attrs(attrs) {
            let result = attr.parse_nested_meta(|meta| parsed.parse(cx, &meta));
            if let Err(error) = result {
                cx.syn_error(error);
            }
        }
        parsed
    }

    fn parse(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match name_of(meta).as_str() {
            "name" => set(cx, meta, &mut self.name, meta.value()?.parse()?),
            "version" => {
                let literal: LitInt = meta.value()?.parse()?;
                let version = literal.base10_parse()?;
                set(cx, meta, &mut self.version, (version, literal.span()));
            }
            "topic" => set(cx, meta, &mut self.topic, meta.value()?.parse()?),
            "key" => set(cx, meta, &mut self.key, Key::parse(meta)?),
            "crate" => set(cx, meta, &mut self.krate, meta.value()?.call(Path::parse_mod_style)?),
            "validate" => {
                let literal: syn::LitBool = meta.value()?.parse()?;
                set(cx, meta, &mut self.validate, literal.value);
            }
            other => return Err(unknown(meta, other, ON_TYPE, "event", "a type")),
        }
        Ok(())
    }
}

impl Key {
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let expr: Expr = meta.value()?.parse()?;
        let mut root = &expr;
        while let Expr::Field(inner) = root {
            root = &inner.base;
        }
        match root {
            Expr::Path(ExprPath { path, qself: None, .. }) if path.get_ident().is_some() => {
                let field = path.require_ident()?.clone();
                Ok(Self { field, access: expr.to_token_stream() })
            }
            _ => Err(syn::Error::new_spanned(&expr, "`key` names a field: `key = order_id` or `key = address.zip`")),
        }
    }
}

/// The path to `event-schema` in generated code. Looked up leniently: errors are another's to report.
pub(crate) fn crate_path(input: &DeriveInput) -> Path {
    let silent = Ctxt::new();
    let attrs = EventAttrs::from_ast(&silent, &input.attrs);
    drop(silent.check());
    attrs.krate.unwrap_or_else(|| parse_quote!(::event_schema))
}

/// `#[event(...)]` on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    /// Read by its own `Deserialize`.
    pub(crate) plain: bool,
}

const ON_FIELD: &[&str] = &["plain"];

impl FieldAttrs {
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut parsed = Self::default();
        for attr in event_attrs(attrs) {
            let result = attr.parse_nested_meta(|meta| {
                match name_of(&meta).as_str() {
                    "plain" => parsed.plain = true,
                    other if ON_TYPE.contains(&other) => {
                        return Err(meta.error(format!("`{other}` is said of the type, not of a field")));
                    }
                    other => return Err(unknown(&meta, other, ON_FIELD, "event", "a field")),
                }
                Ok(())
            });
            if let Err(error) = result {
                cx.syn_error(error);
            }
        }
        parsed
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
    let hint = match suggestion(name, known) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("known are {}", list(known)),
    };
    meta.error(format!("unknown `{name}` in #[{attr}(...)] on {place}; {hint}"))
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
