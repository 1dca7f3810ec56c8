//! `event-schema dlq`.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use event_schema::kafka::{DeadLetterTopic, DeadMessage, Fate, KafkaConfig, Letter, Redrive};
use event_schema::serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::input::{Unusable, is_wanted};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// A file of properties for the client, such as `bootstrap.servers` and `sasl.jaas.config`. Without it they are read
    /// from the environment, as `KAFKA_BOOTSTRAP_SERVERS`
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The addresses of the brokers, as host:port, separated by commas
    #[arg(long, global = true, value_name = "LIST", conflicts_with = "config")]
    bootstrap_servers: Option<String>,
    /// Print a line of JSON for each dead letter
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the dead letters that were not redriven
    List {
        #[command(flatten)]
        selection: Selection,
        /// List those that were redriven, too
        #[arg(long)]
        all: bool,
    },
    /// Print all that is known of dead letters; the exit code is 1 if there is none
    Show {
        #[command(flatten)]
        selection: Selection,
        /// Print keys, values and the values of headers, too: they may hold personal data
        #[arg(long)]
        payload: bool,
    },
    /// Send dead letters again, those that were not redriven; the exit code is 1 if one of them was not sent. By default
    /// each goes to the redrive topic of the group that could not handle it, or to its first retry topic
    Redrive {
        #[command(flatten)]
        selection: Selection,
        /// Send them to their original topics, where the other groups that run handlers of this library ignore them
        #[arg(long)]
        to_origin: bool,
        /// Send them to this topic
        #[arg(long, value_name = "TOPIC", conflicts_with = "to_origin")]
        to_topic: Option<String>,
        /// Send nothing, and print what would be sent
        #[arg(long)]
        dry_run: bool,
        /// Send those that were redriven, too
        #[arg(long)]
        again: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Selection {
    /// The dead letter topic
    topic: String,
    /// Only those with this text in the type or the text of their error
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    /// Only those of this type, such as `order.requested.v2`; without a version, of any version
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only those that became dead letters at this time or later, such as 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<SystemTime>,
    /// Only those that became dead letters before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<SystemTime>,
    /// Only those with this key
    #[arg(long)]
    key: Option<String>,
    /// Only those of the event with this id
    #[arg(long)]
    id: Option<String>,
    /// Only those that this consumer group could not handle
    #[arg(long)]
    group: Option<String>,
    /// Only those of messages of this place, such as `orders`, `orders/2` or `orders/2@4711`
    #[arg(long, value_name = "PLACE", value_parser = origin)]
    origin: Option<Origin>,
    /// Only the one at this place of the dead letter topic, such as `2@17`
    #[arg(long, value_name = "PARTITION@OFFSET", value_parser = place)]
    at: Option<(i32, i64)>,
    /// Only so many: `redrive` counts those that it sends
    #[arg(long)]
    count: Option<u64>,
    /// How often a message may be redriven before it is parked: 3 times without this
    #[arg(long, value_name = "COUNT")]
    limit: Option<u32>,
}

#[derive(Clone, Debug)]
struct Origin {
    topic: String,
    partition: Option<i32>,
    offset: Option<i64>,
}

fn time(text: &str) -> Result<SystemTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339);
    time.map(SystemTime::from).map_err(|_| "not a time as in RFC 3339, such as 2026-11-22T10:00:00Z".to_owned())
}

fn place(text: &str) -> Result<(i32, i64), String> {
    let place =
        text.split_once('@').and_then(|(partition, offset)| Some((partition.parse().ok()?, offset.parse().ok()?)));
    place.ok_or_else(|| "not a partition and an offset, such as 2@17".to_owned())
}

