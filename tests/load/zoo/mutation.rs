//! Changes to a message: in one place, or of two parts for each other.

use event_schema::serde_json::Value;

use super::choices::{Choices, FRACTIONS, NUMBERS, arbitrary, key, text};
use super::json::Json;
use super::words::Words;

/// Changes something.
pub(crate) fn mutate(message: &mut Json, choices: &mut Choices, words: &Words) {
    let place = choices.below(message.size());
    if choices.rarely(12) {
        let other = choices.below(message.size());
        return swap(message, place, other);
    }
    let part = message.part(place);
    match part {
        Json::Object(entries) if choices.below(4) != 3 => match choices.below(9) {
            0 if !entries.is_empty() => drop(entries.remove(choices.below(entries.len()))),
            1 if !entries.is_empty() => repeat(entries, choices, words),
            2 | 3 if !entries.is_empty() => {
                let entry = choices.below(entries.len());
                key(choices, words).clone_into(&mut entries[entry].0);
            }
            4 => entries.push((key(choices, words).to_owned(), arbitrary(choices, words, 2))),
            // As it stands under another name.
            5 if !entries.is_empty() => {
                let value = entries[choices.below(entries.len())].1.clone();
                entries.push((key(choices, words).to_owned(), value));
            }
            6 => entries.reverse(),
            // A tag, say, between the fields.
            7 if !entries.is_empty() => {
                let (from, to) = (choices.below(entries.len()), choices.below(entries.len()));
                let entry = entries.remove(from);
                entries.insert(to, entry);
            }
            // A struct as serde takes it too.
            _ => *part = Json::List(entries.iter().map(|(_, value)| value.clone()).collect()),
        },
        Json::List(list) if choices.below(3) != 2 => match choices.below(5) {
            0 | 1 => list.push(arbitrary(choices, words, 1)),
            2 => drop(list.pop()),
            3 if !list.is_empty() => list.push(list[0].clone()),
            _ => list.reverse(),
        },
        _ if part.is_text() && choices.below(2) == 0 => *part = Json::scalar(text(choices, words)),
        // A variant without data as serde takes it too, or one with data.
        _ if part.is_text() && choices.below(3) == 0 => {
            let value = if choices.below(2) == 0 { Json::scalar(Value::Null) } else { arbitrary(choices, words, 1) };
            *part = Json::Object(vec![(part.as_text().unwrap_or_default(), value)]);
        }
        _ if part.is_number() && choices.below(3) != 2 => {
            let numbers = if choices.below(3) == 2 { FRACTIONS } else { NUMBERS };
            *part = Json::number(choices.of(numbers));
        }
        _ => match choices.below(6) {
            0 | 1 => *part = Json::scalar(Value::Null),
            2 => *part = Json::List(vec![part.clone()]),
            3 => *part = Json::Object(vec![(key(choices, words).to_owned(), part.clone())]),
            _ => *part = arbitrary(choices, words, 1),
        },
    }
}

/// Gives an object one of its keys once more, anywhere.
fn repeat(entries: &mut Vec<(String, Json)>, choices: &mut Choices, words: &Words) {
    let mut copy = entries[choices.below(entries.len())].clone();
    if choices.below(2) == 1 {
        copy.1 = arbitrary(choices, words, 1);
    }
    entries.insert(choices.below(entries.len() + 1), copy);
}

/// Gives two parts each other's value; where one is in the other, its value takes the place of the outer one.
fn swap(message: &mut Json, one: usize, other: usize) {
    let (first, second) = (one.min(other), one.max(other));
    let inner = message.part(second).clone();
    let outer = std::mem::replace(message.part(first), inner.clone());
    let end = first + inner.size();
    let shift = |place: usize| (place + end).checked_sub(first + outer.size());
    if second >= first + outer.size()
        && let Some(second) = shift(second)
    {
        *message.part(second) = outer;
    }
}
