//! The rules, each with its reason and its remedy: [`Rule`].

use std::fmt;

use super::mode::{Direction, Policy};

/// A kind of change between the schema of a writer and that of a reader.
///
/// Rules that Confluent Schema Registry or Apache Avro for Java have too carry their names.
///
/// ```
/// use event_schema::contract::compat::{Policy, Rule};
///
/// let rule = Rule::all().find(|rule| rule.id() == "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED").unwrap();
/// assert!(!rule.breaks(Policy::Strict) && rule.breaks(Policy::Exact));
/// ```
#[derive(Clone, Copy)]
pub struct Rule(&'static Entry);

struct Entry {
    id: &'static str,
    weight: Weight,
    reason: &'static str,
    /// Each rule has one that may break.
    remedy: Option<Remedy>,
}

/// The policies under which a change is incompatible.
#[derive(Clone, Copy)]
enum Weight {
    /// None.
    Fine,
    /// Those that prove.
    Proof,
    /// Those that prove, unless the names that the reader adds are new.
    ProofOfName,
    /// All but the lenient one.
    NotLenient,
    /// All but the lenient one, unless the names that the reader adds are new.
    NameNotLenient,
    /// All.
    Breaks,
}

/// The changes to make instead if the new schema is the reader, and if the old one is.
type Remedy = (&'static str, &'static str);

impl Rule {
    /// The stable name.
    ///
    /// See the example of [`Rule`].
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.0.id
    }

    /// Whether the change is incompatible under a policy.
    ///
    /// See the example of [`Rule`].
    #[must_use]
    pub const fn breaks(&self, policy: Policy) -> bool {
        match self.0.weight {
            Weight::Fine => false,
            Weight::Proof => policy.proves(),
            Weight::ProofOfName => policy.proves() && !matches!(policy, Policy::Received),
            Weight::NotLenient => !matches!(policy, Policy::Lenient),
            Weight::NameNotLenient => !matches!(policy, Policy::Lenient | Policy::Received),
            Weight::Breaks => true,
        }
    }

    /// The change, in terms of the writer and the reader.
    ///
    /// ```
    /// use event_schema::contract::compat::Rule;
    ///
    /// let rule = Rule::all().find(|rule| rule.id() == "MAXIMUM_DECREASED").unwrap();
    /// assert_eq!(rule.reason(), "the reader's maximum is lower than the writer's");
    /// ```
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// All rules.
    ///
    /// See the example of [`Rule`].
    pub fn all() -> impl Iterator<Item = Self> {
        JSON.iter().chain(AVRO).chain(EVENT).copied()
    }

    pub(super) fn remedy(self, direction: Direction) -> Option<&'static str> {
        self.0.remedy.map(|(backward, forward)| match direction {
            Direction::Backward => backward,
            Direction::Forward => forward,
        })
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Rule {}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}

const LIMIT: Remedy =
    ("keep the limit, or choose one that allows more", "keep the limit, or choose one that allows less");
const TYPE: Remedy = (
    "keep the type, and add a new optional field for the new form",
    "keep the type, and add a new optional field for the new form",
);
const NULL: Remedy = ("keep accepting null", "do not write null: old readers refuse it");
const FORM: Remedy = (
    "keep the form of the schema, and describe new data in a new optional field",
    "keep the form of the schema, and describe new data in a new optional field",
);
const REQUIRED: Remedy = (
    "make the field optional, with a default in the reader",
    "write the field in each message: old readers require it",
);
const REMOVED: Remedy =
    ("keep the field in the schema, and mark it as deprecated", "do not write the field: old readers refuse it");
