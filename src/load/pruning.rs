//! Parts of a value that are taken out: [`Pruning`].

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::violation::{MASK, MAX_NAME, Segment, cut};

/// The parts that are taken out of a value: all of it, or some, each with its own such parts.
#[derive(Default)]
pub(super) struct Pruning<'p> {
    whole: bool,
    parts: HashMap<Cow<'p, str>, Pruning<'p>>,
    /// Parts by their other names in the input.
    aliases: HashMap<&'static str, Vec<&'static str>>,
}

impl<'p> Pruning<'p> {
    /// Takes out what these steps lead to.
    pub(super) fn add(&mut self, steps: &'p [Segment]) {
        let Some((first, rest)) = steps.split_first() else {
            self.whole = true;
            return;
        };
        if let Segment::Field(field) = first {
            for alias in field.aliases() {
                let names = self.aliases.entry(alias).or_default();
                if !names.contains(&field.wire()) {
                    names.push(field.wire());
                }
            }
        } else if *first.name() == *MASK {
            // Nobody can tell which part it is.
            self.whole = true;
            return;
        }
        self.parts.entry(first.name()).or_default().add(rest);
    }

    /// The rest of the value; an empty object if there is none.
    pub(super) fn prune(&self, mut value: Value) -> Value {
        if self.whole {
            return Value::Object(Map::new());
        }
        self.prune_parts(&mut value);
        value
    }

    fn prune_parts(&self, value: &mut Value) {
        match value {
            Value::Object(object) => object.retain(|name, part| self.keeps(name, part)),
            Value::Array(list) => {
                let mut index = 0_usize;
                list.retain_mut(|part| {
                    index += 1;
                    self.keeps(&(index - 1).to_string(), part)
                });
            }
            _ => {}
        }
    }

    /// Whether something of a part is left, which it then is.
    fn keeps(&self, name: &str, part: &mut Value) -> bool {
        self.called(name).all(|pruning| {
            if !pruning.whole {
                pruning.prune_parts(part);
            }
            !pruning.whole
        })
    }

    /// The pruning of the parts that the input may call so. A path has only the beginning of a long name: all parts
    /// whose names begin so are meant.
    fn called(&self, name: &str) -> impl Iterator<Item = &Self> {
        let beginning = (name.len() > MAX_NAME).then(|| cut(name)).filter(|beginning| **beginning != *name);
        let of_alias = self.aliases.get(name).into_iter().flatten().filter_map(|name| self.parts.get(*name));
        let of_beginning = beginning.and_then(|beginning| self.parts.get(&*beginning));
        self.parts.get(name).into_iter().chain(of_alias).chain(of_beginning)
    }
}
