//! Decimals between their text and Avro's form: an unscaled big-endian integer in two's complement.

/// The number that the bytes are, which with a sign of its own may only fit without one; nothing if it is too large.
pub(crate) fn number(bytes: &[u8]) -> Option<Result<i128, u128>> {
    let negative = bytes.first()? & 0x80 != 0;
    let fill = if negative { 0xFF } else { 0 };
    let significant = bytes.len() - bytes.iter().take_while(|byte| **byte == fill).count();
    if significant > 16 {
        return None;
    }
    let mut all = [fill; 16];
    all[16 - significant..].copy_from_slice(&bytes[bytes.len() - significant..]);
    let number = i128::from_be_bytes(all);
    match (negative, number < 0) {
        (false, true) => Some(Err(u128::from_be_bytes(all))),
        (true, false) => None,
        _ => Some(Ok(number)),
    }
}

/// The number with its point before so many digits, of which there are no more than [`MAX_SCALE`].
pub(crate) fn text(number: Result<i128, u128>, scale: usize) -> String {
    let (sign, digits) = match number {
        Ok(number) => (if number < 0 { "-" } else { "" }, number.unsigned_abs()),
        Err(number) => ("", number),
    };
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// Far more than any type has: a schema may name any number.
pub(crate) const MAX_SCALE: usize = 1000;

/// The unscaled bytes of a number's text, if it fits.
pub(crate) fn unscaled(text: &str, precision: usize, scale: usize) -> Option<Vec<u8>> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let zeros = scale.checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u128 = if digits.is_empty() {
        0
    } else if digits.len().checked_add(zeros)? <= precision {
        digits.parse::<u128>().ok()?.checked_mul(10_u128.checked_pow(zeros.try_into().ok()?)?)?
    } else {
        return None;
    };
    // A bit for the sign, of a negative number that needs none too: as Python's fastavro writes them.
    let bits = u128::BITS - number.leading_zeros() + 1;
    let length = usize::try_from(bits.div_ceil(8)).ok()?;
    let (fill, bytes) = if negative {
        (if number > 0 { 0xFF } else { 0 }, number.wrapping_neg().to_be_bytes())
    } else {
        (0, number.to_be_bytes())
    };
    Some(match bytes.len().checked_sub(length) {
        Some(start) => bytes[start..].to_vec(),
        None => std::iter::once(fill).chain(bytes).collect(),
    })
}
