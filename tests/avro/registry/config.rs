//! The keys of a configuration, in Java's and in Python's spelling.

use event_schema::kafka::KafkaConfig;
use event_schema::registry::{RegistryConfig, SchemaRegistry};

fn problems(config: &RegistryConfig) -> String {
    let error = config.check().unwrap_err();
    assert!(error.is_config());
    error.to_string()
}

#[test]
fn all_faults_are_named_at_once_without_values() {
    let config = RegistryConfig::new("https://alice:hush@one.example.com,hush.example.com")
        .set("basic.auth.user.inf", "hush")
        .set("schema.registry.basic.auth.user.info", "hush")
        .set("use.latest.version", "true")
        .set("max.retries", "-1")
        .set("cache.capacity", "0")
        .set("retries.wait.ms", "1s")
        .set("timeout", "-1")
        .set("use.schema.id", "-7")
        .set("proxy.host", "alice:hush@proxy")
        .set("value.subject.name.strategy", "com.example.MyStrategy")
        .set("ssl.truststore.location", "trust.jks")
        .set("ssl.keystore.location", "key.jks")
        .set("hush", "hush");
    let expected = "unknown key `basic.auth.user.inf`, did you mean `basic.auth.user.info`?
not a known key of a schema registry
`schema.registry.url`: not an http or https URL
`schema.registry.basic.auth.user.info`: not `user:password`
`timeout`: not a number of seconds
`cache.capacity`: not a number in range
`ssl.truststore.location`: certificates are read as PEM only; write them with `keytool -exportcert -rfc` (JKS) or `openssl pkcs12 -nokeys` (PKCS12), and set `schema.registry.ssl.truststore.type=PEM`
`ssl.keystore.location`: keys are read from PKCS12 and PEM, not from JKS; convert it with `keytool -importkeystore -deststoretype PKCS12`, and set `schema.registry.ssl.keystore.type=PKCS12`
`max.retries`: not a number in range
`retries.wait.ms`: not a number of milliseconds
`use.schema.id`: not the id of a schema
`use.latest.version`: needs `auto.register.schemas=false`
`value.subject.name.strategy`: not a strategy of this crate: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy";
    assert_eq!(problems(&config), expected);
    let shown = format!("{config:?}");
    assert!(!shown.contains("hush") && !shown.contains("alice"), "{shown}");
    assert!(shown.contains(r#""max.retries": "-1""#), "{shown}");
}

#[test]
fn credentials_that_are_not_complete_are_named() {
    let config = |source: &str, value: &str| RegistryConfig::new("http://x").set(source, value);
    for (config, problem) in [
        (
            config("basic.auth.credentials.source", "USER_INFO"),
            "`basic.auth.user.info` is missing, with basic.auth.credentials.source=USER_INFO",
        ),
        (
            config("basic.auth.credentials.source", "FILE"),
            "`basic.auth.credentials.source`: not `USER_INFO`, `URL` or `SASL_INHERIT`",
        ),
        (
            config("basic.auth.credentials.source", "SASL_INHERIT"),
            "`basic.auth.credentials.source`: needs `sasl.jaas.config`, or `sasl.username` and `sasl.password`, in the same file, or \
             `KafkaConfig::registry`",
        ),
        (
            config("bearer.auth.credentials.source", "STATIC_TOKEN"),
            "`bearer.auth.token` is missing, with bearer.auth.credentials.source=STATIC_TOKEN",
        ),
        (
            config("bearer.auth.credentials.source", "STATIC_TOKEN").set("bearer.auth.token", "two\nlines"),
            "`bearer.auth.token`: has characters that a token cannot have",
        ),
        (
            config("bearer.auth.credentials.source", "OAUTHBEARER"),
            "`bearer.auth.issuer.endpoint.url` is missing, with bearer.auth.credentials.source=OAUTHBEARER\n\
             `bearer.auth.client.id` is missing, with bearer.auth.credentials.source=OAUTHBEARER\n\
             `bearer.auth.client.secret` is missing, with bearer.auth.credentials.source=OAUTHBEARER",
        ),
        (
            config("bearer.auth.credentials.source", "CUSTOM"),
            "`bearer.auth.credentials.source`: not `STATIC_TOKEN`, `OAUTHBEARER` or `SASL_OAUTHBEARER_INHERIT`",
        ),
        (
            config("ssl.certificate.location", "client.pem").set("ssl.key.password", "hush"),
            "`ssl.key.password`: keys in PEM are read without a password; decrypt it with `openssl pkcs8`, or make a PKCS12 file",
        ),
    ] {
        assert_eq!(problems(&config), problem);
    }
}

#[test]
fn two_spellings_of_a_key_are_one_key() {
    let config = RegistryConfig::new("ftp://x").set("url", "http://x").set("schema.registry.max.retries", "x");
    assert_eq!(problems(&config), "`schema.registry.max.retries`: not a number in range");
    config.set("max.retries", "3").check().unwrap();
}

#[test]
fn files_are_named_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.pem").display().to_string();
    let problem = |key: &str| {
        let config = RegistryConfig::new("https://x").set(key, file.clone());
        SchemaRegistry::new(&config).unwrap_err().to_string()
    };
    for key in ["ssl.ca.location", "ssl.truststore.location", "ssl.keystore.location", "ssl.certificate.location"] {
        assert!(problem(key).starts_with(&format!("{file}: No such file")), "{}", problem(key));
    }
    std::fs::write(&file, "hush").unwrap();
    assert_eq!(problem("ssl.ca.location"), format!("{file}: no certificates in PEM"));
    assert!(problem("ssl.keystore.location").starts_with(&format!("{file}: no private key in PKCS#8")));
}

#[test]
fn a_file_of_kafkas_has_the_keys_of_the_registry() {
    let java = KafkaConfig::from_properties_str(
        r#"
        bootstrap.servers=x:1
        sasl.mechanism=PLAIN
        security.protocol=SASL_PLAINTEXT
        sasl.jaas.config=PlainLoginModule required username="alice" password="hush";
        schema.registry.url=http://one.example.com,http://two.example.com
        basic.auth.credentials.source=SASL_INHERIT
        specific.avro.reader=true
        latest.compatibility.strict=false
        auto.register.schemas=false
        use.latest.version=true
        value.subject.name.strategy=io.confluent.kafka.serializers.subject.TopicRecordNameStrategy
        max.retries=5
        "#,
    )
    .unwrap();
    let config = java.registry();
    let registry = SchemaRegistry::new(&config).unwrap();
    assert_eq!(format!("{registry:?}"), r#"SchemaRegistry(["http://one.example.com/", "http://two.example.com/"])"#);
    let shown = format!("{config:?} {java:?}");
    assert!(!shown.contains("hush") && !shown.contains("alice"), "{shown}");
    assert!(shown.contains(r#""use.latest.version": "true""#), "{shown}");

    let oauth = KafkaConfig::new("x:1")
        .set("schema.registry.url", "http://x")
        .set("bearer.auth.credentials.source", "SASL_OAUTHBEARER_INHERIT")
        .set("sasl.oauthbearer.client.id", "alice");
    let error = oauth.registry().check().unwrap_err().to_string();
    assert!(error.contains("`bearer.auth.client.secret` is missing") && !error.contains("client.id"), "{error}");
}
