//! What a writer wrote, as the events of several types: [`Writer`].

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::plan::Plan;
use crate::avro::schema::Schema;
use crate::contract::Shape;
use crate::error::LoadError;
use crate::event::{Descriptor, Generated, Input};
use crate::load::LoadOptions;

/// A writer's schema, and the plans by which types read what was written with it: the type of today, and those that know
/// earlier versions. There are as many as an event has versions.
pub(crate) struct Writer {
    schema: Schema,
    today: Reader,
    others: RwLock<Vec<Reader>>,
}

struct Reader {
    descriptor: &'static Descriptor,
    plan: Arc<Plan>,
}

impl Reader {
    fn new<T: Generated>(schema: &Schema) -> Self {
        let descriptor = T::DESCRIPTOR;
        Self { descriptor, plan: Arc::new(Plan::new(schema.nodes(), &Shape::of::<T>(), descriptor.name())) }
    }

    fn is_of(&self, descriptor: &Descriptor) -> bool {
        let Self { descriptor: own, .. } = self;
        own.version() == descriptor.version() && own.name() == descriptor.name()
    }
}

impl Writer {
    pub(crate) fn new<T: Generated>(schema: Schema) -> Self {
        Self { today: Reader::new::<T>(&schema), others: RwLock::default(), schema }
    }

    pub(crate) fn datum<'a>(&'a self, datum: &'a [u8]) -> Written<'a> {
        Written { writer: self, datum }
    }

    fn other<T: Generated>(&self) -> Arc<Plan> {
        let find = |readers: &[Reader]| {
            let reader = readers.iter().find(|reader| reader.is_of(T::DESCRIPTOR));
            reader.map(|reader| Arc::clone(&reader.plan))
        };
        let known = find(&self.others.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            let made = Reader::new::<T>(&self.schema);
            let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
            find(&others).unwrap_or_else(|| {
                let plan = Arc::clone(&made.plan);
                others.push(made);
                plan
            })
        })
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writer").field(&self.schema).finish()
    }
}

/// A datum, with the schema of its writer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'a> {
    writer: &'a Writer,
    datum: &'a [u8],
}

impl Input for Written<'_> {
    fn load_as<T: Generated>(self, options: &LoadOptions<'_>) -> Result<T, LoadError> {
        let Self { writer, datum } = self;
        if writer.today.is_of(T::DESCRIPTOR) {
            writer.today.plan.load(datum, options)
        } else {
            writer.other::<T>().load(datum, options)
        }
    }

    fn bytes(&self) -> &[u8] {
        self.datum
    }
}
