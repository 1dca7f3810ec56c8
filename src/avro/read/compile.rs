//! The plan of a writer's schema and a reader's shape.

use std::collections::HashMap;

use super::super::names::{FieldNames, is_same_variant, is_symbol_of};
use super::super::node::{Node, NodeField, NodeId, NodeName, Nodes, Symbol};
use super::super::target::{self, MAX_DEPTH, Target, TypeName, byte_list, is_nullable};
use super::super::untagged::{MAX_TRIES, enum_of_symbols, variant_of_record};
use super::plan::{Decimal, Field as ReadField, Op, OpId, OpKind, Plan, Record, Step, Tagging, Variant};
use crate::contract::Shape;
use crate::contract::parts::Way;
use crate::contract::shape::Variant as ShapeVariant;
use crate::contract::shape::{AvroForm, Content, Enum, Field, Kind, Logical, Tagging as ShapeTagging, Text};
use crate::logical::civil::{Style, Unit};

impl Plan {
    /// The plan for a reader of this shape, whose type has the name `event`.
    pub(crate) fn new(nodes: &Nodes, shape: &Shape, event: &str) -> Self {
        let plan = Self {
            nodes: nodes.clone(),
            ops: Vec::new(),
            records: Vec::new(),
            unions: Vec::new(),
            decimals: Vec::new(),
            enums: Vec::new(),
            variants: Vec::new(),
            root: 0,
        };
        let mut compiler = Compiler { plan, nodes, records: HashMap::new(), depth: 0 };
        compiler.plan.root = compiler.op(Nodes::ROOT, &Target::root(shape, event, Way::Read));
        compiler.plan
    }
}

struct Compiler<'n> {
    plan: Plan,
    nodes: &'n Nodes,
    /// The operations of records, by their nodes and by what they are read as.
    records: HashMap<(NodeId, String), OpId>,
    depth: usize,
}

