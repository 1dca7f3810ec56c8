//! Arbitrary bytes as Avro datums of the zoo.
#![no_main]

#[path = "../checks/avro.rs"]
#[allow(dead_code, reason = "the tests write datums to start from")]
mod check;
#[path = "../../tests/load/zoo/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod zoo;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
