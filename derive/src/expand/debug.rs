//! `impl Debug` that masks the fields marked `#[event(sensitive)]`, as `#[event(debug)]` asks for.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Fields, GenericParam, Generics, Ident, Type, TypePath, parse_quote};

use super::cx::Cx;
use super::quoting::shown_at;

pub(super) fn expand(cx: &Cx<'_>) -> Option<TokenStream> {
    if cx.model.event.debug != Some(true) {
        return None;
    }
    let input = cx.model.input;
    let arms: Vec<TokenStream> = match &input.data {
        syn::Data::Struct(data) => vec![arm(&input.ident, &quote!(Self), &data.fields, &cx.sensitive(0))],
        syn::Data::Enum(data) => {
            let arm = |(index, variant): (usize, &syn::Variant)| {
                let name = &variant.ident;
                arm(name, &quote!(Self::#name), &variant.fields, &cx.sensitive(index))
            };
            data.variants.iter().enumerate().map(arm).collect()
        }
        syn::Data::Union(_) => return None,
    };
    let body = if arms.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) };
    let generics = bounded(&input.generics, &input.data);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #ident #ty_generics #where_clause {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
    })
}

/// Refuses another `Debug` of a type with sensitive fields: wherever it was derived, it would show them. That it is
/// there is seen by its trait alone, for a derive does not see the others beside it.
pub(super) fn is_masked(cx: &Cx<'_>) -> Option<TokenStream> {
    let fields = || cx.model.levels().into_iter().flat_map(|level| &level.fields);
    if cx.model.event.debug.is_some() || !fields().any(|field| field.event.sensitive) {
        return None;
    }
    let input = cx.model.input;
    let generics = bounded(&input.generics, &input.data);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (self_ty, span) = (cx.self_ty(), shown_at(input.ident.span()));
    let of = quote_spanned!(span=> __p::DebugOf::<#self_ty>::IS);
    let call = quote_spanned!(span=> __p::shows_nothing(#of));
    Some(quote! {
        fn __debug_is_masked #impl_generics () #where_clause {
            #[allow(unused_imports)]
            use __p::NoDebug as _;
            #call
        }
    })
}

fn arm(name: &Ident, constructor: &TokenStream, fields: &Fields, sensitive: &[bool]) -> TokenStream {
    let name = name.unraw().to_string();
    let bindings: Vec<Ident> = (0..fields.len()).map(|index| format_ident!("__field_{index}")).collect();
    let members =
        fields.members().zip(&bindings).zip(sensitive).map(|((member, binding), sensitive)| {
            if *sensitive { quote!(#member: _) } else { quote!(#member: #binding) }
        });
    let values = bindings
        .iter()
        .zip(sensitive)
        .map(|(binding, sensitive)| if *sensitive { quote!(&::core::format_args!("***")) } else { quote!(#binding) });
    let debug = match fields {
        Fields::Named(fields) => {
            let names = fields.named.iter().map(|field| field.ident.as_ref().map(|ident| ident.unraw().to_string()));
            quote!(__f.debug_struct(#name) #(.field(#names, #values))* .finish())
        }
        Fields::Unnamed(_) => quote!(__f.debug_tuple(#name) #(.field(#values))* .finish()),
        Fields::Unit => quote!(__f.write_str(#name)),
    };
    quote!(#constructor { #(#members),* } => #debug,)
}

/// The bounds that the standard derive gives: `Debug` of each parameter, and of each associated
/// type that a field mentions.
fn bounded(generics: &Generics, data: &syn::Data) -> Generics {
    let mut bounded = generics.clone();
    let params: Vec<&Ident> = generics.type_params().map(|param| &param.ident).collect();
    let mut projections = Projections { params: &params, found: Vec::new() };
    projections.visit_data(data);
    for param in &mut bounded.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(::core::fmt::Debug));
        }
    }
    if !projections.found.is_empty() {
        let clause = bounded.make_where_clause();
        for ty in projections.found {
            clause.predicates.push(parse_quote!(#ty: ::core::fmt::Debug));
        }
    }
    bounded
}

/// Types such as `T::Item`, each once.
struct Projections<'a> {
    params: &'a [&'a Ident],
    found: Vec<&'a TypePath>,
}

impl<'a> Visit<'a> for Projections<'a> {
    fn visit_type(&mut self, ty: &'a Type) {
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && path.path.segments.len() > 1
            && path.path.segments.first().is_some_and(|first| self.params.contains(&&first.ident))
        {
            let text = path.to_token_stream().to_string();
            if self.found.iter().all(|known| known.to_token_stream().to_string() != text) {
                self.found.push(path);
            }
        }
        visit::visit_type(self, ty);
    }
}
