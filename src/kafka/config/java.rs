//! Java's spellings, said in librdkafka's.

use super::names;
use crate::jaas::{jaas_option, jaas_options};
use Meaning::{Ignored, Own, Refused, Registry, Settings};

/// The meaning of a key in a properties file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// These settings of librdkafka; none, if the value is what librdkafka does anyway.
    Settings(Vec<(&'a str, String)>),
    /// A setting for the client of a schema registry, kept for it.
    Registry,
    /// A setting of this crate.
    Own,
    /// Known to Java's clients and without meaning here, for this reason.
    Ignored(&'static str),
    /// Known, and not to be had here. The text says what to do instead.
    Refused(String),
}

/// The meaning of `key`. `other` finds the value of another key of the same file: Java's keystores and compression
/// levels take two keys to say one thing.
pub(super) fn meaning<'a, 'v>(key: &'a str, value: &str, other: impl Fn(&str) -> Option<&'v str>) -> Meaning<'a> {
    match key {
        "fetch.max.wait.ms" => one("fetch.wait.max.ms", value),
        "max.request.size" => one("message.max.bytes", value),
        "buffer.memory" => match value.parse::<u64>() {
            Ok(bytes) => one("queue.buffering.max.kbytes", bytes.div_ceil(1024).to_string()),
            Err(_) => refused("not a number of bytes"),
        },
        // Java: no batching.
        "batch.size" if value == "0" => one("batch.num.messages", "1"),
        // Java's -1 leaves the size to the system, as 0 does in librdkafka.
        "receive.buffer.bytes" => one("socket.receive.buffer.bytes", system_default(value)),
        "send.buffer.bytes" => one("socket.send.buffer.bytes", system_default(value)),
        "compression.gzip.level" | "compression.lz4.level" | "compression.zstd.level" => {
            let codec = key.split('.').nth(1);
            if other("compression.type").or_else(|| other("compression.codec")) == codec {
                one("compression.level", value)
            } else {
                Ignored("another codec is configured")
            }
        }
        "client.dns.lookup" if value == "default" => one("client.dns.lookup", "use_all_dns_ips"),
        "group.protocol" => one("group.protocol", value.to_ascii_lowercase()),
        "isolation.level" => one("isolation.level", value.to_ascii_lowercase()),
        "auto.offset.reset" => offset_reset(value),
        "partition.assignment.strategy" => assignors(value),
        "partitioner.class" => partitioner(value),
        "partitioner.ignore.keys" => match value {
            "true" => one("partitioner", "random"),
            _ => Settings(Vec::new()),
        },
        "sasl.jaas.config" => jaas(value),
        "sasl.login.callback.handler.class" if value.ends_with(".OAuthBearerLoginCallbackHandler") => {
            one("sasl.oauthbearer.method", "oidc")
        }
        "enable.auto.commit" | "auto.commit.enable" | "enable.auto.offset.store" if value == "true" => refused(
            "offsets are committed after a message is handled, or by \
                 `EventConsumer::commit`; remove this key",
        ),
        "delivery.report.only.error" if value == "true" => {
            refused("a producer waits for the delivery report of each event; remove this key")
        }
        "queuing.strategy" if value == "lifo" => refused("producers keep events in order; remove this key"),
        "transactional.id" => refused("transactions are not supported yet; remove this key"),
        "ssl.endpoint.identification.algorithm" if value.is_empty() => {
            one("ssl.endpoint.identification.algorithm", "none")
        }
        _ if key.starts_with("ssl.truststore.") => truststore(key, value, other),
        _ if key.starts_with("ssl.keystore.") => keystore(key, value, other),
        _ if is_registry(key) => Registry,
        _ if names::is_key(key) => Own,
        _ => IGNORED
            .iter()
            .find(|(keys, _)| keys.split_whitespace().any(|known| known == key))
            .map_or_else(|| one(key, value), |(_, reason)| Ignored(reason)),
    }
}

fn one(key: &str, value: impl Into<String>) -> Meaning<'_> {
    Settings(vec![(key, value.into())])
}

