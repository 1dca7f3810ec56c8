//! The bounds of generic types: what a field's type mentions of the parameters must be readable.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Generics, Ident, Path, Type, TypePath, parse_quote};

use crate::model::{Model, Reader};

/// The type's generics with `FieldType` asked of each parameter, and of each associated type, that
/// a field's type mentions.
pub(crate) fn bounded(model: &Model<'_>) -> Generics {
    let mut generics = model.input.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if params.is_empty() {
        return generics;
    }
    let mut mentions = Mentions { params: &params, found: Vec::new() };
    if let Some((ty, _)) = model.converted_from() {
        mentions.visit_type(ty);
    } else {
        for field in model.levels().into_iter().flat_map(|level| &level.fields).filter(|field| field.is_ours()) {
            mentions.visit_type(field.serde.ty);
        }
    }
    let found = mentions.found;
    // They are written once to see whether they can be.
    let plain = model.levels().into_iter().flat_map(|level| &level.fields);
    let plain = plain.filter(|field| matches!(field.reader(), Reader::Plain)).filter(|field| {
        let mut mentions = Mentions { params: &params, found: Vec::new() };
        mentions.visit_type(field.serde.ty);
        !mentions.found.is_empty()
    });
    let plain: Vec<_> = plain.map(|field| field.serde.ty).collect();
    let clause = generics.make_where_clause();
    for ty in plain {
        clause.predicates.push(parse_quote!(#ty: __p::serde::Serialize));
    }
    for ty in found {
        clause.predicates.push(parse_quote!(#ty: __p::FieldType));
    }
    generics
}

struct Mentions<'a> {
    params: &'a [Ident],
    found: Vec<TypePath>,
}

impl<'a> Visit<'a> for Mentions<'_> {
    fn visit_type(&mut self, ty: &'a Type) {
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && self.is_param(&path.path)
        {
            if !self.found.iter().any(|known| known.to_token_stream().to_string() == path.to_token_stream().to_string())
            {
                self.found.push(path.clone());
            }
            return;
        }
        // Nothing is asked of what stands in a `PhantomData`.
        if crate::rule::head(ty).is_some_and(|(name, _)| name == "PhantomData") {
            return;
        }
        visit::visit_type(self, ty);
    }
}

impl Mentions<'_> {
    fn is_param(&self, path: &Path) -> bool {
        path.leading_colon.is_none() && path.segments.first().is_some_and(|first| self.params.contains(&first.ident))
    }
}
