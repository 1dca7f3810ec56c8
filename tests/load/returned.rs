//! What rules and hooks return when they refuse: violations, of one place or of several.

use event_schema::DumpOptions;
use event_schema::prelude::*;
use serde_json::{Value, json};

fn messages<E: EventSchema + std::fmt::Debug>(input: Value) -> Value {
    E::load_value(input).unwrap_err().violations().unwrap().to_messages()
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
struct Line {
    sku: String,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
#[validate(schema(function = Self::no_repetition))]
#[event(post_load = Purchase::accept, pre_dump = Purchase::release)]
struct Purchase {
    #[validate(custom(function = lower_case))]
    order_id: String,
    line_items: Vec<Line>,
    #[event(sensitive)]
    #[serde(rename = "pin")]
    secret_code: Option<String>,
}

/// An error of a user's own.
struct TooLoud(usize);

impl From<TooLoud> for Violations {
    fn from(TooLoud(count): TooLoud) -> Self {
        Violation::new("loud").with_message("{count} capitals.").with_param("count", count).into()
    }
}

fn lower_case(text: &str) -> Result<(), TooLoud> {
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    if capitals == 0 { Ok(()) } else { Err(TooLoud(capitals)) }
}

impl Purchase {
    fn no_repetition(&self) -> Result<(), Violations> {
        let repeated = |index: &usize| self.line_items[..*index].contains(&self.line_items[*index]);
        let repeated = (0..self.line_items.len()).filter(repeated);
        let found = repeated.map(|index| Violation::new("repeated").with_message("Again.").at("line_items").at(index));
        let found: Violations = found.map(|violation| violation.at("sku")).collect();
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn accept(self) -> Result<Self, Violation> {
        match &*self.order_id {
            // By its name in Rust, by its name on the wire, by none.
            "rust" => Err(Violation::new("taken").with_message("Taken.").at("order_id")),
            "wire" => Err(Violation::new("taken").with_message("Taken.").at("orderId")),
            "none" => Err(Violation::new("taken").with_message("Taken.")),
            "stranger" => Err(Violation::new("taken").with_message("Taken.").at("elsewhere").at(3)),
            "pin" => {
                let pin = self.secret_code.unwrap_or_default();
                Err(Violation::new("pin")
                    .with_message(format!("{pin} is weak"))
                    .with_param("pin", pin)
                    .at("secret_code"))
            }
            _ => Ok(self),
        }
    }

    fn release(&self) -> Result<Self, Violations> {
        let mut found = Violations::default();
        if self.order_id == "held" {
            found.extend([Violation::new("held").at("orderId"), Violation::new("late").with_message("Late.")]);
        }
        // The findings of another event go on with `?`.
        Empty { text: self.order_id.clone() }.validate()?;
        if found.is_empty() { Ok(self.clone()) } else { Err(found) }
    }
}

#[derive(Debug, Serialize, EventSchema)]
struct Empty {
    #[validate(length(max = 9, message = "At most {max}."))]
    text: String,
}

fn order(order_id: &str) -> Value {
    json!({"orderId": order_id, "lineItems": []})
}

#[test]
fn a_hooks_violation_names_a_field() {
    assert_eq!(messages::<Purchase>(order("rust")), json!({"orderId": ["Taken."]}));
    assert_eq!(messages::<Purchase>(order("wire")), json!({"orderId": ["Taken."]}));
    assert_eq!(messages::<Purchase>(order("none")), json!({"_schema": ["Taken."]}));
    assert_eq!(messages::<Purchase>(order("stranger")), json!({"elsewhere": {"3": ["Taken."]}}));
}

#[test]
fn a_rule_returns_several_violations() {
    let line = |sku: &str| json!({"sku": sku});
    let lines = [line("a"), line("b"), line("a"), line("b"), line("c")];
    assert_eq!(
        messages::<Purchase>(json!({"orderId": "x", "lineItems": lines})),
        json!({"lineItems": {"2": {"sku": ["Again."]}, "3": {"sku": ["Again."]}}})
    );
    // So many are kept as the load says, and the others counted.
    let text = json!({"orderId": "x", "lineItems": lines}).to_string();
    let error = LoadOptions::new().max_violations(1).load_str::<Purchase>(&text).unwrap_err();
    let violations = error.violations().unwrap();
    assert_eq!((violations.len(), violations.omitted()), (1, 1));
}

#[test]
fn an_error_of_ones_own_is_made_into_violations() {
    assert_eq!(messages::<Purchase>(order("aBC")), json!({"orderId": ["2 capitals."]}));
    let error = Purchase::load_value(order("aBC")).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].params()["count"], 2);
}

/// Nothing that a rule says of a sensitive field is kept but the code.
#[test]
fn a_violation_of_a_sensitive_field_says_its_code_only() {
    let input = json!({"orderId": "pin", "lineItems": [], "pin": "1234"});
    let error = Purchase::load_value(input).unwrap_err();
    let violation = &error.violations().unwrap()[0];
    assert_eq!((violation.path().to_pointer(), violation.code()), ("/pin".to_owned(), "pin"));
    assert_eq!((&*violation.message(), violation.params().len()), ("Invalid value.", 0));
    assert!(!format!("{violation:?}").contains("1234"));
}

#[test]
fn a_hook_of_dump_returns_several_violations() {
    let held = Purchase { order_id: "held".into(), line_items: Vec::new(), secret_code: None };
    let error = held.dump().unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"orderId": ["Invalid value."], "_schema": ["Late."]}));
    let error = DumpOptions::new().dump_many(std::slice::from_ref(&held)).unwrap_err();
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({"0": {"orderId": ["Invalid value."], "_schema": ["Late."]}})
    );
    let long = Purchase { order_id: "0123456789".into(), ..held };
    let error = long.dump().unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"text": ["At most 9."]}));
}

