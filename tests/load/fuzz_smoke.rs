//! The checks of `fuzz/` on stable Rust: good inputs, changed blindly, and changed again when load
//! made something new of them.
//!
//! `FUZZ_SECONDS=60 cargo test --test load fuzz_smoke` goes on for a minute with each check, from a seed
//! that it prints; `FUZZ_SEED` repeats one. With `FUZZ_CORPUS` the good inputs are written into that
//! directory, for cargo-fuzz to start from.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

#[path = "../../fuzz/checks/avro.rs"]
mod avro;
#[path = "../../fuzz/checks/cloudevents.rs"]
mod cloudevents;
#[path = "../../fuzz/checks/datum.rs"]
mod datum;
#[path = "../../fuzz/checks/framing.rs"]
mod framing;
#[path = "../../fuzz/checks/json.rs"]
pub(crate) mod json;
#[path = "../../fuzz/checks/lines.rs"]
mod lines;
#[path = "../../fuzz/checks/load.rs"]
mod load;
#[path = "../../fuzz/checks/properties.rs"]
mod properties;
use crate::zoo::message::{Choices, Maker};
use crate::zoo::words::Words;
use crate::zoo::*;

/// How long an input of a few kilobytes may take, on a busy machine and without optimization.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: usize = 4096;
const MOST_INPUTS: usize = 5000;

/// Good enough to be blind (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    #[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }

    /// A range of `length` elements, a short one more often than a long one.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        let longest = self.below(64);
        let most = 1 + self.below(1 + longest);
        from..(from + most).min(length)
    }
}

fn change(input: &mut Vec<u8>, other: &[u8], tokens: &[&[u8]], random: &mut Random) {
    let place = random.below(input.len() + 1);
    match random.below(10) {
        0 | 1 if place < input.len() => input[place] ^= 1 << random.below(8),
        2 if place < input.len() => input[place] = random.next().to_le_bytes()[0],
        0..=2 | 7 => input.truncate(place),
        3 => drop(input.drain(random.range(input.len()))),
        4 => {
            let copy = input[random.range(input.len())].to_vec();
            let times = 1 + random.below(3);
            input.splice(place..place, copy.repeat(times));
        }
        5 | 6 => {
            let copy = &other[random.range(other.len())];
            let end = (place + random.below(copy.len() + 1)).min(input.len());
            input.splice(place..end, copy.iter().copied());
        }
        _ => {
            let token = tokens[random.below(tokens.len())];
            let end = (place + random.below(token.len() + 1)).min(input.len());
            input.splice(place..end, token.iter().copied());
        }
    }
    input.truncate(LONGEST);
}

/// Checks the inputs, then changed ones.
fn fuzz(name: &str, count: u32, mut inputs: Vec<Vec<u8>>, tokens: &[&[u8]], check: fn(&[u8]) -> u64) {
    if let Some(directory) = std::env::var_os("FUZZ_CORPUS") {
        let directory = std::path::Path::new(&directory).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        for (number, input) in inputs.iter().enumerate() {
            std::fs::write(directory.join(format!("{number:04}")), input).unwrap();
        }
    }
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seconds = number("FUZZ_SECONDS").map(Duration::from_secs);
    let by_clock = || SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
    let seed = number("FUZZ_SEED").unwrap_or_else(|| if seconds.is_some() { by_clock() } else { 0 });
    let mut random = Random(seed);
    let mut met = HashSet::new();
    let mut try_one = |input: &[u8]| {
        let begun = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| check(input)));
        let text = || format!("{name} (FUZZ_SEED={seed}), b\"{}\"", input.escape_ascii());
        assert!(begun.elapsed() < PATIENCE, "took {:?}: {}", begun.elapsed(), text());
        let Ok(answer) = answer else { panic!("{}", text()) };
        met.insert(answer)
    };

    for input in &inputs {
        try_one(input);
    }
    let begun = Instant::now();
    let mut tried = 0;
    while seconds.map_or(tried < count, |seconds| begun.elapsed() < seconds) {
        let mut input = inputs[random.below(inputs.len())].clone();
        for _ in 0..=random.below(4) {
            let other = random.below(inputs.len());
            change(&mut input, &inputs[other], tokens, &mut random);
        }
        if try_one(&input) {
            let place = if inputs.len() < MOST_INPUTS { inputs.len() } else { random.below(inputs.len()) };
            inputs.resize_with(inputs.len().max(place + 1), Vec::new);
            inputs[place] = input;
        }
        tried += 1;
    }
    println!("{name}: {tried} inputs in {:.0?}, from seed {seed}, {} kinds of answers", begun.elapsed(), met.len());
}

