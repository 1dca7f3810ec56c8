//! The place of a read in the input: [`At`].

use std::borrow::Cow;
use std::fmt;

use crate::violation::{FieldName, InputName, Path, Segment};

/// The place of a value in the input: a list of steps on the stack, which becomes a [`Path`] only when there is a
/// violation.
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, FieldType};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
/// use event_schema::serde_json::Map;
///
/// /// Numbers that grow.
/// #[derive(Debug, Serialize)]
/// struct Growing(Vec<u64>);
///
/// impl FieldType for Growing {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         let read = Vec::read(input, cx, at)?.map(Growing);
///         if let Some(read) = &read {
///             read.check(cx, at);
///         }
///         Ok(read)
///     }
///
///     fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
///         for (index, pair) in self.0.windows(2).enumerate() {
///             if pair[0] >= pair[1] {
///                 cx.violation(&at.index(index + 1), "growing", Map::new(), Some("No larger.".into()));
///             }
///         }
///     }
///
///     fn shape() -> Shape {
///         Shape::list(Shape::of::<u64>())
///     }
/// }
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Steps { steps: Growing }
///
/// let error = Steps::load(br#"{"steps": [1, 3, 2]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "1 violation\nsteps[2]: No larger.");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'static FieldName),
    Name(&'a str),
    Key(&'a dyn KeyText),
    MapKey(&'a str),
    MapKeyOf(&'a dyn KeyText),
    Index(usize),
    /// An element of a list of events: it is a document of its own.
    Document(usize),
    /// An element that is sensitive.
    Secret(usize),
    /// No step: what stands here is sensitive, though the place has no name that could say so.
    Cover,
}

impl Step<'_> {
    fn is_sensitive(&self) -> bool {
        match self {
            Step::Field(name) => name.is_sensitive(),
            Step::Secret(_) | Step::Cover => true,
            _ => false,
        }
    }

    /// The name of the field on the wire, if this is a step into one.
    fn field_name(&self) -> Option<&str> {
        match *self {
            Step::Field(name) => Some(name.wire()),
            Step::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The name of the part of a value that it leads to.
    fn name(&self) -> Option<String> {
        match *self {
            Step::Field(name) => Some(name.wire().to_owned()),
            Step::Name(name) | Step::MapKey(name) => Some(name.to_owned()),
            Step::Key(key) | Step::MapKeyOf(key) => Some(key.key_text().into_owned()),
            Step::Index(index) | Step::Document(index) | Step::Secret(index) => Some(index.to_string()),
            Step::Root | Step::Cover => None,
        }
    }

    /// Whether it is a step at all.
    fn is_some(&self) -> bool {
        !matches!(self, Step::Root | Step::Cover)
    }

    #[inline]
    fn segment(&self, masked: bool) -> Segment {
        match *self {
            Step::Field(name) => Segment::Field(name),
            Step::Index(index) | Step::Document(index) | Step::Secret(index) => Segment::Index(index),
            _ => self.segment_of_input(masked),
        }
    }

    /// The segment of a step that the input names.
    #[cold]
    fn segment_of_input(&self, masked: bool) -> Segment {
        let text = |text: &str| if masked { InputName::masked() } else { InputName::cut(text) };
        match *self {
            Step::Name(name) => Segment::Name(text(name)),
            Step::Key(key) => Segment::Key(text(&key.key_text())),
            Step::MapKeyOf(key) => Segment::MapKey(text(&key.key_text())),
            Step::MapKey(key) => Segment::MapKey(text(key)),
            Step::Root | Step::Cover | Step::Field(_) | Step::Index(_) | Step::Document(_) | Step::Secret(_) => {
                unreachable!("named by the type, or not at all")
            }
        }
    }
}

/// A map's key, made text only when there is something to report.
pub(crate) trait KeyText {
    fn key_text(&self) -> Cow<'_, str>;
}

impl fmt::Debug for dyn KeyText + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.key_text(), f)
    }
}

impl<'a> At<'a> {
    /// The document itself.
    ///
    /// See the example of [`At`].
    pub const ROOT: At<'static> = At { parent: None, step: Step::Root };

    /// One of its fields.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn field(&'a self, name: &'static FieldName) -> At<'a> {
        At { parent: Some(self), step: Step::Field(name) }
    }

    /// A field of an object that only the input names.
    pub(crate) fn name(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Name(name) }
    }

    /// The place of an element.
    ///
    /// See the example of [`At`].
    #[inline]
    #[must_use]
    pub fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Index(index) }
    }

    /// One of its elements, sensitive.
    #[doc(hidden)]
    #[must_use]
    pub fn secret_index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Secret(index) }
    }

    /// The same place, sensitive.
    #[doc(hidden)]
    #[must_use]
    pub fn cover(&'a self) -> At<'a> {
        At { parent: Some(self), step: Step::Cover }
    }

    /// One of the documents of a list.
    pub(crate) fn document(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Document(index) }
    }

    /// The value of one of its entries.
    #[inline]
    #[must_use]
    pub(crate) fn key(&'a self, key: &'a dyn KeyText) -> At<'a> {
        At { parent: Some(self), step: Step::Key(key) }
    }

    /// The place of the key of a map's entry.
    ///
    /// In the tree of messages it is `key` under the entry. See the example of [`At`].
    #[inline]
    #[must_use]
    pub fn map_key(&'a self, key: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::MapKey(key) }
    }

    /// As [`map_key`](Self::map_key), of a key that was read.
    #[inline]
    pub(crate) fn map_key_of(&'a self, key: &'a dyn KeyText) -> At<'a> {
        At { parent: Some(self), step: Step::MapKeyOf(key) }
    }

    /// Whether an event as a whole stands here.
    pub(super) fn is_document(&self) -> bool {
        match self.step {
            Step::Root | Step::Document(_) => true,
            Step::Cover => self.parent.is_some_and(At::is_document),
            _ => false,
        }
    }

    /// This place and those that it lies in, innermost first.
    fn outwards(&self) -> impl Iterator<Item = &At<'a>> {
        std::iter::successors(Some(self), |at| at.parent)
    }

    /// The fields on the way here, by their names on the wire.
    pub(super) fn field_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.outwards().filter_map(|at| at.step.field_name()).collect();
        names.reverse();
        names
    }

    /// Whether this place is, or lies in, a sensitive field.
    #[cold]
    pub(crate) fn is_sensitive(&self) -> bool {
        self.outwards().any(|at| at.step.is_sensitive())
    }

    /// Whether one of these names it: the fields on the way to it, with dots between.
    #[cold]
    pub(super) fn is_one_of(&self, fields: &[&str]) -> bool {
        let path = self.path();
        let names = path.segments().iter().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.wire()),
            _ => None,
        });
        fields.iter().any(|field| field.split('.').eq(names.clone()))
    }

    /// Whether this place is a map's key, or lies in one.
    pub(super) fn is_in_key(&self) -> bool {
        self.outwards().any(|at| matches!(at.step, Step::MapKey(_) | Step::MapKeyOf(_)))
    }

    /// The way here from the root, by what its steps are called.
    #[cold]
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.outwards().filter_map(|at| at.step.name()).collect();
        names.reverse();
        names
    }

    /// The way here from the root.
    #[cold]
    pub(super) fn path(&self) -> Path {
        let mut path = Path::default();
        self.write(&mut path);
        path
    }

    /// Makes an empty path the way here from the root.
    #[inline(never)]
    pub(super) fn write(&self, path: &mut Path) {
        // Innermost first.
        let mut last = [self; Path::FEW];
        let (mut length, mut sensitive) = (0, 0);
        for at in self.outwards() {
            if at.step.is_sensitive() {
                // So many steps lie in it.
                sensitive = length;
            }
            if at.step.is_some() {
                if let Some(place) = last.get_mut(length) {
                    *place = at;
                }
                length += 1;
            }
        }
        if let Some(steps) = path.few(length) {
            for (step, (n, at)) in steps.iter_mut().rev().zip(last.iter().enumerate()) {
                *step = at.step.segment(n < sensitive);
            }
        } else {
            let steps = self.outwards().filter(|at| at.step.is_some()).enumerate();
            let mut steps: Vec<_> = steps.map(|(n, at)| at.step.segment(n < sensitive)).collect();
            steps.reverse();
            *path = Path::of_many(steps);
        }
    }
}
