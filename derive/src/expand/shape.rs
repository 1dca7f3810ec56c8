//! `FieldType::shape`, the description of the type as data, and `impl JsonSchema`, which is written from it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::{Default, TagType};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{GenericParam, Ident, LitStr, Member, Type};

use super::cx::Cx;
use super::quoting::shown_at;
use super::{generics, rules};
use crate::model::{Field, Level, Model, Reader, Shape, Variant};
use crate::schemars::With;
use crate::types::{head, holds_another, is_known, is_same};

/// The body of `FieldType::shape`, and the constant that it gives, if the type has a name in contracts.
pub(super) fn expand(cx: &Cx<'_>) -> (TokenStream, Option<TokenStream>) {
    let model = cx.model;
    if let Some(inner) = delegate(model) {
        let shape = field_shape(inner, false);
        return (quote!((#shape)()), None);
    }
    let name = name(model);
    let id = id(model);
    let notes = model.schema.notes();
    let notes = notes.unwrap_or_else(|| quote!(__p::Notes::NONE));
    let avro = model.event.avro.data().unwrap_or_else(|| quote!(__p::Avro::NONE));
    let (transparent, inline) = (model.serde.attrs.transparent(), model.schema.inline || only_field(model).is_some());
    let ruled = !model.rules.schemas.is_empty();
    let (form, written) = forms(model);
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let defined = quote! {
        #[automatically_derived]
        impl #impl_generics __p::Defined for #self_ty #where_clause {
            const DEFINITION: &'static __p::Definition = &__p::Definition {
                name: #name,
                id: #id,
                notes: #notes,
                transparent: #transparent,
                inline: #inline,
                ruled: #ruled,
                form: #form,
                written: #written,
                avro: #avro,
                schema: __p::schemars::SchemaGenerator::subschema_for::<Self>,
            };
        }
    };
    (quote!(__p::Shape::named(<Self as __p::Defined>::DEFINITION)), Some(defined))
}

/// `impl JsonSchema`, unless the type has its own.
pub(super) fn json_schema(cx: &Cx<'_>) -> Option<TokenStream> {
    if cx.model.event.json_schema == Some(false) {
        return None;
    }
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let inline = (cx.model.schema.inline || only_field(cx.model).is_some()).then(|| {
        quote! {
            fn inline_schema() -> bool {
                __p::is_inline::<Self>()
            }
        }
    });
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics __p::schemars::JsonSchema for #self_ty #where_clause {
            #inline

            fn schema_name() -> __p::Cow<'static, str> {
                <Self as __p::FieldType>::shape().name()
            }

            fn schema_id() -> __p::Cow<'static, str> {
                <Self as __p::FieldType>::shape().id()
            }

            fn json_schema(__generator: &mut __p::schemars::SchemaGenerator) -> __p::schemars::Schema {
                __p::schema_of::<Self>(__generator)
            }
        }
    })
}

/// The field whose shape is that of the type. Through a container types may hold each other: such a type has a
/// definition, at which a search ends, and is written out where it is used.
fn delegate<'a>(model: &'a Model<'_>) -> Option<&'a Field<'a>> {
    const CONTAINERS: &[&str] = &[
        "Box",
        "Rc",
        "Arc",
        "Cow",
        "Vec",
        "VecDeque",
        "LinkedList",
        "BTreeMap",
        "HashMap",
        "BTreeSet",
        "HashSet",
        "IndexMap",
        "IndexSet",
        "SmallVec",
    ];
    only_field(model).filter(|field| !holds_another(field.serde.ty, CONTAINERS))
}

/// The field that a transparent type is in every contract: one that adds nothing of its own.
fn only_field<'a>(model: &'a Model<'_>) -> Option<&'a Field<'a>> {
    let Shape::Struct(level) = &model.shape else { return None };
    let attrs = &model.serde.attrs;
    let has_own = model.schema.has_notes()
        || model.schema.with.is_some()
        || model.event.avro.data().is_some()
        || model.event.json_schema == Some(false);
    if !attrs.transparent() || has_own || model.converted_from().is_some() || attrs.type_into().is_some() {
        return None;
    }
    let field = &level.fields[level.inner(true)?];
    let adds = field.schema.has_notes()
        || field.event.avro.data().is_some()
        || field.rules.any_of_parts()
        || !field.rules.own.is_empty();
    // A type that holds itself needs a name to be referred to.
    (!adds && !mentions(field.serde.ty, &model.input.ident)).then_some(field)
}