fn tokens_of(dictionary: &str) -> Vec<Vec<u8>> {
    let unquoted = |line: &str| line.strip_prefix('"')?.strip_suffix('"').map(|token| token.replace("\\\"", "\""));
    dictionary.lines().filter_map(unquoted).map(|token| token.replace("\\\\", "\\").into_bytes()).collect()
}

/// Messages for every type of the zoo, each behind the byte that chooses the type.
fn messages() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    let mut inputs = Vec::new();
    let mut chosen = 0..;
    macro_rules! messages {
        ($($name:ident: $type:ty,)*) => {$({
            let words = Words::of::<$type>();
            let maker = Maker::new::<$type>(&words);
            let first = chosen.next().unwrap_or(u8::MAX);
            for _ in 0..8 {
                let tape = (0..120).map(|_| u16::from(random.next().to_le_bytes()[0])).collect();
                let text = maker.message(&mut Choices::new(tape)).to_text();
                inputs.push([&[first][..], text.as_bytes()].concat());
            }
        })*};
    }
    every_type!(messages);
    inputs
}

/// A dictionary of libFuzzer, and what it has no words for.
fn json_tokens() -> Vec<Vec<u8>> {
    let mut tokens = tokens_of(include_str!("../../fuzz/json.dict"));
    tokens.extend(["[", "{\"a\":", "[{\"children\":["].map(|open| open.repeat(150).into_bytes()));
    tokens.extend(["]", "}", ":", ",", "\"", "\\", " ", "\u{feff}"].map(|token| token.as_bytes().to_vec()));
    assert!(tokens.iter().any(|token| token == b"\\ud800") && tokens.iter().any(|token| token == b"\"x\":"));
    tokens
}

#[test]
fn load_of_any_bytes() {
    let tokens = json_tokens();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    fuzz("load", 20_000, messages(), &tokens, load::check);
}

#[test]
fn json_of_any_text() {
    let mut tokens = json_tokens();
    let words = [
        "\\u0041",
        "\\udc00",
        "\\ud800\\ud800",
        "\\n",
        "\\/",
        "\\x",
        "\n",
        "\t",
        "\r\n",
        "\0",
        "ä",
        "e",
        "E+",
        ".5",
        "-",
        "00",
        "0.1e-7",
        "123456789.123456789",
        "9007199254740993.0",
        "1.7976931348623159e308",
        "4.9e-324",
        "1e22",
        "16777217.0000000001",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "\"value\":",
        "{\"B\":",
        "\"A\"",
        "\"1\":",
        "\"true\":",
        "\"12345678\"",
        "\"1234567\\\\\"",
        "[[[[",
        "]]]]",
        "nul",
        "tru",
    ];
    tokens.extend(words.map(|word| word.as_bytes().to_vec()));
    let hints =
        br#"{"a":{"b":true},"c":"\u00e4","e":{"C":[1,false]},"f":["A",{"B":2},{"T":{"a":null}}],"i":[-1,2,-3,4],
        "l":-170141183460469231731687303715884105728,"m":{"-5":1},"n":{"true":false},"o":{"A":[null]},"p":{"1":-2},
        "s":"x","t":"\n","u":[1,2],"w":340282366920938463463374607431768211455,"x":7,"y":[1,"z"],"z":["::1",5]}"#;
    let inputs = messages().into_iter().map(|message| message[1..].to_vec()).chain([hints.to_vec()]);
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    fuzz("json", 20_000, inputs.collect(), &tokens, json::check);
}

