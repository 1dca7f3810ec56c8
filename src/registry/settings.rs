//! The keys of a configuration, with their meaning: [`Settings`].

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use super::credentials::{Credentials, OAuthClient};
use super::error::RegistryError;
use super::subject::SubjectNameStrategy;
use super::tls::{Identity, Pem, Tls};
use crate::suggestion::suggest;

/// A configuration that was checked.
pub(super) struct Settings {
    pub(super) urls: Vec<Url>,
    pub(super) credentials: Credentials,
    /// Confluent Cloud's logical cluster and identity pool, which are told with a token.
    pub(super) cluster: Option<String>,
    pub(super) pool: Option<String>,
    pub(super) tls: Tls,
    pub(super) proxy: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) backoff: Backoff,
    pub(super) cache_capacity: NonZeroUsize,
    pub(super) writing: Writing,
    pub(super) normalize: bool,
    pub(super) key_strategy: SubjectNameStrategy,
    pub(super) value_strategy: SubjectNameStrategy,
}

/// The waits between requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) retries: usize,
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

/// Which schema of a subject producers write with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Register,
    LookUp,
    /// The last one. `strict`: if it reads what is written.
    Latest {
        strict: bool,
    },
    Id {
        id: u32,
        strict: bool,
    },
}

/// The keys that mean something here, by their canonical names, and whether their values may be shown.
const KEYS: &[(&str, bool)] = &[
    ("url", false),
    ("basic.auth.credentials.source", true),
    ("basic.auth.user.info", false),
    ("bearer.auth.credentials.source", true),
    ("bearer.auth.token", false),
    ("bearer.auth.issuer.endpoint.url", false),
    ("bearer.auth.client.id", false),
    ("bearer.auth.client.secret", false),
    ("bearer.auth.scope", true),
    ("bearer.auth.logical.cluster", true),
    ("bearer.auth.identity.pool.id", true),
    ("bearer.auth.cache.expiry.buffer.seconds", true),
    ("ssl.ca.location", true),
    ("ssl.ca.pem", false),
    ("ssl.certificate.location", true),
    ("ssl.key.location", false),
    ("ssl.key.password", false),
    ("ssl.truststore.location", true),
    ("ssl.truststore.type", true),
    ("ssl.truststore.password", false),
    ("ssl.truststore.certificates", false),
    ("ssl.keystore.location", true),
    ("ssl.keystore.type", true),
    ("ssl.keystore.password", false),
    ("ssl.keystore.key", false),
    ("ssl.keystore.certificate.chain", false),
    ("ssl.endpoint.identification.algorithm", true),
    ("auto.register.schemas", true),
    ("use.latest.version", true),
    ("latest.compatibility.strict", true),
    ("use.schema.id", true),
    ("id.compatibility.strict", true),
    ("normalize.schemas", true),
    ("key.subject.name.strategy", true),
    ("value.subject.name.strategy", true),
    ("subject.name.strategy", true),
    ("max.retries", true),
    ("retries.wait.ms", true),
    ("retries.max.wait.ms", true),
    ("http.connect.timeout.ms", true),
    ("http.read.timeout.ms", true),
    ("timeout", true),
    ("cache.capacity", true),
    ("max.schemas.per.subject", true),
    // It may have a password before the host.
    ("proxy.host", false),
    ("proxy.port", true),
];

/// Keys of Java's and Python's clients without a meaning here.
const IGNORED: &[&str] = &[
    "auto.register.schemas.context",
    "avro.reflection.allow.null",
    "avro.remove.java.properties",
    "avro.use.logical.type.converters",
    "cache.latest.ttl.sec",
    "json.default.property.inclusion",
    "json.fail.invalid.schema",
    "json.fail.unknown.properties",
    "json.indent.output",
    "json.key.type",
    "json.oneof.for.nullables",
    "json.schema.spec.version",
    "json.value.type",
    "json.write.dates.iso8601",
    "latest.cache.size",
    "latest.cache.ttl.sec",
    "missing.id.cache.ttl.sec",
    "missing.schema.cache.ttl.sec",
    "missing.version.cache.ttl.sec",
    "schema.reflection",
    "specific.avro.key.type",
    "specific.avro.reader",
    "specific.avro.value.type",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
];

/// The key without the prefix that Java has and Python has not.
pub(super) fn canonical(key: &str) -> &str {
    key.strip_prefix("schema.registry.").unwrap_or(key)
}

pub(super) fn is_known(key: &str) -> bool {
    let key = canonical(key);
    IGNORED.contains(&key) || KEYS.iter().any(|(known, _)| *known == key)
}

/// Whether the key is the registry's in a file that has the keys of Kafka's clients, too.
pub(super) fn is_of_registry(key: &str) -> bool {
    let is_certain = ["schema.registry.", "basic.auth.", "bearer.auth."].iter().any(|prefix| key.starts_with(prefix));
    is_certain || is_known(key) && !key.starts_with("ssl.")
}

