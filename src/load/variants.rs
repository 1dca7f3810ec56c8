//! Enums, in serde's four representations.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::buffer::{self, BufferSeed, Buffered, Leftovers, MapOf};
use super::context::{Attempt, Sharing, VARIANT};
use super::drain::drain_map;
use super::expected::{OBJECT, VALUE};
use super::field_type::Seed;
use super::number::{self, Under, UnderToken};
use super::object;
use super::raw::Key;
use super::refuse::refused;
use super::{At, Context, FieldType, Mode, read_leaf};
#[cfg(feature = "avro")]
use crate::avro::read::{Datum, Put, give};
#[cfg(feature = "avro")]
use crate::error::Malformed;
use crate::violation::{FieldName, Rule, cut};

/// An enum, as the derive describes it.
#[doc(hidden)]
pub trait Variants: Sized {
    /// The variants, by index.
    const VARIANTS: &'static [FieldName];

    /// The choices in messages: the variants that can be read.
    fn choices() -> &'static Rule;

    /// The index of the variant that is called so on the wire.
    fn find(name: &str) -> Option<usize>;

    /// The variant of this index, if it has no data.
    fn unit(variant: usize) -> Option<Self>;

    /// Reads the data of a variant that has some.
    fn read_content<'de, D: Deserializer<'de>>(
        variant: usize,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, D::Error>;

    /// Whether the data of any variant have a field of this name.
    #[must_use]
    fn any_field(name: &str) -> bool {
        let _ = name;
        false
    }

    /// The variant whose data are missing, if they may be.
    fn missing_content(variant: usize, cx: &mut Context<'_>, at: &At<'_>) -> Option<Self>;
}

/// Notes that the value at `at` is not a variant, though its name may resemble one.
#[cold]
fn unknown_variant<T: Variants>(cx: &mut Context<'_>, at: &At<'_>, name: Option<&str>) {
    cx.choice(at, T::choices(), name);
}

/// Reads a variant without data from the symbol that it is in a valid datum.
#[cfg(feature = "avro")]
#[doc(hidden)]
#[inline]
#[allow(clippy::missing_errors_doc, reason = "called by generated code only")]
pub fn read_symbol<T: FieldType + Variants>(
    datum: Datum<'_, '_>,
    cx: &mut Context<'_>,
    put: &mut impl Put<T>,
) -> Result<(), Malformed> {
    match datum.symbol() {
        Ok(name) => give(T::find(name?).and_then(T::unit), put),
        Err(datum) => datum.read(cx, put),
    }
}

/// The index of the variant that a record of a datum is, and whether it has data.
#[cfg(feature = "avro")]
#[doc(hidden)]
#[inline]
#[must_use]
pub fn variant_of<T: Variants>(datum: &Datum<'_, '_>) -> Option<(usize, bool)> {
    let (name, has_data) = datum.variant()?;
    Some((T::find(name)?, has_data))
}

// --- external: "Variant" or {"Variant": data} ---

/// Reads an enum without a tag of its own: `"Unit"` or `{"Variant": data}`.
#[doc(hidden)]
#[inline]
pub fn read_external<'de, T: Variants, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(ExternalVisitor { cx, at, of: PhantomData })
}

/// As [`read_external`], of a flattened field: takes the entry that is called like a variant.
#[doc(hidden)]
pub fn read_external_flat<T: Variants, E: Error>(
    leftovers: &mut Leftovers<'_>,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, E> {
    let wants = |name: &str| T::find(name).is_some();
    let mut entries = leftovers.entries::<E>(wants);
    let found = entries.next_key::<Key<'_>>()?.and_then(|name| T::find(&name).map(|variant| (name, variant)));
    let value = match found {
        Some((name, variant)) => {
            if cx.is_recording() {
                cx.record_field(at, &name, T::VARIANTS[variant].wire());
            }
            let at = &at.field(&T::VARIANTS[variant]);
            match T::unit(variant) {
                // Where there is no place for a bare name, serde writes a unit variant with null.
                Some(unit) => entries.next_value_seed(Seed::<()>::new(cx, at))?.map(|()| unit),
                None => entries.next_value_seed(ContentSeed { variant, cx, at, of: PhantomData })?,
            }
        }
        None => {
            unknown_variant::<T>(cx, at, None);
            None
        }
    };
    // As in serde, another of them is unknown. No map takes it: it would be the enum's when the map is read again.
    leftovers.take_first(wants);
    leftovers.hide(wants);
    Ok(value)
}

