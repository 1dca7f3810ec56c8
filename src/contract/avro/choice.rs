//! Enums: Avro's enums where there are no data, unions of records otherwise.

use serde_json::{Map, Value, json};

use super::name::legal;
use super::writer::{Owner, Writer};
use crate::contract::shape::{AvroForm, Content, Enum, Tagging, Variant};

impl Writer {
    /// An enum whose value says which variant it is.
    pub(super) fn tagged(&mut self, owner: &Owner, choice: &Enum) -> Value {
        let variants = written(choice);
        if variants.is_empty() {
            return self.fault("no variant is ever written", "remove the enum, or a `skip_serializing`");
        }
        let is_unit = |(_, variant): &(&str, &Variant)| matches!(variant.content, Content::Unit);
        if matches!(choice.tagging, Tagging::External) && variants.iter().all(is_unit) {
            return self.symbols(owner, &variants);
        }
        let internal = matches!(choice.tagging, Tagging::Internal { .. });
        let branches: Vec<Value> =
            variants.iter().map(|(name, variant)| self.variant(owner, name, variant, internal)).collect();
        self.union(branches)
    }

    fn symbols(&mut self, owner: &Owner, variants: &[(&'static str, &Variant)]) -> Value {
        self.named(owner, "enum", |this, schema| {
            let (mut symbols, mut originals, mut default) = (Vec::new(), Map::new(), None);
            for (name, variant) in variants {
                let symbol = variant.avro.name.map_or_else(|| legal(name), str::to_owned);
                if symbols.contains(&symbol) {
                    this.fault(
                        format!("two variants are named `{symbol}` in Avro"),
                        "give one of them another name: `#[event(avro(name = \"...\"))]`",
                    );
                }
                if symbol != *name {
                    originals.insert(symbol.clone(), (*name).into());
                }
                // The choice made for Avro comes before serde's for names that it does not know.
                if variant.avro.default || variant.other && default.is_none() {
                    default = Some(symbol.clone());
                }
                symbols.push(symbol);
            }
            schema.insert("symbols".to_owned(), symbols.into());
            if let Some(default) = default {
                schema.insert("default".to_owned(), default.into());
            }
            if !originals.is_empty() {
                schema.insert("altsymbols".to_owned(), json!({"json": originals}));
            }
        })
    }

    /// The record of a variant.
    fn variant(&mut self, owner: &Owner, name: &'static str, variant: &Variant, internal: bool) -> Value {
        let record = owner.variant(name, variant);
        self.at(name, |this| {
            this.record(&record, |this, fields| {
                if internal {
                    this.beside_tag(fields, &variant.content);
                } else {
                    this.content(fields, &variant.content);
                }
            })
        })
    }

    /// An enum whose variants the types of their data tell apart.
    pub(super) fn untagged(&mut self, owner: &Owner, choice: &Enum, form: Option<AvroForm>) -> Value {
        let variants = written(choice);
        if variants.is_empty() {
            return self.fault("no variant is ever written", "remove the enum, or a `skip_serializing`");
        }
        let branches: Vec<Value> = variants
            .iter()
            .map(|(name, variant)| match &variant.content {
                Content::Unit => "null".into(),
                Content::Inner(field) => {
                    self.at(name, |this| this.value(field, &field.rules(), field.avro.form.or(form)))
                }
                Content::Tuple(_) | Content::Record(_) => self.variant(owner, name, variant, false),
            })
            .collect();
        self.union(branches)
    }
}

/// The variants that are written, with their names.
fn written(choice: &Enum) -> Vec<(&'static str, &Variant)> {
    choice.variants.iter().filter_map(|variant| Some((variant.written?, variant))).collect()
}
