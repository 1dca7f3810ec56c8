//! The plan of a schema and a writer's shape.

use std::collections::HashMap;

use super::default::bytes_of;
use super::plan::{Choice, Field, Names, Op, OpId, Plan, Record, Symbols, Tagging, Variant};
use crate::avro::names::{FieldNames, is_same_variant, is_symbol_of};
use crate::avro::node::{Node, NodeField, NodeId, NodeName, Nodes};
use crate::avro::target::{self, MAX_DEPTH, Target};
use crate::avro::untagged::{MAX_TRIES, enum_of_symbols, variant_of_record};
use crate::contract::parts::Way;
use crate::contract::shape::{
    Content, Enum, Field as ShapeField, Kind, Tagging as ShapeTagging, Variant as ShapeVariant,
};
use crate::contract::{AvroFault, Shape};

impl Plan {
    /// The plan for a writer of this shape, whose type has the name `event`, or what the schema asks for that the shape
    /// does not have.
    pub(super) fn new(nodes: &Nodes, shape: &Shape, event: &str) -> Result<Self, Vec<AvroFault>> {
        let plan = Self {
            nodes: nodes.clone(),
            ops: Vec::new(),
            records: Vec::new(),
            enums: Vec::new(),
            unions: Vec::new(),
            choices: Vec::new(),
            root: 0,
        };
        let mut compiler =
            Compiler { plan, nodes, records: HashMap::new(), path: Vec::new(), faults: Vec::new(), depth: 0 };
        compiler.plan.root = compiler.op(Nodes::ROOT, &Target::root(shape, event, Way::Written));
        if compiler.faults.is_empty() { Ok(compiler.plan) } else { Err(compiler.faults) }
    }
}

struct Compiler<'n> {
    plan: Plan,
    nodes: &'n Nodes,
    /// The operations of records, by their nodes and by what they are written from.
    records: HashMap<(NodeId, String), OpId>,
    path: Vec<String>,
    faults: Vec<AvroFault>,
    depth: usize,
}

