//! Messages as a type's [`Shape`] describes them: what the contracts are written from.

use std::cell::RefCell;
use std::collections::HashMap;

use event_schema::contract::Shape;
use event_schema::contract::shape::{
    Content, Definition, Enum, Field, Form, Kind, Range, Record, Rule, Tagging, Text, Variant,
};
use event_schema::load::FieldType;
use event_schema::regex::Regex;
use event_schema::serde_json::{Value, json};

use super::choices::{self, Choices, FRACTIONS, NUMBERS, TEXTS, arbitrary};
use super::json::Json;
use super::words::Words;

/// How deep recursive types go.
const DEPTH: usize = 5;

/// Makes messages of one type.
pub(crate) struct FromShape<'a> {
    shape: Shape,
    words: &'a Words,
    /// The texts that fit, by what they are to fit: to find them takes longest.
    fitting: RefCell<HashMap<String, Vec<&'static str>>>,
}

impl<'a> FromShape<'a> {
    pub(crate) fn new<T: FieldType>(words: &'a Words) -> Self {
        Self { shape: Shape::of::<T>(), words, fitting: RefCell::default() }
    }

    pub(crate) fn message(&self, choices: &mut Choices) -> Json {
        self.value(&self.shape, &[], choices, DEPTH)
    }

    /// A value of the shape that keeps the rules, those aside that only code knows.
    fn value(&self, shape: &Shape, rules: &[Rule], choices: &mut Choices, depth: usize) -> Json {
        if let Some(Rule::OneOf(values)) = rules.iter().find(|rule| matches!(rule, Rule::OneOf(_)))
            && choices.below(8) != 7
        {
            return values.get(choices.below(values.len())).map_or(Json::scalar(Value::Null), Json::of);
        }
        let below = depth.saturating_sub(1);
        match shape.kind() {
            Kind::Null => Json::scalar(Value::Null),
            Kind::Boolean => Json::scalar(choices.below(2) == 1),
            Kind::Integer(integer) => {
                let fits = |number: &str| match number.parse::<i128>() {
                    Ok(0) => integer.zero,
                    Ok(number) => integer.min <= number && (number < 0 || number.unsigned_abs() <= integer.max),
                    Err(_) => number.parse::<u128>().is_ok_and(|number| number <= integer.max),
                };
                number(choices, &mut NUMBERS.iter().copied().filter(|number| fits(number) && in_range(number, rules)))
            }
            Kind::Float(_) | Kind::Number => {
                let numbers = FRACTIONS.iter().chain(NUMBERS).copied();
                number(choices, &mut numbers.filter(|number| in_range(number, rules)))
            }
            Kind::Text(text) => Json::scalar(self.text(text, rules, choices)),
            Kind::List { items, length, .. } => {
                let (min, max) = length_of(rules, *length);
                let count = count(min, max, choices, depth);
                let rules = parts(rules, |rule| if let Rule::Each(rules) = rule { Some(rules) } else { None });
                Json::List((0..count).map(|_| self.value(items, &rules, choices, below)).collect())
            }
            Kind::Tuple(items) => Json::List(items.iter().map(|item| self.value(item, &[], choices, below)).collect()),
            Kind::Map { keys, values } => self.map(keys, values, rules, choices, depth),
            Kind::Optional(_) if depth == 0 || choices.below(4) == 3 => Json::scalar(Value::Null),
            Kind::Optional(inner) | Kind::Omissible(inner) => self.value(inner, rules, choices, below),
            Kind::Ways { read, .. } => self.value(read, rules, choices, below),
            Kind::Ruled { shape, rules: more } => self.value(shape, &[rules, more].concat(), choices, depth),
            Kind::Named(definition) => self.defined(definition, rules, choices, below),
            // What only schemars knows, and any value.
            _ => arbitrary(choices, self.words, depth.min(2)),
        }
    }

    fn defined(&self, definition: &Definition, rules: &[Rule], choices: &mut Choices, depth: usize) -> Json {
        match &definition.form {
            Form::Content(content) => self.content(content, rules, choices, depth),
            Form::Enum(choice) => self.variant(choice, choices, depth),
            Form::As(shape) => self.value(&shape(), rules, choices, depth),
        }
    }

