//! The little DER that keys need. In: the bytes of a PEM block, or the numbers of a JWK. Out: the
//! elements inside, or an RSA key as PKCS#1 (RFC 8017).
//!
//! Nothing here decides whether a key is good: what is read or written goes to the cryptographic
//! library, whose parser is strict.

use zeroize::Zeroizing;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads elements one after the other.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The contents of the next element, if it has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (contents, rest) = rest.split_at_checked(length)?;
        if *found != tag {
            return None;
        }
        self.0 = rest;
        Some(contents)
    }

    /// A reader of what is inside the next element, which is a sequence.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.read(SEQUENCE).map(Self)
    }

    /// The magnitude of the next element, an integer that is not negative.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let contents = self.read(INTEGER)?;
        let negative = contents.first()? & 0x80 != 0;
        (!negative).then(|| magnitude(contents))
    }

    /// The bytes of the next element, a bit string of whole bytes.
    pub(super) fn bit_string(&mut self) -> Option<&'a [u8]> {
        let (unused_bits, bytes) = self.read(BIT_STRING)?.split_first()?;
        (*unused_bits == 0).then_some(bytes)
    }
}

/// A sequence of unsigned integers, given as big-endian magnitudes: `RSAPublicKey` of n and e,
/// `RSAPrivateKey` of 0, n, e, d, p, q, dp, dq, qi.
pub(super) fn integers(numbers: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut body = Zeroizing::new(Vec::with_capacity(room(numbers)));
    for number in numbers {
        let number = magnitude(number);
        // A leading one bit would read as a minus sign, and zero is one zero byte.
        let sign = number.first().is_none_or(|first| first & 0x80 != 0);
        header(&mut body, INTEGER, number.len() + usize::from(sign));
        body.extend(sign.then_some(0));
        body.extend_from_slice(number);
    }
    let mut der = Zeroizing::new(Vec::with_capacity(body.len() + 6));
    header(&mut der, SEQUENCE, body.len());
    der.extend_from_slice(&body);
    der
}

/// A big-endian number without leading zeros.
pub(super) fn magnitude(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Enough room for these integers, so that no half-written copy is left behind by a reallocation.
fn room(numbers: &[&[u8]]) -> usize {
    numbers.iter().map(|number| number.len() + 6).sum()
}

fn header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    let bytes = length.to_be_bytes();
    let bytes = magnitude(&bytes);
    if length >= 0x80 {
        // INVARIANT: a usize has at most eight bytes.
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
        out.extend_from_slice(bytes);
    } else {
        out.push(bytes.first().copied().unwrap_or(0));
    }
}

/// The length that stands at the beginning, and what follows it.
fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = der.split_first()?;
    let count = usize::from(first & 0x7f);
    if first & 0x80 == 0 {
        return Some((count, rest));
    }
    // Three bytes reach 16 MiB, far beyond any key; zero would be the indefinite form of BER.
    if count == 0 || count > 3 {
        return None;
    }
    let (bytes, rest) = rest.split_at_checked(count)?;
    let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some((length, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_are_written_as_der_has_them() {
        let der = integers(&[&[], &[0x7f], &[0x80], &[0, 0, 1, 0]]);
        let expected = [0x30, 14, 2, 1, 0, 2, 1, 0x7f, 2, 2, 0, 0x80, 2, 2, 1, 0];
        assert_eq!(der.as_slice(), &expected[..]);
    }

    #[test]
    fn an_indefinite_or_overlong_length_is_refused() {
        assert!(Reader::new(&[0x30, 0x80, 0, 0]).sequence().is_none());
        assert!(Reader::new(&[0x30, 0x84, 0, 0, 0, 0]).sequence().is_none());
        assert!(Reader::new(&[0x30, 5, 0]).sequence().is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(numbers in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..400), 0..9)) {
            let slices: Vec<&[u8]> = numbers.iter().map(Vec::as_slice).collect();
            let der = integers(&slices);
            let mut outer = Reader::new(&der);
            let mut inner = outer.sequence().unwrap();
            for number in &slices {
                prop_assert_eq!(inner.unsigned(), Some(magnitude(number)));
            }
            prop_assert!(inner.0.is_empty() && outer.0.is_empty());
        }

        #[test]
        fn e5_random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while let Some(mut inside) = reader.sequence() {
                while inside.unsigned().is_some() || inside.bit_string().is_some() {}
            }
        }
    }
}
