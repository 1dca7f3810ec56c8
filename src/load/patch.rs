//! A part of an event put into a whole one: what the part has is read into its place, all else stays.

use std::collections::BTreeMap;

use super::buffer::{Buffered, Leftovers, With};
use super::json::{self, Source};
use super::object::OBJECT;
use super::{At, Context, FieldType};
use crate::violation::FieldName;

/// The entries of a JSON object, each with its value's text.
pub type Object = BTreeMap<String, Box<str>>;

/// Reads a value of its own.
pub(crate) fn read<T: FieldType>(input: &str, cx: &mut Context<'_>, at: &At<'_>) -> Option<T> {
    // A text that was read before breaks off only where it is nested too deep, which the context keeps.
    T::read(&mut Source::new(input), cx, at).ok().flatten()
}

/// Puts a value in the place of another.
pub(crate) fn replace<T: FieldType>(this: &mut T, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
    if let Some(value) = read(input, cx, at) {
        *this = value;
    }
}

/// Puts a value in the place of another, with a reader that is not ours.
pub fn replace_foreign<T, W: With<T>>(this: &mut T, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
    // As with [`read`].
    if let Ok(Some(value)) = Buffered::of(input).foreign::<T, W, json::Error>(cx, at) {
        *this = value;
    }
}

/// As [`replace`], of a flattened value, which takes what it reads out of `rest`.
pub(crate) fn replace_flat<T: FieldType>(this: &mut T, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
    let mut leftovers = Leftovers::of(std::mem::take(rest));
    if let Ok(Some(value)) = T::read_flat::<json::Error>(&mut leftovers, cx, at) {
        *this = value;
    }
    *rest = leftovers.into_rest();
}

/// Replaces a flattened value as a whole, if an entry is its: what else is there is for others.
pub fn replace_used<T: FieldType>(this: &mut T, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
    if rest.keys().any(|name| this.uses_name(name)) {
        replace_flat(this, rest, cx, at);
    }
}

/// The entries of what is put into an object.
pub(crate) fn entries(input: &str, cx: &mut Context<'_>, at: &At<'_>) -> Object {
    let entries = json::entries(input);
    if entries.is_none() {
        cx.invalid(at, &OBJECT);
    }
    entries.into_iter().flatten().collect()
}

/// The text of an object.
pub(crate) fn to_text(entries: &Object) -> String {
    let mut text = json::ObjectText::new();
    for (name, value) in entries {
        text.push(name, value);
    }
    text.end()
}

/// Puts the entries of `input` into the fields of a level: `patch` does it for the field of an index. Gives back what
/// is for its flattened fields.
pub fn patch_fields<L: super::object::Object<T>, T>(
    input: &str,
    names: &'static [FieldName],
    cx: &mut Context<'_>,
    at: &At<'_>,
    patch: &mut dyn FnMut(usize, &str, &mut Context<'_>, &At<'_>),
) -> Object {
    let mut rest = Object::new();
    for (name, value) in entries(input, cx, at) {
        match L::find(&name) {
            Some(index) => patch(index, &value, cx, &at.field(&names[index])),
            None if L::FLATTENS => drop(rest.insert(name, value)),
            None => {}
        }
    }
    rest
}

/// Puts the entries that are `this` value's into it and takes them out.
pub(crate) fn patch_used<T: FieldType>(this: &mut T, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
    this.patch(&to_text(rest), cx, at);
    rest.retain(|name, _| !this.uses_name(name));
}
