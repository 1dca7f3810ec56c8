//! Events from readers, values and lines.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use event_schema::Line;
use event_schema::prelude::*;
use serde_json::json;

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Ping {
    #[validate(range(min = 1))]
    seq: u64,
    note: Option<String>,
}

/// Gives its text in small pieces, with interruptions, and fails at its end.
struct Rough<'a> {
    text: &'a [u8],
    piece: usize,
    interrupted: bool,
    fails: bool,
}

impl<'a> Rough<'a> {
    fn new(text: &'a [u8], piece: usize, fails: bool) -> Self {
        Self { text, piece, interrupted: false, fails }
    }
}

impl Read for Rough<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.text.is_empty() && self.fails {
            return Err(io::Error::other("unplugged"));
        }
        let size = self.piece.min(buffer.len()).min(self.text.len());
        let (piece, rest) = self.text.split_at(size);
        buffer[..size].copy_from_slice(piece);
        self.text = rest;
        Ok(size)
    }
}

fn numbers_and_outcomes(lines: impl Iterator<Item = Line<Ping>>) -> Vec<(u64, Result<u64, String>)> {
    lines.map(|line| (line.number, line.event.map(|ping| ping.seq).map_err(|error| error.to_string()))).collect()
}

#[test]
fn a_reader_gives_what_its_bytes_give() {
    for text in [&br#"{"seq": 7}"#[..], br#"{"seq": 0, "note": 1}"#, br#"{"seq": "#, b"", b"\xff", br#"{"seq": 1} x"#] {
        let from_bytes = Ping::load(text).map_err(|error| error.to_string());
        for piece in [1, 3, 100] {
            let from_reader = Ping::load_reader(Rough::new(text, piece, false)).map_err(|error| error.to_string());
            assert_eq!(from_reader, from_bytes);
        }
    }
}

#[test]
fn a_reader_is_read_no_further_than_the_limit() {
    struct Counted(usize);

    impl Read for Counted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len();
            buffer.fill(b' ');
            Ok(buffer.len())
        }
    }

    let options = LoadOptions::new().max_size(1000);
    let mut endless = Counted(0);
    let error = options.load_reader::<Ping>(&mut endless).unwrap_err();
    assert!(error.is_too_large() && !error.is_syntax());
    assert_eq!(error.to_string(), "more than the 1000 bytes that this load allows");
    assert_eq!(endless.0, 1001);

    let text = format!("{:1000}", r#"{"seq": 7}"#);
    assert!(options.load_reader::<Ping>(text.as_bytes()).is_ok());
    let unlimited = LoadOptions::new().max_size(usize::MAX);
    assert!(unlimited.load_reader::<Ping>(text.as_bytes()).is_ok());
}

