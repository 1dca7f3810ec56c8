//! Messages for a type: some made to its schema, then damaged in places, some arbitrary.

use std::cell::RefCell;
use std::collections::HashMap;

use event_schema::serde_json::{self, Map, Value, json};

/// A JSON text as a tree in which keys may be repeated and numbers are spelled in any way.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn scalar(value: impl Into<Value>) -> Self {
        Self::Scalar(value.into().to_string())
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::List(list) => format!("[{}]", list.iter().map(Self::to_text).collect::<Vec<_>>().join(", ")),
            Self::Object(entries) => {
                let entry =
                    |(key, value): &(String, Self)| format!("{}: {}", Value::from(key.as_str()), value.to_text());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether an object in it has the same key twice.
    pub(crate) fn repeats_keys(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::List(list) => list.iter().any(Self::repeats_keys),
            Self::Object(entries) => {
                let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
                keys.sort_unstable();
                keys.windows(2).any(|pair| pair[0] == pair[1]) || entries.iter().any(|(_, value)| value.repeats_keys())
            }
        }
    }

    fn size(&self) -> usize {
        1 + match self {
            Self::Scalar(_) => 0,
            Self::List(list) => list.iter().map(Self::size).sum(),
            Self::Object(entries) => entries.iter().map(|(_, value)| value.size()).sum(),
        }
    }

    /// Its `n`th part, itself being the first.
    fn part(&mut self, n: usize) -> &mut Self {
        if n == 0 {
            return self;
        }
        let mut before = 1;
        let parts: Vec<&mut Self> = match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(list) => list.iter_mut().collect(),
            Self::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        };
        for part in parts {
            let size = part.size();
            if n < before + size {
                return part.part(n - before);
            }
            before += size;
        }
        unreachable!("there are as many parts as its size says")
    }
}

