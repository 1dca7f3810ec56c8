//! Topics from the console, as in the tutorials of Kafka's shell tools: create, list and describe them, produce lines
//! and consume them, as they are or as events; and the benchmark of ten thousand messages.
//!
//! ```text
//! cargo run -p topics                                                  # all of it, with a broker inside the process
//! cargo run -p topics -- --config client.properties list               # a real one
//! ```

mod admin;
mod console;
mod ten_thousand;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use event_schema::kafka::{EmbeddedKafka, KafkaConfig};

use self::console::{Consume, Form, Produce};
use self::ten_thousand::Settings;

/// The event of the typed commands, and of the benchmark.
#[event_schema::event(name = "blog.post", topic = "blog-post", key = id)]
struct BlogPost {
    id: u64,
    #[validate(length(min = 1, max = 200))]
    title: String,
}

/// Topics from the console
#[derive(Debug, Parser)]
struct Args {
    /// A `client.properties` with the brokers; without it, a demonstration runs on a broker inside the process
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run the demonstration
    #[arg(long, conflicts_with = "config")]
    demo: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a topic, unless it exists
    Create {
        topic: String,
        /// The number of partitions; without it, the brokers' default
        #[arg(long)]
        partitions: Option<u16>,
        /// The number of brokers that keep a copy; without it, the brokers' default
        #[arg(long)]
        replication: Option<u16>,
    },
    /// List the topics
    List,
    /// Print the partitions of a topic, with leaders, copies and offsets
    Describe { topic: String },
    /// Send each line of the standard input as a message
    Produce(Produce),
    /// Print the messages of a topic until Ctrl-C or SIGTERM
    Consume(Consume),
    /// Send ten thousand events to the topic `blog-post`, and print the time
    TenThousand {
        #[arg(long, value_enum, default_value_t)]
        settings: Settings,
        #[arg(long, default_value_t = 10_000)]
        messages: u64,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let (file, command) = match (args.config, args.command) {
        (Some(file), Some(command)) => (file, command),
        (None, None) => return demo().await,
        (_, None) => bail!("name a command, such as `list`; `--help` lists them"),
        (None, _) => bail!("name the brokers: --config client.properties"),
    };
    let config = KafkaConfig::from_properties_file(file)?;
    match command {
        Command::Create { topic, partitions, replication } => {
            admin::create(&config, &topic, partitions, replication).await
        }
        Command::List => admin::list(&config).await,
        Command::Describe { topic } => admin::describe(&config, &topic).await,
        Command::Produce(produce) => {
            console::produce(&config, &produce, tokio::io::BufReader::new(tokio::io::stdin())).await
        }
        Command::Consume(consume) => console::consume(&config, &consume).await,
        Command::TenThousand { settings, messages } => ten_thousand::run(&config, settings, messages).await,
    }
}

/// Every command once. An embedded broker lives in its process, and so they run in this one.
async fn demo() -> Result<()> {
    let kafka = EmbeddedKafka::start()?;
    let config = kafka.config();
    println!("> topics create blog-post --partitions 3");
    admin::create(&config, "blog-post", Some(3), None).await?;
    println!("> topics list");
    admin::list(&config).await?;
    let lines = "7:{\"id\": 7, \"title\": \"Kafka from the shell\"}\n8:{\"id\": 8, \"title\": \"\"}\n9:not JSON\n";
    println!("> topics produce blog-post --key-separator :");
    let raw = Produce { topic: "blog-post".to_owned(), form: Form::Raw, key_separator: Some(":".to_owned()) };
    console::produce(&config, &raw, lines.as_bytes()).await?;
    println!("> topics produce blog-post --form typed");
    let typed = Produce { topic: "blog-post".to_owned(), form: Form::Typed, key_separator: None };
    console::produce(&config, &typed, "{\"id\": 10, \"title\": \"\"}\n".as_bytes()).await?;
    for form in [Form::Raw, Form::Typed] {
        println!("> topics consume blog-post --form {form} --messages 3");
        let consume = Consume { topic: "blog-post".to_owned(), form, group: None, messages: Some(3) };
        console::consume(&config, &consume).await?;
    }
    println!("> topics describe blog-post");
    admin::describe(&config, "blog-post").await?;
    for settings in [Settings::Tutorial, Settings::Sensible] {
        println!("> topics ten-thousand --settings {settings}");
        ten_thousand::run(&config, settings, 10_000).await?;
    }
    Ok(())
}
