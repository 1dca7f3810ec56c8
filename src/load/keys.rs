//! The keys of maps.

use std::borrow::Cow;
use std::cell::Cell;

use super::field_type::{is_masked, place_of_keys};
use super::key_name::CutText;
use super::place::KeyText;
use super::{At, Context, FieldType, json};
use crate::violation::{InputName, MASK};

/// Reads a map's key that is on the wire what it holds; `build` makes it of that, with its rules.
#[doc(hidden)]
pub fn read_newtype_key<T: FieldType, K: FieldType>(
    text: &mut Option<String>,
    cx: &mut Context<'_>,
    map: &At<'_>,
    build: impl FnOnce(T, &mut Context<'_>, &At<'_>) -> Option<K>,
) -> Option<K> {
    let map = &place_of_keys::<K>(map);
    // Texts are taken, and the place is still asked for.
    let shown = text.clone().unwrap_or_default();
    let before = cx.shape_findings();
    let inner = T::read_key(text, cx, map)?;
    match build(inner, cx, &map.map_key(&shown)) {
        Some(key) if cx.shape_findings() == before => Some(key),
        _ => {
            // The place of the entry's value is asked for, too.
            *text = Some(shown);
            None
        }
    }
}

/// A key that was read.
pub(super) struct ReadKey<K> {
    pub(super) key: Option<K>,
    /// Its text. Of a key that took that, it is made when a finding asks, and only once: keys can be long, and findings
    /// many.
    text: Cell<Option<String>>,
}

impl<K: FieldType> ReadKey<K> {
    /// Reads the key of an entry.
    #[inline]
    pub(super) fn read(text: String, cx: &mut Context<'_>, map: &At<'_>) -> Self {
        let mut text = Some(text);
        let key = K::read_key(&mut text, cx, map);
        Self { key, text: Cell::new(text) }
    }

    #[cold]
    fn with_text<T>(&self, take: impl FnOnce(&str) -> T) -> T {
        let written = || self.key.as_ref().map(|key| key.key_text().into_owned());
        let text = self.text.take().or_else(written).unwrap_or_default();
        let taken = take(&text);
        self.text.set(Some(text));
        taken
    }
}

impl<K: FieldType> KeyText for ReadKey<K> {
    fn key_text(&self) -> Cow<'_, str> {
        if is_masked::<K>() {
            return MASK.into();
        }
        self.with_text(str::to_owned).into()
    }

    fn key_name(&self) -> InputName {
        if is_masked::<K>() {
            return InputName::masked();
        }
        self.with_text(InputName::cut)
    }
}

/// The key as it is written; only a finding asks.
impl<K: FieldType> KeyText for K {
    fn key_text(&self) -> Cow<'_, str> {
        if is_masked::<K>() {
            return MASK.into();
        }
        written_key(self).unwrap_or_default().into()
    }

    fn key_name(&self) -> InputName {
        if is_masked::<K>() {
            return InputName::masked();
        }
        self.serialize(CutText).unwrap_or_else(|_| InputName::cut(&self.key_text()))
    }
}

/// All of a key as it is written, if it can be.
pub(super) fn written_key<K: FieldType>(key: &K) -> Option<String> {
    let text = serde_json::to_string(key).ok()?;
    if text.starts_with('"') { json::read(&text).ok() } else { Some(text) }
}