fn origin(text: &str) -> Result<Origin, String> {
    let Some((topic, rest)) = text.split_once('/') else {
        return Ok(Origin { topic: text.to_owned(), partition: None, offset: None });
    };
    let (partition, offset) = match rest.split_once('@') {
        Some(_) => place(rest).map(|(partition, offset)| (partition, Some(offset)))?,
        None => (rest.parse().map_err(|_| "not a partition behind the topic".to_owned())?, None),
    };
    Ok(Origin { topic: topic.to_owned(), partition: Some(partition), offset })
}

impl Selection {
    fn letters(&self) -> DeadLetterTopic {
        type Set<T> = fn(DeadLetterTopic, T) -> DeadLetterTopic;
        fn set<T: Clone>(letters: DeadLetterTopic, value: Option<&T>, set: Set<T>) -> DeadLetterTopic {
            match value {
                Some(value) => set(letters, value.clone()),
                None => letters,
            }
        }
        let letters = DeadLetterTopic::new(&self.topic);
        let letters = set(letters, self.limit.as_ref(), DeadLetterTopic::limit);
        let letters = set(letters, self.cause.as_ref(), DeadLetterTopic::cause);
        let letters = set(letters, self.event_type.as_ref(), DeadLetterTopic::event_type);
        let letters = set(letters, self.from.as_ref(), DeadLetterTopic::from);
        let letters = set(letters, self.to.as_ref(), DeadLetterTopic::until);
        let letters = set(letters, self.key.as_ref(), DeadLetterTopic::key);
        let letters = set(letters, self.id.as_ref(), DeadLetterTopic::id);
        let letters = set(letters, self.group.as_ref(), DeadLetterTopic::group);
        let letters = set(letters, self.at.as_ref(), |letters, (partition, offset)| letters.at(partition, offset));
        let letters = set(letters, self.count.as_ref(), DeadLetterTopic::count);
        set(letters, self.origin.as_ref(), |letters, Origin { topic, partition, offset }| {
            let letters = set(letters.origin_topic(topic), partition.as_ref(), DeadLetterTopic::origin_partition);
            set(letters, offset.as_ref(), DeadLetterTopic::origin_offset)
        })
    }
}

