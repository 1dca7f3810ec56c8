//! How a producer writes its events: [`Encoding`].
#![cfg_attr(
    not(feature = "avro"),
    allow(clippy::needless_update, clippy::unused_self, reason = "only codecs need them")
)]

#[cfg(feature = "avro")]
use std::any::{Any, TypeId};
#[cfg(feature = "avro")]
use std::collections::HashMap;
#[cfg(feature = "avro")]
use std::panic::AssertUnwindSafe;
#[cfg(feature = "avro")]
use std::sync::{Arc, PoisonError, RwLock};

#[cfg(feature = "avro")]
use futures_util::future::{BoxFuture, FutureExt as _, Shared};

use super::stamp::Described;
#[cfg(feature = "avro")]
use crate::kafka::config::TopicNames;
use crate::kafka::context::RuleContext;
use crate::kafka::error::{SendError, SendErrorKind};
use crate::{DumpOptions, EventSchema};
#[cfg(feature = "avro")]
use crate::{
    format::Codec,
    format::{CodecError, Encoder, SchemaSourceError},
};

/// With a context for the rules of events and, if one was chosen, with a codec.
#[derive(Clone, Default)]
pub(super) struct Encoding {
    context: RuleContext,
    /// Without one, values are JSON.
    #[cfg(feature = "avro")]
    encoders: Option<Arc<Encoders>>,
    /// Ids of schemas are asked for by the names of topics at the brokers.
    #[cfg(feature = "avro")]
    names: Arc<TopicNames>,
}

/// A codec, with the encoders of the types and topics that were sent.
#[cfg(feature = "avro")]
struct Encoders {
    codec: Arc<Codec>,
    /// By type and, if the codec asks for ids by topic, by topic.
    made: RwLock<HashMap<TypeId, HashMap<Box<str>, Making>>>,
}

/// An encoder that is made once, for all tasks that wait for it. They share a failure as well, and go on in the order in
/// which they began to wait.
#[cfg(feature = "avro")]
type Making = Shared<BoxFuture<'static, Result<Arc<dyn Any + Send + Sync>, CodecError>>>;

/// Why there is no writer of a type's events.
#[cfg(feature = "avro")]
pub(super) type NoWriter = CodecError;
#[cfg(not(feature = "avro"))]
pub(super) type NoWriter = std::convert::Infallible;

/// Writes events of one type.
pub(super) struct Writer<'a, E> {
    options: DumpOptions<'a>,
    #[cfg(feature = "avro")]
    encoder: Option<Arc<Encoder<E>>>,
    #[cfg(not(feature = "avro"))]
    event: std::marker::PhantomData<fn(&E)>,
}

impl Encoding {
    #[cfg(feature = "avro")]
    pub(super) fn with_names(self, names: Arc<TopicNames>) -> Self {
        Self { names, ..self }
    }

    pub(super) fn with_context(self, context: RuleContext) -> Self {
        Self { context, ..self }
    }

    #[cfg(feature = "avro")]
    pub(super) fn with_codec(self, codec: Codec) -> Self {
        Self { encoders: Some(Arc::new(Encoders { codec: Arc::new(codec), made: RwLock::default() })), ..self }
    }

    /// Whether a writer may take time, and the topic says which it is.
    pub(super) fn asks_by_topic(&self) -> bool {
        #[cfg(feature = "avro")]
        let asks = self.encoders.as_ref().is_some_and(|encoders| encoders.codec.asks_by_topic());
        #[cfg(not(feature = "avro"))]
        let asks = false;
        asks
    }

    /// The writer of a type's events in a topic. It takes time if the codec asks for an id.
    #[cfg_attr(not(feature = "avro"), allow(clippy::unused_async, reason = "codecs ask"))]
    pub(super) async fn writer<E: EventSchema + 'static>(&self, topic: &str) -> Result<Writer<'_, E>, NoWriter> {
        #[cfg(feature = "avro")]
        let encoder = match self.encoders.as_deref() {
            Some(encoders) => Some(encoders.encoder(&self.names.real(topic)).await?),
            None => None,
        };
        #[cfg(not(feature = "avro"))]
        let _ = topic;
        Ok(Writer {
            options: self.context.dump_options(),
            #[cfg(feature = "avro")]
            encoder,
            #[cfg(not(feature = "avro"))]
            event: std::marker::PhantomData,
        })
    }
}

#[cfg(feature = "avro")]
impl Encoders {
    /// The most topics with an encoder of a type. A producer that sends to more asks again for some of them.
    const MOST: usize = 1000;

    async fn encoder<E: EventSchema + 'static>(&self, topic: &str) -> Result<Arc<Encoder<E>>, CodecError> {
        let by_topic = self.codec.asks_by_topic();
        let topic = if by_topic { topic } else { "" };
        if let Some(encoder) = self.made(topic) {
            return Ok(encoder);
        }
        let making = {
            let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
            let of_type = made.entry(TypeId::of::<E>()).or_default();
            match of_type.get(topic).filter(|making| !matches!(making.peek(), Some(Err(_)))) {
                Some(making) => making.clone(),
                None => {
                    if of_type.len() >= Self::MOST
                        && let Some(any) = of_type.keys().next().cloned()
                    {
                        of_type.remove(&any);
                    }
                    let making = self.make::<E>(by_topic.then(|| topic.to_owned()));
                    of_type.insert(topic.into(), making.clone());
                    making
                }
            }
        };
        Ok(making.await?.downcast().expect("it is kept by its type"))
    }

    fn made<E: 'static>(&self, topic: &str) -> Option<Arc<Encoder<E>>> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let making = made.get(&TypeId::of::<E>())?.get(topic)?;
        Arc::clone(making.peek()?.as_ref().ok()?).downcast().ok()
    }

    fn make<E: EventSchema + 'static>(&self, topic: Option<String>) -> Making {
        let codec = Arc::clone(&self.codec);
        let for_topic = topic.clone().unwrap_or_default();
        let make = async move {
            codec.check_for_values()?;
            let encoder = match topic {
                Some(topic) => Encoder::<E>::for_topic(&codec, &topic).await,
                None => Encoder::new(&codec),
            };
            Ok(Arc::new(encoder?) as Arc<dyn Any + Send + Sync>)
        };
        // A source may panic. Whoever waits then gets an error, and the next send asks again.
        let make = AssertUnwindSafe(make).catch_unwind().map(move |made| {
            let event = E::DESCRIPTOR;
            let error = || SchemaSourceError::unavailable("the source panicked");
            made.unwrap_or_else(|_| Err(CodecError::from_source(event.name(), event.version(), &for_topic, error())))
        });
        make.boxed().shared()
    }
}

impl<E: EventSchema> Writer<'_, E> {
    /// Appends the value of the event's message.
    pub(super) fn dump_into(&self, event: &E, value: &mut Vec<u8>) -> Result<(), SendError> {
        #[cfg(feature = "avro")]
        if let Some(encoder) = &self.encoder {
            return Ok(encoder.dump_into(event, &self.options, value).map_err(SendErrorKind::from)?);
        }
        Ok(self.options.dump_into(event, value).map_err(SendErrorKind::from)?)
    }

    /// How its headers describe the value.
    pub(super) fn described(&self) -> Described<'_> {
        #[cfg(feature = "avro")]
        if let Some(encoder) = &self.encoder {
            return Described { content_type: encoder.content_type(), schema_id: encoder.header() };
        }
        Described { content_type: "application/json", schema_id: None }
    }
}
