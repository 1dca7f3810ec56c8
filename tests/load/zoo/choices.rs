//! Choices, and what there is to choose from: numbers and texts at the bounds of what types take.

use event_schema::serde_json::Value;

use super::json::Json;
use super::words::Words;

/// Choices, drawn from a tape that proptest shrinks: an empty tape always gives the first choice.
#[derive(Debug)]
pub(crate) struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    pub(crate) fn new(tape: Vec<u16>) -> Self {
        Self(tape.into_iter())
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % count.max(1)
    }

    pub(crate) fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// Once in so many times.
    pub(crate) fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}

pub(crate) const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "9",
    "10",
    "11",
    "13",
    "100",
    "-1",
    "-2",
    "-10",
    "-11",
    "127",
    "128",
    "-128",
    "-129",
    "255",
    "256",
    "32767",
    "32768",
    "-32768",
    "-32769",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "1099511627775",
    "1099511627776",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551616",
    "1180591620717411303424",
    "170141183460469231731687303715884105727",
    "170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105729",
    "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456",
];
pub(crate) const FRACTIONS: &[&str] = &[
    "0.5",
    "-0.5",
    "1.5",
    "-1.5",
    "0.1",
    "0.10000000149",
    "0.2",
    "1.0",
    "-0",
    "-0.0",
    "0e0",
    "1E2",
    "1e-3",
    "2.5e+1",
    "1e-400",
    "3.4028234663852886e38",
    "3.4028235e38",
    "3.4028236e38",
    "-3.4028236e38",
    "1e39",
    "1.7976931348623157e308",
    "5e-324",
    "0.30000000000000004",
    "123456789.12345679",
    "8.41e21",
    "9.5e-7",
    "16777217.0000000001",
    "16777218.9999999999",
];
pub(crate) const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "x",
    "k",
    " ",
    "a-b.",
    "xa-b.y",
    "a/b#",
    "AB-12/",
    "AB-/",
    "ab-12/\n",
    "\u{0}",
    "\n",
    "ä",
    "😀",
    "e\u{301}",
    "https://example.org/a?b=c#d",
    "https://EXAMPLE.org:443",
    "http://ä.example/ö",
    "mailto:ada@example.org",
    "urn:isbn:0",
    "https://",
    "http://[::1]:8080/",
    "//example.org/a",
    "https://example.org/a b",
    "\thttps://example.org\n",
    "192.0.2.1",
    "192.0.2.256",
    "::1",
    "::ffff:192.0.2.1",
    "fe80::1%eth0",
    "1::2::3",
    "0191e5b6-9a7e-7c3d-8f00-000000000001",
    "0191e5b69a7e7c3d8f00000000000001",
    "urn:uuid:0191e5b6-9a7e-7c3d-8f00-000000000001",
    "0191E5B6-9A7E-7C3D-8F00-00000000000G",
    "2026-11-21T09:30:00Z",
    "2026-11-21T09:30:00.5+01:00",
    "2026-11-21 09:30:00Z",
    "2026-11-21T09:30:00",
    "2026-11-21T24:30:00",
    "2026-11-21",
    "2026-1-2",
    "2026-02-30",
    "09:30:00",
    "09:30",
    "25:00:00",
    "red",
    "deep-blue",
    "green",
    "grün",
    "verde",
    "Secret",
    "secret",
    "First",
    "Second",
    "2nd",
    "Known",
    "Other",
    "0",
    "1",
    "-1",
    "255",
    "256",
    "01",
    "-0",
    "true",
    "false",
    "null",
    "1.0",
    "18446744073709551615",
    "18446744073709551616",
    "-128",
    "-129",
];
pub(crate) const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "x",
    "y",
    "A",
    "B",
    "C",
    "alpha",
    "1st",
    "2nd",
    "first",
    "in",
    "out",
    "type",
    "r#type",
    "one",
    "items",
    "name",
    "unknown",
    "",
    "firstName",
    "first_name",
    "the last/name~%",
    "$ref",
    "k",
    "$serde_json::private::Number",
];

/// Any JSON at all.
pub(crate) fn arbitrary(choices: &mut Choices, words: &Words, depth: usize) -> Json {
    match choices.below(if depth == 0 { 6 } else { 9 }) {
        0 => Json::scalar(Value::Null),
        1 => Json::scalar(choices.below(2) == 1),
        2 => Json::number(choices.of(NUMBERS)),
        3 => Json::number(choices.of(FRACTIONS)),
        4 => Json::scalar(text(choices, words)),
        5 => Json::List(Vec::new()),
        6 => Json::List((0..choices.below(4)).map(|_| arbitrary(choices, words, depth - 1)).collect()),
        _ => Json::Object(
            (0..choices.below(4))
                .map(|_| (key(choices, words).to_owned(), arbitrary(choices, words, depth - 1)))
                .collect(),
        ),
    }
}

/// A text: one at a bound, or a word of the type.
pub(crate) fn text<'a>(choices: &mut Choices, words: &'a Words) -> &'a str {
    if choices.rarely(3) { words.one(choices) } else { choices.of(TEXTS) }
}

/// A key: more often than not a word of the type.
pub(crate) fn key<'a>(choices: &mut Choices, words: &'a Words) -> &'a str {
    if choices.rarely(3) { choices.of(KEYS) } else { words.one(choices) }
}
