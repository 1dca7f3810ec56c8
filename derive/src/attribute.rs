//! `#[event_schema::event(...)]`: the short form, for a crate that depends on `event-schema` only.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Meta, Path, Token, parse_quote};

/// The derives that the attribute adds itself, and validator's, in whose place our derive stands.
const OURS: &[&str] = &["Serialize", "JsonSchema", "EventSchema", "Validate"];

pub(crate) fn expand(args: TokenStream, mut input: DeriveInput) -> syn::Result<TokenStream> {
    if let Data::Union(data) = &input.data {
        return Err(syn::Error::new_spanned(
            data.union_token,
            "a union cannot be an event: nothing tells which field it holds",
        ));
    }
    let mut derives: Vec<Path> = Vec::new();
    let mut attrs: Vec<Attribute> = Vec::new();
    for attr in std::mem::take(&mut input.attrs) {
        if attr.path().is_ident("derive") {
            let listed = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?;
            derives.extend(listed.into_iter().filter(|path| !is_ours(path)));
        } else {
            attrs.push(attr);
        }
    }
    if !args.is_empty() {
        attrs.insert(0, parse_quote!(#[event(#args)]));
    }
    input.attrs = attrs;

    let krate = crate::attr::crate_path(&input);
    let quoted = |path: &str| format!("{}::{path}", krate.to_token_stream().to_string().replace(' ', ""));
    let (serde, schemars) = (quoted("serde"), quoted("schemars"));
    let serde_crate = (!names_crate(&input.attrs, "serde")).then(|| quote!(#[serde(crate = #serde)]));
    let schemars_crate = (!names_crate(&input.attrs, "schemars")).then(|| quote!(#[schemars(crate = #schemars)]));
    Ok(quote! {
        #[derive(#krate::serde::Serialize, #krate::schemars::JsonSchema, #krate::EventSchema #(, #derives)*)]
        #serde_crate
        #schemars_crate
        #input
    })
}

fn is_ours(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| OURS.iter().any(|name| last.ident == name))
}

/// Whether the user says `crate = "..."` to the macro already.
fn names_crate(attrs: &[Attribute], macro_name: &str) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident(macro_name)).any(|attr| {
        attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|list| list.iter().any(|meta| meta.path().is_ident("crate")))
    })
}
