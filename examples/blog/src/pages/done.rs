//! What has been done, told by the page that a form leads to. In: a word in its address. Out: a
//! sentence of ours; words that are not listed say nothing.

/// Something that a form has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    SignedOut,
    SessionEnded,
    OthersEnded,
    KeyRevoked,
    Unlinked,
    OnlyWay,
}

impl Done {
    const ALL: [Self; 6] = [
        Self::SignedOut,
        Self::SessionEnded,
        Self::OthersEnded,
        Self::KeyRevoked,
        Self::Unlinked,
        Self::OnlyWay,
    ];

    /// What the query of an address says, such as `done=key-revoked`.
    pub(super) fn read(query: Option<&str>) -> Option<Self> {
        let mut pairs = query.unwrap_or_default().split('&');
        let word = pairs.find_map(|pair| pair.strip_prefix("done="))?;
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    /// A page that says so.
    pub(super) fn at(self, page: &str) -> String {
        format!("{page}?done={}", self.word())
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::SignedOut => "You are signed out.",
            Self::SessionEnded => "The session has ended.",
            Self::OthersEnded => "All other sessions have ended.",
            Self::KeyRevoked => "The key is revoked. Nothing can use it any more.",
            Self::Unlinked => "Nobody signs in to your account by it any more.",
            Self::OnlyWay => {
                "It stays: nobody could sign in to your account any more. Set a password first."
            }
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::SessionEnded => "session-ended",
            Self::OthersEnded => "others-ended",
            Self::KeyRevoked => "key-revoked",
            Self::Unlinked => "unlinked",
            Self::OnlyWay => "only-way",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_words_say_anything() {
        for done in Done::ALL {
            let address = done.at("/account");
            assert_eq!(Done::read(address.split('?').nth(1)), Some(done));
        }
        assert_eq!(Done::read(Some("done=you+won")), None);
        assert_eq!(Done::read(None), None);
    }
}
