//! The fields of a struct or of a variant: how they are read together and checked.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::{Default, TagType};
use serde_derive_internals::name::Name;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, Member, Type};

use super::event::optional;
use super::generics::mentions_params;
use super::{Cx, rules, shown_at};
use crate::model::{Field, Level, Reader, Shape};
use crate::rule::Rule;
use crate::types::names_a_float;

/// A level in generated code: the `index`th of its type.
pub(super) struct Expand<'a> {
    cx: &'a Cx<'a>,
    level: &'a Level<'a>,
    index: usize,
    /// What builds its value: the struct's name, or the variant's path.
    constructor: TokenStream,
    /// The field that it is one with on the wire.
    inner: Option<usize>,
}

impl<'a> Expand<'a> {
    pub(super) fn new(cx: &'a Cx<'a>, level: &'a Level<'a>, index: usize, constructor: TokenStream) -> Self {
        let transparent = cx.model.serde.attrs.transparent();
        Self { cx, level, index, constructor, inner: level.inner(transparent) }
    }

    fn fields(&self) -> impl Iterator<Item = ExpandField<'_>> {
        self.level.fields.iter().enumerate().map(|(index, field)| ExpandField { level: self, index, field })
    }

    /// The field that it is one with on the wire.
    pub(super) fn inner(&self) -> Option<ExpandField<'_>> {
        let inner = self.inner?;
        self.fields().nth(inner)
    }

    pub(super) fn is_unit(&self) -> bool {
        matches!(self.level.style, Style::Unit)
    }

    fn is_object(&self) -> bool {
        matches!(self.level.style, Style::Struct) && self.inner.is_none()
    }

    /// The library's type that the level's readers are implemented for.
    fn marker(&self) -> TokenStream {
        let index = self.index;
        quote!(__p::Level<#index>)
    }

    /// The names of its fields, as a constant.
    fn names(&self) -> Ident {
        format_ident!("__FIELDS_{}", self.index)
    }

    /// Reads it from `input`, as an expression of type `Result<Option<Type>, __D::Error>`.
    pub(super) fn read(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        if let Some(inner) = self.inner() {
            let read = inner.read_alone();
            let build = self.build_checked(&inner);
            let parts = inner.foreign().and_then(|_| inner.check_parts(&quote!(__value)));
            let rules = inner.check_rules(&quote!(__value));
            let names = self.check_beside_tag(&inner, &quote!(__value));
            let check = quote!(#parts #rules #names);
            let cover = inner.cover();
            return quote! {{
                #cover
                let __read = #read?;
                if let __p::Some(__value) = &__read { #check }
                __p::Ok(__read.map(|__inner| #build))
            }};
        }
        match self.level.style {
            Style::Struct => quote!(__p::read_object::<#marker, #self_ty, __D>(__input, __cx, __at)),
            Style::Tuple | Style::Newtype => quote!(__p::read_tuple::<#marker, #self_ty, __D>(__input, __cx, __at)),
            Style::Unit => {
                let constructor = &self.constructor;
                quote!(__p::Ok(<() as __p::FieldType>::read(__input, __cx, __at)?.map(|()| #constructor)))
            }
        }
    }

    /// Reads it from `leftovers`, where that is not the default.
    pub(super) fn read_flat(&self) -> Option<TokenStream> {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        if let Some(inner) = self.inner() {
            if !matches!(inner.field.reader(), Reader::Ours) {
                return None;
            }
            let ty = inner.field.serde.ty;
            let build = self.build_checked(&inner);
            let check = inner.check_rules(&quote!(__value));
            let cover = inner.cover();
            return Some(quote! {{
                #cover
                let __read = <#ty as __p::FieldType>::read_flat::<__E>(__leftovers, __cx, __at)?;
                if let __p::Some(__value) = &__read { #check }
                __p::Ok(__read.map(|__inner| #build))
            }});
        }
        if self.is_unit() {
            let constructor = &self.constructor;
            return Some(
                quote!(__p::Ok(<() as __p::FieldType>::read_flat::<__E>(__leftovers, __cx, __at)?.map(|()| #constructor))),
            );
        }
        self.is_object().then(|| quote!(__p::read_object_flat::<#marker, #self_ty, __E>(__leftovers, __cx, __at)))
    }

    /// Reads it from the key of a map, where it is one with a field: that field's type, and what makes
    /// `Option<Type>` of its value `inner`.
    pub(super) fn read_key(&self) -> Option<(&Type, TokenStream)> {
        let inner = self.inner().filter(|inner| matches!(inner.field.reader(), Reader::Ours))?;
        let (build, check) = (self.build_checked(&inner), inner.check_rules(&quote!(__value)));
        Some((inner.field.serde.ty, quote!({ { let __value = &__inner; #check } __p::Some(#build) })))
    }

    /// What it calls the field on the wire that the input calls `name`, of type `Option<&'static str>`.
    pub(super) fn field_name(&self) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let ty = inner.field.serde.ty;
            return inner.field.is_ours().then(|| quote!(<#ty as __p::FieldType>::field_name(__name)));
        }
        if !self.is_object() {
            return None;
        }
        let (marker, self_ty, names) = (self.marker(), self.cx.self_ty(), self.names());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| {
            let ty = field.field.serde.ty;
            quote!(.or_else(|| <#ty as __p::FieldType>::field_name(__name)))
        });
        // What it only writes is its own too: nobody else can have it.
        let written = self.only_written();
        let written = (!written.is_empty())
            .then(|| quote!(.or_else(|| match __name { #(#written => __p::Some(#written),)* _ => __p::None })));
        Some(quote!(
            <#marker as __p::Object<#self_ty>>::find(__name).map(|__index| #names[__index].wire()) #written #(#flat)*
        ))
    }

    /// Whether a load would give it the entry `name`, over what [`pattern`](Self::pattern) binds.
    pub(super) fn uses_name(&self) -> TokenStream {
        if let Some(inner) = self.inner() {
            let (ty, slot) = (inner.field.serde.ty, inner.slot());
            let uses = quote!(<#ty as __p::FieldType>::uses_name(#slot, __name));
            return if inner.field.is_ours() { uses } else { quote!(false) };
        }
        if !self.is_object() {
            return quote!(false);
        }
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.uses_name());
        let written = self.only_written();
        quote!((<#marker as __p::Object<#self_ty>>::find(__name).is_some() #(|| __name == #written)* #(|| #flat)*))
    }

    /// Whether what it uses of its level differs from value to value.
    pub(super) fn has_flat(&self) -> bool {
        match self.inner() {
            Some(inner) => inner.field.is_ours(),
            None => self.is_object() && self.fields().any(|field| field.is_flat()),
        }
    }

    /// Whether it refuses what it does not know of an object that it shares, or has for itself if `alone`, over what
    /// [`pattern`](Self::pattern) binds; `None` if it never does.
    pub(super) fn closes(&self) -> Option<TokenStream> {
        let of = |field: &ExpandField<'_>, alone: &TokenStream| {
            let (ty, slot) = (field.field.serde.ty, field.slot());
            quote!(<#ty as __p::FieldType>::closes(#slot, #alone))
        };
        if let Some(inner) = self.inner() {
            return inner.field.is_ours().then(|| of(&inner, &quote!(__alone)));
        }
        if !self.is_object() {
            return None;
        }
        let flat: Vec<_> = self.fields().filter(ExpandField::is_flat).map(|field| of(&field, &quote!(false))).collect();
        match (self.cx.model.serde.attrs.deny_unknown_fields(), &flat[..]) {
            (true, []) => Some(quote!(__alone)),
            (true, _) => Some(quote!(true)),
            (false, []) => None,
            (false, flat) => Some(quote!(#(#flat)||*)),
        }
    }

    /// Notes what flattened fields would write and load give to others, over what [`pattern`](Self::pattern) binds.
    fn check_keys(&self) -> TokenStream {
        let attrs = &self.cx.model.serde.attrs;
        if !self.is_object() || self.cx.model.converted_from().is_some() || attrs.type_into().is_some() {
            return TokenStream::new();
        }
        let tag = match (attrs.tag(), &self.cx.model.shape) {
            (TagType::Internal { tag }, Shape::Enum(_)) => Some(quote!(__name == #tag)),
            _ => None,
        };
        let only_written = self.only_written().into_iter().map(|name| quote!(__name == #name));
        let reserved: Vec<TokenStream> = tag.into_iter().chain(only_written).collect();
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let own = quote!(<#marker as __p::Object<#self_ty>>::find(__name).is_some() #(|| #reserved)*);
        let flat: Vec<_> = self.fields().filter(ExpandField::is_flat).collect();
        let several = flat.len() > 1;
        let checks = flat.iter().enumerate().filter_map(|(index, field)| {
            let (slot, at, write) = (field.slot(), field.at(), field.write()?);
            let check = if several {
                let before = flat[..index].iter().map(ExpandField::uses_name);
                let after = flat[index + 1..].iter().map(ExpandField::uses_name);
                quote! {
                    __flattened.check(
                        #slot,
                        #write,
                        &|__name, __all| #own #(|| #before)* || __all && (false #(|| #after)*),
                        __cx,
                        &#at,
                    );
                }
            } else {
                quote!(__p::check_names(#slot, #write, &|__name| #own, __cx, &#at);)
            };
            Some(match field.field.serde.attrs.skip_serializing_if() {
                Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#slot) { #check }),
                None => check,
            })
        });
        let checks: Vec<TokenStream> = checks.collect();
        let all = (several && !checks.is_empty()).then(|| quote!(let mut __flattened = __p::Flattened::default();));
        quote!(#all #(#checks)*)
    }

    /// Notes what the data of a variant would write in the place of its tag.
    fn check_beside_tag(&self, inner: &ExpandField<'_>, value: &TokenStream) -> Option<TokenStream> {
        let (attrs, shape) = (&self.cx.model.serde.attrs, &self.cx.model.shape);
        let (TagType::Internal { tag }, Shape::Enum(_)) = (attrs.tag(), shape) else { return None };
        if !inner.field.is_ours() || self.cx.model.converted_from().is_some() || attrs.type_into().is_some() {
            return None;
        }
        let write = inner.write()?;
        Some(quote!(__p::check_names(#value, #write, &|__name| __name == #tag, __cx, __at);))
    }

    /// Puts a part, `input`, into the value, if it has places for parts.
    pub(super) fn patch(&self) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            return Some(inner.patch(&quote!(__input)));
        }
        if !self.is_object() {
            return None;
        }
        let (marker, self_ty, names) = (self.marker(), self.cx.self_ty(), self.names());
        let arms = self.fields().filter(|field| !field.is_skipped() && !field.is_flat()).map(|field| {
            let (index, patch) = (field.index, field.patch(&quote!(__value)));
            quote!(#index => #patch,)
        });
        let flat: Vec<TokenStream> = self
            .fields()
            .filter(ExpandField::is_flat)
            .map(|field| {
                let member = &field.field.serde.member;
                quote!(__p::FieldType::patch_flat(&mut self.#member, __rest, __cx, __at);)
            })
            .collect();
        let rest = (!flat.is_empty()).then(|| quote!(let __rest = &mut { __rest }; #(#flat)*));
        Some(quote! {
            let __rest = __p::patch_fields::<#marker, #self_ty>(
                __input,
                #names,
                __cx,
                __at,
                &mut |__index, __value, __cx, __at| match __index { #(#arms)* _ => {} },
            );
            #rest
        })
    }

    /// As [`patch`](Self::patch), of a flattened value, where that is not the default.
    pub(super) fn patch_flat(&self) -> Option<TokenStream> {
        if self.is_unit() {
            return Some(quote!(__p::FieldType::patch_flat(&mut (), __rest, __cx, __at)));
        }
        let inner = self.inner().filter(|inner| inner.field.is_ours())?;
        let member = &inner.field.serde.member;
        Some(quote!(__p::FieldType::patch_flat(&mut self.#member, __rest, __cx, __at)))
    }

    /// Its value when it is missing, if a field decides that: of type `Option<Type>`.
    pub(super) fn missing(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        if !matches!(inner.field.reader(), Reader::Ours) {
            return None;
        }
        let ty = inner.field.serde.ty;
        let build = self.build_around(&inner);
        Some(quote!(<#ty as __p::FieldType>::missing(__cx, __at).map(|__inner| #build)))
    }

    /// As [`missing`](Self::missing), and checks the rules of what there is then.
    pub(super) fn missing_checked(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        if !matches!(inner.field.reader(), Reader::Ours) {
            return None;
        }
        let ty = inner.field.serde.ty;
        let (build, check) = (self.build_checked(&inner), inner.check_all(&quote!(__value)));
        Some(quote! {{
            let __p::Some(__inner) = <#ty as __p::FieldType>::missing(__cx, __at) else { return __p::None };
            { let __value = &__inner; #check }
            __p::Some(#build)
        }})
    }

    /// Adds its fields' names, and those of its flattened ones, to `names`.
    pub(super) fn flat_names(&self) -> TokenStream {
        if let Some(inner) = self.inner() {
            let ty = inner.field.serde.ty;
            return inner
                .field
                .is_ours()
                .then(|| quote!(<#ty as __p::FieldType>::flat_names(__names);))
                .into_token_stream();
        }
        if !self.is_object() {
            return TokenStream::new();
        }
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| {
            let ty = field.field.serde.ty;
            quote!(<#ty as __p::FieldType>::flat_names(__names);)
        });
        quote!(__names.push(<#marker as __p::Object<#self_ty>>::NAMES); #(#flat)*)
    }

    /// Whether it is one with a sensitive field.
    pub(super) fn is_sensitive(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        let (ty, own) = (inner.field.serde.ty, inner.field.event.sensitive);
        Some(if own || !inner.field.is_ours() { quote!(#own) } else { quote!(<#ty as __p::FieldType>::SENSITIVE) })
    }

    /// Whether its value `this` is null on the wire, if that can be.
    pub(super) fn is_null(&self, this: &TokenStream) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let (ty, member) = (inner.field.serde.ty, &inner.field.serde.member);
            return inner.field.is_ours().then(|| quote!(<#ty as __p::FieldType>::is_null(&#this.#member)));
        }
        self.is_unit().then(|| quote!(true))
    }

    /// As [`is_null`](Self::is_null), as the arm of a variant.
    pub(super) fn is_null_arm(&self) -> Option<TokenStream> {
        let constructor = &self.constructor;
        if self.is_unit() {
            return Some(quote!(#constructor { .. } => true));
        }
        let inner = self.inner().filter(|inner| inner.field.is_ours())?;
        let (ty, member, slot) = (inner.field.serde.ty, &inner.field.serde.member, inner.slot());
        Some(quote!(#constructor { #member: #slot, .. } => <#ty as __p::FieldType>::is_null(#slot)))
    }

    /// Builds the value around `inner`; other fields of a transparent struct have their defaults.
    fn build_around(&self, inner: &ExpandField<'_>) -> TokenStream {
        let constructor = &self.constructor;
        let members = self.fields().map(|field| {
            let member = &field.field.serde.member;
            let value = if field.index == inner.index { quote!(__inner) } else { field.default() };
            quote!(#member: #value)
        });
        quote!(#constructor { #(#members),* })
    }

    /// As [`build_around`](Self::build_around), and checks the rules of the other fields.
    fn build_checked(&self, inner: &ExpandField<'_>) -> TokenStream {
        let ruled =
            |field: &ExpandField<'_>| field.index != inner.index && field.check_rules(&quote!(__value)).is_some();
        if !self.fields().any(|field| ruled(&field)) {
            return self.build_around(inner);
        }
        let constructor = &self.constructor;
        let others: Vec<_> = self.fields().filter(|field| field.index != inner.index).collect();
        let slots: Vec<Ident> = others.iter().map(ExpandField::slot).collect();
        let members = others.iter().map(|field| &field.field.serde.member);
        let makes = others.iter().zip(&slots).map(|(field, slot)| {
            let (default, at, check) = (field.default(), field.at(), field.check_rules(&quote!(__value)));
            quote!(let #slot = #default; { let (__value, __at) = (&#slot, &#at); let _ = (__value, __at); #check })
        });
        let inner = &inner.field.serde.member;
        quote!({ #(#makes)* #constructor { #inner: __inner, #(#members: #slots),* } })
    }

    /// The items that its code uses.
    pub(super) fn items(&self) -> TokenStream {
        let names = self.names();
        let list = self.fields().map(|field| {
            let (wire, rust) = (field.field.serde.attrs.name().deserialize_name(), field.rust_name());
            let messages = &field.field.event.messages;
            let texts = [&messages.required, &messages.null, &messages.invalid];
            let messages = texts.iter().any(|text| text.is_some()).then(|| {
                let texts = texts.map(|text| optional(text.as_ref()));
                quote!(.with_messages(&[#(#texts),*]))
            });
            let sensitive = field.field.event.sensitive.then(|| quote!(.sensitive()));
            let aliases = with_aliases(wire, field.field.serde.attrs.aliases());
            quote!(__p::FieldName::new(#wire, #rust) #messages #sensitive #aliases)
        });
        let rule_fns = self.fields().map(|field| field.rule_fns());
        let rule_fns: Vec<TokenStream> = rule_fns.collect();
        let readers = self.fields().filter_map(|field| field.reader_item());
        let readers: Vec<TokenStream> = readers.collect();
        let traits = match self.level.style {
            _ if self.inner.is_some() => None,
            Style::Struct => Some(self.object()),
            Style::Tuple | Style::Newtype => Some(self.elements()),
            Style::Unit => None,
        };
        quote! {
            const #names: &[__p::FieldName] = &[#(#list),*];
            #(#rule_fns)*
            #(#readers)*
            #traits
        }
    }

    fn object(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let (impl_generics, _, where_clause) = self.cx.generics.split_for_impl();
        let flattens = self.fields().any(|field| field.is_flat());
        let denies = self.cx.model.serde.attrs.deny_unknown_fields();
        let deny_unknown = denies && !flattens;
        let find = self.fields().filter(|field| !field.is_skipped() && !field.is_flat()).map(|field| {
            let (aliases, index) = (field.field.serde.attrs.aliases(), field.index);
            quote!(#(#aliases)|* => __p::Some(#index),)
        });

        let known = self.fields().filter(|field| !field.is_skipped() && !field.is_flat());
        let known = known.map(|field| field.field.serde.attrs.name().deserialize_name().to_token_stream());

        let slots = self.fields().map(|field| field.declare());
        let arms: Vec<TokenStream> = self
            .fields()
            .filter(|field| !field.is_skipped() && !field.is_flat())
            .map(|field| field.read_entry())
            .collect();
        let entries = if flattens {
            let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.read_flat());
            let names = self.flat_names();
            // What is written and never read is no flattened map's: it would be written twice then.
            let written = self.only_written();
            let only_written = (!denies && !written.is_empty()).then(|| {
                quote! {
                    __p::Err(__name) if ::core::matches!(&*__name, #(#written)|*) => {
                        __p::skip_written::<Self, #self_ty, __A>(&mut __entries, &__name, __cx, __at)?
                    }
                }
            });
            let deny = quote!(__leftovers.deny(#denies, __cx, __at, |__names| { #names }););
            quote! {
                let mut __leftovers = __p::Leftovers::default();
                while let __p::Some(__field) =
                    __p::next_field_or_name::<Self, #self_ty, __A>(&mut __entries, __cx, __at, #denies)?
                {
                    match __field {
                        #(__p::Ok #arms)*
                        __p::Ok(_) => ::core::unreachable!(),
                        #only_written
                        __p::Err(__name) => __p::keep_value(&mut __entries, __name, &mut __leftovers, __cx)?,
                    }
                }
                #(#flat)*
                #deny
            }
        } else {
            quote! {
                while let __p::Some(__field) = __p::next_field::<Self, #self_ty, __A>(&mut __entries, __cx, __at)? {
                    match __field {
                        #(__p::Some #arms)*
                        _ => __p::skip_value(&mut __entries)?,
                    }
                }
            }
        };
        let written = self.only_written();
        let only_writes = (!written.is_empty()).then(|| {
            quote! {
                fn only_writes(__name: &str) -> bool {
                    ::core::matches!(__name, #(#written)|*)
                }
            }
        });
        let (finish, fields) = (self.finish(), self.names());
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::Object<#self_ty> for #marker #where_clause {
                const DENY_UNKNOWN: bool = #deny_unknown;
                const FLATTENS: bool = #flattens;
                const NAMES: &'static [&'static str] = &[#(#known),*];
                const FIELDS: &'static [__p::FieldName] = #fields;

                fn find(__name: &str) -> __p::Option<usize> {
                    match __name {
                        #(#find)*
                        _ => __p::None,
                    }
                }

                #only_writes

                fn read_entries<'__de, __A: __p::MapAccess<'__de>>(
                    mut __entries: __A,
                    __cx: &mut __p::Context<'_>,
                    __at: &__p::At<'_>,
                ) -> __p::Result<__p::Option<#self_ty>, __A::Error> {
                    #(#slots)*
                    #entries
                    #finish
                }
            }
        }
    }

    /// The names that a dump writes on the level and a load does not look at: its dump-only fields, those that have
    /// another name for writing, and the tag of a struct.
    fn only_written(&self) -> Vec<TokenStream> {
        let tag = match (self.cx.model.serde.attrs.tag(), &self.cx.model.shape) {
            (TagType::Internal { tag }, Shape::Struct(_)) => Some(tag.to_token_stream()),
            _ => None,
        };
        let fields = self.fields().filter(|field| {
            let attrs = &field.field.serde.attrs;
            let is_read = !attrs.skip_deserializing() && attrs.aliases().contains(attrs.name().serialize_name());
            !is_read && !attrs.skip_serializing() && !attrs.flatten()
        });
        let fields = fields.map(|field| field.field.serde.attrs.name().serialize_name().to_token_stream());
        tag.into_iter().chain(fields).collect()
    }

    fn elements(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let (impl_generics, _, where_clause) = self.cx.generics.split_for_impl();
        let length = self.fields().filter(|field| !field.is_skipped()).count();
        // As serde, a reader takes a list that ends before the fields with a default.
        let has_default = |field: &ExpandField<'_>| !field.field.serde.attrs.default().is_none();
        let read: Vec<bool> =
            self.fields().filter(|field| !field.is_skipped()).map(|field| has_default(&field)).collect();
        let required = read.iter().rposition(|has_default| !has_default).map_or(0, |last| last + 1);
        let required = (required < length).then(|| quote!(const REQUIRED: usize = #required;));
        let slots = self.fields().map(|field| field.declare());
        let reads = self.fields().filter(|field| !field.is_skipped()).map(|field| field.read_element());
        let finish = self.finish();
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::Elements<#self_ty> for #marker #where_clause {
                const LENGTH: usize = #length;
                #required

                fn read_elements<'__de, __A: __p::SeqAccess<'__de>>(
                    __elements: &mut __A,
                    __cx: &mut __p::Context<'_>,
                    __at: &__p::At<'_>,
                ) -> __p::Result<__p::Option<#self_ty>, __A::Error> {
                    #(#slots)*
                    #(#reads)*
                    #finish
                }
            }
        }
    }

    /// Fills in what was not met, checks the rules over several fields, and builds the value.
    fn finish(&self) -> TokenStream {
        let fills = self.fields().map(|field| field.fill());
        let fills = match (self.is_object(), self.cx.model.serde.attrs.default()) {
            (true, default @ (Default::Default | Default::Path(_))) => {
                let self_ty = self.cx.self_ty();
                let slots = self.fields().map(|field| field.slot());
                let value = match default {
                    Default::Path(path) => quote!(#path()),
                    _ => quote!(<#self_ty as ::core::default::Default>::default()),
                };
                // Made only when it is needed, but then once for all, as serde does.
                quote! {
                    if #(::core::matches!(#slots, __p::Slot::Missing))||* {
                        let __container: #self_ty = #value;
                        #(#fills)*
                    }
                }
            }
            _ => quote!(#(#fills)*),
        };
        let slots: Vec<Ident> = self.fields().map(|field| field.slot()).collect();
        let across = rules::across_fields(self.level, |index| {
            let (slot, at) = (&slots[index], self.at(index));
            (quote!(&#slot), at)
        });
        let keys = self.check_keys();
        let keys = (!keys.is_empty()).then(|| {
            let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.slot());
            quote!({ #(let #flat = &#flat;)* #keys })
        });
        let constructor = &self.constructor;
        let members = self.fields().map(|field| {
            let (member, slot) = (&field.field.serde.member, field.slot());
            quote!(#member: #slot)
        });
        quote! {
            #fills
            #(let __p::Slot::Good(#slots) = #slots else { return __p::Ok(__p::None) };)*
            #across
            #keys
            __p::Ok(__p::Some(#constructor { #(#members),* }))
        }
    }

    /// Where the field stands, below `at`.
    fn at(&self, index: usize) -> TokenStream {
        let sensitive = self.level.fields[index].event.sensitive;
        if self.inner == Some(index) || self.level.fields[index].serde.attrs.flatten() {
            return if sensitive { quote!(__at.cover()) } else { quote!(*__at) };
        }
        if matches!(self.level.style, Style::Struct) {
            let names = self.names();
            quote!(__at.field(&#names[#index]))
        } else {
            let position = self.position(index);
            if sensitive { quote!(__at.secret_index(#position)) } else { quote!(__at.index(#position)) }
        }
    }

    /// The place of an unnamed field on the wire, where skipped ones are not counted.
    fn position(&self, index: usize) -> usize {
        self.fields().take(index).filter(|field| !field.is_skipped()).count()
    }

    /// The pattern that binds its fields by reference.
    pub(super) fn pattern(&self) -> TokenStream {
        let constructor = &self.constructor;
        let members = self.fields().map(|field| {
            let (member, slot) = (&field.field.serde.member, field.slot());
            quote!(#member: #slot)
        });
        quote!(#constructor { #(#members),* })
    }

    /// Checks the fields that [`pattern`](Self::pattern) binds. A type that is read as another may
    /// hold what is none of ours: there only fields with rules are looked at.
    pub(super) fn check(&self) -> TokenStream {
        let converted = self.cx.model.converted_from().is_some();
        let checks = self.fields().map(|field| {
            let (slot, at, ty) = (field.slot(), self.at(field.index), field.field.serde.ty);
            let rules = field.check_rules(&quote!(#slot));
            let nested = (field.field.is_ours() && !converted || field.field.rules.nested)
                .then(|| quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::check(#slot, __cx, __at);));
            let parts = field.check_parts(&quote!(#slot));
            let written = field.check_written(&quote!(#slot));
            (nested.is_some() || rules.is_some() || parts.is_some() || written.is_some())
                .then(|| quote!({ let __at = &#at; #nested #parts #rules #written }))
        });
        let keys = match self.inner() {
            Some(inner) => self.check_beside_tag(&inner, &inner.slot().into_token_stream()).unwrap_or_default(),
            None => self.check_keys(),
        };
        let across = rules::across_fields(self.level, |index| {
            let slot = format_ident!("__field_{index}");
            (quote!(#slot), self.at(index))
        });
        let slots = self.fields().map(|field| field.slot());
        quote!(#(let _ = #slots;)* #(#checks)* #keys #across)
    }
}

/// A field in generated code.
pub(super) struct ExpandField<'a> {
    level: &'a Expand<'a>,
    index: usize,
    field: &'a Field<'a>,
}

impl ExpandField<'_> {
    /// The variable that holds it while it is read, and its value afterwards.
    fn slot(&self) -> Ident {
        // At the type: errors about what the slot can hold show there.
        format_ident!("__field_{}", self.index, span = shown_at(self.field.serde.ty.span()))
    }

    /// The name of one of the field's generated items.
    fn item(&self, what: &str) -> Ident {
        format_ident!("__{what}_{}_{}", self.level.index, self.index)
    }

    /// The functions that check its rules and those of its parts.
    fn rule_fns(&self) -> TokenStream {
        let (cx, rules, ty) = (self.level.cx, &self.field.rules, self.field.serde.ty);
        let own = self.has_rules().then(|| rules::function(cx, &self.item("rules"), ty, &rules.own));
        let parts = rules::parts(ty);
        let part = |what: &str, index: usize, of: &[Rule]| {
            // What has rules for its parts but no such part in sight is told by the compiler.
            let ty = parts.get(index).copied().unwrap_or(ty);
            (!of.is_empty()).then(|| rules::function(cx, &self.item(what), ty, of))
        };
        let each = part("each", 0, &rules.each);
        let keys = part("keys", 0, &rules.keys);
        let values = part("values", 1, &rules.values);
        quote!(#own #each #keys #values)
    }

    /// The functions for the parts of a list, or of a map, as arguments.
    fn part_fns(&self) -> Option<(Ident, TokenStream)> {
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

    /// Checks the rules of its parts on `value`.
    fn check_parts(&self, value: &TokenStream) -> Option<TokenStream> {
        let (kind, functions) = self.part_fns()?;
        Some(quote!(__p::#kind::check_parts(#value, __cx, __at, #functions);))
    }

    fn rust_name(&self) -> String {
        match &self.field.serde.member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        }
    }

    fn at(&self) -> TokenStream {
        self.level.at(self.index)
    }

    /// Makes the place of a level that is one with this field sensitive, if the field is.
    fn cover(&self) -> Option<TokenStream> {
        self.field.event.sensitive.then(|| quote!(let __at = &__at.cover();))
    }

    fn is_skipped(&self) -> bool {
        matches!(self.field.reader(), Reader::Skipped)
    }

    fn is_flat(&self) -> bool {
        matches!(self.field.reader(), Reader::Flat)
    }

    fn has_rules(&self) -> bool {
        rules::any_own(self.field)
    }

    /// Calls the field's rules on `value`, in a scope that has `cx` and `at`.
    fn check_rules(&self, value: &TokenStream) -> Option<TokenStream> {
        let not_null = self.check_not_null(value);
        let rules = self.has_rules().then(|| {
            let (rules, turbofish) = (self.item("rules"), self.level.cx.turbofish());
            quote!(#rules #turbofish(#value, __cx, __at);)
        });
        (not_null.is_some() || rules.is_some()).then(|| quote!(#not_null #rules))
    }

    /// The function that writes it, if it is written and the function can be asked more than once for it: what one of
    /// the user's asks of a parameter is known to the type's `Serialize` alone.
    fn write(&self) -> Option<TokenStream> {
        let (attrs, ty) = (&self.field.serde.attrs, self.field.serde.ty);
        match attrs.serialize_with() {
            _ if attrs.skip_serializing() => None,
            Some(_) if mentions_params(self.level.cx.model, ty) => None,
            Some(path) => Some(quote_spanned!(shown_at(path.span())=> |__value, __names| #path(__value, __names))),
            None => Some(quote_spanned! {shown_at(ty.span())=>
                |__value, __names| <#ty as __p::serde::Serialize>::serialize(__value, __names)
            }),
        }
    }

    /// Whether a load would give it the entry `name`, if it is flattened.
    fn uses_name(&self) -> TokenStream {
        let (ty, slot) = (self.field.serde.ty, self.slot());
        quote!(<#ty as __p::FieldType>::uses_name(#slot, __name))
    }

    /// Puts `value` in its place.
    fn patch(&self, value: &TokenStream) -> TokenStream {
        let (ty, member) = (self.field.serde.ty, &self.field.serde.member);
        match self.foreign() {
            Some(foreign) => quote!(__p::replace_foreign::<#ty, #foreign>(&mut self.#member, #value, __cx, __at)),
            // With the type, so that one that is no field is told once.
            None => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::patch(&mut self.#member, #value, __cx, __at))
            }
        }
    }

    /// Refuses what a foreign type, or a function, would write though it could not be read.
    fn check_written(&self, value: &TokenStream) -> Option<TokenStream> {
        let (attrs, model) = (&self.field.serde.attrs, self.level.cx.model);
        if attrs.skip_serializing() || model.serde.attrs.type_into().is_some() {
            return None;
        }
        let ty = self.field.serde.ty;
        if let Some(path) = attrs.serialize_with() {
            // The function is called once more for it, which only a float is worth. What it asks of a parameter is
            // known to the type's `Serialize` alone.
            if !names_a_float(ty) || mentions_params(model, ty) {
                return None;
            }
            let check =
                quote_spanned!(shown_at(path.span())=> __p::check_finite(#path(#value, __p::Finite), __cx, __at););
            return Some(match attrs.skip_serializing_if() {
                Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#value) { #check }),
                None => check,
            });
        }
        matches!(self.field.reader(), Reader::Plain)
            .then(|| quote_spanned!(shown_at(ty.span())=> __p::check_plain::<#ty>(#value, __cx, __at);))
    }

    /// Checks a value that was not read: all the way down, and its own rules.
    fn check_all(&self, value: &TokenStream) -> TokenStream {
        let ty = self.field.serde.ty;
        let nested = self
            .field
            .is_ours()
            .then(|| quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::check(#value, __cx, __at);));
        let (parts, own, written) = (self.check_parts(value), self.check_rules(value), self.check_written(value));
        quote!(#nested #parts #own #written)
    }

    /// Refuses a null that would be written though it could not be read.
    fn check_not_null(&self, value: &TokenStream) -> Option<TokenStream> {
        let attrs = &self.field.serde.attrs;
        if self.field.event.not_null.is_none() || attrs.skip_serializing() || attrs.serialize_with().is_some() {
            return None;
        }
        let check = quote!(__p::not_null(#value, __cx, __at););
        Some(match attrs.skip_serializing_if() {
            Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#value) { #check }),
            None => check,
        })
    }

    fn declare(&self) -> TokenStream {
        let (slot, ty) = (self.slot(), self.field.serde.ty);
        quote_spanned!(shown_at(ty.span())=> let mut #slot: __p::Slot<#ty> = __p::Slot::Missing;)
    }

    /// The type that calls a reader that is not ours.
    fn foreign(&self) -> Option<TokenStream> {
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

    /// The type that calls the field's `deserialize_with`.
    fn reader_item(&self) -> Option<TokenStream> {
        let Reader::With(path) = self.field.reader() else { return None };
        let (name, ty, self_ty) = (self.item("Read"), self.field.serde.ty, self.level.cx.self_ty());
        let generics = &self.level.cx.generics;
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let call = quote_spanned!(shown_at(path.span())=> #path(__input));
        Some(quote! {
            struct #name #impl_generics (::core::marker::PhantomData<fn() -> #self_ty>) #where_clause;

            #[automatically_derived]
            impl #impl_generics __p::With<#ty> for #name #ty_generics #where_clause {
                fn call<'__de, __D: __p::Deserializer<'__de>>(__input: __D) -> __p::Result<#ty, __D::Error> {
                    #call
                }
            }
        })
    }

    /// Reads the field's value where nothing else stands, from `input`.
    fn read_alone(&self) -> TokenStream {
        let ty = self.field.serde.ty;
        if let Some(foreign) = self.foreign() {
            return quote_spanned!(shown_at(ty.span())=> __p::read_foreign::<#ty, #foreign, __D>(__input, __cx, __at));
        }
        match self.part_fns() {
            Some((kind, functions)) => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::#kind>::read_parts(__input, __cx, __at, #functions))
            }
            None => quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read(__input, __cx, __at)),
        }
    }

    /// The match arm that reads it from `entries`, without the constructor around its pattern.
    fn read_entry(&self) -> TokenStream {
        let (index, slot, at, ty) = (self.index, self.slot(), self.at(), self.field.serde.ty);
        let then = if let Some(foreign) = self.foreign() {
            let read =
                quote_spanned!(shown_at(ty.span())=> #slot.read_with::<#foreign, __A>(&mut __entries, __cx, __at)?);
            self.and_check_all(&read)
        } else {
            let functions = self.part_fns().map(|(kind, functions)| {
                let parts = if kind == "ListType" { quote!(__p::Each) } else { quote!(__p::Pairs) };
                quote!(#parts(#functions))
            });
            let read = match (functions, self.field.event.not_null.is_some()) {
                (None, false) => {
                    quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_slot(&mut #slot, &mut __entries, __cx, __at)?)
                }
                (None, true) => quote_spanned!(shown_at(ty.span())=> #slot.read_not_null(&mut __entries, __cx, __at)?),
                (Some(functions), not_null) => {
                    quote_spanned!(shown_at(ty.span())=> #slot.read_parts(&mut __entries, __cx, __at, #functions, #not_null)?)
                }
            };
            self.and_check(&read)
        };
        quote!((#index) => { let __at = &#at; #then })
    }

    /// Reads it from `elements`.
    fn read_element(&self) -> TokenStream {
        let (slot, at, ty) = (self.slot(), self.at(), self.field.serde.ty);
        let read = match self.foreign() {
            Some(foreign) => {
                quote_spanned!(shown_at(ty.span())=> #slot.read_element_with::<#foreign, __A>(__elements, __cx, __at)?)
            }
            None => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_element_slot(&mut #slot, __elements, __cx, __at)?)
            }
        };
        let then = self.and_check_all(&read);
        quote!({ let __at = &#at; #then })
    }

    /// Reads it from `leftovers`.
    fn read_flat(&self) -> TokenStream {
        let (slot, ty, cover) = (self.slot(), self.field.serde.ty, self.cover());
        let read = quote_spanned!(shown_at(ty.span())=> #slot.read_flat::<__A::Error>(&mut __leftovers, __cx, __at)?);
        let then = self.and_check_all(&read);
        quote!({ #cover #then })
    }

    /// Checks the rules on what `read`, of type `Option<&Type>`, gives.
    fn and_check(&self, read: &TokenStream) -> TokenStream {
        match self.check_rules(&quote!(__value)) {
            Some(check) => quote!(if let __p::Some(__value) = #read { #check }),
            None => quote!(#read;),
        }
    }

    /// As [`and_check`](Self::and_check), with the rules of the parts, which were not seen one by one.
    fn and_check_all(&self, read: &TokenStream) -> TokenStream {
        let value = quote!(__value);
        match (self.check_parts(&value), self.check_rules(&value)) {
            (None, None) => quote!(#read;),
            (parts, own) => quote!(if let __p::Some(__value) = #read { #parts #own }),
        }
    }

    fn default(&self) -> TokenStream {
        let ty = self.field.serde.ty;
        match self.field.serde.attrs.default() {
            Default::Path(path) => quote_spanned!(shown_at(path.span())=> #path()),
            _ => quote_spanned!(shown_at(ty.span())=> <#ty as ::core::default::Default>::default()),
        }
    }

    /// Fills it in if it was not met; `container` has the container's default.
    fn fill(&self) -> TokenStream {
        let (slot, at, ty) = (self.slot(), self.at(), self.field.serde.ty);
        let attrs = &self.field.serde.attrs;
        let member = &self.field.serde.member;
        let of_container = self.level.is_object() && !self.level.cx.model.serde.attrs.default().is_none();
        let fill = match (attrs.default(), self.field.reader()) {
            (Default::None, Reader::Skipped) if of_container => quote!(#slot.or_skipped(__cx, || __container.#member)),
            (_, Reader::Skipped) => {
                let default = self.default();
                quote!(#slot.or_skipped(__cx, || #default))
            }
            (Default::None, _) if of_container => quote!(#slot.or_default(__cx, || __container.#member)),
            (Default::Default | Default::Path(_), _) => {
                let default = self.default();
                quote!(#slot.or_default(__cx, || #default))
            }
            // What is missing at the end of a list is told by its length.
            (Default::None, _) if !self.level.is_object() => return TokenStream::new(),
            (Default::None, Reader::Flat) => return TokenStream::new(),
            (Default::None, Reader::Plain) => {
                quote_spanned!(shown_at(ty.span())=> #slot.or_foreign_missing(__cx, __at))
            }
            (Default::None, Reader::With(_)) => quote_spanned!(shown_at(ty.span())=> #slot.or_required(__cx, __at)),
            (Default::None, Reader::Ours) => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::fill_slot(&mut #slot, __cx, __at))
            }
        };
        let check = self.check_all(&quote!(__value));
        if check.is_empty() {
            return quote!({ let __at = &#at; let _ = __at; #fill; });
        }
        quote!({ let __at = &#at; if let __p::Some(__value) = #fill { #check } })
    }
}

/// What else the input may call what is called `name`, as a call on its `FieldName`.
pub(super) fn with_aliases(name: &Name, aliases: &BTreeSet<Name>) -> Option<TokenStream> {
    let aliases: Vec<_> = aliases.iter().filter(|alias| *alias != name).collect();
    (!aliases.is_empty()).then(|| quote!(.with_aliases(&[#(#aliases),*])))
}
