//! Every field type is read as serde's own `Deserialize` reads it, and as its schema says.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize, Wrapping,
};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};

use event_schema::load::FieldType;
use event_schema::prelude::*;
use event_schema::serde::de::DeserializeOwned;
use jsonschema::{Draft, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A field of the type, in an event of ours and, by the same name, for serde's derive.
#[derive(Debug, Serialize, Deserialize, EventSchema)]
struct Of<T> {
    value: T,
}

trait Type: FieldType + Serialize + DeserializeOwned + 'static {}
impl<T: FieldType + Serialize + DeserializeOwned + 'static> Type for T {}

/// What every type is asked to read.
const ANYTHING: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "-0",
    "1.0",
    "1.5",
    "-0.5",
    "1e2",
    "1e-3",
    "1e39",
    "1e400",
    "255",
    "256",
    "-128",
    "-129",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211456",
    r#""""#,
    r#""a""#,
    r#""1""#,
    r#""\u00e4""#,
    r#""\ud800""#,
    "[]",
    "[1]",
    "[1, 2]",
    "[[1]]",
    "[null]",
    r#"["a"]"#,
    "{}",
    r#"{"a": 1}"#,
    r#"{"a": {"b": [1]}}"#,
    r#"{"$serde_json::private::Number": "1"}"#,
    "[",
    "nul",
];

fn arbitrary_precision() -> bool {
    serde_json::from_str::<Value>("1e400").is_ok()
}

/// With `serde_json/arbitrary_precision` `serde_json` knows more numbers than JSON's types, and not the
/// same ones from everywhere: -0 becomes an integer, 1e400 a number, and for `serde_json` itself an object with its
/// secret key is one too.
fn asked<'a>() -> impl Iterator<Item = &'a &'a str> {
    let strange = arbitrary_precision();
    ANYTHING.iter().filter(move |text| !strange || !(text.starts_with("{\"$") || matches!(**text, "-0" | "1e400")))
}

/// The texts, of those asked, where load is not as serde is, and where it is not as the schema says.
#[derive(Default)]
struct Differs<'a> {
    serde: &'a [&'a str],
    schema: &'a [&'a str],
}

fn schema_of<T: Type>() -> Validator {
    let schema = Of::<T>::json_schema().to_value();
    jsonschema::meta::validate(&schema).expect("a schema by its own draft");
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema).unwrap()
}

/// Reads as serde does, from text and from a `Value`, and as the schema says.
#[track_caller]
fn agree<T: Type>(texts: &[&str]) {
    agree_but::<T>(texts, &Differs::default());
}

