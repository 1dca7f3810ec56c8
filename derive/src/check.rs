//! Checks that need more than one attribute: names that must exist, and serde's attributes that the reader cannot
//! honour.

use std::collections::HashMap;

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use serde_derive_internals::Ctxt;
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::{Default, Identifier, TagType};
use serde_derive_internals::name::Name;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Attribute, DeriveInput, GenericParam, Ident, Meta, Path, Token};

use crate::attr::Topic;
use crate::meta::{list, suggestion};
use crate::model::{Field, Level, Model, Reader, Shape, Variant};
use crate::rule::RuleKind;
use crate::{expand, krate};

pub(crate) fn check(cx: &Ctxt, model: &Model<'_>) {
    check_order(cx, model);
    check_crate(cx, model);
    check_json_schema(cx, model);
    check_event(cx, model);
    check_container(cx, model);
    check_key(cx, model);
    check_types(cx, model);
    check_blamed(cx, model);
    check_recursion(cx, model);
    check_context(cx, model);
    for level in model.levels() {
        check_names(cx, level.fields.iter().filter_map(names_of));
        check_rest(cx, level);
        for field in &level.fields {
            check_field(cx, level, field);
            check_keys(cx, field);
            check_computed_default(cx, model, field);
            check_rules(cx, field, &level.fields);
        }
    }
    if let Shape::Enum(variants) = &model.shape {
        check_names(cx, variants.iter().filter(|variant| !variant.attrs.untagged()).map(names_of_variant));
        for variant in variants {
            check_variant(cx, variant);
            check_beside_tag(cx, model, variant);
            check_option_beside_tag(cx, model, variant);
        }
    }
}

/// A rule with a context needs to be told the context's type.
fn check_context(cx: &Ctxt, model: &Model<'_>) {
    if model.rules.context.is_some() {
        return;
    }
    let fields = model.levels().into_iter().flat_map(|level| &level.fields);
    let parts = fields.flat_map(|field| {
        let rules = &field.rules;
        [&rules.own, &rules.each, &rules.keys, &rules.values].into_iter().flatten()
    });
    let functions = parts.filter_map(|rule| match &rule.kind {
        RuleKind::Custom { function, use_context: true } => Some(function),
        _ => None,
    });
    let schemas = model.rules.schemas.iter().filter(|rule| rule.use_context).map(|rule| &rule.function);
    for function in functions.chain(schemas) {
        cx.error_spanned_by(
            function,
            "the type of the context is missing: write it above the type, `#[validate(context = Limits)]`",
        );
    }
}

/// The attribute form below our derive has not been expanded yet: it still stands on the item.
fn check_order(cx: &Ctxt, model: &Model<'_>) {
    if let Some(attr) = crate::attribute::below(model.input) {
        cx.error_spanned_by(
            attr,
            "this attribute adds the derives itself: put it above `#[derive(...)]`, or keep the derives and write \
             `#[event(...)]`",
        );
    }
}

/// The dependency goes by another name, which the type has to tell.
fn check_crate(cx: &Ctxt, model: &Model<'_>) {
    if model.event.krate.is_none()
        && let Some(name) = krate::other_name()
    {
        let message = format!("this crate's name for `event-schema` is `{name}`: add `#[event(crate = {name})]`");
        cx.syn_error(syn::Error::new(Span::call_site(), message));
    }
}

/// schemars' derive on a line below, where it can be seen; in our own list rustc finds two implementations.
fn check_json_schema(cx: &Ctxt, model: &Model<'_>) {
    if model.event.json_schema == Some(false) {
        return;
    }
    if let Some(path) = derived_json_schema(model.input) {
        cx.error_spanned_by(
            path,
            "`EventSchema` implements `JsonSchema` itself: remove this derive, or keep it with \
             `#[event(json_schema = false)]`",
        );
    }
}

/// schemars' derive among those that stand below ours.
pub(crate) fn derived_json_schema(input: &DeriveInput) -> Option<Path> {
    let lists = input.attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    let lists = lists.filter_map(|attr| attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok());
    lists.flatten().find(|path| path.segments.last().is_some_and(|last| last.ident == "JsonSchema"))
}

