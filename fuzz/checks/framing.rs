//! What must hold of any message that is read with a codec.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use event_schema::avro::Schema;
use event_schema::format::framing::{Guid, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{Codec, Decoder, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, WriterSchema};
use event_schema::{EventSchema, LoadError, LoadOptions};

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Ping {
    seq: i64,
    note: Option<String>,
}

/// The codec of JSON alone.
const JSON: usize = 4;

/// A registry that knows ids below 8.
struct Registry;

impl SchemaSource for Registry {
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(async move {
            match id {
                SchemaId::Number(id @ 0..8) if id % 2 == 0 => Ok(Schema::of::<Ping>().expect("a schema").into()),
                SchemaId::Number(1..8) => Ok(WriterSchema::json("{}")),
                SchemaId::Number(_) => Err(SchemaSourceError::unknown()),
                _ => Err(SchemaSourceError::unusable("no such ids")),
            }
        })
    }
}

/// Codecs that read one framing, one that reads all, and one that asks a registry.
static CODECS: LazyLock<Vec<(Encoder<Ping>, Decoder<Ping>)>> = LazyLock::new(|| {
    let earlier = r#"{"type": "record", "name": "Ping", "fields": [{"name": "seq", "type": "int"}]}"#;
    let earlier = Schema::parse(earlier).expect("a schema");
    let guid = SchemaId::Guid(Guid::from([0; 16]));
    let avro = Codec::confluent_avro().with_event::<Ping>(SchemaId::Number(0)).expect("it has a schema");
    let avro = avro.with_schema(guid, earlier.clone());
    let json = Codec::confluent_json().with_event::<Ping>(SchemaId::Number(1)).expect("it has a schema");
    let single = Codec::single_object().with_schema(SchemaId::Fingerprint(earlier.fingerprint()), earlier);
    let all = avro
        .clone()
        .also_reads(json.clone())
        .also_reads(single.clone())
        .also_reads(Codec::avro())
        .also_reads(Codec::json());
    let asks = avro.clone().also_reads(Codec::confluent_json()).with_source(Registry);
    let codecs = [avro, json, single, Codec::avro(), Codec::json(), all, asks];
    let both =
        |codec: &Codec| (Encoder::new(codec).expect("it has an id"), Decoder::new(codec).expect("it has a schema"));
    codecs.iter().map(both).collect()
});

/// Reads the input as a byte that chooses the codec, one with the size of a header and of the content type (0 for none),
/// these, and the value of a message. What was made of it, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    let [choice, size, rest @ ..] = input else { return 0 };
    let (header, rest) = rest.split_at(usize::from(size % 32).min(rest.len()));
    let (content_type, message) = rest.split_at(usize::from(size / 32).min(rest.len()));
    let content_type = if content_type.len() == 7 { &b"avro/binary"[..] } else { content_type };

    let mut hasher = DefaultHasher::new();
    split(message).hash(&mut hasher);
    in_header(header, message).hash(&mut hasher);

    let (encoder, decoder) = &CODECS[usize::from(*choice) % CODECS.len()];
    let headers = [(VALUE_SCHEMA_ID, header), ("content-type", content_type)];
    let headers = headers.map(|(name, value)| (name, Some(value).filter(|value| !value.is_empty())));
    let asked = pin!(decoder.resolve(headers, message)).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(asked, Poll::Ready(_)), "the registry answers at once");
    let loaded = decoder.load_message(headers, message, &LoadOptions::new());
    if let Poll::Ready(Err(_)) = asked {
        assert!(loaded.as_ref().is_err_and(LoadError::is_unknown_schema), "{loaded:?}");
    }
    if let Ok(ping) = &loaded {
        let written = encoder.dump(ping).expect("what was loaded is valid");
        assert_eq!(&decoder.load(&written).expect("it was written"), ping);
    }
    if usize::from(*choice) % CODECS.len() == JSON {
        assert_eq!(loaded.as_ref().ok(), Ping::load(message).as_ref().ok());
    }
    told(&loaded).hash(&mut hasher);
    hasher.finish()
}

/// Messages that each of the codecs writes, for that one and for the one that reads all.
#[allow(dead_code, reason = "the smoke test begins with them")]
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    let ping = Ping { seq: 7, note: Some("x".to_owned()) };
    let mut inputs = vec![
        b"\x05\x05\0\0\0\0\0\x0E\x02\x02x".to_vec(),
        b"\0\x11\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0E".to_vec(),
        b"\x05\xE01234567\x0E\0".to_vec(),
        b"\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0E".to_vec(),
        b"\x06\0\0\0\0\0\x02\x0E\0".to_vec(),
        b"\x06\0\0\0\0\0\x03{\"seq\": 7}".to_vec(),
        b"\x06\0\0\0\0\0\x09\x0E\0".to_vec(),
    ];
    for (choice, (encoder, _)) in (0..).zip(CODECS.iter()) {
        let message = encoder.dump(&ping).expect("it is valid");
        inputs.push([&[choice, 0], &*message].concat());
        inputs.push([&[5, 0], &*message].concat());
    }
    inputs
}

/// A message is its id and its data, or has no id, or breaks off.
fn split(message: &[u8]) -> String {
    match SchemaId::split(message) {
        Ok((Some(id), data)) => {
            let mut again = Vec::new();
            id.write_to(&mut again);
            again.extend_from_slice(data);
            assert_eq!(again, message);
            id.to_string().replace(|c: char| c.is_ascii_hexdigit(), "")
        }
        Ok((None, data)) => {
            assert_eq!(data, message);
            let framed = matches!(message, [0 | 1, ..] | [0xc3, 1, ..]);
            assert!(!framed, "taken for a message without a framing");
            String::new()
        }
        Err(error) => {
            assert!(error.is_truncated() && message.len() < 17, "{error}");
            error.to_string()
        }
    }
}

/// A header has an id of its size or is an error; whatever has an id before it is split there again.
fn in_header(header: &[u8], message: &[u8]) -> bool {
    let Ok(id) = SchemaId::from_header(header) else { return false };
    assert_eq!(id.to_header().as_deref(), Some(header));
    let mut framed = Vec::new();
    id.write_to(&mut framed);
    framed.extend_from_slice(message);
    assert_eq!(SchemaId::split(&framed), Ok((Some(id), message)));
    true
}

/// What became of it; an error is of one kind, and bounded.
fn told<E: EventSchema + Debug>(loaded: &Result<E, LoadError>) -> String {
    let Err(error) = loaded else { return "read".to_owned() };
    let kinds = [error.is_syntax(), error.is_invalid(), error.is_unknown_schema(), error.is_too_deep()];
    assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{error:?}");
    assert!(error.to_problem().is_object());
    let text = error.to_string();
    assert!(error.is_invalid() || text.len() < 300, "it quotes what it was given: {text}");
    text.replace(|c: char| c.is_ascii_digit(), "").chars().take(60).collect()
}