pub(crate) fn run(args: &Args) -> Result<bool, Unusable> {
    let config = match (&args.config, &args.bootstrap_servers) {
        (Some(file), _) => KafkaConfig::from_properties_file(file),
        (None, Some(servers)) => Ok(KafkaConfig::new(servers)),
        (None, None) => KafkaConfig::from_env("KAFKA_"),
    };
    let config = config.map_err(|error| Unusable::arguments(&error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unusable::arguments(&error.to_string()))?;
    runtime.block_on(answer(&config, &args.command, args.json))
}

async fn answer(config: &KafkaConfig, command: &Command, is_json: bool) -> Result<bool, Unusable> {
    let mut out = Out { is_json, wanted: Ok(true) };
    match command {
        Command::List { selection, all } => {
            let letters = selection.letters();
            let letters = if *all { letters.redriven_too() } else { letters };
            let mut letters = letters.letters(config).await?;
            let mut count = 0_u64;
            while let Some(letter) = letters.next().await? {
                count += 1;
                if !out.print(|| to_json(&letter), || line(&letter)) {
                    break;
                }
            }
            out.wanted?;
            eprintln!("{count} dead {}", if count == 1 { "letter" } else { "letters" });
            Ok(true)
        }
        Command::Show { selection, payload } => {
            let mut letters = selection.letters().redriven_too().letters(config).await?;
            let mut is_found = false;
            while let Some(letter) = letters.next().await? {
                is_found = true;
                if !out.print(|| in_full(&letter, *payload), || page(&letter, *payload)) {
                    break;
                }
            }
            out.wanted?;
            if !is_found {
                eprintln!("no such dead letter");
            }
            Ok(is_found)
        }
        Command::Redrive { selection, to_origin, to_topic, dry_run, again } => {
            let letters = selection.letters();
            let letters = if *again { letters.redriven_too() } else { letters };
            let redrive = match to_topic {
                Some(topic) => Redrive::to_topic(topic),
                None if *to_origin => Redrive::to_origin(),
                None => Redrive::to_group(),
            };
            let redrive = if *dry_run { redrive.dry_run() } else { redrive };
            // They are sent whether or not somebody reads the output.
            let counts = letters.redrive(config, redrive, |letter, fate| {
                out.print(
                    || to_fate(letter, fate),
                    || format!("{}  {}  {}\n", at(letter), clean(letter.id()), clean(fate)),
                );
            });
            let counts = counts.await?;
            let sent = if *dry_run { counts.planned() } else { counts.redriven() };
            let verb = if *dry_run { "would be redriven" } else { "redriven" };
            eprintln!("{sent} {verb}, {} parked, {} refused", counts.parked(), counts.refused());
            out.wanted?;
            Ok(counts.parked() == 0 && counts.refused() == 0)
        }
    }
}

/// The standard output.
struct Out {
    is_json: bool,
    /// Whether somebody reads it.
    wanted: Result<bool, Unusable>,
}

impl Out {
    /// Prints a letter in the form that is wanted, and returns whether more is.
    fn print(&mut self, json: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> bool {
        if matches!(self.wanted, Ok(true)) {
            let mut out = io::stdout().lock();
            let written = if self.is_json { writeln!(out, "{}", json()) } else { out.write_all(text().as_bytes()) };
            self.wanted = is_wanted(written.and_then(|()| out.flush()));
        }
        matches!(self.wanted, Ok(true))
    }
}

/// The place in the dead letter topic.
fn at(letter: &Letter) -> String {
    format!("{}@{}", letter.partition(), letter.offset())
}

fn line(letter: &Letter) -> String {
    let dead = letter.dead();
    let parts = [
        Some(at(letter)),
        letter.timestamp().map(rfc3339),
        Some(letter.state().to_string()),
        dead.map(place_of),
        dead.and_then(DeadMessage::group).map(clean),
        letter.event_type().map(clean),
        Some(clean(letter.id())),
    ];
    let mut line = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    line.push('\n');
    if let Some(dead) = dead {
        let error = [dead.exception(), dead.message()].into_iter().flatten().map(clean).collect::<Vec<_>>();
        if !error.is_empty() {
            let _ = writeln!(line, "    {}", error.join(": "));
        }
    }
    line
}

/// All that is known, a line for each part.
fn page(letter: &Letter, has_payload: bool) -> String {
    let mut page = format!("{}\n", at(letter));
    let mut part = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            let _ = writeln!(page, "    {name:<10}  {text}");
        }
    };
    part("state", Some(letter.state().to_string()));
    part("time", letter.timestamp().map(rfc3339));
    part("id", Some(clean(letter.id())));
    part("type", letter.event_type().map(clean));
    part("redrives", Some(letter.redrives().to_string()));
    part("attempts", letter.attempts().map(|attempts| attempts.to_string()));
    if let Some(dead) = letter.dead() {
        part("origin", Some(place_of(dead)));
        part("sent", dead.timestamp().map(rfc3339));
        part("group", dead.group().map(clean));
        part("error", dead.exception().map(clean));
        part("message", dead.message().map(clean));
        for violation in violations(dead) {
            let text = |name| violation[name].as_str().unwrap_or_default();
            part("violation", Some(clean(format!("{}: {} [{}]", text("pointer"), text("message"), text("code")))));
        }
        for line in dead.stacktrace().unwrap_or_default().lines() {
            part("trace", Some(clean(line)));
        }
        let omitted = Some(dead.omitted_headers()).filter(|omitted| *omitted > 0);
        part("omitted", omitted.map(|omitted| format!("{omitted} headers of the message, for lack of space")));
        part("pointer", dead.is_pointer().then(|| "the value is a pointer to the original message".to_owned()));
    }
    let bytes = |bytes: Option<&[u8]>| match bytes {
        None => "none".to_owned(),
        Some(bytes) if has_payload => text_of(bytes),
        Some(bytes) => format!("{} bytes", bytes.len()),
    };
    part("key", Some(bytes(letter.key())));
    part("value", Some(bytes(letter.value())));
    for (name, value) in letter.headers().iter() {
        part("header", Some(format!("{}: {}", clean(name), bytes(value))));
    }
    page
}

