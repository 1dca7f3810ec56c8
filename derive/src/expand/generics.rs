//! The bounds of generic types: what a field's type mentions of the parameters must be readable.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Generics, Ident, Type, TypePath, parse_quote};

use crate::model::{Model, Reader};
use crate::schemars::With;

/// The type's generics with `FieldType` asked of each parameter, and of each associated type, that
/// a field's type mentions; and `JsonSchema` where only schemars is asked what the field looks like.
pub(crate) fn bounded(model: &Model<'_>) -> Generics {
    let mut generics = model.input.generics.clone();
    // A field type can be written: by these bounds, where the type says them itself.
    let written = match model.serde.attrs.ser_bound() {
        Some(bounds) => bounds.to_vec(),
        None => {
            let fields = model.levels().into_iter().flat_map(|level| &level.fields);
            fields.filter_map(|field| field.serde.attrs.ser_bound()).flatten().cloned().collect()
        }
    };
    if !written.is_empty() {
        generics.make_where_clause().predicates.extend(written);
    }
    let parameters = parameters(model);
    if parameters.ours.is_empty() && parameters.foreign.is_empty() && model.event.json_schema != Some(false) {
        return generics;
    }
    if generics.params.is_empty() {
        return generics;
    }
    // They are read by themselves, and written once to see whether they can be.
    let plain = model.levels().into_iter().flat_map(|level| &level.fields);
    let plain = plain.filter(|field| matches!(field.reader(), Reader::Plain));
    let plain: Vec<_> = plain.map(|field| field.serde.ty).filter(|ty| mentions_params(model, ty)).collect();
    let clause = generics.make_where_clause();
    for ty in plain {
        clause.predicates.push(parse_quote!(#ty: __p::serde::Serialize + __p::serde::de::DeserializeOwned));
    }
    for ty in parameters.ours {
        clause.predicates.push(parse_quote!(#ty: __p::FieldType));
    }
    for ty in parameters.foreign {
        clause.predicates.push(parse_quote!(#ty: __p::schemars::JsonSchema));
    }
    if model.event.json_schema == Some(false) {
        clause.predicates.push(parse_quote!(Self: __p::schemars::JsonSchema));
    }
    generics
}

/// Whether a part's type mentions a parameter of the type.
pub(super) fn mentions_params(model: &Model<'_>, ty: &Type) -> bool {
    let params: Vec<Ident> = model.input.generics.type_params().map(|param| param.ident.clone()).collect();
    let mut mentions = Mentions { params: &params, found: Vec::new() };
    mentions.visit_type(ty);
    !mentions.found.is_empty()
}

/// The type parameters, and their associated types, that the type's parts mention.
pub(crate) struct Parameters {
    /// For the types that our reader reads.
    pub(crate) ours: Vec<TypePath>,
    /// For the types that only schemars describes.
    pub(crate) foreign: Vec<TypePath>,
}

pub(crate) fn parameters(model: &Model<'_>) -> Parameters {
    let params: Vec<Ident> = model.input.generics.type_params().map(|param| param.ident.clone()).collect();
    let mut ours = Mentions { params: &params, found: Vec::new() };
    let mut foreign = Mentions { params: &params, found: Vec::new() };
    if !params.is_empty() {
        let converted = model.converted_from();
        if let Some((ty, _)) = converted {
            ours.visit_type(ty);
        }
        if let Some(into) = model.serde.attrs.type_into() {
            foreign.visit_described(into);
        }
        if let Some(With::Type(with)) = &model.schema.with {
            foreign.visit_described(with);
        }
        let described =
            model.schema.with.is_none() && !(converted.is_some() && model.serde.attrs.type_into().is_some());
        for field in model.levels().into_iter().flat_map(|level| &level.fields) {
            if field.is_ours() && converted.is_none() {
                ours.visit_type(field.serde.ty);
            } else if described
                && field.schema.with.is_none()
                && !(field.is_skipped() && field.serde.attrs.skip_serializing())
            {
                foreign.visit_described(field.serde.ty);
            }
            if let Some(With::Type(with)) = &field.schema.with {
                foreign.visit_described(with);
            }
        }
    }
    Parameters { ours: ours.found, foreign: foreign.found }
}

struct Mentions<'a> {
    params: &'a [Ident],
    found: Vec<TypePath>,
}

impl<'a> Visit<'a> for Mentions<'_> {
    fn visit_type(&mut self, ty: &'a Type) {
        if let Type::Path(path) = ty
            && self.is_param(path)
        {
            if !self.found.iter().any(|known| known.to_token_stream().to_string() == path.to_token_stream().to_string())
            {
                self.found.push(path.clone());
            }
            return;
        }
        // Nothing is asked of what stands in a `PhantomData`.
        if crate::types::head(ty).is_some_and(|(name, _)| name == "PhantomData") {
            return;
        }
        visit::visit_type(self, ty);
    }
}

impl Mentions<'_> {
    /// Looks at a type that schemars is asked for, unless it is known to have a shape.
    fn visit_described(&mut self, ty: &Type) {
        if !crate::types::is_known(ty) {
            self.visit_type(ty);
        }
    }

    /// Whether it is a parameter, or a type that belongs to one: `T::Item`, `<T as Iterator>::Item`.
    fn is_param(&self, ty: &TypePath) -> bool {
        if let Some(of) = &ty.qself {
            return matches!(&*of.ty, Type::Path(of) if self.is_param(of));
        }
        let path = &ty.path;
        path.leading_colon.is_none() && path.segments.first().is_some_and(|first| self.params.contains(&first.ident))
    }
}
