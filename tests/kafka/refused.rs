//! Dead letters that their topic does not take: what passes is waited for, what is too large shrinks, all else stops
//! the run, which says why.

use std::time::{Duration, Instant};

use crate::common::log::{Log, lines};
use crate::common::{Note, note, until, within};
use event_schema::kafka::BrokerError::{
    ClusterAuthorizationFailed as NO_RIGHT_TO_BEGIN, InvalidTimestamp as NOT_NOW, MessageTooLarge as TOO_LARGE,
    RequestTimedOut as PERHAPS_STORED, TopicAuthorizationFailed as NO_RIGHT_TO_WRITE,
};
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::{
    ApiKey, Counts, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, Failure, Outcome, Received, Retry, RunError,
    RunHandle,
};
use tokio::task::JoinHandle;

const POISON: &[u8] = b"{";
const TRACE: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Running {
    handle: RunHandle,
    task: JoinHandle<Result<Counts, RunError>>,
}

impl Running {
    /// Whose handler fails with everything, and whose pauses are long.
    async fn start(kafka: &EmbeddedKafka) -> Self {
        let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
        let handle = consumer.handle();
        let retry = Retry::never().backoff(Duration::from_secs(100), Duration::from_secs(600)).jitter(0.0);
        let runner = consumer.runner().retry(retry);
        let task = tokio::spawn(runner.run(async |_: Delivery<Note>| Err::<(), _>(Failure::retry("not yet"))));
        Self { handle, task }
    }

    async fn dead(self, count: u64) {
        until(60, "dead letters", || self.handle.counts().of(Outcome::Dead) == count).await;
        self.handle.close(Duration::from_secs(10)).await.unwrap();
        self.task.await.unwrap().unwrap();
    }

    async fn error(self) -> RunError {
        within(20, "end of the run", self.task).await.unwrap().unwrap_err()
    }
}

fn kafka() -> EmbeddedKafka {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.create_topic("notes-g-dlt", 1).unwrap();
    kafka
}

async fn letter(kafka: &EmbeddedKafka) -> Received<Note> {
    kafka.received("notes-g-dlt", 1).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_write_anywhere_the_run_stops() {
    let kafka = kafka();
    kafka.publish_bytes("notes", None, Some(POISON), &[]).await;
    // An idempotent producer begins with this request: its client fails for good.
    kafka.fail(ApiKey::InitProducerId, &[NO_RIGHT_TO_BEGIN; 20]);
    let error = Running::start(&kafka).await.error().await;
    assert!(error.is_dead_letter_refused() && error.is_stopped() && !error.is_fatal(), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("stopped at notes/0@0: truncated JSON: "), "{text}");
    assert!(text.contains("; its dead letter was not sent to `notes-g-dlt`: "), "{text}");
    assert!(text.contains("; the user needs the right to write to a topic"), "{text}");
}

/// Its headers say what is wrong with the message: without them it would be there, and nobody would know why.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_other_reasons_than_its_size_does_not_lose_its_headers() {
    let kafka = kafka();
    kafka.publish_bytes("notes", None, Some(POISON), &[("x", b"y")]).await;
    kafka.fail(ApiKey::Produce, &[NO_RIGHT_TO_WRITE]);
    let error = Running::start(&kafka).await.error().await;
    assert!(error.is_dead_letter_refused(), "{error}");

    // The right was granted.
    Running::start(&kafka).await.dead(1).await;
    let letter = letter(&kafka).await;
    assert_eq!(letter.headers().get("x"), Some(&b"y"[..]));
    assert!(DeadLetter::read(letter.headers()).unwrap().message().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_loses_the_texts_and_then_its_headers_and_stops_nothing() {
    for (times, has_headers) in [(1, true), (2, false)] {
        let kafka = kafka();
        kafka
            .publish_bytes("notes", None, Some(POISON), &[("ce_source", b"/shop"), ("traceparent", TRACE), ("x", b"y")])
            .await;
        kafka.fail(ApiKey::Produce, &vec![TOO_LARGE; times]);
        Running::start(&kafka).await.dead(1).await;
        let letter = letter(&kafka).await;
        let dead = DeadLetter::read(letter.headers()).unwrap();
        assert_eq!((dead.message(), dead.omitted_headers()), (None, u32::from(!has_headers)));
        assert_eq!(letter.headers().get("x").is_some(), has_headers);
        assert_eq!(letter.headers().get("ce_source"), Some(&b"/shop"[..]));
        assert_eq!(letter.headers().get("traceparent"), Some(TRACE));
        assert_eq!(letter.rejection().unwrap().bytes(), POISON);
    }
}

/// A broker refuses the second request for a message whose first one may have stored it: that says nothing about the message.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_stored_is_not_refused() {
    let kafka = kafka();
    kafka.publish_bytes("notes", None, Some(POISON), &[("x", b"y")]).await;
    kafka.fail(ApiKey::Produce, &[PERHAPS_STORED, TOO_LARGE]);
    Running::start(&kafka).await.dead(1).await;
    let letter = letter(&kafka).await;
    let dead = DeadLetter::read(letter.headers()).unwrap();
    assert!(dead.message().is_some(), "it has lost its texts: {dead:?}");
}

/// The handler's pauses have grown to minutes, and have nothing to do with the dead letter topic.
#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_the_dead_letter_topic_is_not_waited_for_as_handlers_are() {
    let kafka = kafka();
    kafka.publish_to("notes", &note("a", 1)).await;
    kafka.fail(ApiKey::Produce, &[NOT_NOW; 4]);
    let started = Instant::now();
    Running::start(&kafka).await.dead(1).await;
    // 100, 200, 400 and 800 ms at most, and what the group takes to form.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_not_there_are_told_at_the_start_and_not_made_by_that() {
    let _ = tracing::subscriber::set_global_default(Log);
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["work", "more", "more-late-dlt", "work-late-retry-1", "more-late-retry-2"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("late"), &["work", "more"]).await.unwrap();
    let handle = consumer.handle();
    let retry = Retry::topics().attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(1));
    let runner = consumer.runner().unordered().retry(retry);
    let task = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    let running = Running { handle, task };

    let told = || lines("missing topic `").into_iter().map(|(_, line)| line).filter(|line| line.contains("-late-"));
    until(20, "warnings", || told().count() == 3).await;
    let told: Vec<_> = told().collect();
    let warns_of = |topic: &str, otherwise: &str| {
        let create = "create it, unless the brokers create topics themselves";
        assert!(told.contains(&format!("missing topic `{topic}`: {create}; {otherwise}")), "{told:#?}");
    };
    warns_of("work-late-dlt", "without it the first message that cannot be handled stops the consumer");
    warns_of("work-late-retry-2", "without it failed messages become dead letters without this retry");
    warns_of("more-late-retry-1", "without it failed messages become dead letters without this retry");
    let config = kafka.config().group("look").rdkafka039_consumer().unwrap();
    let topics = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create().unwrap();
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(10)).unwrap();
        metadata.topics().iter().map(|topic| topic.name().to_owned()).collect::<Vec<_>>()
    });
    let topics = topics.await.unwrap();
    assert!(!topics.iter().any(|topic| topic == "work-late-dlt"), "{topics:?}");

    // This broker makes it when it is needed.
    kafka.publish_bytes("work", None, Some(POISON), &[]).await;
    running.dead(1).await;
    assert_eq!(kafka.received::<Note>("work-late-dlt", 1).await.len(), 1);
}