const OPEN: Remedy = (
    "choose a name that no message has; if no writer adds fields of its own, the lenient or the written policy accepts it",
    "keep the field in the schema: without its description, anything may be written under its name",
);
const REST: Remedy = (
    "let the new schema accept the same unknown fields as the old one",
    "let the new schema allow no more unknown fields than the old one",
);
const ITEMS: Remedy = (
    "keep the items of the tuple; describe new data in a new optional field",
    "keep the items of the tuple; describe new data in a new optional field",
);
const CHOICES: Remedy = (
    "keep all values and variants of the old schema",
    "write no new values or variants before all readers know them, or give readers a catch-all variant first",
);
const COMBINATION: Remedy = (
    "keep the combined schemas, and add a new optional field for the new form",
    "keep the combined schemas, and add a new optional field for the new form",
);
const KEEP: Remedy = ("keep the keyword as it is, or remove it from the new schema", "keep the keyword as it is");

const NAME: Remedy = (
    "keep the name, or add the old one to the aliases of the new schema: `#[event(avro(alias = \"...\"))]` on the type",
    "keep the name: old readers do not know the new one",
);

const RECORD: Remedy = ("keep what is recorded", "keep what is recorded");

macro_rules! rules {
    ($all:ident: $($id:ident $weight:ident $($remedy:ident)? $reason:literal;)*) => {
        $(pub(in crate::contract) const $id: Rule = Rule(&Entry {
            id: stringify!($id),
            weight: Weight::$weight,
            reason: $reason,
            remedy: [$(Some($remedy),)? None][0],
        });)*
        const $all: &[Rule] = &[$($id),*];
    };
}