/// Whether the value of the key may be shown.
pub(super) fn is_public(key: &str) -> bool {
    KEYS.iter().any(|(known, public)| *public && *known == canonical(key))
}

/// Reads values, and collects what is wrong with them.
struct Reader<'a> {
    entries: &'a [(String, String)],
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn entry(&self, key: &str) -> Option<(&'a str, &'a str)> {
        let entry = self.entries.iter().find(|(known, _)| canonical(known) == key);
        entry.map(|(name, value)| (&**name, value.trim()))
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The values of several keys of which none may be missing.
    fn all<const N: usize>(&mut self, keys: [&str; N], with: &str) -> Option<[&'a str; N]> {
        let values = keys.map(|key| self.text(key).filter(|value| !value.is_empty()));
        for (key, _) in keys.iter().zip(&values).filter(|(_, value)| value.is_none()) {
            self.problems.push(format!("`{key}` is missing, with {with}"));
        }
        values.iter().all(Option::is_some).then(|| values.map(Option::unwrap_or_default))
    }

    fn problem(&mut self, key: &str, text: &str) {
        // By the name that the user gave it.
        let key = self.entry(key).map_or(key, |(name, _)| name);
        self.problems.push(format!("`{key}`: {text}"));
    }

    fn parsed<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let parsed = self.text(key)?.parse().ok();
        if parsed.is_none() {
            self.problem(key, expected);
        }
        parsed
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        // As Java and Python write them.
        let value = self.text(key)?;
        let flag = ["true", "false"].iter().position(|word| value.eq_ignore_ascii_case(word)).map(|at| at == 0);
        if flag.is_none() {
            self.problem(key, "not `true` or `false`");
        }
        flag
    }

    fn millis(&mut self, key: &str) -> Option<Duration> {
        self.parsed(key, "not a number of milliseconds").map(Duration::from_millis)
    }

    fn number<T: FromStr>(&mut self, key: &str) -> Option<T> {
        self.parsed(key, "not a number in range")
    }

    fn strategy(&mut self, key: &str) -> SubjectNameStrategy {
        let key = if self.text(key).is_some() { key } else { "subject.name.strategy" };
        let Some(name) = self.text(key) else { return SubjectNameStrategy::default() };
        SubjectNameStrategy::named(name).unwrap_or_else(|| {
            self.problem(
                key,
                "not a strategy of this crate: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy",
            );
            SubjectNameStrategy::default()
        })
    }

    fn urls(&mut self) -> Vec<Url> {
        let Some(text) = self.text("url").filter(|text| !text.is_empty()) else {
            self.problems.push("`schema.registry.url` is missing".to_owned());
            return Vec::new();
        };
        let mut urls = Vec::new();
        for url in text.split(',').map(str::trim) {
            match web_url(url) {
                Some(url) => urls.push(url),
                None => self.problem("url", NO_URL),
            }
        }
        urls
    }

    fn credentials(&mut self, urls: &mut [Url]) -> Credentials {
        let has_user = |url: &Url| !url.username().is_empty() || url.password().is_some();
        let basic = match self.text("basic.auth.credentials.source") {
            Some(source) => source,
            None if self.text("basic.auth.user.info").is_some() => "USER_INFO",
            None => "URL",
        };
        let bearer = self.text("bearer.auth.credentials.source");
        let credentials = match (bearer, basic) {
            (Some("STATIC_TOKEN"), _) => {
                match self.all(["bearer.auth.token"], "bearer.auth.credentials.source=STATIC_TOKEN") {
                    // It goes into a header.
                    Some([token]) if token.chars().all(|c| c.is_ascii_graphic()) => {
                        Some(Credentials::Bearer(token.to_owned()))
                    }
                    Some(_) => {
                        self.problem("bearer.auth.token", "has characters that a token cannot have");
                        None
                    }
                    None => None,
                }
            }
            (Some("OAUTHBEARER"), _) => self.oauth().map(Credentials::OAuth),
            (Some("SASL_OAUTHBEARER_INHERIT"), _) => {
                self.problem(
                    "bearer.auth.credentials.source",
                    "needs `sasl.oauthbearer.client.id` and its like in the same file, or `KafkaConfig::registry`",
                );
                None
            }
            (Some(_), _) => {
                self.problem(
                    "bearer.auth.credentials.source",
                    "not `STATIC_TOKEN`, `OAUTHBEARER` or `SASL_OAUTHBEARER_INHERIT`",
                );
                None
            }
            (None, "USER_INFO") => {
                let info = self.all(["basic.auth.user.info"], "basic.auth.credentials.source=USER_INFO");
                let pair = info.map(|[info]| info.split_once(':'));
                if pair == Some(None) {
                    self.problem("basic.auth.user.info", "not `user:password`");
                }
                pair.flatten().map(|(user, password)| Credentials::Basic(user.to_owned(), password.to_owned()))
            }
            (None, "URL") => return if urls.iter().any(has_user) { Credentials::InUrl } else { Credentials::None },
            (None, "SASL_INHERIT") => {
                self.problem(
                    "basic.auth.credentials.source",
                    "needs `sasl.jaas.config`, or `sasl.username` and `sasl.password`, in the same file, or `KafkaConfig::registry`",
                );
                None
            }
            (None, _) => {
                self.problem("basic.auth.credentials.source", "not `USER_INFO`, `URL` or `SASL_INHERIT`");
                None
            }
        };
        for url in urls {
            // Neither fails for the schemes that are accepted.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        credentials.unwrap_or(Credentials::None)
    }

    fn oauth(&mut self) -> Option<OAuthClient> {
        let keys = ["bearer.auth.issuer.endpoint.url", "bearer.auth.client.id", "bearer.auth.client.secret"];
        let [endpoint, id, secret] = self.all(keys, "bearer.auth.credentials.source=OAUTHBEARER")?;
        let Some(endpoint) = web_url(endpoint) else {
            self.problem("bearer.auth.issuer.endpoint.url", NO_URL);
            return None;
        };
        let scope = self.text("bearer.auth.scope").map(str::to_owned);
        let renewal = self
            .number("bearer.auth.cache.expiry.buffer.seconds")
            .map_or(Duration::from_secs(300), Duration::from_secs);
        Some(OAuthClient { endpoint, id: id.to_owned(), secret: secret.to_owned(), scope, renewal })
    }

    fn tls(&mut self) -> Tls {
        let is = |value: Option<&str>, wanted: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        let mut roots = self.text("ssl.ca.location").map(|file| Pem::File(file.to_owned()));
        roots = roots.or_else(|| self.text("ssl.ca.pem").or(self.text("ssl.truststore.certificates")).map(Pem::text));
        if let Some(file) = self.text("ssl.truststore.location") {
            if is(self.text("ssl.truststore.type"), "PEM") || is_pem(file) {
                roots = Some(Pem::File(file.to_owned()));
            } else {
                self.problem(
                    "ssl.truststore.location",
                    "certificates are read as PEM only; write them with `keytool -exportcert -rfc` (JKS) or \
                     `openssl pkcs12 -nokeys` (PKCS12), and set `schema.registry.ssl.truststore.type=PEM`",
                );
            }
        }
        Tls {
            roots,
            identity: self.identity(is),
            any_hostname: self
                .text("ssl.endpoint.identification.algorithm")
                .is_some_and(|name| name.is_empty() || name == "none"),
        }
    }

    fn identity(&mut self, is: impl Fn(Option<&str>, &str) -> bool) -> Option<Identity> {
        let password = self.text("ssl.key.password").or(self.text("ssl.keystore.password")).unwrap_or_default();
        let pair = |chain: Pem, key: Pem| Some(Identity::Pem { chain, key });
        let identity = if let Some(file) = self.text("ssl.keystore.location") {
            if is(self.text("ssl.keystore.type"), "PEM") || is_pem(file) {
                pair(Pem::File(file.to_owned()), Pem::File(file.to_owned()))
            } else if is(self.text("ssl.keystore.type"), "PKCS12") {
                Some(Identity::Pkcs12 { file: file.to_owned(), password: password.to_owned() })
            } else {
                self.problem(
                    "ssl.keystore.location",
                    "keys are read from PKCS12 and PEM, not from JKS; convert it with \
                     `keytool -importkeystore -deststoretype PKCS12`, and set `schema.registry.ssl.keystore.type=PKCS12`",
                );
                None
            }
        } else if let (Some(key), Some(chain)) =
            (self.text("ssl.keystore.key"), self.text("ssl.keystore.certificate.chain"))
        {
            pair(Pem::text(chain), Pem::text(key))
        } else if let Some(chain) = self.text("ssl.certificate.location") {
            let key = self.text("ssl.key.location").unwrap_or(chain);
            pair(Pem::File(chain.to_owned()), Pem::File(key.to_owned()))
        } else {
            None
        };
        if matches!(identity, Some(Identity::Pem { .. })) && !password.is_empty() {
            self.problem(
                "ssl.key.password",
                "keys in PEM are read without a password; decrypt it with `openssl pkcs8`, or make a PKCS12 file",
            );
        }
        identity
    }

    fn writing(&mut self) -> Writing {
        let register = self.flag("auto.register.schemas");
        let latest = self.flag("use.latest.version").unwrap_or(false);
        // -1 is Java's default, and Python's is none.
        let id: Option<i64> = self.number("use.schema.id").filter(|id| *id != -1);
        let strict =
            ["latest.compatibility.strict", "id.compatibility.strict"].map(|key| self.flag(key).unwrap_or(true));
        let id = id.and_then(|id| {
            let valid = i32::try_from(id).ok().and_then(|id| u32::try_from(id).ok());
            if valid.is_none() {
                self.problem("use.schema.id", "not the id of a schema");
            }
            valid
        });
        if register.unwrap_or(true) {
            for (key, _) in
                [("use.latest.version", latest), ("use.schema.id", id.is_some())].iter().filter(|(_, on)| *on)
            {
                self.problem(key, "needs `auto.register.schemas=false`");
            }
            return Writing::Register;
        }
        match id {
            Some(id) => Writing::Id { id, strict: strict[1] },
            None if latest => Writing::Latest { strict: strict[0] },
            None => Writing::LookUp,
        }
    }
}

