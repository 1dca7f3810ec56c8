//! A part of an event put into a whole one: what the part has is read into its place, all else stays.

use super::buffer::{Buffered, Leftovers, With};
use super::expected::OBJECT;
pub(super) use super::field_type::{read, replace};
use super::json;
pub use super::json::Object;
pub(super) use super::json::to_text;
use super::{At, Context, FieldType};

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

/// Puts the entries of `input` into the fields of a level. Gives back what is for its flattened fields.
pub fn patch_fields<L: super::object::Object<T>, T: FieldType>(
    this: &mut T,
    input: &str,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Object {
    let mut rest = Object::new();
    for (name, value) in entries(input, cx, at) {
        match L::find(&name) {
            Some(index) => this.patch_field(index, &value, cx, &at.field(&L::FIELDS[index])),
            None if L::FLATTENS => drop(rest.insert(name, value)),
            None => {}
        }
    }
    rest
}