#[track_caller]
fn agree_but<T: Type>(texts: &[&str], differs: &Differs<'_>) {
    let name = std::any::type_name::<T>();
    let validator = schema_of::<T>();
    let (mut serde, mut schema) = (Vec::new(), Vec::new());
    let mut good = 0;
    for text in texts.iter().chain(asked()) {
        let input = format!(r#"{{"value": {text}}}"#);
        let loaded = dumped(Of::<T>::load_str(&input));
        let mut as_serde = loaded == written(serde_json::from_str::<Of<T>>(&input));
        good += usize::from(texts.contains(text) && loaded.is_some());
        if let Some(loaded) = &loaded {
            assert_eq!(dumped(Of::<T>::load_str(loaded)).as_ref(), Some(loaded), "{name} of {text}, and back");
        }
        if let Ok(value) = serde_json::from_str::<Value>(&input) {
            // JSON Schema calls 1.0 an integer, and numbers beyond 64 bits are not exact there.
            let whole_float = !value["value"].is_i64()
                && !value["value"].is_u64()
                && value["value"].as_f64().is_some_and(|n| n.fract() == 0.0);
            if loaded.is_some() != validator.is_valid(&value) && !whole_float {
                schema.push(*text);
            }
            let loaded = dumped(Of::<T>::load_value(value.clone()));
            as_serde &= loaded == written(serde_json::from_value::<Of<T>>(value));
        }
        if !as_serde {
            serde.push(*text);
        }
    }
    assert!(good > 0, "{name} reads something");
    assert_eq!(serde, differs.serde, "{name}: not as serde");
    assert_eq!(schema, differs.schema, "{name}: not as the schema");
}

fn dumped<T: Type>(loaded: Result<Of<T>, LoadError>) -> Option<String> {
    loaded.ok().map(|event| String::from_utf8(event.dump().expect("valid")).unwrap())
}

fn written<T: Type>(loaded: serde_json::Result<Of<T>>) -> Option<String> {
    loaded.ok().map(|event| serde_json::to_string(&event).unwrap())
}

/// Keys of maps are read as serde reads them.
#[track_caller]
fn agree_as_key<K: Type + Ord>(keys: &[&str]) {
    let schema = schema_of::<BTreeMap<K, u8>>();
    for key in keys.iter().chain(&["", "a", "-", "01", "1 ", "null"]) {
        let input = json!({"value": {*key: 1}});
        let text = input.to_string();
        let loaded = dumped(Of::<BTreeMap<K, u8>>::load_str(&text));
        assert_eq!(loaded, written(serde_json::from_str::<Of<BTreeMap<K, u8>>>(&text)), "{key:?} as a key");
        assert_eq!(dumped(Of::<BTreeMap<K, u8>>::load_value(input.clone())), loaded, "{key:?} as a key of a value");
        assert_eq!(schema.is_valid(&input), loaded.is_some(), "{key:?} as a key by the schema");
    }
}

/// The messages for a field of this type.
#[track_caller]
fn says<T: Type>(text: &str, messages: &Value) {
    let error = Of::<T>::load_str(&format!(r#"{{"value": {text}}}"#)).err().expect("a fault");
    assert_eq!(error.violations().expect("a JSON text").to_messages(), json!({ "value": messages }));
}

// --- numbers ---

#[test]
fn integers() {
    macro_rules! integers {
        ($($type:ident $nonzero:ident)*) => {$(
            let limits = [
                <$type>::MIN.to_string(),
                <$type>::MAX.to_string(),
                (<$type>::MAX / 2).to_string(),
                format!("-{}", <$type>::MAX),
                format!("{}0", <$type>::MAX),
                format!("{}0", <$type>::MIN),
            ];
            let limits: Vec<&str> = limits.iter().map(String::as_str).collect();
            agree::<$type>(&limits);
            agree::<$nonzero>(&limits);
            agree::<Wrapping<$type>>(&limits);
            agree_as_key::<$type>(&limits);
            agree_as_key::<$nonzero>(&limits);
        )*};
    }
    integers! {
        u8 NonZeroU8 u16 NonZeroU16 u32 NonZeroU32 u64 NonZeroU64 u128 NonZeroU128 usize NonZeroUsize
        i8 NonZeroI8 i16 NonZeroI16 i32 NonZeroI32 i64 NonZeroI64 i128 NonZeroI128 isize NonZeroIsize
    }
    agree_as_key::<Wrapping<u8>>(&["1", "256"]);
    says::<NonZeroU8>("0", &json!(["Not a valid nonzero integer."]));
    says::<NonZeroU8>("null", &json!(["Field may not be null."]));
    says::<Wrapping<u8>>("256", &json!(["Must be greater than or equal to 0 and less than or equal to 255."]));
    let between = |min: &str, max: &str| {
        json!([format!("Must be greater than or equal to {min} and less than or equal to {max}.")])
    };
    says::<u8>("300", &between("0", "255"));
    says::<u8>("-1", &between("0", "255"));
    says::<i8>("-129", &between("-128", "127"));
    says::<i64>("9223372036854775808", &between("-9223372036854775808", "9223372036854775807"));
    says::<i64>("-9223372036854775809", &between("-9223372036854775808", "9223372036854775807"));
    says::<u64>("18446744073709551616", &between("0", "18446744073709551615"));
    says::<Vec<u16>>("[65536]", &json!({"0": between("0", "65535")}));
    // What is written as no integer is none, however large.
    says::<u8>("300.5", &json!(["Not a valid integer."]));
    says::<u8>("3.0", &json!(["Not a valid integer."]));
    says::<u8>("\"300\"", &json!(["Not a valid integer."]));
    says::<i128>("1.5", &json!(["Not a valid integer."]));
    says::<u128>("null", &json!(["Field may not be null."]));
}

#[test]
fn atomic_and_saturating_integers() {
    use std::num::Saturating;
    use std::sync::atomic::*;

    #[derive(Serialize, EventSchema)]
    struct Saturated<T>(Saturating<T>)
    where
        Saturating<T>: Serialize + FieldType;

    agree::<AtomicBool>(&["true"]);
    macro_rules! atomics {
        ($($atomic:ident $type:ident)*) => {$(
            let limits = [<$type>::MIN.to_string(), <$type>::MAX.to_string(), format!("{}0", <$type>::MAX)];
            agree::<$atomic>(&limits.each_ref().map(String::as_str));
            for text in limits.iter().map(String::as_str).chain(asked().copied()) {
                let loaded = Saturated::<$type>::load_str(text).ok().map(|of| of.0);
                assert_eq!(loaded, serde_json::from_str::<Saturating<$type>>(text).ok(), "{text}");
            }
        )*};
    }
    atomics! {
        AtomicU8 u8 AtomicU16 u16 AtomicU32 u32 AtomicU64 u64 AtomicUsize usize
        AtomicI8 i8 AtomicI16 i16 AtomicI32 i32 AtomicI64 i64 AtomicIsize isize
    }
}

#[test]
fn numbers_and_texts_of_serde_json() {
    use serde_json::Number;
    use serde_json::value::RawValue;

    agree::<Number>(&["0.1", "18446744073709551616", "-5"]);
    let kept = |text: &str| Of::<Box<RawValue>>::load_str(&format!(r#"{{"value": {text}}}"#)).unwrap().value;
    for text in ["0.10", "[1,  2]", r#"{"a":1,"a":2}"#, "null", "1e400"] {
        assert_eq!(kept(text).get(), text);
    }
    assert!(Of::<Box<RawValue>>::load_value(json!({"value": [1]})).is_ok_and(|of| of.value.get() == "[1]"));
    assert!(Of::<Box<RawValue>>::load_str("{}").is_err());
}

#[test]
fn floats() {
    // serde reads what is beyond an f32 as an infinity, which could be written as null only.
    let beyond = ["1e39", "340282366920938463463374607431768211456"];
    // The last two are rounded wrong by way of an f64.
    let numbers = ["1e38", "1.000000059604644775390626", "16777217.0000000001"];
    agree_but::<f32>(&numbers, &Differs { serde: &beyond, schema: &[] });
    let single = |text: &str| Of::<f32>::load_str(&format!(r#"{{"value": {text}}}"#)).unwrap().value;
    assert_eq!((single("16777217.0000000001"), single("16777217")), (16_777_218.0, 16_777_216.0));
    for wrong in ["null", "\"1\"", "[1, [2]]", r#"{"a": {"b": 1}}"#, "true"] {
        let error = Of::<Vec<f32>>::load_str(&format!(r#"{{"value": [{wrong}, 1.5, {wrong}]}}"#)).unwrap_err();
        assert_eq!(error.violations().unwrap().len(), 2, "{error}");
    }
    agree::<f64>(&["1e308", "-1e308"]);
    let infinite = Of { value: vec![1.0, f64::INFINITY] };
    assert_eq!(infinite.validate().unwrap_err().to_messages(), json!({"value": {"1": ["Not a valid number."]}}));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Near the limits of every width, where one more digit or one more in a digit tells.
    #[test]
    fn integers_of_every_width(bits in 0_u32..129, near in -3_i128..4, negative: bool, digit in "[0-9]?") {
        let power = if bits < 127 { (1_i128 << bits) + near } else { i128::MAX - 3 + near };
        let text = format!("{}{power}{digit}", if negative && power > 0 { "-" } else { "" });
        let input = format!(r#"{{"value": {text}}}"#);
        prop_assume!(serde_json::from_str::<Value>(&input).is_ok(), "no leading zeros");
        macro_rules! as_serde {
            ($($type:ident)*) => {$(
                let loaded = Of::<$type>::load_str(&input).ok().map(|of| of.value);
                prop_assert_eq!(loaded, serde_json::from_str::<Of<$type>>(&input).ok().map(|of| of.value));
                prop_assert_eq!(loaded, text.parse().ok());
                let value: Value = serde_json::from_str(&input).unwrap();
                let loaded = Of::<$type>::load_value(value.clone()).ok().map(|of| of.value);
                prop_assert_eq!(loaded, serde_json::from_value::<Of<$type>>(value).ok().map(|of| of.value));
            )*};
        }
        as_serde!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
        as_serde!(NonZeroU8 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroI8 NonZeroI32 NonZeroI64 NonZeroI128);
    }
}

// --- text, addresses, nothing ---

#[test]
fn texts() {
    agree::<String>(&[r#""x""#]);
    agree::<char>(&[r#""x""#, r#""xy""#, r#""😀""#]);
    agree::<Box<str>>(&[r#""x""#]);
    agree::<Rc<str>>(&[r#""x""#]);
    agree::<Arc<str>>(&[r#""x""#]);
    agree::<Cow<'static, str>>(&[r#""x""#]);
    agree::<PathBuf>(&[r#""/a/b""#]);
    agree::<Box<Path>>(&[r#""/a/b""#]);
    agree::<Arc<Path>>(&[r#""/a/b""#]);
    agree_as_key::<Arc<str>>(&["x"]);
    agree_as_key::<Cow<'static, str>>(&["x"]);
    agree_as_key::<PathBuf>(&["x"]);
    agree_as_key::<char>(&["x", "xy", "😀"]);
    agree_as_key::<bool>(&["true", "false", "True"]);
    says::<Arc<str>>("1", &json!(["Not a valid string."]));
}

#[test]
fn addresses() {
    let v4 = [r#""192.0.2.1""#, r#""192.0.2.256""#, r#""192.0.2""#];
    let v6 = [r#""::1""#, r#""::ffff:192.0.2.1""#, r#""1::2::3""#];
    let both = [v4, v6].concat();
    agree::<IpAddr>(&both);
    agree::<Ipv4Addr>(&both);
    agree::<Ipv6Addr>(&both);
    agree_as_key::<IpAddr>(&["192.0.2.1", "::1", "::g"]);
    agree_as_key::<Ipv4Addr>(&["192.0.2.1", "::1"]);
    agree_as_key::<Ipv6Addr>(&["192.0.2.1", "::1"]);
    // JSON Schema has no format for them: it says that they are strings.
    let not_text = |text: &str| text.starts_with('"');
    let schema: Vec<&str> = ANYTHING.iter().copied().filter(|text| not_text(text) && *text != r#""\ud800""#).collect();
    agree_but::<SocketAddr>(
        &[r#""[::1]:80""#, r#""192.0.2.1:80""#],
        &Differs { schema: &schema, ..Differs::default() },
    );
    agree_but::<SocketAddrV4>(&[r#""192.0.2.1:80""#], &Differs { schema: &schema, ..Differs::default() });
    agree_but::<SocketAddrV6>(&[r#""[::1]:80""#], &Differs { schema: &schema, ..Differs::default() });
    says::<IpAddr>(r#""x""#, &json!(["Not a valid IP address."]));
    says::<Ipv4Addr>(r#""::1""#, &json!(["Not a valid IPv4 address."]));
    says::<Ipv6Addr>("1", &json!(["Not a valid IPv6 address."]));
    says::<SocketAddr>(r#""x""#, &json!(["Not a valid socket address."]));
}

#[test]
fn nothing() {
    agree::<()>(&["null"]);
    agree::<PhantomData<str>>(&["null"]);
    agree::<Option<u8>>(&["null", "7"]);
}

// --- what holds others ---

/// A value with a rule, to see whether it is checked in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
struct Even(#[validate(range(max = 10))] u8);

/// The rule of a part counts while it is read, and before it is written.
#[track_caller]
fn checks_parts<T: Type>(good: &str, bad: &str, messages: &Value, change: impl FnOnce(&mut T)) {
    let input = format!(r#"{{"value": {good}}}"#);
    let mut event = Of::<T>::load_str(&input).unwrap_or_else(|error| panic!("{good}: {error}"));
    says::<T>(bad, messages);
    change(&mut event.value);
    let found = event.validate().expect_err("a broken rule").to_messages();
    assert_eq!(found, json!({ "value": messages }));
    assert!(event.dump().is_err());
}

fn too_large() -> Value {
    json!(["Must be less than or equal to 10."])
}

#[test]
fn wrappers() {
    agree::<Box<u8>>(&["7"]);
    agree::<Rc<u8>>(&["7"]);
    agree::<Arc<Option<u8>>>(&["7", "null"]);
    agree::<Cow<'static, u8>>(&["7"]);
    agree::<Reverse<u8>>(&["7"]);
    agree::<Cell<u8>>(&["7"]);
    agree::<RefCell<u8>>(&["7"]);
    agree::<Mutex<u8>>(&["7"]);
    agree::<RwLock<u8>>(&["7"]);
    agree_as_key::<Box<u8>>(&["7", "256"]);
    agree_as_key::<Reverse<i8>>(&["-7", "256"]);

    let max = &too_large();
    checks_parts::<Arc<Even>>("1", "11", max, |value| *value = Arc::new(Even(11)));
    checks_parts::<Cow<'static, Even>>("1", "11", max, |value| *value.to_mut() = Even(11));
    checks_parts::<Reverse<Even>>("1", "11", max, |value| value.0 = Even(11));
    checks_parts::<Wrapping<Even>>("1", "11", max, |value| value.0 = Even(11));
    checks_parts::<Cell<Even>>("1", "11", max, |value| value.set(Even(11)));
    checks_parts::<RefCell<Even>>("1", "11", max, |value| *value.get_mut() = Even(11));
    checks_parts::<Mutex<Even>>("1", "11", max, |value| *value.get_mut().unwrap() = Even(11));
    checks_parts::<RwLock<Even>>("1", "11", max, |value| *value.get_mut().unwrap() = Even(11));
}

#[test]
fn lists() {
    let lists = ["[1, 2]", "[2, 1]", "[1, 256]"];
    agree::<Vec<u8>>(&lists);
    agree::<VecDeque<u8>>(&lists);
    agree::<LinkedList<u8>>(&lists);
    agree::<BinaryHeap<u8>>(&lists);
    agree::<BTreeSet<u8>>(&lists);
    // Its order is arbitrary.
    let set = Of::<HashSet<u8>>::load_str(r#"{"value": [2, 1, 2]}"#).unwrap().value;
    assert_eq!(set, HashSet::from([1, 2]));
    agree::<Box<[u8]>>(&lists);
    agree::<Rc<[u8]>>(&lists);
    agree::<Arc<[u8]>>(&lists);
    agree::<Cow<'static, [u8]>>(&lists);
    agree::<[u8; 2]>(&lists);
    agree::<HashMap<String, u8>>(&[r#"{"a": 1}"#]);

    let bad = &json!({"1": too_large()});
    checks_parts::<VecDeque<Even>>("[1, 2]", "[1, 11]", bad, |list| list[1] = Even(11));
    checks_parts::<LinkedList<Even>>("[1, 2]", "[1, 11]", bad, |list| *list.back_mut().unwrap() = Even(11));
    checks_parts::<Box<[Even]>>("[1, 2]", "[1, 11]", bad, |list| list[1] = Even(11));
    checks_parts::<Arc<[Even]>>("[1, 2]", "[1, 11]", bad, |list| *list = Arc::from([Even(1), Even(11)]));
    checks_parts::<Cow<'static, [Even]>>("[1, 2]", "[1, 11]", bad, |list| list.to_mut()[1] = Even(11));
    checks_parts::<BinaryHeap<Even>>("[1]", "[11]", &json!({"0": too_large()}), |heap| heap.push(Even(11)));
}

type Sixteen = (u8, i8, u8, i8, u8, i8, u8, i8, u8, i8, u8, i8, u8, i8, u8, Even);

#[test]
fn tuples() {
    agree::<(u8,)>(&["[1]", "[256]"]);
    agree::<(u8, String)>(&[r#"[1, "a"]"#, r#"[1, "a", 2]"#]);
    let good = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1]";
    agree::<Sixteen>(&[good, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]"]);
    let bad = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 11]";
    checks_parts::<Sixteen>(good, bad, &json!({"15": too_large()}), |tuple| tuple.15 = Even(11));
}

// --- times, ranges, results ---

#[test]
fn periods_and_points_of_time() {
    let texts = [
        r#"{"secs": 1, "nanos": 2}"#,
        r#"{"secs": 1, "nanos": 4294967295}"#,
        r#"{"secs": 18446744073709551615, "nanos": 999999999}"#,
        r#"{"secs": -1, "nanos": 2}"#,
        r#"{"secs": 1}"#,
        r#"{"secs": 1, "nanos": 2, "more": 3}"#,
    ];
    // serde reads a list for the object; the contract says object.
    agree_but::<Duration>(&texts, &Differs { serde: &["[1, 2]"], schema: &[] });
    // A sum that overflows is not for a schema to find.
    let overflow = r#"{"secs": 18446744073709551615, "nanos": 1000000000}"#;
    agree_but::<Duration>(&[texts[0], overflow], &Differs { serde: &["[1, 2]"], schema: &[overflow] });
    let since: Vec<String> = texts
        .iter()
        .map(|text| text.replace("secs", "secs_since_epoch").replace("nanos", "nanos_since_epoch"))
        .collect();
    let since: Vec<&str> = since.iter().map(String::as_str).collect();
    agree_but::<SystemTime>(&since, &Differs { serde: &["[1, 2]"], schema: &[since[2]] });

    says::<Duration>(overflow, &json!(["Not a valid period of time."]));
    says::<SystemTime>(since[2], &json!(["Not a valid datetime."]));
    says::<Duration>(
        r#"{"secs": "1", "nanos": 2, "nanos": 3, "more": 4}"#,
        &json!({"secs": ["Not a valid integer."], "nanos": ["Duplicate field."], "more": ["Unknown field."]}),
    );
    says::<Duration>(
        "{}",
        &json!({
            "secs": ["Missing data for required field."], "nanos": ["Missing data for required field."],
        }),
    );
}

#[test]
fn ranges_and_bounds() {
    let texts = [
        r#"{"start": 1, "end": 2}"#,
        r#"{"start": 2, "end": 1}"#,
        r#"{"start": 1}"#,
        r#"{"start": 1, "end": 2, "step": 3}"#,
        r#"{"start": 1, "end": 256}"#,
    ];
    agree_but::<Range<u8>>(&texts, &Differs { serde: &["[1, 2]"], schema: &[] });
    agree_but::<RangeInclusive<u8>>(&texts, &Differs { serde: &["[1, 2]"], schema: &[] });
    agree_but::<Range<Option<u8>>>(&texts, &Differs { serde: &["[1, 2]"], schema: &[] });
    let bounds = [
        r#""Unbounded""#,
        r#"{"Included": 1}"#,
        r#"{"Excluded": 1}"#,
        r#"{"Included": 1, "Excluded": 1}"#,
        r#""Included""#,
        r#"{"Unbounded": null}"#,
    ];
    // The contract says text of a variant without data.
    agree_but::<Bound<u8>>(&bounds, &Differs { serde: &[r#"{"Unbounded": null}"#], schema: &[] });
    checks_parts::<Range<Even>>(
        r#"{"start": 1, "end": 2}"#,
        r#"{"start": 1, "end": 11}"#,
        &json!({"end": too_large()}),
        |range| range.end = Even(11),
    );
    checks_parts::<RangeInclusive<Even>>(
        r#"{"start": 1, "end": 2}"#,
        r#"{"start": 11, "end": 1}"#,
        &json!({"start": too_large()}),
        |range| *range = Even(11)..=Even(1),
    );
    checks_parts::<Bound<Even>>(r#""Unbounded""#, r#"{"Excluded": 11}"#, &json!({"Excluded": too_large()}), |bound| {
        *bound = Bound::Excluded(Even(11));
    });
    says::<Bound<u8>>(r#""included""#, &json!(["Must be one of: Included, Excluded, Unbounded."]));
}

#[test]
fn results() {
    let texts = [r#"{"Ok": 1}"#, r#"{"Err": "a"}"#, r#"{"Ok": 1, "Err": "a"}"#, r#"{"Ok": "a"}"#, r#""Ok""#];
    agree::<Result<u8, String>>(&texts);
    checks_parts::<Result<Even, Even>>(r#"{"Ok": 1}"#, r#"{"Err": 11}"#, &json!({"Err": too_large()}), |result| {
        *result = Err(Even(11));
    });
}

#[derive(Debug, PartialEq, Serialize, Deserialize, EventSchema)]
struct Flat {
    name: String,
    #[serde(flatten)]
    period: Duration,
    #[serde(flatten)]
    range: Option<Arc<Range<u8>>>,
    #[serde(flatten)]
    result: Result<u8, String>,
}

#[test]
fn flattened_types() {
    let validator = jsonschema::validator_for(&Flat::json_schema().to_value()).unwrap();
    for text in [
        r#"{"name": "n", "secs": 1, "nanos": 2, "start": 3, "end": 4, "Ok": 5, "more": 6}"#,
        r#"{"name": "n", "secs": 1, "nanos": 2, "start": "x", "end": 4, "Err": "e"}"#,
        r#"{"name": "n", "secs": 1, "start": 3, "end": 4, "Ok": 5}"#,
        r#"{"name": "n", "secs": 1, "nanos": 2, "start": 3, "end": 4}"#,
    ] {
        let loaded = Flat::load_str(text).ok();
        assert_eq!(loaded, serde_json::from_str(text).ok(), "{text}");
        // That what cannot be read is not there is not for a schema to say.
        if loaded.is_some_and(|flat| flat.range.is_some()) {
            assert!(validator.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
        }
    }
}

// --- types of other crates ---

/// The strings that every type is asked to read, as JSON: a schema that has no word for a format
/// says no more of them than that they are strings.
const STRINGS: &[&str] = &[r#""""#, r#""a""#, r#""1""#, r#""\u00e4""#];

#[cfg(feature = "uuid1")]
#[test]
fn uuid1() {
    let simple = r#""0191e5b69a7e7c3d8f00000000000001""#;
    let urn = r#""urn:uuid:0191e5b6-9a7e-7c3d-8f00-000000000001""#;
    let texts = [r#""0191e5b6-9a7e-7c3d-8f00-000000000001""#, simple, urn, r#""0191e5b6""#];
    // uuid reads more spellings than the format has.
    agree_but::<Uuid>(&texts, &Differs { serde: &[], schema: &[simple, urn] });
    agree_as_key::<Uuid>(&["0191e5b6-9a7e-7c3d-8f00-000000000001"]);
    says::<Uuid>("1", &json!(["Not a valid UUID."]));
}

#[cfg(feature = "chrono04")]
#[test]
fn chrono04() {
    use event_schema::chrono::{
        DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
    };

    let spaced = r#""2026-11-21 09:30:00Z""#;
    let points = [
        r#""2026-11-21T09:30:00Z""#,
        r#""2026-11-21T09:30:00.123456789+01:00""#,
        spaced,
        r#""2026-11-21T09:30:00""#,
        r#""2026-02-30T09:30:00Z""#,
    ];
    // chrono reads more spellings than RFC 3339 has.
    let differs = Differs { serde: &[], schema: &[spaced] };
    agree_but::<DateTime<Utc>>(&points, &differs);
    agree_but::<DateTime<FixedOffset>>(&points, &differs);
    agree_but::<DateTime<Local>>(&points, &differs);
    let short = r#""09:30""#;
    let times = [r#""09:30:00""#, r#""09:30:00.5""#, short, r#""25:00:00""#];
    agree_but::<NaiveTime>(&times, &Differs { serde: &[], schema: &[short] });
    let brief = r#""2026-1-2""#;
    let dates = [r#""2026-11-21""#, brief, r#""2026-02-30""#];
    agree_but::<NaiveDate>(&dates, &Differs { serde: &[], schema: &[brief] });
    agree::<NaiveDateTime>(&[
        r#""2026-11-21T09:30:00""#,
        r#""2026-11-21T09:30:00.5""#,
        r#""2026-11-21T09:30""#,
        r#""2026-11-21""#,
    ]);
    // The schema lists what is written.
    let days = [r#""Mon""#, r#""monday""#, r#""Mo""#];
    agree_but::<Weekday>(&days, &Differs { serde: &[], schema: &[days[1]] });
    let end = "[9223372036854775, 807000001]";
    let periods =
        ["[1, 2]", "[1, 1000000000]", "[1, -2]", "[-9223372036854776, 193000000]", "[9223372036854776, 0]", end];
    // Where seconds end, nanoseconds tell.
    agree_but::<TimeDelta>(&periods, &Differs { serde: &[], schema: &[end] });

    says::<DateTime<Utc>>("1", &json!(["Not a valid datetime."]));
    says::<NaiveDate>(r#""x""#, &json!(["Not a valid date."]));
    says::<NaiveTime>(r#""x""#, &json!(["Not a valid time."]));
    says::<TimeDelta>("[1, -1]", &json!(["Not a valid period of time."]));
}

#[cfg(feature = "jiff02")]
#[test]
fn jiff02() {
    use event_schema::jiff::civil::{Date, DateTime, Time};
    use event_schema::jiff::{SignedDuration, Span, Timestamp, Zoned};

    let spaced = r#""2026-11-21 09:30:00Z""#;
    let points = [r#""2026-11-21T09:30:00Z""#, r#""2026-11-21T09:30:00.5+01:00""#, spaced, r#""2026-11-21T09:30:00""#];
    agree_but::<Timestamp>(&points, &Differs { serde: &[], schema: &[spaced] });
    let zoned = [
        r#""2026-11-21T09:30:00+01:00[Europe/Berlin]""#,
        r#""2026-11-21T09:30:00+07:00[Europe/Berlin]""#,
        r#""2026-11-21T09:30:00+01:00""#,
    ];
    // That an offset is not its zone's is not for a schema to find.
    agree_but::<Zoned>(&zoned, &Differs { serde: &[], schema: &[zoned[1]] });
    let point = r#""2026-11-21T09:30:00""#;
    agree_but::<Date>(&[r#""2026-11-21""#, point], &Differs { serde: &[], schema: &[point] });
    agree::<Time>(&[r#""09:30:00""#, r#""09:30:00.5""#, r#""25:00:00""#]);
    agree_but::<DateTime>(&[point, r#""2026-11-21""#], &Differs { serde: &[], schema: &[r#""2026-11-21""#] });
    let friendly = r#""2h 30m""#;
    let periods = [r#""PT1H2M3.5S""#, r#""-PT1S""#, friendly, r#""P1Y2M""#, r#""P""#, r#""PT""#, r#""P1DT""#];
    // jiff reads its friendly form too.
    agree_but::<Span>(&periods, &Differs { serde: &[], schema: &[friendly] });
    agree_but::<SignedDuration>(&periods, &Differs { serde: &[], schema: &[friendly] });

    says::<Timestamp>("1", &json!(["Not a valid datetime."]));
    says::<Date>(r#""x""#, &json!(["Not a valid date."]));
    says::<Time>(r#""x""#, &json!(["Not a valid time."]));
    says::<Span>(r#""x""#, &json!(["Not a valid period of time."]));
}

#[cfg(feature = "time03")]
#[test]
fn time03() {
    use event_schema::time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

    #[derive(Debug, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Times {
        point: OffsetDateTime,
        local: PrimitiveDateTime,
        date: Option<Date>,
        time: Time,
        duration: Duration,
        offset: UtcOffset,
        #[serde(with = "event_schema::time::serde::rfc3339")]
        #[schemars(with = "String")]
        written: OffsetDateTime,
    }

    let good = json!({
        "point": "2026-11-21 09:30:00.5 +01:00:00", "local": "2026-11-21 09:30:00.0", "date": "2026-11-21",
        "time": "09:30:00.0", "duration": "-1.500000000", "offset": "+01:00:00", "written": "2026-11-21T09:30:00Z",
    });
    let loaded = Times::load_value(good.clone()).unwrap();
    assert_eq!(loaded, serde_json::from_value(good.clone()).unwrap());
    assert_eq!(Times::load(&loaded.dump().unwrap()).unwrap(), loaded);
    let schema = Times::json_schema();
    assert!(jsonschema::is_valid(schema.as_value(), &good));
    for (field, _) in good.as_object().unwrap() {
        for text in asked().chain(STRINGS) {
            let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
            let mut input = good.clone();
            input[field] = value;
            // What is written in RFC 3339 has a reader that cannot be asked.
            if input[field].is_string() && field != "written" {
                let loads = Times::load_value(input.clone()).is_ok();
                assert_eq!(loads, jsonschema::is_valid(schema.as_value(), &input), "{field}: {text}");
            }
            // time reads lists of numbers too; the schema says text.
            if !input[field].is_array() {
                let by_serde = serde_json::from_value::<Times>(input.clone()).ok();
                assert_eq!(Times::load_value(input).ok(), by_serde, "{field}: {text}");
            }
        }
    }
    let mut input = good.clone();
    input["date"] = json!([2026, 325]);
    assert!(serde_json::from_value::<Times>(input.clone()).is_ok());
    let messages = |input| Times::load_value(input).unwrap_err().violations().unwrap().to_messages();
    assert_eq!(messages(input), json!({"date": ["Not a valid date."]}));
    let mut input = good;
    input["point"] = json!("2026-11-21T09:30:00Z");
    input["duration"] = json!("PT1S");
    assert_eq!(
        messages(input),
        json!({"point": ["Not a valid datetime."], "duration": ["Not a valid period of time."]})
    );
}

#[cfg(feature = "rust_decimal1")]
mod rust_decimal1 {
    use event_schema::rust_decimal::Decimal;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Price {
        #[validate(range(min = 0, exclusive_max = 99.95))]
        amount: Decimal,
        #[validate(range(exclusive_min = Decimal::ONE))]
        factor: Option<Decimal>,
    }

    /// Numbers that serde gets as floats: it has lost digits of them, or the value.
    const EXACT: &[&str] = &[
        "18446744073709551616",
        "-9223372036854775809",
        "0.1234567890123456789012345678",
        "79228162514264337593543950335",
        "-12345678901234567890.12345678",
    ];

    #[test]
    fn decimals() {
        let loads = |text: &str| Of::<Decimal>::load_str(&format!(r#"{{"value": {text}}}"#)).ok().map(|of| of.value);
        let by_serde = |text: &str| {
            serde_json::from_str::<Of<Decimal>>(&format!(r#"{{"value": {text}}}"#)).ok().map(|of| of.value)
        };
        let spellings =
            [r#""1.50""#, r#"".5""#, r#""5.""#, r#""+1""#, r#""1_000""#, r#""1e5""#, r#""1E-5""#, r#""1e29""#];
        for text in spellings.iter().chain(asked()).chain(&["1.50", "-79228162514264337593543950336"]) {
            // It then reads no fractions: rust_decimal has a feature for that.
            if arbitrary_precision() {
                continue;
            }
            assert_eq!(loads(text) == by_serde(text), !EXACT.contains(text), "{text}");
            if let Ok(value) = serde_json::from_str::<Value>(text) {
                let loaded = Of::<Decimal>::load_value(json!({ "value": value })).ok().map(|of| of.value);
                assert_eq!(loaded, by_serde(text), "{text} as a value");
            }
        }
        for text in EXACT {
            assert_eq!(loads(text).unwrap().to_string(), *text);
            assert_ne!(by_serde(text), loads(text));
        }
        // More than 28 places have no room: as text, serde refuses it too; a number it reads as 0.
        assert_eq!((loads("1e-29"), by_serde(r#""1e-29""#)), (None, None));
        says::<Decimal>("true", &json!(["Not a valid number."]));
        says::<Decimal>("null", &json!(["Field may not be null."]));

        let text = r#"{"value": {"1.5": 1}}"#;
        let loaded = Of::<BTreeMap<Decimal, u8>>::load_str(text).unwrap().value;
        assert_eq!(loaded, serde_json::from_str::<Of<BTreeMap<Decimal, u8>>>(text).unwrap().value);
    }

    #[test]
    fn ranges_of_decimals() {
        assert!(Price::load_str(r#"{"amount": 99.94999999999999999999, "factor": "1.0000000000000000001"}"#).is_ok());
        let error = Price::load_str(r#"{"amount": 99.95, "factor": 1}"#).unwrap_err();
        assert_eq!(
            error.violations().unwrap().to_messages(),
            json!({
                "amount": ["Must be greater than or equal to 0 and less than 99.95."],
                "factor": ["Must be greater than 1."],
            })
        );
        let schema = Price::json_schema().to_value();
        assert_eq!(schema["properties"]["amount"]["minimum"], 0);
        assert_eq!(schema["properties"]["factor"]["type"], json!(["string", "number", "null"]));
        let validator = schema_of::<Price>();
        for (amount, valid) in [(json!(1), true), (json!(-1), false), (json!(99.95), false), (json!(1e300), false)] {
            assert_eq!(validator.is_valid(&json!({"value": {"amount": amount}})), valid, "{amount}");
        }
    }
}

#[cfg(feature = "url2")]
#[test]
fn url2() {
    use event_schema::url::Url;

    agree_but::<Url>(
        &[r#""https://example.org/a?b#c""#, r#""mailto:a@example.org""#, r#""/a""#, r#""https://exa mple.org""#],
        &Differs::default(),
    );
    says::<Url>(r#""x""#, &json!(["Not a valid URL."]));
}

#[cfg(feature = "semver1")]
#[test]
fn semver1() {
    use event_schema::semver::Version;

    agree::<Version>(&[r#""1.2.3-rc.1+build""#, r#""1.2""#, r#""01.2.3""#]);
    says::<Version>("1", &json!(["Not a valid version."]));
}

#[cfg(feature = "indexmap2")]
#[test]
fn indexmap2() {
    use event_schema::indexmap::{IndexMap, IndexSet};

    agree::<IndexSet<u8>>(&["[2, 1]", "[256]"]);
    agree::<IndexMap<String, u8>>(&[r#"{"b": 1, "a": 2}"#, r#"{"b": 256}"#]);
    checks_parts::<IndexSet<Even>>("[1]", "[11]", &json!({"0": too_large()}), |set| *set = IndexSet::from([Even(11)]));
    let bad = json!({"a": {"value": too_large()}});
    checks_parts::<IndexMap<String, Even>>(r#"{"a": 1}"#, r#"{"a": 11}"#, &bad, |map| map[0] = Even(11));
}

#[cfg(feature = "smallvec1")]
#[test]
fn smallvec1() {
    use event_schema::smallvec::SmallVec;

    agree::<SmallVec<[u8; 2]>>(&["[2, 1, 3]", "[256]"]);
    checks_parts::<SmallVec<[Even; 2]>>("[1]", "[11]", &json!({"0": too_large()}), |list| list[0] = Even(11));
}

/// With `serde_json/arbitrary_precision` a `Value` delivers them as 128-bit integers.
#[test]
fn numbers_beyond_64_bits_are_refused_by_every_other_type() {
    #[derive(Debug, Serialize, Deserialize, EventSchema)]
    #[serde(tag = "kind")]
    enum Internal {
        A { a: u8 },
    }
    #[derive(Debug, Serialize, Deserialize, EventSchema)]
    #[serde(tag = "kind", content = "data")]
    enum Adjacent {
        A(u8),
    }
    fn refuses<T: Type>() {
        for text in ["18446744073709551616", "-9223372036854775809"] {
            let input: Value = serde_json::from_str(&format!(r#"{{"value": {text}}}"#)).unwrap();
            let error = Of::<T>::load_value(input).err().expect("a fault");
            assert_eq!(error.violations().expect("a finding").len(), 1);
        }
    }
    refuses::<u64>();
    refuses::<String>();
    refuses::<bool>();
    refuses::<Vec<u8>>();
    refuses::<(u8, u8)>();
    refuses::<BTreeMap<String, u8>>();
    refuses::<Duration>();
    refuses::<Bound<u8>>();
    refuses::<Internal>();
    refuses::<Adjacent>();
    refuses::<()>();
    refuses::<Option<Box<[u8]>>>();
}

/// Types that are written in less common ways derive as any other does.
#[test]
fn fields_of_less_common_forms() {
    trait Kind {
        type Id;
    }

    #[derive(Debug)]
    struct Numbered;

    impl Kind for Numbered {
        type Id = u32;
    }

    #[event_schema::event]
    #[serde(bound(serialize = "<K as Kind>::Id: Serialize"))]
    struct OfKind<K: Kind> {
        id: <K as Kind>::Id,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Odd<T> {
        #[event(plain)]
        plain: T,
        #[serde(borrow)]
        text: std::borrow::Cow<'static, str>,
        #[serde(borrow)]
        bytes: std::borrow::Cow<'static, [u8]>,
        #[serde(skip)]
        label: Option<&'static str>,
    }

    assert_eq!(OfKind::<Numbered>::load(br#"{"id": 7}"#).unwrap().id, 7);
    assert!(OfKind::<Numbered>::load(br#"{"id": "7"}"#).is_err());
    let odd = Odd { plain: (1_u8, 'x'), text: "t".into(), bytes: vec![1, 2].into(), label: None };
    let text = odd.dump().unwrap();
    assert_eq!(text, br#"{"plain":[1,"x"],"text":"t","bytes":[1,2]}"#);
    assert_eq!(Odd::load(&text).unwrap(), odd);
    let error = Odd::<(u8, char)>::load(br#"{"plain": [], "text": 1, "bytes": [1, 256]}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().len(), 3, "{error}");
}
