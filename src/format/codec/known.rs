//! The schemas that a decoder knows: [`Known`], and those that it [finds](Found).

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use schemars::generate::Contract;
use serde_json::Value;

use super::error::CodecError;
use super::source::{SchemaFormat, SchemaSourceError, Sources, WriterSchema};
use crate::avro::{Schema, Writer};
use crate::error::{LoadError, LoadErrorKind};
use crate::event::{Generated, Input, Versions, show_version};
use crate::format::framing::SchemaId;
use crate::load::LoadOptions;

/// How data are read that were written with some schema.
#[derive(Debug)]
pub(crate) struct Known {
    /// None for JSON.
    pub(super) writer: Option<Writer>,
    /// The event and its version, if they are known.
    pub(super) event_type: Option<Box<str>>,
}

/// One that the decoder has, or that was found.
pub(super) enum Use<'a> {
    Given(&'a Known),
    Found(Arc<Known>),
}

impl Deref for Use<'_> {
    type Target = Known;

    fn deref(&self) -> &Known {
        match self {
            Self::Given(known) => known,
            Self::Found(known) => known,
        }
    }
}

/// The schemas by which the versions of a decoder's type are recognised.
pub(super) struct Recognised {
    writer: fn(Schema) -> Writer,
    avro: Vec<(Schema, Box<str>)>,
    json: Vec<(Value, Box<str>)>,
}

impl Recognised {
    pub(super) fn new<E: Generated>(reads_avro: bool, reads_json: bool) -> Self {
        let mut seen =
            Seen { of: Self { writer: Writer::new::<E>, avro: Vec::new(), json: Vec::new() }, reads_avro, reads_json };
        show_version::<E>(&mut seen, false);
        let mut of = seen.of;
        // A version of another name is not loaded by its type.
        let is_of = |event_type: &str| E::load_if_of(event_type, Nothing, &LoadOptions::new()).is_some();
        of.avro.retain(|(_, event_type)| is_of(event_type));
        of.json.retain(|(_, event_type)| is_of(event_type));
        of
    }

    /// The schemas of the versions, with their fingerprints.
    pub(super) fn versions(&self) -> impl Iterator<Item = (SchemaId, WriterSchema)> {
        self.avro.iter().map(|(schema, event_type)| {
            let writer = WriterSchema::from(schema.clone()).with_event_type(event_type);
            (SchemaId::Fingerprint(schema.fingerprint()), writer)
        })
    }

    /// The fingerprint of two versions with different data, if it is none of those that were given.
    pub(super) fn ambiguous(&self, given: impl Fn(&SchemaId) -> bool) -> Option<(SchemaId, [&str; 2])> {
        self.avro.iter().enumerate().find_map(|(at, (schema, event_type))| {
            let differs = |(other, _): &&(Schema, _)| {
                other.fingerprint() == schema.fingerprint() && !other.has_same_data_as(schema)
            };
            let (_, earlier) = self.avro[at + 1..].iter().find(differs)?;
            let id = SchemaId::Fingerprint(schema.fingerprint());
            (!given(&id)).then_some((id, [&**earlier, &**event_type]))
        })
    }

    /// The way to read data with this id and schema.
    pub(super) fn known(&self, id: SchemaId, schema: WriterSchema) -> Result<Known, CodecError> {
        let WriterSchema { format, event_type } = schema;
        match format {
            SchemaFormat::Avro(schema) => {
                if schema.is_bytes() && !matches!(id, SchemaId::Fingerprint(_)) {
                    return Err(CodecError::root_bytes(&id));
                }
                let event_type = event_type.or_else(|| self.version_of(&schema));
                Ok(Known { writer: Some((self.writer)(schema)), event_type })
            }
            SchemaFormat::Json(document) => {
                let document = document.map(without_id);
                let is_it = |(own, _): &&(Value, Box<str>)| Some(own) == document.as_ref();
                let event_type = event_type.or_else(|| self.json.iter().find(is_it).map(|(_, own)| own.clone()));
                Ok(Known { writer: None, event_type })
            }
        }
    }

    /// The version with this schema; the latest of those with the same data. A schema of another program may lack
    /// logical types: then it has the fingerprint of one version.
    fn version_of(&self, schema: &Schema) -> Option<Box<str>> {
        let exact = self.avro.iter().find(|(own, _)| own.has_same_data_as(schema));
        let mut alike = self.avro.iter().filter(|(own, _)| own.fingerprint() == schema.fingerprint());
        let only = || match (alike.next(), alike.next()) {
            (one, None) => one,
            _ => None,
        };
        exact.or_else(only).map(|(_, event_type)| event_type.clone())
    }
}

/// The document as such: its publisher gives it an id.
fn without_id(mut document: Value) -> Value {
    if let Some(document) = document.as_object_mut() {
        document.remove("$id");
    }
    document
}

/// Which readers there are for messages of a type.
#[cfg(feature = "kafka")]
pub(crate) enum Reader {
    /// An event reads their data.
    Event,
    /// A variant for other events takes their bytes as they are.
    Any,
    None,
}