fn refused(reason: &str) -> Meaning<'static> {
    Refused(reason.to_owned())
}

fn system_default(value: &str) -> &str {
    if value == "-1" { "0" } else { value }
}

fn offset_reset(value: &str) -> Meaning<'static> {
    match value {
        "none" => one("auto.offset.reset", "error"),
        _ if value.starts_with("by_duration") => {
            refused("librdkafka has no reset by duration; use `earliest`, `latest` or `none`")
        }
        _ => one("auto.offset.reset", value),
    }
}

fn assignors(value: &str) -> Meaning<'static> {
    let mut names = Vec::new();
    for class in value.split(',').map(str::trim) {
        names.push(match class.rsplit('.').next().unwrap_or(class) {
            "RangeAssignor" => "range",
            "RoundRobinAssignor" => "roundrobin",
            "CooperativeStickyAssignor" => "cooperative-sticky",
            "StickyAssignor" => {
                return refused(
                    "librdkafka has no eager sticky assignor; use `cooperative-sticky` \
                     (for all members of the group), `range` or `roundrobin`",
                );
            }
            _ if class.contains('.') => {
                return refused(
                    "custom assignors need Java; use `range`, `roundrobin` or \
                     `cooperative-sticky`",
                );
            }
            _ => class,
        });
    }
    // Java's own default. A cooperative member cannot join a group that still speaks `range`,
    // so librdkafka refuses the mixture; what a Java group agrees on then is `range`.
    if names == ["range", "cooperative-sticky"] {
        names.pop();
    }
    one("partition.assignment.strategy", names.join(","))
}

fn partitioner(class: &str) -> Meaning<'static> {
    match class.rsplit('.').next().unwrap_or(class) {
        "" | "DefaultPartitioner" => one("partitioner", "murmur2_random"),
        _ => refused(
            "custom partitioners need Java; use librdkafka's `partitioner` \
             (murmur2_random is Java's default)",
        ),
    }
}

/// `<login module class> <flag> name="value" ... ;`
fn jaas(value: &str) -> Meaning<'static> {
    let module = value.split_whitespace().next().unwrap_or_default();
    match module.rsplit('.').next().unwrap_or(module) {
        "PlainLoginModule" | "ScramLoginModule" => {}
        "OAuthBearerLoginModule" => return oauth(value),
        "Krb5LoginModule" => {
            return refused(
                "Krb5LoginModule is not supported here; use librdkafka's `sasl.kerberos.principal` and \
                 `sasl.kerberos.keytab`",
            );
        }
        _ => {
            return refused("unknown login module; use PlainLoginModule, ScramLoginModule or OAuthBearerLoginModule");
        }
    }
    match (jaas_option(value, "username"), jaas_option(value, "password")) {
        (Some(username), Some(password)) => Settings(vec![("sasl.username", username), ("sasl.password", password)]),
        _ => refused("expected `... required username=\"...\" password=\"...\";`"),
    }
}

/// OAuth's client credentials. Newer Java clients have them in keys of their own, and none here.
fn oauth(value: &str) -> Meaning<'static> {
    const EXTENSION: &str = "extension_";
    let mut settings = Vec::new();
    let mut extensions = Vec::new();
    for (name, value) in jaas_options(value) {
        match name {
            "clientId" => settings.push(("sasl.oauthbearer.client.id", value)),
            "clientSecret" => settings.push(("sasl.oauthbearer.client.secret", value)),
            "scope" => settings.push(("sasl.oauthbearer.scope", value)),
            _ if name.starts_with("unsecuredLogin") => {
                return refused(
                    "tokens without a signature are for tests; use librdkafka's `enable.sasl.oauthbearer.unsecure.jwt` \
                     and `sasl.oauthbearer.config`",
                );
            }
            _ => extensions.extend(name.strip_prefix(EXTENSION).map(|name| format!("{name}={value}"))),
        }
    }
    if !extensions.is_empty() {
        settings.push(("sasl.oauthbearer.extensions", extensions.join(",")));
    }
    Settings(settings)
}

