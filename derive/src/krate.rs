//! The name by which the user's crate knows `event-schema`.

use std::ffi::OsString;
use std::path::Path;

use proc_macro2::Span;
use syn::Ident;

const NAME: &str = "event_schema";

/// The name that the user's manifest gives to `event-schema`, if it is another.
///
/// Macros are not told it, but they run in rustc, whose command line names the dependencies. Where nothing is found, it
/// goes by its own name: a wrong guess would have the same end, an error.
pub(crate) fn other_name() -> Option<Ident> {
    let name = renamed(std::env::args_os())?;
    syn::parse_str::<Ident>(&name).ok().map(|name| Ident::new(&name.to_string(), Span::call_site()))
}

/// The name before our library in arguments such as `--extern schema=deps/libevent_schema-0a1b2c.rmeta`.
fn renamed(arguments: impl Iterator<Item = OsString>) -> Option<String> {
    let arguments: Vec<String> = arguments.filter_map(|argument| argument.into_string().ok()).collect();
    let after = arguments.windows(2).filter(|pair| pair[0] == "--extern").map(|pair| pair[1].as_str());
    let joined = arguments.iter().filter_map(|argument| argument.strip_prefix("--extern="));
    let mut found = None;
    for dependency in after.chain(joined) {
        let (name, path) = dependency.split_once('=').unwrap_or((dependency, ""));
        // Options stand before the name: `priv:schema`.
        let name = name.rsplit(':').next().unwrap_or(name);
        if name == NAME {
            return None;
        }
        if is_ours(path) {
            found = Some(name.to_owned());
        }
    }
    found
}

fn is_ours(path: &str) -> bool {
    let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    name == NAME || name.strip_prefix(NAME).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    fn of(line: &str) -> Option<String> {
        renamed(line.split(' ').map(Into::into))
    }

    #[test]
    fn the_name_stands_before_our_library() {
        let ours = "/target/deps/libevent_schema-0a1b2c.rmeta";
        assert_eq!(of(&format!("rustc --extern serde=/libserde-1.rmeta --extern schema={ours}")).unwrap(), "schema");
        assert_eq!(of(&format!("rustc --extern=priv:schema={ours} src/lib.rs")).unwrap(), "schema");
    }

    #[test]
    fn its_own_name_goes_first() {
        let ours = "libevent_schema.rlib";
        assert_eq!(of(&format!("rustc --extern schema={ours} --extern event_schema={ours}")), None);
    }

    #[test]
    fn others_are_none_of_ours() {
        let line =
            "rustc --extern derive=/libevent_schema_derive-1.so --extern proc_macro src/event_schema.rs --extern";
        assert_eq!(of(line), None);
    }
}
