//! smallvec: lists that need no allocation while they are short.

use std::marker::PhantomData;

use serde::de::Deserializer;
use smallvec::{Array, SmallVec};

use crate::contract::Shape;
use crate::load::lists::{Collect, ListVisitor};
use crate::load::parts::{ListType, PartRules, no_rules};
use crate::load::{At, Context, FieldType};

impl<A: Array> Collect<A::Item> for SmallVec<A> {
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }
    fn add(&mut self, value: A::Item) {
        self.push(value);
    }
}

impl<A: Array> FieldType for SmallVec<A>
where
    A::Item: FieldType,
{
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Self::read_parts(input, cx, at, no_rules)
    }

    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        for (index, value) in self.iter().enumerate() {
            value.check(cx, &at.index(index));
        }
    }

    fn shape() -> Shape {
        Shape::list(A::Item::shape())
    }
}

impl<A: Array> ListType for SmallVec<A>
where
    A::Item: FieldType,
{
    type Element = A::Item;

    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        each: impl PartRules<A::Item>,
    ) -> Result<Option<Self>, D::Error> {
        input.deserialize_any(ListVisitor { cx, at, each, of: PhantomData::<(Self, A::Item)> })
    }

    fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<A::Item>) {
        for (index, value) in self.iter().enumerate() {
            each(value, cx, &at.index(index));
        }
    }
}
