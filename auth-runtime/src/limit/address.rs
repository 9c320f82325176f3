//! Addresses as proxies write them. In: one element of `X-Forwarded-For` or `Forwarded` (RFC 7239).
//! Out: the address in it, or nothing; there is no guessing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest element that is read, in bytes. The longest that says anything has 60.
const LONGEST: usize = 256;

/// IPv4 inside IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.
pub(super) fn folded(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The network that an address counts as: of IPv6 the first `prefix` bits, of IPv4 all of it.
pub(super) fn network_of(address: IpAddr, ipv6_prefix: u8) -> IpAddr {
    match folded(address) {
        IpAddr::V6(address) => {
            let rest = 128_u32.saturating_sub(u32::from(ipv6_prefix));
            let mask = u128::MAX.checked_shl(rest).unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        address => address,
    }
}

/// The address in one element of `X-Forwarded-For`: with or without a port, IPv6 with or without
/// brackets.
pub(super) fn of_x_forwarded_for(element: &str) -> Option<IpAddr> {
    let element = within_bounds(element)?;
    let bare = element.parse::<IpAddr>().ok();
    bare.or_else(|| node(element)).map(folded)
}

/// The address in the `for` of one element of `Forwarded`.
pub(super) fn of_forwarded(element: &str) -> Option<IpAddr> {
    node(parameter(element, "for")?).map(folded)
}

/// The one value of that parameter in an element of `Forwarded`; nothing where there is none, or
/// several, or the element is malformed anywhere.
pub(super) fn parameter<'a>(element: &'a str, wanted: &str) -> Option<&'a str> {
    let mut found = None;
    for pair in within_bounds(element)?.split(';') {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim_ascii_start();
        if !is_token(name) {
            return None;
        }
        let value = unquoted(value.trim_ascii_end())?;
        if name.eq_ignore_ascii_case(wanted) && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

fn within_bounds(element: &str) -> Option<&str> {
    let element = element.trim_matches([' ', '\t']);
    (element.len() <= LONGEST && element.is_ascii()).then_some(element)
}

/// A token, or what is between the quotes. A quoted string with a backslash in it names no node.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains(['"', '\\'])),
        None => is_token(value).then_some(value),
    }
}

/// A token of RFC 9110.
fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

/// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]` or `[2001:db8::1]:80`; not `unknown`, nor a name.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(address.into());
    }
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner {
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse::<SocketAddr>().ok().map(|place| place.ip())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn rl4_ipv6_counts_by_its_network_and_mapped_ipv4_as_ipv4() {
        for (address, prefix, network) in [
            ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::"),
            ("2001:db8:1:2:3:4:5:6", 56, "2001:db8:1::"),
            ("2001:db8:1:2:3:4:5:6", 128, "2001:db8:1:2:3:4:5:6"),
            ("192.0.2.1", 64, "192.0.2.1"),
            ("::ffff:192.0.2.1", 64, "192.0.2.1"),
        ] {
            assert_eq!(network_of(ip(address), prefix), ip(network), "{address}/{prefix}");
        }
    }

    #[test]
    fn rl3_elements_are_read_strictly() {
        for (element, address) in [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1 ", Some("192.0.2.1")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("", None),
            ("unknown", None),
            ("192.0.2", None),
            ("192.0.2.01", None),
            ("192.0.2.1 192.0.2.2", None),
            ("192.0.2.1:port", None),
            ("192.0.2.1:99999", None),
            ("\"192.0.2.1\"", None),
            ("fe80::1%eth0", None),
            ("[192.0.2.1]", None),
        ] {
            assert_eq!(of_x_forwarded_for(element), address.map(ip), "{element}");
        }
    }

    #[test]
    fn rl3_forwarded_is_read_strictly() {
        for (element, address) in [
            ("for=192.0.2.1", Some("192.0.2.1")),
            ("For=192.0.2.1;proto=https;by=203.0.113.1", Some("192.0.2.1")),
            ("proto=https; FOR=\"192.0.2.1:80\"", Some("192.0.2.1")),
            ("for=\"[2001:db8::1]\"", Some("2001:db8::1")),
            ("for=\"[2001:db8::1]:80\"", Some("2001:db8::1")),
            ("for=\"[::ffff:192.0.2.1]\"", Some("192.0.2.1")),
            ("", None),
            ("192.0.2.1", None),
            ("proto=https", None),
            ("for=unknown", None),
            ("for=_hidden", None),
            ("for=2001:db8::1", None),
            ("for=\"2001:db8::1\"", None),
            ("for=[2001:db8::1]", None),
            ("for=192.0.2.1:80", None),
            ("for=\"192.0.2.1", None),
            ("for=192.0.2.1\"", None),
            ("for=\"192.0.2\\.1\"", None),
            ("for=192.0.2.1;for=192.0.2.2", None),
            ("for=192.0.2.1;", None),
            ("for =192.0.2.1", None),
            ("for= 192.0.2.1", None),
        ] {
            assert_eq!(of_forwarded(element), address.map(ip), "{element}");
        }
    }

    proptest! {
        #[test]
        fn rl3_nothing_that_is_written_panics(element in "\\PC{0,80}") {
            let (_, _) = (of_x_forwarded_for(&element), of_forwarded(&element));
        }

        #[test]
        fn rl3_an_address_is_read_as_it_was_written(bits: u128, four: bool) {
            let address = if four {
                IpAddr::V4(Ipv4Addr::from_bits((bits >> 96) as u32))
            } else {
                IpAddr::V6(Ipv6Addr::from_bits(bits))
            };
            let quoted = if four { format!("for={address}") } else { format!("for=\"[{address}]\"") };
            prop_assert_eq!(of_x_forwarded_for(&address.to_string()), Some(folded(address)));
            prop_assert_eq!(of_forwarded(&quoted), Some(folded(address)));
        }

        #[test]
        fn rl4_no_suffix_of_a_network_is_another_client(net: u64, one: u64, other: u64) {
            let address = |low: u64| IpAddr::V6(Ipv6Addr::from_bits((u128::from(net) << 64) | u128::from(low)));
            prop_assume!(net != 0);
            prop_assert_eq!(network_of(address(one), 64), network_of(address(other), 64));
        }
    }
}