fn check_event(cx: &Ctxt, model: &Model<'_>) {
    let event = &model.event;
    if let Some(name) = &event.name {
        let name_text = name.value();
        if name_text.is_empty() || !name_text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        {
            cx.error_spanned_by(
                name,
                "the name of an event consists of ASCII letters, digits, `.`, `-` and `_`, because it names files and \
                 subjects",
            );
        }
    }
    if let Some((0, span)) = event.version {
        cx.syn_error(syn::Error::new(span, "versions count from 1"));
    }
    if let Some(Topic::Text(topic)) = &event.topic {
        let text = topic.value();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        // Kafka's own rule: org.apache.kafka.common.internals.Topic.
        if text.is_empty() || text.len() > 249 || matches!(text.as_str(), "." | "..") || !text.chars().all(legal) {
            cx.error_spanned_by(
                topic,
                "not a legal topic: 1 to 249 ASCII letters, digits, `.`, `-` and `_`, and neither `.` nor `..`",
            );
        }
    }
}

fn check_key(cx: &Ctxt, model: &Model<'_>) {
    let Some(key) = &model.event.key else { return };
    if model.event.types.is_some() {
        return;
    }
    match &model.shape {
        Shape::Struct(Level { style: Style::Struct, fields }) => {
            let names = rust_names(fields);
            if !names.iter().any(|name| key.field.unraw() == name.as_str()) {
                cx.error_spanned_by(&key.field, no_such_field(&key.field.unraw().to_string(), &names));
            }
        }
        _ => cx.error_spanned_by(&key.field, "`key` needs a struct with named fields"),
    }
}

/// An enum of events: a body is that of a variant's event, and nothing of the enum's own stands around it.
fn check_types(cx: &Ctxt, model: &Model<'_>) {
    let Some(span) = model.event.types else { return };
    let wrong = |message: &str| cx.syn_error(syn::Error::new(span, message));
    let Shape::Enum(variants) = &model.shape else {
        return wrong("`types` is for enums whose variants each hold an event");
    };
    if !matches!(model.serde.attrs.tag(), TagType::None) {
        wrong("with `types` the body is that of the variant's event, without a tag: add `#[serde(untagged)]`");
    }
    let event = &model.event;
    for (given, name) in [
        (event.version.is_some(), "version"),
        (event.previous.is_some(), "previous"),
        (event.refuse_newer.is_some(), "newer"),
        (event.key.is_some(), "key"),
        (event.pre_load.is_some(), "pre_load"),
        (event.post_load.is_some(), "post_load"),
        (event.pre_dump.is_some(), "pre_dump"),
        (event.post_dump.is_some(), "post_dump"),
        (!model.rules.schemas.is_empty(), "schema"),
        (model.converted_from().is_some(), "from"),
    ] {
        if given {
            wrong(&format!("an enum with `types` only selects an event: write `{name}` on their types"));
        }
    }
    if variants.is_empty() {
        wrong("`types` is for enums whose variants each hold an event");
    }
    for variant in variants {
        let one = matches!(variant.level.style, Style::Newtype) && variant.level.fields.iter().all(Field::is_ours);
        if !one || variant.attrs.skip_deserializing() || variant.attrs.skip_serializing() {
            cx.error_spanned_by(
                variant.original,
                format!("with `types` each variant must hold one event and nothing else: `{}(Event)`", variant.ident),
            );
        }
        let of_its_own =
            |field: &&Field<'_>| field.event.sensitive || !field.rules.own.is_empty() || field.rules.any_of_parts();
        for field in variant.level.fields.iter().filter(of_its_own) {
            cx.error_spanned_by(
                field.serde.original,
                "an enum with `types` only selects an event: write the rules, and `sensitive`, on the fields of \
                 this event's type",
            );
        }
    }
}

