//! Tests of internals; `fuzz/checks/json.rs` compares the whole with `serde_json`.

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, Visitor};

use super::scan::plain_end;
use super::{Error, SINGLE, Source, read};

fn refused<'de, T: Deserialize<'de>>(text: &'de str) -> (String, Option<usize>) {
    let error = read::<T>(text).err().expect("refused");
    (error.to_string(), error.offset())
}

/// Reads a list of numbers as `f32`, of which it keeps the bits, and of what is no number nothing.
struct Singles(Vec<Option<u32>>);

impl<'de> Deserialize<'de> for Singles {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct List;
        struct Single(Option<u32>);
        struct SingleVisitor;

        impl<'de> Visitor<'de> for List {
            type Value = Singles;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Singles, A::Error> {
                let mut all = Vec::new();
                while let Some(Single(one)) = list.next_element()? {
                    all.push(one);
                }
                Ok(Singles(all))
            }
        }

        impl<'de> Deserialize<'de> for Single {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                input.deserialize_newtype_struct(SINGLE, SingleVisitor).map(Single)
            }
        }

        impl<'de> Visitor<'de> for SingleVisitor {
            type Value = Option<u32>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("anything")
            }
            fn visit_f32<E>(self, value: f32) -> Result<Self::Value, E> {
                Ok(Some(value.to_bits()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(None)
            }
            #[allow(clippy::cast_precision_loss, reason = "to the nearest")]
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Some((value as f32).to_bits()))
            }
            fn visit_borrowed_str<E>(self, _: &'de str) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(None)
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(None)
            }
        }

        input.deserialize_seq(List)
    }
}

