//! Messages for people.

use std::borrow::Cow;

use serde_json::Value;

use super::rule::{Fault, Rule, Sentence};

/// The message that fits any violation.
pub(crate) const GENERIC: &str = "Invalid value.";

impl Rule {
    /// The message if the rule is broken.
    pub(super) fn sentence(&'static self) -> &'static Sentence {
        self.sentence.get_or_init(|| {
            let fault = Fault::Rule(self);
            let text = match self.message {
                Some(message) => filled(message, &fault),
                None => of(self.code(), &fault),
            };
            Sentence { json: Value::from(&*text).to_string().into(), text }
        })
    }
}

/// Marshmallow's wording where the meaning is the same; see its `error_messages` and `validate` module.
pub(super) fn of(code: &str, fault: &Fault) -> Cow<'static, str> {
    let has = |name: &str| has(fault, name);
    Cow::Borrowed(match code {
        "required" => "Missing data for required field.",
        "null" => "Field may not be null.",
        "unknown" => "Unknown field.",
        "duplicate" => "Duplicate field.",
        "email" => "Not a valid email address.",
        "url" => "Not a valid URL.",
        "ip" => match (has("v4"), has("v6")) {
            (true, false) => "Not a valid IPv4 address.",
            (false, true) => "Not a valid IPv6 address.",
            _ => "Not a valid IP address.",
        },
        "regex" => "String does not match expected pattern.",
        "credit_card" => "Not a valid credit card number.",
        "non_control_character" => "Must not contain control characters.",
        "contains" => return fill(fault, "Must contain {pattern}."),
        "does_not_contain" => return fill(fault, "Must not contain {pattern}."),
        "must_match" => return fill(fault, "Must match {other}."),
        "none_of" => "Invalid input.",
        "equal" => return fill(fault, "Must be equal to {other}."),
        "contains_only" => return fill(fault, "One or more of the choices you made was not in: {choices}."),
        "contains_none_of" => return fill(fault, "One or more of the choices you made was in: {values}."),
        "choice" | "one_of" => return fill(fault, "Must be one of: {choices}."),
        "invalid" => match fault {
            Fault::Rule(rule) if rule.expected() == Some("object") => "Invalid input type.",
            Fault::Rule(rule) if rule.expected() == Some("mapping") => "Not a valid mapping type.",
            _ if has("expected") => return fill(fault, "Not a valid {expected}."),
            _ => GENERIC,
        },
        "length" => match (has("equal"), has("min"), has("max")) {
            (true, ..) => return fill(fault, "Length must be {equal}."),
            (false, true, true) => return fill(fault, "Length must be between {min} and {max}."),
            (false, true, false) => return fill(fault, "Shorter than minimum length {min}."),
            (false, false, true) => return fill(fault, "Longer than maximum length {max}."),
            (false, false, false) => "Invalid length.",
        },
        "range" => return range(fault),
        "omitted" => return fill(fault, "and {count} more"),
        _ => GENERIC,
    })
}

fn range(fault: &Fault) -> Cow<'static, str> {
    const BOUNDS: [(&str, &str); 4] = [
        ("min", "greater than or equal to "),
        ("exclusive_min", "greater than "),
        ("max", "less than or equal to "),
        ("exclusive_max", "less than "),
    ];
    let mut sentence = String::with_capacity(80);
    for (name, words) in BOUNDS {
        let before = sentence.len();
        sentence.push_str(if before == 0 { "Must be " } else { " and " });
        sentence.push_str(words);
        if !push(fault, name, &mut sentence) {
            sentence.truncate(before);
        }
    }
    sentence.push('.');
    sentence.into()
}

/// Fills the params' names in braces in, in a text of the user's: what is no name stays as it is.
pub(super) fn filled<'t>(text: &'t str, fault: &Fault) -> Cow<'t, str> {
    if !text.contains('{') {
        return Cow::Borrowed(text);
    }
    let mut sentence = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        sentence.push_str(before);
        rest = match after.split_once('}') {
            Some((name, after)) if push(fault, name, &mut sentence) => after,
            _ => {
                sentence.push('{');
                after
            }
        };
    }
    sentence.push_str(rest);
    sentence.into()
}

/// Fills the names in braces in.
fn fill(fault: &Fault, template: &str) -> Cow<'static, str> {
    let mut sentence = String::with_capacity(template.len() + 16);
    for (n, part) in template.split(['{', '}']).enumerate() {
        if n % 2 == 0 {
            sentence.push_str(part);
        } else {
            push(fault, part, &mut sentence);
        }
    }
    sentence.into()
}

fn has(fault: &Fault, name: &str) -> bool {
    match fault {
        Fault::Rule(rule) | Fault::Choice(rule, _) => rule.param(name).is_some(),
        Fault::Unknown(_) => false,
        Fault::Other(other) => other.params.contains_key(name),
    }
}

/// Adds the parameter as it stands in a sentence; answers whether there is one.
fn push(fault: &Fault, name: &str, sentence: &mut String) -> bool {
    match fault {
        Fault::Rule(rule) | Fault::Choice(rule, _) => match rule.param(name) {
            Some(param) => plain(&param.into(), sentence),
            None => return false,
        },
        Fault::Unknown(_) => return false,
        Fault::Other(other) => match other.params.get(name) {
            Some(value) => plain(value, sentence),
            None => return false,
        },
    }
    true
}

/// Text without quotes, lists with commas.
fn plain(value: &Value, sentence: &mut String) {
    match value {
        Value::String(text) => sentence.push_str(text),
        Value::Array(list) => push_list(list.iter(), plain, sentence),
        other => sentence.push_str(&other.to_string()),
    }
}

fn push_list<T>(list: impl Iterator<Item = T>, push: impl Fn(T, &mut String), sentence: &mut String) {
    for (n, item) in list.enumerate() {
        if n > 0 {
            sentence.push_str(", ");
        }
        push(item, sentence);
    }
}
