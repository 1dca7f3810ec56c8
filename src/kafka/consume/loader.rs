//! How a consumer makes events of messages: [`Loader`].

use std::marker::PhantomData;
#[cfg(feature = "avro")]
use std::sync::Arc;

use super::raw::Raw;
use super::received::{Body, Rejection};
use crate::format::cloudevents::{CloudEvent, Data, Mode};
use crate::kafka::context::RuleContext;
#[cfg(feature = "avro")]
use crate::kafka::message::Origin;
use crate::{Envelope, EventSchema, LoadError, LoadOptions};
#[cfg(feature = "avro")]
use crate::{
    format::framing::VALUE_SCHEMA_ID,
    format::{Codec, CodecError, Decoder},
};

/// Loads the events of messages: with a context for their rules and, if one was chosen, with a codec.
pub(crate) struct Loader<E> {
    context: RuleContext,
    /// Without one, values are JSON.
    #[cfg(feature = "avro")]
    decoder: Option<Arc<Decoder<E>>>,
    event: PhantomData<fn() -> E>,
}

/// Where a message was received.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "avro"), expect(dead_code, reason = "the codec asks for them"))]
pub(crate) struct At<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// The content of a message, and its envelope if that is part of the value.
pub(crate) type Loaded<E> = (Body<E>, Option<Box<Envelope>>);

impl<E> Loader<E> {
    /// Without a context, and for JSON.
    pub(crate) fn new() -> Self {
        Self {
            context: RuleContext::default(),
            #[cfg(feature = "avro")]
            decoder: None,
            event: PhantomData,
        }
    }

    pub(super) fn set_context(&mut self, context: RuleContext) {
        self.context = context;
    }

    fn has_codec(&self) -> bool {
        #[cfg(feature = "avro")]
        let has_codec = self.decoder.is_some();
        #[cfg(not(feature = "avro"))]
        let has_codec = false;
        has_codec
    }
}

impl<E: EventSchema> Loader<E> {
    #[cfg(feature = "avro")]
    pub(super) fn set_codec(&mut self, codec: &Codec) -> Result<(), CodecError> {
        self.decoder = Some(Arc::new(Decoder::new(codec)?));
        Ok(())
    }

    /// Loads the event of a message, by its headers.
    pub(crate) fn load(&self, raw: &Raw, at: At<'_>) -> Loaded<E> {
        let Some(bytes) = raw.value() else { return (Body::Tombstone, None) };
        let body = |loaded: Result<E, LoadError>| match loaded {
            Ok(event) => Body::Event(event),
            Err(error) => Body::Rejected(Rejection::new(bytes, error, self.has_codec())),
        };
        let headers = raw.headers();
        match Mode::of(headers.iter()) {
            Mode::Structured => match CloudEvent::read(headers.iter(), Some(bytes)) {
                Ok(event) => {
                    let data = event.data().map_or(&[][..], Data::as_bytes);
                    let content_type = event.data_content_type().map(str::as_bytes);
                    let loaded = self.event(Some(event.event_type()), content_type, data, raw, at);
                    (body(loaded), Some(Box::new(Envelope::from(&event))))
                }
                Err(error) => (body(Err(error.into())), None),
            },
            Mode::Binary => {
                let event_type = headers.get("ce_type").and_then(|name| str::from_utf8(name).ok());
                let event_type = event_type.filter(|event_type| !event_type.is_empty());
                (body(self.event(event_type, None, bytes, raw, at)), None)
            }
            _ => (body(self.event(None, None, bytes, raw, at)), None),
        }
    }

    /// Loads the data of a message. Without a content type of their own, they have that of the message.
    #[cfg_attr(not(feature = "avro"), expect(unused_variables, reason = "the codec asks for them"))]
    fn event(
        &self,
        event_type: Option<&str>,
        content_type: Option<&[u8]>,
        data: &[u8],
        raw: &Raw,
        at: At<'_>,
    ) -> Result<E, LoadError> {
        let options = self.context.load_options();
        #[cfg(feature = "avro")]
        if let Some(decoder) = &self.decoder {
            let headers = raw.headers();
            let of_message = || {
                let is_content_type = |(name, _): &(&str, _)| name.eq_ignore_ascii_case("content-type");
                headers.iter().filter(is_content_type).last().and_then(|(_, value)| value)
            };
            // A retry or a redriven dead letter has the bytes that it had in its first place.
            let decoder = match Origin::read(headers) {
                Some(origin) => decoder.of(origin.topic, origin.partition, origin.offset),
                None => decoder.of(at.topic, at.partition, at.offset),
            };
            let payload = decoder.payload(headers.get(VALUE_SCHEMA_ID), content_type.or_else(of_message), data)?;
            return payload.load(event_type, &options);
        }
        load_json(event_type, data, &options)
    }
}

fn load_json<E: EventSchema>(event_type: Option<&str>, text: &[u8], options: &LoadOptions<'_>) -> Result<E, LoadError> {
    match event_type {
        Some(event_type) => options.load_typed(event_type, text),
        None => E::load_untyped(text, options),
    }
}
