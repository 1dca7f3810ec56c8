//! The context that all parts of the expansion share.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;
use syn::Generics;

use super::quoting::shown_at;
use crate::model::Model;

/// The context that all parts of the expansion share.
pub(super) struct Cx<'a> {
    pub(super) model: &'a Model<'a>,
    /// The type's generics with the bounds that its reader needs.
    pub(super) generics: Generics,
}

impl Cx<'_> {
    /// The type, with its parameters.
    pub(super) fn self_ty(&self) -> TokenStream {
        let ident = &self.model.input.ident;
        let (_, ty_generics, _) = self.generics.split_for_impl();
        quote!(#ident #ty_generics)
    }

    /// Which fields of a level are sensitive.
    pub(super) fn sensitive(&self, level: usize) -> Vec<bool> {
        self.model.levels()[level].fields.iter().map(|field| field.event.sensitive).collect()
    }

    /// Writes the type's name for `Self`, which functions outside of its impls do not know.
    pub(super) fn without_self(&self, tokens: TokenStream) -> TokenStream {
        let (ident, turbofish) = (&self.model.input.ident, self.turbofish());
        replace_self(tokens, &quote!(#ident #turbofish))
    }

    /// The parameters for a call of a generated function.
    pub(super) fn turbofish(&self) -> TokenStream {
        let (_, ty_generics, _) = self.generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        quote!(#turbofish)
    }
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
