//! The bytes of strings, a word at a time.

/// The offset of the first byte from `at` on that is no plain part of a string: a quote, a backslash or a control
/// character; the end of the text if there is none.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;

    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*word);
        // Mycroft's: the high bit of the lowest byte that is below a bound. Those of bytes above it may be wrong. With its
        // second bit turned over, a quote lies just above the control characters.
        let low = word ^ (ONES * 0x02);
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let found = (low.wrapping_sub(ONES * 0x21) & !low) | (backslash.wrapping_sub(ONES) & !backslash);
        let found = found & (ONES << 7);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + text[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(text.len() - at)
}

/// The value of four hexadecimal digits.
pub(super) fn hex(digits: [u8; 4]) -> Option<u16> {
    digits.into_iter().try_fold(0, |value, digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(value << 4 | u16::try_from(digit).ok()?)
    })
}

/// Whether there is nothing but JSON's white space.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}
