//! The text of a key: `PREFIX_ENVIRONMENT_ID_SECRET_CHECKSUM`. In: its parts. Out: text; or text in,
//! and parts only if it can be a key at all.
//!
//! Between the underscores are letters and digits alone, so that a double click selects a key whole
//! and a scanner finds it by one expression. `ID` is the owner's tag and then the 22 characters that
//! are the key's own: with both, its record is found by one look-up. The secret is 256 random bits.

use auth_policy::settings::KeyEnvironment;
use zeroize::Zeroizing;

use super::{
    base62::base62,
    checksum::{self, checksum, is_checksum},
};
use crate::{
    random::{Random, RandomError, SystemRandom},
    secret::Secret,
    store::Owner,
};

/// The random bytes of an id and of a secret, and the characters they come to.
const ID_BYTES: usize = 16;
const ID_WIDTH: usize = 22;
const SECRET_BYTES: usize = 32;
const SECRET_WIDTH: usize = 43;

/// The most bytes of a key: longer text is none. The longest owner's tag has 256 when it is escaped.
const MAX_BYTES: usize = 384;

/// What stands in for `-`, `_` and itself, with a letter behind it, so that a tag has letters and
/// digits alone.
const ESCAPE: char = 'Z';

/// The parts of a key.
#[derive(Clone)]
pub(super) struct KeyText {
    pub(super) environment: KeyEnvironment,
    pub(super) owner: Owner,
    /// Which of the owner's keys: public, and the id of its record.
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// It has another form.
    Form,
    /// It has the form and not the checksum: a typing error, or a guess.
    Checksum,
}

impl KeyText {
    /// A new key of that owner.
    pub(super) fn random(environment: KeyEnvironment, owner: Owner) -> Result<Self, RandomError> {
        let (mut id, mut secret) = ([0; ID_BYTES], Zeroizing::new([0; SECRET_BYTES]));
        SystemRandom.fill(&mut id)?;
        SystemRandom.fill(&mut *secret)?;
        Ok(Self::of(environment, owner, &id, &secret))
    }

    fn of(
        environment: KeyEnvironment,
        owner: Owner,
        id: &[u8; ID_BYTES],
        secret: &[u8; SECRET_BYTES],
    ) -> Self {
        let id = base62(id, ID_WIDTH).to_string();
        Self { environment, owner, id, secret: base62(secret, SECRET_WIDTH) }
    }

    pub(super) fn write(&self, prefix: &str) -> Secret {
        let (environment, id, secret) = (self.environment.as_str(), &self.id, &*self.secret);
        let owner = escaped(&self.owner);
        let body = Zeroizing::new(format!("{prefix}_{environment}_{owner}{id}_{secret}"));
        Secret::from(format!("{}_{}", *body, checksum(&body)))
    }

    /// The parts of a key with that prefix.
    ///
    /// # Errors
    ///
    /// For every text that [`write`](Self::write) does not write, whatever the prefix.
    pub(super) fn read(presented: &[u8], prefix: &str) -> Result<Self, NoKey> {
        let text = Some(presented).filter(|text| text.len() <= MAX_BYTES);
        let text = text.and_then(|text| str::from_utf8(text).ok()).ok_or(NoKey::Form)?;
        let (body, sum) = text.rsplit_once('_').ok_or(NoKey::Form)?;
        let key = Self::parts(body, prefix).filter(|_| is_plain(sum, checksum::WIDTH));
        let key = key.ok_or(NoKey::Form)?;
        if is_checksum(sum, body) { Ok(key) } else { Err(NoKey::Checksum) }
    }