fn truststore<'a, 'v>(key: &'a str, value: &str, other: impl Fn(&str) -> Option<&'v str>) -> Meaning<'a> {
    match key {
        "ssl.truststore.certificates" => one("ssl.ca.pem", pem(value)),
        "ssl.truststore.location" if is(other("ssl.truststore.type"), "PEM") => one("ssl.ca.location", value),
        "ssl.truststore.location" => refused(
            "librdkafka reads certificates as PEM only; write them with `keytool -exportcert -rfc` \
             (JKS) or `openssl pkcs12 -nokeys` (PKCS12) and name that file in `ssl.ca.location`",
        ),
        "ssl.truststore.type" => Settings(Vec::new()),
        "ssl.truststore.password" => Ignored("certificates in PEM have no password"),
        _ => one(key, value),
    }
}

fn keystore<'a, 'v>(key: &'a str, value: &str, other: impl Fn(&str) -> Option<&'v str>) -> Meaning<'a> {
    match key {
        "ssl.keystore.key" => one("ssl.key.pem", pem(value)),
        "ssl.keystore.certificate.chain" => one("ssl.certificate.pem", pem(value)),
        // One PEM file with the key and the chain; librdkafka finds each in it.
        "ssl.keystore.location" if is(other("ssl.keystore.type"), "PEM") => {
            Settings(vec![("ssl.key.location", value.to_owned()), ("ssl.certificate.location", value.to_owned())])
        }
        "ssl.keystore.location" if is(other("ssl.keystore.type"), "JKS") => refused(
            "librdkafka reads PKCS12 and PEM, not JKS; convert it with \
             `keytool -importkeystore -deststoretype PKCS12` and set `ssl.keystore.type=PKCS12`",
        ),
        "ssl.keystore.type" => Settings(Vec::new()),
        _ => one(key, value),
    }
}

fn is(value: Option<&str>, wanted: &str) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
}

/// PEM as OpenSSL reads it: Java also takes it on a single line, which is what a continued
/// line in a properties file becomes.
pub(super) fn pem(value: &str) -> String {
    const DASHES: &str = "-----";
    let mut lines = String::new();
    for part in value.split(DASHES).map(str::trim) {
        if part.starts_with("BEGIN ") || part.starts_with("END ") {
            lines.extend([DASHES, part, DASHES, "\n"]);
        } else {
            let base64: Vec<char> = part.chars().filter(|c| !c.is_whitespace()).collect();
            for line in base64.chunks(64) {
                lines.extend(line);
                lines.push('\n');
            }
        }
    }
    lines
}

/// Keys of Confluent's serializers and of their registry client.
fn is_registry(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "auto.register.schemas",
        "cache.capacity",
        "http.connect.timeout.ms",
        "http.read.timeout.ms",
        "max.retries",
        "max.schemas.per.subject",
        "latest.cache.size",
        "latest.cache.ttl.sec",
        "missing.id.cache.ttl.sec",
        "missing.schema.cache.ttl.sec",
        "missing.version.cache.ttl.sec",
        "proxy.host",
        "proxy.port",
        "retries.max.wait.ms",
        "retries.wait.ms",
        "schema.reflection",
        "subject.name.strategy",
        "use.latest.version",
        "use.latest.with.metadata",
        "use.schema.id",
        "normalize.schemas",
        "latest.compatibility.strict",
        "key.subject.name.strategy",
        "value.subject.name.strategy",
        "specific.avro.reader",
        "json.fail.invalid.schema",
        "json.value.type",
    ];
    ["schema.registry.", "basic.auth.", "bearer.auth."].iter().any(|prefix| key.starts_with(prefix))
        || KEYS.contains(&key)
}

