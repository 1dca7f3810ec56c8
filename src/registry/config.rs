//! How a registry is reached: [`RegistryConfig`].

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::error::RegistryError;
use super::settings::{self, Settings};
use crate::jaas::jaas_option;
use crate::properties::{self, Property, properties};

/// The configuration of a [`SchemaRegistry`](super::SchemaRegistry): its URLs, credentials, and settings.
///
/// Keys have the names of Java's serializers (`schema.registry.url`) or of Python's client (`url`). They are also read
/// [from a file](Self::from_properties_file) and [from the environment](Self::from_env). A service that has a `KafkaConfig`
/// takes the configuration from there: `KafkaConfig::registry`.
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
/// | `basic.auth.user.info` | | `user:password`; `basic.auth.credentials.source=URL` takes them from the URL, `SASL_INHERIT` from Kafka's keys in the same file |
/// | `bearer.auth.credentials.source` | | `STATIC_TOKEN`, `OAUTHBEARER`, or `SASL_OAUTHBEARER_INHERIT`: the same with Kafka's keys in the same file |
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

    /// Without a URL.
    pub(crate) fn empty() -> Self {
        Self { entries: Vec::new() }
    }

    /// Reads a file in the syntax of Java's `.properties`, in UTF-8. It may be a `client.properties` of Kafka's: its other
    /// keys are ignored, also `ssl.*` without `schema.registry.` in front. With `SASL_INHERIT` the credentials of Kafka's
    /// clients are those of the registry: `sasl.jaas.config`, or `sasl.username` and `sasl.password`.
    ///
    /// ```
    /// use event_schema::registry::RegistryConfig;
    ///
    /// # let folder = std::env::temp_dir().join(format!("registry-config-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let file = folder.join("client.properties");
    /// std::fs::write(&file, "
    ///     bootstrap.servers=broker.example.com:9092
    ///     schema.registry.url=https://registry.example.com
    ///     max.retries=5
    /// ").unwrap();
    /// let config = RegistryConfig::from_properties_file(&file)?;
    /// config.check()?;
    /// assert_eq!(format!("{config:?}"), r#"RegistryConfig {"schema.registry.url": "***", "max.retries": "5"}"#);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), event_schema::registry::RegistryError>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, or a line is malformed. Keys and values are [checked](Self::check) later.
    pub fn from_properties_file(path: impl AsRef<Path>) -> Result<Self, RegistryError> {
        Self::empty().with_file(path.as_ref())
    }

    /// Reads the environment variables whose names begin with this prefix. The rest of the name in lower case, with `.` for
    /// each `_`, is the key: with the prefix `SCHEMA_REGISTRY_`, the variables are `SCHEMA_REGISTRY_URL`,
    /// `SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO`, `SCHEMA_REGISTRY_SSL_CA_LOCATION`.
    ///
    /// Other variables with the prefix, such as those that Kubernetes adds for a service called `schema-registry`, are
    /// ignored. A variable that is nearly a key is an error when the configuration is [checked](Self::check).
    ///
    /// ```
    /// use event_schema::registry::RegistryConfig;
    ///
    /// // Run with `BILLING_REGISTRY_URL=https://registry.example.com`, this is a configuration.
    /// let config = RegistryConfig::from_env("BILLING_REGISTRY_")?;
    /// assert_eq!(config.check().unwrap_err().to_string(), "`schema.registry.url` is missing");
    /// # Ok::<(), event_schema::registry::RegistryError>(())
    /// ```
    ///
    /// # Errors
    /// If a value is not UTF-8.
    pub fn from_env(prefix: &str) -> Result<Self, RegistryError> {
        Self::from_variables(prefix, std::env::vars_os())
    }

    fn from_variables(
        prefix: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, RegistryError> {
        let mut config = Self::empty();
        for (name, rest, value) in properties::variables(prefix, variables) {
            let key = rest.replace('_', ".");
            if !settings::is_nearly_known(&key) {
                tracing::info!("{name} is ignored: `{key}` is not a key");
                continue;
            }
            let value = value.to_str().ok_or_else(|| RegistryError::config(vec![format!("{name}: not UTF-8")]))?;
            config = config.set(key, value);
        }
        Ok(config)
    }

    /// The configuration of a program that an operator runs: from the environment, overridden by a file, overridden by the
    /// URLs of the command line. Those have no credentials, as other users of the machine can see them.
    #[doc(hidden)]
    pub fn of_operator(urls: Option<&str>, file: Option<&Path>) -> Result<Self, RegistryError> {
        let config = Self::from_env("SCHEMA_REGISTRY_")?;
        let config = file.map_or(Ok(config.clone()), |file| config.with_file(file))?;
        match urls {
            Some(urls) if urls.contains('@') => {
                let problem = "the URL of the registry has credentials: they belong in SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO, or \
                               in a file of properties";
                Err(RegistryError::config(vec![problem.to_owned()]))
            }
            Some(urls) => Ok(config.set("schema.registry.url", urls)),
            None => Ok(config),
        }
    }

    fn with_file(self, path: &Path) -> Result<Self, RegistryError> {
        let problem = |error: String| RegistryError::config(vec![format!("{}: {error}", path.display())]);
        let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
        let mut config = self;
        let mut of_kafka = Vec::new();
        for property in properties(&text) {
            let Property { key, value, .. } =
                property.map_err(|line| problem(format!("line {line}: malformed line or escape")))?;
            if settings::is_of_registry(&key) {
                config = config.set(key, value);
            } else {
                of_kafka.push((key, value));
            }
        }
        // As in Java, the last one counts.
        let of_kafka = |key: &str| of_kafka.iter().rfind(|(known, _)| known == key).map(|(_, value)| value.as_str());
        Ok(config.with_credentials_of_kafka(of_kafka))
    }

    /// Takes over the credentials of Kafka's clients, if that is what the configuration says. `value` has the values of their
    /// keys, in librdkafka's spelling or in Java's.
    pub(crate) fn with_credentials_of_kafka<'v>(self, value: impl Fn(&str) -> Option<&'v str>) -> Self {
        let credential = |key: &str, option: &str| {
            let of_jaas = || jaas_option(value("sasl.jaas.config")?, option);
            value(key).map(str::to_owned).or_else(of_jaas)
        };
        let mut config = self;
        if config.value("basic.auth.credentials.source") == Some("SASL_INHERIT") {
            let (user, password) = (credential("sasl.username", "username"), credential("sasl.password", "password"));
            if let (Some(user), Some(password)) = (user, password) {
                config = config
                    .set("basic.auth.credentials.source", "USER_INFO")
                    .set("basic.auth.user.info", format!("{user}:{password}"));
            }
        }
        if config.value("bearer.auth.credentials.source") == Some("SASL_OAUTHBEARER_INHERIT") {
            config = config.set("bearer.auth.credentials.source", "OAUTHBEARER");
            for (key, option, of_registry) in [
                ("sasl.oauthbearer.token.endpoint.url", "", "bearer.auth.issuer.endpoint.url"),
                ("sasl.oauthbearer.client.id", "clientId", "bearer.auth.client.id"),
                ("sasl.oauthbearer.client.secret", "clientSecret", "bearer.auth.client.secret"),
                ("sasl.oauthbearer.scope", "scope", "bearer.auth.scope"),
            ] {
                if let Some(value) = credential(key, option) {
                    config = config.set(of_registry, value);
                }
            }
        }
        config
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| settings::canonical(known) == key).map(|(_, value)| value.trim())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_keys() {
        let variables = [
            ("SCHEMA_REGISTRY_URL", "https://alice:hush@registry.example.com"),
            ("SCHEMA_REGISTRY_MAX_RETRIES", "many"),
            ("SCHEMA_REGISTRY_BASIC_AUTH_USER_INF", "hush"),
            // Of Kubernetes, of a container with Confluent's registry, and of something else.
            ("SCHEMA_REGISTRY_PORT", "tcp://10.0.0.1:8081"),
            ("SCHEMA_REGISTRY_PORT_8081_TCP_ADDR", "10.0.0.1"),
            ("SCHEMA_REGISTRY_SERVICE_HOST", "10.0.0.1"),
            ("SCHEMA_REGISTRY_HOST_NAME", "registry"),
            ("SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS", "broker:9092"),
            ("SCHEMA_REGISTRY_", "hush"),
            ("MAX_RETRIES", "3"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let config = RegistryConfig::from_variables("SCHEMA_REGISTRY_", variables).unwrap();
        assert_eq!(
            config.check().unwrap_err().to_string(),
            "unknown key `basic.auth.user.inf`, did you mean `basic.auth.user.info`?\n\
             `max.retries`: not a number in range"
        );
        assert!(!format!("{config:?}").contains("hush"), "{config:?}");
    }
}
