//! What must hold of any message that is read as a CloudEvent.

use std::hash::{DefaultHasher, Hash, Hasher};

use event_schema::Envelope;
use event_schema::format::cloudevents::{CloudEvent, CloudEventError, Mode};

/// Reads the input as a message: lines of headers, `name: value`, or the name alone for one without a value;
/// behind an empty line the message's value, if there is one. What was made of it, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    let (lines, value) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], Some(&input[end + 2..])),
        None => (input, None),
    };
    let Ok(lines) = str::from_utf8(lines) else { return 0 };
    let header = |line| match str::split_once(line, ": ") {
        Some((name, value)) => (name, Some(value.as_bytes())),
        None => (line, None),
    };
    let headers: Vec<_> = lines.split('\n').map(header).collect();

    let read = CloudEvent::read(headers.iter().copied(), value);
    if let Ok(event) = &read {
        written(event);
    }
    let document = value.map(CloudEvent::read_json);
    if let Some(Ok(event)) = &document {
        written(event);
    }

    let mode = Mode::of(headers);
    if mode == Mode::Structured && read.is_ok() {
        assert_eq!(read.as_ref().ok(), document.as_ref().and_then(|document| document.as_ref().ok()));
    }
    let mut hasher = DefaultHasher::new();
    format!("{mode:?}").hash(&mut hasher);
    told(&read).hash(&mut hasher);
    document.map(|document| told(&document)).hash(&mut hasher);
    hasher.finish()
}

/// An event that was read can be written, and is the same when it is read again.
fn written(event: &CloudEvent) {
    let envelope = Envelope::from(event);
    assert_eq!(envelope.id(), event.id());
    for message in [Ok(event.to_binary()), event.to_structured()].into_iter().flatten() {
        let headers = message.headers().iter().map(|(name, value)| (name.as_str(), Some(value.as_slice())));
        let again = CloudEvent::read(headers, message.value()).expect("it was written");
        assert_eq!(content(&again), content(event));
    }
}

/// Without what is said in words when it is written, and without the space around a document.
fn content(event: &CloudEvent) -> (Vec<(&str, String)>, Option<&[u8]>) {
    let attributes = event.attributes().filter(|(name, _)| *name != "datacontenttype");
    let attributes = attributes.map(|(name, value)| (name, value.to_string()));
    (attributes.collect(), event.data().map(|data| data.as_bytes().trim_ascii()))
}

/// Which attributes there are and how much of data, or what is wrong.
fn told(read: &Result<CloudEvent, CloudEventError>) -> String {
    match read {
        Ok(event) => {
            let names: Vec<&str> = event.attributes().map(|(name, _)| name).collect();
            format!("{} {:?}", names.len(), event.data().map(|data| data.as_bytes().len().min(4)))
        }
        Err(error) => {
            let text = format!("{error}");
            assert!(text.len() < 1_000, "it quotes what it was given: {text}");
            text.replace(|c: char| c.is_ascii_digit(), "").chars().take(40).collect()
        }
    }
}
