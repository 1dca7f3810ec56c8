//! How a producer writes its events: [`Encoding`].

#[cfg(feature = "avro")]
use std::any::{Any, TypeId};
#[cfg(feature = "avro")]
use std::collections::HashMap;
#[cfg(feature = "avro")]
use std::sync::{Arc, PoisonError, RwLock};

use super::stamp::Described;
use crate::kafka::context::RuleContext;
use crate::kafka::error::{SendError, SendErrorKind};
use crate::{DumpOptions, EventSchema};
#[cfg(feature = "avro")]
use crate::{
    format::Codec,
    format::{CodecError, Encoder},
};

/// With a context for the rules of events and, if one was chosen, with a codec.
#[derive(Clone, Default)]
pub(super) struct Encoding {
    context: RuleContext,
    /// Without one, values are JSON.
    #[cfg(feature = "avro")]
    encoders: Option<Arc<Encoders>>,
}

/// A codec, with the encoders of the types that were sent: as many as a program has at most.
#[cfg(feature = "avro")]
struct Encoders {
    codec: Codec,
    made: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// Writes events of one type.
pub(super) struct Writer<'a, E> {
    options: DumpOptions<'a>,
    #[cfg(feature = "avro")]
    encoder: Option<Arc<Encoder<E>>>,
    #[cfg(not(feature = "avro"))]
    event: std::marker::PhantomData<fn(&E)>,
}

impl Encoding {
    pub(super) fn with_context(self, context: RuleContext) -> Self {
        Self { context, ..self }
    }

    #[cfg(feature = "avro")]
    pub(super) fn with_codec(self, codec: Codec) -> Self {
        Self { encoders: Some(Arc::new(Encoders { codec, made: RwLock::default() })), ..self }
    }

    /// The writer of a type's events.
    pub(super) fn writer<E: EventSchema + 'static>(&self) -> Result<Writer<'_, E>, SendError> {
        #[cfg(feature = "avro")]
        let encoder = self.encoders.as_deref().map(Encoders::encoder).transpose().map_err(SendErrorKind::Codec)?;
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
    fn encoder<E: EventSchema + 'static>(&self) -> Result<Arc<Encoder<E>>, CodecError> {
        let key = TypeId::of::<E>();
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
        if let Some(encoder) = made.and_then(|encoder| encoder.downcast().ok()) {
            return Ok(encoder);
        }
        // Two tasks may make the same one: the second replaces the first, and writes alike.
        let encoder = Arc::new(Encoder::new(&self.codec)?);
        self.made.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&encoder) as _);
        Ok(encoder)
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
