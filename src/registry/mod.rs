//! The client of a Schema Registry: [`SchemaRegistry`].
//!
//! It uses the API of Confluent Schema Registry, which Apicurio, Karapace and Redpanda also implement.
//!
//! ```
//! use event_schema::registry::{RegistryConfig, SchemaRegistry};
//!
//! let config = RegistryConfig::new("https://one.example.com,https://two.example.com")
//!     .set("basic.auth.user.info", "alice:alice-secret");
//! let registry = SchemaRegistry::new(&config)?;
//!
//! // No secret is ever shown.
//! assert!(!format!("{config:?} {registry:?}").contains("alice-secret"));
//! # Ok::<(), event_schema::registry::RegistryError>(())
//! ```
//!
//! As the [source](crate::format::Codec::with_source) of a codec, it gives consumers the schemas of messages, and
//! producers the ids of their schemas. While the registry is unreachable, messages wait; see
//! [`SchemaSource`](crate::format::SchemaSource).
//!
//! # Failures
//!
//! | failure | the client | the error |
//! |---|---|---|
//! | no answer, or a status of 408, 429 or 5xx | asks the next URL, then all of them again after a wait, `max.retries` times | [`is_transient`](RegistryError::is_transient) |
//! | an answer that is not a registry's, such as the page of a proxy | asks the next URL | none of these |
//! | the registry does not know the schema, the subject or the version (40401, 40402, 40403) | | [`is_unknown`](RegistryError::is_unknown) |
//! | the schema is incompatible or invalid | | [`is_incompatible`](RegistryError::is_incompatible), [`is_invalid`](RegistryError::is_invalid) |
//! | the registry refuses the credentials | gets a new OAuth token, once | [`is_denied`](RegistryError::is_denied) |
//!
//! The client caches schemas by id and registrations: the last used ones, up to `cache.capacity`. It caches no failure. If
//! many tasks need the same schema, they make a single request. The request continues if they are cancelled, and the next
//! task finds its answer; dropping the client ends it.

// Why this is not `schema_registry_converter` (6.0): its decoders end in a `Value`, its cache has no bound and keeps errors
// until it is told not to, each waiter makes a request of its own, it does not retry, and it has neither GUIDs, modes nor
// configs of subjects. It also pins a version of jsonschema. HTTP, retries and the order of the cache come from crates.

mod auth;
mod client;
mod config;
mod credentials;
mod error;
mod exchange;
mod flight;
mod inline;
mod mode;
mod nodes;
mod registration;
mod schema;
mod settings;
mod source;
mod subject;
mod tls;
mod verdict;

pub use self::client::SchemaRegistry;
pub use self::config::RegistryConfig;
pub use self::error::RegistryError;
pub use self::mode::Mode;
pub use self::registration::Registration;
pub use self::schema::{RegisteredSchema, SchemaReference, SchemaText, SchemaType};
pub use self::subject::{SubjectNameStrategy, SubjectVersion};
pub use self::verdict::Verdict;
