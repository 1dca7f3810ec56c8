//! Arbitrary bytes as Avro data.
#![no_main]

#[path = "../checks/datum.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
