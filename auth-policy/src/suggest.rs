//! "Did you mean". In: a word and the words it could have been. Out: the nearest, if it is near.

/// Words of more bytes than this are never near anything: the comparison is quadratic.
const LONGEST: usize = 64;
/// How many letters are compared at most: enough for ten thousand ordinary names.
const MOST_WORK: usize = 600_000;

/// The candidate that `word` was probably meant to be: a few letters off (an exchange of two
/// neighbours counts once), in another case, or with its halves around `:` swapped.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let typed = word.to_ascii_lowercase();
    let swapped = swapped(word);
    let mut rows = Rows::default();
    let mut best = None;
    let mut least = allowed(typed.len()) + 1;
    for candidate in candidates {
        if swapped.as_deref() == Some(candidate) {
            return Some(candidate);
        }
        if rows.work < MOST_WORK && candidate.len().abs_diff(typed.len()) < least {
            let distance = rows.distance(typed.as_bytes(), candidate.as_bytes(), least);
            if distance < least {
                (best, least) = (Some(candidate), distance);
            }
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

/// Three rows of the table of edit distances, kept so that a candidate costs no allocation.
#[derive(Default)]
struct Rows {
    work: usize,
    before: Vec<usize>,
    last: Vec<usize>,
    next: Vec<usize>,
}

impl Rows {
    /// The optimal string alignment distance in bytes, or `limit` if it is not below that.
    fn distance(&mut self, typed: &[u8], candidate: &[u8], limit: usize) -> usize {
        let same = typed.iter().zip(candidate).take_while(|(a, b)| a == b).count();
        let typed = typed.get(same..).unwrap_or_default();
        let candidate = candidate.get(same..).unwrap_or_default();
        let same =
            typed.iter().rev().zip(candidate.iter().rev()).take_while(|(a, b)| a == b).count();
        let typed = typed.get(..typed.len() - same).unwrap_or_default();
        let candidate = candidate.get(..candidate.len() - same).unwrap_or_default();
        self.last.clear();
        self.last.extend(0..=typed.len());
        let mut previous = 0;
        for (row, c) in candidate.iter().map(u8::to_ascii_lowercase).enumerate() {
            if self.row(typed, row, (previous, c)) >= limit {
                return limit;
            }
            std::mem::swap(&mut self.before, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.next);
            previous = c;
        }
        self.last.last().copied().unwrap_or(limit)
    }

    /// Fills the next row, and says its least cost: the distance is no less than that.
    fn row(&mut self, typed: &[u8], row: usize, (previous, c): (u8, u8)) -> usize {
        self.work += typed.len();
        self.next.clear();
        self.next.push(row + 1);
        let (mut left, mut left_cost, mut least) = (0, row + 1, row + 1);
        let mut exchanged = None;
        let mut befores = self.before.iter();
        for (t, pair) in typed.iter().zip(self.last.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let mut cost = (diagonal + usize::from(*t != c)).min(above + 1).min(left_cost + 1);
            if *t == previous && left == c {
                cost = exchanged.map_or(cost, |before: usize| cost.min(before + 1));
            }
            exchanged = befores.next().copied();
            self.next.push(cost);
            (left, left_cost, least) = (*t, cost, least.min(cost));
        }
        least
    }
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
        assert_eq!(found("wrtie:profile"), Some("write:profile"));
        assert_eq!(found("billing"), None);
        assert_eq!(found(""), None);
        assert_eq!(found(&"x".repeat(100_000)), None);
    }
}