/// Refuses types that stand in their own place, where no tag or name tells them apart.
fn check_recursion(cx: &Ctxt, model: &Model<'_>) {
    let ident = &model.input.ident;
    if let (Shape::Enum(variants), TagType::Internal { tag }) = (&model.shape, model.serde.attrs.tag()) {
        for variant in variants.iter().filter(|variant| matches!(variant.level.style, Style::Newtype)) {
            for field in variant.level.fields.iter().filter(|field| is_itself(field.serde.ty, ident)) {
                cx.error_spanned_by(
                    field.serde.ty,
                    format!(
                        "the variant's fields are written next to its tag, and `{ident}` has a field `{tag}`, too: name \
                         the field, as in `{} {{ inner: ... }}`, or add `content = \"...\"` to the enum",
                        variant.ident
                    ),
                );
            }
        }
    }
    let has_own_place = matches!(model.shape, Shape::Enum(_))
        && matches!(model.serde.attrs.tag(), TagType::External | TagType::Adjacent { .. });
    let fields = model.levels().into_iter().flat_map(|level| &level.fields);
    let flat = fields.filter(|field| matches!(field.reader(), Reader::Flat) && !has_own_place);
    for field in flat.filter(|field| is_itself(field.serde.ty, ident)) {
        let message = format!(
            "puts the fields of `{ident}` among those of `{ident}`, where they cannot be distinguished: remove `flatten`, so \
             that the field has an object of its own"
        );
        refuse(cx, &field.serde.original.attrs, field.serde.original, &[(true, "flatten", &message)]);
    }
    let on_wire = |field: &&Field<'_>| {
        let attrs = &field.serde.attrs;
        field.schema.with.is_none() && !(attrs.skip_deserializing() && attrs.skip_serializing())
    };
    let mut fields = model.levels().into_iter().flat_map(|level| &level.fields).filter(on_wire);
    if model.schema.inline
        && model.schema.with.is_none()
        && fields.any(|field| expand::shape::mentions(field.serde.ty, ident))
    {
        let attrs = model.input.attrs.iter().filter(|attr| attr.path().is_ident("schemars"));
        if let Some(inline) = attrs.into_iter().find_map(|attr| word(attr, "inline")) {
            cx.error_spanned_by(
                inline,
                format!("`{ident}` contains itself, so its schema must be referenced by name: remove `inline`"),
            );
        }
    }
}

/// Whether a value of this type is one of `ident`, boxed or not, or nothing.
fn is_itself(ty: &syn::Type, ident: &Ident) -> bool {
    crate::types::head(ty).is_some_and(|(name, arguments)| match (name.as_str(), &arguments[..]) {
        ("Box" | "Rc" | "Arc" | "Option", [inner]) => is_itself(inner, ident),
        (name, _) => name == "Self" || ident.unraw() == name,
    })
}

/// Fields that rules of the whole blame.
fn check_blamed(cx: &Ctxt, model: &Model<'_>) {
    for field in model.rules.schemas.iter().filter_map(|rule| rule.field.as_ref()) {
        match &model.shape {
            Shape::Struct(Level { style: Style::Struct, fields }) => {
                let names = rust_names(fields);
                if !names.iter().any(|name| field.unraw() == name.as_str()) {
                    cx.error_spanned_by(field, no_such_field(&field.unraw().to_string(), &names));
                }
            }
            _ => cx.error_spanned_by(field, "`field` needs a struct with named fields"),
        }
    }
}

/// The names of a field or variant: in Rust, accepted, and written.
type Names<'a> = (&'a Ident, Vec<&'a Name>, Option<&'a Name>);

fn names_of<'a>(field: &'a Field<'_>) -> Option<Names<'a>> {
    let attrs = &field.serde.attrs;
    let ident = field.serde.original.ident.as_ref().filter(|_| !attrs.flatten())?;
    let accepted = if attrs.skip_deserializing() { Vec::new() } else { attrs.aliases().iter().collect() };
    Some((ident, accepted, (!attrs.skip_serializing()).then(|| attrs.name().serialize_name())))
}

fn names_of_variant<'a>(variant: &'a Variant<'_>) -> Names<'a> {
    let attrs = &variant.attrs;
    let accepted = if attrs.skip_deserializing() { Vec::new() } else { attrs.aliases().iter().collect() };
    (&variant.ident, accepted, (!attrs.skip_serializing()).then(|| attrs.name().serialize_name()))
}