const NO_SECONDS: &str = "not a number of seconds";

const NO_URL: &str = "not an http or https URL";

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn is_pem(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pem"))
}

/// Whether a key is known, or is a known one but for a typo.
pub(super) fn is_nearly_known(key: &str) -> bool {
    let names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).chain(IGNORED.iter().copied()).collect();
    is_known(key) || suggest(canonical(key), &names).is_some()
}

/// The key that was probably meant.
fn likely(key: &str) -> Option<&'static str> {
    let names = KEYS.iter().map(|(name, _)| *name).chain(IGNORED.iter().copied());
    let likeness = |name: &str| strsim::jaro_winkler(canonical(key), name);
    let likely = names.map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(likely).filter(|(likeness, _)| *likeness > 0.85).map(|(_, name)| name)
}

/// Names the key that was probably meant, but not a key that may be a value.
fn unknown(key: &str) -> String {
    let prefix = if canonical(key) == key { "" } else { "schema.registry." };
    match likely(key) {
        Some("url") => format!("unknown key `{key}`, did you mean `schema.registry.url`?"),
        Some(name) => format!("unknown key `{key}`, did you mean `{prefix}{name}`?"),
        None if !prefix.is_empty() => format!("unknown key `{key}`"),
        None => "not a known key of a schema registry".to_owned(),
    }
}

