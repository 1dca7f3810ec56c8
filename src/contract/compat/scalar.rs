//! Strings and numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::comparison::Comparison;
use super::document::Draft;
use super::form::Typed;
use super::keyword::Object;
use super::outcome::Outcome;
use super::rule::{self, Rule};
use super::values::order;
use crate::contract::pattern::without_group_names;

/// The formats of JSON Schema's drafts for text. Others, such as `uint32`, are notes for code generators.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// The limits, with the rules for one that is added, removed, increased and decreased.
const LENGTHS: [(&str, [Rule; 4]); 2] = [
    (
        "maxLength",
        [rule::MAX_LENGTH_ADDED, rule::MAX_LENGTH_REMOVED, rule::MAX_LENGTH_INCREASED, rule::MAX_LENGTH_DECREASED],
    ),
    (
        "minLength",
        [rule::MIN_LENGTH_ADDED, rule::MIN_LENGTH_REMOVED, rule::MIN_LENGTH_INCREASED, rule::MIN_LENGTH_DECREASED],
    ),
];
const BOUNDS: [(&str, [Rule; 4]); 4] = [
    ("maximum", [rule::MAXIMUM_ADDED, rule::MAXIMUM_REMOVED, rule::MAXIMUM_INCREASED, rule::MAXIMUM_DECREASED]),
    ("minimum", [rule::MINIMUM_ADDED, rule::MINIMUM_REMOVED, rule::MINIMUM_INCREASED, rule::MINIMUM_DECREASED]),
    (
        "exclusiveMaximum",
        [
            rule::EXCLUSIVE_MAXIMUM_ADDED,
            rule::EXCLUSIVE_MAXIMUM_REMOVED,
            rule::EXCLUSIVE_MAXIMUM_INCREASED,
            rule::EXCLUSIVE_MAXIMUM_DECREASED,
        ],
    ),
    (
        "exclusiveMinimum",
        [
            rule::EXCLUSIVE_MINIMUM_ADDED,
            rule::EXCLUSIVE_MINIMUM_REMOVED,
            rule::EXCLUSIVE_MINIMUM_INCREASED,
            rule::EXCLUSIVE_MINIMUM_DECREASED,
        ],
    ),
];

impl<'a> Comparison<'a> {
    pub(super) fn texts(&self, out: &mut Outcome<'a>, old: &'a Object, new: &'a Object) {
        let both = |keyword: &str| (old.get(keyword), new.get(keyword));
        for (keyword, rules) in LENGTHS {
            self.limit(out, keyword, both(keyword), rules);
        }
        self.contents(out, old, new);
        let (old_pattern, new_pattern) = both("pattern");
        match (old_pattern, new_pattern) {
            (None, Some(_)) => self.note(out, "/pattern", rule::PATTERN_ADDED, old_pattern, new_pattern),
            (Some(_), None) => self.note(out, "/pattern", rule::PATTERN_REMOVED, old_pattern, new_pattern),
            (Some(one), Some(other))
                if one != other && !(self.policy.proves() && (are_alike(one, other) || extends(one, other))) =>
            {
                self.note(out, "/pattern", rule::PATTERN_CHANGED, old_pattern, new_pattern);
            }
            _ => {}
        }
        let known = |format: Option<&'a Value>| {
            format.filter(|format| format.as_str().is_some_and(|name| FORMATS.contains(&name)))
        };
        // A validator of the writer's draft may not have known the format. The registry does not ask for the draft.
        let written = |format: &&Value| !self.policy.proves() || has_format(self.writer.draft, format);
        let (old_format, new_format) = (known(old.get("format")).filter(written), known(new.get("format")));
        match (old_format, new_format) {
            (None, Some(_)) => self.note(out, "/format", rule::FORMAT_ADDED, old_format, new_format),
            (Some(_), None) => self.note(out, "/format", rule::FORMAT_REMOVED, old_format, new_format),
            (Some(one), Some(other)) if one != other => {
                self.note(out, "/format", rule::FORMAT_CHANGED, old_format, new_format);
            }
            _ => {}
        }
    }

    /// Validators of draft 7 may look into text.
    fn contents(&self, out: &mut Outcome<'a>, old: &'a Object, new: &'a Object) {
        if !self.policy.proves() || self.reader.draft != Draft::Seven {
            return;
        }
        for keyword in ["contentEncoding", "contentMediaType"] {
            let (before, after) = (old.get(keyword), new.get(keyword));
            if after.is_some() && (before != after || self.writer.draft != Draft::Seven) {
                self.note(out, &format!("/{keyword}"), rule::FORMAT_ADDED, before, after);
            }
        }
    }

    pub(super) fn numbers(&self, out: &mut Outcome<'a>, old: &Typed<'a>, new: &Typed<'a>) {
        let both = |keyword: &str| {
            let (before, after) = (limit_of(old.keywords, keyword), limit_of(new.keywords, keyword));
            // The registry compares each keyword for itself.
            let kept = self.policy.proves() && after.is_some_and(|limit| keeps(old, keyword, limit));
            if kept { (None, None) } else { (before, after) }
        };
        for (keyword, rules) in BOUNDS {
            self.limit(out, keyword, both(keyword), rules);
        }
        let (old_step, new_step) = (old.keywords.get("multipleOf"), new.keywords.get("multipleOf"));
        let rule = match (old_step, new_step) {
            (None, None) => None,
            (None, Some(step)) if self.policy.proves() && old.integer && divides(step, &Value::from(1)) => None,
            (None, Some(_)) => Some(rule::MULTIPLE_OF_ADDED),
            (Some(_), None) => Some(rule::MULTIPLE_OF_REMOVED),
            (Some(one), Some(other)) if one == other => None,
            (Some(one), Some(other)) => Some(match (divides(one, other), divides(other, one)) {
                (true, true) => return self.integers(out, old, new),
                (true, false) => rule::MULTIPLE_OF_EXPANDED,
                (false, true) => rule::MULTIPLE_OF_REDUCED,
                (false, false) => rule::MULTIPLE_OF_CHANGED,
            }),
        };
        if let Some(rule) = rule {
            self.note(out, "/multipleOf", rule, old_step, new_step);
        }
        self.integers(out, old, new);
    }

    fn integers(&self, out: &mut Outcome<'a>, old: &Typed<'a>, new: &Typed<'a>) {
        let rule = match (old.integer, new.integer) {
            (true, false) => rule::TYPE_EXTENDED,
            (false, true) => rule::TYPE_NARROWED,
            // There 1.0 is no integer.
            (true, true) if self.reader.draft == Draft::Four && self.writer.draft != Draft::Four => {
                if !self.policy.proves() {
                    return;
                }
                rule::TYPE_NARROWED
            }
            _ => return,
        };
        self.note(out, "/type", rule, old.keywords.get("type"), new.keywords.get("type"));
    }
}

