//! The configuration properties of librdkafka.

use Scope::{Both, Consumer, Producer};
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

/// Which clients understand a property. librdkafka warns about one given to the other kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Both,
    Producer,
    Consumer,
}

/// librdkafka's verdict on a key and its value.
pub(super) enum Verdict {
    Good,
    UnknownKey,
    /// The reason, without the value.
    BadValue(String),
}

/// The remedy for a build without OpenSSL.
pub(super) const TLS: &str = "turn on event-schema's feature `kafka-ssl`";

/// The remedy for a build without libcurl.
pub(super) const OIDC: &str = "turn on event-schema's feature `kafka-oidc`, with the headers of libcurl installed";

/// Asks librdkafka itself, so that a newer one may know more keys than [`PROPERTIES`].
pub(super) fn check(key: &str, value: &str, features: &[String]) -> Verdict {
    // librdkafka reports a feature that its build lacks as an invalid value.
    let has = |feature: &str| features.iter().any(|known| known == feature);
    let tls = key.starts_with("ssl.") || key == "security.protocol" && value.to_ascii_uppercase().ends_with("SSL");
    if tls && !has("ssl") {
        return Verdict::BadValue(format!("librdkafka was built without TLS; {TLS}"));
    }
    // `sasl.oauthbearer.config` is for tokens without a signature.
    let oidc = match key {
        "sasl.oauthbearer.method" => value.eq_ignore_ascii_case("oidc"),
        _ => key.starts_with("sasl.oauthbearer.") && key != "sasl.oauthbearer.config" || key.starts_with("https.ca."),
    };
    if oidc && is_known(key) && !has("oidc") {
        return Verdict::BadValue(format!("librdkafka was built without OIDC; {OIDC}"));
    }
    if canonical(key) == "compression.codec" && value == "zstd" && !has("zstd") {
        return Verdict::BadValue(
            "librdkafka was built without zstd; add rdkafka with its feature `zstd`, or use lz4".to_owned(),
        );
    }
    let mut config = ClientConfig::new();
    config.set(key, value);
    match config.create_native_config() {
        Ok(_) => Verdict::Good,
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => Verdict::UnknownKey,
        Err(KafkaError::ClientConfig(_, reason, ..)) => Verdict::BadValue(without(value, &reason)),
        // The only other failure is a NUL byte in the key or the value.
        Err(_) => Verdict::BadValue("contains a NUL byte".to_owned()),
    }
}

/// librdkafka's reason, reduced to the part after the value if it quotes the value.
fn without(value: &str, reason: &str) -> String {
    let reason = reason.trim();
    if let Some((_, range)) = reason.split_once("is outside allowed range ") {
        format!("outside the allowed range {range}")
    } else if value.is_empty() || !reason.contains(value) {
        reason.to_owned()
    } else {
        "not a value that librdkafka accepts".to_owned()
    }
}

/// The optional parts that librdkafka was built with.
pub(super) fn features() -> Vec<String> {
    let features = ClientConfig::new()
        .create_native_config()
        .and_then(|native| native.get("builtin.features"))
        .unwrap_or_default();
    features.split(',').map(str::to_owned).collect()
}

/// The name librdkafka itself uses: an alias and its target are one setting.
pub(super) fn canonical(key: &str) -> &str {
    match find(key) {
        Some((_, _, Some(target))) => target,
        _ => key,
    }
}

/// Which clients a key is for; both, when the key is newer than [`PROPERTIES`].
pub(super) fn scope(key: &str) -> Scope {
    find(key).map_or(Both, |(_, scope, _)| *scope)
}

pub(super) fn is_known(key: &str) -> bool {
    find(key).is_some()
}

fn find(key: &str) -> Option<&'static Property> {
    PROPERTIES.binary_search_by_key(&key, |(name, ..)| name).ok().map(|index| &PROPERTIES[index])
}

type Property = (&'static str, Scope, Option<&'static str>);

