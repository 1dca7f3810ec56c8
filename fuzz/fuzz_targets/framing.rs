//! Arbitrary messages into codecs of every framing.
#![no_main]

#[path = "../checks/framing.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check::check(input);
});
