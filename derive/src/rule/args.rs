//! The arguments of a rule, and what their values must be.

use proc_macro2::TokenStream;
use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path};

use crate::meta::{name_of, set, skip_item, string, ungrouped, unknown_in, value};

/// Arguments that say `true` by being there.
const FLAGS: &[&str] = &["v4", "v6", "use_context", "skip_on_field_errors"];

/// The arguments of one rule while they are parsed.
#[derive(Default)]
pub(super) struct Args {
    pub(super) code: Option<LitStr>,
    pub(super) message: Option<LitStr>,
    exprs: Vec<(String, Expr)>,
}

impl Args {
    /// Parses `rule(...)`, or `rule` alone; `known` are its own arguments.
    pub(super) fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, known: &[&str]) -> syn::Result<Self> {
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
                    ungrouped(value(arg, &format!("a value: `{name} = ...`"))?)
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

    pub(super) fn take(&mut self, name: &str) -> Option<Expr> {
        let position = self.exprs.iter().position(|(other, _)| other == name)?;
        Some(self.exprs.swap_remove(position).1)
    }

    /// Parses `rule(value, value, message = "...")`.
    pub(super) fn parse_list(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(Self, Vec<Expr>)> {
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
                list.push(ungrouped(content.parse()?));
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

    pub(super) fn require(&mut self, meta: &ParseNestedMeta<'_>, name: &str, example: &str) -> syn::Result<Expr> {
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

pub(super) fn boolean(expr: Option<&Expr>) -> syn::Result<bool> {
    match expr {
        None => Ok(false),
        Some(Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. })) => Ok(literal.value),
        Some(other) => Err(syn::Error::new_spanned(other, "expected `true` or `false`")),
    }
}

pub(super) fn text(expr: &Expr) -> syn::Result<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(literal.clone()),
        other => Err(syn::Error::new_spanned(other, "expected a string in quotes")),
    }
}

/// A path, bare or, as validator takes it too, in quotes.
pub(super) fn path(expr: &Expr) -> syn::Result<Path> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) if literal.parse::<Path>().is_ok() => literal.parse(),
        other => Err(syn::Error::new_spanned(other, "expected a path, such as `check_sku` or `rules::check_sku`")),
    }
}

/// A field's name, bare or, as validator takes it too, in quotes.
pub(super) fn field_name(expr: &Expr) -> syn::Result<Ident> {
    match path(expr) {
        Ok(path) if path.get_ident().is_some() => path.require_ident().cloned(),
        _ => Err(syn::Error::new_spanned(expr, "expected the name of a field, such as `password`")),
    }
}
