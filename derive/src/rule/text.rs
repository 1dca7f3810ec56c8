//! Rules of texts.

use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::{Expr, ExprLit, Lit};

use super::args::{Args, boolean, text};
use super::kind::RuleKind;

pub(super) fn ip(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["v4", "v6"])?;
    let (v4, v6) = (args.take("v4"), args.take("v6"));
    let kind = RuleKind::Ip { v4: boolean(v4.as_ref())?, v6: boolean(v6.as_ref())? };
    Ok((kind, args))
}

pub(super) fn regex(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["path"])?;
    let kind = RuleKind::Regex(pattern(args.require(meta, "path", "regex(path = *PATTERN)")?)?);
    Ok((kind, args))
}

pub(super) fn contains(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["pattern"])?;
    let kind = RuleKind::Contains(text(&args.require(meta, "pattern", "contains(pattern = \"@\")")?)?);
    Ok((kind, args))
}

pub(super) fn does_not_contain(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["pattern"])?;
    let kind = RuleKind::DoesNotContain(text(&args.require(meta, "pattern", "does_not_contain(pattern = \"@\")")?)?);
    Ok((kind, args))
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
