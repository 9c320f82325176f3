//! The checksum of a key. In: what stands before it. Out: six characters, by which a key is told
//! from something that only looks like one, without asking anybody.
//!
//! CRC-32 as in IEEE 802.3. SECURITY: it is no proof of anything, since everybody can compute it.
//! It keeps typing errors and the guesses of scanners away from the store.

use super::base62::base62;

/// The characters of a checksum.
pub(super) const WIDTH: usize = 6;

const TABLE: [u32; 256] = table();

/// The checksum of a text.
pub(super) fn checksum(text: &str) -> String {
    base62(&crc32(text.as_bytes()).to_be_bytes(), WIDTH).to_string()
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
    fn it_is_the_crc_that_everybody_else_computes() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926); // the check value of the catalogue of CRCs
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
    }
}
