//! Arbitrary headers and values into CloudEvents' codec.
#![no_main]

#[path = "../checks/cloudevents.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
