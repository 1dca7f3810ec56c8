//! The schemas that a decoder knows: [`Known`], and those that it [finds](Found).

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use schemars::generate::Contract;
use serde_json::Value;

use super::source::{SchemaFormat, SchemaSource, SchemaSourceError, WriterSchema};
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

/// What is known of the types that a decoder loads with: schemas by which earlier versions are recognised.
pub(super) struct Recognised {
    writer: fn(Schema) -> Writer,
    avro: Vec<(Schema, Box<str>)>,
    json: Vec<(Value, Box<str>)>,
}

impl Recognised {
    pub(super) fn new<E: Generated>(reads_avro: bool, reads_json: bool) -> Self {
        let mut seen =
            Seen { of: Self { writer: Writer::new::<E>, avro: Vec::new(), json: Vec::new() }, reads_avro, reads_json };
        show_version::<E>(&mut seen);
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

    pub(super) fn known(&self, schema: WriterSchema) -> Known {
        let WriterSchema { format, event_type } = schema;
        match format {
            SchemaFormat::Avro(schema) => {
                let is_it = |(own, _): &&(Schema, Box<str>)| own.fingerprint() == schema.fingerprint();
                let event_type = event_type.or_else(|| self.avro.iter().find(is_it).map(|(_, own)| own.clone()));
                Known { writer: Some((self.writer)(schema)), event_type }
            }
            SchemaFormat::Json(document) => {
                let is_it = |(own, _): &&(Value, Box<str>)| Some(own) == document.as_ref();
                let event_type = event_type.or_else(|| self.json.iter().find(is_it).map(|(_, own)| own.clone()));
                Known { writer: None, event_type }
            }
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

/// Of two versions with the same schema the later one counts: it is shown first.
impl Versions for Seen {
    fn see<T: Generated>(&mut self) {
        let event_type: Box<str> = T::DESCRIPTOR.event_type().into();
        // A version without an Avro form was never written in it.
        if self.reads_avro
            && let Ok(schema) = Schema::of_version::<T>()
        {
            self.of.avro.push((schema, event_type.clone()));
        }
        if self.reads_json {
            for contract in [Contract::Serialize, Contract::Deserialize] {
                self.of.json.push((T::schema_for(&contract).to_value(), event_type.clone()));
            }
        }
    }
}

/// The schemas that a source was asked for.
pub(crate) struct Found {
    source: Arc<dyn SchemaSource>,
    /// How long an id may be unknown.
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "a consumer waits"))]
    patience: Duration,
    recognised: Recognised,
    states: RwLock<HashMap<SchemaId, State>>,
}

/// What is known of an id.
#[derive(Clone)]
pub(super) enum State {
    /// Its schema is to be asked for.
    Missing,
    Known(Arc<Known>),
    /// The source did not know it, since then.
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "a consumer gives up"))]
    Unknown(Instant),
}

impl Found {
    /// How many ids are remembered. More than that are no versions but something gone wrong.
    const MOST: usize = 1000;
    /// How long an id is taken for unknown: longer than the pause of any message that waits for it.
    const REMEMBERED: Duration = Duration::from_secs(60);

    pub(super) fn new(source: Arc<dyn SchemaSource>, patience: Duration, recognised: Recognised) -> Self {
        Self { source, patience, recognised, states: RwLock::default() }
    }

    /// What is known of an id.
    pub(super) fn get(&self, id: &SchemaId) -> State {
        match self.states.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            Some(State::Unknown(since)) if since.elapsed() >= Self::REMEMBERED => State::Missing,
            Some(state) => state.clone(),
            None => State::Missing,
        }
    }

    fn set(&self, id: SchemaId, state: State) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= Self::MOST {
            states.clear();
        }
        states.insert(id, state);
    }

    /// Asks for a schema, once.
    pub(crate) async fn ask(&self, id: SchemaId) -> Result<(), SchemaSourceError> {
        let schema = self.source.schema(id).await?;
        self.set(id, State::Known(Arc::new(self.recognised.known(schema))));
        Ok(())
    }

    /// For how long a schema is asked for that is not known.
    #[cfg(feature = "kafka")]
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// There is no such schema, and nobody is to ask for it for a while.
    #[cfg(feature = "kafka")]
    pub(crate) fn give_up(&self, id: SchemaId) {
        self.set(id, State::Unknown(Instant::now()));
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").finish_non_exhaustive()
    }
}