impl Compiler<'_> {
    fn push(&mut self, node: NodeId, kind: OpKind) -> OpId {
        self.plan.ops.push(Op { kind, node });
        self.plan.ops.len() - 1
    }

    /// How to read what was written as `node` as the target.
    fn op(&mut self, id: NodeId, target: &Target) -> OpId {
        self.depth += 1;
        let op = if self.depth > MAX_DEPTH { self.op_of(id, &Target::natural()) } else { self.op_of(id, target) };
        self.depth -= 1;
        op
    }

    fn op_of(&mut self, id: NodeId, target: &Target) -> OpId {
        let nodes = self.nodes;
        let kind = match nodes.get(id) {
            Node::Union(branches) => {
                let branches: Vec<OpId> = branches.iter().map(|branch| self.op(*branch, target)).collect();
                let branches = branches.iter().map(|branch| self.plan.ops[*branch]).collect();
                self.plan.unions.push(branches);
                OpKind::Union(self.plan.unions.len() - 1)
            }
            Node::Record { name, fields } => return self.record(id, name, fields, target),
            Node::Enum { symbols, .. } => {
                let choice = enum_of_symbols(target, symbols, Way::Read);
                let names = symbols.iter().map(|symbol| symbol_name(symbol, choice)).collect();
                self.plan.enums.push(names);
                OpKind::Enum(self.plan.enums.len() - 1)
            }
            Node::Array(items) => {
                let target = self.part(id, target, target::items);
                OpKind::Array(self.op(*items, &target))
            }
            Node::Map(values) => {
                let target = self.part(id, target, target::values);
                OpKind::Map(self.op(*values, &target))
            }
            leaf => self.leaf_kind(leaf, &self.fitting(id, target, MAX_TRIES)),
        };
        self.push(id, kind)
    }

    /// The target of the parts of a list or a map.
    fn part(&self, id: NodeId, target: &Target, part: fn(Kind) -> Option<Shape>) -> Target {
        let Target::Kind { shape, form } = self.fitting(id, target, MAX_TRIES) else { return Target::natural() };
        part(shape.into_kind()).map_or_else(Target::natural, |part| Target::of(part, form, Way::Read))
    }

    /// The target of a value of this node: of an untagged enum, its first variant that fits.
    fn fitting(&self, id: NodeId, target: &Target, tries: usize) -> Target {
        let Target::Enum { choice: Enum { tagging: ShapeTagging::Untagged, variants, .. }, form, .. } = target else {
            return target.clone();
        };
        let Some(tries) = tries.checked_sub(1) else { return Target::natural() };
        let contents = variants.iter().filter(|variant| variant.read.is_some()).map(|variant| match variant.content {
            Content::Inner(field) => {
                let target = Target::of((field.shape)(), field.avro.form.or(*form), Way::Read);
                self.fitting(id, &target, tries)
            }
            content => Target::Content { content, id: String::new(), name: TypeName::default() },
        });
        let node = self.nodes.get(id);
        let found = contents.clone().find(|content| fits(node, content));
        // A variant that has the type without the reader's logical type comes before one that gives it a meaning.
        let found = found.or_else(|| contents.clone().find(|content| with_meaning(node, content).is_some()));
        found.unwrap_or_else(Target::natural)
    }

    fn record(&mut self, id: NodeId, name: &NodeName, fields: &[NodeField], target: &Target) -> OpId {
        match target {
            Target::Content { content, id: key, .. } => self.content(id, fields, *content, key),
            Target::Enum { owner, id: key, choice, .. } => self.variant(id, name, fields, owner, key, choice),
            Target::Kind { shape, .. } => match shape.kind() {
                Kind::Tuple(items) => {
                    let part = |(index, shape): (usize, &Shape)| {
                        (FieldNames::of_element(index), Target::of(shape.clone(), None, Way::Read))
                    };
                    let parts: Vec<_> = items.iter().enumerate().map(part).collect();
                    self.tuple(id, fields, &parts, &shape.id())
                }
                _ => self.natural(id, fields),
            },
        }
    }

    /// The operation of a record, which `steps` may refer to.
    fn steps(
        &mut self,
        id: NodeId,
        key: &str,
        kind: fn(usize) -> OpKind,
        steps: impl FnOnce(&mut Self) -> (Vec<Step>, Vec<&'static str>),
    ) -> OpId {
        let key = (id, key.to_owned());
        if let Some(known) = self.records.get(&key) {
            return *known;
        }
        let record = self.plan.records.len();
        self.plan.records.push(Record::default());
        let op = self.push(id, kind(record));
        self.records.insert(key, op);
        let (steps, names) = steps(self);
        self.plan.records[record] = Record::new(steps, names, self.nodes.least_size(id));
        op
    }

    /// A field that is read, by its name.
    fn named(&self, name: &str, op: OpId) -> Step {
        Step::Read(ReadField { name: name.into(), index: 0, op: self.plan.ops[op] })
    }

    /// A record as the JSON that it is converted to.
    fn natural(&mut self, id: NodeId, fields: &[NodeField]) -> OpId {
        self.steps(id, "", OpKind::Record, |this| {
            let step = |field: &NodeField| {
                let op = this.op(field.node, &Target::natural());
                this.named(field.json_name(), op)
            };
            (fields.iter().map(step).collect(), Vec::new())
        })
    }

    fn content(&mut self, id: NodeId, fields: &[NodeField], content: Content, key: &str) -> OpId {
        match content {
            Content::Unit => self.push(id, OpKind::Skip),
            Content::Inner(inner) => {
                let names = FieldNames::of_only(inner);
                let Some(index) = names.find(fields.iter()) else {
                    // Its record stands there itself.
                    return self.op(id, &Target::of_field(inner, Way::Read));
                };
                self.steps(id, key, OpKind::Inner, |this| {
                    let op = this.op(fields[index].node, &Target::of_field(inner, Way::Read));
                    let step = |(position, field): (usize, &NodeField)| match position {
                        at if at == index => this.named("", op),
                        _ => Step::Skip(field.node),
                    };
                    (fields.iter().enumerate().map(step).collect(), Vec::new())
                })
            }
            Content::Tuple(list) => {
                let read = list.iter().filter(|field| field.read.is_some());
                let parts: Vec<_> =
                    read.map(|field| (FieldNames::of(field), Target::of_field(field, Way::Read))).collect();
                self.tuple(id, fields, &parts, key)
            }
            Content::Record(record) => self.steps(id, key, OpKind::Record, |this| {
                let mut readers = Vec::new();
                gather(record.fields, &mut readers, 0);
                let found = matches(fields, &readers);
                let step = |(field, reader): (&NodeField, Option<usize>)| match reader {
                    Some(reader) => this.step(field, readers[reader].0, reader),
                    None => Step::Skip(field.node),
                };
                let steps = fields.iter().zip(found).map(step).collect();
                // What is flattened is found by its name.
                let names = if record.fields.iter().any(|field| field.flat) { &[] } else { &readers[..] };
                (steps, names.iter().map(|(reader, _)| reader.read.unwrap_or_default()).collect())
            }),
        }
    }

    fn step(&mut self, field: &NodeField, reader: &'static Field, index: usize) -> Step {
        let shape = (reader.shape)();
        // In Avro there is something in the place of a field that JSON leaves out: null.
        let never_null = reader.not_null || !is_nullable(&shape);
        let may_be_missing = never_null && !reader.is_required();
        if may_be_missing && matches!(self.nodes.get(field.node), Node::Null) {
            return Step::Skip(field.node);
        }
        let op = self.op(field.node, &Target::of(shape, reader.avro.form, Way::Read));
        let op = self.plan.ops[op];
        let index = index.try_into().unwrap_or(u32::MAX);
        let read = ReadField { name: reader.read.unwrap_or_default().into(), index, op };
        match (self.nodes.null_branch(field.node).filter(|_| may_be_missing), op.kind) {
            (Some(null), OpKind::Union(union)) => Step::Omissible { null, union, field: read },
            _ => Step::Read(read),
        }
    }

    /// A record as a list, if its fields have the order of the list's elements.
    fn tuple(&mut self, id: NodeId, fields: &[NodeField], parts: &[(FieldNames, Target)], key: &str) -> OpId {
        let indexes: Vec<Option<usize>> =
            fields.iter().map(|field| parts.iter().position(|(names, _)| names.find([field]).is_some())).collect();
        if !indexes.iter().flatten().copied().eq(0..indexes.iter().flatten().count()) {
            return self.natural(id, fields);
        }
        self.steps(id, key, OpKind::Tuple, |this| {
            let step = |(field, index): (&NodeField, Option<usize>)| match index {
                Some(index) => {
                    let op = this.op(field.node, &parts[index].1);
                    this.named("", op)
                }
                None => Step::Skip(field.node),
            };
            (fields.iter().zip(indexes).map(step).collect(), Vec::new())
        })
    }

    /// The record of an enum's variant.
    fn variant(
        &mut self,
        id: NodeId,
        name: &NodeName,
        fields: &[NodeField],
        owner: &TypeName,
        key: &str,
        choice: &Enum,
    ) -> OpId {
        let mut variants = choice.variants.iter().filter(|variant| variant.read.is_some());
        let tagging = match choice.tagging {
            ShapeTagging::External => Tagging::External,
            ShapeTagging::Internal { tag } => Tagging::Internal { tag },
            ShapeTagging::Adjacent { tag, content } => Tagging::Adjacent { tag, content },
            ShapeTagging::Untagged => {
                let found = variant_of_record(owner, choice, name, Way::Read);
                return match found.map(|variant| (variant, variant.content)) {
                    Some((_, Content::Inner(field))) => self.op(id, &Target::of_field(field, Way::Read)),
                    Some((variant, content)) => {
                        let key = format!("{key}::{}", variant.read.unwrap_or_default());
                        self.content(id, fields, content, &key)
                    }
                    None => self.natural(id, fields),
                };
            }
        };
        let found = variants.clone().find(|variant| is_same_variant(owner, variant, name));
        let default = |variant: &&ShapeVariant| {
            (variant.avro.default || variant.other) && matches!(variant.content, Content::Unit)
        };
        let found = found.or_else(|| variants.find(default));
        let (read, content) = match found {
            Some(variant) => {
                let read = variant.read.unwrap_or_default();
                let key = format!("{key}::{read}");
                let content = match (variant.content, tagging) {
                    (Content::Unit, _) => None,
                    // Its fields stand beside the tag.
                    (Content::Inner(field), Tagging::Internal { .. }) => {
                        Some(self.op(id, &Target::of_field(field, Way::Read)))
                    }
                    (content, _) => Some(self.content(id, fields, content, &key)),
                };
                (read.to_owned(), content)
            }
            None => {
                let without_owner = |owner: &str| name.name.strip_prefix(owner)?.strip_prefix('_').map(str::to_owned);
                let own = name.original.clone().or_else(|| owner.all().find_map(without_owner));
                let content = (!fields.is_empty()).then(|| self.natural(id, fields));
                (own.unwrap_or_else(|| name.name.clone()), content)
            }
        };
        self.plan.variants.push(Variant { name: read.into(), tagging, content });
        let kind = OpKind::Variant(self.plan.variants.len() - 1);
        self.push(id, kind)
    }

    fn leaf_kind(&mut self, node: &Node, target: &Target) -> OpKind {
        let kind = match target {
            Target::Kind { shape, .. } => Some(shape.kind()),
            Target::Content { .. } | Target::Enum { .. } => None,
        };
        let resolved = with_meaning(node, target);
        let text = match kind {
            Some(Kind::Text(text)) => Some(text),
            _ => None,
        };
        let logical = text.and_then(|text| text.logical);
        // A value with a meaning is text in JSON. Types of another meaning read the number that it is.
        let means = |meaning: Logical| logical == Some(meaning) || matches!(kind, Some(Kind::Any));
        let style = text.map_or(Style::Iso, style);
        let is_bytes = matches!(target, Target::Kind { shape, .. } if byte_list(shape));
        match *resolved.as_ref().unwrap_or(node) {
            Node::Boolean => OpKind::Boolean,
            Node::Date if means(Logical::Date) => OpKind::Date,
            Node::Time(unit) if means(Logical::Time) => OpKind::Time(unit, style),
            Node::Timestamp { unit, local: false } if means(Logical::Instant) => {
                OpKind::Timestamp { unit, local: false, style }
            }
            Node::Timestamp { unit, local: true } if means(Logical::DateTime) => {
                OpKind::Timestamp { unit, local: true, style }
            }
            Node::Int | Node::Date | Node::Time(Unit::Millis) => OpKind::Int,
            Node::Long | Node::Time(_) | Node::Timestamp { .. } => OpKind::Long,
            Node::Float => OpKind::Float,
            Node::Double => OpKind::Double,
            Node::String if is_bytes => OpKind::StringAsBytes,
            Node::String => OpKind::String,
            Node::Bytes if text.is_some() => OpKind::BytesAsText,
            Node::Uuid { fixed } if text.is_some() || matches!(kind, Some(Kind::Any)) => OpKind::Uuid { fixed },
            Node::Uuid { fixed: true } => OpKind::Fixed(16),
            Node::Bytes | Node::BigDecimal | Node::Uuid { fixed: false } => OpKind::Bytes,
            Node::Fixed(size) if text.is_some() => OpKind::FixedAsText(size),
            Node::Fixed(size) => OpKind::Fixed(size),
            Node::Decimal { scale, size, .. } => {
                let integer = scale == 0 && matches!(kind, Some(Kind::Integer(_)));
                self.plan.decimals.push(Decimal { scale, size, integer });
                OpKind::Decimal(self.plan.decimals.len() - 1)
            }
            Node::Duration => OpKind::Duration,
            Node::Null => OpKind::Null,
            // No leaves.
            Node::Array(_) | Node::Map(_) | Node::Union(_) | Node::Enum { .. } | Node::Record { .. } => OpKind::Skip,
        }
    }
}