#[cfg(feature = "kafka")]
impl Reader {
    pub(crate) fn of<E: Generated>(event_type: &str) -> Self {
        match E::load_if_of(event_type, Nothing, &LoadOptions::new()) {
            Some(Err(_)) => Self::Event,
            Some(Ok(_)) => Self::Any,
            None => Self::None,
        }
    }
}

/// An input that is only asked whose it is.
#[derive(Clone, Copy)]
struct Nothing;

impl Input for Nothing {
    fn load_as<T: Generated>(self, _: &LoadOptions<'_>) -> Result<T, LoadError> {
        Err(LoadErrorKind::Empty.into())
    }

    fn bytes(&self) -> &[u8] {
        &[]
    }
}

struct Seen {
    of: Recognised,
    reads_avro: bool,
    reads_json: bool,
}

/// The later one of two versions with the same schema counts: it is shown first.
impl Versions for Seen {
    fn see<T: Generated>(&mut self, _is_earlier: bool) {
        let event_type: Box<str> = T::DESCRIPTOR.event_type().into();
        // A version without an Avro form was never written in it.
        if self.reads_avro
            && let Ok(schema) = Schema::of_version::<T>()
        {
            self.of.avro.push((schema, event_type.clone()));
        }
        if self.reads_json {
            for contract in [Contract::Serialize, Contract::Deserialize] {
                self.of.json.push((without_id(T::schema_for(&contract).to_value()), event_type.clone()));
            }
        }
    }
}

/// The schemas that sources were asked for.
pub(crate) struct Found {
    sources: Sources,
    /// The time for which an id may be unknown.
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "a consumer waits"))]
    patience: Duration,
    recognised: Recognised,
    states: RwLock<HashMap<SchemaId, State>>,
    /// The time when a source had no answer.
    failed: RwLock<Option<Instant>>,
}

/// The state of an id.
#[derive(Clone)]
pub(super) enum State {
    /// Its schema is to be asked for.
    Missing,
    Known(Arc<Known>),
    /// No source knew it, since then.
    Unknown(Instant),
}

impl Found {
    /// The most ids that are remembered: far more than topics have versions.
    const MOST: usize = 1000;
    /// The time for which an id is taken for unknown: longer than the pause of any message that waits for it.
    const REMEMBERED: Duration = Duration::from_secs(60);
    /// The time after that in which a message can still be rejected that was just found to be unknown.
    const LOADED_LATE: Duration = Duration::from_secs(10);

    pub(super) fn new(sources: Sources, patience: Duration, recognised: Recognised) -> Self {
        Self { sources, patience, recognised, states: RwLock::default(), failed: RwLock::default() }
    }

    /// The state of an id. `ahead` of the load it is forgotten sooner, so that the load finds the same.
    pub(super) fn get(&self, id: &SchemaId, ahead: bool) -> State {
        let remembered = if ahead { Self::REMEMBERED } else { Self::REMEMBERED + Self::LOADED_LATE };
        match self.states.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            Some(State::Unknown(since)) if since.elapsed() >= remembered => State::Missing,
            Some(state) => state.clone(),
            None => State::Missing,
        }
    }

    fn set(&self, id: SchemaId, state: State) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= Self::MOST && !states.contains_key(&id) {
            // A flood of unknown ids must not cost the plans of those in use.
            let oldest = |state: &State| match state {
                State::Unknown(since) => (false, Some(*since)),
                State::Known(_) | State::Missing => (true, None),
            };
            let least = states.iter().min_by_key(|(_, state)| oldest(state)).map(|(id, _)| *id);
            least.and_then(|id| states.remove(&id));
        }
        states.insert(id, state);
    }

    /// Asks for a schema, once.
    pub(super) async fn find(&self, id: SchemaId) -> Result<(), SchemaSourceError> {
        let found = self.sources.schema(id).await;
        let known = found.and_then(|schema| self.recognised.known(id, schema).map_err(SchemaSourceError::unusable));
        match known {
            Ok(known) => self.set(id, State::Known(Arc::new(known))),
            Err(error) => {
                if error.is_unusable() {
                    self.give_up(id);
                } else if !error.is_unknown() {
                    self.fail();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// As [`find`](Self::find); that a schema is of no use is an answer too.
    #[cfg(feature = "kafka")]
    pub(crate) async fn ask(&self, id: SchemaId) -> Result<(), SchemaSourceError> {
        match self.find(id).await {
            Err(error) if error.is_unusable() => Ok(()),
            answer => answer,
        }
    }

    /// A source had no answer.
    pub(crate) fn fail(&self) {
        *self.failed.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// There is no such schema, and nobody is to ask for it for a while.
    pub(crate) fn give_up(&self, id: SchemaId) {
        self.set(id, State::Unknown(Instant::now()));
    }

    /// The time for which the sources have always had an answer.
    #[cfg(feature = "kafka")]
    pub(crate) fn sound_for(&self) -> Duration {
        let failed = self.failed.read().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Duration::MAX, |failed| failed.elapsed())
    }

    /// The time for which a schema is asked for that is not known.
    #[cfg(feature = "kafka")]
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").finish_non_exhaustive()
    }
}
