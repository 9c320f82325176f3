//! Imported bcrypt hashes. In: their `$2b$..` strings. Out: whether a password is theirs. None are
//! made here.

use base64::{
    Engine,
    alphabet::BCRYPT,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// All of a password that bcrypt looks at, in bytes.
const READ_BYTES: usize = 72;

const SALT_BYTES: usize = 16;

/// bcrypt computes 24 bytes, and its strings hold 23 of them.
const OUTPUT_BYTES: usize = 23;

/// How many times two to the power of what: 4 is the least bcrypt knows, 15 takes seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=15;

/// The last character of a salt holds two bits that mean something. Some writers set the others,
/// and every reader passes over them.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// A hash of version 2a, 2b or 2y, which differ in faults of their writers that are long gone.
///
/// Version 2x is such a fault, and `$2$` older than that: neither is read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Bcrypt {
    text: String,
    cost: u32,
    salt: [u8; SALT_BYTES],
    output: [u8; OUTPUT_BYTES],
}

impl Bcrypt {
    /// Reads `$2b$12$`, 22 characters of salt and 31 of hash.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|start| text.strip_prefix(start))?;
        let (cost, rest) = rest.split_once('$')?;
        let two_digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|cost| two_digits && COSTS.contains(cost))?;
        let (salt, output) = rest.split_at_checked(22)?;
        Some(Self { text: text.to_owned(), cost, salt: decode(salt)?, output: decode(output)? })
    }

    /// The string as it was read.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the hash of the password. Compares in constant time.
    ///
    /// # Security
    ///
    /// bcrypt reads 72 bytes, and ends a password with a NUL that it then repeats: what is longer
    /// than that, or holds a NUL, would match as something else. Such a password is wrong, and
    /// costs as much to be found so.
    pub(super) fn matches(&self, password: &str) -> bool {
        let mut key = Zeroizing::new([0; READ_BYTES]);
        let bytes = password.bytes();
        let read = key.iter_mut().zip(bytes).map(|(to, byte)| *to = byte).count();
        // The NUL at the end counts where it still fits.
        let key = key.get(..READ_BYTES.min(read + 1)).unwrap_or(key.as_slice());
        let whole = password.len() == read && !password.contains('\0');

        let output = bcrypt::bcrypt(self.cost, self.salt, key);
        let same =
            output.get(..OUTPUT_BYTES).is_some_and(|output| self.output.ct_eq(output).into());
        whole & same
    }
}

/// Exactly so many bytes.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From jBCrypt's `TestBCrypt.java`.
    const JBCRYPT: [(&str, &str); 10] = [
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        ("", "$2a$08$HqWuK6/Ng6sg9gQzbLrgb.Tl.ZHfXLhvt/SgVyWhQqgqcZ7ZuUtye"),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("a", "$2a$08$cfcvVd2aQ8CMvoMpP2EBfeodLEkkFJ9umNEfPD18.hUF62qqlC/V."),
        ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        ("abc", "$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm"),
        (
            "abcdefghijklmnopqrstuvwxyz",
            "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
        ),
        (
            "abcdefghijklmnopqrstuvwxyz",
            "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        ),
        (
            "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
            "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
        ),
        (
            "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
            "$2a$08$Eq2r4G/76Wv39MzSX262huzPz612MZiYHVUJe/OcOql2jo4.9UxTW",
        ),
    ];

    /// From crypt_blowfish's `wrapper.c`, each also as it names the versions.
    const CRYPT_BLOWFISH: [(&str, &str); 5] = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        (LONG, "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
    ];

    /// 72 bytes; `crypt_blowfish` goes on with `chars after 72 are ignored`.
    const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    fn read(text: &str) -> Bcrypt {
        Bcrypt::parse(text).unwrap()
    }

    #[test]
    fn p6_m10_published_vectors_are_verified() {
        for (password, text) in JBCRYPT.into_iter().chain(CRYPT_BLOWFISH) {
            for version in ["$2a$", "$2b$", "$2y$"] {
                let hash = read(&text.replace("$2a$", version));
                assert!(hash.matches(password), "{password} {}", hash.as_str());
                assert!(!hash.matches(&format!("{password}x")) && !hash.matches("other"));
            }
        }
    }

    #[test]
    fn p5_what_bcrypt_would_cut_is_wrong_instead() {
        let hash = read("$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui");
        assert!(hash.matches(LONG));
        assert!(!hash.matches(&format!("{LONG}chars after 72 are ignored")));
        assert!(!hash.matches(&format!("{LONG}\0")));
        // 72 characters, and more bytes.
        assert!(!hash.matches(&LONG.replace('9', "ü")));
    }

    #[test]
    fn p5_a_nul_does_not_make_two_passwords_one() {
        let hash = read("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe");
        assert!(hash.matches("a"));
        for repeated in ["a\0", "a\0a", "a\0b", "a\0a\0a"] {
            assert!(!hash.matches(repeated), "{repeated:?}");
        }
    }

    #[test]
    fn p6_what_is_no_hash_or_costs_too_much_is_not_read() {
        let good = "$2b$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(read(good).as_str(), good);
        let bad = [
            good.replace("$2b$", "$2$"),
            good.replace("$2b$", "$2x$"),
            good.replace("$2b$", "$2c$"),
            good.replace("$06$", "$6$"),
            good.replace("$06$", "$+6$"),
            good.replace("$06$", "$03$"),
            good.replace("$06$", "$16$"),
            good.replace("$06$", "$31$"),
            good.replace("$06$", "$ü$"),
            good.replace("YVfxe", "YVfx"),
            good.replace("YVfxe", "YVfxee"),
            good.replace("YVfxe", "YVfx="),
            good.replace("rS2K", "ü2K"),
            good.replace(".5zDG", "ü5zD"),
            format!("{good}\n"),
            format!(" {good}"),
        ];
        for text in bad {
            assert!(Bcrypt::parse(&text).is_none(), "{text}");
        }
        assert_eq!(Bcrypt::parse(&good.replace("$06$", "$15$")).map(|hash| hash.cost), Some(15));
    }

    #[test]
    fn p6_stray_bits_after_a_salt_do_not_matter() {
        let stray = "$2a$06$m0CrhHm10qJ3lXRY.5zDGP3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert!(read(stray).matches("a"));
    }
}
