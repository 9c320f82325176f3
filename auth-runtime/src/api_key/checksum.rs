//! The checksum of a key. In: what stands before it. Out: six characters, by which a key is told
//! from something that only looks like one, without asking anybody.
//!
//! CRC-32 as in IEEE 802.3. SECURITY: it is no proof of anything, since everybody can compute it.
//! It keeps typing errors and the guesses of scanners away from the store.

use super::base62::digit;

/// The characters of a checksum.
pub(super) const WIDTH: usize = 6;

const TABLE: [u32; 256] = table();

/// The checksum of a text.
pub(super) fn checksum(text: &str) -> String {
    digits(crc32(text.as_bytes())).map(char::from).iter().collect()
}

/// Whether that is the checksum of a text. It is no secret, so it may be compared as anything else.
pub(super) fn is_checksum(sum: &str, text: &str) -> bool {
    digits(crc32(text.as_bytes())) == sum.as_bytes()
}

/// A number in base 62, big end first.
fn digits(number: u32) -> [u8; WIDTH] {
    let (mut digits, mut rest) = ([0; WIDTH], number);
    for place in digits.iter_mut().rev() {
        *place = digit(rest % 62);
        rest /= 62;
    }
    digits
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let index = usize::from((crc as u8) ^ byte);
        crc >> 8 ^ TABLE.get(index).copied().unwrap_or(0)
    })
}

#[allow(clippy::indexing_slicing, reason = "computed while compiling, where it would not compile")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_in_letters_and_digits() {
        assert_eq!(digits(0).as_slice(), b"000000");
        assert_eq!(digits(u32::MAX).as_slice(), b"4gfFC3");
        assert!(is_checksum(&checksum("blog"), "blog"));
        assert!(!is_checksum(&checksum("blog"), "glob") && !is_checksum("", "blog"));
    }

    #[test]
    fn it_is_the_crc_that_everybody_else_computes() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926); // the check value of the catalogue of CRCs
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
    }
}
