use super::*;
use crate::kafka::EmbeddedKafka;

fn forward(topics: &[&str], group: &str, retry: Retry) -> Forward {
    let kafka = EmbeddedKafka::start().unwrap();
    let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
    let policy = Policy { retry, order: None, ..Policy::default() };
    Forward::new(&kafka.config().group(group), &topics, &policy).unwrap()
}

#[test]
fn names_of_retry_topics_are_legal_and_differ() {
    let mut names = ["t".repeat(249), "orders".to_owned()]
        .iter()
        .flat_map(|topic| {
            forward(&[topic], "größe: 1", Retry::topics().attempts(3)).retries.keys().cloned().collect::<Vec<_>>()
        })
        .collect::<Vec<_>>();
    names.sort();
    assert_eq!(names[..2], ["orders-gr__e__1-retry-1", "orders-gr__e__1-retry-2"]);
    assert!(names.iter().all(|name| name.len() <= 249), "{names:?}");
    assert!(names[2].ends_with("t-retry-1") && names[3].ends_with("t-retry-2"), "{names:?}");
}

#[test]
fn no_wait_is_longer_than_ours() {
    let longest = Duration::from_secs(30);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let origin = Origin { topic: "t", partition: 0, offset: 0, timestamp: rdkafka::Timestamp::NotAvailable };
    let wait_until = |due| wait(&letters::headers_for_retry(&Headers::default(), &origin, "g", 2, due), now, longest);
    assert_eq!(wait_until(1_700_000_004_500), Duration::from_millis(4_500));
    assert_eq!(wait_until(1_600_000_000_000), Duration::ZERO);
    assert_eq!(wait_until(1_700_000_031_000), longest);
    assert_eq!(wait_until(i64::MAX), longest);
    assert_eq!(wait_until(i64::MIN), Duration::ZERO);
    let broken: Headers = [("retry_topic-backoff-timestamp", Some(&b"soon"[..]))].into_iter().collect();
    assert_eq!(wait(&broken, now, longest), Duration::ZERO);
}
