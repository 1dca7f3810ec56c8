//! `#[event_schema::event(...)]`: the short form, for a crate that depends on `event-schema` only.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, Meta, Path, Token, parse_quote};

/// The derives that the attribute adds itself.
const OURS: &[&str] = &["Serialize", "JsonSchema", "EventSchema"];

pub(crate) fn expand(args: &TokenStream, mut input: DeriveInput) -> syn::Result<TokenStream> {
    if let Data::Union(data) = &input.data {
        return Err(syn::Error::new_spanned(
            data.union_token,
            "a union cannot be an event: nothing tells which field it holds",
        ));
    }
    let twice = below(&input).map(|attr| {
        syn::Error::new_spanned(attr, "this attribute stands above already: write one list").to_compile_error()
    });
    input.attrs.retain(|attr| !is_attribute_form(attr));

    let mut derives: Vec<Path> = Vec::new();
    let mut attrs: Vec<Attribute> = Vec::new();
    for attr in std::mem::take(&mut input.attrs) {
        if attr.path().is_ident("derive") {
            let listed = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?;
            derives.extend(listed);
        } else {
            attrs.push(attr);
        }
    }
    // Ours in its place, which masks.
    if has_sensitive_fields(&input.data) && derives.iter().any(is_debug) {
        derives.retain(|path| !is_debug(path));
        attrs.push(parse_quote!(#[event(debug)]));
    }
    if !args.is_empty() {
        attrs.insert(0, parse_quote!(#[event(#args)]));
    }
    input.attrs = attrs;
    if crate::attr::holds_events(&input)
        && matches!(input.data, Data::Enum(_))
        && !names(&input.attrs, "serde", "untagged")
    {
        input.attrs.push(parse_quote!(#[serde(untagged)]));
    }
    let keeps_validate = crate::attr::keeps_validate(&input);
    derives.retain(|path| !(is_one_of(path, OURS) || !keeps_validate && is_one_of(path, &["Validate"])));

    let krate = crate::attr::crate_path(&input);
    let quoted = |path: &str| format!("{}::{path}", krate.to_token_stream().to_string().replace(' ', ""));
    let (serde, schemars) = (quoted("serde"), quoted("schemars"));
    let serde_crate = (!names(&input.attrs, "serde", "crate")).then(|| quote!(#[serde(crate = #serde)]));
    let schemars_crate = (!names(&input.attrs, "schemars", "crate")).then(|| quote!(#[schemars(crate = #schemars)]));
    Ok(quote! {
        #twice
        #[derive(#krate::serde::Serialize, #krate::schemars::JsonSchema, #krate::EventSchema #(, #derives)*)]
        #serde_crate
        #schemars_crate
        #input
    })
}

/// The attribute form, not expanded yet, below what is being expanded: macros see it on the item.
pub(crate) fn below(input: &DeriveInput) -> Option<&Attribute> {
    input.attrs.iter().find(|attr| is_attribute_form(attr))
}

/// Tells `#[event_schema::event]` from the helper attribute `#[event]`.
fn is_attribute_form(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    segments.len() > 1 && segments.last().is_some_and(|last| last.ident == "event")
}

fn is_one_of(path: &Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

fn is_debug(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident == "Debug")
}

/// Whether a field is marked so, at least under some `cfg_attr`.
fn has_sensitive_fields(data: &Data) -> bool {
    fn says_sensitive(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "sensitive",
            TokenTree::Group(group) => says_sensitive(group.stream()),
            _ => false,
        })
    }
    let fields: Vec<&Fields> = match data {
        Data::Struct(data) => vec![&data.fields],
        Data::Enum(data) => data.variants.iter().map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let attrs = fields.into_iter().flatten().flat_map(|field| &field.attrs);
    let ours = attrs.filter(|attr| attr.path().is_ident("event") || attr.path().is_ident("cfg_attr"));
    ours.into_iter().any(|attr| says_sensitive(attr.meta.to_token_stream()))
}

/// Whether the user says this word, such as `crate`, to the macro already.
fn names(attrs: &[Attribute], macro_name: &str, word: &str) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident(macro_name)).any(|attr| {
        attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|list| list.iter().any(|meta| meta.path().is_ident(word)))
    })
}
