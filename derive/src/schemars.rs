//! `#[schemars(...)]`: what it may say of a contract, and what others say.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, Type};

use crate::meta::{items, name_of, set, string, unknown, value};

/// `#[schemars(...)]` and the doc comment of a type, a field or a variant.
#[derive(Default)]
pub(crate) struct SchemaAttrs {
    /// The replacement of the type in the contract.
    pub(crate) with: Option<With>,
    pub(crate) title: Option<Expr>,
    pub(crate) description: Option<Expr>,
    pub(crate) examples: Vec<Expr>,
    pub(crate) deprecated: bool,
    pub(crate) extensions: Vec<(LitStr, TokenStream)>,
    pub(crate) inline: bool,
    pub(crate) rename: Option<LitStr>,
    doc: Vec<Expr>,
}

pub(crate) enum With {
    Type(Type),
    Function(Path),
}

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Type,
    Field,
    Variant,
}

const ON_TYPE: &[&str] =
    &["with", "schema_with", "title", "description", "example", "deprecated", "extend", "inline", "rename", "crate"];
const ON_FIELD: &[&str] = &["with", "schema_with", "title", "description", "example", "deprecated", "extend"];
const ON_VARIANT: &[&str] = &["title", "description", "example", "deprecated", "extend"];

/// The attributes that belong to serde.
const SERDES: &[&str] = &[
    "alias",
    "bound",
    "content",
    "default",
    "deny_unknown_fields",
    "flatten",
    "from",
    "into",
    "rename_all",
    "rename_all_fields",
    "serialize_with",
    "skip",
    "skip_deserializing",
    "skip_serializing",
    "skip_serializing_if",
    "tag",
    "transparent",
    "try_from",
    "untagged",
];
/// The attributes that belong to rules.
const RULES: &[&str] = &["contains", "email", "inner", "ip", "length", "pattern", "range", "regex", "required", "url"];

impl SchemaAttrs {
    pub(crate) fn from_ast(cx: &Ctxt, attrs: &[Attribute], on: On) -> Self {
        let mut parsed = Self::default();
        for attr in attrs {
            if attr.path().is_ident("schemars") {
                items(cx, attr, |meta| parsed.parse(cx, meta, on));
            } else if attr.path().is_ident("deprecated") {
                parsed.deprecated = true;
            } else if attr.path().is_ident("doc")
                && let Meta::NameValue(doc) = &attr.meta
            {
                parsed.doc.push(doc.value.clone());
            }
        }
        parsed
    }

    fn parse(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>, on: On) -> syn::Result<()> {
        let (known, place) = match on {
            On::Type => (ON_TYPE, "a type"),
            On::Field => (ON_FIELD, "a field"),
            On::Variant => (ON_VARIANT, "a variant"),
        };
        let name = name_of(meta);
        match name.as_str() {
            name if !known.contains(&name) => return Err(refused(meta, name, known, place)),
            "with" => set(cx, meta, &mut self.with, With::Type(parsed(meta)?)),
            "schema_with" => set(cx, meta, &mut self.with, With::Function(parsed(meta)?)),
            "title" => set(cx, meta, &mut self.title, value(meta, "a text")?),
            "description" => set(cx, meta, &mut self.description, value(meta, "a text")?),
            "example" => self.examples.push(value(meta, "a value: `example = 7`")?),
            "deprecated" => self.deprecated = true,
            "inline" => self.inline = true,
            "rename" => set(cx, meta, &mut self.rename, string(meta)?),
            "crate" => drop(parsed::<Path>(meta)?),
            _ => self.parse_extensions(meta)?,
        }
        Ok(())
    }

