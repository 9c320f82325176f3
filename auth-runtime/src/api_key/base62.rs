//! Bytes in letters and digits alone. In: bytes, and a width. Out: that many of `0-9A-Za-z`, which
//! a double click selects whole and no URL, shell or log changes.

use zeroize::Zeroizing;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number that the bytes are, big end first, in so many digits. What does not fit into the
/// width is lost: 6 digits hold 4 bytes, 22 hold 16, and 43 hold 32.
pub(super) fn base62(bytes: &[u8], width: usize) -> Zeroizing<String> {
    let mut number = Zeroizing::new(bytes.to_vec());
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new((0..width).map(|_| next_digit(&mut number)).collect());
    let mut text = Zeroizing::new(String::with_capacity(width));
    text.extend(digits.iter().rev().map(|digit| char::from(*digit)));
    text
}

/// Divides the number by 62, and returns the digit that remains.
fn next_digit(number: &mut [u8]) -> u8 {
    let mut rest = 0_u16;
    for byte in number {
        let dividend = rest << 8 | u16::from(*byte);
        // INVARIANT: `rest` is below 62, so the quotient is below 256.
        *byte = (dividend / 62) as u8;
        rest = dividend % 62;
    }
    digit(u32::from(rest))
}

/// The digit of a value below 62.
pub(super) fn digit(value: u32) -> u8 {
    DIGITS.get(value as usize).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_big_end_first_in_a_fixed_width() {
        for (bytes, width, text) in [
            (&[][..], 3, "000"),
            (&[61], 2, "0z"),
            (&[62], 2, "10"),
            (&[1, 0], 3, "048"), // 256 = 4 * 62 + 8
            (&[255; 4], 6, "4gfFC3"),
        ] {
            assert_eq!(*base62(bytes, width), text);
        }
    }

    #[test]
    fn the_widths_of_a_key_lose_nothing() {
        for (bytes, width) in [(4, 6), (16, 22), (32, 43)] {
            let most = base62(&vec![255; bytes], width);
            let one_less = base62(&[&vec![255; bytes - 1][..], &[254]].concat(), width);
            assert!(*most > *one_less && !most.starts_with("zz"), "{} {}", *most, *one_less);
            assert_eq!(base62(&vec![255; bytes], width + 1).chars().next(), Some('0'));
        }
    }
}
