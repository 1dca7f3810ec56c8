//! Finds the positions of violations in the text by their paths, in a second read.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::Error;
use super::source::Source;
use crate::violation::{MASK, MAX_NAME, Position, Segment, Violation, cut};

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
        // A field that is missing may have the name of another, of a flattened struct's for instance.
        let steps = match steps.split_last() {
            Some((_, object)) if violation.fault.is_missing() => object,
            _ => steps,
        };
        let is_key = again || unknown || matches!(steps.last(), Some(Segment::MapKey(_)));
        Target { steps, occurrence, is_key, offset: 0 }
    });
    let mut search = Search { targets: targets.collect() };
    let all: Vec<usize> = (0..search.targets.len()).collect();
    // It was read before, up to its end: what is not found stays where it was looked for.
    let _ = search.value(&mut Source::new(text), &all, 0);

    let mut found: Vec<(usize, usize)> = search.targets.iter().map(|target| target.offset).zip(0..).collect();
    found.sort_unstable();
    let positions = Position::of_all(text.as_bytes(), found.iter().map(|(offset, _)| *offset));
    for (position, (_, index)) in positions.zip(&found) {
        violations[*index].beside_mut().position = Some(position);
    }
}

/// The targets in the entries of one name, or of the aliases of one field.
#[derive(Default)]
struct SameName {
    /// How many of the entries were met.
    met: usize,
    /// In the order of the entries.
    targets: Vec<usize>,
    /// How many of them were in entries that were met.
    passed: usize,
}

struct Target<'v> {
    steps: &'v [Segment],
    /// Which of the entries of the same name it is. What it lies in is the first of its name.
    occurrence: usize,
    /// Whether it stands at the key.
    is_key: bool,
    offset: usize,
}

impl Target<'_> {
    fn is_last(&self, depth: usize) -> bool {
        self.steps.len() == depth + 1
    }

    /// Which of the entries of the same name it is in.
    fn entry(&self, depth: usize) -> usize {
        if self.is_last(depth) { self.occurrence } else { 0 }
    }
}

struct Search<'v> {
    targets: Vec<Target<'v>>,
}

impl<'v> Search<'v> {
    /// Looks at the value that comes next, so many steps down, for those in it.
    fn value(&mut self, source: &mut Source<'_>, within: &[usize], depth: usize) -> Result<(), Error> {
        let first = source.token();
        for target in within {
            self.targets[*target].offset = source.at;
        }
        let further = within.iter().copied().filter(|target| self.targets[*target].steps.len() > depth);
        let further: Vec<usize> = further.collect();
        match first {
            Some(b'{') if !further.is_empty() => self.entries(source, &further, depth),
            Some(b'[') if !further.is_empty() => self.elements(source, &further, depth),
            _ => source.skip(),
        }
    }

    fn entries(&mut self, source: &mut Source<'_>, within: &[usize], depth: usize) -> Result<(), Error> {
        let mut parts = Vec::<SameName>::new();
        let mut names = HashMap::<Cow<'v, str>, usize>::new();
        // Nobody can tell which field an alias of two is.
        let mut aliases = HashMap::<&str, Option<usize>>::new();
        for target in within {
            let step = &self.targets[*target].steps[depth];
            if !matches!(step, Segment::Field(_)) && *step.name() == *MASK {
                continue;
            }
            let index = *names.entry(step.name()).or_insert(parts.len());
            if index == parts.len() {
                parts.push(SameName::default());
            }
            parts[index].targets.push(*target);
            for alias in step.aliases() {
                let of = aliases.entry(alias).or_insert(Some(index));
                *of = of.filter(|other| *other == index);
            }
        }
        for same in &mut parts {
            same.targets.sort_by_key(|target| self.targets[*target].entry(depth));
        }
        let object_at = source.at;
        source.entries(|source, key_at, key| {
            let of_alias = || aliases.get(&*key).copied().flatten();
            let of_beginning = || (key.len() > MAX_NAME).then(|| names.get(&*cut(&key)).copied()).flatten();
            match names.get(&key).copied().or_else(of_alias).or_else(of_beginning) {
                Some(index) => self.entry(source, &mut parts[index], key_at, object_at, depth),
                None => source.skip(),
            }
        })
    }

    /// Looks at the value of an entry for those in it.
    fn entry(
        &mut self,
        source: &mut Source<'_>,
        same: &mut SameName,
        key_at: usize,
        object_at: usize,
        depth: usize,
    ) -> Result<(), Error> {
        // A map reads each entry of a key, and in which of them the fault is was not noted.
        if same.met == 1 {
            for target in &same.targets {
                let target = &mut self.targets[*target];
                if matches!(target.steps[depth], Segment::Key(_) | Segment::MapKey(_)) {
                    target.offset = object_at;
                }
            }
        }
        let rest = &same.targets[same.passed..];
        let is_here = |target: &&usize| self.targets[**target].entry(depth) == same.met;
        let here = &rest[..rest.iter().take_while(is_here).count()];
        same.met += 1;
        same.passed += here.len();
        self.value(source, here, depth + 1)?;
        for target in here {
            let target = &mut self.targets[*target];
            if target.is_key && target.is_last(depth) {
                target.offset = key_at;
            }
        }
        Ok(())
    }

    fn elements(&mut self, source: &mut Source<'_>, within: &[usize], depth: usize) -> Result<(), Error> {
        let index = |target: &usize| match &self.targets[*target].steps[depth] {
            Segment::Index(index) => Some(*index),
            named => named.name().parse().ok(),
        };
        let mut targets: Vec<(usize, usize)> = within.iter().filter_map(|one| index(one).zip(Some(*one))).collect();
        targets.sort_unstable();
        let (indexes, targets): (Vec<usize>, Vec<usize>) = targets.into_iter().unzip();
        let mut passed = 0;
        source.elements(|source, index| {
            let here = indexes[passed..].iter().take_while(|one| **one == index).count();
            let within = &targets[passed..passed + here];
            passed += here;
            if within.is_empty() { source.skip() } else { self.value(source, within, depth + 1) }
        })
    }
}
