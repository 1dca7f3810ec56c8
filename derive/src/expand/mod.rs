//! The code that is generated, by what it does.

mod debug;
mod enums;
mod event;
mod field_type;
mod generics;
mod key;
mod level;
mod rules;
pub(crate) mod shape;
mod structs;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Generics, Path};

use crate::model::{Model, Shape};

pub(crate) fn expand(krate: &Path, model: &Model<'_>) -> TokenStream {
    let cx = Cx { model, generics: generics::bounded(model) };
    let body = match &model.shape {
        Shape::Struct(level) => structs::expand(&cx, level),
        Shape::Enum(variants) => enums::expand(&cx, variants),
    };
    let field_type = field_type::expand(&cx, &body);
    let json_schema = shape::json_schema(&cx);
    let event = event::expand(&cx);
    let key = key::expand(&cx);
    let debug = debug::expand(&cx);
    let masked = debug::is_masked(&cx);
    quote! {
        #[doc(hidden)]
        #[allow(
            dead_code,
            non_camel_case_types,
            non_upper_case_globals,
            unreachable_code,
            unused_attributes,
            unused_qualifications,
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            clippy::restriction
        )]
        const _: () = {
            use #krate::__private as __p;
            #field_type
            #json_schema
            #event
            #key
            #debug
            #masked
        };
    }
}

/// Shows errors at a user's token. Names resolve as in all generated code: a token that came through
/// a `macro_rules` does not see our `cx` and `self`.
fn shown_at(token: Span) -> Span {
    token.resolved_at(Span::call_site())
}

fn replace_self(tokens: TokenStream, self_ty: &TokenStream) -> TokenStream {
    let replace = |token: TokenTree| match token {
        TokenTree::Ident(ident) if ident == "Self" => {
            let shown = |mut token: TokenTree| {
                token.set_span(shown_at(ident.span()));
                token
            };
            self_ty.clone().into_iter().map(shown).collect::<TokenStream>()
        }
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), replace_self(group.stream(), self_ty));
            replaced.set_span(group.span());
            TokenTree::Group(replaced).into()
        }
        other => other.into(),
    };
    tokens.into_iter().flat_map(replace).collect()
}

/// What all parts of the expansion look at.
struct Cx<'a> {
    model: &'a Model<'a>,
    /// The type's generics with the bounds that its reader needs.
    generics: Generics,
}

impl Cx<'_> {
    /// The type, with its parameters.
    fn self_ty(&self) -> TokenStream {
        let ident = &self.model.input.ident;
        let (_, ty_generics, _) = self.generics.split_for_impl();
        quote!(#ident #ty_generics)
    }

    /// Which fields of a level are sensitive.
    fn sensitive(&self, level: usize) -> Vec<bool> {
        self.model.levels()[level].fields.iter().map(|field| field.event.sensitive).collect()
    }

    /// Writes the type's name for `Self`, which functions outside of its impls do not know.
    fn without_self(&self, tokens: TokenStream) -> TokenStream {
        let (ident, turbofish) = (&self.model.input.ident, self.turbofish());
        replace_self(tokens, &quote!(#ident #turbofish))
    }

    /// The parameters for a call of a generated function.
    fn turbofish(&self) -> TokenStream {
        let (_, ty_generics, _) = self.generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        quote!(#turbofish)
    }
}
