//! The requirements of a schema, one at a time: [`Form`].
//!
//! A schema with several kinds of keywords is an `allOf` of one schema for each kind.

use std::mem::discriminant;

use serde_json::Value;

use super::document::{Document, Reference, address};
use super::keyword::{ARRAY, NUMBER, OBJECT, Object, TEXT};

/// A schema, or one of its kinds of keywords.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) value: &'a Value,
    facet: Facet<'a>,
    around: Around<'a>,
    /// Whether it is all of a schema.
    pub(super) whole: bool,
}

/// The other schemas of the same value.
#[derive(Clone, Copy, Debug)]
enum Around<'a> {
    Nothing,
    /// Some that are not at hand; this is all of a schema.
    Others,
    /// Those of the outermost schema of the value.
    Within(&'a Value),
    /// As `Others`, for a part of a schema.
    Unknown,
}

/// The identity of a part: each schema stands at an address of its own.
pub(super) type PartId<'a> = (usize, Facet<'a>, Option<usize>, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Facet<'a> {
    Whole,
    Reference,
    /// One type, that `type` names.
    Type(&'a str),
    /// The list of `type`.
    Types,
    /// Keywords for one type, which is not demanded.
    Untyped(&'static str),
    Enum,
    Const,
    Not,
    All,
    Any,
    One,
    Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    All,
    Any,
    One,
}

#[derive(Clone, Debug)]
pub(super) enum Form<'a> {
    Anything,
    Nothing,
    Boolean,
    Null,
    Text(Typed<'a>),
    Number(Typed<'a>),
    Object(Typed<'a>),
    Array(Typed<'a>),
    Enum(&'a [Value]),
    Const(&'a Value),
    Not(Part<'a>),
    Condition,
    Combined(Criterion, Vec<Part<'a>>),
}

/// The keywords for one type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    pub(super) keywords: &'a Object,
    /// Whether values of other types are refused.
    pub(super) demanded: bool,
    pub(super) integer: bool,
    /// Whether the keywords are those of all of a schema, which no other one combines.
    pub(super) sole: bool,
    /// The outermost schema of the value, if it is at hand.
    pub(super) outermost: Option<&'a Value>,
}

/// The types that may be described without being demanded, with their keywords.
const UNTYPED: [(&str, &[&str]); 4] = [("array", ARRAY), ("object", OBJECT), ("number", NUMBER), ("string", TEXT)];

/// A part with its index in its combination.
pub(super) type Indexed<'a> = (usize, Part<'a>);

impl Criterion {
    /// The place of a part below its combination. The kinds of keywords of one schema stand in the same place.
    pub(super) fn place(self, (index, part): Indexed<'_>) -> String {
        let keyword = match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        };
        if part.whole { format!("/{keyword}/{index}") } else { String::new() }
    }
}

impl<'a> Part<'a> {
    /// The schema of another value than those around it.
    pub(super) fn whole(value: &'a Value) -> Self {
        Self { value, facet: Facet::Whole, around: Around::Nothing, whole: true }
    }

    /// A schema of a value that others describe too.
    pub(super) fn beside(value: &'a Value) -> Self {
        Self { around: Around::Unknown, ..Self::whole(value) }
    }

    /// The same for a schema that is not one of those that another one combines.
    pub(super) fn among_others(value: &'a Value) -> Self {
        Self { around: Around::Others, ..Self::whole(value) }
    }

    pub(super) fn id(&self) -> PartId<'a> {
        let around = match self.around {
            Around::Nothing => None,
            Around::Others => Some(1),
            Around::Within(outermost) => Some(address(outermost)),
            Around::Unknown => Some(0),
        };
        (address(self.value), self.facet, around, self.whole)
    }

    /// The part without the schemas around it, for a comparison that does not ask for them.
    pub(super) fn without_surroundings(self) -> Self {
        match self.around {
            Around::Within(_) => Self { around: Around::Unknown, ..self },
            Around::Nothing | Around::Others | Around::Unknown => self,
        }
    }

    /// The surroundings of the parts of this one that hold at the same time.
    fn around_parts(&self) -> Around<'a> {
        match self.around {
            Around::Nothing => Around::Within(self.value),
            Around::Within(outermost) => Around::Within(outermost),
            Around::Others | Around::Unknown => Around::Unknown,
        }
    }

    /// Whether both are the same text of a schema.
    pub(super) fn is_like(&self, other: &Part<'_>) -> bool {
        // A schema with one kind of keywords is that kind.
        (self.facet == other.facet || self.whole && other.whole) && self.value == other.value
    }

    /// Whether both are the same kind of keywords of a schema.
    pub(super) fn is_of_kind(&self, other: &Part<'_>) -> bool {
        let is_type = |facet| matches!(facet, Facet::Type(_) | Facet::Types | Facet::Untyped(_));
        is_type(self.facet) && is_type(other.facet) || discriminant(&self.facet) == discriminant(&other.facet)
    }

    fn with(self, facet: Facet<'a>) -> Self {
        Self { facet, whole: false, ..self }
    }
}

impl<'a> Document<'a> {
    /// The requirement of a part, and the part that states it, behind references.
    pub(super) fn form(&self, mut part: Part<'a>) -> (Part<'a>, Form<'a>) {
        loop {
            let keywords = match part.value {
                Value::Object(keywords) => keywords,
                Value::Bool(false) => return (part, Form::Nothing),
                _ => return (part, Form::Anything),
            };
            let typed = |demanded, integer| Typed {
                keywords,
                demanded,
                integer,
                sole: matches!(part.around, Around::Nothing | Around::Others),
                outermost: match part.around_parts() {
                    Around::Within(outermost) => Some(outermost),
                    _ => None,
                },
            };
            let form = match part.facet {
                Facet::Whole => match self.facets(keywords).as_slice() {
                    [] => Form::Anything,
                    [only] => {
                        part = Part { facet: *only, ..part };
                        continue;
                    }
                    facets => {
                        let one = Part { around: part.around_parts(), ..part };
                        Form::Combined(Criterion::All, facets.iter().map(|facet| one.with(*facet)).collect())
                    }
                },
                Facet::Reference => {
                    let Some((_, definition)) = self.definition(part) else { return (part, Form::Anything) };
                    part = definition;
                    continue;
                }
                Facet::Types => {
                    let names = keywords.get("type").and_then(Value::as_array).into_iter().flatten();
                    let parts = names.filter_map(Value::as_str).map(|name| part.with(Facet::Type(name)));
                    Form::Combined(Criterion::Any, parts.collect())
                }
                Facet::Type("string") => Form::Text(typed(true, false)),
                Facet::Type("integer") => Form::Number(typed(true, true)),
                Facet::Type("number") => Form::Number(typed(true, false)),
                Facet::Type("object") => Form::Object(typed(true, false)),
                Facet::Type("array") => Form::Array(typed(true, false)),
                Facet::Type("boolean") => Form::Boolean,
                Facet::Type("null") => Form::Null,
                Facet::Type(_) => Form::Nothing,
                Facet::Untyped("string") => Form::Text(typed(false, false)),
                Facet::Untyped("number") => Form::Number(typed(false, false)),
                Facet::Untyped("array") => Form::Array(typed(false, false)),
                Facet::Untyped(_) => Form::Object(typed(false, false)),
                Facet::Enum => Form::Enum(keywords.get("enum").and_then(Value::as_array).map_or(&[], Vec::as_slice)),
                Facet::Const => Form::Const(&keywords["const"]),
                Facet::Not => Form::Not(Part::whole(&keywords["not"])),
                Facet::Condition => Form::Condition,
                Facet::All => combined(Criterion::All, part, keywords.get("allOf")),
                Facet::Any => combined(Criterion::Any, part, keywords.get("anyOf")),
                Facet::One => combined(Criterion::One, part, keywords.get("oneOf")),
            };
            return (part, form);
        }
    }

    /// The schema that a part names, with the reference, if it has no keyword but `$ref`.
    pub(super) fn bare_definition(&self, part: Part<'a>) -> Option<(&'a str, Part<'a>)> {
        let Reference { name, target } = self.behind_bare(part.value).filter(|_| part.facet == Facet::Whole)?;
        Some((name, Part { value: target, ..part }))
    }

    /// The schema that a part names, with the reference, if no other keyword of it is compared.
    pub(super) fn definition(&self, part: Part<'a>) -> Option<(&'a str, Part<'a>)> {
        let is_reference = match part.facet {
            Facet::Reference => true,
            Facet::Whole => {
                part.value.as_object().is_some_and(|keywords| self.facets(keywords).as_slice() == [Facet::Reference])
            }
            _ => false,
        };
        let Reference { name, target } = self.behind(part.value).filter(|_| is_reference)?;
        Some((name, Part { value: target, facet: Facet::Whole, whole: true, ..part }))
    }

    /// The kinds of keywords of a schema.
    fn facets(&self, keywords: &'a Object) -> Vec<Facet<'a>> {
        let mut facets = Vec::new();
        let mut untyped = [false; UNTYPED.len()];
        for (keyword, value) in keywords {
            let facet = match (keyword.as_str(), value) {
                ("$ref", _) if self.draft.is_early() => return vec![Facet::Reference],
                ("$ref", _) => Facet::Reference,
                ("enum", _) => Facet::Enum,
                ("const", _) => Facet::Const,
                ("not", _) => Facet::Not,
                ("allOf", _) => Facet::All,
                ("anyOf", _) => Facet::Any,
                ("oneOf", _) => Facet::One,
                ("if", _) => Facet::Condition,
                ("type", Value::String(name)) => Facet::Type(name),
                ("type", Value::Array(_)) => Facet::Types,
                (keyword, _) => {
                    if let Some(kind) = UNTYPED.iter().position(|(_, known)| known.contains(&keyword)) {
                        untyped[kind] = true;
                    }
                    continue;
                }
            };
            facets.push(facet);
        }
        if !facets.iter().any(|facet| matches!(facet, Facet::Type(_) | Facet::Types)) {
            let described = UNTYPED.iter().zip(untyped).filter(|(_, described)| *described);
            facets.extend(described.map(|((name, _), _)| Facet::Untyped(name)));
        }
        facets
    }
}

fn combined<'a>(criterion: Criterion, part: Part<'a>, schemas: Option<&'a Value>) -> Form<'a> {
    let around = if criterion == Criterion::All { part.around_parts() } else { part.around };
    let schemas = schemas.and_then(Value::as_array).into_iter().flatten();
    Form::Combined(criterion, schemas.map(|schema| Part { around, ..Part::whole(schema) }).collect())
}
