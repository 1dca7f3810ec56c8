//! `length` and `range`: rules with bounds.

use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::{Expr, ExprLit, Lit, UnOp};

use super::args::Args;
use super::kind::{Range, RuleKind};

pub(super) fn length(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["min", "max", "equal"])?;
    let (min, max, equal) = (args.take("min"), args.take("max"), args.take("equal"));
    match (&equal, min.as_ref().or(max.as_ref())) {
        (Some(_), Some(other)) => {
            cx.error_spanned_by(other, "`equal` excludes `min` and `max`: remove them, or remove `equal`");
        }
        (None, None) => return Err(meta.error("`length` needs `min`, `max` or `equal`")),
        _ => {}
    }
    refuse_empty(cx, min.as_ref(), max.as_ref(), false);
    let kind = RuleKind::Length { min, max, equal };
    Ok((kind, args))
}

pub(super) fn range(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<(RuleKind, Args)> {
    let mut args = Args::parse(cx, meta, &["min", "max", "exclusive_min", "exclusive_max"])?;
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
    let kind = RuleKind::Range(range);
    Ok((kind, args))
}

/// A lower bound above the upper one, or equal to it where one of them is exclusive: nothing could ever pass.
fn refuse_empty(cx: &Ctxt, min: Option<&Expr>, max: Option<&Expr>, exclusive: bool) {
    let (Some(min), Some(max)) = (min, max) else { return };
    let empty = match (integer(min), integer(max)) {
        (Some(min), Some(max)) => min > max || exclusive && min == max,
        _ => matches!((float(min), float(max)), (Some(min), Some(max)) if min > max || exclusive && min >= max),
    };
    if empty {
        cx.error_spanned_by(max, "no value can satisfy this: the upper bound is below the lower one");
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
