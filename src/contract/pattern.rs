//! Regular expressions in the dialect of JSON Schema: ECMA-262 with the flag `u`.

use std::fmt::Display;

/// A pattern that matches where `text` occurs.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        // ECMA-262 allows the escape of these only; others would be syntax errors.
        if matches!(c, '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// The ECMA-262 spelling of a Rust regular expression, or `None` if it has constructs of Rust's own
/// (flags, classes within classes, scripts by their bare name).
///
/// A piece that both dialects spell alike is left as it is, although `\d`, `\w`, `\s`, `\b` and `.` differ
/// beyond ASCII: there Rust takes digits, letters and spaces of all scripts, and the contract is
/// the stricter one.
pub(super) fn to_ecma(regex: &str) -> Option<String> {
    let mut ecma = String::with_capacity(regex.len());
    let mut rest = regex;
    let mut in_class = false;
    let mut last = Part::Atom;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let before = std::mem::replace(&mut last, Part::Atom);
        rest = match c {
            '\\' => {
                if after.starts_with(['A', 'z', 'b', 'B']) {
                    last = Part::Assertion;
                }
                escape(after, in_class, &mut ecma)?
            }
            '^' | '$' if !in_class => {
                last = Part::Assertion;
                ecma.push(c);
                after
            }
            '*' | '+' | '?' | '{' if !in_class => {
                last = match before {
                    Part::Atom => Part::Quantifier,
                    Part::Quantifier if c == '?' => Part::Lazy,
                    // Rust repeats a repetition and an assertion too.
                    _ => return None,
                };
                ecma.push(c);
                if c == '{' {
                    let (count, after) = after.split_once('}')?;
                    let (min, max) = count.split_once(',').unwrap_or((count, ""));
                    if min.is_empty() || !min.chars().chain(max.chars()).all(|c| c.is_ascii_digit()) {
                        return None;
                    }
                    ecma.push_str(count);
                    ecma.push('}');
                    after
                } else {
                    after
                }
            }
            '[' if in_class => return None,
            '[' => {
                in_class = true;
                let (start, members) = match after.strip_prefix('^') {
                    Some(members) => ("[^", members),
                    None => ("[", after),
                };
                ecma.push_str(start);
                // A bracket at the start stands for itself in Rust and ends the class in ECMA-262.
                if members.starts_with(']') {
                    return None;
                }
                members
            }
            ']' if in_class => {
                in_class = false;
                ecma.push(c);
                after
            }
            // Operations on classes.
            '&' | '-' | '~' if in_class && after.starts_with(c) => return None,
            '(' if !in_class && after.starts_with('?') => {
                let group = &after[1..];
                ecma.push_str("(?:");
                match group.strip_prefix("P<").or_else(|| group.strip_prefix('<')) {
                    // Names mean nothing to a schema, and validators in Python have another syntax for them.
                    Some(named) => named.split_once('>')?.1,
                    None => group.strip_prefix(':')?,
                }
            }
            '/' | ']' | '}' if !in_class => {
                ecma.push('\\');
                ecma.push(c);
                after
            }
            _ => {
                ecma.push(c);
                after
            }
        };
    }
    Some(ecma)
}

/// The parts that a quantifier can follow.
#[derive(Clone, Copy)]
enum Part {
    Atom,
    Assertion,
    Quantifier,
    /// A quantifier with its `?`.
    Lazy,
}

