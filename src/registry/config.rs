//! How a registry is reached: [`RegistryConfig`].

use std::fmt;

use super::error::RegistryError;
use super::settings::{self, Settings};

/// The configuration of a [`SchemaRegistry`](super::SchemaRegistry): its URLs, credentials, and settings.
///
/// Keys have the names of Java's serializers (`schema.registry.url`) or of Python's client (`url`). A `client.properties`
/// file has them beside those of Kafka, which the feature `kafka` reads: `KafkaConfig::registry`.
///
/// ```
/// use event_schema::registry::RegistryConfig;
///
/// let config = RegistryConfig::new("https://registry.example.com")
///     .set("basic.auth.credentials.source", "USER_INFO")
///     .set("basic.auth.user.info", "alice:alice-secret")
///     .set("auto.register.schemas", "false");
/// config.check()?;
/// assert!(!format!("{config:?}").contains("alice-secret"));
/// # Ok::<(), event_schema::registry::RegistryError>(())
/// ```
///
/// # Keys
///
/// | key | default | |
/// |---|---|---|
/// | `schema.registry.url` | | one URL, or several separated by commas: the next is asked when one fails |
/// | `basic.auth.user.info` | | `user:password`; `basic.auth.credentials.source=URL` takes them from the URL |
/// | `bearer.auth.credentials.source` | | `STATIC_TOKEN` or `OAUTHBEARER` |
/// | `bearer.auth.token` | | of `STATIC_TOKEN` |
/// | `bearer.auth.issuer.endpoint.url`, `.client.id`, `.client.secret`, `.scope` | | of `OAUTHBEARER`: OAuth's client credentials |
/// | `bearer.auth.logical.cluster`, `bearer.auth.identity.pool.id` | | of Confluent Cloud |
/// | `schema.registry.ssl.ca.location`, or `.ssl.truststore.location` and `.type=PEM` | the system's | trusted certificates, in PEM |
/// | `schema.registry.ssl.keystore.location`, `.password`, `.type` | | the certificate of the client: `PKCS12` or `PEM` |
/// | `schema.registry.ssl.certificate.location`, `.ssl.key.location` | | the same in two files, in PEM; the key in PKCS#8 |
/// | `auto.register.schemas` | `true` | whether producers register the schemas of their events |
/// | `use.latest.version` | `false` | producers write with the last version of the subject; needs `auto.register.schemas=false` |
/// | `use.schema.id` | | the same with the schema of this id |
/// | `latest.compatibility.strict`, `id.compatibility.strict` | `true` | whether that schema must be able to read the events |
/// | `normalize.schemas` | `false` | the registry takes schemas that differ in their layout only as equal |
/// | `value.subject.name.strategy`, `key.subject.name.strategy` | [`Topic`](super::SubjectNameStrategy::Topic) | the name of a strategy, or of its Java class |
/// | `max.retries`, `retries.wait.ms`, `retries.max.wait.ms` | 3, 1000, 20000 | retries of a request, with waits that double |
/// | `http.connect.timeout.ms`, `http.read.timeout.ms` | 10000, 30000 | for a connection, and for a whole answer |
/// | `cache.capacity` | 1000 | how many schemas and registrations are kept |
/// | `proxy.host`, `proxy.port` | as the environment says | an HTTP proxy |
///
/// Keys that configure Java's or Python's own objects (`specific.avro.reader`, `json.value.type`) are ignored; others are
/// errors.
#[derive(Clone)]
pub struct RegistryConfig {
    entries: Vec<(String, String)>,
}

impl RegistryConfig {
    /// Whether a key is one of a registry's, or was meant to be.
    #[cfg(feature = "kafka")]
    pub(crate) fn is_key(key: &str) -> bool {
        settings::is_nearly_known(key)
    }

    /// A configuration for the registry with this URL; several, separated by commas, are nodes of the same registry.
    ///
    /// See the example of [`RegistryConfig`].
    pub fn new(urls: impl Into<String>) -> Self {
        Self::empty().set("schema.registry.url", urls)
    }

    pub(crate) fn empty() -> Self {
        Self { entries: Vec::new() }
    }

    /// Sets a key, and replaces its earlier value.
    ///
    /// An unknown key is reported when the configuration is used, or [checked](Self::check).
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        self.entries.retain(|(known, _)| settings::canonical(known) != settings::canonical(&key));
        self.entries.push((key, value));
        self
    }

    /// Checks all keys and values, without a connection. Files with keys and certificates are read when the client is made.
    ///
    /// # Errors
    /// If a key is unknown, a value is not one, or keys contradict each other: the text names all faults.
    /// [`RegistryError::is_config`] has an example.
    pub fn check(&self) -> Result<(), RegistryError> {
        self.settings().map(drop)
    }

    pub(super) fn settings(&self) -> Result<Settings, RegistryError> {
        Settings::read(&self.entries)
    }
}

impl fmt::Debug for RegistryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryConfig ")?;
        let mut map = f.debug_map();
        for (key, value) in &self.entries {
            // A mistyped key may be that of a secret, and a URL may have a password in it.
            if settings::is_public(key) {
                map.entry(key, value);
            } else if settings::is_known(key) {
                map.entry(key, &"***");
            } else {
                map.entry(&"***", &"***");
            }
        }
        map.finish()
    }
}
