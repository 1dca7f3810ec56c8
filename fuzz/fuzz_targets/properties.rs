//! Arbitrary text into the parser of `client.properties`.
#![no_main]

#[path = "../checks/properties.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