/// Two of one name: only one of them could be read.
fn check_names<'a>(cx: &Ctxt, all: impl Iterator<Item = Names<'a>>) {
    let (mut read, mut written) = (HashMap::new(), HashMap::new());
    for (ident, accepted, write) in all {
        let mut owners = Vec::new();
        owners.extend(accepted.into_iter().map(|name| (name, *read.entry(&name.value).or_insert(ident))));
        owners.extend(write.map(|name| (name, *written.entry(&name.value).or_insert(ident))));
        if let Some((name, owner)) = owners.into_iter().find(|(_, owner)| *owner != ident) {
            let owner = owner.unraw();
            cx.error_spanned_by(
                name,
                format!("the name `{}` is already used by `{owner}`: rename one of them", name.value),
            );
        }
    }
}

/// A map takes what is left, and takes nothing away: what comes after it would be written twice.
fn check_rest(cx: &Ctxt, level: &Level<'_>) {
    let mut flat = level.fields.iter().filter(|field| matches!(field.reader(), Reader::Flat));
    let rest = flat.find(|field| {
        let head = crate::types::head(unwrapped(field.serde.ty));
        !field.serde.attrs.skip_serializing() && head.is_some_and(|(name, _)| is_map(&name))
    });
    if let (Some(rest), Some(next)) = (rest, flat.next()) {
        let name = next.serde.original.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
        cx.error_spanned_by(
            rest.serde.original,
            format!("a flattened map takes all entries that the fields before it leave, and `{name}` would be in it too: put it last"),
        );
    }
}

fn rust_names(fields: &[Field<'_>]) -> Vec<String> {
    fields.iter().filter_map(|field| Some(field.serde.original.ident.as_ref()?.unraw().to_string())).collect()
}

fn no_such_field(name: &str, names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match suggestion(name, &names) {
        Some(similar) => format!("no field `{name}`; did you mean `{similar}`?"),
        None if names.is_empty() => format!("no field `{name}`; the struct has none"),
        None if name == "self" => format!("name the field without `self.`; there are {}", list(&names)),
        None => format!("no field `{name}`; there are {}", list(&names)),
    }
}

fn check_container(cx: &Ctxt, model: &Model<'_>) {
    let attrs = &model.serde.attrs;
    let ident = &model.input.ident;
    let attributes = &model.input.attrs;
    let tagged = matches!(attrs.tag(), TagType::Internal { .. });
    let unsupported = [
        (attrs.remote().is_some(), "remote", "is not supported: define the event as a type of its own"),
        (
            matches!(attrs.identifier(), Identifier::Field),
            "field_identifier",
            "is not supported: it names another type's fields",
        ),
        (
            matches!(attrs.identifier(), Identifier::Variant),
            "variant_identifier",
            "is not supported: it names another type's variants",
        ),
        (
            matches!(model.shape, Shape::Struct(_)) && tagged && attrs.deny_unknown_fields(),
            "tag",
            "on a struct contradicts `deny_unknown_fields`: the tag is written, but cannot be read",
        ),
    ];
    refuse(cx, attributes, ident, &unsupported);
    for param in &model.input.generics.params {
        if let GenericParam::Lifetime(lifetime) = param {
            cx.error_spanned_by(
                lifetime,
                "an event must own its data, because it outlives the message that it was read from. Use `String`, \
                 `Vec<u8>` or `Box`",
            );
        }
    }
}

fn check_field(cx: &Ctxt, level: &Level<'_>, field: &Field<'_>) {
    let attrs = &field.serde.attrs;
    let original = field.serde.original;
    let mut borrows = Borrows(Vec::new());
    if !field.is_skipped() {
        borrows.visit_type(field.serde.ty);
    }
    for borrowed in borrows.0 {
        cx.error_spanned_by(
            borrowed,
            "an event must own its data, because it outlives the message that it was read from. Use an owned type such \
             as `String`",
        );
    }
    let skipped_newtype = matches!(level.style, Style::Newtype) && attrs.skip_deserializing();
    let unsupported = [
        (skipped_newtype, "skip", "on the only field of a newtype leaves nothing to read: make it a unit struct"),
        (
            attrs.flatten() && (field.event.plain || field.deserialize_with().is_some()),
            "flatten",
            "needs a type that derives `EventSchema`, or a map: several readers share the remaining fields",
        ),
    ];
    refuse(cx, &original.attrs, original, &unsupported);
    if matches!(field.reader(), Reader::Flat)
        && let Some(name) = no_object(field.serde.ty)
    {
        let message = format!("is for a struct, an enum or a map: {name} has no fields to flatten");
        refuse(cx, &original.attrs, original, &[(true, "flatten", &message)]);
    }
    check_form(cx, field);
}

/// An internally tagged variant stands beside its tag in one object: nothing else can be written or read there.
fn check_beside_tag(cx: &Ctxt, model: &Model<'_>, variant: &Variant<'_>) {
    let attrs = &model.serde.attrs;
    let TagType::Internal { tag } = attrs.tag() else { return };
    let is_another = model.converted_from().is_some() || attrs.type_into().is_some();
    let is_skipped = variant.attrs.skip_deserializing() && variant.attrs.skip_serializing();
    if is_another || is_skipped || !matches!(variant.level.style, Style::Newtype) {
        return;
    }
    for field in variant.level.fields.iter().filter(|field| matches!(field.reader(), Reader::Ours)) {
        if let Some(name) = no_object(field.serde.ty) {
            cx.error_spanned_by(
                field.serde.ty,
                format!(
                    "{name} cannot be written next to the tag `{tag}`: name the field, `{} {{ value: ... }}`, or give the data \
                     a place of their own, `#[serde(tag = \"{tag}\", content = \"value\")]`",
                    variant.ident
                ),
            );
        }
    }
}

/// The keys of a JSON object are texts.
fn check_keys(cx: &Ctxt, field: &Field<'_>) {
    if !matches!(field.reader(), Reader::Ours | Reader::Flat) {
        return;
    }
    let mut maps = Maps(Vec::new());
    maps.visit_type(field.serde.ty);
    for (key, name) in maps.0 {
        cx.error_spanned_by(
            key,
            format!(
                "{name} cannot be a map's key: the keys of a JSON object are strings. Use a list of pairs, \
                 `Vec<(Key, Value)>`, or a key type that is a string on the wire, by `#[serde(try_from = \
                 \"String\", into = \"String\")]`"
            ),
        );
    }
}

/// The keys of maps inside a type that are no text, and what they are.
struct Maps<'a>(Vec<(&'a syn::Type, String)>);

