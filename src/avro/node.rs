//! A schema as a list of nodes that refer to each other by index, so that one that holds itself is no tree.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, RecordField, UuidSchema};
use serde_json::Value;

use crate::logical::civil::Unit;

/// The index of a node.
pub(super) type NodeId = usize;

/// A schema; its first node is the whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nodes {
    list: Vec<Node>,
    /// The bytes that every value of a node has at least.
    least: Vec<usize>,
    /// Strings that are UUIDs, which are read as other strings are.
    uuids: Vec<NodeId>,
}

/// A type of the specification. A logical type that the parser does not know is the type it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    /// Bytes that hold a decimal with its scale. No other language reads it.
    BigDecimal,
    String,
    Fixed(usize),
    Date,
    Time(Unit),
    Timestamp {
        unit: Unit,
        local: bool,
    },
    Decimal {
        precision: usize,
        scale: usize,
        /// The number of bytes, if that is fixed.
        size: Option<usize>,
    },
    /// The bytes of a UUID, with their length before them unless that is fixed.
    Uuid {
        fixed: bool,
    },
    /// Months, days and milliseconds.
    Duration,
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Enum {
        symbols: Vec<Symbol>,
    },
    Record {
        name: NodeName,
        fields: Vec<NodeField>,
    },
}

/// The name of a type without its namespace, and in JSON.
#[derive(Clone, Debug)]
pub(super) struct NodeName {
    pub(super) name: String,
    pub(super) original: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Symbol {
    pub(super) name: String,
    pub(super) original: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct NodeField {
    pub(super) name: String,
    pub(super) original: Option<String>,
    pub(super) node: NodeId,
    pub(super) default: Option<Value>,
}

/// Names in JSON and defaults say nothing about data.
impl PartialEq for NodeName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl PartialEq for NodeField {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.node == other.node
    }
}

impl NodeField {
    /// The name in JSON.
    pub(super) fn json_name(&self) -> &str {
        self.original.as_ref().unwrap_or(&self.name)
    }
}

impl Symbol {
    /// The name in JSON.
    pub(super) fn json_name(&self) -> &str {
        self.original.as_ref().unwrap_or(&self.name)
    }
}

impl Nodes {
    pub(super) const ROOT: NodeId = 0;

    pub(super) fn of(schema: &Schema) -> Self {
        let mut builder = Builder::default();
        builder.node(schema, None);
        let mut sizes = vec![None; builder.nodes.len()];
        let least = (0..builder.nodes.len()).map(|id| least_size(&builder.nodes, id, &mut sizes)).collect();
        Self { list: builder.nodes, least, uuids: builder.uuids }
    }

    pub(super) fn get(&self, id: NodeId) -> &Node {
        &self.list[id]
    }

    /// The index of null in a union.
    pub(super) fn null_branch(&self, id: NodeId) -> Option<usize> {
        let Node::Union(branches) = self.get(id) else { return None };
        branches.iter().position(|branch| matches!(self.get(*branch), Node::Null))
    }

    /// The bytes that every value has at least.
    pub(super) fn least_size(&self, id: NodeId) -> usize {
        self.least[id]
    }
}

fn least_size(nodes: &[Node], id: NodeId, sizes: &mut Vec<Option<usize>>) -> usize {
    if let Some(size) = sizes[id] {
        return size;
    }
    // A record that holds itself ends by a union or a list, which count one.
    sizes[id] = Some(0);
    let size = match &nodes[id] {
        Node::Null => 0,
        Node::Fixed(size) | Node::Decimal { size: Some(size), .. } => *size,
        Node::Float => 4,
        Node::Double => 8,
        Node::Duration => 12,
        Node::Uuid { fixed: true } => 16,
        Node::Record { fields, .. } => {
            fields.iter().fold(0, |size: usize, field| size.saturating_add(least_size(nodes, field.node, sizes)))
        }
        _ => 1,
    };
    sizes[id] = Some(size);
    size
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    named: HashMap<String, NodeId>,
    uuids: Vec<NodeId>,
}

impl Builder {
    fn node(&mut self, schema: &Schema, namespace: Option<&str>) -> NodeId {
        if let Schema::Ref { name } = schema {
            // The parser refuses names that are not defined.
            return self.named.get(&name.fullname(namespace)).copied().unwrap_or(Nodes::ROOT);
        }
        let id = self.nodes.len();
        // Its place; what it holds can refer to it.
        self.nodes.push(Node::Null);
        if let Some(name) = schema.name() {
            self.named.insert(name.fullname(namespace), id);
        }
        if matches!(schema, Schema::Uuid(UuidSchema::String)) {
            self.uuids.push(id);
        }
        let node = self.content(schema, namespace);
        self.nodes[id] = node;
        id
    }

