//! The program `event-schema`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use event_schema::serde_json::{self, Value, json};
use tempfile::TempDir;

/// A folder with files, in which the program runs.
struct Folder(TempDir);

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new(files: &[(&str, Value)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, value) in files {
            folder.write(name, &value.to_string());
        }
        folder
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, args: &[&str]) -> Answer {
        let output =
            Command::new(env!("CARGO_BIN_EXE_event-schema")).args(args).current_dir(self.0.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn schemas() -> Folder {
    let object = |fields: Value| json!({"type": "object", "properties": fields});
    Folder::new(&[
        ("small.json", json!({"type": "integer", "maximum": 10})),
        ("large.json", json!({"type": "integer", "maximum": 20})),
        ("one.json", object(json!({"a": {"type": "string"}}))),
        ("two.json", object(json!({"a": {"type": "string"}, "b": {"type": "string"}}))),
        ("int.avsc", json!("int")),
        ("long.avsc", json!("long")),
    ])
}

#[test]
fn compat_answers_by_its_exit_code() {
    let folder = schemas();
    let code = |args: &[&str]| folder.run(&[&["compat"], args].concat()).code;
    assert_eq!(code(&["small.json", "large.json"]), 0);
    assert_eq!(code(&["large.json", "small.json"]), 1);
    assert_eq!(code(&["large.json", "small.json", "--mode", "forward"]), 0);
    assert_eq!(code(&["small.json", "large.json", "--mode", "FULL"]), 1);
    assert_eq!(code(&["large.json", "small.json", "--mode", "none"]), 0);
    assert_eq!(code(&["one.json", "two.json"]), 1);
    assert_eq!(code(&["one.json", "two.json", "--policy", "lenient"]), 0);
    assert_eq!(code(&["one.json", "two.json", "--policy", "exact"]), 1);
    assert_eq!(code(&["one.json", "two.json", "--policy", "written"]), 0);
    assert_eq!(code(&["int.avsc", "long.avsc"]), 0);
    assert_eq!(code(&["long.avsc", "int.avsc"]), 1);
    assert_eq!(code(&["long.avsc", "int.avsc", "--type", "avro", "--mode", "forward"]), 0);
    assert_eq!(code(&["small.json", "large.json", "--mode", "sideways"]), 2);
    assert_eq!(code(&["small.json"]), 2);
    assert_eq!(code(&["small.json", "missing.json"]), 2);
    // A name is no JSON Schema.
    assert_eq!(code(&["int.avsc", "long.avsc", "--type", "json"]), 2);
}

#[test]
fn compat_prints_text_and_json() {
    let folder = schemas();
    assert_eq!(folder.run(&["compat", "small.json", "large.json"]).out, "compatible\n");
    let text = folder.run(&["compat", "large.json", "small.json"]).out;
    assert_eq!(
        text,
        "1 incompatible change\n\
         #/maximum: the reader's maximum is lower than the writer's [MAXIMUM_DECREASED]\n  \
         old (writer): 20\n  new (reader): 10\n  \
         consumers of the new schema refuse messages of the old one\n  \
         keep the limit, or choose one that allows more; or publish a new version\n"
    );
    let json = folder.run(&["compat", "large.json", "small.json", "--format", "json"]).out;
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&answer["compatible"], &answer["mode"], &answer["policy"]),
        (&json!(false), &json!("BACKWARD"), &json!("STRICT"))
    );
    let finding = &answer["findings"][0];
    assert_eq!((&finding["rule"], &finding["direction"]), (&json!("MAXIMUM_DECREASED"), &json!("backward")));
    assert_eq!((&finding["old"], &finding["new"], &finding["path"]), (&json!(20), &json!(10), &json!("#/maximum")));
}