impl Settings {
    pub(super) fn read(entries: &[(String, String)]) -> Result<Self, RegistryError> {
        let problems = entries.iter().filter(|(key, _)| !is_known(key)).map(|(key, _)| unknown(key)).collect();
        let mut reader = Reader { entries, problems };
        let mut urls = reader.urls();
        let credentials = reader.credentials(&mut urls);
        let bearer = matches!(credentials, Credentials::Bearer(_) | Credentials::OAuth(_));
        for key in ["bearer.auth.logical.cluster", "bearer.auth.identity.pool.id"] {
            if bearer && reader.text(key).is_some_and(|value| reqwest::header::HeaderValue::from_str(value).is_err()) {
                reader.problem(key, "not the text of a header");
            }
        }
        let cloud = |key| bearer.then(|| reader.text(key)).flatten().map(str::to_owned);
        let (cluster, pool) = (cloud("bearer.auth.logical.cluster"), cloud("bearer.auth.identity.pool.id"));
        let proxy = reader.text("proxy.host").filter(|host| !host.is_empty());
        let port: u16 = reader.number("proxy.port").unwrap_or(80);
        let seconds: Option<f64> = reader.parsed("timeout", NO_SECONDS);
        let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if seconds.is_some() && timeout.is_none() {
            reader.problem("timeout", NO_SECONDS);
        }
        let capacity = match reader.number("cache.capacity") {
            None => reader.number("max.schemas.per.subject"),
            given => given,
        };
        let settings = Self {
            urls,
            credentials,
            tls: reader.tls(),
            proxy: proxy.map(|host| format!("http://{host}:{port}")),
            connect_timeout: reader.millis("http.connect.timeout.ms").unwrap_or(Duration::from_secs(10)),
            timeout: reader.millis("http.read.timeout.ms").or(timeout).unwrap_or(Duration::from_secs(30)),
            backoff: Backoff {
                retries: reader.number("max.retries").unwrap_or(3),
                first: reader.millis("retries.wait.ms").unwrap_or(Duration::from_secs(1)),
                longest: reader.millis("retries.max.wait.ms").unwrap_or(Duration::from_secs(20)),
            },
            cache_capacity: capacity.or(NonZeroUsize::new(1000)).unwrap_or(NonZeroUsize::MIN),
            writing: reader.writing(),
            normalize: reader.flag("normalize.schemas").unwrap_or(false),
            key_strategy: reader.strategy("key.subject.name.strategy"),
            value_strategy: reader.strategy("value.subject.name.strategy"),
            cluster,
            pool,
        };
        if reader.problems.is_empty() { Ok(settings) } else { Err(RegistryError::config(reader.problems)) }
    }
}