impl Compiler<'_> {
    fn push(&mut self, op: Op) -> OpId {
        self.plan.ops.push(op);
        self.plan.ops.len() - 1
    }

    fn fault(&mut self, reason: String, remedy: &str) {
        let fault = AvroFault::new(self.path.join("."), reason, remedy.to_owned());
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn op(&mut self, id: NodeId, target: &Target) -> OpId {
        self.depth += 1;
        let op = if self.depth > MAX_DEPTH { self.op_of(id, &Target::natural()) } else { self.op_of(id, target) };
        self.depth -= 1;
        op
    }

    fn op_of(&mut self, id: NodeId, target: &Target) -> OpId {
        let nodes = self.nodes;
        let op = match nodes.get(id) {
            Node::Union(branches) => return self.union(branches, target),
            Node::Record { name, fields } => return self.record(id, name, fields, target),
            Node::Enum { symbols, .. } => {
                let mut list: Vec<(Box<str>, usize)> = Vec::new();
                let mut names = Tagging::External.prefix().to_vec();
                if let Some(choice) = enum_of_symbols(target, symbols, Way::Written) {
                    let is_tagged = !target.is_untagged();
                    for (variant, written) in written(&choice) {
                        match symbols.iter().position(|symbol| is_symbol_of(variant, symbol)) {
                            Some(symbol) => {
                                list.push((written.into(), symbol));
                                names.push(written);
                            }
                            None if is_tagged => self.fault(
                                format!("the schema has no symbol for the variant `{written}`"),
                                "add it to the schema, or write with another one",
                            ),
                            // The variant may fit another type.
                            None => {}
                        }
                    }
                } else {
                    list.extend(symbols.iter().enumerate().map(|(index, symbol)| (symbol.json_name().into(), index)));
                }
                self.plan.enums.push(Symbols { list, names: Names::new(names) });
                Op::Enum(self.plan.enums.len() - 1)
            }
            Node::Array(items) => {
                let target = part(target, target::items);
                Op::Array(self.op(*items, &target))
            }
            Node::Map(values) => {
                let target = part(target, target::values);
                Op::Map(self.op(*values, &target))
            }
            Node::Boolean => Op::Boolean(id),
            Node::Int => Op::Int(id),
            Node::Long => Op::Long(id),
            Node::Double => Op::Double(id),
            Node::String => Op::String(id),
            Node::BigDecimal => {
                self.fault(
                    "the schema has the logical type `big-decimal` for it, which few readers know".to_owned(),
                    "give it a `decimal` in the schema, or write with another one",
                );
                Op::Leaf(id)
            }
            _ => Op::Leaf(id),
        };
        self.push(op)
    }

    fn union(&mut self, branches: &[NodeId], target: &Target) -> OpId {
        let null = branches.iter().position(|branch| matches!(self.nodes.get(*branch), Node::Null));
        let others: Vec<usize> = (0..branches.len()).filter(|index| Some(*index) != null).collect();
        if matches!(target, Target::Enum { .. })
            && !target.is_untagged()
            && others.iter().all(|branch| matches!(self.nodes.get(branches[*branch]), Node::Record { .. }))
        {
            let branches: Vec<(Option<usize>, NodeId)> =
                others.iter().map(|index| (Some(*index), branches[*index])).collect();
            return self.choice(&branches, null, target, true);
        }
        if let (Some(null), [branch]) = (null, &others[..]) {
            let op = self.op(branches[*branch], target);
            return self.push(Op::Nullable { null, branch: *branch, op });
        }
        let ops: Vec<OpId> = branches.iter().map(|branch| self.op(*branch, target)).collect();
        self.plan.unions.push(ops.iter().map(|op| self.plan.ops[*op]).collect());
        self.push(Op::FirstFit(self.plan.unions.len() - 1))
    }

    fn record(&mut self, id: NodeId, name: &NodeName, fields: &[NodeField], target: &Target) -> OpId {
        match target {
            Target::Content { content, id: key, .. } => self.content(id, fields, *content, key),
            Target::Enum { owner, id: key, choice, .. } => match choice.tagging {
                ShapeTagging::Untagged => match variant_of_record(owner, choice, name, Way::Written) {
                    Some(ShapeVariant { content: Content::Inner(field), .. }) => {
                        let target = Target::of_field(field, Way::Written);
                        if matches!(target, Target::Enum { .. }) && !target.is_untagged() {
                            // Its other variants fit other branches.
                            self.choice(&[(None, id)], None, &target, false)
                        } else {
                            self.op(id, &target)
                        }
                    }
                    Some(variant) => {
                        let key = format!("{key}::{}", variant.written.unwrap_or_default());
                        self.content(id, fields, variant.content, &key)
                    }
                    None => self.natural(id, fields),
                },
                _ => self.choice(&[(None, id)], None, target, true),
            },
            Target::Kind { shape, .. } => match shape.kind() {
                Kind::Tuple(items) => {
                    let part = |(index, shape): (usize, &Shape)| {
                        (FieldNames::of_element(index), Target::of(shape.clone(), None, Way::Written))
                    };
                    let parts: Vec<_> = items.iter().enumerate().map(part).collect();
                    self.tuple(id, fields, &parts, &shape.id())
                }
                _ => self.natural(id, fields),
            },
        }
    }

    /// The variants of an enum, each written as the record of its name: all of them, or those that have one.
    fn choice(
        &mut self,
        branches: &[(Option<usize>, NodeId)],
        null: Option<usize>,
        target: &Target,
        is_whole: bool,
    ) -> OpId {
        let Target::Enum { owner, id: key, choice, .. } = target else { unreachable!("of enums only") };
        let tagging = match choice.tagging {
            ShapeTagging::External | ShapeTagging::Untagged => Tagging::External,
            ShapeTagging::Internal { tag } => Tagging::Internal { tag },
            ShapeTagging::Adjacent { tag, content } => Tagging::Adjacent { tag, content },
        };
        // A variant may hold the enum. That ends at the record of its fields, which is known before they are.
        let nodes = self.nodes;
        let (mut variants, mut names) = (Vec::new(), Vec::new());
        for (variant, written) in written(choice) {
            let found = branches.iter().find_map(|(branch, id)| match nodes.get(*id) {
                Node::Record { name, fields } if is_same_variant(owner, variant, name) => Some((*branch, *id, fields)),
                _ => None,
            });
            let Some((branch, id, fields)) = found else {
                if is_whole {
                    self.fault(
                        format!("the schema has no record for the variant `{written}`"),
                        "add it to the schema, or write with another one",
                    );
                }
                continue;
            };
            let key = format!("{key}::{written}");
            let op = match (variant.content, tagging) {
                // Its fields stand beside the tag.
                (Content::Inner(field), Tagging::Internal { .. }) => {
                    self.op(id, &Target::of_field(field, Way::Written))
                }
                (content, _) => self.content(id, fields, content, &key),
            };
            variants.push(Variant { name: written.into(), branch, op });
            names.push(written);
        }
        let names = tagging.prefix().into_iter().chain(names).collect();
        self.plan.choices.push(Choice { tagging, variants, names: Names::new(names), null });
        self.push(Op::Choice(self.plan.choices.len() - 1))
    }

    /// The operation of a record, which its fields may refer to.
    fn fields(&mut self, id: NodeId, key: &str, op: fn(usize) -> Op, fields: impl FnOnce(&mut Self) -> Record) -> OpId {
        let key = (id, key.to_owned());
        if let Some(known) = self.records.get(&key) {
            return *known;
        }
        let record = self.plan.records.len();
        self.plan.records.push(Record::default());
        let op = self.push(op(record));
        self.records.insert(key, op);
        self.plan.records[record] = fields(self);
        op
    }

    fn natural(&mut self, id: NodeId, fields: &[NodeField]) -> OpId {
        self.fields(id, "", Op::Record, |this| {
            let field = |field: &NodeField| this.field(field, Some(field.json_name()), &Target::natural());
            Record::of(fields.iter().map(field).collect())
        })
    }

    fn content(&mut self, id: NodeId, fields: &[NodeField], content: Content, key: &str) -> OpId {
        match content {
            Content::Unit => self.fields(id, key, Op::Record, |this| {
                Record::of(fields.iter().map(|field| this.field(field, None, &Target::natural())).collect())
            }),
            Content::Inner(inner) => {
                let names = FieldNames::of_only(inner);
                let Some(index) = names.find(fields.iter()) else {
                    return self.op(id, &Target::of_field(inner, Way::Written));
                };
                self.fields(id, key, Op::Inner, |this| {
                    let target = Target::of_field(inner, Way::Written);
                    let field = |(position, field): (usize, &NodeField)| {
                        if position == index {
                            this.field(field, Some(""), &target)
                        } else {
                            this.field(field, None, &Target::natural())
                        }
                    };
                    Record::of(fields.iter().enumerate().map(field).collect())
                })
            }
            Content::Tuple(list) => {
                let written = list.iter().filter(|field| field.written.is_some());
                let parts: Vec<_> =
                    written.map(|field| (FieldNames::of(field), Target::of_field(field, Way::Written))).collect();
                self.tuple(id, fields, &parts, key)
            }
            Content::Record(record) => self.fields(id, key, Op::Record, |this| {
                let mut writers = Vec::new();
                gather(record.fields, &mut writers, 0);
                let field = |field: &NodeField| {
                    let named = writers.iter().find(|(_, names)| names.is_name_of(field));
                    let found = named.or_else(|| writers.iter().find(|(_, names)| names.is_alias_of(field)));
                    match found {
                        Some((writer, _)) => this.field(field, writer.written, &Target::of_field(writer, Way::Written)),
                        None => this.field(field, None, &Target::natural()),
                    }
                };
                let mut fields: Vec<Field> = fields.iter().map(field).collect();
                let names = index(&mut fields, record.fields);
                Record { fields, tag: record.tag.map(|(tag, _)| tag), names }
            }),
        }
    }

    fn tuple(&mut self, id: NodeId, fields: &[NodeField], parts: &[(FieldNames, Target)], key: &str) -> OpId {
        self.fields(id, key, Op::Tuple, |this| {
            let mut next = 0;
            let field = |field: &NodeField| match parts.get(next) {
                Some((names, target)) if names.find([field]).is_some() => {
                    next += 1;
                    this.field(field, Some(""), target)
                }
                _ => this.field(field, None, &Target::natural()),
            };
            Record::of(fields.iter().map(field).collect())
        })
    }

    /// A field, by the name in JSON of what is written there, or with its default only.
    fn field(&mut self, field: &NodeField, name: Option<&str>, target: &Target) -> Field {
        self.path.push(name.filter(|name| !name.is_empty()).unwrap_or(&field.name).to_owned());
        let default = field.default.as_ref().and_then(|default| bytes_of(self.nodes, field.node, default));
        let null = || {
            let mut bytes = Vec::new();
            super::bytes::write_long(&mut bytes, i64::try_from(self.nodes.null_branch(field.node)?).ok()?);
            Some(bytes)
        };
        let default = default.or_else(null);
        if name.is_none() && default.is_none() && !matches!(self.nodes.get(field.node), Node::Null) {
            self.fault(
                "the schema has this field, the event does not, and it has no default".to_owned(),
                "give it a default in the schema, or write with another one",
            );
        }
        let op = if name.is_some() { self.op(field.node, target) } else { self.push(Op::Leaf(field.node)) };
        self.path.pop();
        Field::new(name.map(Into::into), self.plan.ops[op], default)
    }
}

