//! What must hold of any bytes that are read as an Avro datum of a type of the zoo.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use event_schema::EventSchema;
use event_schema::avro::{DatumReader, DatumWriter, Schema};

use crate::zoo::differences::reads_what_it_writes;
use crate::zoo::*;

/// A type of the zoo.
trait Type: Send + Sync {
    fn check(&self, datum: &[u8]) -> u64;
    fn write(&self, message: &[u8]) -> Option<Vec<u8>>;
}

macro_rules! table {
    ($($name:ident: $type:ty,)*) => {
        /// Every type of the zoo; nothing of one that has no Avro form.
        static TYPES: LazyLock<Vec<Option<Box<dyn Type>>>> = LazyLock::new(|| vec![$(of_type::<$type>()),*]);
    };
}

every_type!(table);

/// Loads what follows the first byte as the type of the zoo that this byte chooses. What was made of it, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    let Some((&chosen, input)) = input.split_first() else { return 0 };
    TYPES[usize::from(chosen) % TYPES.len()].as_ref().map_or(0, |known| known.check(input))
}

/// The datum of a message in JSON, if it is one of the type that the first byte chooses.
pub(crate) fn written(message: &[u8]) -> Option<Vec<u8>> {
    let (&chosen, message) = message.split_first()?;
    let datum = TYPES[usize::from(chosen) % TYPES.len()].as_ref()?.write(message)?;
    Some([&[chosen], &datum[..]].concat())
}

fn of_type<E: EventSchema + PartialEq + Debug + 'static>() -> Option<Box<dyn Type>> {
    let schema = Schema::of::<E>().ok()?;
    let writer = DatumWriter::<E>::new(&schema).expect("its own schema");
    Some(Box::new(Codec { reader: DatumReader::new(&schema), writer }))
}

struct Codec<E> {
    reader: DatumReader<E>,
    writer: DatumWriter<E>,
}

impl<E: EventSchema + PartialEq + Debug> Type for Codec<E> {
    fn check(&self, datum: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        std::any::type_name::<E>().hash(&mut hasher);
        match self.reader.load(datum) {
            Ok(event) => {
                let again = self.writer.dump(&event).expect("what was loaded is valid, and of the schema");
                if reads_what_it_writes::<E>() {
                    assert_eq!(self.reader.load(&again).expect("written by dump"), event);
                }
                format!("{event:?}").len().ilog2().hash(&mut hasher);
            }
            Err(error) => {
                let kinds = [error.is_syntax(), error.is_invalid(), error.is_too_deep()];
                assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{error:?}");
                error.to_string().replace(|c: char| c.is_ascii_digit(), "").hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    fn write(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.writer.dump(&E::load(message).ok()?).ok()
    }
}
