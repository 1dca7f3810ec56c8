//! Lists of events: errors stand under the index of the event.

use event_schema::DumpOptions;
use event_schema::prelude::*;
use serde_json::{Value, json};

#[event_schema::event]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = in_order))]
struct Window {
    start: i64,
    end: i64,
    label: Option<String>,
}

fn in_order(window: &Window) -> Result<(), Violation> {
    if window.start < window.end {
        return Ok(());
    }
    Err(Violation::new("order").with_message("start must be before end"))
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Circle { radius: u32 },
    Point,
}

fn messages(input: &Value) -> Value {
    let text = input.to_string();
    Window::load_many(text.as_bytes()).unwrap_err().violations().expect("a JSON text").to_messages()
}

fn window(start: i64, end: i64) -> Window {
    Window { start, end, label: None }
}

#[test]
fn good_events_are_loaded_in_order() {
    assert_eq!(Window::load_many(b"[]").unwrap(), []);
    assert_eq!(
        Window::load_many(br#" [{"start": 1, "end": 2}, {"start": 3, "end": 4}] "#).unwrap(),
        [window(1, 2), window(3, 4)]
    );
}

/// The trees that marshmallow gives for `many=True`.
#[test]
fn what_is_no_list_is_told_as_marshmallow_does() {
    for input in [json!({}), json!(null), json!("x"), json!(5), json!(1.5), json!(true), json!({"start": 1})] {
        assert_eq!(messages(&input), json!({"_schema": ["Invalid input type."]}), "{input}");
    }
    assert_eq!(
        messages(&json!([{"start": 1, "end": 2}, null, 5, {}, [], "x"])),
        json!({
            "1": {"_schema": ["Invalid input type."]},
            "2": {"_schema": ["Invalid input type."]},
            "3": {"start": ["Missing data for required field."], "end": ["Missing data for required field."]},
            "4": {"_schema": ["Invalid input type."]},
            "5": {"_schema": ["Invalid input type."]},
        })
    );
    assert_eq!(
        messages(&json!([{"start": 1, "end": 2, "x": 1}, {"start": 1, "end": 2}])),
        json!({"0": {"x": ["Unknown field."]}})
    );
}

/// Marshmallow runs no rule of a whole event while any event of the list has a faulty field; here
/// each event is judged alone.
#[test]
fn rules_of_the_whole_stand_under_the_index() {
    assert_eq!(
        messages(&json!([{"start": 1, "end": 2}, {"start": 2, "end": 1}, {"start": "x", "end": 1}])),
        json!({
            "1": {"_schema": ["start must be before end"]},
            "2": {"start": ["Not a valid integer."]},
        })
    );
}

#[test]
fn a_null_enum_is_told_as_a_document_is() {
    let error = Shape::load_many(br#"["point", null, "dot", {"circle": {"radius": null}}]"#).unwrap_err();
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({
            "1": ["Must be one of: circle, point."],
            "2": ["Must be one of: circle, point."],
            "3": {"circle": {"radius": ["Field may not be null."]}},
        })
    );
    assert_eq!(Shape::load_many(br#"["point", {"circle": {"radius": 1}}]"#).unwrap().len(), 2);
}

#[test]
fn paths_start_with_the_index() {
    let error = Window::load_many(br#"[{"start": 1, "end": true}]"#).unwrap_err();
    let violation = &error.violations().unwrap()[0];
    assert_eq!(violation.path().to_string(), "[0].end");
    assert_eq!(violation.path().to_fragment(), "#/0/end");
}

#[test]
fn a_list_is_bounded_as_a_document_is() {
    let options = LoadOptions::new().max_violations(2).max_size(100).max_depth(1);
    let error = options.load_many::<Window>(b"[1, 2, 3, 4, 5]").unwrap_err();
    assert_eq!((error.violations().unwrap().len(), error.violations().unwrap().omitted()), (2, 3));
    assert!(options.load_many::<Window>(&[b' '; 101]).unwrap_err().is_too_large());
    // The list is no level of the events.
    assert!(options.load_many::<Window>(br#"[{"start": 1, "end": 2}]"#).is_ok());
    assert!(options.load_many::<Shape>(br#"[{"circle": {"radius": 1}}]"#).unwrap_err().is_too_deep());
}

#[test]
fn broken_json_is_a_syntax_error() {
    let error = Window::load_many(br#"[{"start": 1, "end": 2}, {"start"#).unwrap_err();
    assert!(error.is_syntax() && error.is_truncated());
    assert!(Window::load_many(b"").unwrap_err().is_empty());
    assert!(Window::load_many(b"[] {}").unwrap_err().is_syntax());
}

#[test]
fn dump_many_writes_all_or_nothing() {
    let windows = [window(1, 2), window(3, 4)];
    let text = Window::dump_many(&windows).unwrap();
    assert_eq!(Window::load_many(&text).unwrap(), windows);
    assert_eq!(Window::dump_many(&[]).unwrap(), b"[]");

    let error = Window::dump_many(&[window(1, 2), window(2, 1)]).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"1": {"_schema": ["start must be before end"]}}));
    assert_eq!(error.to_string(), "the event is invalid: 1 violation\n[1]: start must be before end");
}

#[event_schema::event(pre_load = fill, post_load = shout, pre_dump = whisper, post_dump = stamp)]
#[derive(Debug, Clone, PartialEq)]
struct Hooked {
    #[validate(length(min = 1))]
    word: String,
}

fn fill(mut value: Value) -> Result<Value, Violation> {
    if value == json!("refused") {
        return Err(Violation::new("pre_load"));
    }
    if let Some(object) = value.as_object_mut() {
        object.entry("word").or_insert_with(|| json!("filled"));
    }
    Ok(value)
}

fn shout(mut hooked: Hooked) -> Hooked {
    hooked.word.make_ascii_uppercase();
    hooked
}

fn whisper(hooked: &Hooked) -> Result<Hooked, Violation> {
    if hooked.word == "SECRET" { Err(Violation::new("pre_dump")) } else { Ok(shout(hooked.clone())) }
}

fn stamp(mut value: Value) -> Result<Value, Violation> {
    if value["word"] == "LOUD" {
        return Err(Violation::new("post_dump"));
    }
    value["stamp"] = json!(1);
    Ok(value)
}

fn hooked(word: &str) -> Hooked {
    Hooked { word: word.to_owned() }
}

#[test]
fn hooks_run_for_every_event() {
    assert_eq!(Hooked::load_many(br#"[{"word": "a"}, {}]"#).unwrap(), [hooked("A"), hooked("FILLED")]);
    let error = Hooked::load_many(br#"[{}, "refused", null, {"word": 1}]"#).unwrap_err();
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({
            "1": {"_schema": ["Invalid value."]},
            "2": {"_schema": ["Invalid input type."]},
            "3": {"word": ["Not a valid string."]},
        })
    );

    let text = Hooked::dump_many(&[hooked("a"), hooked("b")]).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&text).unwrap(),
        json!([{"word": "A", "stamp": 1}, {"word": "B", "stamp": 1}])
    );
    let error = Hooked::dump_many(&[hooked("loud"), hooked("a"), hooked("SECRET"), hooked("")]).unwrap_err();
    let violations = error.violations().unwrap();
    let found: Vec<_> = violations.iter().map(|v| format!("{} {}", v.path(), v.code())).collect();
    assert_eq!(found, ["[0] post_dump", "[2] pre_dump", "[3].word length"]);
}

#[event_schema::event(types)]
#[derive(Debug, PartialEq)]
enum Either {
    Hooked(Hooked),
    Window(Window),
}

/// The hooks are those of the variant's event, whichever way it is dumped.
#[test]
fn an_enum_of_events_has_the_hooks_of_its_variants() {
    let (one, two) = (Either::Hooked(hooked("a")), Either::Window(window(1, 2)));
    // In the order of a `Value`, which `preserve_order` changes.
    let written = serde_json::to_vec(&json!({"word": "A", "stamp": 1})).unwrap();
    assert_eq!(one.dump().unwrap(), written);
    let mut buffer = b"> ".to_vec();
    one.dump_into(&mut buffer).unwrap();
    assert_eq!(buffer, [b"> ", &written[..]].concat());
    assert_eq!(one.dump_value().unwrap(), json!({"word": "A", "stamp": 1}));
    assert_eq!(DumpOptions::new().exclude(["stamp"]).dump(&one).unwrap(), br#"{"word":"A"}"#);
    assert_eq!(DumpOptions::new().only(["end"]).dump(&two).unwrap(), br#"{"end":2}"#);

    let text = Either::dump_many(&[one, two]).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&text).unwrap(),
        json!([{"word": "A", "stamp": 1}, {"start": 1, "end": 2, "label": null}])
    );
    let error = Either::dump_many(&[Either::Hooked(hooked("SECRET")), Either::Hooked(hooked("loud"))]).unwrap_err();
    let found: Vec<_> = error.violations().unwrap().iter().map(|v| format!("{} {}", v.path(), v.code())).collect();
    assert_eq!(found, ["[0] pre_dump"]);
    assert!(DumpOptions::new().dump(&Either::Hooked(hooked("loud"))).unwrap_err().is_invalid());
}
