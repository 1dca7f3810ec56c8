//! Lists and tuples.

use serde_json::Value;

use super::comparison::Comparison;
use super::document::Draft;
use super::form::{Form, Part, Typed};
use super::keyword::Object;
use super::object::Rest;
use super::outcome::Outcome;
use super::rule::{self, Rule};
use super::values::order;

/// The limits, with the rules for one that is added, removed, increased and decreased.
const LIMITS: [(&str, [Rule; 4]); 2] = [
    (
        "maxItems",
        [rule::MAX_ITEMS_ADDED, rule::MAX_ITEMS_REMOVED, rule::MAX_ITEMS_INCREASED, rule::MAX_ITEMS_DECREASED],
    ),
    (
        "minItems",
        [rule::MIN_ITEMS_ADDED, rule::MIN_ITEMS_REMOVED, rule::MIN_ITEMS_INCREASED, rule::MIN_ITEMS_DECREASED],
    ),
];
const CONTAINS_LIMITS: [(&str, [Rule; 4]); 2] = [
    (
        "maxContains",
        [
            rule::MAX_CONTAINS_ADDED,
            rule::MAX_CONTAINS_REMOVED,
            rule::MAX_CONTAINS_INCREASED,
            rule::MAX_CONTAINS_DECREASED,
        ],
    ),
    (
        "minContains",
        [
            rule::MIN_CONTAINS_ADDED,
            rule::MIN_CONTAINS_REMOVED,
            rule::MIN_CONTAINS_INCREASED,
            rule::MIN_CONTAINS_DECREASED,
        ],
    ),
];

struct Items<'a> {
    keywords: &'a Object,
    /// The schema of all items.
    all: Option<&'a Value>,
    /// The schemas of the first items.
    tuple: &'a [Value],
    /// The items behind the tuple.
    rest: Rest<'a>,
    /// Whether `rest` says all that `unevaluatedItems` says.
    evaluates_all: bool,
    /// Whether other schemas describe the items, too.
    shares: bool,
}

impl<'a> Items<'a> {
    fn new(typed: &Typed<'a>, draft: Draft, proves: bool, shares: bool) -> Self {
        let keywords = typed.keywords;
        let items = keywords.get("items");
        let prefix = keywords.get("prefixItems").and_then(Value::as_array).filter(|_| draft.has_prefix_items());
        let (all, tuple, mut rest) = match (prefix, items) {
            (Some(tuple), rest) => (None, tuple.as_slice(), rest),
            (None, Some(Value::Array(tuple))) => (None, tuple.as_slice(), keywords.get("additionalItems")),
            (None, all) => (all, &[][..], keywords.get("additionalItems")),
        };
        // Without a tuple `additionalItems` says nothing, though the registry compares it.
        if proves && tuple.is_empty() && prefix.is_none() {
            rest = None;
        }
        // `contains` and schemas beside this one evaluate items too.
        let alone = typed.sole && !draft.is_early() && !keywords.contains_key("contains");
        let unevaluated = keywords.get("unevaluatedItems").filter(|_| all.is_none() && (alone || !proves));
        let evaluates_all = proves && (all.is_some() || rest.is_some() || alone);
        Self { keywords, all, tuple, rest: Rest::of(rest.or(unevaluated)), evaluates_all, shares }
    }