fn violations(dead: &DeadMessage) -> impl Iterator<Item = &Value> {
    dead.violations().and_then(|violations| violations["violations"].as_array()).into_iter().flatten()
}

fn to_json(letter: &Letter) -> Value {
    let origin = letter.dead().map(|dead| {
        json!({
            "topic": dead.topic(),
            "partition": dead.partition(),
            "offset": dead.offset(),
            "time": dead.timestamp().map(rfc3339),
        })
    });
    let dead = letter.dead();
    json!({
        "partition": letter.partition(),
        "offset": letter.offset(),
        "time": letter.timestamp().map(rfc3339),
        "state": letter.state().as_str(),
        "id": letter.id(),
        "type": letter.event_type(),
        "redrives": letter.redrives(),
        "attempts": letter.attempts(),
        "origin": origin,
        "group": dead.and_then(DeadMessage::group),
        "error": dead.and_then(DeadMessage::exception),
        "message": dead.and_then(DeadMessage::message),
        "pointer": dead.is_some_and(DeadMessage::is_pointer),
        "omittedHeaders": dead.map_or(0, DeadMessage::omitted_headers),
        "size": letter.value().map(<[u8]>::len),
    })
}

fn in_full(letter: &Letter, has_payload: bool) -> Value {
    let mut value = to_json(letter);
    value["trace"] = json!(letter.dead().and_then(DeadMessage::stacktrace));
    value["violations"] = json!(letter.dead().and_then(DeadMessage::violations));
    if has_payload {
        value["key"] = to_bytes(letter.key());
        value["value"] = to_bytes(letter.value());
        let headers = letter.headers().iter();
        value["headers"] = headers.map(|(name, value)| json!({ "name": name, "value": to_bytes(value) })).collect();
    } else {
        value["headers"] = letter.headers().iter().map(|(name, _)| json!({ "name": name })).collect();
    }
    value
}

fn to_fate(letter: &Letter, fate: &Fate) -> Value {
    let (topic, reason) = match fate {
        Fate::Redriven { topic, .. } | Fate::Planned { topic, .. } => (Some(topic), None),
        fate => (None, Some(fate.to_string())),
    };
    let lost_headers = match fate {
        Fate::Redriven { lost_headers, .. } | Fate::Planned { lost_headers, .. } => Some(lost_headers),
        _ => None,
    };
    json!({
        "partition": letter.partition(),
        "offset": letter.offset(),
        "id": letter.id(),
        "fate": fate.as_str(),
        "topic": topic,
        "reason": reason,
        "lostHeaders": lost_headers,
    })
}

/// Bytes as text, or in base64.
fn to_bytes(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| match str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    })
}

fn text_of(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), clean)
}

fn place_of(dead: &DeadMessage) -> String {
    clean(format!("{}/{}@{}", dead.topic(), dead.partition(), dead.offset()))
}

/// Anybody can write any time.
fn rfc3339(time: SystemTime) -> String {
    let nanos = |since: std::time::Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
    let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => nanos(since),
        Err(before) => -nanos(before.duration()),
    };
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().and_then(|time| time.format(&Rfc3339).ok());
    time.unwrap_or_else(|| "a time that no calendar has".to_owned())
}

/// A text in one line, without the characters that a terminal obeys or that change the order of others.
fn clean(text: impl std::fmt::Display) -> String {
    let mut clean = String::new();
    for char in text.to_string().chars() {
        let is_obeyed = char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if is_obeyed {
            clean.extend(char.escape_default());
        } else {
            clean.push(char);
        }
    }
    clean
}
