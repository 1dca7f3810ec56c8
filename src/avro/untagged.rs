//! The variants of untagged enums: the types of their data say which they are.

use super::names::{has_name_of_variant, has_original_of_variant, is_symbol_of};
use super::node::{NodeName, Symbol};
use super::target::{Target, TypeName};
use crate::contract::avro_name::legal_type;
use crate::contract::parts::Way;
use crate::contract::shape::{Content, Enum, Kind, Tagging, Variant};

/// How many untagged enums are looked into within each other.
pub(super) const MAX_TRIES: usize = 8;

/// The variants that there are in this direction.
fn variants(choice: &Enum, way: Way) -> impl Iterator<Item = &'static Variant> + Clone + use<> {
    choice.variants.iter().filter(move |variant| match way {
        Way::Read => variant.read.is_some(),
        Way::Written => variant.written.is_some(),
    })
}

/// The variant that the record stands for: its own, or that of a type in it. By its name, else by its name in JSON, else
/// the first that is a record.
pub(super) fn variant_of_record(
    owner: &TypeName,
    choice: &Enum,
    record: &NodeName,
    way: Way,
) -> Option<&'static Variant> {
    let found = |of: fn(&TypeName, &Variant, &NodeName) -> bool| {
        variants(choice, way).find(|variant| is_of(owner, variant, record, way, of, MAX_TRIES))
    };
    found(has_name_of_variant)
        .or_else(|| found(has_original_of_variant))
        .or_else(|| variants(choice, way).find(|variant| is_record(variant, way)))
}

/// Whether the record is that of the variant, or of a type in it.
fn is_of(
    owner: &TypeName,
    variant: &Variant,
    record: &NodeName,
    way: Way,
    of: fn(&TypeName, &Variant, &NodeName) -> bool,
    tries: usize,
) -> bool {
    let Some(tries) = tries.checked_sub(1) else { return false };
    match variant.content {
        Content::Unit => false,
        Content::Tuple(_) | Content::Record(_) => of(owner, variant, record),
        Content::Inner(field) => match Target::of_field(field, way) {
            Target::Content { name, .. } => name.all().any(|name| name == record.name),
            Target::Enum { owner, choice: choice @ Enum { tagging: Tagging::Untagged, .. }, .. } => {
                variants(&choice, way).any(|inner| is_of(&owner, inner, record, way, of, tries))
            }
            Target::Enum { owner, choice, .. } => variants(&choice, way).any(|inner| of(&owner, inner, record)),
            Target::Kind { shape, .. } => {
                matches!(shape.kind(), Kind::Tuple(_)) && legal_type(&shape.name()) == record.name
            }
        },
    }
}

/// Whether the data of the variant are records.
fn is_record(variant: &Variant, way: Way) -> bool {
    match variant.content {
        Content::Unit => false,
        Content::Tuple(_) | Content::Record(_) => true,
        Content::Inner(field) => match Target::of_field(field, way) {
            Target::Content { .. } | Target::Enum { .. } => true,
            Target::Kind { shape, .. } => matches!(shape.kind(), Kind::Tuple(_) | Kind::Map { .. }),
        },
    }
}

/// The enum that the symbols are of: the first of those in an untagged enum that has all of them, or else any.
pub(super) fn enum_of_symbols(target: &Target, symbols: &[Symbol], way: Way) -> Option<Enum> {
    let mut found = Vec::new();
    gather(target, way, &mut found, MAX_TRIES);
    let has = |choice: &&Enum, symbol: &Symbol| {
        let mut units = variants(choice, way).filter(|variant| matches!(variant.content, Content::Unit));
        units.any(|variant| is_symbol_of(variant, symbol))
    };
    let has_all = found.iter().find(|choice| symbols.iter().all(|symbol| has(choice, symbol)));
    has_all.or(found.first()).copied()
}

fn gather(target: &Target, way: Way, found: &mut Vec<Enum>, tries: usize) {
    match (target, tries.checked_sub(1)) {
        (Target::Enum { choice: choice @ Enum { tagging: Tagging::Untagged, .. }, .. }, Some(tries)) => {
            for variant in variants(choice, way) {
                if let Content::Inner(field) = variant.content {
                    gather(&Target::of_field(field, way), way, found, tries);
                }
            }
        }
        (Target::Enum { choice, .. }, Some(_)) => found.push(*choice),
        _ => {}
    }
}