#[test]
fn datums_of_the_zoo() {
    let mut datums: Vec<Vec<u8>> = messages().iter().filter_map(|message| avro::written(message)).collect();
    assert!(datums.len() > 50, "{} messages are good ones", datums.len());
    // The longest number, a negative count with its size, and text.
    let tokens: [&[u8]; 12] = [
        b"\0",
        b"\x01",
        b"\x02",
        b"\x03\x02",
        b"\xFE\xFF\xFF\xFF\x0F",
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
        b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
        b"\x80\x80\0",
        b"\0\0\xC0\x7F\0\0\0\0\0\0\xF0\x7F",
        b"\x04\xC3\xA4",
        b"\x02\xC3",
        &[2; 200],
    ];
    let broken_off: Vec<Vec<u8>> = datums.iter().map(|datum| datum[..datum.len() / 2].to_vec()).collect();
    datums.extend(broken_off);
    fuzz("avro", 20_000, datums, &tokens, avro::check);
}

#[test]
fn messages_broken_off_at_every_byte() {
    for message in messages().iter().step_by(8) {
        for end in 1..message.len() {
            load::check(&message[..end]);
            json::check(&message[1..end]);
        }
    }
}

#[test]
fn lines_of_any_bytes() {
    let mut tokens = json_tokens();
    tokens.extend(["\n", "\r\n", "\r", "\n\n", " \n"].map(|end| end.repeat(2).into_bytes()));
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    let line = |message: Vec<u8>| {
        let size = u8::try_from(message.len()).unwrap_or(u8::MAX);
        [&[message[0], size, message.len().to_le_bytes()[0]], &message[1..], b"\n", &message[1..], b"\r\n"].concat()
    };
    fuzz("lines", 5_000, messages().into_iter().map(line).collect(), &tokens, lines::check);
}

#[test]
fn cloudevents_of_any_message() {
    let inputs = [
        "ce_specversion: 1.0\nce_id: A-1\nce_source: /orders\nce_type: order.placed\n\n{\"quantity\": 2}",
        "ce_specversion: 1.0\nce_id: 1\nce_source: a:b\nce_type: x\nce_time: 2018-04-05T17:31:00.5+02:00\n\
         ce_subject: s\nce_dataschema: https://example.com/s\ncontent-type: text/plain; charset=UTF-8\n\nhello",
        "ce_specversion: 1.0\nce_id: 1\nce_source: /\nce_type: x\nce_comexample: 5\nContent-Type: image/png\n\n\u{1}",
        "ce_specversion: 1.0\nce_id: 1\nce_source: /\nce_type: deleted\nce_partitionkey\ntraceparent: 00-a-b-01",
        "content-type: application/cloudevents+json\n\n\
         {\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"/\", \"type\": \"x\", \"data\": [1, null]}",
        "content-type: Application/CloudEvents+JSON; charset=UTF-8\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\
         \"source\":\"/\",\"type\":\"x\",\"data_base64\":\"AAEC\",\"n\":-5,\"b\":true,\"subject\":null}",
        "content-type: application/cloudevents+json\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\
         \"type\":\"x\",\"datacontenttype\":\"text/xml\",\"data\":\"<much wow=\\\"xml\\\"/>\"}",
        "content-type: application/cloudevents+avro\n\n\u{0}",
    ]
    .map(|text| text.as_bytes().to_vec());
    let mut tokens = json_tokens();
    let words = [
        "ce_",
        "ce_id: ",
        "ce_time: ",
        "ce_specversion: 1.0\n",
        "ce_datacontenttype: ",
        "content-type: ",
        "\n",
        "\n\n",
        ": ",
        "application/json",
        "application/x+json",
        "application/cloudevents+json",
        "text/plain",
        "; charset=",
        "2018-04-05T17:31:00Z",
        "9999-12-31T23:59:60+23:59",
        "%",
        "data",
        "data_base64",
        "specversion",
        "null",
        "AA==",
        "2147483648",
        "Ä",
        "\u{ffff}",
        "\u{0}",
    ];
    tokens.extend(words.map(|word| word.as_bytes().to_vec()));
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    fuzz("cloudevents", 20_000, inputs.to_vec(), &tokens, cloudevents::check);
}