impl<'a> Visit<'a> for Maps<'a> {
    fn visit_type(&mut self, ty: &'a syn::Type) {
        if let Some((name, arguments)) = crate::types::head(ty)
            && is_map(&name)
            && let Some(key) = arguments.first()
        {
            self.0.extend(no_text(key).map(|name| (*key, name)));
        }
        syn::visit::visit_type(self, ty);
    }
}

/// The wire form of a standard type, if it is not an object.
fn no_object(ty: &syn::Type) -> Option<String> {
    let ty = unwrapped(ty);
    let name = crate::types::head(ty).map(|(name, _)| name);
    match name {
        Some(name) if is_leaf(&name) => Some(format!("`{name}`")),
        _ => list_name(ty),
    }
}

/// The wire form of a standard type, if it cannot be a key.
fn no_text(ty: &syn::Type) -> Option<String> {
    let ty = unwrapped(ty);
    match crate::types::head(ty) {
        Some((name, _)) if is_map(&name) => Some(format!("`{name}`")),
        _ => list_name(ty),
    }
}

fn list_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Tuple(tuple) if !tuple.elems.is_empty() => Some("a tuple".to_owned()),
        syn::Type::Array(_) => Some("an array".to_owned()),
        _ => crate::types::head(ty).map(|(name, _)| name).filter(|name| is_list(name)).map(|name| format!("`{name}`")),
    }
}