pub(crate) fn mentions(ty: &Type, ident: &Ident) -> bool {
    struct Finder<'a>(&'a Ident, bool);

    impl<'a> Visit<'a> for Finder<'_> {
        fn visit_ident(&mut self, ident: &'a Ident) {
            self.1 |= ident == self.0 || ident == "Self";
        }
    }

    let mut finder = Finder(ident, false);
    finder.visit_type(ty);
    finder.1
}

/// Composed of the names of the parameters, as schemars 0.8 did: `Page_for_Line`. A number would depend on what else the
/// contract refers to.
fn name(model: &Model<'_>) -> TokenStream {
    let Some(rename) = &model.schema.rename else {
        let name = &model.serde.attrs.name().deserialize_name().value;
        let arguments = arguments(model, &quote!(name), &quote!(schema_name));
        return if arguments.is_empty() {
            quote!(__p::Name::Static(#name))
        } else {
            quote!(__p::Name::Made(|| __p::generic_name(#name, &[#(#arguments),*])))
        };
    };
    if !rename.value().contains('{') {
        return quote!(__p::Name::Static(#rename));
    }
    let text = rename.value();
    let params = model.input.generics.type_params().map(|param| &param.ident);
    let used = params.filter(|param| text.contains(&format!("{{{param}}}")));
    let arguments = used.map(|param| quote!(#param = <#param as __p::FieldType>::shape().name()));
    quote!(__p::Name::Made(|| ::std::format!(#rename, #(#arguments),*)))
}

/// Composed of the ids of the parameters: types of one name as parameters stay apart.
fn id(model: &Model<'_>) -> TokenStream {
    if model.input.generics.params.is_empty() {
        return quote!(__p::id_of::<Self>);
    }
    let ident = model.input.ident.to_string();
    let arguments = arguments(model, &quote!(id), &quote!(schema_id));
    quote!(|| __p::generic_id::<Self>(#ident, &[#(#arguments),*]))
}

/// The names of the parameters: by their shapes, or by schemars if only it knows them.
fn arguments(model: &Model<'_>, of_shape: &TokenStream, of_schemars: &TokenStream) -> Vec<TokenStream> {
    let generics::Parameters { ours, mut foreign } = generics::parameters(model);
    foreign.retain(|ty| !ours.iter().any(|known| is_same(known, ty)));
    let ours = ours.iter().map(|ty| quote!(&*<#ty as __p::FieldType>::shape().#of_shape()));
    let foreign = foreign.iter().map(|ty| quote!(&*<#ty as __p::schemars::JsonSchema>::#of_schemars()));
    let consts = model.input.generics.params.iter().filter_map(|param| match param {
        GenericParam::Const(param) => Some(&param.ident),
        _ => None,
    });
    let consts = consts.map(|param| quote!(&*::std::string::ToString::to_string(&#param)));
    ours.chain(foreign).chain(consts).collect()
}

/// The input, and the output if it differs.
fn forms(model: &Model<'_>) -> (TokenStream, TokenStream) {
    if let Some(with) = &model.schema.with {
        let shape = with_shape(with);
        return (quote!(__p::Form::As(#shape)), quote!(__p::None));
    }
    let into = model.serde.attrs.type_into();
    match (model.converted_from(), into) {
        (Some((from, _)), Some(into)) if is_same(from, into) => {
            (quote!(__p::Form::As(<#from as __p::FieldType>::shape)), quote!(__p::None))
        }
        (Some((from, _)), into) => {
            let written = match into {
                Some(into) => {
                    let shape = known_or_foreign(into);
                    quote!(__p::Form::As(#shape))
                }
                None => own_form(model, true),
            };
            (quote!(__p::Form::As(<#from as __p::FieldType>::shape)), quote!(__p::Some(#written)))
        }
        (None, Some(into)) => {
            let shape = known_or_foreign(into);
            (own_form(model, false), quote!(__p::Some(__p::Form::As(#shape))))
        }
        (None, None) => (own_form(model, false), quote!(__p::None)),
    }
}

/// The type as its fields or variants say it; `foreign`, where they need not be ours.
fn own_form(model: &Model<'_>, foreign: bool) -> TokenStream {
    let attrs = &model.serde.attrs;
    match &model.shape {
        Shape::Struct(level) => {
            let tag = match attrs.tag() {
                TagType::Internal { tag } => {
                    let name = attrs.name().serialize_name();
                    quote!(__p::Some((#tag, #name)))
                }
                _ => quote!(__p::None),
            };
            let content = content(model, level, &tag, foreign);
            quote!(__p::Form::Content(#content))
        }
        Shape::Enum(variants) => {
            let tagging = match attrs.tag() {
                TagType::External => quote!(External),
                TagType::Internal { tag } => quote!(Internal { tag: #tag }),
                TagType::Adjacent { tag, content } => quote!(Adjacent { tag: #tag, content: #content }),
                TagType::None => quote!(Untagged),
            };
            let closed = attrs.deny_unknown_fields();
            let variants = variants.iter().filter_map(|variant| self::variant(model, variant, foreign));
            quote! {
                __p::Form::Enum(__p::Enum {
                    tagging: __p::Tagging::#tagging,
                    variants: &[#(#variants),*],
                    closed: #closed,
                })
            }
        }
    }
}

fn variant(model: &Model<'_>, variant: &Variant<'_>, foreign: bool) -> Option<TokenStream> {
    let attrs = &variant.attrs;
    let (read, written) = (!attrs.skip_deserializing(), !attrs.skip_serializing());
    if !read && !written {
        return None;
    }
    let content = content(model, &variant.level, &quote!(__p::None), foreign || !read);
    let names = Names::of(attrs.name(), attrs.aliases(), read, written);
    let name = names.first();
    let mut changes = names.changes();
    if attrs.other() {
        changes.push(quote!(other: true));
    }
    changes.extend(variant.avro.data().map(|avro| quote!(avro: #avro)));
    changes.extend(variant.schema.notes().map(|notes| quote!(notes: #notes)));
    Some(changed(&quote!(Variant), &quote!(__p::Variant::new(#name, #content)), &changes))
}

fn content(model: &Model<'_>, level: &Level<'_>, tag: &TokenStream, foreign: bool) -> TokenStream {
    if let Some(inner) = level.inner(model.serde.attrs.transparent()) {
        let field = field(model, level, &level.fields[inner], foreign);
        return quote!(__p::Content::Inner(&#field));
    }
    let fields = level.fields.iter().map(|one| field(model, level, one, foreign));
    match level.style {
        Style::Unit => quote!(__p::Content::Unit),
        Style::Tuple | Style::Newtype => quote!(__p::Content::Tuple(&[#(#fields),*])),
        Style::Struct => {
            let closed = model.serde.attrs.deny_unknown_fields();
            quote!(__p::Content::Record(__p::Record { fields: &[#(#fields),*], closed: #closed, tag: #tag }))
        }
    }
}

/// The names of a field or a variant on the wire.
struct Names {
    read: Option<String>,
    written: Option<String>,
    aliases: Vec<String>,
}

impl Names {
    fn of<'a>(
        name: &serde_derive_internals::name::MultiName,
        aliases: impl IntoIterator<Item = &'a serde_derive_internals::name::Name>,
        read: bool,
        written: bool,
    ) -> Self {
        let accepted = &name.deserialize_name().value;
        let aliases = aliases.into_iter().map(|alias| alias.value.clone()).filter(|alias| read && alias != accepted);
        Self {
            read: read.then(|| accepted.clone()),
            written: written.then(|| name.serialize_name().value.clone()),
            aliases: aliases.collect(),
        }
    }

    fn first(&self) -> &str {
        self.read.as_deref().or(self.written.as_deref()).unwrap_or_default()
    }

    /// The parts of the constant beside the one name for both directions.
    fn changes(&self) -> Vec<TokenStream> {
        let mut changes = Vec::new();
        let first = self.first();
        for (direction, name) in [("read", &self.read), ("written", &self.written)] {
            if name.as_deref() != Some(first) {
                let direction = Ident::new(direction, Span::call_site());
                let name = super::quoting::optional(name.as_ref());
                changes.push(quote!(#direction: #name));
            }
        }
        if !self.aliases.is_empty() {
            let aliases = &self.aliases;
            changes.push(quote!(aliases: &[#(#aliases),*]));
        }
        changes
    }
}

/// A constant with some of its fields changed.
fn changed(ty: &TokenStream, constant: &TokenStream, changes: &[TokenStream]) -> TokenStream {
    if changes.is_empty() {
        return constant.clone();
    }
    quote!(__p::#ty { #(#changes,)* ..#constant })
}

fn field(model: &Model<'_>, level: &Level<'_>, field: &Field<'_>, foreign: bool) -> TokenStream {
    let attrs = &field.serde.attrs;
    let (read, written) = (!attrs.skip_deserializing(), !attrs.skip_serializing());
    let names = match &field.serde.member {
        Member::Named(_) => Names::of(attrs.name(), attrs.aliases(), read, written),
        Member::Unnamed(index) => {
            let name = index.index.to_string();
            Names { read: read.then(|| name.clone()), written: written.then_some(name), aliases: Vec::new() }
        }
    };
    let mut changes = names.changes();
    let shape = if read || written { field_shape(field, foreign) } else { quote!(__p::no_shape) };
    if let Some(list) = rules::to_data(field) {
        changes.push(quote!(rules: __p::Some(|| #list)));
    }
    changes.extend(presence(model, level, field).map(|presence| quote!(presence: #presence)));
    for (is, flag) in [
        (field.event.not_null.is_some(), "not_null"),
        (attrs.skip_serializing_if().is_some(), "written_when"),
        (attrs.flatten(), "flat"),
        (field.event.sensitive, "sensitive"),
    ] {
        if is {
            let flag = Ident::new(flag, Span::call_site());
            changes.push(quote!(#flag: true));
        }
    }
    changes.extend(field.event.avro.data().map(|avro| quote!(avro: #avro)));
    changes.extend(field.schema.notes().map(|notes| quote!(notes: #notes)));
    let name = names.first();
    changed(&quote!(Field), &quote!(__p::Field::new(#name, #shape)), &changes)
}

/// Whether the field may be missing, where its type does not decide that.
fn presence(model: &Model<'_>, level: &Level<'_>, field: &Field<'_>) -> Option<TokenStream> {
    let attrs = &field.serde.attrs;
    let of_container = matches!(level.style, Style::Struct)
        && matches!(model.shape, Shape::Struct(_))
        && !model.serde.attrs.transparent();
    let ty = field.serde.ty;
    let member = &field.serde.member;
    let container = |value: TokenStream| quote!({ let __container: Self = #value; __container.#member });
    let value = match (attrs.default(), model.serde.attrs.default()) {
        (Default::Default, _) => quote_spanned!(shown_at(ty.span())=> <#ty as ::core::default::Default>::default()),
        (Default::Path(path), _) => quote_spanned!(shown_at(path.span())=> #path()),
        (Default::None, Default::Default) if of_container => {
            container(quote!(<Self as ::core::default::Default>::default()))
        }
        (Default::None, Default::Path(path)) if of_container => container(quote!(#path())),
        (Default::None, _) => {
            return matches!(field.reader(), Reader::With(_)).then(|| quote!(__p::Presence::Required));
        }
    };
    if attrs.skip_deserializing() || attrs.flatten() || field.event.computed_default.is_some() {
        return Some(quote!(__p::Presence::Default(|| __p::None)));
    }
    let json = match attrs.serialize_with() {
        Some(path) => quote_spanned! {shown_at(path.span())=>
            #path(&__default, __p::serde_json::value::Serializer).ok()
        },
        None => quote!(__p::MaybeValue(&__default).to_value()),
    };
    Some(quote! {
        __p::Presence::Default(|| {
            #[allow(unused_imports)]
            use __p::NoValue as _;
            let __default = #value;
            #json
        })
    })
}

/// The function that gives the shape of a field's type.
fn field_shape(field: &Field<'_>, foreign: bool) -> TokenStream {
    let ty = field.serde.ty;
    if let Some(with) = &field.schema.with {
        return with_shape(with);
    }
    match field.reader() {
        Reader::Ours | Reader::Flat if !foreign => {
            quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::shape)
        }
        _ => known_or_foreign(ty),
    }
}

fn with_shape(with: &With) -> TokenStream {
    match with {
        With::Type(ty) => known_or_foreign(ty),
        With::Function(path) => {
            let name = path.to_token_stream().to_string().replace(' ', "");
            let id = LitStr::new(&format!("schema_with/{name}"), Span::call_site());
            quote_spanned! {shown_at(path.span())=>
                || __p::schema_with(|| __p::Cow::Borrowed(::core::concat!(::core::module_path!(), "/", #id)), #path)
            }
        }
    }
}

/// The function that gives the shape of a type that need not be one of ours: the standard library's are, of others
/// schemars is asked.
fn known_or_foreign(ty: &Type) -> TokenStream {
    if is_known(ty) {
        return quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::shape);
    }
    if let Some((name, arguments)) = head(ty)
        && name == "Option"
        && let [inner] = arguments[..]
    {
        return quote_spanned!(shown_at(ty.span())=> || __p::Shape::foreign::<#inner>().optional());
    }
    quote_spanned!(shown_at(ty.span())=> __p::Shape::foreign::<#ty>)
}