rules! {
    JSON:
    ID_CHANGED Fine "`$id` differs";
    TITLE_CHANGED Fine "the title differs";
    DESCRIPTION_CHANGED Fine "the description differs";
    DEFAULT_CHANGED Fine "the default differs";

    SCHEMA_ADDED Breaks TYPE "the reader describes values that the writer leaves open";
    SCHEMA_REMOVED Fine "the reader leaves open what the writer describes";
    TYPE_CHANGED Breaks TYPE "the types differ";
    NULL_REMOVED Proof NULL "the reader refuses null, which the writer may write";
    FORM_CHANGED Proof FORM "the schemas are of different forms that are not compared, so nothing is proven";
    TYPE_EXTENDED Fine "the reader accepts all numbers, the writer writes integers";
    TYPE_NARROWED Breaks TYPE "the reader accepts integers only, the writer writes other numbers";
    TYPE_RESTRICTED Proof TYPE "the reader requires a type, the writer may write values of others";

    MAX_LENGTH_ADDED Breaks LIMIT "the reader limits the length, the writer does not";
    MAX_LENGTH_REMOVED Fine "the reader does not limit the length";
    MAX_LENGTH_INCREASED Fine "the reader accepts longer strings";
    MAX_LENGTH_DECREASED Breaks LIMIT "the reader's maximum length is shorter than the writer's";
    MIN_LENGTH_ADDED Breaks LIMIT "the reader requires a length, the writer does not";
    MIN_LENGTH_REMOVED Fine "the reader requires no length";
    MIN_LENGTH_INCREASED Breaks LIMIT "the reader's minimum length is longer than the writer's";
    MIN_LENGTH_DECREASED Fine "the reader accepts shorter strings";
    PATTERN_ADDED Breaks KEEP "the reader requires a pattern, the writer does not";
    PATTERN_REMOVED Fine "the reader requires no pattern";
    PATTERN_CHANGED Breaks KEEP "the patterns differ";
    FORMAT_ADDED Proof KEEP "the reader requires a format, the writer does not";
    FORMAT_REMOVED Fine "the reader requires no format";
    FORMAT_CHANGED Proof KEEP "the formats differ";

    MAXIMUM_ADDED Breaks LIMIT "the reader has a maximum, the writer has none";
    MAXIMUM_REMOVED Fine "the reader has no maximum";
    MAXIMUM_INCREASED Fine "the reader accepts greater numbers";
    MAXIMUM_DECREASED Breaks LIMIT "the reader's maximum is lower than the writer's";
    MINIMUM_ADDED Breaks LIMIT "the reader has a minimum, the writer has none";
    MINIMUM_REMOVED Fine "the reader has no minimum";
    MINIMUM_INCREASED Breaks LIMIT "the reader's minimum is greater than the writer's";
    MINIMUM_DECREASED Fine "the reader accepts lower numbers";
    EXCLUSIVE_MAXIMUM_ADDED Breaks LIMIT "the reader has an exclusive maximum, the writer has none";
    EXCLUSIVE_MAXIMUM_REMOVED Fine "the reader has no exclusive maximum";
    EXCLUSIVE_MAXIMUM_INCREASED Fine "the reader accepts greater numbers";
    EXCLUSIVE_MAXIMUM_DECREASED Breaks LIMIT "the reader's exclusive maximum is lower than the writer's";
    EXCLUSIVE_MINIMUM_ADDED Breaks LIMIT "the reader has an exclusive minimum, the writer has none";
    EXCLUSIVE_MINIMUM_REMOVED Fine "the reader has no exclusive minimum";
    EXCLUSIVE_MINIMUM_INCREASED Breaks LIMIT "the reader's exclusive minimum is greater than the writer's";
    EXCLUSIVE_MINIMUM_DECREASED Fine "the reader accepts lower numbers";
    MULTIPLE_OF_ADDED Breaks KEEP "the reader requires multiples, the writer does not";
    MULTIPLE_OF_REMOVED Fine "the reader requires no multiples";
    MULTIPLE_OF_REDUCED Fine "each multiple of the writer is one of the reader";
    MULTIPLE_OF_EXPANDED Breaks KEEP "the reader requires multiples of a greater number";
    MULTIPLE_OF_CHANGED Breaks KEEP "the reader requires multiples of another number";

    REQUIRED_ATTRIBUTE_ADDED Breaks REQUIRED "the reader requires a field that the writer may omit";
    REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED Proof REQUIRED
        "the reader requires a field that the writer may omit; a validator does not insert its default";
    REQUIRED_ATTRIBUTE_REMOVED Fine "the reader does not require the field";
    REQUIRED_NAME_ADDED Proof REQUIRED "the reader requires a field that no schema describes and the writer may omit";
    OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL NameNotLenient OPEN
        "the reader describes a field that the writer may write with any value, as an unknown field";
    REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL NotLenient REQUIRED
        "the reader requires a field that the writer may omit, or write with any value";
    REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL Breaks REQUIRED
        "the reader requires a field that the writer may omit, or write with any value";
    PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL Fine
        "the reader names a field, and accepts any value for it";
    OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL Fine
        "the reader describes an optional field that the writer does not write";
    REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL Proof REQUIRED
        "the reader requires a field that the writer does not write; a validator does not insert its default";
    REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL Breaks REQUIRED
        "the reader requires a field that the writer does not write";
    PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Fine
        "the reader accepts for the field what the writer's unknown fields contain";
    PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL NotLenient OPEN
        "the reader refuses for the field what the writer's unknown fields contain";
    PROPERTY_ADDED_BESIDE_PATTERNS ProofOfName OPEN
        "the reader describes a field that the writer may write with any value, as an unknown field";
    PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL Fine "the reader accepts the field as an unknown one";
    PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Fine
        "the reader accepts the field as one of its unknown fields";
    PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL NotLenient REMOVED
        "the reader's unknown fields have another type than the field of the writer";
    PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL Fine "neither side allows the field";
    PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL Breaks REMOVED
        "the reader does not know a field of the writer, and refuses unknown fields";
    ADDITIONAL_PROPERTIES_ADDED Fine "the reader accepts unknown fields";
    ADDITIONAL_PROPERTIES_REMOVED NotLenient REST "the reader refuses unknown fields, which the writer may write";
    ADDITIONAL_PROPERTIES_EXTENDED Fine "the reader accepts any unknown fields";
    ADDITIONAL_PROPERTIES_NARROWED NotLenient REST
        "the reader describes unknown fields, which the writer may write with any value";
    PATTERN_PROPERTIES_CHANGED Proof KEEP "the reader describes fields of certain names otherwise than the writer";
    PATTERN_PROPERTIES_REMOVED Proof KEEP
        "the reader's unknown fields do not cover the fields that the writer describes by a pattern";
    PATTERN_UNREADABLE Proof KEEP "the pattern of field names cannot be evaluated, so nothing is proven";
    PROPERTY_NAMES_CHANGED Proof KEEP "the reader requires other names of fields than the writer";
    UNEVALUATED_PROPERTIES_CHANGED Proof KEEP
        "the reader refuses unevaluated fields, and the two schemas differ in which are evaluated";
    MAX_PROPERTIES_ADDED Breaks LIMIT "the reader limits the number of fields, the writer does not";
    MAX_PROPERTIES_REMOVED Fine "the reader does not limit the number of fields";
    MAX_PROPERTIES_INCREASED Fine "the reader accepts more fields";
    MAX_PROPERTIES_DECREASED Breaks LIMIT "the reader accepts fewer fields than the writer may write";
    MIN_PROPERTIES_ADDED Breaks LIMIT "the reader requires a number of fields, the writer does not";
    MIN_PROPERTIES_REMOVED Fine "the reader requires no number of fields";
    MIN_PROPERTIES_INCREASED Breaks LIMIT "the reader requires more fields than the writer may write";
    MIN_PROPERTIES_DECREASED Fine "the reader accepts fewer fields";
    DEPENDENCY_ARRAY_ADDED Breaks KEEP "the reader requires fields beside another one, the writer does not";
    DEPENDENCY_ARRAY_REMOVED Fine "the reader requires no fields beside another one";
    DEPENDENCY_ARRAY_EXTENDED Breaks KEEP "the reader requires more fields beside another one";
    DEPENDENCY_ARRAY_NARROWED Fine "the reader requires fewer fields beside another one";
    DEPENDENCY_ARRAY_CHANGED Breaks KEEP "the reader requires other fields beside another one";
    DEPENDENCY_SCHEMA_ADDED Breaks KEEP "the reader requires more of objects with a field, the writer does not";
    DEPENDENCY_SCHEMA_REMOVED Fine "the reader requires no more of objects with the field";

    MAX_ITEMS_ADDED Breaks LIMIT "the reader limits the number of items, the writer does not";
    MAX_ITEMS_REMOVED Fine "the reader does not limit the number of items";
    MAX_ITEMS_INCREASED Fine "the reader accepts more items";
    MAX_ITEMS_DECREASED Breaks LIMIT "the reader accepts fewer items than the writer may write";
    MIN_ITEMS_ADDED Breaks LIMIT "the reader requires a number of items, the writer does not";
    MIN_ITEMS_REMOVED Fine "the reader requires no number of items";
    MIN_ITEMS_INCREASED Breaks LIMIT "the reader requires more items than the writer may write";
    MIN_ITEMS_DECREASED Fine "the reader accepts fewer items";
    UNIQUE_ITEMS_ADDED Breaks KEEP "the reader refuses equal items, which the writer may write";
    UNIQUE_ITEMS_REMOVED Fine "the reader accepts equal items";
    MAX_CONTAINS_ADDED Breaks LIMIT "the reader limits the matching items, the writer does not";
    MAX_CONTAINS_REMOVED Fine "the reader does not limit the matching items";
    MAX_CONTAINS_INCREASED Fine "the reader accepts more matching items";
    MAX_CONTAINS_DECREASED Breaks LIMIT "the reader accepts fewer matching items than the writer may write";
    MIN_CONTAINS_ADDED Breaks LIMIT "the reader requires matching items, the writer does not";
    MIN_CONTAINS_REMOVED Fine "the reader requires no number of matching items";
    MIN_CONTAINS_INCREASED Breaks LIMIT "the reader requires more matching items than the writer may write";
    MIN_CONTAINS_DECREASED Fine "the reader accepts fewer matching items";
    CONTAINS_CHANGED Proof KEEP "the reader requires items that the writer does not promise";
    ADDITIONAL_ITEMS_ADDED Fine "the reader accepts items behind the tuple";
    ADDITIONAL_ITEMS_REMOVED Breaks ITEMS "the reader refuses items behind the tuple, which the writer may write";
    ADDITIONAL_ITEMS_EXTENDED Fine "the reader accepts any items behind the tuple";
    ADDITIONAL_ITEMS_NARROWED Breaks ITEMS
        "the reader describes the items behind the tuple, the writer may write any";
    UNEVALUATED_ITEMS_CHANGED Proof KEEP
        "the reader refuses unevaluated items, and the two schemas differ in which are evaluated";
    ITEM_ADDED_TO_CLOSED_CONTENT_MODEL Fine "the reader describes an item that the writer does not write";
    ITEM_ADDED_TO_OPEN_CONTENT_MODEL Breaks ITEMS
        "the reader describes an item that the writer may write with any value";
    ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL Fine "the reader accepts any value for the item";
    ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Fine
        "the reader accepts for the item what the writer writes behind the tuple";
    ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Breaks ITEMS
        "the reader refuses for the item what the writer writes behind the tuple";
    ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL Fine "the reader accepts any items behind the tuple";
    ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Fine
        "the reader accepts the item behind its tuple";
    ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL Breaks ITEMS
        "the reader expects another type behind its tuple";
    ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL Fine "neither side allows the item";
    ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL Breaks ITEMS
        "the reader does not know an item of the writer, and refuses more items";

    ENUM_ARRAY_EXTENDED Fine "the reader knows more values";
    ENUM_ARRAY_NARROWED Breaks CHOICES "the reader does not know all values of the writer";
    ENUM_ARRAY_CHANGED Breaks CHOICES "the reader and the writer know different values";
    COMBINED_TYPE_EXTENDED Fine "the reader combines its schemas less strictly";
    COMBINED_TYPE_CHANGED Breaks COMBINATION "the reader combines its schemas in another way";
    COMBINED_TYPE_SUBSCHEMAS_CHANGED Breaks COMBINATION
        "a schema of the combination has no counterpart that reads what it writes";
    PRODUCT_TYPE_EXTENDED Breaks COMBINATION "the reader requires more schemas at once";
    PRODUCT_TYPE_NARROWED Fine "the reader requires fewer schemas at once";
    SUM_TYPE_EXTENDED Fine "the reader knows more variants";
    SUM_TYPE_NARROWED Breaks CHOICES "the reader does not know all variants of the writer";
    ONE_OF_OVERLAPS Proof COMBINATION
        "`oneOf` refuses values that fit two of its schemas, and the reader's cannot be proven to be disjoint";
    NOT_TYPE_NARROWED Fine "the reader excludes fewer values";
    NOT_TYPE_EXTENDED Breaks COMBINATION "the reader excludes values that the writer may write";
    CONDITION_CHANGED Proof COMBINATION "`if`, `then` or `else` differ";
}

