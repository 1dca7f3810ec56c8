//! `impl FieldType`: how the type is read, with its rules and hooks, checked and described.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::TagType;
use syn::Path;
use syn::spanned::Spanned;

use super::cx::Cx;
use super::quoting::shown_at;
use super::{hidden, level, rules, shape};
use crate::model::{Level, Reader, Shape};
use crate::types::{is_known, is_same};

/// The methods of a flattened type that differ from the defaults.
#[derive(Default)]
pub(super) struct Flat {
    /// `Option<&'static str>` from `name`.
    pub(super) field_name: Option<TokenStream>,
    /// `bool` from `self` and `name`.
    pub(super) uses_name: Option<TokenStream>,
    /// Whether it takes all of it, at the level `__N`.
    pub(super) takes_all: Option<TokenStream>,
    /// `bool` from `self` and `alone`.
    pub(super) closes: Option<TokenStream>,
    /// Statements over `self` and `rest`.
    pub(super) patch: Option<TokenStream>,
}

impl Flat {
    fn items(&self) -> TokenStream {
        let field_name = self.field_name.as_ref().map(|body| {
            quote! {
                fn field_name(__name: &str) -> __p::Option<&'static str> {
                    #body
                }
            }
        });
        let uses_name = self.uses_name.as_ref().map(|body| {
            quote! {
                fn uses_name(&self, __name: &str) -> bool {
                    #body
                }
            }
        });
        let takes_all = self.takes_all.as_ref().map(|body| {
            quote! {
                fn takes_all<__N>() -> bool {
                    #body
                }
            }
        });
        let closes = self.closes.as_ref().map(|body| {
            quote! {
                fn closes(&self, __alone: bool) -> bool {
                    #body
                }
            }
        });
        let patch = self.patch.as_ref().map(|body| {
            quote! {
                fn patch_flat(
                    &mut self,
                    __rest: &mut __p::PartEntries,
                    __cx: &mut __p::Context<'_>,
                    __at: &__p::At<'_>,
                ) {
                    #body
                }
            }
        });
        quote!(#field_name #uses_name #takes_all #closes #patch)
    }
}

/// The bodies of `impl FieldType`, and the items they use.
pub(super) struct Body {
    pub(super) items: TokenStream,
    /// `Result<Option<Self>, E>` from `input`, without the rules of the whole.
    pub(super) read: TokenStream,
    /// The same from `leftovers`, where it is not the default.
    pub(super) read_flat: Option<TokenStream>,
    /// `Result<(), Malformed>` from `datum` to `put`, without rules, where it is not the default.
    pub(super) read_datum: Option<TokenStream>,
    /// The type that is read from the key of a map, and what makes `Option<Self>` of it, `inner`.
    pub(super) read_key: Option<(TokenStream, TokenStream)>,
    /// Statements over `this`, the value.
    pub(super) check: TokenStream,
    /// The entries that a load would give it from the level on which it is flattened.
    pub(super) flat: Flat,
    /// The methods that put a part into it, where they are not the default.
    pub(super) patch: Option<TokenStream>,
    /// Statements over `names`, what the fields are called on the wire.
    pub(super) flat_names: TokenStream,
    /// Whether it is sensitive as the key of a map, where it may be.
    pub(super) is_sensitive: Option<TokenStream>,
    /// Whether `self` is null on the wire, where it can be.
    pub(super) is_null: Option<TokenStream>,
    /// The single field's type that the type is on the wire, if it is as one with it.
    pub(super) same_as: Option<TokenStream>,
}

