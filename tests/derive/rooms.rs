//! No import runs in a circle between the files of the library, nor between those of the derive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Module = Vec<String>;

/// A file: what it imports, and what of that it shows as its own.
#[derive(Default)]
struct File {
    imports: Vec<String>,
    reexports: Vec<String>,
    /// What is left of it, without comments.
    code: String,
}

/// The files below a folder, by module; not those of tests, which may import what they like.
fn files(folder: &Path, module: &Module, found: &mut BTreeMap<Module, File>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if matches!(&*name, "tests" | "simulation") {
            continue;
        }
        let inner = module.iter().cloned().chain((name != "mod" && name != "lib").then_some(name)).collect();
        if path.is_dir() {
            files(&path, &inner, found);
        } else {
            found.insert(inner, read(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn read(text: &str) -> File {
    let mut file = File::default();
    let mut statement = String::new();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    for line in text.lines().map(|line| line.split("//").next().unwrap().trim()) {
        let visible = line.split_once("use ").map(|(before, _)| before.trim());
        let starts = visible.is_some_and(|before| before.is_empty() || before.starts_with("pub"));
        if !starts && statement.is_empty() {
            // Where an item can be seen is no import.
            file.code += &line.replace("(in crate::", "(in ");
            file.code.push('\n');
            continue;
        }
        statement += line;
        statement.push(' ');
        if let Some((before, path)) = line.ends_with(';').then(|| statement.split_once("use ").unwrap()) {
            let mut paths = Vec::new();
            expand("", path.trim_end().trim_end_matches(';'), &mut paths);
            if before.is_empty() {
                file.imports.append(&mut paths);
            } else {
                file.reexports.append(&mut paths);
            }
            statement.clear();
        }
    }
    file
}

/// `a::{self, b, c::{d, e as f}}` is `a`, `a::b`, `a::c::d` and `a::c::e`.
fn expand(before: &str, path: &str, all: &mut Vec<String>) {
    let Some((head, rest)) = path.split_once('{') else {
        let path = format!("{before}{}", path.split(" as ").next().unwrap().trim());
        return all.push(path.strip_suffix("::self").unwrap_or(&path).to_owned());
    };
    let (mut depth, mut part) = (0, String::new());
    for c in rest.chars() {
        match c {
            ',' | '}' if depth == 0 => {
                if !part.trim().is_empty() {
                    expand(&format!("{before}{}", head.trim()), std::mem::take(&mut part).trim(), all);
                }
            }
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
}

/// The path from the root of the crate, if it does not lead out of that.
fn absolute(from: &Module, path: &str) -> Option<Module> {
    let mut parts = path.split("::").peekable();
    let mut module = match parts.next()? {
        "crate" => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        _ => return None,
    };
    while parts.next_if(|part| *part == "super").is_some() {
        module.pop();
    }
    module.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    Some(module)
}

/// The file that has what the path names, though another may show it.
fn target(path: &Module, files: &BTreeMap<Module, File>) -> Module {
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length])).unwrap();
    let (module, rest) = (path[..length].to_vec(), &path[length..]);
    let shown = rest.first().and_then(|name| {
        let paths = files[&module].reexports.iter().filter_map(|path| absolute(&module, path));
        paths.filter(|path| path.last() == Some(name)).find(|path| path[..] != [&module[..], &rest[..1]].concat())
    });
    match shown {
        Some(path) => target(&path.into_iter().chain(rest[1..].iter().cloned()).collect(), files),
        None => module,
    }
}

/// All that a file names of its crate, by statements and in its code.
fn named(module: &Module, files: &BTreeMap<Module, File>) -> Vec<Module> {
    let file = &files[module];
    let reexports = file.reexports.iter().filter(|path| !path.starts_with("self::"));
    let mut all: Vec<Module> = file.imports.iter().chain(reexports).filter_map(|path| absolute(module, path)).collect();
    // Modules that can be named by their last name.
    let near: Vec<Module> =
        files.keys().filter(|known| known.split_last().is_some_and(|(_, of)| of == module)).cloned().collect();
    let near: Vec<Module> = all.iter().filter(|path| files.contains_key(*path)).cloned().chain(near).collect();
    all.retain(|path| !near.contains(path));
    for word in file.code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        let Some((first, rest)) = word.split_once("::") else { continue };
        all.extend(absolute(module, word.trim_end_matches(':')));
        for path in near.iter().filter(|path| path.last().is_some_and(|name| name == first)) {
            all.push(path.iter().cloned().chain(rest.split("::").take(1).map(str::to_owned)).collect());
        }
    }
    all
}

fn edges(files: &BTreeMap<Module, File>) -> BTreeMap<Module, BTreeSet<Module>> {
    let targets =
        |module| named(module, files).iter().map(|path| target(path, files)).filter(|to| to != module).collect();
    files.keys().map(|module| (module.clone(), targets(module))).collect()
}

/// The files that are left when those are taken away, again and again, that import none of the others or that none of
/// them imports.
fn circles(mut edges: BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    loop {
        let imported: BTreeSet<Module> = edges.values().flatten().cloned().collect();
        let before = edges.len();
        edges.retain(|module, to| !to.is_empty() && imported.contains(module));
        if edges.len() == before {
            return edges.keys().map(|module| module.join("/")).collect();
        }
        let left: BTreeSet<Module> = edges.keys().cloned().collect();
        for to in edges.values_mut() {
            to.retain(|module| left.contains(module));
        }
    }
}

#[test]
fn no_import_runs_in_a_circle() {
    for (folder, files_at_least, imports_at_least) in [("src", 160, 600), ("derive/src", 35, 90)] {
        let mut found = BTreeMap::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &Module::new(), &mut found);
        let edges = edges(&found);
        let imports = edges.values().map(BTreeSet::len).sum::<usize>();
        assert!(
            edges.len() > files_at_least && imports > imports_at_least,
            "{folder}: {} files, {imports}",
            edges.len()
        );
        assert_eq!(circles(edges), [""; 0], "in {folder}, in or between circles");
    }
}

#[test]
fn a_circle_is_found_however_it_is_named() {
    let circle_of = |texts: [(&str, &str); 4]| {
        let file = |(module, text): (&str, &str)| {
            (module.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(), read(text))
        };
        circles(edges(&texts.into_iter().map(file).collect()))
    };
    let parent = ("a", "mod b;\nmod c;\npub use self::b::B;\n");
    let root = ("", "mod a;\npub use self::a::B;\n");
    // A file that only shows what others have is in no circle.
    assert_eq!(circle_of([root, parent, ("a/b", "struct B;\n"), ("a/c", "use super::B;\n")]), [""; 0]);
    for to_b in [
        "use super::B;\n",
        "use crate::a::{\n    B as Other,\n};\n",
        "use super::b;\nfn f() -> b::B {}\n",
        "fn f(_: crate::B) {}\n",
    ] {
        let b = ("a/b", "struct B(super::c::C);\n");
        assert_eq!(circle_of([root, parent, b, ("a/c", to_b)]), ["a/b", "a/c"], "{to_b}");
    }
    let parent = ("a", "mod b;\nmod c;\nuse self::b::B;\nstruct A(c::C);\n");
    assert_eq!(circle_of([root, parent, ("a/b", "use super::A;\n"), ("a/c", "// use super::A;\n")]), ["a", "a/b"]);
}