rules! {
    EVENT:
    VERSION_REMOVED Breaks RECORD "the version is recorded, and no type of the catalog has it";
    AVRO_SCHEMA_REMOVED Breaks RECORD "the event has no Avro schema any more";
    LOGICAL_TYPE_CHANGED Breaks TYPE "the logical types differ: the reader takes the value for another";
    TOPIC_CHANGED Breaks RECORD "the topic differs: consumers of the old one get no more messages";
    KEY_CHANGED Breaks RECORD
        "the key differs: messages of one key lose their order, and compaction keeps both";
}

rules! {
    AVRO:
    NAME_MISMATCH Breaks NAME "the names of the types differ";
    FIXED_SIZE_MISMATCH Breaks TYPE "the sizes differ";
    MISSING_ENUM_SYMBOLS Breaks CHOICES "the reader does not know all symbols of the writer, and has no default";
    READER_FIELD_MISSING_DEFAULT_VALUE Breaks REQUIRED
        "the reader has a field without a default, which the writer does not write";
    READER_FIELD_AMBIGUOUS Breaks NAME "the names and aliases of the reader's field match several fields of the writer";
    TYPE_MISMATCH Breaks TYPE "the reader's type does not read that of the writer";
    MISSING_UNION_BRANCH Breaks TYPE "no branch of the reader's union reads what the writer may write";
}
