//! Sources of events other than bytes at hand: a reader, and lines of JSON.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::marker::PhantomData;

use crate::error::{LoadError, LoadErrorKind};
use crate::load::LoadOptions;

/// Reads a source to its end, and no further than one byte beyond what the options allow.
pub(crate) fn read_all(input: impl Read, options: &LoadOptions<'_>) -> Result<Vec<u8>, LoadError> {
    let limit = options.max_size;
    let mut text = Vec::new();
    let read = input.take((limit as u64).saturating_add(1)).read_to_end(&mut text);
    match read {
        Ok(size) if size > limit => Err(LoadErrorKind::TooLarge { size: None, limit }.into()),
        Ok(_) => Ok(text),
        Err(error) => Err(LoadErrorKind::Io(error).into()),
    }
}

/// A line of newline-delimited JSON, with its event or its error.
///
/// ```
/// use event_schema::prelude::*;
/// use event_schema::Line;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Ping { seq: u64 }
///
/// for Line { number, event, .. } in Ping::load_lines(&b"{\"seq\": 1}\n\n{\"seq\": -3}\n"[..]) {
///     match number {
///         1 => assert_eq!(event.unwrap().seq, 1),
///         _ => assert!(event.unwrap_err().is_invalid() && number == 3),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Line<E> {
    /// The number of the line, counted from 1; blank lines count too.
    pub number: u64,
    /// The result of loading the line.
    pub event: Result<E, LoadError>,
}

/// An iterator over the events of newline-delimited JSON, made by
/// [`EventSchema::load_lines`](crate::EventSchema::load_lines).
///
/// An invalid line is an item with an error, and the next line follows. Blank lines are skipped, and
/// lines may end in CRLF. A line that is longer than the options allow is not kept in memory: it is
/// skipped and reported as [too large](LoadError::is_too_large). If reading the source fails, that error is
/// the last item.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Ping { seq: u64 }
///
/// let text = "{\"seq\": 1}\n{\"seq\": tru\n\r\n{\"seq\": \"4\"}\r\n{\"seq\": 5}";
/// let mut good = Vec::new();
/// let mut bad = Vec::new();
/// for line in Ping::load_lines(text.as_bytes()) {
///     match line.event {
///         Ok(ping) => good.push(ping.seq),
///         Err(error) => bad.push(format!("{}: {error}", line.number)),
///     }
/// }
/// assert_eq!(good, [1, 5]);
/// assert_eq!(bad, [
///     "2: truncated JSON: EOF while parsing a value at line 2 column 11",
///     "4: 1 violation\nseq: Not a valid integer.",
/// ]);
/// ```
pub struct Lines<'c, R, E> {
    input: R,
    pub(crate) options: LoadOptions<'c>,
    pub(crate) number: u64,
    /// How many bytes came before the line.
    pub(crate) before: u64,
    /// How many bytes it has with its end.
    taken: u64,
    pub(crate) text: Vec<u8>,
    pub(crate) done: bool,
    of: PhantomData<fn() -> E>,
}

impl<'c, R, E> Lines<'c, R, E> {
    pub(crate) fn new(input: R, options: LoadOptions<'c>) -> Self {
        Self { input, options, number: 0, before: 0, taken: 0, text: Vec::new(), done: false, of: PhantomData }
    }
}

impl<R, E> fmt::Debug for Lines<'_, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("number", &self.number).field("options", &self.options).finish_non_exhaustive()
    }
}

impl<R: BufRead, E> Lines<'_, R, E> {
    /// Reads a line into `text`, of an overlong one only the beginning, and answers its size without
    /// its end; `None` at the end of the source.
    pub(crate) fn read_line(&mut self) -> io::Result<Option<usize>> {
        // One more than may be, so that a carriage return has room.
        let room = self.options.max_size.saturating_add(1);
        self.text.clear();
        self.before += std::mem::take(&mut self.taken);
        let mut size: usize = 0;
        let mut started = false;
        let mut last = None;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            started = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            self.text.extend_from_slice(&part[..part.len().min(room - self.text.len())]);
            size = size.saturating_add(part.len());
            last = part.last().copied().or(last);
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.taken += used as u64;
            if end.is_some() {
                break;
            }
        }
        if last == Some(b'\r') {
            size -= 1;
            self.text.truncate(size);
        }
        Ok(started.then_some(size))
    }
}