#[test]
fn diff_lists_compatible_changes_too() {
    let folder = schemas();
    let diff = |args: &[&str]| folder.run(&[&["diff"], args].concat());
    let text = diff(&["small.json", "large.json"]);
    assert_eq!(
        (text.code, &*text.out),
        (
            0,
            "#/maximum: the reader accepts greater numbers [MAXIMUM_INCREASED]\n  old (writer): 10\n  new (reader): 20\n\
             #/maximum: the reader's maximum is lower than the writer's [MAXIMUM_DECREASED]\n  \
             old (reader): 10\n  new (writer): 20\n  consumers of the old schema refuse messages of the new one\n  \
             keep the limit, or choose one that allows less\n"
        )
    );
    assert_eq!(diff(&["small.json", "small.json"]).out, "no changes\n");
    // As `compat` answers under the same policy.
    for policy in ["strict", "lenient", "exact", "written"] {
        let args = ["one.json", "two.json", "--format", "json", "--policy", policy];
        let json: Value = serde_json::from_str(&diff(&args).out).unwrap();
        assert_eq!(json["changes"][0]["path"], "#/properties/b");
        let breaking = json["changes"].as_array().unwrap().iter().any(|change| change["breaking"] == true);
        let full = ["compat", "one.json", "two.json", "--mode", "full", "--policy", policy];
        assert_eq!(breaking, folder.run(&full).code == 1, "{policy}");
    }
}

/// The hook of the README in a repository.
#[cfg(unix)]
#[test]
fn the_git_hook_compares_what_is_staged() {
    use std::os::unix::fs::PermissionsExt;

    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let hook = readme.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Folder::new(&[]);
    let programs = Path::new(env!("CARGO_BIN_EXE_event-schema")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let git = |args: &[&str]| {
        let config = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"];
        let mut git = Command::new("git");
        // Neither the repository of a hook that runs this test, nor the hooks of its user.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            git.env_remove(name);
        }
        for name in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
            git.env(name, "/dev/null");
        }
        let output = git.args(config).args(args).current_dir(folder.0.path()).env("PATH", &path).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    if Command::new("git").arg("--version").output().is_err() {
        return println!("skipped: there is no git");
    }
    let object = |fields: Value| json!({"type": "object", "properties": fields}).to_string();
    let number = |maximum: u8| json!({"type": "integer", "maximum": maximum});
    assert!(git(&["init", "-q"]).0);
    fs::create_dir_all(folder.0.path().join(".git/hooks")).unwrap();
    let file = folder.write(".git/hooks/pre-commit", hook);
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    let commit = || {
        assert!(git(&["add", "--all"]).0);
        git(&["commit", "-q", "-m", "Schemas"])
    };
    // The first commit, then one more schema.
    folder.write("one order.schema.json", &object(json!({"a": number(9)})));
    assert_eq!(commit(), (true, String::new()));
    folder.write("other.schema.json", &object(json!({"a": number(9)})));
    assert_eq!(commit(), (true, String::new()));
    // A field more is compatible, another limit is not.
    folder.write("one order.schema.json", &object(json!({"a": number(9), "b": number(1)})));
    assert_eq!(commit(), (true, "one order.schema.json\ncompatible\n".to_owned()));
    folder.write("one order.schema.json", &object(json!({"a": number(8), "b": number(1)})));
    let (done, text) = commit();
    assert!(!done && text.contains("one order.schema.json\n") && text.contains("[MAXIMUM_DECREASED]"), "{text}");
    // What is not staged does not count.
    assert!(git(&["reset", "-q"]).0);
    folder.write("notes.txt", "");
    assert!(git(&["add", "notes.txt"]).0);
    assert_eq!(git(&["commit", "-q", "-m", "Notes"]), (true, String::new()));
    assert!(git(&["checkout", "-q", "."]).0);
    fs::remove_file(folder.0.path().join("other.schema.json")).unwrap();
    assert_eq!(commit(), (true, String::new()));
}

#[test]
fn unusable_input_is_named_with_its_place() {
    let folder = schemas();
    folder.write("broken.json", "{");
    folder.write("list.json", "{\"items\": 7}");
    folder.write("circle.json", "{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/a\"}}}");
    folder.write("deep.json", &"{\"items\":".repeat(100_000));
    for (file, text) in [
        ("broken.json", "event-schema: broken.json: not JSON: EOF while parsing an object at line 1 column 1\n"),
        ("list.json", "event-schema: list.json: #/items: a schema is an object or a boolean\n"),
        ("circle.json", "event-schema: circle.json: #/$defs/a: `$ref` \"#/$defs/a\" refers to itself\n"),
        ("deep.json", "event-schema: deep.json: not JSON: recursion limit exceeded at line 1 column 1144\n"),
    ] {
        for args in [["compat", "small.json", file], ["compat", file, "small.json"], ["diff", "small.json", file]] {
            let answer = folder.run(&args);
            assert_eq!((answer.code, &*answer.err, &*answer.out), (2, text, ""), "{args:?}");
        }
    }
}

