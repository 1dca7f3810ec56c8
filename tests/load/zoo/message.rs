//! Messages for a type, from sources that do not know of each other, so that what one of them forgets another
//! may have: its shape, serde's view of the type, and seeds written by hand. Each is changed in places.

use event_schema::EventSchema;
use event_schema::serde::de::DeserializeOwned;

pub(crate) use super::choices::Choices;
use super::choices::arbitrary;
use super::from_serde;
use super::from_shape::FromShape;
use super::json::Json;
use super::mutation::mutate;
use super::seeds;
use super::words::Words;

/// Makes messages for one type.
pub(crate) struct Maker<'a> {
    by_shape: FromShape<'a>,
    by_serde: Option<fn(&mut Choices, &Words) -> Json>,
    seeds: Vec<Json>,
    words: &'a Words,
}

impl<'a> Maker<'a> {
    pub(crate) fn new<E: EventSchema + DeserializeOwned>(words: &'a Words) -> Self {
        Self { by_serde: Some(from_serde::message::<E>), ..Self::without_serde::<E>(words) }
    }

    /// For a type that serde does not read.
    pub(crate) fn without_serde<E: EventSchema>(words: &'a Words) -> Self {
        Self {
            by_shape: FromShape::new::<E>(words),
            by_serde: None,
            seeds: seeds::of(E::descriptor().name()).iter().map(|text| Json::parse(text)).collect(),
            words,
        }
    }

    /// A message as one of the sources has it, changed in up to three places.
    pub(crate) fn message(&self, choices: &mut Choices) -> Json {
        let mut message = match choices.below(20) {
            0..=8 => self.by_shape.message(choices),
            9..=11 if !self.seeds.is_empty() => self.seeds[choices.below(self.seeds.len())].clone(),
            9..=18 => match self.by_serde {
                Some(by_serde) => by_serde(choices, self.words),
                None => self.by_shape.message(choices),
            },
            _ => return arbitrary(choices, self.words, 3),
        };
        for _ in 0..choices.below(4) {
            mutate(&mut message, choices, self.words);
        }
        message
    }

    /// Changes a message in up to three places.
    #[allow(dead_code, reason = "the fuzz targets change none")]
    pub(crate) fn change(&self, message: &mut Json, choices: &mut Choices) {
        for _ in 0..=choices.below(3) {
            mutate(message, choices, self.words);
        }
    }
}