#[test]
fn properties_of_any_text() {
    let inputs = [
        "bootstrap.servers=a.example.com:9092,b.example.com:9092\nclient.id=billing\n",
        "# brokers\nmetadata.broker.list : 127.0.0.1:9092\n! more\nlinger.ms 5\nacks=all\nenable.idempotence=true",
        "bootstrap.servers=h:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required username=\"al\\\"ice\" \\\n  password='x';",
        "bootstrap.servers=h:1\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanisms=SCRAM-SHA-256\nsasl.username=a\n",
        "bootstrap.servers=h:1\nssl.keystore.type=PEM\nssl.keystore.key=-----BEGIN PRIVATE KEY-----\\nAA==\\n\n",
        "bootstrap.servers=h:1\nssl.truststore.location=trust.jks\nssl.truststore.type=JKS\n",
        "bootstrap.servers=h:1\ngroup.id=g\npartition.assignment.strategy=\
         org.apache.kafka.clients.consumer.CooperativeStickyAssignor\nauto.offset.reset=earliest",
        "bootstrap.servers=h:1\nbuffer.memory=33554432\nmax.request.size=1048576\ndelivery.timeout.ms=120000\n",
        "key.serializer=org.apache.kafka.common.serialization.StringSerializer\nschema.registry.url=https://r:8081\n",
        "\\u0062ootstrap.servers=\\u0068:1\r\nclient\\.id=\\t\\\r\n  x",
    ]
    .map(|text| text.as_bytes().to_vec());
    let tokens = [
        "=",
        ":",
        "\\",
        "\n",
        "\\\n",
        "\\u00e4",
        "\\uD800",
        "\\u",
        "#",
        "!",
        " ",
        "ssl.",
        "sasl.",
        "\"",
        "'",
        ";",
        "required ",
        "username=",
        "password=",
        "true",
        "-1",
        "99999999999999999999",
        "\u{feff}",
        "\0",
        "ä",
    ]
    .map(str::as_bytes);
    fuzz("properties", 200, inputs.to_vec(), &tokens, properties::check);
}

/// Numbers and sizes of Avro at the ends of their ranges, and ids.
fn avro_tokens() -> Vec<Vec<u8>> {
    let tokens: [&[u8]; 22] = [
        b"\0",
        b"\x01",
        b"\x02",
        b"\x0E",
        b"\x80",
        b"\xFF",
        b"\xC3\x01",
        b"\xFE\xFF\xFF\xFF\x0F",
        b"\xFF\xFF\xFF\xFF\x0F",
        b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F",
        b"\0\0\xC0\x7F",
        b"\0\0\0\0\0\0\xF8\x7F",
        b"\0\0\0\0\0\0\xF0\xFF",
        b"\x02\x02",
        b"\x02\x02x",
        b"\xC3\xA4",
        b"\0\0\0\0\x01",
        b"{\"seq\":7}",
        b"avro/binary",
        &[0; 17],
    ];
    let mut tokens = tokens.map(<[u8]>::to_vec).to_vec();
    tokens.push([2, 0].repeat(150));
    tokens
}

#[test]
fn datums_of_any_bytes() {
    let tokens = avro_tokens();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    fuzz("datum", 20_000, datum::inputs(), &tokens, datum::check);
}

#[test]
fn framings_of_any_message() {
    let tokens = avro_tokens();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    fuzz("framing", 20_000, framing::inputs(), &tokens, framing::check);
}
