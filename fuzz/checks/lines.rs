//! What must hold of any bytes that are loaded line by line.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufReader;

use event_schema::load::LoadOptions;
use event_schema::{EventSchema, LoadError};

use crate::zoo::*;

macro_rules! table {
    ($($name:ident: $type:ty,)*) => {
        const TYPES: &[fn(usize, usize, &[u8]) -> u64] = &[$(lines_of::<$type>),*];
    };
}

every_type!(table);

/// Loads the lines behind the first three bytes, which choose the type of the zoo, the size that a line
/// may have and how much the source gives at once. What was made of them, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    match input {
        [chosen, most, chunk, input @ ..] => {
            TYPES[usize::from(*chosen) % TYPES.len()](usize::from(*most), 1 + usize::from(*chunk % 32), input)
        }
        _ => 0,
    }
}

/// An answer that can be compared: of an error its text and place, so many lines and bytes on.
fn told<E>(answer: Result<E, LoadError>, lines: u64, bytes: u64) -> Result<E, (String, Option<[u64; 3]>)> {
    answer.map_err(|error| {
        let Some(at) = error.position() else { return (error.to_string(), None) };
        let text = error.to_string().replace(&at.to_string(), "there");
        let text = text.replace(&format!("offset {}", at.offset()), "there");
        (text, Some([at.line() + lines, at.column(), at.offset() + bytes]))
    })
}

fn lines_of<E: EventSchema + PartialEq + Debug>(most: usize, chunk: usize, input: &[u8]) -> u64 {
    let options = LoadOptions::new().max_size(most);
    let mut expected = Vec::new();
    let mut before = 0;
    for (index, whole) in (0..).zip(input.split(|byte| *byte == b'\n')) {
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        if line.len() > most || line.iter().any(|byte| !b" \t\r\n".contains(byte)) {
            expected.push((index + 1, told(options.load::<E>(line), index, before)));
        }
        before += whole.len() as u64 + 1;
    }
    let source = BufReader::with_capacity(chunk, input);
    let lines: Vec<_> = options.load_lines::<E, _>(source).map(|line| (line.number, told(line.event, 0, 0))).collect();
    assert_eq!(lines, expected);

    let whole = options.load_reader::<E>(BufReader::with_capacity(chunk, input));
    if input.len() > most {
        assert!(whole.is_err_and(|error| error.is_too_large()));
    } else {
        assert_eq!(told(whole, 0, 0), told(options.load::<E>(input), 0, 0));
    }

    let mut hasher = DefaultHasher::new();
    for (_, answer) in lines {
        answer.map(drop).map_err(|error| error.0.replace(|c: char| c.is_ascii_digit(), "")).hash(&mut hasher);
    }
    hasher.finish()
}