#[test]
fn validate_names_the_faults_and_no_values() {
    let schema = json!({
        "type": "object",
        "properties": {"id": {"type": "integer"}, "mail": {"type": "string", "format": "email"}},
        "required": ["id"],
    });
    let folder = Folder::new(&[
        ("schema.json", schema),
        ("no.json", json!({"items": 7})),
        ("good.json", json!({"id": 7, "mail": "ada@example.org"})),
        ("bad.json", json!({"id": "the secret", "mail": "another secret"})),
    ]);
    let good = folder.run(&["validate", "schema.json", "good.json"]);
    assert_eq!((good.code, &*good.out, &*good.err), (0, "", "0 of 1 messages are invalid\n"));

    let bad = folder.run(&["validate", "schema.json", "good.json", "bad.json"]);
    assert_eq!((bad.code, &*bad.err), (1, "1 of 2 messages is invalid\n"));
    let mut lines: Vec<&str> = bad.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["bad.json: #/id: value is not of type \"integer\"", "bad.json: #/mail: value is not a \"email\"",]
    );

    folder.write("many.ndjson", "{\"id\": 1}\n\n{\"id\": \"the secret\"}\n{\"id\": 3\n{}\n{\"id\": 5}");
    let many = folder.run(&["validate", "schema.json", "many.ndjson"]);
    assert_eq!((many.code, &*many.err), (1, "3 of 5 messages are invalid\n"));
    assert_eq!(
        many.out,
        "many.ndjson:3: #/id: value is not of type \"integer\"\n\
         many.ndjson:4: not JSON: EOF while parsing an object at column 8\n\
         many.ndjson:5: #: \"id\" is a required property\n"
    );
    let limited = folder.run(&["validate", "schema.json", "many.ndjson", "--limit", "1"]);
    assert_eq!(limited.out.lines().count(), 1);
    assert_eq!(limited.err, "3 of 5 messages are invalid, and not all faults are printed\n");

    assert_eq!(folder.run(&["validate", "schema.json"]).code, 2);
    assert_eq!(folder.run(&["validate", "schema.json", "missing.json"]).code, 2);
    let no = folder.run(&["validate", "no.json", "good.json"]);
    assert!(no.code == 2 && no.err.starts_with("event-schema: no.json: not a JSON Schema: "), "{}", no.err);
}

#[test]
fn validate_shows_progress_on_long_files() {
    let folder = Folder::new(&[("schema.json", json!({"type": "object", "required": ["id"]}))]);
    folder.write("long.jsonl", &"{\"id\": 1, \"text\": \"some more words\"}\n".repeat(200_000));
    let long = folder.run(&["validate", "schema.json", "long.jsonl", "--progress"]);
    assert_eq!((long.code, &*long.out), (0, ""));
    assert!(long.err.contains("long.jsonl: ") && long.err.contains(" %, "), "{}", long.err);
    assert!(long.err.ends_with("0 of 200000 messages are invalid\n"), "{}", long.err);
    let quiet = folder.run(&["validate", "schema.json", "long.jsonl"]);
    assert_eq!(quiet.err, "0 of 200000 messages are invalid\n");
}

/// The recorded contracts of the examples are read by the program as by the catalog.
#[test]
fn recorded_contracts_follow_themselves() {
    let folder = Folder::new(&[]);
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/shop");
    let files = [
        ("order.requested/v2.json", &["--policy", "exact"][..]),
        ("order.requested/v2.avsc", &[]),
        ("reading-taken/v1.reader.json", &["--policy", "exact"]),
    ];
    for (file, policy) in files {
        let file = schemas.join(file);
        let file = file.to_str().unwrap();
        assert_eq!(folder.run(&[&["compat", file, file, "--mode", "full"], policy].concat()).code, 0, "{file}");
    }
}