struct ExternalVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T: Variants> ExternalVisitor<'_, '_, T> {
    #[cold]
    fn reject(self) -> Option<T> {
        unknown_variant::<T>(self.cx, self.at, None);
        None
    }

    #[cold]
    fn reject_name(self, name: &str) -> Option<T> {
        unknown_variant::<T>(self.cx, self.at, Some(name));
        None
    }

    #[cold]
    fn null(self) -> Option<T> {
        if self.at.is_document() {
            return self.reject();
        }
        self.cx.null(self.at, &VARIANT);
        None
    }
}

impl<'de, T: Variants> Visitor<'de> for ExternalVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let Some(variant) = T::find(name) else { return Ok(self.reject_name(name)) };
        let unit = T::unit(variant);
        if unit.is_none() {
            self.cx.missing(&self.at.field(&T::VARIANTS[variant]));
        }
        Ok(unit)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let shared = self.cx.shared().is_some();
        self.cx.enter()?;
        let mut came = self.cx.is_recording().then(String::new);
        let variant = match entries.next_key_seed(NameSeed { came: came.as_mut(), of: PhantomData::<T> })? {
            Some(Name::Variant(variant)) => variant,
            Some(Name::Other(name)) => {
                entries.next_value::<IgnoredAny>()?;
                drain_map(entries)?;
                self.cx.leave();
                return Ok(self.reject_name(&name));
            }
            None => {
                self.cx.leave();
                return Ok(self.reject());
            }
        };
        if let Some(came) = came {
            self.cx.record_field(self.at, &came, T::VARIANTS[variant].wire());
        }
        let at = &self.at.field(&T::VARIANTS[variant]);
        let value = match T::unit(variant) {
            // Where there is no place for a bare name, serde writes a unit variant with null.
            Some(unit) if shared => entries.next_value_seed(Seed::<()>::new(self.cx, at))?.map(|()| unit),
            // serde's derive takes `{"Unit": null}` elsewhere too; the contract says text, so it is refused.
            Some(_) => {
                entries.next_value::<IgnoredAny>()?;
                self.cx.invalid(self.at, &VARIANT);
                None
            }
            None => entries.next_value_seed(ContentSeed { variant, cx: self.cx, at, of: PhantomData })?,
        };
        let mut only = true;
        while let Some(name) = entries.next_key::<Key<'de>>()? {
            entries.next_value::<IgnoredAny>()?;
            if T::find(&name) == Some(variant) {
                self.cx.duplicate(at);
            } else {
                self.cx.unknown(self.at, &name, &[]);
            }
            only = false;
        }
        self.cx.leave();
        Ok(value.filter(|_| only))
    }

    refuse! { bool number bytes null list }
}

enum Name {
    Variant(usize),
    /// None; long names are cut.
    Other(Box<str>),
}

struct NameSeed<'n, T> {
    /// Takes the name of a variant, where that is wanted.
    came: Option<&'n mut String>,
    of: PhantomData<T>,
}

impl<'de, T: Variants> DeserializeSeed<'de> for NameSeed<'_, T> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Name, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl<T: Variants> Visitor<'_> for NameSeed<'_, T> {
    type Value = Name;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        // Where any other name is a variant too, a number's token still is none.
        if name == number::TOKEN && number::arrive_as_maps() {
            return Ok(Name::Other(cut(name)));
        }
        if let Some(came) = self.came {
            came.push_str(name);
        }
        Ok(T::find(name).map_or_else(|| Name::Other(cut(name)), Name::Variant))
    }
}

