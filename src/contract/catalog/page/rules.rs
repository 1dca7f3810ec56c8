//! Rules in words.

use maud::{Markup, html};
use serde_json::Value;

use crate::contract::parts::{holds_itself, part_of};
use crate::contract::shape::{Content, Form, Kind, Range, Rule, Shape};

/// A rule that no contract has.
pub(super) const OWN_CODE: &str = "a rule in the service's code";

/// The rule in words, for a value of this shape. None if another part of the page has it.
pub(super) fn words(rule: &Rule, shape: &Shape) -> Option<Markup> {
    Some(match rule {
        Rule::Length { min, max } => length(*min, *max, unit(shape)),
        Rule::Range(range) => bounds(range)?,
        Rule::Format(format) => html! { "format " code { (format) } },
        Rule::Ip { v4: true, v6: false } => html! { "IPv4 address" },
        Rule::Ip { v4: false, v6: true } => html! { "IPv6 address" },
        Rule::Ip { .. } => html! { "IP address" },
        Rule::Pattern(pattern) => html! { "matches " code { (pattern) } },
        Rule::Contains(part) => html! { "contains " code { (Value::from(*part)) } },
        Rule::DoesNotContain(part) => html! { "does not contain " code { (Value::from(*part)) } },
        Rule::NoControlCharacters => html! { "no control characters" },
        Rule::OneOf(values) => html! { "one of " (list(values.iter())) },
        Rule::NoneOf(values) => html! { "none of " (list(values.iter())) },
        Rule::Required => return None,
        Rule::CreditCard => html! { "credit card number" },
        Rule::MustMatch(field) => html! { "equal to the field " code { (field) } " (its name in Rust)" },
        Rule::Custom => html! { (OWN_CODE) },
        Rule::Each(rules) => of_parts("each item", rules, shape)?,
        Rule::Keys(rules) => of_parts("each key", rules, shape)?,
        Rule::Values(rules) => of_parts("each value", rules, shape)?,
    })
}

/// The rules on one line.
pub(super) fn joined(rules: &[Markup]) -> Markup {
    html! { @for (at, rule) in rules.iter().enumerate() { @if at > 0 { ", " } (rule) } }
}

/// Values as code.
pub(super) fn list<'v>(values: impl Iterator<Item = &'v Value>) -> Markup {
    html! { @for (at, value) in values.enumerate() { @if at > 0 { ", " } code { (bare(value)) } } }
}

/// Text without its quotes, if nothing is lost by that.
fn bare(value: &Value) -> String {
    let is_plain = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.:/ ".contains(c));
    let plain = value.as_str().filter(is_plain).filter(|text| text.trim() == *text);
    plain.map_or_else(|| sorted(value).to_string(), str::to_owned)
}

/// The same text on every run, whatever order of keys `serde_json` is built with.
pub(super) fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

fn of_parts(name: &str, rules: &[Rule], shape: &Shape) -> Option<Markup> {
    let part = part_of(shape, name == "each key").unwrap_or_else(Shape::any);
    let rules: Vec<Markup> = rules.iter().filter_map(|rule| words(rule, &part)).collect();
    (!rules.is_empty()).then(|| html! { (name) ": " (joined(&rules)) })
}

/// The thing that a length counts.
fn unit(shape: &Shape) -> &'static str {
    match shape.kind() {
        Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => unit(inner),
        Kind::Ways { read, .. } => unit(read),
        Kind::Text(_) => "character",
        Kind::Map { .. } => "entry",
        Kind::Named(definition) => match &definition.form {
            _ if holds_itself(definition) => "item",
            Form::As(shape) => unit(&shape()),
            Form::Content(Content::Inner(field)) => unit(&(field.shape)()),
            _ => "item",
        },
        _ => "item",
    }
}

fn length(min: Option<u64>, max: Option<u64>, unit: &str) -> Markup {
    let units = |count: u64| match (count, unit) {
        (1, unit) => unit.to_owned(),
        (_, "entry") => "entries".to_owned(),
        (_, unit) => format!("{unit}s"),
    };
    html! {
        @match (min, max) {
            (Some(min), Some(max)) if min == max => { (min) " " (units(min)) }
            (Some(min), Some(max)) => { (min) " to " (max) " " (units(max)) }
            (Some(min), None) => { "at least " (min) " " (units(min)) }
            (None, Some(max)) => { "at most " (max) " " (units(max)) }
            (None, None) => { "any length" }
        }
    }
}

fn bounds(range: &Range) -> Option<Markup> {
    let value = |value: &Option<Value>| {
        value.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let (min, max) = (value(&range.min), value(&range.max));
    let mut parts = Vec::new();
    match (min, max) {
        (Some(min), Some(max)) => parts.push(format!("{min} to {max}")),
        (Some(min), None) => parts.push(format!("at least {min}")),
        (None, Some(max)) => parts.push(format!("at most {max}")),
        (None, None) => {}
    }
    parts.extend(value(&range.exclusive_min).map(|min| format!("greater than {min}")));
    parts.extend(value(&range.exclusive_max).map(|max| format!("less than {max}")));
    (!parts.is_empty()).then(|| html! { (parts.join(", ")) })
}