/// The type without what has no form of its own on the wire.
fn unwrapped(ty: &syn::Type) -> &syn::Type {
    let ty = serde_derive_internals::ungroup(ty);
    match crate::types::head(ty) {
        Some((name, arguments)) if matches!(name.as_str(), "Option" | "Box" | "Rc" | "Arc") => {
            arguments.first().map_or(ty, |inner| unwrapped(inner))
        }
        _ => ty,
    }
}

/// serde's `with` names functions: what they write has to be told.
fn check_form(cx: &Ctxt, field: &Field<'_>) {
    let attrs = &field.serde.attrs;
    if field.schema.with.is_some() || field.deserialize_with().is_none() || attrs.serialize_with().is_none() {
        return;
    }
    let serdes = field.serde.original.attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    let module = serdes.into_iter().find_map(|attr| {
        let list = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
        list.into_iter().find_map(|meta| match meta {
            Meta::NameValue(pair) if pair.path.is_ident("with") => Some(pair.value),
            _ => None,
        })
    });
    if let Some(module) = module {
        cx.error_spanned_by(
            module,
            "the contract does not know what the function reads and writes: add `#[schemars(with = \"String\")]`, \
             or the type that it is written as",
        );
    }
}

/// A default that is called computed must be there.
fn check_computed_default(cx: &Ctxt, model: &Model<'_>, field: &Field<'_>) {
    if let Some(span) = field.event.computed_default
        && field.serde.attrs.default().is_none()
        && model.serde.attrs.default().is_none()
    {
        cx.syn_error(syn::Error::new(span, "the field has no default: write `#[serde(default)]`"));
    }
}

fn check_variant(cx: &Ctxt, variant: &Variant<'_>) {
    let attrs = &variant.attrs;
    let unsupported = [
        (
            attrs.deserialize_with().is_some() || attrs.serialize_with().is_some(),
            "with",
            "on a variant is not supported: write it on the variant's field",
        ),
        (
            attrs.untagged(),
            "untagged",
            "on a variant is not supported: make the whole enum untagged, or give the variant a type of its own",
        ),
    ];
    refuse(cx, &variant.original.attrs, variant.original, &unsupported);
}

/// Beside a tag stands an object: serde refuses to write an option there, be it some or none.
fn check_option_beside_tag(cx: &Ctxt, model: &Model<'_>, variant: &Variant<'_>) {
    let attrs = &model.serde.attrs;
    let [field] = &variant.level.fields[..] else { return };
    let written = !variant.attrs.skip_serializing()
        && !field.serde.attrs.skip_serializing()
        && field.serde.attrs.serialize_with().is_none()
        && attrs.type_into().is_none();
    let beside = matches!(attrs.tag(), TagType::Internal { .. }) && matches!(variant.level.style, Style::Newtype);
    let optional = crate::types::head(field.serde.ty).is_some_and(|(name, _)| name == "Option");
    if written && beside && optional {
        cx.error_spanned_by(
            field.serde.ty,
            format!(
                "serde cannot write an `Option` next to a tag: name it and flatten it, \
                 `{} {{ #[serde(flatten)] value: Option<..> }}`",
                variant.ident,
            ),
        );
    }
}

/// Refuses attributes of serde's, each where it is written.
fn refuse(cx: &Ctxt, attrs: &[Attribute], item: impl ToTokens, unsupported: &[(bool, &str, &str)]) {
    for (_, name, reason) in unsupported.iter().filter(|(given, ..)| *given) {
        let message = format!("#[serde({name})] {reason}");
        match attrs.iter().filter(|attr| attr.path().is_ident("serde")).find_map(|attr| word(attr, name)) {
            Some(word) => cx.error_spanned_by(word, message),
            None => cx.error_spanned_by(&item, message),
        }
    }
}

/// The word in the attribute's list that is, or ends in, `name`: `deserialize_with` is found by `with`.
fn word(attr: &Attribute, name: &str) -> Option<Ident> {
    let tokens = attr.meta.require_list().ok()?.tokens.clone();
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == name || ident.to_string().ends_with(&format!("_{name}")) => Some(ident),
        _ => None,
    })
}

/// References inside a type.
struct Borrows<'a>(Vec<&'a syn::TypeReference>);

