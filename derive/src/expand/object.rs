//! A struct with named fields.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use serde_derive_internals::attr::Default;
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{generics, rules};
use crate::model::{Field, Model};

pub(crate) fn expand(model: &Model<'_>, fields: &[Field<'_>]) -> TokenStream {
    let ident = &model.input.ident;
    let generics = generics::bounded(model);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();

    let fields: Vec<Expand<'_>> = fields.iter().enumerate().map(|(index, field)| Expand { index, field }).collect();
    let read_entries = read_entries(model, &fields);
    let checks = fields.iter().map(|field| {
        let member = &field.field.serde.member;
        let (at, check) = (field.at(), field.check_rules(&quote!(&self.#member)));
        // Types that are only ever skipped need not be readable.
        let nested = (!field.field.serde.attrs.skip_deserializing()).then(|| {
            let ty = field.field.serde.ty;
            quote_spanned!(ty.span()=> <#ty as __p::FieldType>::check(&self.#member, cx, at);)
        });
        (nested.is_some() || check.is_some()).then(|| quote!({ let at = &#at; #nested #check }))
    });
    let describes = fields.iter().map(Expand::describe);
    let names = fields.iter().map(|field| {
        let attrs = &field.field.serde.attrs;
        let (wire, rust) = (attrs.name().deserialize_name(), field.rust_name());
        quote!(__p::FieldName::new(#wire, #rust))
    });
    let find = fields.iter().filter(|field| !field.field.serde.attrs.skip_deserializing()).map(|field| {
        let (aliases, index) = (field.field.serde.attrs.aliases(), field.index);
        quote!(#(#aliases)|* => __p::Some(#index),)
    });
    let deny_unknown = model.serde.attrs.deny_unknown_fields();
    let rule_fns = fields
        .iter()
        .filter(|field| field.has_rules())
        .map(|field| rules::of_field(&generics, &field.rules_fn(), field.field));
    let level = rules::of_level(model, fields.iter().map(|field| (field.index, field.field)));

    quote! {
        #[automatically_derived]
        impl #impl_generics __p::FieldType for #ident #ty_generics #where_clause {
            fn read<'de, __D: __p::Deserializer<'de>>(
                input: __D,
                cx: &mut __p::Context<'_>,
                at: &__p::At<'_>,
            ) -> __p::Result<__p::Option<Self>, __D::Error> {
                __p::read_object(input, cx, at)
            }

            fn check(&self, cx: &mut __p::Context<'_>, at: &__p::At<'_>) {
                let before = cx.found();
                #(#checks)*
                <Self as __p::Object>::check_level(self, cx, at, before);
            }

            fn describe(walk: &mut __p::Walk<'_>, here: &__p::Place) {
                if let __p::Some(definition) = walk.definition(here) {
                    let properties = &definition.join("properties");
                    #(#describes)*
                }
            }
        }

        #[automatically_derived]
        impl #impl_generics __p::Object for #ident #ty_generics #where_clause {
            const FIELDS: &'static [__p::FieldName] = &[#(#names),*];
            const DENY_UNKNOWN: bool = #deny_unknown;

            fn find(name: &str) -> __p::Option<usize> {
                match name {
                    #(#find)*
                    _ => __p::None,
                }
            }

            #read_entries

            fn check_level(&self, cx: &mut __p::Context<'_>, at: &__p::At<'_>, before: usize) {
                #level
            }
        }

        #(#rule_fns)*
    }
}

/// A field in generated code.
struct Expand<'a> {
    index: usize,
    field: &'a Field<'a>,
}

impl Expand<'_> {
    /// The variable that holds it while it is read.
    fn slot(&self) -> Ident {
        format_ident!("field_{}", self.index)
    }

    fn rules_fn(&self) -> Ident {
        format_ident!("rules_{}", self.index)
    }

    fn rust_name(&self) -> String {
        match &self.field.serde.member {
            syn::Member::Named(ident) => ident.unraw().to_string(),
            syn::Member::Unnamed(index) => index.index.to_string(),
        }
    }

    fn at(&self) -> TokenStream {
        let index = self.index;
        quote!(at.field(&<Self as __p::Object>::FIELDS[#index]))
    }

    fn has_rules(&self) -> bool {
        rules::any_on_field(self.field)
    }

    /// Calls the field's rules on `value`, in a scope that has `cx` and `at`.
    fn check_rules(&self, value: &TokenStream) -> Option<TokenStream> {
        self.has_rules().then(|| {
            let rules = self.rules_fn();
            quote!(#rules(#value, cx, at);)
        })
    }

    /// The match arm that reads it.
    fn read(&self) -> TokenStream {
        let (index, slot, at) = (self.index, self.slot(), self.at());
        let check = self.check_rules(&quote!(value));
        let ty = self.field.serde.ty;
        let read = quote_spanned!(ty.span()=> #slot.read(&mut entries, cx, at)?);
        let then = match check {
            Some(check) => quote!(if let __p::Some(value) = #read { #check }),
            None => quote!(#read;),
        };
        quote!(__p::Some(#index) => { let at = &#at; #then })
    }

    /// Fills it in if it was not met; `container` has the container's default.
    fn fill(&self, model: &Model<'_>) -> TokenStream {
        let (slot, at, ty) = (self.slot(), self.at(), self.field.serde.ty);
        let attrs = &self.field.serde.attrs;
        let member = &self.field.serde.member;
        let fill = match (attrs.default(), model.serde.attrs.default()) {
            (Default::Default, _) => {
                quote_spanned!(ty.span()=> #slot.or_default(<#ty as ::core::default::Default>::default))
            }
            (Default::Path(path), _) => quote_spanned!(path.span()=> #slot.or_default(#path)),
            (Default::None, Default::Default | Default::Path(_)) => quote!(#slot.or_default(|| container.#member)),
            (Default::None, Default::None) if attrs.skip_deserializing() => {
                quote_spanned!(ty.span()=> #slot.or_default(<#ty as ::core::default::Default>::default))
            }
            (Default::None, Default::None) => quote_spanned!(ty.span()=> #slot.or_missing(cx, at)),
        };
        let then = match self.check_rules(&quote!(value)) {
            Some(check) => quote!(if let __p::Some(value) = #fill { #check }),
            None => quote!(#fill;),
        };
        quote!({ let at = &#at; #then })
    }

    /// Completes its part of the contract.
    fn describe(&self) -> Option<TokenStream> {
        let attrs = &self.field.serde.attrs;
        if attrs.skip_deserializing() {
            return None;
        }
        let (accepted, written) = (attrs.name().deserialize_name(), attrs.name().serialize_name());
        let name = if accepted.value == written.value {
            quote!(#accepted)
        } else {
            quote!(if walk.is_serialize() { #written } else { #accepted })
        };
        let ty = self.field.serde.ty;
        let rules = rules::describe(self.field);
        let aliases: Vec<_> = attrs.aliases().iter().filter(|alias| **alias != *accepted).collect();
        let aliases = (!aliases.is_empty()).then(|| quote!(walk.aliases(&definition, #accepted, &[#(#aliases),*]);));
        Some(quote! {
            {
                let property = &properties.join(#name);
                <#ty as __p::FieldType>::describe(walk, property);
                #rules
                #aliases
            }
        })
    }
}

fn read_entries(model: &Model<'_>, fields: &[Expand<'_>]) -> TokenStream {
    let slots = fields.iter().map(|field| {
        let (slot, ty) = (field.slot(), field.field.serde.ty);
        quote_spanned!(ty.span()=> let mut #slot: __p::Slot<#ty> = __p::Slot::Missing;)
    });
    let arms = fields.iter().filter(|field| !field.field.serde.attrs.skip_deserializing()).map(Expand::read);
    let fills = fields.iter().map(|field| field.fill(model));
    let fills = match model.serde.attrs.default() {
        Default::None => quote!(#(#fills)*),
        default => {
            let slots = fields.iter().map(Expand::slot);
            let value = match default {
                Default::Path(path) => quote!(#path()),
                _ => quote!(<Self as ::core::default::Default>::default()),
            };
            // Made only when it is needed, but then once for all, as serde does.
            quote! {
                if #(::core::matches!(#slots, __p::Slot::Missing))||* {
                    let container: Self = #value;
                    #(#fills)*
                }
            }
        }
    };
    let slots_of = fields.iter().map(Expand::slot);
    let slots_to = fields.iter().map(Expand::slot);
    let members = fields.iter().map(|field| {
        let (member, slot) = (&field.field.serde.member, field.slot());
        quote!(#member: #slot)
    });
    quote! {
        fn read_entries<'de, __A: __p::MapAccess<'de>>(
            mut entries: __A,
            cx: &mut __p::Context<'_>,
            at: &__p::At<'_>,
        ) -> __p::Result<__p::Option<Self>, __A::Error> {
            #(#slots)*
            let before = cx.found();
            while let __p::Some(field) = __p::next_field::<Self, __A>(&mut entries, cx, at)? {
                match field {
                    #(#arms)*
                    _ => __p::skip_value(&mut entries)?,
                }
            }
            #fills
            #(let __p::Slot::Good(#slots_of) = #slots_to else { return __p::Ok(__p::None) };)*
            let value = Self { #(#members),* };
            <Self as __p::Object>::check_level(&value, cx, at, before);
            __p::Ok(__p::Some(value))
        }
    }
}