/// The fields of a level with those of its flattened values, which stand among them.
fn gather(fields: &'static [Field], found: &mut Vec<(&'static Field, FieldNames)>, depth: usize) {
    for field in fields.iter().filter(|field| field.read.is_some()) {
        if !field.flat {
            found.push((field, FieldNames::of(field)));
        } else if depth < MAX_FLAT
            && let Target::Content { content: Content::Record(record), .. } = Target::of_field(field, Way::Read)
        {
            gather(record.fields, found, depth + 1);
        }
    }
}

/// How deep values are flattened into each other.
const MAX_FLAT: usize = 32;

/// The reader's field for each of the writer's: by its name, else by an alias that no other has for its name.
fn matches(fields: &[NodeField], readers: &[(&'static Field, FieldNames)]) -> Vec<Option<usize>> {
    let mut taken = vec![false; readers.len()];
    let mut found: Vec<Option<usize>> = fields
        .iter()
        .map(|field| {
            let reader = readers.iter().position(|(_, names)| names.is_name_of(field));
            reader.filter(|reader| !std::mem::replace(&mut taken[*reader], true))
        })
        .collect();
    for (field, found) in fields.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
        let mut readers = readers.iter().enumerate();
        *found = readers
            .position(|(index, (_, names))| !taken[index] && names.is_alias_of(field))
            .inspect(|reader| taken[*reader] = true);
    }
    found
}

/// The variant that a symbol of the writer's is read as.
fn symbol_name(symbol: &Symbol, choice: Option<Enum>) -> Box<str> {
    let Some(choice) = choice else { return symbol.json_name().into() };
    let variants = choice.variants.iter().filter(|variant| variant.read.is_some());
    let read = |variant: &ShapeVariant| variant.read.unwrap_or_default().into();
    let same = variants.clone().find(|variant| is_symbol_of(variant, symbol));
    let other = || variants.clone().find(|variant| variant.avro.default || variant.other);
    same.or_else(other).map_or_else(|| symbol.json_name().into(), read)
}

/// The node with the logical type that the reader has for it, if the writer's has none, as the specification resolves
/// them: the type counts, and the reader gives it its meaning. Where both have one, that of the writer tells what was
/// written; only points in time and local times stand for each other.
fn with_meaning(node: &Node, target: &Target) -> Option<Node> {
    let Target::Kind { shape, form } = target else { return None };
    if byte_list(shape) {
        return match *node {
            Node::Decimal { size: None, .. } => Some(Node::Bytes),
            Node::Decimal { size: Some(size), .. } => Some(Node::Fixed(size)),
            Node::Duration => Some(Node::Fixed(12)),
            _ => None,
        };
    }
    let decimal = |size| match *form {
        Some(AvroForm::Decimal { precision, scale }) => {
            Some(Node::Decimal { precision: precision.try_into().ok()?, scale: scale.try_into().ok()?, size })
        }
        _ => None,
    };
    let unit = match form {
        None | Some(AvroForm::Micros) => Some(Unit::Micros),
        Some(AvroForm::Millis) => Some(Unit::Millis),
        Some(AvroForm::Nanos) => Some(Unit::Nanos),
        Some(_) => None,
    };
    let logical = match shape.kind() {
        Kind::Text(text) => text.logical?,
        // Integers of more than 64 bits are decimals.
        Kind::Integer(integer) if i64::try_from(integer.min).is_err() || i64::try_from(integer.max).is_err() => {
            return match *node {
                Node::Bytes => Some(Node::Decimal { precision: usize::MAX, scale: 0, size: None }),
                _ => None,
            };
        }
        _ => return None,
    };
    match (logical, node) {
        (Logical::Instant, Node::Int | Node::Long) => Some(Node::Timestamp { unit: unit?, local: false }),
        (Logical::Instant, Node::Timestamp { unit, local: true }) => {
            Some(Node::Timestamp { unit: *unit, local: false })
        }
        (Logical::DateTime, Node::Int | Node::Long) => Some(Node::Timestamp { unit: unit?, local: true }),
        (Logical::DateTime, Node::Timestamp { unit, local: false }) => {
            Some(Node::Timestamp { unit: *unit, local: true })
        }
        (Logical::Date, Node::Int) => Some(Node::Date),
        (Logical::Time, Node::Int) => Some(Node::Time(unit?)),
        (Logical::Time, Node::Long) if unit == Some(Unit::Micros) => Some(Node::Time(Unit::Micros)),
        (Logical::Uuid, Node::Fixed(16)) => Some(Node::Uuid { fixed: true }),
        (Logical::Duration, Node::Fixed(12)) if *form == Some(AvroForm::Duration) => Some(Node::Duration),
        (Logical::Decimal, Node::Bytes) => decimal(None),
        (Logical::Decimal, Node::Fixed(size)) => decimal(Some(*size)),
        _ => None,
    }
}

/// Whether a value of the node can be read as this.
fn fits(node: &Node, target: &Target) -> bool {
    match target {
        Target::Content { content: Content::Unit, .. } => matches!(node, Node::Null),
        Target::Content { content: Content::Tuple(_), .. } => matches!(node, Node::Array(_)),
        Target::Content { .. } => matches!(node, Node::Map(_)),
        Target::Enum { .. } => matches!(node, Node::Enum { .. }),
        Target::Kind { shape, .. } => match shape.kind() {
            Kind::Null => matches!(node, Node::Null),
            Kind::Boolean => matches!(node, Node::Boolean),
            Kind::Integer(_) => matches!(node, Node::Int | Node::Long | Node::Decimal { scale: 0, .. }),
            Kind::Float(_) | Kind::Number => matches!(node, Node::Int | Node::Long | Node::Float | Node::Double),
            Kind::Text(text) => matches!(
                (text.logical, node),
                (_, Node::String)
                    | (Some(Logical::Uuid), Node::Uuid { .. })
                    | (Some(Logical::Instant), Node::Timestamp { local: false, .. })
                    | (Some(Logical::DateTime), Node::Timestamp { local: true, .. })
                    | (Some(Logical::Date), Node::Date)
                    | (Some(Logical::Time), Node::Time(_))
                    | (Some(Logical::Duration), Node::Duration)
                    | (Some(Logical::Decimal), Node::Decimal { .. })
                    | (None, Node::Bytes | Node::Enum { .. })
            ),
            Kind::List { .. } if byte_list(shape) => {
                matches!(node, Node::Array(_) | Node::Bytes | Node::BigDecimal | Node::Fixed(_))
            }
            Kind::List { .. } | Kind::Tuple(_) => matches!(node, Node::Array(_)),
            Kind::Map { .. } => matches!(node, Node::Map(_)),
            _ => false,
        },
    }
}

/// How the type separates the parts of its text: time has no format of JSON Schema's.
fn style(text: &Text) -> Style {
    if text.formats.is_empty() { Style::Spaced } else { Style::Iso }
}