#[test]
fn an_f32_is_rounded_once_and_anything_else_comes_as_it_is() {
    let Singles(all) =
        read(r#"[16777217.0000000001, 1e39, "x", 7, [1, [2]], {"a": {}}, null, true, -0, 0.1]"#).unwrap();
    let bits = |float: f32| Some(float.to_bits());
    let expected = [bits(16_777_218.0), None, None, bits(7.0), None, None, None, None, bits(-0.0), bits(0.1)];
    assert_eq!(all, expected);
    // An f64 in between makes the last bit wrong.
    #[allow(clippy::cast_possible_truncation, reason = "that is what is shown")]
    let twice = "16777217.0000000001".parse::<f64>().unwrap() as f32;
    assert_eq!(bits(twice), bits(16_777_216.0));
}

#[test]
fn an_exponent_counts_to_its_last_digit() {
    // The standard library takes the first digits of these exponents for all of them, and is no judge here.
    for zeros in [40_000, 65_536, 655_359, 655_360, 1_000_000] {
        let small = format!("0.{}1e{}", "0".repeat(zeros - 1), zeros);
        let large = format!("1{}e-{zeros}", "0".repeat(zeros));
        for text in [&small, &large] {
            assert_eq!(read::<f64>(text).unwrap().to_bits(), 1_f64.to_bits(), "{zeros}");
            assert_eq!(read::<f64>(&format!("-{text}")).unwrap().to_bits(), (-1_f64).to_bits(), "{zeros}");
            let Singles(single) = read(&format!("[{text}]")).unwrap();
            assert_eq!(single, [Some(1_f32.to_bits())], "{zeros}");
        }
        let many = "123456789012345678901234567890";
        let nearest: f64 = format!("0.{many}").parse().unwrap();
        let shifted = format!("0.{}{many}E+{zeros}", "0".repeat(zeros));
        assert_eq!(read::<f64>(&shifted).unwrap().to_bits(), nearest.to_bits(), "{zeros}");
        assert_eq!(read::<f64>(&format!("0.{}e{zeros}", "0".repeat(zeros))).unwrap().to_bits(), 0, "{zeros}");
        assert!(read::<f64>(&format!("1{}e{zeros}", "0".repeat(zeros))).is_err(), "{zeros}");
        assert!(read::<f64>(&format!("{small}{}", "9".repeat(30))).is_err(), "{zeros}");
        assert_eq!(read::<f64>(&format!("{large}{}", "9".repeat(30))).unwrap().to_bits(), 0, "{zeros}");
    }
}

#[test]
fn strings_are_borrowed_unless_they_have_escapes() {
    assert_eq!(read::<&str>(r#" "größer als 8 Bytes" "#).unwrap(), "größer als 8 Bytes");
    assert!(read::<&str>(r#""\n""#).is_err());
    assert_eq!(read::<String>(r#""\u0041\n\"\/\ud83d\ude00ß""#).unwrap(), "A\n\"/😀ß");
    let lone = "lone leading surrogate in hex escape";
    assert_eq!(refused::<String>(r#""\ud800\ud800""#), (lone.to_owned(), Some(12)));
    assert_eq!(refused::<String>(r#""\udc00""#), (lone.to_owned(), Some(6)));
    assert_eq!(refused::<String>(r#""\ud800x""#).0, "unexpected end of hex escape");
    assert_eq!(refused::<String>("\"a\0\"").1, Some(2));
    // Nobody asks what an ignored string means.
    assert!(read::<IgnoredAny>(r#"["\ud800\ud800", "\udc00", 1e999]"#).is_ok());
}

#[test]
fn no_depth_is_too_deep_to_skip() {
    const LEVELS: usize = 2_000_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
        let text = [&open.repeat(LEVELS), "0", &close.repeat(LEVELS)].concat();
        assert!(read::<IgnoredAny>(&text).is_ok());
        let (reason, _) = refused::<IgnoredAny>(&text[..text.len() - 1]);
        assert!(reason.starts_with("EOF while parsing"), "{reason}");
    }
    // Each level is closed by what it was opened with, also where the bits of 64 levels have been put away.
    let is_list = |n: usize| n.is_multiple_of(3);
    for depth in [1, 63, 64, 65, 127, 128, 129, 200] {
        for wrong in 0..depth {
            let open: String = (0..depth).map(|n| if is_list(n) { "[" } else { r#"{"a":"# }).collect();
            let close = |n| if is_list(n) == (n == wrong) { "}" } else { "]" };
            let close: String = (0..depth).rev().map(close).collect();
            assert!(read::<IgnoredAny>(&format!("{open}1{close}")).is_err());
        }
    }
}

#[test]
fn code_that_does_not_count_its_depth_is_stopped() {
    let deep = |levels| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(serde_json::Value::deserialize(&mut Source::shallow(&deep(127))).is_ok());
    let error = serde_json::Value::deserialize(&mut Source::shallow(&deep(128))).unwrap_err();
    assert_eq!(error.to_string(), "recursion limit exceeded");
}

#[test]
fn what_cannot_be_read_of_a_part_has_its_place_in_the_whole() {
    let text = "{\n  \"a\": [1e5, \"\\ud83d\\ude00\"],\n  \"b\": [1e999]\n}";
    let error = <Error as serde::de::Error>::custom("number out of range");
    let (reason, position) = error.in_text(text, 0);
    assert_eq!((reason.as_str(), position.line(), position.column()), ("number out of range", 1, 1));
    let of_part = read::<serde_json::Value>("[1e999]").unwrap_err().of_part(Some(36));
    let error = <Error as serde::de::Error>::custom(of_part);
    let (reason, position) = error.in_text(text, 0);
    assert_eq!((reason.as_str(), position.line()), ("number out of range", 3));
    // Foreign code may quote the text, which may say anything.
    let error = <Error as serde::de::Error>::custom(format!("hunter2 at byte {}", u64::MAX));
    let error = <Error as serde::de::Error>::custom(error.of_part(Some(7)));
    assert_eq!(error.in_text(text, 5).0, "a value cannot be read");
    let error = <Error as serde::de::Error>::custom(format!("number out of range at byte {}", usize::MAX));
    let error = <Error as serde::de::Error>::custom(error.of_part(Some(7)));
    assert_eq!(error.in_text(text, 5).0, "number out of range");
    let error = <Error as serde::de::Error>::custom("hunter2");
    assert_eq!(error.in_text(text, 5).0, "a value cannot be read");
}

#[test]
fn singles_beyond_their_range_are_refused() {
    assert_eq!(read::<f32>("3.4028235e38").unwrap().to_bits(), f32::MAX.to_bits());
    for text in ["1e39", "-1e39", "3.402823577973366e38", "1e400"] {
        assert_eq!(refused::<f32>(text), ("number out of range".to_owned(), Some(text.len() - 1)), "{text}");
    }
    assert!(read::<Vec<f32>>("[1, 1e100]").is_err());
}

#[test]
fn numbers_and_nothing_else() {
    for number in ["0", "-0", "10", "-1.5", "0.25e-3", "1E+9", "123456789012345678901234567890"] {
        assert!(super::is_number(number), "{number}");
    }
    for other in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", " 1", "1 ", "0x1", "inf", "NaN", "1_0", "--1", "1.e1"] {
        assert!(!super::is_number(other), "{other}");
    }
}

/// Numbers of every length, near the limits of what is exact.
fn number() -> impl Strategy<Value = String> {
    let digits = "(0|[1-9][0-9]{0,24})";
    let near = prop::sample::select(vec![
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "9999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
    ]);
    let whole = prop_oneof![3 => digits.prop_map(String::from), 1 => near.prop_map(String::from)];
    let exponent = prop_oneof![Just(String::new()), "[eE][+-]?[0-9]{1,3}"];
    ("-?", whole, "(\\.[0-9]{1,24})?", exponent)
        .prop_map(|(sign, whole, fraction, exponent)| sign + &whole + &fraction + &exponent)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn floats_are_those_of_the_standard_library(text in number()) {
        let float: f64 = text.parse().unwrap();
        match read::<f64>(&text) {
            Ok(read) => prop_assert_eq!(read.to_bits(), float.to_bits()),
            Err(_) => prop_assert!(float.is_infinite()),
        }
        let float: f32 = text.parse().unwrap();
        if let Ok(Singles(list)) = read(&format!("[{text}]")) {
            let read = list[0].map(f32::from_bits);
            prop_assert!(read == Some(float) || float.is_infinite(), "{:?} {}", read, float);
        }
    }

    #[test]
    fn integers_are_those_of_the_standard_library(text in "-?(0|[1-9][0-9]{0,20})") {
        prop_assert_eq!(read::<u64>(&text).ok(), text.parse().ok().filter(|_| !text.starts_with('-')));
        prop_assert_eq!(read::<i64>(&text).ok(), text.parse().ok().filter(|_| text != "-0"));
        prop_assert_eq!(read::<i128>(&text).ok(), text.parse().ok());
    }

    #[test]
    fn the_end_of_a_string_is_its_first_special_byte(text in "[a-zß\"\\\\\u{0}-\u{20}\u{7e}-\u{82}]{0,40}", at in 0_usize..40) {
        let at = at.min(text.len());
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let expected = text.as_bytes()[at..].iter().position(special).map_or(text.len(), |end| at + end);
        prop_assert_eq!(plain_end(text.as_bytes(), at), expected);
    }
}
