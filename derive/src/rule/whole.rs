//! `#[validate(...)]` on a type: rules of the whole, and the type of their context.

use serde_derive_internals::Ctxt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, LitStr, Path};

use super::VALIDATOR;
use super::args::{Args, boolean, field_name, path};
use crate::meta::{flag, items, name_of, set, unknown, value};

const ON_TYPE: &[&str] = &["schema", "context", "crate", "nest_all_fields"];

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

/// The type of a context, bare or, as validator takes it too, in quotes.
struct Context(syn::Type);

impl Parse for Context {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) { input.parse::<LitStr>()?.parse() } else { input.parse() }.map(Self)
    }
}
