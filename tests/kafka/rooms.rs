//! No import runs in a circle between the files of `src/kafka`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Module = Vec<String>;

/// The files, by module; not those of tests, which may import what they like.
fn files(folder: &Path, module: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if matches!(&*name, "tests" | "simulation") {
            continue;
        }
        let inner: Module = module.iter().cloned().chain((name != "mod").then_some(name)).collect();
        if path.is_dir() {
            files(&path, &inner, found);
        } else {
            found.insert(inner, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// What the statements of a file import, one path each.
fn imports(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap()).collect();
    let code = code.join("\n");
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut all = Vec::new();
    for start in ["\nuse ", "\npub use ", "\npub(crate) use ", "\npub(super) use "] {
        for statement in code.split(start).skip(1) {
            let path: String = statement.split(';').next().unwrap().split_whitespace().collect();
            expand("", &path, &mut all);
        }
    }
    all
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(before: &str, path: &str, all: &mut Vec<String>) {
    let Some((head, rest)) = path.split_once('{') else { return all.push(format!("{before}{path}")) };
    let (mut depth, mut part) = (0, String::new());
    for c in rest.chars() {
        match c {
            ',' | '}' if depth == 0 => {
                if !part.is_empty() {
                    expand(&format!("{before}{head}"), &std::mem::take(&mut part), all);
                }
            }
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
}

/// The file that a path leads to, if it is one of these.
fn target(from: &Module, path: &str, files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut parts = path.split("::").peekable();
    let mut module: Module = match parts.next()? {
        "crate" if parts.next() == Some("kafka") => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        _ => return None,
    };
    while parts.next_if(|part| *part == "super").is_some() {
        module.pop();
    }
    module.extend(parts.map(str::to_owned));
    while !files.contains_key(&module) {
        module.pop()?;
    }
    Some(module)
}

#[test]
fn no_import_runs_in_a_circle() {
    let mut files_of = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kafka"), &Module::new(), &mut files_of);
    let edges: BTreeMap<&Module, BTreeSet<Module>> = files_of
        .iter()
        .map(|(module, text)| {
            let targets = imports(text).into_iter().filter_map(|path| target(module, &path, &files_of));
            (module, targets.filter(|target| target != module).collect())
        })
        .collect();
    assert!(edges.len() > 60 && edges.values().map(BTreeSet::len).sum::<usize>() > 200, "the files are read");
    // Files that import nothing of what is left are taken away until there are none.
    let mut left: BTreeSet<&Module> = edges.keys().copied().collect();
    loop {
        let free: Vec<&Module> = left
            .iter()
            .copied()
            .filter(|module| edges[*module].is_disjoint(&left.iter().copied().cloned().collect()))
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|module| !free.contains(module));
    }
    let circle: Vec<_> = left.iter().map(|module| module.join("/")).collect();
    assert!(circle.is_empty(), "in or behind a circle: {circle:?}");
}
