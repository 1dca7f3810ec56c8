//! The keys of maps.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::place::KeyText;
use super::{At, Context, FieldType};
use crate::beginning::Beginning;
use crate::violation::MASK;

/// Reads a map's key that is on the wire what it holds; `build` makes it of that, with its rules.
#[doc(hidden)]
pub fn read_newtype_key<T: FieldType, K: FieldType>(
    text: &mut Option<String>,
    cx: &mut Context<'_>,
    map: &At<'_>,
    build: impl FnOnce(T, &mut Context<'_>, &At<'_>) -> Option<K>,
) -> Option<K> {
    let covered = map.cover();
    let map = if K::SENSITIVE { &covered } else { map };
    // Texts are taken, and the place is still asked for.
    let shown = text.clone().unwrap_or_default();
    let before = cx.shape_findings();
    let inner = T::read_key(text, cx, map)?;
    let key = build(inner, cx, &map.map_key(&shown));
    key.filter(|_| cx.shape_findings() == before)
}

/// The key as it is written; only a finding asks.
impl<K: FieldType> KeyText for K {
    fn key_text(&self) -> Cow<'_, str> {
        if K::SENSITIVE {
            return MASK.into();
        }
        let mut beginning = Beginning::default();
        if write!(beginning, "{}", Written(self)).is_ok() || beginning.is_full() {
            return beginning.text().to_owned().into();
        }
        written_key(self).unwrap_or_default().into()
    }
}

/// A key as a text that is written as far as it is wanted.
struct Written<'k, K>(&'k K);

impl<K: FieldType> fmt::Display for Written<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

/// All of a key as it is written, if it can be.
pub(super) fn written_key<K: FieldType>(key: &K) -> Option<String> {
    let json = serde_json::to_string(key).ok()?;
    if json.starts_with('"') { serde_json::from_str(&json).ok() } else { Some(json) }
}

/// A key that was read, with its text unless it took that.
pub(super) struct ReadKey<K> {
    pub(super) key: Option<K>,
    pub(super) text: Option<String>,
}

impl<K: FieldType> KeyText for ReadKey<K> {
    fn key_text(&self) -> Cow<'_, str> {
        match (&self.key, &self.text) {
            _ if K::SENSITIVE => MASK.into(),
            (_, Some(text)) => text.into(),
            (Some(key), None) => key.key_text(),
            (None, None) => "".into(),
        }
    }
}
