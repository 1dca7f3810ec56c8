//! The program, as a user runs it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use event_schema::kafka::{EmbeddedKafka, EventProducer};

fn topics(args: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_topics"));
    let mut child = program
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that ends at once does not read.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn the_demonstration_shows_every_command() {
    let output = topics(&[], "");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{err}");
    for expected in [
        "blog-post is created\n",
        " 7: {\"id\": 7, \"title\": \"Kafka from the shell\"}\n",
        "not sent: 1 violation\ntitle: Length must be between 1 and 200.\n",
        "post 7: Kafka from the shell\n",
        "not a blog.post: 1 violation\ntitle: Length must be between 1 and 200.\n",
        "partition 2: leader ",
        "10000 messages in ",
    ] {
        assert!(out.contains(expected), "{expected:?} is not in\n{out}");
    }
}

/// A broker of the test, as the program sees a real one.
#[test]
fn lines_are_sent_and_printed() {
    let kafka = EmbeddedKafka::start().expect("a broker");
    kafka.create_topic("lines", 1).expect("a topic");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("client.properties");
    fs::write(&config, format!("bootstrap.servers={}\n", kafka.bootstrap_servers())).expect("a file");
    let run = |args: &[&str], input: &str| {
        let output = topics(&[&["--config", config.to_str().expect("a name")], args].concat(), input);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };

    assert_eq!(run(&["list"], ""), (Some(0), "lines\n".to_owned(), String::new()));
    assert_eq!(run(&["create", "lines"], "").1, "lines exists already, and stays as it is\n");
    let sent = run(&["produce", "lines", "--key-separator", ":"], "a:first\n");
    assert_eq!(sent, (Some(0), "lines/0@0\n".to_owned(), String::new()));
    // JSON has colons.
    let sent = run(&["produce", "lines"], "{\"id\": 7}\n");
    assert_eq!(sent, (Some(0), "lines/0@1\n".to_owned(), String::new()));
    let (code, _, err) = run(&["produce", "lines", "--key-separator", ":"], "no key\n");
    assert!(code == Some(1) && err.contains("the separator `:`"), "{err}");
    let printed = run(&["consume", "lines", "--messages", "2"], "");
    assert_eq!(printed.1, "lines/0@0 a: first\nlines/0@1 null: {\"id\": 7}\n");
    assert!(run(&["describe", "lines"], "").1.ends_with("offsets 0 to 2\n"));

    // What is printed is committed when the program is told to end.
    for (form, line) in [("raw", "a: first"), ("typed", "not a blog.post")] {
        let name = format!("readers-{form}");
        let args = ["--config", config.to_str().expect("a name"), "consume", "lines", "--form", form, "--group", &name];
        let program = Command::new(env!("CARGO_BIN_EXE_topics")).args(args).stdout(Stdio::piped()).spawn();
        let mut program = program.expect("the program starts");
        let mut printed = BufReader::new(program.stdout.take().expect("a pipe")).lines();
        let first = printed.next().expect("a line").expect("text");
        assert!(first.contains(line), "{first}");
        let second = printed.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("lines/0@1")));
        second.expect("the other line").expect("text");
        let told = Command::new("kill").args(["-TERM", &program.id().to_string()]).status();
        assert!(told.expect("kill starts").success());
        assert!(program.wait().expect("the program ends").success());
        let committed = tokio::runtime::Runtime::new().expect("a runtime").block_on(kafka.committed(&name, "lines"));
        assert_eq!(committed[&0], 2, "{form}");
    }

    for args in [&["describe", "nothing"][..], &["consume", "nothing"], &["consume", "nothing", "--form", "typed"]] {
        let (code, _, err) = run(args, "");
        assert!(code == Some(1) && err.contains("`nothing`"), "{args:?}: {err}");
    }
}

/// The names of topics in the configuration hold for every command.
#[test]
fn topics_have_the_prefix_of_the_configuration() {
    let kafka = EmbeddedKafka::start().expect("a broker");
    kafka.create_topic("staging.lines", 1).expect("a topic");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("client.properties");
    let prefix = "event.schema.topic.prefix=staging.\n";
    fs::write(&config, format!("bootstrap.servers={}\n{prefix}", kafka.bootstrap_servers())).expect("a file");
    for (args, expected) in [
        (&["produce", "lines"][..], "staging.lines/0@0\n"),
        (&["consume", "lines", "--messages", "1"], "staging.lines/0@0 null: first\n"),
        (&["describe", "lines"], "partition 0: leader 1, copies [1], in sync [1], offsets 0 to 1\n"),
    ] {
        let output = topics(&[&["--config", config.to_str().expect("a name")], args].concat(), "first\n");
        assert_eq!((text(&output.stdout), text(&output.stderr)), (expected.to_owned(), String::new()), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_outlives_brokers_that_are_away() {
    let kafka = EmbeddedKafka::start().expect("a broker");
    kafka.create_topic("lines", 1).expect("a topic");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("client.properties");
    let quick = "session.timeout.ms=2000\nreconnect.backoff.max.ms=500\n";
    fs::write(&config, format!("bootstrap.servers={}\n{quick}", kafka.bootstrap_servers())).expect("a file");
    for (form, group) in [("raw", "raw-readers"), ("typed", "typed-readers")] {
        kafka.publish_bytes("lines", None, Some(b"before"), &[]).await;
        let mut program = Command::new(env!("CARGO_BIN_EXE_topics"));
        program.arg("--config").arg(&config).args(["consume", "lines", "--form", form, "--group", group]);
        let mut program = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut printed = BufReader::new(program.stdout.take().expect("a pipe")).lines();
        printed.next().expect("a line").expect("text");
        kafka.broker_down();
        let mut told = BufReader::new(program.stderr.take().expect("a pipe")).lines();
        if form == "raw" {
            told.next().expect("the outage").expect("text");
        }
        kafka.broker_up();
        let producer = EventProducer::connect(&kafka.config()).await.expect("a producer");
        let sent = producer.send_bytes("lines", None, b"after").await.expect("a message");
        let place = format!("lines/0@{} ", sent.offset());
        let mut lines = printed.map(|line| line.expect("text"));
        assert!(lines.any(|line| line.starts_with(&place)), "{form}: {:?}", told.collect::<Vec<_>>());
        let end = Command::new("kill").args(["-TERM", &program.id().to_string()]).status();
        assert!(end.expect("kill starts").success());
        assert!(program.wait().expect("the program ends").success());
    }
}

#[test]
fn faults_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a name").to_owned()
    };
    let error = |args: &[&str]| {
        let output = topics(args, "");
        assert!(!output.status.success() && output.stdout.is_empty(), "{args:?}");
        text(&output.stderr)
    };
    assert!(error(&["list"]).contains("--config client.properties"));
    assert!(error(&["--config", "nowhere.properties", "list"]).contains("nowhere.properties"));
    assert!(error(&["--config", &file("a", "bootstrap.server=x"), "list"]).contains("bootstrap.servers"));
    assert!(error(&["--config", &file("b", "bootstrap.servers=127.0.0.1:1"), "list"]).contains("127.0.0.1:1"));
    assert!(error(&["--bogus"]).contains("--bogus"));
}