    /// Parses `extend("keyword" = json, ...)`.
    fn parse_extensions(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if !meta.input.peek(syn::token::Paren) {
            return Err(meta.error("`extend` takes keywords: `extend(\"x-unit\" = \"kg\")`"));
        }
        let content;
        syn::parenthesized!(content in meta.input);
        while !content.is_empty() {
            let keyword: LitStr = content.parse()?;
            content.parse::<Token![=]>()?;
            let mut json = Vec::new();
            while !content.is_empty() && !content.peek(Token![,]) {
                json.push(content.parse::<TokenTree>()?);
            }
            if json.is_empty() {
                return Err(syn::Error::new_spanned(&keyword, "which value? As in `\"x-unit\" = \"kg\"`"));
            }
            self.extensions.push((keyword, json.into_iter().collect()));
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    /// Whether a contract has a word for people from it.
    pub(crate) fn has_notes(&self) -> bool {
        self.deprecated
            || self.title.is_some()
            || self.description.is_some()
            || !self.examples.is_empty()
            || !self.extensions.is_empty()
            || !self.doc.is_empty()
    }

    /// The notes as a constant, if there are any.
    pub(crate) fn notes(&self) -> Option<TokenStream> {
        if !self.has_notes() {
            return None;
        }
        let (doc_title, doc_description) = self.of_doc();
        let title = self.title.as_ref().map(|title| quote!(#title)).or(doc_title);
        let description = self.description.as_ref().map(|text| quote!(#text)).or(doc_description);
        let title = title.map(|title| quote!(title: #title,));
        let description = description.map(|description| quote!(description: #description,));
        let deprecated = self.deprecated.then(|| quote!(deprecated: true,));
        let examples = (!self.examples.is_empty()).then(|| {
            let examples = &self.examples;
            quote!(examples: __p::Some(|| __p::Vec::from([#(__p::to_json(#examples)),*])),)
        });
        let extensions = (!self.extensions.is_empty()).then(|| {
            let pairs = self.extensions.iter().map(|(keyword, json)| quote!((#keyword, __p::serde_json::json!(#json))));
            quote!(extensions: __p::Some(|| __p::Vec::from([#(#pairs),*])),)
        });
        Some(quote!(__p::Notes { #title #description #deprecated #examples #extensions ..__p::Notes::NONE }))
    }

    /// The title and the description that the doc comment has: a heading in its first line is the title.
    fn of_doc(&self) -> (Option<TokenStream>, Option<TokenStream>) {
        let lines: Option<Vec<String>> = self.doc.iter().map(literal).collect();
        let Some(lines) = lines else {
            // Text from elsewhere, as in `#[doc = include_str!("...")]`.
            let doc = &self.doc;
            return (None, Some(quote!(::core::concat!(#(#doc, "\n"),*))));
        };
        let text = lines.join("\n");
        let text = text.trim();
        let (title, description) = match text.strip_prefix('#') {
            Some(heading) => {
                let (title, rest) = heading.split_once('\n').unwrap_or((heading, ""));
                (title.trim_start_matches('#').trim(), rest.trim())
            }
            None => ("", text),
        };
        let given = |text: &str| (!text.is_empty()).then(|| quote!(#text));
        (given(title), given(description))
    }
}

/// The line of a doc comment.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => {
            let line = line.value();
            Some(line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        }
        _ => None,
    }
}

/// The text in quotes.
fn parsed<T: Parse>(meta: &ParseNestedMeta<'_>) -> syn::Result<T> {
    string(meta)?.parse()
}

fn refused(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], place: &str) -> syn::Error {
    if SERDES.contains(&name) || name == "rename" {
        meta.error(format!(
            "`{name}` in #[schemars(...)] would make the contract differ from what serde writes: use #[serde(...)]"
        ))
    } else if RULES.contains(&name) {
        meta.error(format!(
            "`{name}` in #[schemars(...)] would make the contract differ from what load checks: use #[validate(...)]"
        ))
    } else if name == "transform" {
        meta.error("`transform` would change only one of the contracts: use `extend` or `schema_with`")
    } else if matches!(name, "with" | "schema_with") {
        meta.error(format!("`{name}` on {place} is not supported: write it on the variant's field"))
    } else if ON_TYPE.contains(&name) {
        meta.error(format!("`{name}` is an attribute of types, not of {place}"))
    } else {
        unknown(meta, name, known, "schemars", place)
    }
}
