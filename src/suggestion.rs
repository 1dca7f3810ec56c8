//! Did you mean: the known name that a wrong one was probably meant to be.

/// Longer names are not compared: no typo makes them. In bytes.
const MAX_COMPARED: usize = 100;

/// The index of the known name that `name` most resembles, if it resembles one.
///
/// One edit in three characters is a typo; case and separators do not count, so that `orderId` is
/// found for `order_id`.
#[inline(never)]
pub(crate) fn suggest(name: &str, known: &[&str]) -> Option<usize> {
    closest(name, known).map(|(_, index)| index)
}

/// As [`suggest`], with how far it is from the name.
pub(crate) fn closest(name: &str, known: &[&str]) -> Option<(usize, usize)> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let letters = Letters::of(name);
    let distances = known.iter().enumerate().filter_map(|(index, candidate)| {
        let others = Letters::of(candidate);
        let allowed = others.count.max(3) / 3;
        // Most names are too far apart at first sight; the others are worth allocations.
        if letters.least_distance(others) > allowed {
            return None;
        }
        let distance = strsim::osa_distance(&fold(name).collect::<String>(), &fold(candidate).collect::<String>());
        (distance <= allowed && distance < others.count).then_some((distance, index))
    });
    distances.min()
}

/// The characters that count.
fn fold(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase)
}

/// Which letters there are, and how many.
#[derive(Clone, Copy)]
struct Letters {
    set: u64,
    count: usize,
}

impl Letters {
    fn of(name: &str) -> Self {
        let mut letters = Self { set: 0, count: 0 };
        if name.is_ascii() {
            // As below, at a fraction of the cost.
            for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ' | b'.')) {
                letters.add(byte.to_ascii_lowercase().into());
            }
        } else {
            fold(name).for_each(|c| letters.add(c));
        }
        letters
    }

    fn add(&mut self, c: char) {
        self.set |= 1 << (u32::from(c) % 64);
        self.count += 1;
    }

    /// Edits that it takes at least: each changes the length by one at most, and the set by two letters.
    fn least_distance(self, other: Self) -> usize {
        let letters = (self.set ^ other.set).count_ones() as usize;
        self.count.abs_diff(other.count).max(letters.div_ceil(2))
    }
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn finds_what_a_typo_was_meant_to_be() {
        let known = ["orderId", "quantity", "sku", "id", "x", "größe"];
        let meant = |name| suggest(name, &known).map(|index| known[index]);
        assert_eq!(meant("quantty"), Some("quantity"));
        assert_eq!(meant("qauntity"), Some("quantity"));
        assert_eq!(meant("order_id"), Some("orderId"));
        assert_eq!(meant("ORDER-ID"), Some("orderId"));
        assert_eq!(meant("grösse"), None);
        assert_eq!(meant("GRÖßE"), Some("größe"));
        assert_eq!(meant("grosse"), None);
        assert_eq!(meant("grose"), None);
        assert_eq!(meant("gröe"), Some("größe"));
        assert_eq!(meant("sk"), Some("sku"));
        assert_eq!(meant("is"), Some("id"));
        assert_eq!(meant("y"), None);
        assert_eq!(meant(""), None);
        assert_eq!(meant("amount"), None);
        assert_eq!(meant(&"quantity".repeat(100)), None);
    }

    /// A name that the quick check calls too far is too far.
    #[test]
    fn the_first_sight_is_no_further_than_the_distance() {
        use super::{Letters, fold};

        let names = ["quantity", "quantty", "qauntity", "abc", "cab", "aabbcc", "xyz", "", "a", "ä", "order", "redor"];
        for (one, other) in names.iter().flat_map(|one| names.map(|other| (*one, other))) {
            let distance = strsim::osa_distance(&fold(one).collect::<String>(), &fold(other).collect::<String>());
            assert!(Letters::of(one).least_distance(Letters::of(other)) <= distance, "{one} {other}");
        }
    }
}
