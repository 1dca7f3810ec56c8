//! Finds the positions of violations in the text by their paths, in a second read.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::Error;
use super::source::Source;
use crate::violation::{MAX_NAME, Position, Segment, Violation, cut};

/// Notes in each violation where it stands: its value, the key of an entry that should not be there, or what a value
/// that is not there would stand in.
#[cold]
pub(in crate::load) fn locate(text: &str, violations: &mut [Violation]) {
    let mut met = HashMap::new();
    let targets = violations.iter().map(|violation| {
        // A rule of the user's may have such a code too, and is about the value.
        let again = violation.of_shape && violation.code() == "duplicate";
        let unknown = violation.of_shape && violation.code() == "unknown";
        // All of the same name are noted, of a field that is known all but the first.
        let occurrence = if again || unknown {
            let next = met.entry(violation.path()).or_insert(usize::from(again));
            *next += 1;
            *next - 1
        } else {
            0
        };
        let steps = violation.path().segments();
        let is_key = again || unknown || matches!(steps.last(), Some(Segment::MapKey(_)));
        Target { steps, occurrence, is_key, offset: 0 }
    });
    let mut search = Search { source: Source::new(text), targets: targets.collect() };
    let all: Vec<usize> = (0..search.targets.len()).collect();
    // It was read before, up to its end: what is not found stays where it was looked for.
    let _ = search.value(&all, 0);

    let mut found: Vec<(usize, usize)> = search.targets.iter().map(|target| target.offset).zip(0..).collect();
    found.sort_unstable();
    let positions = Position::of_all(text.as_bytes(), found.iter().map(|(offset, _)| *offset));
    for (position, (_, index)) in positions.zip(&found) {
        violations[*index].beside_mut().position = Some(position);
    }
}

/// Those in the parts of a value, by name or index, and how often the name was met.
type Parts<'v> = HashMap<Cow<'v, str>, (usize, Vec<usize>)>;

struct Target<'v> {
    steps: &'v [Segment],
    /// Which of the entries of the same name it is. What it lies in is the first of its name.
    occurrence: usize,
    /// Whether it stands at the key.
    is_key: bool,
    offset: usize,
}

struct Search<'v, 'de> {
    source: Source<'de>,
    targets: Vec<Target<'v>>,
}

impl<'v> Search<'v, '_> {
    /// Looks at the value that comes next, so many steps down, for those in it.
    fn value(&mut self, within: &[usize], depth: usize) -> Result<(), Error> {
        let first = self.source.token();
        for target in within {
            self.targets[*target].offset = self.source.at;
        }
        let mut parts = Parts::<'v>::new();
        for target in within {
            if let Some(step) = self.targets[*target].steps.get(depth) {
                parts.entry(step.name()).or_default().1.push(*target);
            }
        }
        match first {
            Some(b'{') if !parts.is_empty() => self.entries(parts, depth),
            Some(b'[') if !parts.is_empty() => self.elements(&parts, depth),
            _ => self.source.skip(),
        }
    }

    fn entries(&mut self, mut parts: Parts<'v>, depth: usize) -> Result<(), Error> {
        let object_at = self.source.at;
        self.source.at += 1;
        while self.source.token() != Some(b'}') {
            let key_at = self.source.at;
            let key = self.source.string()?;
            let name = if key.len() > MAX_NAME { cut(&key).into_string().into() } else { key };
            self.source.colon()?;
            match parts.get_mut(&*name) {
                Some((occurrence, targets)) => {
                    let here = |target: &usize| {
                        let target = &self.targets[*target];
                        let last = target.steps.len() == depth + 1;
                        *occurrence == if last { target.occurrence } else { 0 }
                    };
                    let here: Vec<usize> = targets.iter().copied().filter(here).collect();
                    // A map reads each entry of a key, and in which of them the fault is was not noted.
                    if *occurrence > 0 {
                        for target in &*targets {
                            let target = &mut self.targets[*target];
                            if matches!(target.steps[depth], Segment::Key(_) | Segment::MapKey(_)) {
                                target.offset = object_at;
                            }
                        }
                    }
                    *occurrence += 1;
                    self.value(&here, depth + 1)?;
                    for target in here {
                        let target = &mut self.targets[target];
                        if target.is_key && target.steps.len() == depth + 1 {
                            target.offset = key_at;
                        }
                    }
                }
                None => self.source.skip()?,
            }
            if self.source.token() == Some(b',') {
                self.source.at += 1;
            }
        }
        self.source.at += 1;
        Ok(())
    }

    fn elements(&mut self, parts: &Parts<'v>, depth: usize) -> Result<(), Error> {
        self.source.at += 1;
        let mut index = 0_usize;
        while self.source.token() != Some(b']') {
            match parts.get(&*index.to_string()) {
                Some((_, targets)) => self.value(targets, depth + 1)?,
                None => self.source.skip()?,
            }
            index += 1;
            if self.source.token() == Some(b',') {
                self.source.at += 1;
            }
        }
        self.source.at += 1;
        Ok(())
    }
}