    fn parts(body: &str, prefix: &str) -> Option<Self> {
        let mut parts = body.strip_prefix(prefix)?.strip_prefix('_')?.split('_');
        let (environment, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let environment = environment_named(environment)?;
        let (owner, id) = id.split_at_checked(id.len().checked_sub(ID_WIDTH)?)?;
        let whole = parts.next().is_none() && is_plain(id, ID_WIDTH);
        let owner = unescaped(owner).filter(|_| whole && is_plain(secret, SECRET_WIDTH))?;
        let secret = Zeroizing::new(secret.to_owned());
        Some(Self { environment, owner, id: id.to_owned(), secret })
    }
}

fn environment_named(word: &str) -> Option<KeyEnvironment> {
    [KeyEnvironment::Live, KeyEnvironment::Test].into_iter().find(|known| known.as_str() == word)
}

fn is_plain(text: &str, width: usize) -> bool {
    // To the end whatever comes: many bytes at a time, where `all` would stop at each.
    let plain = |so_far, byte: u8| so_far & byte.is_ascii_alphanumeric();
    text.len() == width && text.bytes().fold(true, plain)
}

/// The tag in letters and digits. No two tags come to the same text.
fn escaped(owner: &Owner) -> String {
    let letters = owner.as_str().chars().map(|letter| match letter {
        '-' => (Some(ESCAPE), 'a'),
        '_' => (Some(ESCAPE), 'b'),
        ESCAPE => (Some(ESCAPE), 'z'),
        plain => (None, plain),
    });
    letters.flat_map(|(escape, letter)| escape.into_iter().chain([letter])).collect()
}

/// The tag that comes to that text: there is one, or none.
fn unescaped(text: &str) -> Option<Owner> {
    let mut tag = String::with_capacity(text.len());
    let mut pieces = text.split(ESCAPE);
    tag.push_str(pieces.next()?);
    for piece in pieces {
        let mut letters = piece.chars();
        tag.push(match letters.next()? {
            'a' => '-',
            'b' => '_',
            'z' => ESCAPE,
            _ => return None,
        });
        tag.push_str(letters.as_str());
    }
    // What is written as it is are letters and digits alone.
    let plain = text.bytes().fold(true, |so_far, byte| so_far & byte.is_ascii_alphanumeric());
    Owner::new(tag).filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(owner: &str) -> KeyText {
        let id: [u8; 16] = std::array::from_fn(|place| place as u8);
        let secret: [u8; 32] = std::array::from_fn(|place| 0xff - place as u8);
        KeyText::of(KeyEnvironment::Live, Owner::new(owner).unwrap(), &id, &secret)
    }

    fn text(owner: &str) -> String {
        key(owner).write("blog").expose().to_owned()
    }

    /// Computed by another program: Python's `zlib.crc32` and integers.
    #[test]
    fn k1_these_bytes_are_this_key() {
        let body =
            "blog_live_ZaZzaZb9000SYW7RiJxkEgOGusQGwp_yhgIGB9quGfHP8Y83EcC2im5kZukTeYkpb69aekqK3M";
        assert_eq!(text("-Za_9"), format!("{body}_3yhqQi"));
    }

    #[test]
    fn k1_a_key_has_256_random_bits_and_is_no_other() {
        let owner = Owner::new("ada").unwrap();
        let new = || KeyText::random(KeyEnvironment::Test, owner.clone()).unwrap();
        let (one, other) = (new(), new());
        assert_ne!(*one.secret, *other.secret);
        assert_ne!(one.id, other.id);
        let (widths, written) = ((one.id.len(), one.secret.len()), one.write("blog"));
        assert_eq!(widths, (22, 43));
        assert!(written.expose().starts_with("blog_test_ada"));
    }

    #[test]
    fn the_longest_owner_has_a_key() {
        let owner = "_".repeat(128);
        let read = KeyText::read(text(&owner).as_bytes(), "blog").ok().unwrap();
        assert_eq!(read.owner.as_str(), owner);
        let longest = key(&owner).write("abcdefghijklmnop");
        assert!(KeyText::read(longest.expose().as_bytes(), "abcdefghijklmnop").is_ok());
    }

    #[test]
    fn k2_what_has_another_form_is_no_key() {
        let good = text("ada");
        let body = good.rsplit_once('_').unwrap().0;
        let summed = |body: &str| format!("{body}_{}", checksum(body));
        assert!(KeyText::read(summed(body).as_bytes(), "blog").is_ok());
        let owner = "_".repeat(140);
        for bad in [
            String::new(),
            "_".repeat(5),
            "blog".to_owned(),
            good.replace("blog", "glob"),
            good.to_uppercase(),
            format!(" {good}"),
            format!("{good} "),
            format!("{good}\n"),
            format!("{good}_"),
            summed(&body.replace("_live_", "_prod_")),
            summed(&body.replace("_live_", "__")),
            summed(&body.replace("_live_ada", "_live_ad-a")),
            summed(&body.replace("_live_ada", "_live_ad\u{e4}")),
            summed(&body.replace("_live_ada", "_live_")), // nobody's
            summed(&body.replace("_live_ada", "_live_adaZ")),
            summed(&body.replace("_live_ada", "_live_adZc")),
            summed(&body.replace("_live_ada", &format!("_live_{}", owner.replace('_', "Zb")))),
            summed(&format!("{body}_more")),
            summed(&format!("{body}0")),
            summed(body.get(..body.len() - 1).unwrap()),
        ] {
            assert_eq!(KeyText::read(bad.as_bytes(), "blog").err(), Some(NoKey::Form), "{bad}");
        }
        assert_eq!(KeyText::read(b"blog_live_\xff", "blog").err(), Some(NoKey::Form));
        assert_eq!(KeyText::read(&[b'_'; 100_000], "blog").err(), Some(NoKey::Form));
    }

    #[test]
    fn k2_every_change_of_one_character_is_seen() {
        let good = text("a-Z");
        for place in 0..good.len() {
            for other in (0x20..0x7f).map(char::from) {
                let mut changed = good.clone();
                changed.replace_range(place..=place, &other.to_string());
                let read = KeyText::read(changed.as_bytes(), "blog");
                assert_eq!(read.is_ok(), changed == good, "{changed}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_owner_is_read_back(owner in "[A-Za-z0-9_-]{1,128}") {
            let owner = Owner::new(owner).unwrap();
            let text = escaped(&owner);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(unescaped(&text), Some(owner));
        }

        #[test]
        fn a_tag_has_one_text(text in "[A-Za-z0-9]{1,60}|(Z[abz]|[ab]){1,30}") {
            if let Some(owner) = unescaped(&text) {
                prop_assert_eq!(escaped(&owner), text);
            }
        }

        #[test]
        fn e5_no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            prop_assert!(KeyText::read(&bytes, "blog").is_err());
        }
    }
}
