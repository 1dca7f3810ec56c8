//! Loads the events of a source that has one on each line.

use std::io::BufRead;
use std::iter::FusedIterator;

use super::EventSchema;
use crate::error::{LoadError, LoadErrorKind};
use crate::load::json;
use crate::source::{Line, Lines};

impl<R: BufRead, E: EventSchema> Iterator for Lines<'_, R, E> {
    type Item = Line<E>;

    fn next(&mut self) -> Option<Line<E>> {
        while !self.done {
            let read = self.read_line();
            self.number += 1;
            let limit = self.options.max_size;
            let event = match read {
                Ok(Some(size)) if size > limit => Err(LoadErrorKind::TooLarge { size: Some(size), limit }.into()),
                Ok(Some(_)) if json::is_blank(&self.text) => continue,
                Ok(Some(_)) => {
                    let behind = |error: LoadError| error.behind(self.number - 1, self.before);
                    self.options.load(&self.text).map_err(behind)
                }
                Ok(None) => {
                    self.done = true;
                    break;
                }
                Err(error) => {
                    self.done = true;
                    Err(LoadErrorKind::Io(error).into())
                }
            };
            return Some(Line { number: self.number, event });
        }
        None
    }
}

impl<R: BufRead, E: EventSchema> FusedIterator for Lines<'_, R, E> {}