/// The keys of Java's producer, consumer and admin client (Kafka 4.3) that librdkafka does not
/// have, by the reason why they mean nothing here.
const IGNORED: &[(&str, &str)] = &[
    (
        "key.serializer value.serializer key.deserializer value.deserializer",
        "the event type defines how it is read and written",
    ),
    (
        "interceptor.classes metric.reporters auto.include.jmx.reporter metrics.num.samples metrics.recording.level \
         metrics.sample.window.ms config.providers security.providers",
        "it configures Java classes",
    ),
    (
        "max.poll.records default.api.timeout.ms max.block.ms metadata.max.idle.ms \
         socket.connection.setup.timeout.max.ms exclude.internal.topics bootstrap.controllers \
         internal.throw.on.fetch.stable.offset.unsupported share.acknowledgement.mode \
         share.acquire.mode transaction.two.phase.commit.enable \
         partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms",
        "librdkafka has no such setting",
    ),
    (
        "ssl.enabled.protocols ssl.engine.factory.class ssl.keymanager.algorithm ssl.protocol \
         ssl.provider ssl.secure.random.implementation ssl.trustmanager.algorithm",
        "it configures Java's TLS",
    ),
    (
        "sasl.client.callback.handler.class sasl.login.callback.handler.class sasl.login.class \
         sasl.login.connect.timeout.ms sasl.login.read.timeout.ms \
         sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds \
         sasl.login.refresh.window.factor sasl.login.refresh.window.jitter \
         sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms \
         sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor \
         sasl.oauthbearer.assertion.template.file sasl.oauthbearer.clock.skew.seconds \
         sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer \
         sasl.oauthbearer.header.urlencode sasl.oauthbearer.jwks.endpoint.refresh.ms \
         sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms \
         sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url \
         sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class \
         sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name",
        "it configures Java's login",
    ),
];

