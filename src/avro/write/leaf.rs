//! Values without parts: numbers, and what text stands for.

use super::bytes::{write_bytes, write_long, write_size};
use crate::avro::node::Node;
use crate::error::Unwritable;
use crate::logical::civil::{self, Unit};
use crate::logical::decimal;

pub(super) const OTHER_TYPE: &str = "the schema has another type for it";
const TOO_LARGE: &str = "a number that does not fit the type of the schema";

/// Writes an integer. That of a date or a time is its number, as it is to Java's writers.
pub(super) fn write_integer(out: &mut Vec<u8>, node: &Node, number: i64) -> Result<(), Unwritable> {
    match node {
        Node::Long | Node::Timestamp { .. } | Node::Time(Unit::Micros | Unit::Nanos) => write_long(out, number),
        Node::Int | Node::Date | Node::Time(Unit::Millis) if i32::try_from(number).is_ok() => write_long(out, number),
        // Exact, or not at all.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "checked")]
        Node::Double if (number as f64) as i128 == i128::from(number) => out.extend((number as f64).to_le_bytes()),
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "checked")]
        Node::Float if (number as f32) as i128 == i128::from(number) => out.extend((number as f32).to_le_bytes()),
        Node::Int | Node::Date | Node::Time(Unit::Millis) | Node::Double | Node::Float => {
            return Err(Unwritable::new(TOO_LARGE));
        }
        Node::Decimal { .. } => return write_decimal(out, node, &number.to_string()),
        _ => return Err(Unwritable::new(OTHER_TYPE)),
    }
    Ok(())
}

/// Writes an integer that is given as its text, because it may have more than 64 bits.
pub(super) fn write_large(out: &mut Vec<u8>, node: &Node, text: &str) -> Result<(), Unwritable> {
    match (node, text.parse()) {
        (Node::Decimal { .. }, _) => write_decimal(out, node, text),
        (_, Ok(number)) => write_integer(out, node, number),
        (
            Node::Int | Node::Long | Node::Float | Node::Double | Node::Date | Node::Time(_) | Node::Timestamp { .. },
            Err(_),
        ) => Err(Unwritable::new(TOO_LARGE)),
        _ => Err(Unwritable::new(OTHER_TYPE)),
    }
}

/// Writes a float; those that JSON does not have, no load would take. A number `of_json` has the shortest digits that tell
/// a value of 32 bits from its neighbours.
pub(super) fn write_float(out: &mut Vec<u8>, node: &Node, number: f64, of_json: bool) -> Result<(), Unwritable> {
    if !number.is_finite() {
        return Err(Unwritable::new("a float that is not finite"));
    }
    match node {
        Node::Double => out.extend(number.to_le_bytes()),
        #[allow(clippy::cast_possible_truncation, clippy::float_cmp, reason = "exact, or not at all")]
        Node::Float if f64::from(number as f32) == number || of_json && shortest(number as f32) == Some(number) => {
            out.extend((number as f32).to_le_bytes());
        }
        Node::Float => return Err(Unwritable::new(TOO_LARGE)),
        _ => return Err(Unwritable::new(OTHER_TYPE)),
    }
    Ok(())
}

fn shortest(number: f32) -> Option<f64> {
    number.to_string().parse().ok()
}

fn write_decimal(out: &mut Vec<u8>, node: &Node, text: &str) -> Result<(), Unwritable> {
    let Node::Decimal { precision, scale, size } = node else { return Err(Unwritable::new(OTHER_TYPE)) };
    let refused = || Unwritable::new("a number of more digits than the decimal of the schema has");
    let bytes = decimal::unscaled(text, *precision, *scale).ok_or_else(refused)?;
    match size {
        None => write_bytes(out, &bytes),
        Some(size) => {
            let fill = size.checked_sub(bytes.len()).ok_or_else(refused)?;
            let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { 0xFF } else { 0 };
            out.extend(std::iter::repeat_n(sign, fill));
            out.extend(bytes);
        }
    }
    Ok(())
}

/// Writes a text, or what it stands for.
pub(super) fn write_text(out: &mut Vec<u8>, node: &Node, text: &str) -> Result<(), Unwritable> {
    let number = match node {
        Node::String | Node::Bytes => {
            write_bytes(out, text.as_bytes());
            return Ok(());
        }
        Node::Fixed(size) if *size == text.len() => {
            out.extend(text.as_bytes());
            return Ok(());
        }
        Node::Decimal { .. } => return write_decimal(out, node, text),
        Node::Uuid { fixed } => {
            let bytes = uuid(text).ok_or_else(|| Unwritable::new("text that is no UUID"))?;
            if !fixed {
                write_size(out, bytes.len());
            }
            out.extend(bytes);
            return Ok(());
        }
        Node::Duration => {
            let parts = civil::read_period(text).ok_or_else(|| {
                Unwritable::new("a duration that is negative or has fractions of a millisecond, which Avro's do not")
            })?;
            out.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
            return Ok(());
        }
        Node::Date => civil::read_date(text).filter(|days| i32::try_from(*days).is_ok()),
        Node::Time(unit) => civil::read_time(text, *unit),
        Node::Timestamp { unit, local: false } => civil::read_instant(text, *unit),
        Node::Timestamp { unit, local: true } => civil::read_datetime(text, *unit),
        _ => return Err(Unwritable::new(OTHER_TYPE)),
    };
    match number {
        Some(number) => write_long(out, number),
        None => {
            return Err(Unwritable::new("a date or a time that the type of the schema does not have"));
        }
    }
    Ok(())
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    let mut number = 0_u128;
    let mut count = 0;
    for digit in digits {
        number = number << 4 | u128::from(char::from(digit).to_digit(16)?);
        count += 1;
    }
    (count == 32).then(|| number.to_be_bytes())
}

/// Writes bytes.
pub(super) fn write_blob(out: &mut Vec<u8>, node: &Node, bytes: &[u8]) -> Result<(), Unwritable> {
    match node {
        Node::Bytes => write_bytes(out, bytes),
        Node::Fixed(size) if *size == bytes.len() => out.extend(bytes),
        Node::Fixed(_) => return Err(Unwritable::new("more or fewer bytes than the `fixed` of the schema has")),
        _ => return Err(Unwritable::new(OTHER_TYPE)),
    }
    Ok(())
}
