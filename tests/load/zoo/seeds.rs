//! Messages written by hand, for each representation that serde has: as a sender would write them, and as
//! none should.

/// The seeds of an event, by its name.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(crate) fn of(event: &str) -> &'static [&'static str] {
    match event {
        "foreign" => {
            &[r#"{"a": "0191e5b6-9a7e-7c3d-8f00-000000000001", "b": "2026-11-21T09:30:00Z", "d": "2026-11-21",
                "e": "09:30:00", "f": "2026-11-21T09:30:00", "g": "::1", "h": "192.0.2.1", "i": ["::1"]}"#]
        }
        "maps" => &[r#"{"a": {"x": 1}, "b": {"7": null}, "c": {"-7": "x"}, "d": {"red": 1, "grün": 2},
                "e": {"0191e5b6-9a7e-7c3d-8f00-000000000001": {"x": 1}}, "f": {"x": {"0": ["red"]}}, "g": null,
                "h": {"Known": "x", "other": "y"}, "i": {"First": {"x": 1}, "2nd": {"x": 2}}}"#],
        "external" => &[
            r#""Unit""#,
            r#"{"Unit": null}"#,
            r#"{"New": 7}"#,
            r#"{"Tuple": [1, "a"]}"#,
            r#"{"Struct": {"firstX": 1, "b": "ab"}}"#,
            r#"{"Struct": [1, "ab"]}"#,
            r#"{"Nested": {"x": 1, "y": "a"}}"#,
            r#"{"Maybe?": null}"#,
            r#"{"New": 7, "Unit": null}"#,
        ],
        "internal" => &[
            r#"{"type": "unit"}"#,
            r#"{"a": 1, "type": "struct", "b": "x"}"#,
            r#"{"x": 1, "y": null, "type": "nested"}"#,
            r#"["struct", 1, "x"]"#,
            r#"{"type": 1, "a": 1}"#,
        ],
        "adjacent" => &[
            r#"{"t": "Unit"}"#,
            r#"{"t": "Unit", "c": null}"#,
            r#"{"c": 7, "t": "New"}"#,
            r#"{"t": "Tuple", "c": [1, "a"]}"#,
            r#"{"c": {"a": 1}, "t": "Struct"}"#,
            r#"{"t": "Nested", "c": {"x": 1}}"#,
            r#"["New", 7]"#,
            r#"{"t": {"New": null}, "c": 7}"#,
        ],
        "untagged" => &["7", r#""abc""#, r#"{"x": 1, "y": "a"}"#, r#"{"x": 300}"#, "[true, false]", "[1, null]"],
        "flat" => &[r#"{"id": 1, "x": 2, "type": "unit"}"#, r#"{"type": "nested", "x": 1, "y": "a", "id": 1}"#],
        "flat-maybe" => &[r#"{"a": 1, "x": 1, "y": "a"}"#, r#"{"a": 1, "x": "1"}"#, r#"{"a": 1}"#],
        "flat-small" => &[r#"{"price": 1000.5, "apples": 7}"#, r#"{"price": 1, "apples": 300}"#],
        "flat-chars" => &[r#"{"name": "long", "a": "ä"}"#, r#"{"name": "long", "a": "ab"}"#],
        "flat-numbered" => &[r#"{"size": 300, "id": "x"}"#, r#"{"size": 300, "7": -1}"#, r#"{"size": 1, "256": 1}"#],
        "flat-bounded" => &[r#"{"size": 300, "ab": 9}"#, r#"{"ab": 1, "cd": 2, "ef": 3}"#, r#"{"a": 1}"#, "{}"],
        "flat-keyed" => &[r#"{"size": 300, "red": true}"#, r#"{"verde": false, "size": 1}"#],
        "flat-two" => &[
            r#"{"id": 1, "form": "Round", "radius": 2, "paint": "Plain", "colour": "red"}"#,
            r#"{"paint": "Bare", "side": 300, "form": "box", "id": 1}"#,
            r#"{"id": 1, "form": "Point", "paint": "Plain", "color": "verde"}"#,
        ],
        "flat-two-external" => &[
            r#"{"One": 1, "Three": 2}"#,
            r#"{"Four": ["a", 1], "Two": {"a": true}}"#,
            r#"{"One": 1, "fünf": {"b": null}}"#,
            r#"{"One": 1, "Two": {"a": true}, "Three": 1}"#,
        ],
        "flat-external" => &[r#"{"id": 1, "Three": 7, "more": []}"#, r#"{"id": 1, "more": {}}"#],
        "flat-adjacent" => &[
            r#"{"id": 1, "t": "One", "c": 7}"#,
            r#"{"c": {"a": true}, "id": 1, "t": "Two"}"#,
            r#"{"id": 1, "t": "Nothing"}"#,
            r#"{"id": 1, "t": "Any"}"#,
        ],
        "flat-aliases" | "flat-strict" => &[r#"{"id": 1, "nick": "a"}"#, r#"{"id": 1, "name": "a", "years": 151}"#],
        "flat-deep" => &[
            r#"{"id": 1, "nick": "a", "form": "box", "side": 1, "last": true}"#,
            r#"{"id": 1, "name": "a", "form": "Round"}"#,
        ],
        "flat-choice" => &[r#"{"id": 1, "street": "a", "number": 1}"#, r#"{"id": 1, "place": "a", "number": 256}"#],
        "flat-unit" => &[r#"{"id": 1}"#, r#"{"id": 1, "nothing": null, "unit": null}"#],
        "tagged-map" => &[
            r#"{"kind": "Counts", "a": 1}"#,
            r#"{"a": {}, "kind": "Any"}"#,
            r#"{"a": 1, "kind": "Named"}"#,
            r#"{"kind": "Counts", "a": 256}"#,
        ],
        "flat-value" => &[r#"{"id": 1}"#, r#"{"more": [1], "id": 1}"#],
        "tagged-value" => &[r#"{"kind": "Raw", "a": []}"#, r#"{"a": 1, "kind": "Known"}"#, r#"{"kind": "Raw"}"#],
        "tagged-numbers" => &[
            r#"{"kind": "Counts", "7": true}"#,
            r#"{"7": true, "kind": "Counts"}"#,
            r#"{"kind": "Wide", "a": 340282366920938463463374607431768211455}"#,
            r#"{"b": -1, "a": 1, "kind": "Wide"}"#,
            r#"{"kind": "Keyed", "a": {"-7": 1}}"#,
        ],
        "tagged-unit" => &[
            r#"{"kind": "Unit"}"#,
            r#"{"kind": "Nothing"}"#,
            r#"{"kind": "Empty", "more": 1}"#,
            r#"{"more": 1, "kind": "Bare"}"#,
            r#"{"kind": "Unit", "more": 1}"#,
        ],
        "tagged-struct" => &[r#"{"kind": "TaggedStruct", "a": 1}"#, r#"{"a": 1, "kind": "Other"}"#, r#"{"a": 1}"#],
        "tagged-rest" => &[r#"{"kind": "TaggedRest", "a": 1, "more": []}"#, r#"{"a": 1}"#],
        "adjacent-unit" => &[
            r#"{"t": "Unit", "c": null}"#,
            r#"{"t": "Nothing", "c": null}"#,
            r#"{"t": "Empty", "c": {}}"#,
            r#"{"t": "Bare"}"#,
            r#"{"t": "Maybe"}"#,
            r#"{"t": "Unit"}"#,
        ],
        "aliased-external" => &[
            r#"{"uno": 1}"#,
            r#"{"two": {"A": 1}}"#,
            r#"{"three": [1, true]}"#,
            r#""zero""#,
            r#"{"zero": null}"#,
            r#"{"one": 1, "One": 1}"#,
        ],
        "aliased-internal" => {
            &[r#"{"t": "uno", "a": 1}"#, r#"{"nick": "a", "t": "two", "years": 1}"#, r#"{"t": "zero"}"#]
        }
        "aliased-adjacent" => &[r#"{"t": "uno", "c": 1}"#, r#"{"c": {"a": 1}, "t": "two"}"#, r#"{"t": "zero"}"#],
        "other-internal" => &[r#"{"t": "Known", "a": 1}"#, r#"{"t": "new", "a": []}"#, r#"{"t": "Other"}"#],
        "other-adjacent" => &[
            r#"{"t": "Known", "c": 1}"#,
            r#"{"t": "Bare"}"#,
            r#"{"t": "new"}"#,
            r#"{"t": "new", "c": null}"#,
            r#"{"t": "new", "c": 7}"#,
        ],
        "other-tags" => &[r#"{"id": 1, "internal": {"t": "?"}, "adjacent": {"t": "?"}, "t": "Known", "a": 1}"#],
        "strict-tags" => &[r#"{"t": "One", "c": 1}"#, r#"{"c": {"a": 1}, "t": "Two"}"#, r#"{"t": "Zero", "d": 1}"#],
        "nullable" => &[r#"{"a": null, "b": null, "c": null}"#, r#"{"a": 1, "b": "a"}"#, r#"{"a": 1}"#],
        "has-perhaps" => &[r#"{"c": null, "d": []}"#, r#"{"a": 1, "b": null, "c": 1, "d": [1, null]}"#],
        "never-null" => &["{}", r#"{"a": 1, "b": {"x": 1}, "c": 1, "d": "red"}"#, r#"{"a": null}"#],
        "last-default" => &["[1]", "[1, 2]", "[1, 2, 3]", "[]", "[1, 2, 10]"],
        "tuple-defaults" => &[r#"{"a": [1], "b": [1, 2], "c": [[], [1], [1, true]]}"#],
        "new-keys" => &[
            r#"{"a": {"7": 1}, "b": {"true": 1}, "c": {"-7": "red"}, "d": {"false": 1}, "e": {"ä": 1}}"#,
            r#"{"a": {"201": 1}, "b": {"1": 1}, "d": {"TRUE": 1}, "e": {"ab": 1}}"#,
        ],
        "one-name" => &[
            r#"{"a": {"items": [{"a": 1}]}, "b": {"items": [{"b": "x"}], "next": null}, "c": {}}"#,
            r#"{"a": {"items": [{"b": "x"}]}, "b": {"items": [{"a": 1}]}, "c": {"k": [{"b": "x"}]}}"#,
        ],
        "types" => &[r#"{"number": 13}"#, r#"{"number": 1, "name": "a"}"#],
        "flat-refused" => &[r#"{"id": 1, "number": 13}"#, r#"{"id": 1, "number": 1}"#, r#"{"id": 1}"#],
        "untagged-refused" => &[r#"{"number": 13}"#, r#"{"number": 1}"#, r#"[{"number": 13}]"#],
        "bad-default" => &[r#"{"id": 1}"#, r#"{"id": 1, "filled": {"name": "a"}}"#, r#"{"id": 1, "filled": null}"#],
        "nan-default" => &[r#"{"id": 1}"#, r#"{"id": 1, "x": 1}"#],
        "out-and-rest" => &[r#"{"in": 1, "out": 2}"#, r#"{"in": 1, "more": 2}"#],
        "has-never" => &[r#"{"id": 1, "never": null, "list": []}"#, r#"{"id": 1, "list": ["x"]}"#],
        "single" => &[r#"{"a": 16777217.0000000001}"#, r#"{"a": 0.1, "b": 0.1}"#, r#"{"a": 1, "b": 16777218.5}"#],
        "more-rules" => &[
            r#"{"plan": "free", "terms": true, "tags": ["aa", "aa"], "counts": {"a": 9}, "levels": [1, 2]}"#,
            r#"{"plan": "paid", "terms": true, "tags": [], "colour": "verde", "deep": {"a": [1]}, "seats": 13}"#,
        ],
        "skipped-rules" => &[r#"{"a": [2], "b": 2}"#],
        "raw-names" => &[
            r#"{"pass": "a", "again": "a", "type": 1, "a.b": 1}"#,
            r#"{"pass": "a", "again": "b", "a/b": 1}"#,
            r#"{"pass": "a", "again": "a", "": 1}"#,
        ],
        "standard" => &[
            r#"{"a": {"Ok": 1}, "b": {"secs": 1, "nanos": 0}, "c": {"start": 1, "end": 2}, "e": 1, "f": 1, "g": [],
                "i": 1, "j": "Unbounded"}"#,
            r#"{"a": {"Err": "x"}, "b": [1, 2], "c": [1, 2], "d": {"start": -1, "end": 1}, "e": 0, "f": 1,
                "g": [true], "h": [1], "i": 1, "j": {"Included": 1}}"#,
        ],
        "with-functions" => {
            &[r#"{"a": "ff", "c": {"x": 1}}"#, r#"{"a": "xyz", "b": "1", "c": {"x": 1, "y": null}, "d": [{"x": 1}]}"#]
        }
        "from-wire" => &[r#"{"a": 1, "b": 9}"#, r#"{"a": 1}"#, r#"{"sum": 1}"#],
        "around" => &[r#"{"id": 1, "x": 2, "more": [{"x": 1}]}"#],
        "renamed-variants" => &[r#""FIRST_ONE""#, r#"{"SECOND_ONE": {"theField": 1}}"#, r#"{"3rd": 1}"#, r#""HIDDEN""#],
        "untagged-mixed" => &[
            "null",
            "true",
            r#"[1, "a"]"#,
            r#"{"form": "box", "side": 1}"#,
            r#"{"items": [1], "next": null}"#,
            r#"{"a": "ä"}"#,
        ],
        "invoice.sent" => &[
            r#"{"number": "2026-0001", "issuedOn": "2026-11-21", "sentAt": "2026-11-21T09:30:00Z", "dueTime": "12:00:00",
                "total": "12.50", "discount": "-0.5", "iban": "AT611904300234573201", "program": "1.2.3-rc.1+build",
                "positions": [{"unit": "hour", "count": 2, "price": "6.25", "note": "ü"}], "labels": ["a", "b"],
                "payment": {"by": "card", "lastDigits": "0017"}, "rates": {"at": 0.2}}"#,
            r#"{"number": "2026-0002", "issuedOn": "2028-02-29", "sentAt": "2026-11-21T09:30:00.123+02:00", "total": 12,
                "positions": [{"unit": "piece", "count": 999, "price": 0.1}], "program": "0.1.0", "labels": [],
                "payment": {"by": "transfer", "days": 90, "reference": null}, "rates": {}}"#,
        ],
        "order.requested" => {
            &[r#"{"orderId": "0191e5b6-9a7e-7c3d-8f00-000000000001", "orderedAt": "2026-11-21T09:30:00Z",
            "email": "ada@example.org", "address": {"street": "Ring 1", "postalCode": "1010", "country": "AT"},
            "lines": [{"sku": "bolt-8", "quantity": 3, "unitPrice": 0.25}, {"sku": "nut", "quantity": 1, "unitPrice": 12,
            "gift": true}], "status": "awaiting_payment", "note": "ring twice", "labels": {"campaign": "autumn", "": ""}}"#]
        }
        "reading-taken" => {
            &[r#"{"device": "sensor-00017", "sequence": 0, "celsius": 21.5, "channels": {"0": 0, "7": -7},
            "gateway": "192.0.2.1"}"#]
        }
        _ => &[],
    }
}
