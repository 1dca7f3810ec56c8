//! A list of events, each of which is a document of its own.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::field_type::Seed;
use super::{At, Context, FieldType, number};
use crate::contract::Shape;

/// The list that `load_many` reads. Its level does not count as depth: the depth of each event is bounded.
#[derive(Serialize)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T: FieldType> FieldType for Many<T> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        input.deserialize_any(ManyVisitor { cx, at, of: PhantomData })
    }

    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        for (index, event) in self.0.iter().enumerate() {
            event.check(cx, &at.document(index));
        }
    }

    fn shape() -> Shape {
        Shape::list(T::shape())
    }
}

struct ManyVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T> ManyVisitor<'_, '_, T> {
    #[cold]
    fn reject(self) -> Option<Many<T>> {
        self.cx.no_list(self.at);
        None
    }
}

impl<'de, T: FieldType> Visitor<'de> for ManyVisitor<'_, '_, T> {
    type Value = Option<Many<T>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        let mut index = 0;
        while let Some(event) = seq.next_element_seed(Seed::<T>::new(self.cx, &self.at.document(index)))? {
            events.extend(event);
            index += 1;
        }
        Ok((events.len() == index).then_some(Many(events)))
    }

    refuse! { bool number str bytes }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        number::in_disguise(map)?;
        Ok(self.reject())
    }
}