    fn content(&self, content: &Content, rules: &[Rule], choices: &mut Choices, depth: usize) -> Json {
        match content {
            Content::Unit => Json::scalar(Value::Null),
            Content::Inner(field) => self.value(&(field.shape)(), &[rules, &field.rules()].concat(), choices, depth),
            Content::Tuple(fields) => {
                let mut fields: Vec<&Field> = fields.iter().filter(|field| field.read.is_some()).collect();
                while fields.last().is_some_and(|field| !field.is_required()) && choices.rarely(3) {
                    fields.pop();
                }
                Json::List(fields.iter().map(|field| self.field(field, choices, depth)).collect())
            }
            Content::Record(record) => self.record(record, choices, depth),
        }
    }

    fn field(&self, field: &Field, choices: &mut Choices, depth: usize) -> Json {
        let (shape, rules) = ((field.shape)(), field.rules());
        let value = self.value(&shape, &rules, choices, depth.saturating_sub(1));
        if value.is_null()
            && (field.not_null || rules.contains(&Rule::Required))
            && let Kind::Optional(inner) = shape.kind()
        {
            return self.value(inner, &rules, choices, depth);
        }
        value
    }

    fn record(&self, record: &Record, choices: &mut Choices, depth: usize) -> Json {
        let mut entries: Vec<(String, Json)> = Vec::new();
        for field in record.fields {
            if field.flat {
                // What stands beside is told apart by its key.
                if let Json::Object(more) = self.field(field, choices, depth) {
                    let new = |(key, _): &(String, Json)| !entries.iter().any(|(other, _)| other == key);
                    let more: Vec<_> = more.into_iter().filter(new).collect();
                    entries.extend(more);
                }
                continue;
            }
            let names: Vec<&str> = field.names().collect();
            let wanted = field.is_required() || depth > 0 && choices.below(3) != 2;
            if let Some(name) = names.get(choices.below(names.len()))
                && wanted
            {
                entries.push(((*name).to_owned(), self.field(field, choices, depth)));
            }
        }
        if choices.rarely(4) {
            entries.reverse();
        }
        Json::Object(entries)
    }

    fn variant(&self, choice: &Enum, choices: &mut Choices, depth: usize) -> Json {
        let variants: Vec<&Variant> = choice.variants.iter().filter(|variant| variant.read.is_some()).collect();
        // The shallow ones, where it gets deep.
        let shallow = variants.iter().position(|variant| matches!(variant.content, Content::Unit)).unwrap_or(0);
        let chosen = if depth == 0 { shallow } else { choices.below(variants.len()) };
        let Some(variant) = variants.get(chosen) else { return arbitrary(choices, self.words, 0) };
        let names: Vec<&str> = variant.names().collect();
        let name = match names.get(choices.below(names.len())) {
            Some(name) if !(variant.other && choices.below(2) == 0) => *name,
            _ => choices::text(choices, self.words),
        };
        let content = self.content(&variant.content, &[], choices, depth.saturating_sub(1));
        let is_unit = matches!(variant.content, Content::Unit);
        let tag = |tag: &str| (tag.to_owned(), Json::scalar(name));
        match choice.tagging {
            Tagging::External if is_unit => Json::scalar(name),
            Tagging::External => Json::Object(vec![(name.to_owned(), content)]),
            Tagging::Internal { tag: key } => {
                let mut entries = if let Json::Object(entries) = content { entries } else { Vec::new() };
                entries.insert(choices.below(entries.len() + 1), tag(key));
                Json::Object(entries)
            }
            Tagging::Adjacent { tag: key, .. } if is_unit || content.is_null() && choices.below(2) == 0 => {
                Json::Object(vec![tag(key)])
            }
            Tagging::Adjacent { tag: key, content: data } => {
                let mut entries = vec![tag(key), (data.to_owned(), content)];
                if choices.below(2) == 1 {
                    entries.reverse();
                }
                Json::Object(entries)
            }
            Tagging::Untagged => content,
        }
    }

    fn map(&self, keys: &Shape, values: &Shape, rules: &[Rule], choices: &mut Choices, depth: usize) -> Json {
        let of_keys = parts(rules, |rule| if let Rule::Keys(rules) = rule { Some(rules) } else { None });
        let of_values = parts(rules, |rule| if let Rule::Values(rules) = rule { Some(rules) } else { None });
        let (min, max) = length_of(rules, None);
        let needed =
            rules.iter().filter_map(|rule| if let Rule::Contains(key) = rule { Some((*key).to_owned()) } else { None });
        let mut names: Vec<String> = needed.collect();
        for _ in 0..count(min, max, choices, depth) {
            let key = match self.value(keys, &of_keys, choices, 1) {
                Json::Scalar(key) => Json::Scalar(key.clone()).as_text().unwrap_or(key),
                _ => continue,
            };
            if !names.contains(&key) {
                names.push(key);
            }
        }
        let below = depth.saturating_sub(1);
        Json::Object(names.into_iter().map(|name| (name, self.value(values, &of_values, choices, below))).collect())
    }