/// The attribute's code and message come before those of the violation, for each of several.
#[test]
fn the_attributes_words_come_first() {
    #[event_schema::event]
    #[derive(Debug)]
    #[validate(schema(function = both, code = "own", message = "Own."))]
    struct Pair {
        #[validate(custom(function = odd, message = "Odd, but for {it}."))]
        a: u8,
        b: u8,
    }
    fn odd(number: u8) -> Result<(), Violation> {
        if number % 2 == 1 {
            Ok(())
        } else {
            Err(Violation::new("even").with_message("Even.").with_param("it", number))
        }
    }
    fn both(pair: &Pair) -> Result<(), Violations> {
        if pair.a == pair.b {
            Err(["a", "b"].map(|name| Violation::new("same").at(name)).into_iter().collect())
        } else {
            Ok(())
        }
    }

    assert_eq!(messages::<Pair>(json!({"a": 2, "b": 2})), json!({"a": ["Odd, but for 2."]}));
    let error = Pair::load_value(json!({"a": 1, "b": 1})).unwrap_err();
    let found: Vec<_> = error.violations().unwrap().iter().map(|one| format!("{} {one}", one.code())).collect();
    assert_eq!(found, ["own a: Own.", "own b: Own."]);
}

/// Who returns an error refuses, also without a word of what is wrong.
#[test]
fn an_error_without_violations_is_one() {
    #[event_schema::event(post_load = refuse)]
    #[derive(Debug)]
    struct Ping {
        #[validate(custom(function = never))]
        seq: u8,
    }
    fn never(number: u8) -> Result<(), Violations> {
        if number == 0 { Err(Violations::default()) } else { Ok(()) }
    }
    fn refuse(ping: Ping) -> Result<Ping, Violations> {
        if ping.seq == 1 { Err(Violations::default()) } else { Ok(ping) }
    }

    assert_eq!(messages::<Ping>(json!({"seq": 0})), json!({"seq": ["Invalid value."]}));
    assert_eq!(messages::<Ping>(json!({"seq": 1})), json!({"_schema": ["Invalid value."]}));
    assert!(Ping::load_value(json!({"seq": 2})).is_ok());
}

