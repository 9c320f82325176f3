//! `network`: who stands between the clients and this service, and what counts as one client.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// `network`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The proxies in front of this service. Default none: the peer is the client, and no header
    /// about where a request comes from is read.
    pub proxies: Option<Proxies>,
    /// How many leading bits of an IPv6 address make one client, from 32 to 64. Default 64, the
    /// least that one customer has: with more, anybody could be many clients. IPv4
    /// addresses count whole.
    pub ipv6_prefix: u8,
}

impl Default for Network {
    fn default() -> Self {
        Self { proxies: None, ipv6_prefix: 64 }
    }
}

/// The proxies in front of this service, and the one header of theirs that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxies {
    /// Their addresses, sorted. Never empty.
    pub trusted: Vec<AddressBlock>,
    /// The header in which they say whom they speak for.
    pub header: ForwardedHeader,
}

/// Where a trusted proxy says whom it speaks for. There is no default.
///
/// # Security
///
/// A proxy hands on what clients send in headers it does not know: with the wrong one of the two,
/// clients choose their own address. The other one is never read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardedHeader {
    /// `Forwarded` (RFC 7239): `for` names the client, `proto` says whether it came by TLS.
    Forwarded,
    /// `X-Forwarded-For` names the client, `X-Forwarded-Proto` says whether it came by TLS: the
    /// proxies have to set both.
    XForwardedFor,
}

/// An address, or a block of them in the notation of CIDR (RFC 4632): `192.0.2.7`, `10.0.0.0/8`,
/// `2001:db8::/32`.
///
/// # Example
///
/// ```
/// use auth_policy::settings::AddressBlock;
///
/// let block: AddressBlock = "10.0.0.0/8".parse().unwrap();
/// assert!(block.contains("10.1.2.3".parse().unwrap()));
/// assert!(block.contains("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!block.contains("11.1.2.3".parse().unwrap()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressBlock {
    /// INVARIANT: never an IPv4 address in IPv6 clothes, and no bit beyond the prefix is set.
    first: IpAddr,
    prefix: u8,
}

impl AddressBlock {
    /// The first address of the block.
    pub const fn first(self) -> IpAddr {
        self.first
    }

    /// How many leading bits its addresses share.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether the address is in the block. An IPv4 address may come as one of IPv6
    /// (`::ffff:192.0.2.7`).
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && leading(address, self.prefix) == self.first
    }
}

impl FromStr for AddressBlock {
    type Err = AddressBlockError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| AddressBlockError::NoAddress)?;
        if first.to_canonical() != first {
            return Err(AddressBlockError::Mapped);
        }
        let bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(bits), number).filter(|prefix| *prefix <= bits);
        let prefix = prefix.ok_or(AddressBlockError::NoPrefix)?;
        let block = Self { first: leading(first, prefix), prefix };
        if block.first == first { Ok(block) } else { Err(AddressBlockError::BitsBeyond(block)) }
    }
}

impl TryFrom<String> for AddressBlock {
    type Error = AddressBlockError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AddressBlock> for String {
    fn from(block: AddressBlock) -> Self {
        block.to_string()
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// Why a text is no block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressBlockError {
    /// It is not an address, nor does it begin with one.
    NoAddress,
    /// What follows `/` is not a number of bits that such an address has.
    NoPrefix,
    /// It is an IPv4 address in IPv6 clothes (`::ffff:192.0.2.7`).
    Mapped,
    /// It has bits beyond its prefix; the block that it is in.
    BitsBeyond(AddressBlock),
}

impl fmt::Display for AddressBlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "it does not begin with an IP address",
            Self::NoPrefix => "what follows `/` is no number of bits such an address has",
            Self::Mapped => "it is an IPv4 address in IPv6 clothes",
            Self::BitsBeyond(_) => "the address has bits beyond its prefix",
        })
    }
}

impl Error for AddressBlockError {}

/// A number without sign and leading zeros.
fn number(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    digits.parse().ok().filter(|_| plain && !padded)
}

/// The address with all but its leading bits cleared.
fn leading(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Result<AddressBlock, AddressBlockError> {
        text.parse()
    }

    fn holds(text: &str, address: &str) -> bool {
        block(text).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn rl3_a_block_holds_the_addresses_that_begin_as_it_does() {
        assert!(holds("10.0.0.0/8", "10.255.255.255") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("192.0.2.6/31", "192.0.2.7") && !holds("192.0.2.6/31", "192.0.2.8"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "192.0.2.7") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("::1", "::1") && !holds("::1", "::2") && holds("::/0", "ffff::"));
    }

    #[test]
    fn rl4_an_ipv4_address_in_ipv6_clothes_is_itself() {
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1") && !holds("::/0", "::ffff:10.0.0.1"));
        assert_eq!(block("::ffff:10.0.0.0/104"), Err(AddressBlockError::Mapped));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "a", "10.0.0", "10.0.0.0.0", "localhost", "010.0.0.1", "[::1]", " ::1"] {
            assert_eq!(block(text), Err(AddressBlockError::NoAddress), "{text}");
        }
        for prefix in ["", "33", "-1", "+8", "08", "8 ", "8/8", "255.0.0.0", "256"] {
            let text = format!("10.0.0.0/{prefix}");
            assert_eq!(block(&text), Err(AddressBlockError::NoPrefix), "{text}");
        }
        assert_eq!(block("::/129"), Err(AddressBlockError::NoPrefix));
        let network = block("10.0.0.0/8").unwrap();
        assert_eq!(block("10.0.0.1/8"), Err(AddressBlockError::BitsBeyond(network)));
    }

    #[test]
    fn a_block_is_written_as_it_is_read() {
        for text in ["10.0.0.0/8", "192.0.2.7/32", "::1/128", "2001:db8::/32"] {
            assert_eq!(String::from(block(text).unwrap()), text);
        }
    }
}