/// Names to suggest for a mistyped key.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    const TRANSLATED: &str = "fetch.max.wait.ms max.request.size buffer.memory \
        receive.buffer.bytes send.buffer.bytes sasl.jaas.config ssl.truststore.type \
        ssl.truststore.location ssl.truststore.certificates ssl.keystore.type ssl.keystore.key \
        ssl.keystore.certificate.chain schema.registry.url basic.auth.credentials.source \
        basic.auth.user.info bearer.auth.credentials.source bearer.auth.token auto.register.schemas \
        use.latest.version";
    IGNORED
        .iter()
        .map(|(keys, _)| *keys)
        .chain([TRANSLATED, names::PREFIX, names::NAMES])
        .flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone<'a>(key: &'a str, value: &str) -> Meaning<'a> {
        meaning(key, value, |_| None)
    }

    #[test]
    fn jaas_options_may_be_quoted_escaped_and_in_any_order() {
        let login = |username: &str, password: &str| -> Meaning<'static> {
            Settings(vec![("sasl.username", username.to_owned()), ("sasl.password", password.to_owned())])
        };
        let plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
        assert_eq!(
            alone("sasl.jaas.config", &format!(r#"{plain} username="alice" password="a=b; \"c\\";"#)),
            login("alice", r#"a=b; "c\"#)
        );
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required";
        assert_eq!(
            alone("sasl.jaas.config", &format!("{scram} tokenauth=true password = 'x y' username=bob;")),
            login("bob", "x y")
        );
        for broken in [
            plain.to_owned(),
            format!(r#"{plain} username="alice";"#),
            format!(r#"{plain} username="alice password=x;"#),
            "com.example.Login required;".to_owned(),
            String::new(),
        ] {
            let Refused(reason) = alone("sasl.jaas.config", &broken) else {
                panic!("{broken} is taken");
            };
            assert!(!reason.contains("alice"), "{reason}");
        }
    }

    #[test]
    fn client_credentials_of_java_are_those_of_librdkafka() {
        let module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
        let all = format!(
            r#"{module} clientId="billing" clientSecret="se\"cret" scope='orders.read' extension_logicalCluster=lkc-1 extension_identityPoolId="pool-1";"#
        );
        let expected = [
            ("sasl.oauthbearer.client.id", "billing"),
            ("sasl.oauthbearer.client.secret", "se\"cret"),
            ("sasl.oauthbearer.scope", "orders.read"),
            ("sasl.oauthbearer.extensions", "logicalCluster=lkc-1,identityPoolId=pool-1"),
        ];
        let expected = expected.map(|(key, value)| (key, value.to_owned())).to_vec();
        assert_eq!(alone("sasl.jaas.config", &all), Settings(expected));
        // Kafka 4.1 has them in keys of their own.
        assert_eq!(alone("sasl.jaas.config", &format!("{module};")), Settings(Vec::new()));
        for class in ["OAuthBearerLoginCallbackHandler", "secured.OAuthBearerLoginCallbackHandler"] {
            let class = format!("org.apache.kafka.common.security.oauthbearer.{class}");
            let method = Settings(vec![("sasl.oauthbearer.method", "oidc".to_owned())]);
            assert_eq!(alone("sasl.login.callback.handler.class", &class), method);
        }
        assert!(matches!(alone("sasl.login.callback.handler.class", "com.example.Login"), Ignored(_)));
        let unsecured = alone("sasl.jaas.config", &format!("{module} unsecuredLoginStringClaim_sub=\"alice\";"));
        assert!(matches!(unsecured, Refused(_)));
    }

    #[test]
    fn pem_on_one_line_gets_its_line_breaks_back() {
        let one_line =
            format!("-----BEGIN CERTIFICATE----- {} {} -----END CERTIFICATE-----", "A".repeat(60), "B".repeat(10));
        let expected =
            format!("-----BEGIN CERTIFICATE-----\n{}BBBB\nBBBBBB\n-----END CERTIFICATE-----\n", "A".repeat(60));
        assert_eq!(pem(&one_line), expected);
        assert_eq!(pem(&expected), expected);
    }

    #[test]
    fn units_and_special_values_are_converted() {
        for (key, value, expected) in [
            ("buffer.memory", "33554432", ("queue.buffering.max.kbytes", "32768")),
            ("batch.size", "0", ("batch.num.messages", "1")),
            ("receive.buffer.bytes", "-1", ("socket.receive.buffer.bytes", "0")),
            ("fetch.max.wait.ms", "250", ("fetch.wait.max.ms", "250")),
            ("group.protocol", "CONSUMER", ("group.protocol", "consumer")),
            ("auto.offset.reset", "none", ("auto.offset.reset", "error")),
            (
                "partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.RangeAssignor, \
                 org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
                ("partition.assignment.strategy", "range"),
            ),
            (
                "partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
                ("partition.assignment.strategy", "cooperative-sticky"),
            ),
            ("ssl.endpoint.identification.algorithm", "", ("ssl.endpoint.identification.algorithm", "none")),
        ] {
            assert_eq!(alone(key, value), Settings(vec![(expected.0, expected.1.to_owned())]), "{key}={value}");
        }
    }

    #[test]
    fn a_compression_level_counts_for_its_own_codec() {
        let gzip = |key: &str| (key == "compression.type").then_some("gzip");
        assert_eq!(meaning("compression.gzip.level", "9", gzip), Settings(vec![("compression.level", "9".to_owned())]));
        assert!(matches!(meaning("compression.zstd.level", "9", gzip), Ignored(_)));
    }

    #[test]
    fn what_cannot_be_had_says_what_to_do_instead() {
        for (key, value, hint) in [
            ("ssl.truststore.location", "trust.jks", "ssl.ca.location"),
            ("partitioner.class", "com.example.Mine", "murmur2_random"),
            ("enable.auto.commit", "true", "EventConsumer::commit"),
            ("transactional.id", "tx", "not supported yet"),
            ("delivery.report.only.error", "true", "waits for the delivery report"),
            ("queuing.strategy", "lifo", "order"),
            ("auto.offset.reset", "by_duration:PT1H", "earliest"),
            ("partition.assignment.strategy", "com.example.Mine", "range"),
        ] {
            let Refused(reason) = alone(key, value) else {
                panic!("{key} is taken");
            };
            assert!(reason.contains(hint), "{reason}");
        }
    }
}