/// The method that gives a value without findings to the `post_load` hook.
fn complete(hook: &Path) -> TokenStream {
    let hook = quote_spanned!(shown_at(hook.span())=> #hook(self));
    quote! {
        fn complete(self, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) -> __p::Option<Self> {
            match __p::HookResult::<Self>::into_result(#hook) {
                __p::Ok(__value) => {
                    // The hook's result must satisfy the rules as well.
                    __p::FieldType::check(&__value, __cx, __at);
                    __p::Some(__value)
                }
                __p::Err(__error) => {
                    __p::broken_schema::<Self>(__cx, __at, __error, __p::None, __p::None);
                    __p::None
                }
            }
        }
    }
}

/// The method that gives an input to the `pre_load` hook.
fn prepare(hook: &Path) -> TokenStream {
    let hook = quote_spanned!(shown_at(hook.span())=> #hook(__value));
    quote! {
        fn prepare(__value: __p::Value, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) -> __p::Option<__p::Value> {
            match __p::HookResult::<__p::Value>::into_result(#hook) {
                __p::Ok(__value) => __p::Some(__value),
                __p::Err(__error) => {
                    __p::broken_schema::<Self>(__cx, __at, __error, __p::None, __p::None);
                    __p::None
                }
            }
        }
    }
}

/// The reader behind a `pre_load` hook, as a function of its own, and the body that calls both.
fn pre_load(cx: &Cx<'_>, read: &TokenStream) -> (Option<TokenStream>, TokenStream) {
    let self_ty = cx.self_ty();
    let mut generics = cx.generics.clone();
    generics.params.insert(0, syn::parse_quote!('__de));
    generics.params.push(syn::parse_quote!(__D: __p::Deserializer<'__de>));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    // Rules and hooks speak of the type as `Self`; in a function its name stands for that.
    let read = cx.without_self(read.clone());
    let function = quote! {
        fn __read_prepared #impl_generics (
            __input: __D,
            __cx: &mut __p::Context<'_>,
            __at: &__p::At<'_>,
        ) -> __p::Result<__p::Option<#self_ty>, __D::Error> #where_clause {
            #read
        }
    };
    let body = quote! {
        let __value = __p::read_value(__input, __cx, __at)?;
        match __p::prepared::<Self>(__value, __cx, __at) {
            __p::Some(__value) => __p::read_prepared(__value, __cx, __at, |__value, __cx| __read_prepared(__value, __cx, __at)),
            __p::None => __p::Ok(__p::None),
        }
    };
    (Some(function), body)
}

/// The method that reads a map's key, `key` of `inner`. A `pre_load` hook wants a value: it gets the text by the default.
fn read_key(inner: &TokenStream, key: &TokenStream) -> TokenStream {
    quote! {
        fn read_key(
            __text: &mut __p::Option<::std::string::String>,
            __cx: &mut __p::Context<'_>,
            __map: &__p::At<'_>,
        ) -> __p::Option<Self> {
            __p::read_newtype_key::<#inner, Self>(__text, __cx, __map, |__inner, __cx, __at| #key)
        }
    }
}

/// The method that reads a valid Avro datum.
fn read_datum(read: &TokenStream) -> TokenStream {
    quote! {
        __p::avro_items! {
            const IS_DIRECT: bool = true;

            fn read_datum(
                __datum: __p::Datum<'_, '_>,
                __cx: &mut __p::Context<'_>,
                __put: &mut impl __p::Put<Self>,
            ) -> __p::Result<(), __p::Malformed> {
                #read
            }
        }
    }
}

/// The items of the impl that most types take from the trait.
fn optional_items(cx: &Cx<'_>, body: &Body) -> TokenStream {
    let Body { flat_names, is_sensitive, is_null, same_as, .. } = body;
    let sensitive = is_sensitive.as_ref().map(|sensitive| quote!(const SENSITIVE: bool = #sensitive;));
    let missing = same_as.as_ref().map(|missing| {
        quote! {
            fn missing(__cx: &mut __p::Context<'_>, __at: &__p::At<'_>) -> __p::Option<Self> {
                #missing
            }
        }
    });
    let is_null = is_null.as_ref().map(|is_null| {
        quote! {
            fn is_null(&self) -> bool {
                #is_null
            }
        }
    });
    let flat_names = (!flat_names.is_empty()).then(|| {
        quote! {
            fn flat_names(__names: &mut ::std::vec::Vec<&'static [&'static str]>) {
                #flat_names
            }
        }
    });
    let flat = body.flat.items();
    // A hook runs where the tolerant reader calls it.
    let has_hook = cx.model.event.pre_load.is_some() || cx.model.event.post_load.is_some();
    let read_datum = body.read_datum.as_ref().filter(|_| !has_hook).map(read_datum);
    let write_datum = level::write_datum(cx);
    quote!(#sensitive #missing #is_null #flat_names #flat #read_datum #write_datum)
}

/// Statements for the methods of which every verb calls one: they do not compile for a type that is flattened into itself.
fn ends(cx: &Cx<'_>) -> TokenStream {
    cx.model.levels().into_iter().filter_map(|level| level::Expand::new(cx, level, 0, quote!(Self)).ends()).collect()
}

/// The method that masks it as a map's key where a type that it may be on the wire would be masked.
fn masks_key(cx: &Cx<'_>) -> Option<TokenStream> {
    let model = cx.model;
    let inner = |level: &'_ Level<'_>| {
        let field = &level.fields[level.inner(model.serde.attrs.transparent())?];
        matches!(field.reader(), Reader::Ours).then(|| field.serde.ty.clone())
    };
    let types = match (model.converted_from(), &model.shape) {
        (Some((wire, _)), _) => vec![wire.clone()],
        (None, Shape::Struct(level)) => inner(level).into_iter().collect(),
        (None, Shape::Enum(variants)) if matches!(model.serde.attrs.tag(), TagType::None) => {
            let read = variants.iter().filter(|variant| !variant.attrs.skip_deserializing());
            let types = read.filter_map(|variant| inner(&variant.level));
            // A type that holds itself would ask itself for ever.
            types.filter(|ty| !shape::mentions(ty, &model.input.ident)).collect()
        }
        (None, Shape::Enum(_)) => Vec::new(),
    };
    let types: Vec<_> = types.into_iter().filter(|ty| !is_known(ty)).collect();
    let into = model.serde.attrs.type_into().filter(|into| !is_known(into));
    // The type that it is converted to may not be a field's type, and cannot be asked.
    let is_masked = into.is_some_and(|into| !types.iter().any(|ty| is_same(ty, into)));
    let masked = if is_masked {
        quote!(true)
    } else {
        quote!(Self::SENSITIVE || __levels == 0 #(|| <#types as __p::FieldType>::masks_key(__levels - 1))*)
    };
    (is_masked || !types.is_empty()).then(|| {
        quote! {
            fn masks_key(__levels: u8) -> bool {
                #masked
            }
        }
    })
}

/// The method that tells rules of the whole and hooks the fields that they may name.
fn fields(cx: &Cx<'_>) -> Option<TokenStream> {
    let is_tagged_around = matches!(cx.model.serde.attrs.tag(), TagType::External | TagType::Adjacent { .. });
    if matches!(cx.model.shape, Shape::Enum(_)) && is_tagged_around {
        return None;
    }
    let levels = cx.model.levels().into_iter().enumerate();
    let lists = levels.filter(|(_, level)| matches!(level.style, Style::Struct)).map(|(index, _)| level::names(index));
    let lists: Vec<_> = lists.collect();
    (!lists.is_empty()).then(|| {
        quote! {
            fn fields() -> &'static [&'static [__p::FieldName]] {
                &[#(#lists),*]
            }
        }
    })
}

pub(super) fn expand(cx: &Cx<'_>, body: &Body) -> TokenStream {
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let Body { items, read, read_flat, check, .. } = body;

    let whole = rules::of_whole(cx);
    let (whole_fn, call_whole) = match &whole {
        Some(whole) => {
            let turbofish = cx.turbofish();
            (Some(whole), Some(quote!(__whole #turbofish)))
        }
        None => (None, None),
    };
    let call_whole_on_value = call_whole.as_ref().map(|whole| quote!(#whole(__value, __cx, __at, __before);));
    let complete = cx.model.event.post_load.as_ref().map(complete);
    let prepare = cx.model.event.pre_load.as_ref().map(prepare);
    // Applies the rules of the whole and the hook to `read`, an option of a value.
    let judged = |read: &TokenStream| {
        let complete = complete.as_ref().map(|_| {
            quote! {
                let __value = match __value {
                    __p::Some(__value) if __cx.found() == __before => <Self as __p::FieldType>::complete(__value, __cx, __at),
                    __value => __value,
                };
            }
        });
        quote! {{
            let __before = __cx.found();
            let __value: __p::Option<Self> = #read;
            if let __p::Some(__value) = &__value {
                #call_whole_on_value
            }
            #complete
            __value
        }}
    };
    let with_whole = |read: &TokenStream| {
        if call_whole.is_none() && complete.is_none() {
            return read.clone();
        }
        let judged = judged(&quote!({ #read }?));
        quote!(__p::Ok(#judged))
    };
    let (pre_load, read_body) = match &cx.model.event.pre_load {
        Some(_) => pre_load(cx, &with_whole(read)),
        None => (None, with_whole(read)),
    };
    let read_key = body.read_key.as_ref().filter(|_| prepare.is_none());
    let read_key = read_key.map(|(inner, read)| self::read_key(inner, &judged(read)));
    let patch = &body.patch;
    // A hook wants to see all of an object: the default gives it what the outer level left.
    let read_flat = read_flat.as_ref().filter(|_| cx.model.event.pre_load.is_none()).map(|read| {
        let read = with_whole(read);
        quote! {
            fn read_flat<__E: __p::Error>(
                __leftovers: &mut __p::Leftovers<'_>,
                __cx: &mut __p::Context<'_>,
                __at: &__p::At<'_>,
            ) -> __p::Result<__p::Option<Self>, __E> {
                #read
            }
        }
    });
    let before = call_whole.as_ref().map(|_| quote!(let __before = __cx.found();));
    let check_whole = call_whole.as_ref().map(|whole| quote!(#whole(self, __cx, __at, __before);));
    let optional = optional_items(cx, body);
    let (fields, hidden, masks_key, ends) = (fields(cx), hidden::expand(cx), masks_key(cx), ends(cx));
    let (shape, defined) = shape::expand(cx);

    quote! {
        #items
        #whole_fn
        #pre_load
        #defined

        #[automatically_derived]
        impl #impl_generics __p::FieldType for #self_ty #where_clause {
            fn read<'__de, __D: __p::Deserializer<'__de>>(
                __input: __D,
                __cx: &mut __p::Context<'_>,
                __at: &__p::At<'_>,
            ) -> __p::Result<__p::Option<Self>, __D::Error> {
                #read_body
            }

            #read_flat
            #read_key
            #prepare
            #complete
            #patch
            #optional
            #hidden
            #masks_key
            #fields

            fn check(&self, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) {
                #ends
                #before
                let __this = self;
                #check
                #check_whole
            }

            fn shape() -> __p::Shape {
                #ends
                #shape
            }
        }
    }
}