/// Name, scope and what it is an alias for: the table of librdkafka 2.12.1's `CONFIGURATION.md`,
/// sorted by name, without what cannot be set as text (callbacks and the like).
#[rustfmt::skip]
pub(super) const PROPERTIES: &[Property] = &[
    ("acks", Producer, Some("request.required.acks")),
    ("allow.auto.create.topics", Both, None),
    ("api.version.fallback.ms", Both, None),
    ("api.version.request", Both, None),
    ("api.version.request.timeout.ms", Both, None),
    ("auto.commit.enable", Consumer, None),
    ("auto.commit.interval.ms", Consumer, None),
    ("auto.offset.reset", Consumer, None),
    ("batch.num.messages", Producer, None),
    ("batch.size", Producer, None),
    ("bootstrap.servers", Both, Some("metadata.broker.list")),
    ("broker.address.family", Both, None),
    ("broker.address.ttl", Both, None),
    ("broker.version.fallback", Both, None),
    ("check.crcs", Consumer, None),
    ("client.dns.lookup", Both, None),
    ("client.id", Both, None),
    ("client.rack", Both, None),
    ("compression.codec", Producer, None),
    ("compression.level", Producer, None),
    ("compression.type", Producer, Some("compression.codec")),
    ("connections.max.idle.ms", Both, None),
    ("consume.callback.max.messages", Consumer, None),
    ("coordinator.query.interval.ms", Consumer, None),
    ("debug", Both, None),
    ("delivery.report.only.error", Producer, None),
    ("delivery.timeout.ms", Producer, Some("message.timeout.ms")),
    ("enable.auto.commit", Consumer, None),
    ("enable.auto.offset.store", Consumer, None),
    ("enable.gapless.guarantee", Producer, None),
    ("enable.idempotence", Producer, None),
    ("enable.metrics.push", Both, None),
    ("enable.partition.eof", Consumer, None),
    ("enable.random.seed", Both, None),
    ("enable.sasl.oauthbearer.unsecure.jwt", Both, None),
    ("enable.ssl.certificate.verification", Both, None),
    ("fetch.error.backoff.ms", Consumer, None),
    ("fetch.max.bytes", Consumer, None),
    ("fetch.message.max.bytes", Consumer, None),
    ("fetch.min.bytes", Consumer, None),
    ("fetch.queue.backoff.ms", Consumer, None),
    ("fetch.wait.max.ms", Consumer, None),
    ("group.id", Consumer, None),
    ("group.instance.id", Consumer, None),
    ("group.protocol", Consumer, None),
    ("group.protocol.type", Consumer, None),
    ("group.remote.assignor", Consumer, None),
    ("heartbeat.interval.ms", Consumer, None),
    ("https.ca.location", Both, None),
    ("https.ca.pem", Both, None),
    ("internal.termination.signal", Both, None),
    ("isolation.level", Consumer, None),
    ("linger.ms", Producer, Some("queue.buffering.max.ms")),
    ("log.connection.close", Both, None),
    ("log.thread.name", Both, None),
    ("log_level", Both, None),
    ("max.in.flight", Both, Some("max.in.flight.requests.per.connection")),
    ("max.in.flight.requests.per.connection", Both, None),
    ("max.partition.fetch.bytes", Consumer, Some("fetch.message.max.bytes")),
    ("max.poll.interval.ms", Consumer, None),
    ("message.copy.max.bytes", Both, None),
    ("message.max.bytes", Both, None),
    ("message.send.max.retries", Producer, None),
    ("message.timeout.ms", Producer, None),
    ("metadata.broker.list", Both, None),
    ("metadata.max.age.ms", Both, None),
    ("metadata.recovery.rebootstrap.trigger.ms", Both, None),
    ("metadata.recovery.strategy", Both, None),
    ("offset.store.method", Consumer, None),
    ("offset.store.path", Consumer, None),
    ("offset.store.sync.interval.ms", Consumer, None),
    ("partition.assignment.strategy", Consumer, None),
    ("partitioner", Producer, None),
    ("plugin.library.paths", Both, None),
    ("produce.offset.report", Producer, None),
    ("queue.buffering.backpressure.threshold", Producer, None),
    ("queue.buffering.max.kbytes", Producer, None),
    ("queue.buffering.max.messages", Producer, None),
    ("queue.buffering.max.ms", Producer, None),
    ("queued.max.messages.kbytes", Consumer, None),
    ("queued.min.messages", Consumer, None),
    ("queuing.strategy", Producer, None),
    ("receive.message.max.bytes", Both, None),
    ("reconnect.backoff.jitter.ms", Both, None),
    ("reconnect.backoff.max.ms", Both, None),
    ("reconnect.backoff.ms", Both, None),
    ("request.required.acks", Producer, None),
    ("request.timeout.ms", Producer, None),
    ("retries", Producer, Some("message.send.max.retries")),
    ("retry.backoff.max.ms", Both, None),
    ("retry.backoff.ms", Both, None),
    ("sasl.kerberos.keytab", Both, None),
    ("sasl.kerberos.kinit.cmd", Both, None),
    ("sasl.kerberos.min.time.before.relogin", Both, None),
    ("sasl.kerberos.principal", Both, None),
    ("sasl.kerberos.service.name", Both, None),
    ("sasl.mechanism", Both, Some("sasl.mechanisms")),
    ("sasl.mechanisms", Both, None),
    ("sasl.oauthbearer.assertion.algorithm", Both, None),
    ("sasl.oauthbearer.assertion.claim.aud", Both, None),
    ("sasl.oauthbearer.assertion.claim.exp.seconds", Both, None),
    ("sasl.oauthbearer.assertion.claim.iss", Both, None),
    ("sasl.oauthbearer.assertion.claim.jti.include", Both, None),
    ("sasl.oauthbearer.assertion.claim.nbf.seconds", Both, None),
    ("sasl.oauthbearer.assertion.claim.sub", Both, None),
    ("sasl.oauthbearer.assertion.file", Both, None),
    ("sasl.oauthbearer.assertion.jwt.template.file", Both, None),
    ("sasl.oauthbearer.assertion.private.key.file", Both, None),
    ("sasl.oauthbearer.assertion.private.key.passphrase", Both, None),
    ("sasl.oauthbearer.assertion.private.key.pem", Both, None),
    ("sasl.oauthbearer.client.credentials.client.id", Both, Some("sasl.oauthbearer.client.id")),
    ("sasl.oauthbearer.client.credentials.client.secret", Both, Some("sasl.oauthbearer.client.secret")),
    ("sasl.oauthbearer.client.id", Both, None),
    ("sasl.oauthbearer.client.secret", Both, None),
    ("sasl.oauthbearer.config", Both, None),
    ("sasl.oauthbearer.extensions", Both, None),
    ("sasl.oauthbearer.grant.type", Both, None),
    ("sasl.oauthbearer.metadata.authentication.type", Both, None),
    ("sasl.oauthbearer.method", Both, None),
    ("sasl.oauthbearer.scope", Both, None),
    ("sasl.oauthbearer.token.endpoint.url", Both, None),
    ("sasl.password", Both, None),
    ("sasl.username", Both, None),
    ("security.protocol", Both, None),
    ("session.timeout.ms", Consumer, None),
    ("socket.blocking.max.ms", Both, None),
    ("socket.connection.setup.timeout.ms", Both, None),
    ("socket.keepalive.enable", Both, None),
    ("socket.max.fails", Both, None),
    ("socket.nagle.disable", Both, None),
    ("socket.receive.buffer.bytes", Both, None),
    ("socket.send.buffer.bytes", Both, None),
    ("socket.timeout.ms", Both, None),
    ("ssl.ca.certificate.stores", Both, None),
    ("ssl.ca.location", Both, None),
    ("ssl.ca.pem", Both, None),
    ("ssl.certificate.location", Both, None),
    ("ssl.certificate.pem", Both, None),
    ("ssl.cipher.suites", Both, None),
    ("ssl.crl.location", Both, None),
    ("ssl.curves.list", Both, None),
    ("ssl.endpoint.identification.algorithm", Both, None),
    ("ssl.engine.id", Both, None),
    ("ssl.engine.location", Both, None),
    ("ssl.key.location", Both, None),
    ("ssl.key.password", Both, None),
    ("ssl.key.pem", Both, None),
    ("ssl.keystore.location", Both, None),
    ("ssl.keystore.password", Both, None),
    ("ssl.providers", Both, None),
    ("ssl.sigalgs.list", Both, None),
    ("statistics.interval.ms", Both, None),
    ("sticky.partitioning.linger.ms", Producer, None),
    ("topic.blacklist", Both, None),
    ("topic.metadata.propagation.max.ms", Both, None),
    ("topic.metadata.refresh.fast.cnt", Both, None),
    ("topic.metadata.refresh.fast.interval.ms", Both, None),
    ("topic.metadata.refresh.interval.ms", Both, None),
    ("topic.metadata.refresh.sparse", Both, None),
    ("transaction.timeout.ms", Producer, None),
    ("transactional.id", Producer, None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_known_to_librdkafka() {
        assert!(PROPERTIES.is_sorted_by_key(|(name, ..)| name));
        for (name, _, alias) in PROPERTIES {
            assert!(!matches!(check(name, "0", &features()), Verdict::UnknownKey), "{name}");
            if let Some(target) = alias {
                assert!(is_known(target), "{name} -> {target}");
            }
        }
    }

    #[test]
    fn a_reason_does_not_quote_the_value() {
        for (key, value) in [("acks", "many"), ("linger.ms", "-77"), ("security.protocol", "x1")] {
            let Verdict::BadValue(reason) = check(key, value, &features()) else {
                panic!("{key} takes {value}");
            };
            assert!(!reason.contains(value), "{reason}");
        }
    }
}
