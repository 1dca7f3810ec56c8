//! Schemas: parsed, in canonical form, with their fingerprints.

use std::error::Error;

use event_schema::avro::Schema;

use crate::corpora::{bytes, rows_elsewhere};

#[test]
fn the_canonical_form_has_what_readers_need() {
    let schema = Schema::parse(
        r#"{
            "fields": [
                {"type": {"type": "string"}, "name": "id", "doc": "", "default": "x", "aliases": ["key"]},
                {"name": "next", "type": ["null", "Node"], "order": "descending", "owner": "us"},
                {"name": "sum", "type": {"type": "fixed", "size": 16, "name": "other.Md5"}}
            ],
            "type": "record", "name": "Node", "namespace": "com.example", "doc": "A node."
        }"#,
    )
    .unwrap();
    assert_eq!(
        schema.canonical_form(),
        r#"{"name":"com.example.Node","type":"record","fields":[{"name":"id","type":"string"},{"name":"next","type":["null","com.example.Node"]},{"name":"sum","type":{"name":"other.Md5","type":"fixed","size":16}}]}"#
    );
}

#[test]
fn fingerprints_are_those_of_the_specification() {
    // From the specification's table of the empty text, and from its algorithm run by hand.
    let fingerprint = |schema| Schema::parse(schema).unwrap().fingerprint();
    assert_eq!(fingerprint(r#""null""#), 0x63dd_24e7_cc25_8f8a);
    assert_eq!(fingerprint(r#"{"type": "null"}"#), 0x63dd_24e7_cc25_8f8a);
    assert_eq!(fingerprint(r#""boolean""#), 0x9f42_fc78_a4d4_f764);
    assert_ne!(fingerprint(r#""int""#), fingerprint(r#""long""#));
}

#[test]
fn a_text_that_is_no_schema_has_its_reason() {
    for text in ["", "{", r#""integer""#, r#"{"type": "record", "name": "R"}"#, r#"["int", "int"]"#] {
        let error = Schema::parse(text).unwrap_err();
        assert_eq!(error.to_string(), "not a valid Avro schema");
        assert!(!error.source().unwrap().to_string().is_empty());
    }
}

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test avro -- --ignored"]
fn schemas_of_other_projects_have_their_forms_and_fingerprints() {
    for row in rows_elsewhere("avro_canonical.jsonl") {
        let id = &row["id"];
        let schema = Schema::parse(&row["schema"].to_string()).unwrap_or_else(|error| panic!("{id}: {error}"));
        let little_endian = schema.fingerprint().to_le_bytes();
        if let Some(canonical) = row["canonical"].as_str() {
            assert_eq!(schema.canonical_form(), canonical, "{id}");
            assert_eq!(little_endian.to_vec(), bytes(row["fingerprint_le_hex"].as_str().unwrap()), "{id}");
        }
        if let Some(message) = row["single_object_hex"].as_str() {
            assert_eq!(little_endian, bytes(message)[2..10], "{id}");
        }
    }
}