    /// The schema of an item.
    fn part(&self, schema: &'a Value) -> Part<'a> {
        if self.shares { Part::among_others(schema) } else { Part::whole(schema) }
    }

    fn keyword(&self, keyword: &str) -> Option<&'a Value> {
        self.keywords.get(keyword)
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn arrays(&mut self, out: &mut Outcome<'a>, old: &Typed<'a>, new: &Typed<'a>) {
        let shares = self.policy.knows_fields() && {
            let inside = old.outermost.and_then(|outermost| self.insides.of(self.writer, outermost));
            !inside.is_some_and(|inside| inside.describes_items_once())
        };
        let old = Items::new(old, self.writer.draft, self.policy.proves(), shares);
        let new = Items::new(new, self.reader.draft, self.policy.proves(), false);
        match (old.all, new.all) {
            (None, None) => {}
            (None, Some(all)) if self.policy.proves() && self.reads_tuple(&old, all) => {}
            (None, Some(_)) => self.note(out, "/items", rule::SCHEMA_ADDED, old.all, new.all),
            (Some(_), None) => self.note(out, "/items", rule::SCHEMA_REMOVED, old.all, new.all),
            (Some(one), Some(other)) => {
                let inner = self.compare(old.part(one), Part::whole(other));
                out.absorb("/items", &inner);
            }
        }
        for at in 0..old.tuple.len().max(new.tuple.len()) {
            let place = format!("/items/{at}");
            match (old.tuple.get(at), new.tuple.get(at)) {
                (Some(one), Some(other)) => {
                    let inner = self.compare(old.part(one), Part::whole(other));
                    out.absorb(&place, &inner);
                }
                (Some(schema), None) => self.removed_item(out, &place, old.part(schema), &new),
                (None, Some(schema)) => self.added_item(out, &place, schema, &old),
                (None, None) => {}
            }
        }
        self.items_behind(out, &old, &new);
        self.contained(out, &old, &new);
        for (keyword, rules) in LIMITS {
            self.limit(out, keyword, (old.keyword(keyword), new.keyword(keyword)), rules);
        }
        let unique = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
        let (before, after) = (old.keyword("uniqueItems"), new.keyword("uniqueItems"));
        match (unique(before), unique(after)) {
            (true, false) => self.note(out, "/uniqueItems", rule::UNIQUE_ITEMS_REMOVED, before, after),
            (false, true) => self.note(out, "/uniqueItems", rule::UNIQUE_ITEMS_ADDED, before, after),
            _ => {}
        }
    }

    /// Whether a schema of all items accepts those of a tuple and what may stand behind them.
    fn reads_tuple(&mut self, old: &Items<'a>, all: &'a Value) -> bool {
        let reads_rest = match old.rest {
            Rest::Open => false,
            Rest::Closed => true,
            Rest::Schema(rest) => self.reads(old.part(rest), all),
        };
        reads_rest && old.tuple.iter().all(|item| self.reads(old.part(item), all))
    }

    fn removed_item(&mut self, out: &mut Outcome<'a>, place: &str, item: Part<'a>, new: &Items<'a>) {
        let rule = match new.rest {
            Rest::Open => rule::ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL,
            Rest::Schema(rest) => {
                let inner = self.compare(item, Part::whole(rest));
                out.absorb(place, &inner);
                if inner.breaks {
                    rule::ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                } else {
                    rule::ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                }
            }
            Rest::Closed if matches!(self.writer.form(item).1, Form::Nothing) => {
                rule::ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
            }
            Rest::Closed => rule::ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL,
        };
        self.note(out, place, rule, Some(item.value), None);
    }

    fn added_item(&mut self, out: &mut Outcome<'a>, place: &str, schema: &'a Value, old: &Items<'a>) {
        let rule = match old.rest {
            Rest::Open if matches!(self.reader.form(Part::whole(schema)).1, Form::Anything) => {
                rule::ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
            }
            Rest::Open => rule::ITEM_ADDED_TO_OPEN_CONTENT_MODEL,
            Rest::Schema(rest) => {
                let inner = self.compare(old.part(rest), Part::whole(schema));
                out.absorb(place, &inner);
                if inner.breaks {
                    rule::ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                } else {
                    rule::ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                }
            }
            Rest::Closed => rule::ITEM_ADDED_TO_CLOSED_CONTENT_MODEL,
        };
        self.note(out, place, rule, None, Some(schema));
    }

    fn items_behind(&mut self, out: &mut Outcome<'a>, old: &Items<'a>, new: &Items<'a>) {
        let rule = match (old.rest, new.rest) {
            (Rest::Closed, Rest::Closed) | (Rest::Open, Rest::Open) => None,
            (Rest::Closed, _) => Some(rule::ADDITIONAL_ITEMS_ADDED),
            (_, Rest::Closed) => Some(rule::ADDITIONAL_ITEMS_REMOVED),
            (Rest::Open, Rest::Schema(_)) => Some(rule::ADDITIONAL_ITEMS_NARROWED),
            (Rest::Schema(_), Rest::Open) => Some(rule::ADDITIONAL_ITEMS_EXTENDED),
            (Rest::Schema(one), Rest::Schema(other)) => {
                let inner = self.compare(old.part(one), Part::whole(other));
                out.absorb("/additionalItems", &inner);
                None
            }
        };
        if let Some(rule) = rule {
            self.note(out, "/additionalItems", rule, old.rest.schema(), new.rest.schema());
        }
        let is_limit = |schema: &Value| !matches!(schema, Value::Bool(true));
        let unevaluated = new.keyword("unevaluatedItems").filter(|schema| is_limit(schema) && !new.evaluates_all);
        if let Some(schema) = unevaluated {
            let before = old.keyword("unevaluatedItems");
            self.note(out, "/unevaluatedItems", rule::UNEVALUATED_ITEMS_CHANGED, before, Some(schema));
        }
    }

    fn contained(&mut self, out: &mut Outcome<'a>, old: &Items<'a>, new: &Items<'a>) {
        for (keyword, rules) in CONTAINS_LIMITS {
            self.limit(out, keyword, (old.keyword(keyword), new.keyword(keyword)), rules);
        }
        // The registry compares no more.
        let Some(contained) = new.keyword("contains") else { return };
        let before = old.keyword("contains");
        let least = |items: &Items<'a>| items.keyword("minContains").cloned().unwrap_or_else(|| 1.into());
        let most = |items: &Items<'a>| items.keyword("maxContains").cloned().unwrap_or_else(|| u64::MAX.into());
        let reads = before.is_some_and(|before| {
            let enough = order(&least(new), &least(old)).is_le() && order(&most(new), &most(old)).is_ge();
            let same = self.same_value(before, contained);
            enough && (same || (new.keyword("maxContains").is_none() && self.reads(old.part(before), contained)))
        });
        if !reads {
            self.note(out, "/contains", rule::CONTAINS_CHANGED, before, Some(contained));
        }
    }
}
