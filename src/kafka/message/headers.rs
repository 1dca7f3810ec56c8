//! The headers of a message.

use std::fmt;

/// The headers of a message, in order. A name may occur more than once, and a header may have no value.
///
/// ```
/// use event_schema::kafka::Headers;
///
/// let headers = Headers::default();
/// assert!(headers.is_empty());
/// assert_eq!(headers.get("trace-id"), None);
///
/// let headers: Headers = [("trace", Some(&b"one"[..])), ("none", None), ("trace", Some(b"two"))].into_iter().collect();
/// assert_eq!(headers.len(), 3);
/// assert_eq!(headers.get("trace"), Some(&b"two"[..]));
/// assert_eq!(headers.iter().nth(1), Some(("none", None)));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    // One behind the other: few allocations, however many headers there are.
    names: String,
    values: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where name and value of a header end; they begin where those before end.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    name: usize,
    value: usize,
    has_value: bool,
}

impl Headers {
    pub(crate) fn push(&mut self, name: &str, value: Option<&[u8]>) {
        self.names.push_str(name);
        self.values.extend_from_slice(value.unwrap_or_default());
        let entry = Entry { name: self.names.len(), value: self.values.len(), has_value: value.is_some() };
        self.entries.push(entry);
    }

    /// The value of the last header with this name, as Java's `lastHeader`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().filter(|(known, _)| *known == name).last()?.1
    }

    /// The value of the first header of this name.
    pub(crate) fn first(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == name)?.1
    }

    /// Whether there are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of headers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Their size in memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.names.len() + self.values.len() + size_of_val(&*self.entries)
    }

    /// All headers, as names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let (mut name, mut value) = (0, 0);
        self.entries.iter().map(move |entry| {
            let header = (&self.names[name..entry.name], entry.has_value.then(|| &self.values[value..entry.value]));
            (name, value) = (entry.name, entry.value);
            header
        })
    }
}

impl<'a> FromIterator<(&'a str, Option<&'a [u8]>)> for Headers {
    fn from_iter<T: IntoIterator<Item = (&'a str, Option<&'a [u8]>)>>(headers: T) -> Self {
        let mut copy = Self::default();
        for (name, value) in headers {
            copy.push(name, value);
        }
        copy
    }
}

/// Names only: values may hold personal data.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
