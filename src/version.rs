//! Versions of an event: what an earlier writer wrote is loaded with its own type and upcast.
//!
//! A CloudEvents type says the version at its end: `order.requested.v2`.

use std::any::Any;

use crate::error::LoadError;
use crate::event::type_name::number;
use crate::event::{Descriptor, Generated, Input};
use crate::load::{At, Context, Dialect, LoadOptions};
use crate::rules::broken_schema;
use crate::violation::{Violation, Violations};

/// Whether CloudEvents calls just this version of the event so.
#[must_use]
pub fn is_of(event: &Descriptor, event_type: &str) -> bool {
    let version = event_type.strip_prefix(event.name()).and_then(|rest| rest.strip_prefix(".v"));
    version.and_then(number) == Some(event.version())
}

/// Whether no event before the one at the index has its name and version, or takes messages of every type.
#[must_use]
pub const fn is_first(events: &[&Descriptor], index: usize) -> bool {
    let mut before = 0;
    while before < index {
        if is_same(events[before].name(), Descriptor::ANY) {
            return false;
        }
        if events[before].version() == events[index].version() && is_same(events[before].name(), events[index].name()) {
            return false;
        }
        before += 1;
    }
    true
}

const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Loads with the version before, or one before that, and converts; `None` if none is of this version.
#[must_use]
pub fn upcast<P: Generated, E: Generated + TryFrom<P>, I: Input>(
    version: u32,
    input: I,
    options: &LoadOptions<'_>,
) -> Option<Result<E, LoadError>>
where
    E::Error: 'static,
{
    let earlier = if P::DESCRIPTOR.version() == version {
        input.load_as::<P>(options)
    } else {
        P::load_earlier(version, input, options)?
    };
    Some(earlier.and_then(|earlier| {
        let mut cx = Context::new(*options, Dialect::Value);
        match E::try_from(earlier) {
            Ok(event) => {
                event.check(&mut cx, &At::ROOT);
                let event = if cx.found() == 0 { event.complete(&mut cx, &At::ROOT) } else { None };
                if let Some(event) = event.filter(|_| cx.found() == 0) {
                    return Ok(event);
                }
            }
            Err(error) => match told(Box::new(error)) {
                Told::Config(error) => return Err(error),
                Told::Here(violations) => broken_schema::<E>(&mut cx, &At::ROOT, violations, None, None),
                Told::Placed(violations) => cx.adopt(violations),
                Told::Nothing => {}
            },
        }
        if cx.found() == 0 {
            not_converted(&mut cx, version);
        }
        Err(cx.into_error())
    }))
}

/// The error of a conversion, if it is of a type of ours. The text of any other error may quote the payload.
enum Told {
    /// The service is to blame, not the event.
    Config(LoadError),
    /// They lie at the event, or at the field that they name.
    Here(Violations),
    /// Another load found them, at their places.
    Placed(Violations),
    Nothing,
}

#[cold]
fn told(error: Box<dyn Any>) -> Told {
    let error = match error.downcast::<LoadError>() {
        Ok(error) if error.is_config() => return Told::Config(*error),
        Ok(error) => return error.into_violations().map_or(Told::Nothing, Told::Placed),
        Err(error) => error,
    };
    let error = match error.downcast::<Violation>() {
        Ok(violation) => return Told::Here((*violation).into()),
        Err(error) => error,
    };
    #[cfg(feature = "validator021")]
    let error = match error.downcast::<validator::ValidationError>() {
        Ok(error) => return Told::Here((*error).into()),
        Err(error) => error,
    };
    error.downcast::<Violations>().map_or(Told::Nothing, |violations| Told::Here(*violations))
}

/// Notes that an event of this version has no form in today's, where no reason can be told.
#[cold]
fn not_converted(cx: &mut Context<'_>, version: u32) {
    cx.violation_of_whole(
        &At::ROOT,
        "upcast".into(),
        serde_json::Map::from_iter([("version".to_owned(), version.into())]),
        Some(format!("Cannot be converted from version {version}.").into()),
    );
}