    fn text(&self, text: &Text, rules: &[Rule], choices: &mut Choices) -> &'static str {
        let mut known = self.fitting.borrow_mut();
        let fitting = known.entry(format!("{text:?} {rules:?}")).or_insert_with(|| {
            let formats: Vec<Value> = text.formats.iter().map(|format| json!({"format": format})).collect();
            let patterns: Vec<Value> = text.patterns.iter().map(|pattern| json!({"pattern": pattern})).collect();
            let mut schema = json!({});
            for (keyword, forms) in [("anyOf", formats), ("allOf", patterns)] {
                if !forms.is_empty() {
                    schema[keyword] = forms.into();
                }
            }
            let check = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
            let fits = |candidate: &&str| {
                (text.choices.is_empty() || text.choices.contains(candidate))
                    && (!text.character || candidate.chars().count() == 1)
                    && check.is_valid(&json!(candidate))
                    && rules.iter().all(|rule| keeps(candidate, rule))
            };
            let mut fitting: Vec<&str> = text.choices.iter().chain(TEXTS).copied().filter(fits).collect();
            if fitting.is_empty() {
                fitting.push("");
            }
            fitting
        });
        choices.of(fitting)
    }
}

/// The rules of a value's parts.
fn parts(rules: &[Rule], of: fn(&Rule) -> Option<&Vec<Rule>>) -> Vec<Rule> {
    rules.iter().filter_map(of).flatten().cloned().collect()
}

fn number(choices: &mut Choices, fitting: &mut dyn Iterator<Item = &'static str>) -> Json {
    let fitting: Vec<&str> = fitting.collect();
    Json::number(fitting.get(choices.below(fitting.len())).unwrap_or(&"0"))
}

fn in_range(number: &str, rules: &[Rule]) -> bool {
    let number: f64 = number.parse().expect("a number");
    let holds = |bound: &Option<Value>, holds: fn(&f64, &f64) -> bool| {
        bound.as_ref().and_then(Value::as_f64).is_none_or(|bound| holds(&number, &bound))
    };
    rules.iter().all(|rule| match rule {
        Rule::Range(Range { min, max, exclusive_min, exclusive_max }) => {
            holds(min, f64::ge) && holds(max, f64::le) && holds(exclusive_min, f64::gt) && holds(exclusive_max, f64::lt)
        }
        _ => true,
    })
}

/// The bounds of a length.
fn length_of(rules: &[Rule], fixed: Option<usize>) -> (usize, usize) {
    let bound = |bound: &Option<u64>, without| bound.map_or(without, |bound| usize::try_from(bound).unwrap_or(without));
    let bounds = (fixed.unwrap_or(0), fixed.unwrap_or(usize::MAX));
    rules.iter().fold(bounds, |(least, most), rule| match rule {
        Rule::Length { min, max } => (least.max(bound(min, 0)), most.min(bound(max, usize::MAX))),
        _ => (least, most),
    })
}

fn count(min: usize, max: usize, choices: &mut Choices, depth: usize) -> usize {
    let more = max.saturating_sub(min).min(if depth == 0 { 0 } else { 2 });
    min + choices.below(more + 1)
}

/// Whether a text keeps a rule, as far as that can be told here.
fn keeps(text: &str, rule: &Rule) -> bool {
    let is = |format: &str| {
        let schema = json!({"format": format});
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema").is_valid(&json!(text))
    };
    match rule {
        Rule::Length { .. } => {
            let (min, max) = length_of(std::slice::from_ref(rule), None);
            (min..=max).contains(&text.chars().count())
        }
        Rule::Format(format) => is(format),
        Rule::Ip { v4, v6 } => *v4 && is("ipv4") || *v6 && is("ipv6") || !v4 && !v6 && (is("ipv4") || is("ipv6")),
        Rule::Pattern(pattern) => Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)),
        Rule::Contains(needle) => text.contains(needle),
        Rule::DoesNotContain(needle) => !text.contains(needle),
        Rule::NoControlCharacters => !text.contains(char::is_control),
        Rule::NoneOf(values) => !values.iter().any(|value| value == text),
        _ => true,
    }
}