/// Translates what follows a backslash and gives back the rest.
fn escape<'a>(after: &'a str, in_class: bool, ecma: &mut String) -> Option<&'a str> {
    let c = after.chars().next()?;
    let rest = &after[c.len_utf8()..];
    match c {
        'A' if !in_class => ecma.push('^'),
        'z' if !in_class => ecma.push('$'),
        'a' => ecma.push_str(r"\x07"),
        'x' | 'u' | 'U' if rest.starts_with('{') => {
            let (digits, rest) = rest.split_once('}')?;
            ecma.push_str(r"\u");
            ecma.push_str(digits);
            ecma.push('}');
            return Some(rest);
        }
        'U' => return None,
        'b' if !in_class && !rest.starts_with('{') => ecma.push_str(r"\b"),
        'B' if !in_class && !rest.starts_with('{') => ecma.push_str(r"\B"),
        'p' | 'P' => {
            let (name, rest) = match rest.strip_prefix('{') {
                Some(braced) => braced.split_once('}')?,
                None => rest.split_at(rest.chars().next()?.len_utf8()),
            };
            if !CATEGORIES.contains(&name) {
                return None;
            }
            ecma.push('\\');
            ecma.push(c);
            ecma.push('{');
            ecma.push_str(name);
            ecma.push('}');
            return Some(rest);
        }
        'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'f' | 'v' | 'x' | 'u' | '^' | '$' | '\\' | '.' | '*'
        | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => {
            ecma.push('\\');
            ecma.push(c);
        }
        '-' if in_class => ecma.push_str(r"\-"),
        // `\#`, `\"`, `\-`: ECMA-262 has no such escapes.
        c if c.is_ascii_punctuation() && !matches!(c, '<' | '>') => ecma.push(c),
        _ => return None,
    }
    Some(rest)
}

/// Unicode's general categories, which both dialects call by these names.
const CATEGORIES: &[&str] = &[
    "L",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "M",
    "Mn",
    "Mc",
    "Me",
    "N",
    "Nd",
    "Nl",
    "No",
    "P",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "S",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Z",
    "Zs",
    "Zl",
    "Zp",
    "C",
    "Cc",
    "Cf",
    "Co",
    "Letter",
    "Uppercase",
    "Lowercase",
    "Alphabetic",
];

/// The Rust spelling of a regular expression of ECMA-262, where `\d` and `\w` are ASCII. `None` if it has constructs that
/// Rust reads as something else; what Rust does not know is left for it to refuse.
pub(super) fn from_ecma(pattern: &str) -> Option<String> {
    let mut regex = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match (c, next) {
            ('\\', _) => match chars.next()? {
                // Rust has classes within classes.
                'd' => regex.push_str("[0-9]"),
                'w' => regex.push_str("[0-9A-Za-z_]"),
                '<' | '>' => return None,
                escaped if escaped.is_ascii_punctuation() || "nrtfvupP".contains(escaped) => regex.extend([c, escaped]),
                _ => return None,
            },
            (']', _) => {
                in_class = false;
                regex.push(c);
            }
            // Sets of Rust's own.
            ('[', _) if in_class => return None,
            ('&' | '-' | '~', Some(same)) if in_class && same == c => return None,
            _ if in_class => regex.push(c),
            ('[', _) => {
                in_class = true;
                regex.push(c);
                regex.extend(chars.next_if_eq(&'^'));
                // The end of the class there, a member of it here.
                if chars.peek() == Some(&']') {
                    return None;
                }
            }
            ('(', Some('?')) => {
                chars.next();
                chars.next_if_eq(&':')?;
                regex.push_str("(?:");
            }
            ('{', Some(',')) => return None,
            ('.', _) => regex.push_str(r"[^\n\r\u2028\u2029]"),
            _ => regex.push(c),
        }
    }
    Some(regex)
}

/// A pattern with `(?:` for each named group. `None` if something in it may refer to a group.
pub(super) fn without_group_names(pattern: &str) -> Option<String> {
    let mut unnamed = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let named = after.strip_prefix("?<").or_else(|| after.strip_prefix("?P<"));
        match (c, named) {
            ('\\', _) => {
                let escaped = after.chars().next()?;
                if escaped == 'k' || ('1'..='9').contains(&escaped) {
                    return None;
                }
                unnamed.extend([c, escaped]);
                rest = &after[escaped.len_utf8()..];
                continue;
            }
            ('(', Some(named)) if !in_class && !named.starts_with(['=', '!']) => {
                unnamed.push_str("(?:");
                rest = named.split_once('>')?.1;
                continue;
            }
            ('[', _) => in_class = true,
            (']', _) => in_class = false,
            _ => {}
        }
        unnamed.push(c);
        rest = after;
    }
    Some(unnamed)
}

