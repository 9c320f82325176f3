//! "Did you mean". In: a word and the words it could have been. Out: the nearest, if it is near.

/// Words longer than this are never near anything: the comparison is quadratic.
const LONGEST: usize = 64;

/// The candidate that `word` was probably meant to be: a few letters off (an exchange of two
/// neighbours counts once), in another case, or with its halves around `:` swapped.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    let swapped = swapped(word);
    let mut best = None;
    let mut least = allowed(typed.len()) + 1;
    for candidate in candidates {
        if swapped.as_deref() == Some(candidate) {
            return Some(candidate);
        }
        if candidate.len().abs_diff(typed.len()) >= least {
            continue;
        }
        let distance = distance(&typed, candidate, least);
        if distance < least {
            (best, least) = (Some(candidate), distance);
        }
    }
    best
}

/// How many slips a word of this length may hold and still be recognized.
fn allowed(length: usize) -> usize {
    if length < 3 { 1 } else { (length / 3).min(4) }
}

fn swapped(word: &str) -> Option<String> {
    let (left, right) = word.split_once([':', '.', '/'])?;
    Some(format!("{right}:{left}"))
}

/// The optimal string alignment distance, or `limit` if it is not below that.
fn distance(typed: &[char], candidate: &str, limit: usize) -> usize {
    let (mut before, mut last) = (Vec::new(), (0..=typed.len()).collect::<Vec<_>>());
    let mut previous = '\0';
    for (row, c) in candidate.chars().enumerate() {
        let c = c.to_ascii_lowercase();
        let next = next_row(typed, (row, c, previous), &before, &last);
        if next.iter().all(|cost| *cost >= limit) {
            return limit;
        }
        (before, last, previous) = (last, next, c);
    }
    last.last().copied().unwrap_or(limit)
}

fn next_row(
    typed: &[char],
    (row, c, previous): (usize, char, char),
    before: &[usize],
    last: &[usize],
) -> Vec<usize> {
    let at = |costs: &[usize], index: usize| costs.get(index).copied().unwrap_or(usize::MAX);
    let mut next = Vec::with_capacity(last.len());
    next.push(row + 1);
    let mut left = '\0';
    for (column, t) in typed.iter().copied().enumerate() {
        let replaced = at(last, column) + usize::from(t != c);
        let mut cost = replaced.min(at(last, column + 1) + 1).min(at(&next, column) + 1);
        if t == previous && left == c && column > 0 {
            cost = cost.min(at(before, column - 1).saturating_add(1));
        }
        next.push(cost);
        left = t;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_case_and_swapped_halves_are_recognized() {
        let scopes = ["delete:posts", "read:posts", "write:posts", "write:profile"];
        let found = |word| nearest(word, scopes);
        assert_eq!(found("write:post"), Some("write:posts"));
        assert_eq!(found("wirte:posts"), Some("write:posts"));
        assert_eq!(found("WRITE:POSTS"), Some("write:posts"));
        assert_eq!(found("posts:write"), Some("write:posts"));
        assert_eq!(found("billing"), None);
        assert_eq!(found(""), None);
        assert_eq!(found(&"x".repeat(100_000)), None);
    }
}
