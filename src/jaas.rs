//! The options of a login module, as the value of `sasl.jaas.config` has them: `<class> <flag> name="value" ... ;`.

/// The value of the option of this name.
pub(crate) fn jaas_option(config: &str, wanted: &str) -> Option<String> {
    jaas_options(config).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// All options.
pub(crate) fn jaas_options(config: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = config;
    std::iter::from_fn(move || {
        let (before, after) = rest.split_once('=')?;
        let name = before.split_whitespace().next_back()?;
        let after = after.trim_start();
        let (value, tail) = if let Some(quote @ ('"' | '\'')) = after.chars().next() {
            unquote(&after[1..], quote)?
        } else {
            let end = after.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        rest = tail;
        Some((name, value))
    })
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            _ if c == quote => return Some((value, &quoted[at + 1..])),
            _ => value.push(c),
        }
    }
    None
}