struct ContentSeed<'a, 'c, T> {
    variant: usize,
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, T: Variants> DeserializeSeed<'de> for ContentSeed<'_, '_, T> {
    type Value = Option<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Option<T>, D::Error> {
        T::read_content(self.variant, input, self.cx, self.at)
    }
}

// --- internal: {"tag": "Variant", ...data} ---

/// Reads an enum whose tag stands among its data. A tag that comes first costs nothing; until it
/// has come, entries are kept.
#[doc(hidden)]
#[inline]
pub fn read_internal<'de, T: Variants, D: Deserializer<'de>>(
    tag: &'static FieldName,
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(InternalVisitor { tag, cx, at, of: PhantomData })
}

struct InternalVisitor<'a, 'c, T> {
    tag: &'static FieldName,
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T: Variants> InternalVisitor<'_, '_, T> {
    /// The variant with the data that its object has.
    fn variant<'de, A: MapAccess<'de>>(
        cx: &mut Context<'_>,
        at: &At<'_>,
        variant: Option<usize>,
        entries: A,
    ) -> Result<Option<T>, A::Error> {
        match variant {
            Some(variant) => match T::unit(variant) {
                Some(unit) => drain_map(entries).map(|()| Some(unit)),
                None => {
                    let how = cx.shared().unwrap_or(Sharing::Tagged);
                    cx.sharing(how, |cx| T::read_content(variant, MapOf(entries), cx, at))
                }
            },
            None => drain_map(entries).map(|()| None),
        }
    }
}

impl<'de, T: Variants> Visitor<'de> for InternalVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let Self { tag, cx, at, .. } = self;
        let mut leftovers = Leftovers::default();
        let mut variant = None;
        let mut met = false;
        // A recording read keeps all entries, so that their names are known.
        let recording = cx.is_recording();
        let mut first = !recording;
        if recording {
            cx.record_object(at);
        }
        while let Some(name) = entries.next_key::<Key<'de>>()? {
            if *name == *number::TOKEN && number::arrive_as_maps() {
                match entries.next_value_seed(UnderToken(BufferSeed(cx)))? {
                    Under::Value(value) => leftovers.push(name.into_string(), value),
                    Under::Number(_) => {
                        return Ok(refused(cx, at, &OBJECT));
                    }
                }
            } else if *name == *tag.wire() && met {
                cx.duplicate(&at.field(tag));
                entries.next_value::<IgnoredAny>()?;
            } else if *name == *tag.wire() {
                met = true;
                if recording {
                    cx.record_field(at, tag.wire(), tag.wire());
                }
                variant = entries.next_value_seed(TagSeed { cx, at: &at.field(tag), of: PhantomData::<T> })?;
                if first {
                    let mut duplicate = false;
                    let rest = Rest { entries: &mut entries, tag: tag.wire(), duplicate: &mut duplicate };
                    let value = Self::variant(cx, at, variant, rest)?;
                    if duplicate {
                        cx.duplicate(&at.field(tag));
                        return Ok(None);
                    }
                    return Ok(value);
                }
            } else {
                let value = entries.next_value_seed(BufferSeed(cx))?;
                leftovers.push(name.into_string(), value);
            }
            first = false;
        }
        if !met {
            cx.missing(&at.field(tag));
        }
        let recorded = cx.recorded();
        let value = Self::variant(cx, at, variant, leftovers.entries(buffer::any))?;
        if variant.is_some_and(|variant| T::unit(variant).is_none()) {
            cx.record_all_if_none(recorded, at, || leftovers.names());
        }
        Ok(value)
    }

    refuse! { &OBJECT => bool number str bytes null list }
}

/// Reads a tag.
struct TagSeed<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, T: Variants> DeserializeSeed<'de> for TagSeed<'_, '_, T> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Option<usize>, D::Error> {
        let Some(name) = read_leaf::<String, D>(input, self.cx, self.at)? else { return Ok(None) };
        let variant = T::find(&name);
        if variant.is_none() {
            unknown_variant::<T>(self.cx, self.at, Some(&name));
        }
        Ok(variant)
    }
}