/// The pattern of a number, as JSON writes it.
pub(super) const NUMBER: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$";

/// The pattern of the integers from `min` to `max`, as JSON writes them. They are the keys of a map.
pub(super) fn integers(min: impl Display, max: impl Display) -> String {
    let mut forms = vec!["0".to_owned()];
    forms.extend(up_to(&max.to_string()));
    if let Some(digits) = min.to_string().strip_prefix('-') {
        forms.extend(up_to(digits).into_iter().map(|form| format!("-{form}")));
    }
    format!("^({})$", forms.join("|"))
}

/// Patterns of the positive integers up to the one with these digits.
fn up_to(digits: &str) -> Vec<String> {
    let repeat = |count: usize| match count {
        0 => String::new(),
        1 => "[0-9]".to_owned(),
        _ => format!("[0-9]{{{count}}}"),
    };
    let mut forms = Vec::new();
    match digits.len() {
        1 => {}
        2 => forms.push("[1-9]".to_owned()),
        n => forms.push(format!("[1-9][0-9]{{0,{}}}", n - 2)),
    }
    for (position, digit) in digits.char_indices() {
        let lowest = if position == 0 { '1' } else { '0' };
        if digit > lowest {
            let below = char::from(digit as u8 - 1);
            let range = if below == lowest { below.to_string() } else { format!("[{lowest}-{below}]") };
            forms.push(format!("{}{range}{}", &digits[..position], repeat(digits.len() - position - 1)));
        }
    }
    forms.push(digits.to_owned());
    forms
}

#[cfg(test)]
mod tests {
    use super::{integers, literal, to_ecma};

    #[test]
    fn a_regex_is_spelled_as_ecma_does() {
        for (rust, ecma) in [
            (r"^[A-Z]{2}\d+$", Some(r"^[A-Z]{2}\d+$")),
            (r"\Aa\-b\z", Some("^a-b$")),
            (r"[\-\]a]\#", Some(r"[\-\]a]#")),
            (r"(?P<year>\d{4})/(?:x|y)", Some(r"(?:\d{4})\/(?:x|y)")),
            (r"\pL\p{Nd}", Some(r"\p{L}\p{Nd}")),
            (r"\x{1F600}", Some(r"\u{1F600}")),
            (r"[\x{FF}]+\u{e9}{2}", Some(r"[\u{FF}]+\u{e9}{2}")),
            (r"a+?b{2,}?c??}", Some(r"a+?b{2,}?c??\}")),
            (r"a++", None),
            (r"a**", None),
            (r"a{2}{3}", None),
            (r"a+??", None),
            (r"^*a", None),
            (r"\b?", None),
            (r"(?i)a", None),
            (r"[[:alpha:]]", None),
            (r"[a-z&&[^b]]", None),
            (r"\p{Greek}", None),
        ] {
            assert_eq!(to_ecma(rust).as_deref(), ecma, "{rust}");
        }
        assert_eq!(literal("a.b-c/"), r"a\.b-c\/");
    }

    #[test]
    fn the_integers_of_a_type_and_no_others() {
        assert_eq!(integers(0, 255), "^(0|[1-9][0-9]{0,1}|1[0-9]{2}|2[0-4][0-9]|25[0-4]|255)$");
        assert_eq!(
            integers(-128, 127),
            "^(0|[1-9][0-9]{0,1}|1[0-1][0-9]|12[0-6]|127|-[1-9][0-9]{0,1}|-1[0-1][0-9]|-12[0-7]|-128)$"
        );
    }
}