/// A rule's or a hook's refusal is none by shape, whatever it returns: the finding of another event is one of shape there.
#[test]
fn what_a_hook_returns_is_no_misfit() {
    #[event_schema::event(post_load = check)]
    #[derive(Debug)]
    struct Wrapped {
        json: String,
    }
    fn check(wrapped: Wrapped) -> Result<Wrapped, Violations> {
        match Empty::load_str(&wrapped.json) {
            Ok(_) => Ok(wrapped),
            Err(error) => Err(error.into_violations().unwrap_or_default()),
        }
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Either {
        Wrapped(Wrapped),
        Any(Value),
    }

    assert_eq!(messages::<Either>(json!({"json": "{}"})), json!({"text": ["Missing data for required field."]}));
    assert!(matches!(Either::load_value(json!({"json": 7})).unwrap(), Either::Any(_)));
    assert!(matches!(Either::load_value(json!({"json": r#"{"text": ""}"#})).unwrap(), Either::Wrapped(_)));
}

#[cfg(feature = "validator021")]
mod validators {
    use super::*;
    use event_schema::validator::{Validate, ValidationError, ValidationErrors};

    /// Written for validator.
    struct Address {
        zip: String,
        lines: Vec<Name>,
        name: Name,
    }

    struct Name(String);

    impl Validate for Name {
        fn validate(&self) -> Result<(), ValidationErrors> {
            let mut errors = ValidationErrors::new();
            if self.0.is_empty() {
                errors.add("text", ValidationError::new("empty").with_message("Empty.".into()));
            }
            if errors.is_empty() { Ok(()) } else { Err(errors) }
        }
    }

    impl Validate for Address {
        fn validate(&self) -> Result<(), ValidationErrors> {
            let mut errors = ValidationErrors::new();
            if self.zip.len() != 5 {
                let mut error = ValidationError::new("zip");
                error.add_param("digits".into(), &5);
                error.add_param("value".into(), &self.zip);
                errors.add("zip", error.with_message("Needs {digits} digits.".into()));
                errors.add("__all__", ValidationError::new("nowhere"));
            }
            let mut result = if errors.is_empty() { Ok(()) } else { Err(errors) };
            result = ValidationErrors::merge(result, "name", self.name.validate());
            let lines: Vec<_> = self
                .lines
                .iter()
                .map(|line| {
                    let mut parent = ValidationErrors::new();
                    parent.merge_self("lines", line.validate());
                    if parent.is_empty() { Ok(()) } else { Err(parent) }
                })
                .collect();
            ValidationErrors::merge_all(result, "lines", lines)
        }
    }

    #[event_schema::event]
    #[derive(Debug)]
    #[serde(rename_all = "UPPERCASE")]
    #[validate(schema(function = has_address))]
    struct Customer {
        zip: String,
        #[validate(custom(function = short))]
        name: String,
        lines: Vec<String>,
    }

    fn has_address(customer: &Customer) -> Result<(), ValidationErrors> {
        let lines = customer.lines.iter().cloned().map(Name).collect();
        Address { zip: customer.zip.clone(), lines, name: Name(customer.name.clone()) }.validate()
    }

    fn short(text: &str) -> Result<(), ValidationError> {
        if text.len() < 9 { Ok(()) } else { Err(ValidationError::new("long").with_message("Too long.".into())) }
    }

    #[test]
    fn its_errors_are_accepted() {
        let customer = |zip: &str, name: &str, lines: &[&str]| json!({"ZIP": zip, "NAME": name, "LINES": lines});
        assert!(Customer::load_value(customer("10115", "Ada", &["x"])).is_ok());
        assert_eq!(messages::<Customer>(customer("10115", "0123456789", &[])), json!({"NAME": ["Too long."]}));
        let found = messages::<Customer>(customer("1", "", &["x", ""]));
        assert_eq!(
            found,
            json!({
                "ZIP": ["Needs 5 digits."],
                "NAME": {"text": ["Empty."]},
                "LINES": {"1": {"text": ["Empty."]}},
                "_schema": ["Invalid value."],
            })
        );
        let error = Customer::load_value(customer("1", "", &[])).unwrap_err();
        let zip = error.violations().unwrap().iter().find(|one| one.code() == "zip").unwrap();
        assert_eq!(Value::Object(zip.params()), json!({"digits": 5}));
    }

    /// There and back, nothing is lost but what the one of them has no place for.
    #[test]
    fn they_come_back_as_they_were() {
        let errors = has_address(&Customer { zip: "1".into(), name: String::new(), lines: vec![String::new()] });
        let errors = errors.unwrap_err();
        let back = ValidationErrors::from(Violations::from(errors.clone()));
        let pointers = |errors: ValidationErrors| {
            let mut all: Vec<_> =
                Violations::from(errors).iter().map(|one| format!("{} {}", one.path(), one.code())).collect();
            all.sort();
            all
        };
        assert_eq!(pointers(back), pointers(errors));
    }
}