/// The entries behind a tag that came first; another tag is a duplicate and is passed over.
struct Rest<'a, A> {
    entries: &'a mut A,
    tag: &'static str,
    duplicate: &'a mut bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.entries.next_key::<Key<'de>>()? {
            if *name == *self.tag {
                *self.duplicate = true;
                self.entries.next_value::<IgnoredAny>()?;
            } else {
                return seed.deserialize(StrDeserializer::new(&name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

// --- adjacent: {"tag": "Variant", "content": data} ---

/// Where an adjacently tagged enum has its parts.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "written out by the derive as a constant")]
pub struct Adjacent {
    pub tag: FieldName,
    pub content: FieldName,
    /// The names of both.
    pub names: &'static [&'static str],
    pub deny_unknown: bool,
}

/// Reads an enum whose tag stands beside its data.
#[doc(hidden)]
#[inline]
pub fn read_adjacent<'de, T: Variants, D: Deserializer<'de>>(
    form: &'static Adjacent,
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(AdjacentVisitor { form, cx, at, of: PhantomData })
}

struct AdjacentVisitor<'a, 'c, T> {
    form: &'static Adjacent,
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

/// The data of an adjacently tagged enum while it is read.
enum Content<'de, T> {
    Missing,
    /// Met before the tag.
    Kept(Buffered<'de>),
    Read(Option<T>),
}

impl<'de, T: Variants> Visitor<'de> for AdjacentVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let Self { form, cx, at, .. } = self;
        cx.enter()?;
        let (at_tag, at_content) = (&at.field(&form.tag), &at.field(&form.content));
        let recording = cx.is_recording();
        if recording {
            cx.record_object(at);
        }
        let mut tag: Option<Option<usize>> = None;
        let mut content = Content::<'de, T>::Missing;
        let mut good = true;
        while let Some(name) = entries.next_key::<Key<'de>>()? {
            if *name == *form.tag.wire() && tag.is_none() {
                if recording {
                    cx.record_field(at, &name, form.tag.wire());
                }
                tag = Some(entries.next_value_seed(TagSeed { cx, at: at_tag, of: PhantomData::<T> })?);
            } else if *name == *form.content.wire() && matches!(content, Content::Missing) {
                content = match tag {
                    Some(Some(variant)) => {
                        if recording {
                            cx.record_field(at, &name, form.content.wire());
                        }
                        let seed = AnyContentSeed { variant, cx, at: at_content, of: PhantomData };
                        Content::Read(entries.next_value_seed(seed)?)
                    }
                    _ => Content::Kept(entries.next_value_seed(BufferSeed(cx))?),
                };
            } else {
                let maybe_number = *name == *number::TOKEN && number::arrive_as_maps();
                if maybe_number && object::is_number(&mut entries)? {
                    cx.leave();
                    return Ok(refused(cx, at, &OBJECT));
                }
                if !maybe_number {
                    entries.next_value::<IgnoredAny>()?;
                }
                if *name == *form.tag.wire() {
                    cx.duplicate(at_tag);
                    good = false;
                } else if *name == *form.content.wire() {
                    cx.duplicate(at_content);
                    good = false;
                } else if cx.denies_unknown(form.deny_unknown) {
                    cx.unknown(at, &name, form.names);
                    good = false;
                }
            }
        }
        let value = match (tag, content) {
            (None, _) => {
                cx.missing(at_tag);
                None
            }
            (Some(None), _) => None,
            (Some(Some(_)), Content::Read(value)) => value,
            (Some(Some(variant)), Content::Kept(kept)) => {
                if recording {
                    cx.record_field(at, form.content.wire(), form.content.wire());
                }
                kept.get_with(AnyContentSeed { variant, cx, at: at_content, of: PhantomData })?
            }
            (Some(Some(variant)), Content::Missing) => {
                T::unit(variant).or_else(|| T::missing_content(variant, cx, at_content))
            }
        };
        cx.leave();
        Ok(value.filter(|_| good))
    }

    refuse! { &OBJECT => bool number str bytes null list }
}

/// Reads the data of a variant, which for one without data is null.
struct AnyContentSeed<'a, 'c, T> {
    variant: usize,
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, T: Variants> DeserializeSeed<'de> for AnyContentSeed<'_, '_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Option<T>, D::Error> {
        match T::unit(self.variant) {
            Some(unit) => Ok(<()>::read(input, self.cx, self.at)?.map(|()| unit)),
            None => T::read_content(self.variant, input, self.cx, self.at),
        }
    }
}

