//! Marshmallow's rules of choices, which validator lacks.

use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;

use super::args::Args;
use super::kind::RuleKind;

/// Their names.
pub(super) const NAMES: &[&str] = &["one_of", "none_of", "equal", "contains_only", "contains_none_of"];

pub(super) fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, name: &str) -> syn::Result<(RuleKind, Args)> {
    let (args, mut list) = Args::parse_list(cx, meta)?;
    let kind = match name {
        "one_of" => RuleKind::OneOf(list),
        "none_of" => RuleKind::NoneOf(list),
        "contains_only" => RuleKind::ContainsOnly(list),
        "contains_none_of" => RuleKind::ContainsNoneOf(list),
        _ if list.len() == 1 => RuleKind::Equal(list.swap_remove(0)),
        _ => return Err(meta.error("`equal` takes one value; `one_of` takes several")),
    };
    Ok((kind, args))
}
