//! A field of a level.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, Member};

use super::Expand;
use crate::expand::quoting::shown_at;
use crate::expand::rules;
use crate::model::{Field, Reader};
use crate::rule::Rule;

/// A field in generated code.
pub(in crate::expand) struct ExpandField<'a> {
    pub(super) level: &'a Expand<'a>,
    pub(super) index: usize,
    pub(super) field: &'a Field<'a>,
}

impl ExpandField<'_> {
    /// The variable that holds it while it is read, and its value afterwards.
    pub(super) fn slot(&self) -> Ident {
        // At the type: errors about what the slot can hold show there.
        format_ident!("__field_{}", self.index, span = shown_at(self.field.serde.ty.span()))
    }

    /// The name of one of the field's generated items.
    pub(super) fn item(&self, what: &str) -> Ident {
        format_ident!("__{what}_{}_{}", self.level.index, self.index)
    }

    pub(super) fn rust_name(&self) -> String {
        match &self.field.serde.member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        }
    }

    pub(super) fn at(&self) -> TokenStream {
        self.level.at(self.index)
    }

    /// Its level's names and its index, as arguments, if it stands below `at` by its name.
    pub(super) fn name(&self) -> Option<TokenStream> {
        let (names, index) = (self.level.names(), self.index);
        self.level.is_named(index).then(|| quote!(#names, #index))
    }

    /// Makes the place of a level that is one with this field sensitive, if the field is.
    pub(super) fn cover(&self) -> Option<TokenStream> {
        self.field.event.sensitive.then(|| quote!(let __at = &__at.cover();))
    }

    pub(super) fn is_skipped(&self) -> bool {
        matches!(self.field.reader(), Reader::Skipped)
    }

    pub(super) fn is_flat(&self) -> bool {
        matches!(self.field.reader(), Reader::Flat)
    }

    pub(super) fn has_rules(&self) -> bool {
        rules::any_own(self.field)
    }

    /// The type that calls a reader that is not ours.
    pub(super) fn foreign(&self) -> Option<TokenStream> {
        match self.field.reader() {
            Reader::Plain => Some(quote!(__p::Plain)),
            Reader::With(_) => {
                let (_, ty_generics, _) = self.level.cx.generics.split_for_impl();
                let name = self.item("Read");
                Some(quote!(#name #ty_generics))
            }
            _ => None,
        }
    }

    /// The functions for the parts of a list, or of a map, as arguments.
    pub(super) fn part_fns(&self) -> Option<(Ident, TokenStream)> {
        let rules = &self.field.rules;
        let turbofish = self.level.cx.turbofish();
        let function = |what: &str, of: &[Rule]| {
            if of.is_empty() {
                quote!(__p::no_rules)
            } else {
                let function = self.item(what);
                quote!(#function #turbofish)
            }
        };
        if !rules.any_of_parts() {
            return None;
        }
        Some(if rules.each.is_empty() {
            let (keys, values) = (function("keys", &rules.keys), function("values", &rules.values));
            (format_ident!("MapType"), quote!(#keys, #values))
        } else {
            (format_ident!("ListType"), function("each", &rules.each))
        })
    }
}

impl Expand<'_> {
    pub(super) fn fields(&self) -> impl Iterator<Item = ExpandField<'_>> {
        self.level.fields.iter().enumerate().map(|(index, field)| ExpandField { level: self, index, field })
    }

    /// The field that it is one with on the wire.
    pub(in crate::expand) fn inner(&self) -> Option<ExpandField<'_>> {
        let inner = self.inner?;
        self.fields().nth(inner)
    }
}
