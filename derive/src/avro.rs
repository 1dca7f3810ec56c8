//! `#[event(avro(...))]`: the choices that an Avro schema needs.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{LitInt, LitStr};

use crate::meta::{list, name_of, nested_items, set, string, unknown_in, value};
use crate::schemars::On;

/// `avro(...)` on a type, a field or a variant.
#[derive(Default)]
pub(crate) struct AvroAttrs {
    name: Option<LitStr>,
    namespace: Option<LitStr>,
    /// The earlier names of the type.
    aliases: Vec<LitStr>,
    /// The variant stands for symbols that a reader does not know.
    default: bool,
    form: Option<Form>,
    precision: Option<(u32, Span)>,
    scale: Option<(u32, Span)>,
}

/// The choices that are a word each, and their variants of `AvroForm`.
const FORMS: &[(&str, &str)] = &[
    ("string", "String"),
    ("fixed", "Fixed"),
    ("bytes", "Bytes"),
    ("millis", "Millis"),
    ("micros", "Micros"),
    ("nanos", "Nanos"),
    ("duration", "Duration"),
];

struct Form {
    variant: &'static str,
    span: Span,
}

const ON_TYPE: &[&str] = &["name", "namespace", "alias"];
const ON_FIELD: &[&str] =
    &["name", "string", "fixed", "bytes", "millis", "micros", "nanos", "duration", "precision", "scale"];
const ON_VARIANT: &[&str] = &["name", "default"];

impl AvroAttrs {
    /// Parses the list behind `avro`.
    pub(crate) fn parse(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>, on: On) -> syn::Result<()> {
        let known = match on {
            On::Type => ON_TYPE,
            On::Field => ON_FIELD,
            On::Variant => ON_VARIANT,
        };
        nested_items(cx, meta, |item| self.parse_item(cx, item, known))?;
        self.check(cx);
        Ok(())
    }

    fn parse_item(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>, known: &[&str]) -> syn::Result<()> {
        let name = name_of(meta);
        match name.as_str() {
            // Fields and variants have one, for JSON and Avro.
            "alias" if !known.contains(&"alias") => {
                return Err(meta.error(
                    "`avro(alias = \"...\")` is for types; here `#[serde(alias = \"...\")]` is that of Avro, too",
                ));
            }
            other if !known.contains(&other) => return Err(unknown_in(meta, other, known, "`avro(...)`")),
            "name" => {
                let name = string(meta)?;
                if !is_legal(&name.value()) {
                    return Err(syn::Error::new_spanned(name, "Avro names are ASCII letters, digits and `_`"));
                }
                set(cx, meta, &mut self.name, name);
            }
            "namespace" => {
                let namespace = string(meta)?;
                if !namespace.value().split('.').all(is_legal) {
                    return Err(syn::Error::new_spanned(
                        namespace,
                        "Avro namespaces are names with dots between them: `namespace = \"com.example\"`",
                    ));
                }
                set(cx, meta, &mut self.namespace, namespace);
            }
            "alias" => {
                let alias = string(meta)?;
                if !alias.value().split('.').all(is_legal) {
                    return Err(syn::Error::new_spanned(
                        alias,
                        "Avro aliases are names, with their namespace if it is another: `alias = \"OrderPlaced\"`, \
                         `alias = \"com.example.OrderPlaced\"`",
                    ));
                }
                if self.aliases.contains(&alias) {
                    return Err(syn::Error::new_spanned(alias, "the alias is given twice"));
                }
                self.aliases.push(alias);
            }
            "default" => self.default = true,
            "precision" => set(cx, meta, &mut self.precision, number(meta, "12")?),
            "scale" => set(cx, meta, &mut self.scale, number(meta, "2")?),
            word => {
                let variant = FORMS.iter().find(|(form, _)| *form == word).map(|(_, variant)| *variant);
                let variant = variant.ok_or_else(|| unknown_in(meta, word, known, "`avro(...)`"))?;
                let form = Form { variant, span: meta.path.span() };
                if self.form.is_some() {
                    let words: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
                    return Err(meta.error(format!("a field has only one of {}", list(&words))));
                }
                self.form = Some(form);
            }
        }
        Ok(())
    }

    fn check(&self, cx: &Ctxt) {
        let error = |span: Span, message: &str| cx.syn_error(syn::Error::new(span, message));
        match (self.precision, self.scale, &self.form) {
            (Some(_), _, Some(form)) => error(form.span, "a decimal has only `precision` and `scale`"),
            (None, Some((_, span)), _) => error(span, "`scale` needs `precision`: `precision = 12, scale = 2`"),
            (Some((0, span)), ..) => error(span, "`precision` is at least 1"),
            (Some((precision, _)), Some((scale, span)), None) if scale > precision => {
                error(span, "`scale` is at most `precision`");
            }
            _ => {}
        }
    }

    /// The choices as a constant, if there are any.
    pub(crate) fn data(&self) -> Option<TokenStream> {
        let name = self.name.as_ref().map(|name| quote!(name: __p::Some(#name),));
        let namespace = self.namespace.as_ref().map(|namespace| quote!(namespace: __p::Some(#namespace),));
        let aliases = &self.aliases;
        let aliases = (!aliases.is_empty()).then(|| quote!(aliases: &[#(#aliases),*],));
        let default = self.default.then(|| quote!(default: true,));
        let form = match (&self.form, self.precision) {
            (Some(form), _) => {
                let variant = syn::Ident::new(form.variant, Span::call_site());
                Some(quote!(form: __p::Some(__p::AvroForm::#variant),))
            }
            (None, Some((precision, _))) => {
                let scale = self.scale.map_or(0, |(scale, _)| scale);
                Some(quote!(form: __p::Some(__p::AvroForm::Decimal { precision: #precision, scale: #scale }),))
            }
            (None, None) => None,
        };
        let is_none = name.is_none() && namespace.is_none() && aliases.is_none() && default.is_none() && form.is_none();
        (!is_none).then(|| quote!(__p::Avro { #name #namespace #aliases #default #form ..__p::Avro::NONE }))
    }
}

fn number(meta: &ParseNestedMeta<'_>, example: &str) -> syn::Result<(u32, Span)> {
    let literal: LitInt = value(meta, &format!("a whole number: `{} = {example}`", name_of(meta)))?;
    Ok((literal.base10_parse()?, literal.span()))
}

/// Whether Avro allows the name.
fn is_legal(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