/// In draft 4 `exclusiveMaximum` is `true` beside a `maximum`, and says that this is exclusive.
fn limit_of<'a>(keywords: &'a Object, keyword: &str) -> Option<&'a Value> {
    let limit = |name: &str| keywords.get(name);
    let exclusive = |name: &str| limit(name).and_then(Value::as_bool) == Some(true);
    match keyword {
        "maximum" if exclusive("exclusiveMaximum") => None,
        "minimum" if exclusive("exclusiveMinimum") => None,
        "exclusiveMaximum" if exclusive(keyword) => limit("maximum"),
        "exclusiveMinimum" if exclusive(keyword) => limit("minimum"),
        keyword => limit(keyword),
    }
}

/// Whether the limits of the writer keep its numbers within one of the reader, whose keyword may be another.
fn keeps(old: &Typed<'_>, keyword: &str, limit: &Value) -> bool {
    let (inclusive, exclusive, outside, step) = match keyword {
        "maximum" | "exclusiveMaximum" => ("maximum", "exclusiveMaximum", Ordering::Greater, -1),
        _ => ("minimum", "exclusiveMinimum", Ordering::Less, 1),
    };
    let ends_before_it = |end: &Value| order(end, limit) == outside.reverse();
    let ends_there = |end: &Value| order(end, limit).is_eq();
    let next = |end: &Value| end.as_i64().and_then(|end| end.checked_add(step)).map(Value::from);
    let is_exclusive = keyword == exclusive;
    limit_of(old.keywords, inclusive).is_some_and(|end| ends_before_it(end) || (!is_exclusive && ends_there(end)))
        || limit_of(old.keywords, exclusive).is_some_and(|end| {
            ends_before_it(end)
                || ends_there(end)
                || (old.integer
                    && !is_exclusive
                    && next(end).is_some_and(|end| ends_before_it(&end) || ends_there(&end)))
        })
}

/// Whether the second number is a multiple of the first, as they are written.
fn divides(step: &Value, number: &Value) -> bool {
    let (Some((step, step_scale)), Some((number, scale))) = (digits(step), digits(number)) else { return false };
    let most = step_scale.max(scale);
    let scaled = |digits: i128, scale: u32| digits.checked_mul(10_i128.checked_pow(most - scale)?);
    match (scaled(step, step_scale), scaled(number, scale)) {
        (Some(step), Some(number)) => step != 0 && number % step == 0,
        _ => false,
    }
}

/// The digits of a number, and how many of them are behind the point.
fn digits(number: &Value) -> Option<(i128, u32)> {
    let text = number.as_number()?.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, u32::try_from(fraction.len()).ok()?))
}

/// Whether two patterns differ in the names of groups only.
fn are_alike(one: &Value, other: &Value) -> bool {
    let unnamed = |pattern: &Value| without_group_names(pattern.as_str()?);
    unnamed(one).zip(unnamed(other)).is_some_and(|(one, other)| one == other)
}

/// Whether the reader's pattern is the writer's with an optional group before its end, as a decimal's is: it is written as
/// digits, and read with an exponent, too. Whatever matches the writer's pattern matches such a one.
fn extends<'a>(writer: &'a Value, reader: &'a Value) -> bool {
    let before = |pattern: &'a Value, end: &str| pattern.as_str()?.strip_suffix(end);
    let (Some(start), Some(longer)) = (before(writer, "$"), before(reader, ")?$")) else { return false };
    // An odd number of backslashes escapes what follows them.
    let is_escaped = |text: &str| text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    longer
        .strip_prefix(start)
        .and_then(|group| group.strip_prefix('('))
        .is_some_and(|group| !group.contains(['(', ')']) && !is_escaped(group) && !is_escaped(start))
}

/// Whether a draft has a format of [`FORMATS`].
fn has_format(draft: Draft, format: &Value) -> bool {
    let name = format.as_str().unwrap_or_default();
    match draft {
        Draft::Four => matches!(name, "date-time" | "email" | "hostname" | "ipv4" | "ipv6" | "uri"),
        Draft::Six => {
            has_format(Draft::Four, format) || matches!(name, "json-pointer" | "uri-reference" | "uri-template")
        }
        Draft::Seven => !matches!(name, "duration" | "uuid"),
        Draft::Unnamed | Draft::Y2019 | Draft::Y2020 => true,
    }
}
