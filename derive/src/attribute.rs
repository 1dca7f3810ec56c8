//! `#[event_schema::event(...)]`: the short form, for a crate that depends on `event-schema` only.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Meta, Path, Token, parse_quote};

use crate::types::head;

/// The derives that the attribute adds itself.
const OURS: &[&str] = &["Serialize", "EventSchema"];

pub(crate) fn expand(args: &TokenStream, mut input: DeriveInput) -> syn::Result<TokenStream> {
    if let Data::Union(data) = &input.data {
        return Err(syn::Error::new_spanned(
            data.union_token,
            "a union cannot be an event: its active field is not known",
        ));
    }
    let twice = below(&input).map(|attr| {
        syn::Error::new_spanned(attr, "this attribute is written twice: merge the two lists").to_compile_error()
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
    if !args.is_empty() {
        attrs.insert(0, parse_quote!(#[event(#args)]));
    }
    input.attrs = attrs;
    // Ours in its place, which masks.
    if has_sensitive_fields(&input.data) && derives.iter().any(is_debug) && !crate::attr::keeps_debug(&input) {
        derives.retain(|path| !is_debug(path));
        if !crate::attr::asks_for_debug(&input) {
            input.attrs.push(parse_quote!(#[event(debug)]));
        }
    }
    if crate::attr::holds_events(&input)
        && matches!(input.data, Data::Enum(_))
        && !names(&input.attrs, "serde", "untagged")
    {
        input.attrs.push(parse_quote!(#[serde(untagged)]));
    }
    let keeps_validate = crate::attr::keeps_validate(&input);
    let keeps_json_schema = crate::attr::keeps_json_schema(&input);
    derives.retain(|path| {
        !(is_one_of(path, OURS)
            || !keeps_validate && is_one_of(path, &["Validate"])
            || !keeps_json_schema && is_one_of(path, &["JsonSchema"]))
    });

    let derived_serialize = format_ident!("{}", crate::attr::DERIVED_SERIALIZE);
    input.attrs.push(parse_quote!(#[event(#derived_serialize)]));
    let krate = crate::attr::crate_path(&input);
    leave_out_nulls(&mut input.data, &krate);
    let quoted = |path: &str| format!("{}::{path}", krate.to_token_stream().to_string().replace(' ', ""));
    let serde = quoted("serde");
    let serde_crate = (!names(&input.attrs, "serde", "crate")).then(|| quote!(#[serde(crate = #serde)]));
    Ok(quote! {
        #twice
        #[derive(#krate::serde::Serialize, #krate::EventSchema #(, #derives)*)]
        #serde_crate
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
    let fields: Vec<&Fields> = match data {
        Data::Struct(data) => vec![&data.fields],
        Data::Enum(data) => data.variants.iter().map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let attrs = fields.into_iter().flatten().flat_map(|field| &field.attrs);
    let ours = attrs.filter(|attr| attr.path().is_ident("event") || attr.path().is_ident("cfg_attr"));
    ours.into_iter().any(|attr| mentions(attr.meta.to_token_stream(), &|word| word == "sensitive"))
}

/// A field that may be missing but never null is omitted while it is null, unless its field says when to omit it.
fn leave_out_nulls(data: &mut Data, krate: &Path) {
    let is_null = format!("{}::__private::is_null", krate.to_token_stream()).replace(' ', "");
    for field in fields_of(data).filter(|field| field.ident.is_some()) {
        let says = |attr, word: &str| says(field, attr, &|ident| ident.starts_with(word));
        let Some((name, _)) = head(&field.ty) else { continue };
        let optional = name == "Option" || name == "Value" && says("serde", "default");
        let ours = !says("event", "plain") && !says("serde", "with") && !says("serde", "deserialize_with");
        if optional && ours && says("event", "not_null") && !says("serde", "skip") {
            field.attrs.push(parse_quote!(#[serde(skip_serializing_if = #is_null)]));
        }
    }
}

fn fields_of(data: &mut Data) -> impl Iterator<Item = &mut Field> {
    let fields: Vec<&mut Fields> = match data {
        Data::Struct(data) => vec![&mut data.fields],
        Data::Enum(data) => data.variants.iter_mut().map(|variant| &mut variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    fields.into_iter().flatten()
}

/// Whether the field's attribute of this name mentions a word that is looked for.
fn says(field: &Field, attr: &str, wanted: &dyn Fn(&str) -> bool) -> bool {
    let attrs = field.attrs.iter().filter(|one| one.path().is_ident(attr) || one.path().is_ident("cfg_attr"));
    attrs.into_iter().any(|attr| mentions(attr.meta.to_token_stream(), wanted))
}

/// Whether a word among the tokens is one that is looked for.
fn mentions(tokens: TokenStream, wanted: &dyn Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => wanted(&ident.to_string()),
        TokenTree::Group(group) => mentions(group.stream(), wanted),
        _ => false,
    })
}

/// Whether the user says this word, such as `crate`, to the macro already.
fn names(attrs: &[Attribute], macro_name: &str, word: &str) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident(macro_name)).any(|attr| {
        attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|list| list.iter().any(|meta| meta.path().is_ident(word)))
    })
}