/// The program with input, whose output nobody reads.
fn run_unread(folder: &Folder, args: &[&str], input: &str) -> i32 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_event-schema"))
        .args(args)
        .current_dir(folder.0.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Closed before the program can write: it waits for its input.
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait().unwrap().code().unwrap()
}

#[test]
fn a_closed_output_changes_no_verdict() {
    let folder = schemas();
    let (small, large) = ("{\"maximum\": 10}", "{\"maximum\": 20}");
    folder.write("limit.json", small);
    for format in ["text", "json"] {
        assert_eq!(run_unread(&folder, &["compat", "-", "limit.json", "--format", format], large), 1);
        assert_eq!(run_unread(&folder, &["compat", "-", "limit.json", "--format", format], small), 0);
        assert_eq!(run_unread(&folder, &["diff", "-", "limit.json", "--format", format], large), 0);
    }
    let lines = "11\n".repeat(1000);
    assert_eq!(run_unread(&folder, &["validate", "limit.json", "-", "--lines"], &lines), 1);
    assert_eq!(run_unread(&folder, &["validate", "limit.json", "-"], "9"), 0);
}

#[test]
fn arguments_that_have_no_effect_are_refused() {
    let folder = schemas();
    let refused = |args: &[&str]| {
        let answer = folder.run(args);
        assert_eq!((answer.code, &*answer.out), (2, ""), "{args:?}");
        answer.err
    };
    for command in ["compat", "diff"] {
        let policy = refused(&[command, "int.avsc", "long.avsc", "--policy", "exact"]);
        assert_eq!(policy, "event-schema: --policy applies to JSON Schemas only\n");
        let twice = refused(&[command, "-", "-"]);
        assert_eq!(twice, "event-schema: only one of the schemas can come from the standard input\n");
    }
}

/// Keys of maps are data, as values are; control characters would forge lines.
#[test]
fn validate_prints_no_keys_of_messages() {
    let folder = Folder::new(&[
        ("names.json", json!({"propertyNames": {"format": "uuid"}})),
        ("closed.json", json!({"properties": {"known": true}, "additionalProperties": false})),
        ("unevaluated.json", json!({"properties": {"known": true}, "unevaluatedProperties": false})),
        ("map.json", json!({"properties": {"of": {"additionalProperties": {"items": {"type": "integer"}}}}})),
        ("control.json", json!({"properties": {"a\nb.json: #": {"type": "integer"}}})),
        ("message.json", json!({"alice@example.org": 1})),
        ("two.json", json!({"alice@example.org": 1, "bob@example.org": 1, "known": 1})),
        ("nested.json", json!({"of": {"alice@example.org": [1, "x"], "12345": ["y"]}})),
        ("forged.json", json!({"a\nb.json: #": "x"})),
    ]);
    let out = |schema: &str, message: &str| {
        let answer = folder.run(&["validate", schema, message]);
        assert_eq!(answer.code, 1);
        answer.out
    };
    assert_eq!(out("names.json", "message.json"), "message.json: #: the name of a property: value is not a \"uuid\"\n");
    assert_eq!(out("closed.json", "message.json"), "message.json: #: 1 property is not allowed\n");
    assert_eq!(out("closed.json", "two.json"), "two.json: #: 2 properties are not allowed\n");
    assert_eq!(out("unevaluated.json", "two.json"), "two.json: #: 2 properties are not allowed\n");
    let nested = out("map.json", "nested.json");
    let mut lines: Vec<&str> = nested.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "nested.json: #/of/*/0: value is not of type \"integer\"",
            "nested.json: #/of/*/1: value is not of type \"integer\"",
        ]
    );
    assert_eq!(
        out("control.json", "forged.json"),
        "forged.json: #/a\\u{a}b.json: #: value is not of type \"integer\"\n"
    );
}