// --- untagged: data ---

/// Reads an enum without any tag: the first variant that fits by shape counts, whatever rules and hooks
/// say of it; if there is none, the one that got furthest reports.
#[doc(hidden)]
pub fn read_untagged<'de, T: Variants, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    let value = Buffered::read(input, cx)?;
    cx.try_variants(value.size(), |cx, size| read_first_that_fits(&value, size, cx, at))
}

fn read_first_that_fits<T: Variants, E: Error>(
    value: &Buffered<'_>,
    size: usize,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, E> {
    let is_part = cx.mode() == Mode::Partial;
    cx.record_place(at);
    if is_part && let ControlFlow::Break(read) = read_whole_variant(value, size, cx, at)? {
        return Ok(read);
    }
    let before = cx.mark();
    let shared = cx.shared();
    let mut likeliest: Option<(usize, Option<T>, Attempt)> = None;
    let mut furthest = None;
    for variant in 0..T::VARIANTS.len() {
        let read = read_variant(variant, value, size, cx, at)?;
        if cx.shape_findings_since(before) == 0 {
            if !is_part {
                return Ok(read);
            }
            // Every object could be a part of every struct: the one that has the most of its entries counts.
            let entries = cx.entries_since(before);
            let attempt = cx.split_off(before);
            if likeliest.as_ref().is_none_or(|(most, ..)| entries > *most) {
                likeliest = Some((entries, read, attempt));
            }
            continue;
        }
        // Fewer findings are further, and one inside is further than one of the whole value.
        let distance = cx.distance_since(before, at);
        let attempt = cx.split_off(before);
        if furthest.as_ref().is_none_or(|(least, _)| distance < *least) {
            furthest = Some((distance, attempt));
        }
    }
    if let Some((_, read, attempt)) = likeliest {
        cx.append(attempt);
        return Ok(read);
    }
    // Flattened, a variant without data is written as nothing at all.
    if shared == Some(Sharing::Flattened)
        && let Some(unit) = (0..T::VARIANTS.len()).find_map(T::unit)
        && !value.keys().iter().any(|name| T::any_field(name))
    {
        cx.record_object(at);
        return Ok(Some(unit));
    }
    match furthest {
        Some((_, attempt)) => cx.append(attempt),
        None => cx.invalid(at, &VALUE),
    }
    Ok(None)
}

/// In a part of an event: reads the variant that a whole event would have, if there is one. It takes the place of another
/// as a whole.
#[cold]
fn read_whole_variant<T: Variants, E: Error>(
    value: &Buffered<'_>,
    size: usize,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<ControlFlow<Option<T>>, E> {
    let before = cx.mark();
    for variant in 0..T::VARIANTS.len() {
        let mode = cx.replace_mode(Mode::Whole);
        let read = read_variant(variant, value, size, cx, at);
        cx.replace_mode(mode);
        let read = read?;
        if cx.shape_findings_since(before) == 0 {
            return Ok(ControlFlow::Break(read));
        }
        cx.rewind(before);
    }
    Ok(ControlFlow::Continue(()))
}

/// Reads a value as a variant.
fn read_variant<T: Variants, E: Error>(
    variant: usize,
    value: &Buffered<'_>,
    size: usize,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, E> {
    cx.reread(size)?;
    let read = |cx: &mut Context<'_>| value.get_with(AnyContentSeed::<T> { variant, cx, at, of: PhantomData });
    // Here what has no data fits where there are none: else it would come before all others.
    match cx.shared() {
        None => read(cx),
        Some(Sharing::Tagged) => cx.sharing(Sharing::Tagged, read),
        Some(Sharing::Flattened | Sharing::FlattenedChoice) => cx.sharing(Sharing::FlattenedChoice, read),
    }
}