/// The target of the parts of a list or a map; in an untagged enum, that of its first variant with parts.
fn part(target: &Target, part: fn(Kind) -> Option<Shape>) -> Target {
    part_within(target, part, MAX_TRIES).unwrap_or_else(Target::natural)
}

fn part_within(target: &Target, part: fn(Kind) -> Option<Shape>, tries: usize) -> Option<Target> {
    let tries = tries.checked_sub(1)?;
    match target {
        Target::Kind { shape, form } => Some(Target::of(part(shape.clone().into_kind())?, *form, Way::Written)),
        Target::Enum { choice: choice @ Enum { tagging: ShapeTagging::Untagged, .. }, .. } => {
            written(choice).find_map(|(variant, _)| match variant.content {
                Content::Inner(field) => part_within(&Target::of_field(field, Way::Written), part, tries),
                _ => None,
            })
        }
        Target::Content { .. } | Target::Enum { .. } => None,
    }
}

/// How deep values are flattened into each other.
const MAX_FLAT: usize = 32;

/// The fields of a level with those of its flattened values, which stand among them.
fn gather(fields: &'static [ShapeField], found: &mut Vec<(&'static ShapeField, FieldNames)>, depth: usize) {
    for field in fields.iter().filter(|field| field.written.is_some()) {
        if !field.flat {
            found.push((field, FieldNames::of(field)));
        } else if depth < MAX_FLAT
            && let Target::Content { content: Content::Record(record), .. } = Target::of_field(field, Way::Written)
        {
            gather(record.fields, found, depth + 1);
        }
    }
}

/// Gives the fields of a record the indexes of the writer's fields that are written there, and returns the names of the
/// latter. There are none if values are flattened among them, or if a field is written twice or has no name of its own.
fn index(fields: &mut [Field], writers: &'static [ShapeField]) -> Names {
    let written = || writers.iter().filter_map(|field| Some((field.flat, field.written?)));
    let names: Vec<&'static str> = written().map(|(_, name)| name).collect();
    let indexes: HashMap<&str, usize> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    if written().any(|(is_flat, _)| is_flat) || indexes.len() < names.len() {
        return Names::default();
    }
    let mut is_written = vec![false; names.len()];
    for field in fields {
        let Some(name) = &field.name else { continue };
        match indexes.get(&**name) {
            Some(index) if !std::mem::replace(&mut is_written[*index], true) => field.index = *index,
            _ => return Names::default(),
        }
    }
    Names::new(names)
}

/// The variants that are written, with their names.
fn written(choice: &Enum) -> impl Iterator<Item = (&'static ShapeVariant, &'static str)> + use<> {
    choice.variants.iter().filter_map(|variant| Some((variant, variant.written?)))
}
