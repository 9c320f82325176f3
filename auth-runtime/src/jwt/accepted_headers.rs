//! Headers that need not be read again. In: a header segment, as it stands in a token. Out: the
//! key it asks for, if a token with this very header verified before.

use std::sync::OnceLock;

/// How many headers a verifier remembers: an issuer writes one form for each key.
const REMEMBERED_HEADERS: usize = 8;

/// Headers whose tokens verified before, and the key they ask for: the same bytes mean the same.
///
/// Written at most once per slot and read without a lock. Only the issuer can fill it, since a
/// header gets in with its signature alone; it is gone with the verifier when keys rotate.
#[derive(Debug, Default)]
pub(super) struct AcceptedHeaders([OnceLock<(Box<str>, usize)>; REMEMBERED_HEADERS]);

impl AcceptedHeaders {
    /// The place of the key this header asks for, if it was accepted before.
    pub(super) fn find(&self, header: &str) -> Option<usize> {
        let known = self.0.iter().map_while(OnceLock::get);
        known.filter(|(known, _)| known.as_ref() == header).map(|(_, place)| *place).next()
    }

    /// Remembers a header whose token's signature verified.
    pub(super) fn remember(&self, header: &str, place: usize) {
        if let Some(free) = self.0.iter().find(|slot| slot.get().is_none()) {
            // Another thread may have been first; then this header is remembered next time.
            let _ = free.set((header.into(), place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_are_slots_are_found_again_and_no_more() {
        let headers = AcceptedHeaders::default();
        let names: Vec<String> = (0..REMEMBERED_HEADERS + 1).map(|n| format!("h{n}")).collect();
        for (place, name) in names.iter().enumerate() {
            assert_eq!(headers.find(name), None);
            headers.remember(name, place);
        }
        for (place, name) in names.iter().enumerate() {
            let expected = (place < REMEMBERED_HEADERS).then_some(place);
            assert_eq!(headers.find(name), expected);
        }
        assert_eq!(headers.find("h"), None);
    }
}
