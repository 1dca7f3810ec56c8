//! Defaults of a schema as the bytes of their values.

use serde_json::Value;

use super::bytes::{write_bytes, write_long, write_size};
use crate::avro::node::{Node, NodeId, Nodes};
use crate::logical::civil::Unit;

/// The bytes of a default, if it is one of the node.
pub(super) fn bytes_of(nodes: &Nodes, node: NodeId, default: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    write(nodes, node, default, &mut bytes, MAX_DEPTH)?;
    Some(bytes)
}

/// How deep defaults are filled in: one of a record that holds itself has no end.
const MAX_DEPTH: usize = 64;

fn write(nodes: &Nodes, node: NodeId, default: &Value, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match nodes.get(node) {
        Node::Null => default.as_null()?,
        Node::Boolean => out.push(default.as_bool()?.into()),
        Node::Int | Node::Date | Node::Time(Unit::Millis) => {
            write_long(out, i32::try_from(default.as_i64()?).ok()?.into());
        }
        Node::Long | Node::Time(_) | Node::Timestamp { .. } => write_long(out, default.as_i64()?),
        #[allow(clippy::cast_possible_truncation, reason = "a float's default is one")]
        Node::Float => out.extend((default.as_f64()? as f32).to_le_bytes()),
        Node::Double => out.extend(default.as_f64()?.to_le_bytes()),
        Node::String => write_bytes(out, default.as_str()?.as_bytes()),
        Node::Bytes | Node::BigDecimal | Node::Decimal { size: None, .. } | Node::Uuid { fixed: false } => {
            write_bytes(out, &latin1(default.as_str()?)?);
        }
        Node::Fixed(size) | Node::Decimal { size: Some(size), .. } => out.extend(sized(default, *size)?),
        Node::Uuid { fixed: true } => out.extend(sized(default, 16)?),
        Node::Duration => out.extend(sized(default, 12)?),
        Node::Enum { symbols, .. } => {
            let name = default.as_str()?;
            write_size(out, symbols.iter().position(|symbol| symbol.name == name)?);
        }
        Node::Array(items) => {
            let list = default.as_array()?;
            if !list.is_empty() {
                write_size(out, list.len());
                list.iter().try_for_each(|item| write(nodes, *items, item, out, depth))?;
            }
            out.push(0);
        }
        Node::Map(values) => {
            let map = default.as_object()?;
            if !map.is_empty() {
                write_size(out, map.len());
                for (key, value) in map {
                    write_bytes(out, key.as_bytes());
                    write(nodes, *values, value, out, depth)?;
                }
            }
            out.push(0);
        }
        Node::Record { fields, .. } => {
            for field in fields {
                let value = default.as_object()?.get(&field.name).or(field.default.as_ref())?;
                write(nodes, field.node, value, out, depth)?;
            }
        }
        // The first branch, by the specification up to 1.11; any since.
        Node::Union(branches) => {
            let before = out.len();
            let written = branches.iter().enumerate().find_map(|(index, branch)| {
                out.truncate(before);
                write_size(out, index);
                write(nodes, *branch, default, out, depth)
            });
            written?;
        }
    }
    Some(())
}

fn sized(default: &Value, size: usize) -> Option<Vec<u8>> {
    latin1(default.as_str()?).filter(|bytes| bytes.len() == size)
}

/// The bytes that the characters of a default stand for.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}
