//! Rounding that keeps a sum: the largest-remainder method (Hamilton's apportionment).

/// Rounds `parts` to integers that sum to `total` exactly.
///
/// Each part is rounded down; what is missing goes, one each, to the largest remainders, the earlier part first among equals.
/// A total further away than one per part is spread evenly first, so the sum holds whatever is asked.
pub(crate) fn largest_remainder<const N: usize>(parts: [f64; N], total: i32) -> [i32; N] {
    let mut rounded = parts.map(|part| part.floor() as i32);
    if N == 0 {
        return rounded;
    }
    let missing = total - rounded.iter().sum::<i32>();
    let mut order: [usize; N] = std::array::from_fn(|index| index);
    order.sort_by(|&a, &b| (parts[b] - parts[b].floor()).total_cmp(&(parts[a] - parts[a].floor())));
    for part in &mut rounded {
        *part += missing.div_euclid(N as i32);
    }
    for &index in order.iter().take(missing.rem_euclid(N as i32) as usize) {
        rounded[index] += 1;
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_remainders_are_rounded_up() {
        for (parts, total, rounded) in [
            ([1.2, 2.5, 3.3], 7, [1, 3, 3]),
            ([-0.4, -0.3, 0.2], 0, [0, 0, 0]),
            ([-10.7, 4.4, -5.0], -11, [-11, 5, -5]),
            ([0.5, 0.5, 0.5], 1, [1, 0, 0]),
            ([0.9, 0.9, 0.9], 3, [1, 1, 1]),
            ([0.0, 0.0, 0.0], -1, [0, 0, -1]),
            ([0.0, 0.0, 0.0], 5, [2, 2, 1]),
        ] {
            assert_eq!(largest_remainder(parts, total), rounded, "{parts:?} to {total}");
        }
    }
}