#[test]
fn a_reader_that_fails_is_no_bad_event() {
    let error = Ping::load_reader(Rough::new(br#"{"seq": 7}"#, 4, true)).unwrap_err();
    assert!(error.is_io() && !error.is_syntax() && !error.is_invalid());
    assert!(error.violations().is_none());
    assert_eq!(error.to_string(), "the input could not be read");
    assert_eq!(error.source().unwrap().downcast_ref::<io::Error>().unwrap().to_string(), "unplugged");
    assert_eq!(error.to_problem()["status"], 500);
}

#[test]
fn a_value_is_loaded_with_options() {
    let shallow = LoadOptions::new().max_depth(0);
    assert!(shallow.load_value::<Ping>(json!({"seq": 1})).unwrap_err().is_too_deep());
    assert_eq!(LoadOptions::new().load_value::<Ping>(json!({"seq": 1})).unwrap().seq, 1);
}

const LINES: &[u8] = b"{\"seq\": 1}\n\
    \n\
    {\"seq\": 3}\r\n\
    {\"seq\": 0}\r\n\
    {\"seq\": \n\
    \t \r\n\
    {\"seq\": 7, \"note\": \"\xff\"}\n\
    {\"seq\": 8} {\"seq\": 8}\n\
    null\n\
    {\"seq\": 10}";

#[test]
fn bad_lines_are_told_by_number_and_do_not_end_the_rest() {
    let expected = [
        (1, Ok(1)),
        (3, Ok(3)),
        (4, Err("1 violation\nseq: Must be greater than or equal to 1.".to_owned())),
        (5, Err("truncated JSON: EOF while parsing a value at line 5 column 8".to_owned())),
        (7, Err("not valid UTF-8, which JSON requires: the first invalid byte is at offset 69".to_owned())),
        (8, Err("not valid JSON: trailing characters at line 8 column 12".to_owned())),
        (9, Err("1 violation\nInvalid input type.".to_owned())),
        (10, Ok(10)),
    ];
    assert_eq!(numbers_and_outcomes(Ping::load_lines(LINES)), expected);
    for (piece, buffer) in [(1, 1), (2, 7), (5, 3), (64, 16)] {
        let input = BufReader::with_capacity(buffer, Rough::new(LINES, piece, false));
        assert_eq!(numbers_and_outcomes(Ping::load_lines(input)), expected);
    }
}

#[test]
fn a_line_end_at_the_end_starts_no_line() {
    assert_eq!(Ping::load_lines(&b""[..]).count(), 0);
    assert_eq!(Ping::load_lines(&b"\n\r\n\n"[..]).count(), 0);
    assert_eq!(numbers_and_outcomes(Ping::load_lines(&b"{\"seq\": 1}\n"[..])), [(1, Ok(1))]);
    assert_eq!(numbers_and_outcomes(Ping::load_lines(&b"{\"seq\": 1}\r"[..])), [(1, Ok(1))]);
}

#[test]
fn an_overlong_line_is_skipped_and_reported() {
    let long = format!("{{\"seq\": 1, \"note\": \"{}\"}}", "x".repeat(10_000));
    let text = format!("{{\"seq\": 1}}\n{long}\n{{\"seq\": 3}}\r\n{long}");
    let options = LoadOptions::new().max_size(10);
    let too_large = format!("{} bytes, more than the 10 bytes that this load allows", long.len());
    let expected = [(1, Ok(1)), (2, Err(too_large.clone())), (3, Ok(3)), (4, Err(too_large))];
    for buffer in [1, 100, 100_000] {
        let input = BufReader::with_capacity(buffer, text.as_bytes());
        assert_eq!(numbers_and_outcomes(options.load_lines::<Ping, _>(input)), expected);
    }
}

#[test]
fn a_limit_counts_no_line_end() {
    let options = LoadOptions::new().max_size(10);
    for text in ["{\"seq\": 1}\n", "{\"seq\": 1}\r\n", "{\"seq\": 1}\r", "{\"seq\": 1}"] {
        assert_eq!(numbers_and_outcomes(options.load_lines::<Ping, _>(text.as_bytes())), [(1, Ok(1))], "{text:?}");
    }
    for text in ["{\"seq\": 1} \n", "{\"seq\": 1}\r\r\n", " {\"seq\": 1}"] {
        let line = options.load_lines::<Ping, _>(text.as_bytes()).next().unwrap();
        assert!(line.event.unwrap_err().is_too_large(), "{text:?}");
    }
    let none = LoadOptions::new().max_size(0);
    assert!(none.load_lines::<Ping, _>(&b"1\n"[..]).next().unwrap().event.unwrap_err().is_too_large());
    let unlimited = LoadOptions::new().max_size(usize::MAX);
    assert!(unlimited.load_lines::<Ping, _>(&b"{\"seq\": 1}\n"[..]).next().unwrap().event.is_ok());
}

#[test]
fn a_source_that_fails_ends_the_lines() {
    let input = BufReader::new(Rough::new(b"{\"seq\": 1}\n{\"seq\": 2}", 100, true));
    let mut lines = Ping::load_lines(input);
    assert_eq!(lines.next().unwrap().event.unwrap().seq, 1);
    let line = lines.next().unwrap();
    assert_eq!(line.number, 2);
    assert!(line.event.unwrap_err().is_io());
    assert!(lines.next().is_none() && lines.next().is_none());
}

#[test]
fn lines_can_be_taken_from_a_reader_that_goes_on() {
    let mut input = Cursor::new(b"{\"seq\": 1}\n{\"seq\": 2}\nrest");
    assert_eq!(Ping::load_lines(&mut input).take(2).filter(|line| line.event.is_ok()).count(), 2);
    let mut rest = String::new();
    input.read_line(&mut rest).unwrap();
    assert_eq!(rest, "rest");
}
