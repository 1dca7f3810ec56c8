//! The names that fields and variants have in Avro: their own, and those that a reader accepts for them.

use super::node::{NodeField, NodeName, Symbol};
use super::target::TypeName;
use crate::contract::avro_name::legal;
use crate::contract::shape::{Field, Variant};

/// The names of a field.
#[derive(Clone, Debug)]
pub(super) struct FieldNames {
    name: String,
    /// Those of JSON, and what Avro makes of them.
    aliases: Vec<&'static str>,
}

impl FieldNames {
    pub(super) fn of(field: &Field) -> Self {
        let original = field.written.or(field.read).unwrap_or_default();
        Self { name: field.avro.name.map_or_else(|| legal(original), str::to_owned), aliases: field.names().collect() }
    }

    /// The names of the only field of a variant, which has none in JSON.
    pub(super) fn of_only(field: &Field) -> Self {
        Self { name: field.avro.name.unwrap_or("value").to_owned(), aliases: Vec::new() }
    }

    /// The names of an element of a tuple.
    pub(super) fn of_element(index: usize) -> Self {
        Self { name: format!("_{index}"), aliases: Vec::new() }
    }

    pub(super) fn is_name_of(&self, field: &NodeField) -> bool {
        self.name == field.name
    }

    pub(super) fn is_alias_of(&self, field: &NodeField) -> bool {
        self.aliases.iter().any(|alias| field.original.as_deref() == Some(*alias) || legal(alias) == field.name)
    }

    /// The first of the fields that has one of these names.
    pub(super) fn find<'f>(&self, fields: impl IntoIterator<Item = &'f NodeField> + Clone) -> Option<usize> {
        let named = fields.clone().into_iter().position(|field| self.is_name_of(field));
        named.or_else(|| fields.into_iter().position(|field| self.is_alias_of(field)))
    }
}

/// Whether the record is that of the variant, in an enum whose type is called `owner`.
pub(super) fn is_same_variant(owner: &TypeName, variant: &Variant, record: &NodeName) -> bool {
    has_name_of_variant(owner, variant, record) || has_original_of_variant(owner, variant, record)
}

/// Whether the record has the name of the variant's.
pub(super) fn has_name_of_variant(owner: &TypeName, variant: &Variant, record: &NodeName) -> bool {
    let is_named = |name: &str| owner.all().any(|owner| record.name == format!("{owner}_{}", legal(name)));
    variant.avro.name == Some(&*record.name) || variant.written.into_iter().chain(variant.names()).any(is_named)
}

/// Whether the record has the variant's name in JSON.
pub(super) fn has_original_of_variant(_: &TypeName, variant: &Variant, record: &NodeName) -> bool {
    variant.written.into_iter().chain(variant.names()).any(|name| record.original.as_deref() == Some(name))
}

/// Whether the symbol stands for the variant.
pub(super) fn is_symbol_of(variant: &Variant, symbol: &Symbol) -> bool {
    match variant.avro.name {
        Some(name) if name == symbol.name => true,
        _ => {
            let mut names = variant.written.into_iter().chain(variant.names());
            names.any(|name| symbol.original.as_deref() == Some(name) || legal(name) == symbol.name)
        }
    }
}