/// Choices, drawn from a tape that proptest shrinks: an empty tape always gives the first choice.
#[derive(Debug)]
pub(crate) struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    pub(crate) fn new(tape: Vec<u16>) -> Self {
        Self(tape.into_iter())
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % count.max(1)
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// Once in so many times.
    fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "11",
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
const FRACTIONS: &[&str] = &[
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
];
const TEXTS: &[&str] = &[
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
    "null",
    "1.0",
    "18446744073709551615",
    "18446744073709551616",
    "-128",
    "-129",
];
const KEYS: &[&str] = &[
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
fn arbitrary(choices: &mut Choices, depth: usize) -> Json {
    match choices.below(if depth == 0 { 6 } else { 9 }) {
        0 => Json::scalar(Value::Null),
        1 => Json::scalar(choices.below(2) == 1),
        2 => Json::Scalar(choices.of(NUMBERS).to_owned()),
        3 => Json::Scalar(choices.of(FRACTIONS).to_owned()),
        4 => Json::scalar(choices.of(TEXTS)),
        5 => Json::List(Vec::new()),
        6 => Json::List((0..choices.below(4)).map(|_| arbitrary(choices, depth - 1)).collect()),
        _ => Json::Object(
            (0..choices.below(4)).map(|_| (choices.of(KEYS).to_owned(), arbitrary(choices, depth - 1))).collect(),
        ),
    }
}

/// Changes something in one place.
fn damage(message: &mut Json, choices: &mut Choices) {
    let place = choices.below(message.size());
    let part = message.part(place);
    match (choices.below(12), &mut *part) {
        (0, Json::Object(entries)) if !entries.is_empty() => drop(entries.remove(choices.below(entries.len()))),
        (1, Json::Object(entries)) if !entries.is_empty() => {
            let mut copy = entries[choices.below(entries.len())].clone();
            if choices.below(2) == 1 {
                copy.1 = arbitrary(choices, 1);
            }
            entries.push(copy);
        }
        (2, Json::Object(entries)) if !entries.is_empty() => {
            let entry = choices.below(entries.len());
            choices.of(KEYS).clone_into(&mut entries[entry].0);
        }
        (3, Json::Object(entries)) => entries.push((choices.of(KEYS).to_owned(), arbitrary(choices, 2))),
        // A struct as serde takes it too.
        (4, Json::Object(entries)) => *part = Json::List(entries.iter().map(|(_, value)| value.clone()).collect()),
        (5, Json::Object(entries)) => entries.reverse(),
        (0..=2, Json::List(list)) => list.push(arbitrary(choices, 1)),
        (3, Json::List(list)) => drop(list.pop()),
        (4, Json::List(list)) if !list.is_empty() => list.push(list[0].clone()),
        // A variant without data as serde takes it too.
        (0 | 1, Json::Scalar(text)) if text.starts_with('"') => {
            let key = serde_json::from_str(text).expect("a string");
            *part = Json::Object(vec![(key, Json::scalar(Value::Null))]);
        }
        (2..=4, Json::Scalar(text)) if text.starts_with('"') => *part = Json::scalar(choices.of(TEXTS)),
        (0..=4, Json::Scalar(text)) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            let numbers = if choices.below(3) == 2 { FRACTIONS } else { NUMBERS };
            *part = Json::Scalar(choices.of(numbers).to_owned());
        }
        (6, _) => *part = Json::scalar(Value::Null),
        (7, _) => *part = Json::List(vec![part.clone()]),
        (8, _) => *part = Json::Object(vec![(choices.of(KEYS).to_owned(), part.clone())]),
        _ => *part = arbitrary(choices, 1),
    }
}

/// Makes messages to a schema. It knows of JSON Schema what the contracts of the zoo use.
pub(crate) struct Maker<'a> {
    root: &'a Value,
    /// The texts that fit a schema, by its own text: to find them takes longest.
    fitting: RefCell<HashMap<String, Vec<&'static str>>>,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(schema: &'a Value) -> Self {
        Self { root: schema, fitting: RefCell::default() }
    }

    /// A message for the type that the schema describes: valid, damaged or arbitrary.
    pub(crate) fn message(&self, choices: &mut Choices) -> Json {
        if choices.rarely(20) {
            return arbitrary(choices, 3);
        }
        let mut message = self.make(self.root, choices, 4);
        for _ in 0..choices.below(4) {
            damage(&mut message, choices);
        }
        message
    }

    fn text(&self, schema: &Value, choices: &mut Choices) -> Json {
        let mut known = self.fitting.borrow_mut();
        let fitting = known.entry(schema.to_string()).or_insert_with(|| {
            let check = jsonschema::options().should_validate_formats(true).build(schema).expect("a schema");
            let mut fitting: Vec<&str> = TEXTS.iter().copied().filter(|text| check.is_valid(&json!(text))).collect();
            if fitting.is_empty() {
                fitting.push("");
            }
            fitting
        });
        Json::scalar(choices.of(fitting))
    }

    fn make(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        let schema = self.resolve(schema);
        if let Some(only) = schema.get("const") {
            return Json::scalar(only.clone());
        }
        if let Some(list) = schema.get("enum").and_then(Value::as_array) {
            return list
                .get(choices.below(list.len()))
                .map_or(Json::scalar(Value::Null), |one| Json::scalar(one.clone()));
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(kind) => kind.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        let forms = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array());
        if let (Some(forms), true) = (forms, kinds.is_empty()) {
            // Null is the last of an option's forms, which ends the recursion of recursive types.
            let form = if depth == 0 { forms.len() - 1 } else { choices.below(forms.len()) };
            return self.make(&forms[form], choices, depth.saturating_sub(1));
        }
        match kinds.get(choices.below(kinds.len())) {
            Some(&"boolean") => Json::scalar(choices.below(2) == 1),
            Some(&"null") => Json::scalar(Value::Null),
            Some(&"integer") => integer(schema, choices),
            Some(&"number") => number(schema, choices),
            Some(&"string") => self.text(schema, choices),
            Some(&"array") => self.list(schema, choices, depth),
            Some(&"object") => self.object(schema, choices, depth),
            _ => arbitrary(choices, depth.min(2)),
        }
    }

    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            schema = self.root.pointer(reference.trim_start_matches('#')).expect("a definition");
        }
        schema
    }

    fn list(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        if let Some(parts) = schema.get("prefixItems").and_then(Value::as_array) {
            return Json::List(parts.iter().map(|part| self.make(part, choices, depth.saturating_sub(1))).collect());
        }
        let element = schema.get("items").unwrap_or(&Value::Bool(true)).clone();
        let count = count(schema, "minItems", "maxItems", choices, depth);
        Json::List((0..count).map(|_| self.make(&element, choices, depth.saturating_sub(1))).collect())
    }

    fn object(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        let mut entries = Vec::new();
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let mut required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut left_out = Vec::new();
        for one_of in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            // One of a field's names: `{"oneOf": [{"required": ["name"]}, ...]}`.
            let forms = one_of.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
            let names: Vec<Value> = forms.iter().filter_map(|form| form.get("required")?.get(0).cloned()).collect();
            required.extend(names.get(choices.below(forms.len())).cloned());
            left_out.extend(names);
        }
        for (name, property) in properties {
            let needed = required.iter().any(|one| one == name);
            if needed || (!left_out.iter().any(|one| one == name) && depth > 0 && choices.below(3) != 2) {
                entries.push((name.clone(), self.make(property, choices, depth.saturating_sub(1))));
            }
        }
        for name in required.iter().filter_map(Value::as_str).filter(|name| !properties.contains_key(*name)) {
            let values = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
            entries.push((name.to_owned(), self.make(values, choices, 0)));
        }
        let additional = schema.get("additionalProperties").filter(|values| **values != json!(false));
        if let (Some(values), true) = (additional, properties.is_empty()) {
            let keys = schema.get("propertyNames").map(|keys| self.resolve(keys));
            for _ in 0..count(schema, "minProperties", "maxProperties", choices, depth) {
                let key = match keys {
                    Some(keys) if keys.get("enum").is_some() => self.make(keys, choices, 0),
                    Some(keys) => self.text(keys, choices),
                    None => Json::scalar(choices.of(TEXTS)),
                };
                let key: String = serde_json::from_str(&key.to_text()).expect("a string");
                if !entries.iter().any(|(name, _)| *name == key) {
                    entries.push((key, self.make(values, choices, depth.saturating_sub(1))));
                }
            }
        }
        // A flattened enum stands beside the properties.
        if let Some(forms) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array())
            && let Json::Object(more) = self.make(&forms[choices.below(forms.len())], choices, depth.saturating_sub(1))
        {
            entries.extend(more);
        }
        if choices.rarely(4) {
            entries.reverse();
        }
        Json::Object(entries)
    }
}

