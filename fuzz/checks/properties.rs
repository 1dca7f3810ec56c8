//! What must hold of any text that is read as `client.properties`.

use std::hash::{DefaultHasher, Hash, Hasher};

use event_schema::kafka::KafkaConfig;

const SECRET: &str = "fuzz-secret-9";

/// Reads the input as a file of properties; what was made of it, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return 0 };
    let read = KafkaConfig::from_properties_str(&format!("sasl.password={SECRET}\n{text}"));
    let shown = match &read {
        Ok(config) => {
            config.check().expect("it was checked when it was read");
            format!("{config:?} {:?} {:?}", config.rdkafka039_producer().is_ok(), config.rdkafka039_consumer().is_ok())
        }
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "a secret is shown: {shown}");
    let mut hasher = DefaultHasher::new();
    match &read {
        Ok(_) => shown.len().hash(&mut hasher),
        Err(error) => error.to_string().replace(|c: char| c.is_ascii_digit(), "").hash(&mut hasher),
    }
    hasher.finish()
}