/// Editors and shells write text with byte order marks, or as UTF-16.
#[test]
fn the_encoding_of_a_text_is_named() {
    let folder = schemas();
    folder.write("bom.json", "\u{feff}{\"type\": \"integer\"}");
    let wide = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    fs::write(folder.0.path().join("wide.json"), wide).unwrap();
    let mark = "the text starts with a byte order mark, which JSON does not allow";
    let bom = folder.run(&["compat", "small.json", "bom.json"]);
    assert_eq!((bom.code, bom.err), (2, format!("event-schema: bom.json: not JSON: {mark} at line 1 column 1\n")));
    let wide = folder.run(&["compat", "wide.json", "small.json"]);
    let text = "event-schema: wide.json: not JSON: the text is UTF-16; save it as UTF-8\n";
    assert_eq!((wide.code, &*wide.err), (2, text));
    folder.write("lines.ndjson", "\u{feff}1\n2\n");
    let lines = folder.run(&["validate", "small.json", "lines.ndjson"]);
    assert_eq!((lines.code, lines.out), (1, format!("lines.ndjson:1: not JSON: {mark} at column 1\n")));
}

/// The line end is no part of a line, and bytes that are not UTF-8 have a place.
#[test]
fn validate_reads_lines_and_bytes() {
    let folder = Folder::new(&[("schema.json", json!({"type": "integer"}))]);
    folder.write("lines.ndjson", "1\r\n2\n[1,\r\n3");
    let lines = folder.run(&["validate", "schema.json", "lines.ndjson"]);
    assert_eq!(lines.out, "lines.ndjson:3: not JSON: EOF while parsing a value at column 3\n");
    fs::write(folder.0.path().join("bytes.json"), b"{\"a\":\n \"\xff\"}").unwrap();
    let bytes = folder.run(&["validate", "schema.json", "bytes.json"]);
    assert_eq!(bytes.out, "bytes.json: not JSON: not UTF-8 at byte 8\n");
    folder.write("comma.json", "{\n  \"a\": 1,\n}");
    let comma = folder.run(&["compat", "schema.json", "comma.json"]);
    assert_eq!(comma.err, "event-schema: comma.json: not JSON: trailing comma at line 3 column 1\n");
}

#[test]
fn input_that_would_not_end_and_circles_are_refused() {
    let folder = schemas();
    folder.write("circle.json", r##"{"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##);
    let circle = folder.run(&["validate", "circle.json", "one.json"]);
    assert_eq!(circle.code, 2);
    assert!(circle.err.contains("refers to itself"), "{}", circle.err);
    if Path::new("/dev/zero").exists() {
        let endless = folder.run(&["validate", "small.json", "/dev/zero"]);
        assert_eq!(endless.code, 2);
        assert!(endless.err.contains("/dev/zero: longer than"), "{}", endless.err);
    }
    let twice = folder.run(&["validate", "-", "-"]);
    assert_eq!((twice.code, &*twice.err), (2, "event-schema: the standard input can be read once\n"));
    folder.write("messages.JSONL", "1\n11\n");
    let lines = folder.run(&["validate", "small.json", "messages.JSONL"]);
    assert!(lines.code == 1 && lines.err.contains("1 of 2 messages is invalid"), "{}", lines.err);
}

/// A name with a control character does not reach the terminal as it is.
#[test]
fn control_characters_are_shown() {
    let folder = schemas();
    let named = |kind: &str| json!({"type": "object", "properties": {"a\u{1b}[31m": {"type": kind}}}).to_string();
    folder.write("text.json", &named("string"));
    folder.write("number.json", &named("number"));
    for command in ["compat", "diff"] {
        let out = folder.run(&[command, "text.json", "number.json"]).out;
        assert!(out.contains("a\\u{1b}[31m") && !out.contains('\u{1b}'), "{out:?}");
    }
}

/// The exit code tells the result even if the words cannot be written.
#[test]
fn an_error_output_that_is_full_changes_nothing() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let folder = schemas();
    folder.write("message.json", "11");
    let code = |args: &str| {
        let program = env!("CARGO_BIN_EXE_event-schema");
        let command = format!("'{program}' {args} 2> /dev/full");
        Command::new("sh").args(["-c", &command]).current_dir(folder.0.path()).status().unwrap().code()
    };
    assert_eq!(code("validate small.json message.json > /dev/null"), Some(1));
    assert_eq!(code("compat small.json missing.json"), Some(2));
}