impl<'a> Visit<'a> for Borrows<'a> {
    fn visit_type_reference(&mut self, reference: &'a syn::TypeReference) {
        self.0.push(reference);
    }
}

/// `not_null` has a meaning where null would be read, and a null that is written could not be read.
fn check_not_null(cx: &Ctxt, field: &Field<'_>) {
    let Some(span) = field.event.not_null else { return };
    let attrs = &field.serde.attrs;
    let head = crate::types::head(field.serde.ty);
    let is = |wanted: &dyn Fn(&str) -> bool| head.as_ref().is_some_and(|(name, _)| wanted(name));
    let optional = is(&|name| name == "Option");
    if !matches!(field.reader(), Reader::Ours) {
        cx.syn_error(syn::Error::new(
            span,
            "`not_null` does not work with a reader of your own: refuse null in the reader",
        ));
    } else if field.serde.original.ident.is_none() {
        cx.syn_error(syn::Error::new(span, "`not_null` is for named fields"));
    } else if is(&|name| is_leaf(name) || is_list(name) || is_map(name)) && attrs.default().is_none() {
        cx.syn_error(syn::Error::new(span, "null is always refused here: remove `not_null`"));
    } else if optional && attrs.skip_serializing_if().is_none() && !attrs.skip_serializing() {
        cx.syn_error(syn::Error::new(
            span,
            "dump would write the null that load refuses: add `#[serde(skip_serializing_if = \"Option::is_none\")]`",
        ));
    }
}

fn is_map(name: &str) -> bool {
    matches!(name, "BTreeMap" | "HashMap")
}

fn is_list(name: &str) -> bool {
    matches!(name, "Vec" | "BTreeSet" | "HashSet")
}

fn is_leaf(name: &str) -> bool {
    matches!(name, "String" | "bool" | "char" | "f32" | "f64" | "str") || crate::types::INTEGERS.contains(&name)
}

/// Rules of parts, where the type is known to have no such parts; of others the compiler tells.
fn check_parts(cx: &Ctxt, field: &Field<'_>) {
    let mut head = crate::types::head(field.serde.ty);
    while let Some((name, arguments)) = &head
        && matches!(name.as_str(), "Option" | "Box" | "Rc" | "Arc")
        && let Some(inner) = arguments.first()
    {
        head = crate::types::head(inner);
    }
    let Some((name, _)) = head else { return };
    let (is_map, is_list, is_leaf) = (is_map(&name), is_list(&name), is_leaf(&name));
    let rules = &field.rules;
    if let Some(rule) = rules.each.first().filter(|_| is_map || is_leaf) {
        let hint = if is_map { ": use `keys(...)` and `values(...)`" } else { "" };
        cx.syn_error(syn::Error::new(
            rule.span,
            format!("`each` is for lists and sets, but `{name}` is neither{hint}"),
        ));
    }
    if let Some(rule) = rules.keys.first().or(rules.values.first()).filter(|_| is_list || is_leaf) {
        let hint = if is_list { ": use `each(...)`" } else { "" };
        cx.syn_error(syn::Error::new(
            rule.span,
            format!("`keys` and `values` are for maps, but `{name}` is not a map{hint}"),
        ));
    }
}

fn check_rules(cx: &Ctxt, field: &Field<'_>, fields: &[Field<'_>]) {
    check_not_null(cx, field);
    check_parts(cx, field);
    for rule in &field.rules.own {
        match &rule.kind {
            RuleKind::MustMatch(other) => {
                let names = rust_names(fields);
                if !names.iter().any(|name| other.unraw() == name.as_str()) {
                    cx.error_spanned_by(other, no_such_field(&other.unraw().to_string(), &names));
                }
            }
            RuleKind::Required => {
                let optional = crate::types::head(field.serde.ty).is_some_and(|(name, _)| name == "Option");
                if !optional {
                    cx.syn_error(syn::Error::new(
                        rule.span,
                        "a field that is not an `Option` is always required: remove `required`",
                    ));
                } else if !matches!(field.serde.attrs.default(), Default::None) {
                    cx.syn_error(syn::Error::new(rule.span, "a field cannot be `required` and have a default"));
                }
            }
            _ => {}
        }
    }
}