    fn content(&mut self, schema: &Schema, namespace: Option<&str>) -> Node {
        match schema {
            Schema::Null | Schema::Ref { .. } => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int => Node::Int,
            Schema::Long => Node::Long,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::Bytes => Node::Bytes,
            Schema::BigDecimal => Node::BigDecimal,
            Schema::String | Schema::Uuid(UuidSchema::String) => Node::String,
            Schema::Array(array) => Node::Array(self.node(&array.items, namespace)),
            Schema::Map(map) => Node::Map(self.node(&map.types, namespace)),
            Schema::Union(union) => {
                Node::Union(union.variants().iter().map(|branch| self.node(branch, namespace)).collect())
            }
            Schema::Record(record) => {
                let namespace = record.name.namespace().or(namespace);
                let fields = record.fields.iter().map(|field| self.field(field, namespace)).collect();
                Node::Record { name: name(&record.name, record.attributes.get("altnames")), fields }
            }
            Schema::Enum(choice) => {
                let originals = choice.attributes.get("altsymbols").and_then(|symbols| symbols.get("json"));
                let original = |symbol: &str| Some(originals?.get(symbol)?.as_str()?.to_owned());
                let symbols = choice.symbols.iter();
                Node::Enum {
                    symbols: symbols
                        .map(|symbol| Symbol { name: symbol.clone(), original: original(symbol) })
                        .collect(),
                }
            }
            Schema::Fixed(fixed) => Node::Fixed(fixed.size),
            Schema::Decimal(decimal) => Node::Decimal {
                precision: decimal.precision,
                scale: decimal.scale,
                size: match &decimal.inner {
                    InnerDecimalSchema::Bytes => None,
                    InnerDecimalSchema::Fixed(fixed) => Some(fixed.size),
                },
            },
            Schema::Uuid(UuidSchema::Bytes) => Node::Uuid { fixed: false },
            Schema::Uuid(UuidSchema::Fixed(_)) => Node::Uuid { fixed: true },
            Schema::Date => Node::Date,
            Schema::TimeMillis => Node::Time(Unit::Millis),
            Schema::TimeMicros => Node::Time(Unit::Micros),
            Schema::TimestampMillis => Node::Timestamp { unit: Unit::Millis, local: false },
            Schema::TimestampMicros => Node::Timestamp { unit: Unit::Micros, local: false },
            Schema::TimestampNanos => Node::Timestamp { unit: Unit::Nanos, local: false },
            Schema::LocalTimestampMillis => Node::Timestamp { unit: Unit::Millis, local: true },
            Schema::LocalTimestampMicros => Node::Timestamp { unit: Unit::Micros, local: true },
            Schema::LocalTimestampNanos => Node::Timestamp { unit: Unit::Nanos, local: true },
            Schema::Duration(_) => Node::Duration,
        }
    }

    fn field(&mut self, field: &RecordField, namespace: Option<&str>) -> NodeField {
        NodeField {
            name: field.name.clone(),
            original: original(field.custom_attributes.get("altnames")),
            node: self.node(&field.schema, namespace),
            default: field.default.clone(),
        }
    }
}

fn name(name: &Name, altnames: Option<&Value>) -> NodeName {
    NodeName { name: name.name().to_owned(), original: original(altnames) }
}

/// The name in JSON.
fn original(altnames: Option<&Value>) -> Option<String> {
    Some(altnames?.get("json")?.as_str()?.to_owned())
}