fn count(schema: &Value, min: &str, max: &str, choices: &mut Choices, depth: usize) -> usize {
    let bound =
        |keyword: &str| schema.get(keyword).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let min = bound(min).unwrap_or(0);
    let more = bound(max).unwrap_or(usize::MAX).saturating_sub(min).min(if depth == 0 { 0 } else { 2 });
    min + choices.below(more + 1)
}

/// Whether a number is within the bounds of the schema.
fn in_bounds(schema: &Value, number: &str) -> bool {
    let number: f64 = number.parse().expect("a number");
    let holds = |keyword: &str, holds: fn(f64, f64) -> bool| {
        schema.get(keyword).and_then(Value::as_f64).is_none_or(|bound| holds(number, bound))
    };
    holds("minimum", |n, bound| n >= bound)
        && holds("maximum", |n, bound| n <= bound)
        && holds("exclusiveMinimum", |n, bound| n > bound)
        && holds("exclusiveMaximum", |n, bound| n < bound)
}

fn integer(schema: &Value, choices: &mut Choices) -> Json {
    let fitting: Vec<&str> = NUMBERS.iter().copied().filter(|number| in_bounds(schema, number)).collect();
    Json::Scalar(choices.of(&fitting).to_owned())
}

fn number(schema: &Value, choices: &mut Choices) -> Json {
    let fitting: Vec<&str> =
        FRACTIONS.iter().chain(NUMBERS).copied().filter(|number| in_bounds(schema, number)).collect();
    Json::Scalar(choices.of(&fitting).to_owned())
}
