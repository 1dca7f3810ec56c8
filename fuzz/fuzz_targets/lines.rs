//! Arbitrary bytes into the zoo, line by line.
#![no_main]

#[path = "../checks/lines.rs"]
mod check;
#[path = "../../tests/load/zoo/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod zoo;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
