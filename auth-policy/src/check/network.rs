//! `network`. In: its form. Out: its settings, with typed addresses; what would let clients choose
//! their own address, or be many clients, is an error.

use std::net::IpAddr;

use crate::{
    code::Code,
    document::{At, NetworkForm},
    report::Report,
    settings::{AddressBlock, AddressBlockError, Network, Proxies},
    source::quoted,
};

/// The widest blocks that may be trusted, in bits that their addresses share.
const WIDEST_IPV4: u8 = 8;
const WIDEST_IPV6: u8 = 16;
/// Unique local addresses (`fc00::/7`) and those of a link: nobody else's.
const WIDEST_PRIVATE_IPV6: u8 = 7;
const LEAST_IPV6_PREFIX: u32 = 32;
const MOST_IPV6_PREFIX: u32 = 64;

pub(super) fn network(form: &NetworkForm, report: &mut Report) -> Network {
    let default = Network::default();
    let trusted = blocks(&form.trusted_proxies, report);
    Network {
        // INVARIANT: a header without proxies is an error, and no policy is made.
        proxies: form.header.map(|header| Proxies { trusted, header: header.value }),
        ipv6_prefix: form
            .ipv6_prefix
            .map_or(default.ipv6_prefix, |bits| ipv6_prefix(bits, default.ipv6_prefix, report)),
    }
}

fn blocks(words: &[At<String>], report: &mut Report) -> Vec<AddressBlock> {
    let mut blocks: Vec<At<AddressBlock>> = Vec::with_capacity(words.len());
    for word in words {
        if let Some(value) = block(word, report) {
            blocks.push(At { value, place: word.place });
        }
    }
    blocks.sort_by_key(|block| block.value);
    for pair in blocks.windows(2) {
        if let [first, second] = pair
            && first.value == second.value
        {
            report.add(Code::NamedTwice, second.place, |found| {
                found
                    .message(format!("the addresses `{}` are named twice", second.value))
                    .other(first.place, "first here")
                    .help("remove one of them")
            });
        }
    }
    blocks.into_iter().map(|block| block.value).collect()
}

fn block(word: &At<String>, report: &mut Report) -> Option<AddressBlock> {
    let (fault, instead) = match word.value.parse::<AddressBlock>() {
        Ok(block) => match width_fault(block) {
            Some(fault) => (fault.to_owned(), None),
            None => return Some(block),
        },
        Err(fault @ AddressBlockError::BitsBeyond(block)) => (fault.to_string(), Some(block)),
        Err(fault) => (fault.to_string(), None),
    };
    report.add(Code::InvalidAddress, word.place, |found| {
        let help = instead.map_or_else(
            || "write the address of a proxy, or a block such as `10.0.0.0/8`".to_owned(),
            |block| format!("write `{block}`, or the address alone"),
        );
        let message = format!("{} cannot be trusted as a proxy: {fault}", quoted(&word.value));
        found.message(message).help(help)
    });
    None
}

/// SECURITY: in a block as wide as this there are clients, and each could claim any address.
fn width_fault(block: AddressBlock) -> Option<&'static str> {
    if block.first().is_unspecified() {
        return Some("it is the address of nobody, or of everybody");
    }
    match block.first() {
        IpAddr::V4(_) if block.prefix() < WIDEST_IPV4 => Some("it is wider than `/8`"),
        IpAddr::V6(first) => {
            let private = first.is_unique_local() || first.is_unicast_link_local();
            let widest = if private { WIDEST_PRIVATE_IPV6 } else { WIDEST_IPV6 };
            (block.prefix() < widest)
                .then_some("it is wider than `/16`, and not of private addresses")
        }
        IpAddr::V4(_) => None,
    }
}

fn ipv6_prefix(bits: At<u32>, default: u8, report: &mut Report) -> u8 {
    let range = LEAST_IPV6_PREFIX..=MOST_IPV6_PREFIX;
    if let Some(bits) = u8::try_from(bits.value).ok().filter(|_| range.contains(&bits.value)) {
        return bits;
    }
    report.add(Code::OutOfRange, bits.place, |found| {
        found
            .message(format!(
                "`ipv6_prefix` is {}, outside {LEAST_IPV6_PREFIX} to {MOST_IPV6_PREFIX}",
                bits.value
            ))
            .help("leave the key out for 64: one customer has all addresses that begin with the same 64 bits")
    });
    default
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, *};
    use crate::settings::ForwardedHeader;

    fn told(network: &str) -> Vec<Code> {
        read(&format!("network: {{ {network} }}\n")).1
    }

    fn trusted(block: &str) -> Vec<Code> {
        told(&format!("header: forwarded, trusted_proxies: [\"{block}\"]"))
    }

    #[test]
    fn rl3_without_proxies_the_peer_is_the_client() {
        assert_eq!(read("network: {}\n").0.network, Network::default());
        assert_eq!((read("").0.network.proxies, Network::default().ipv6_prefix), (None, 64));
    }

    #[test]
    fn rl3_proxies_are_addresses_and_one_header_of_theirs_counts() {
        let (contents, found) = read(
            "network: { trusted_proxies: [\"::1\", 192.0.2.7, 10.0.0.0/8], header: x_forwarded_for }\n",
        );
        let proxies = contents.network.proxies.unwrap_or_else(|| unreachable!());
        let written: Vec<_> = proxies.trusted.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["10.0.0.0/8", "192.0.2.7/32", "::1/128"]);
        assert_eq!((proxies.header, found), (ForwardedHeader::XForwardedFor, vec![]));
    }

    #[test]
    fn rl3_neither_the_header_nor_whose_it_is_is_guessed() {
        assert_eq!(told("trusted_proxies: [192.0.2.7]"), [Code::MissingKey]);
        assert_eq!(told("header: forwarded"), [Code::MissingKey]);
        assert_eq!(told("header: forwarded, trusted_proxies: []"), [Code::EmptyValue]);
        assert_eq!(told("header: x_real_ip, trusted_proxies: [192.0.2.7]"), [Code::UnknownValue]);
    }

    #[test]
    fn rl3_what_clients_could_be_in_is_no_proxy() {
        for fine in ["10.0.0.0/8", "192.0.2.7", "2001::/16", "fc00::/7", "fe80::/10", "::1"] {
            assert_eq!(trusted(fine), [], "{fine}");
        }
        for wide in ["0.0.0.0/0", "::/0", "0.0.0.0", "::", "0.0.0.0/8", "128.0.0.0/1", "10.0.0.0/7"]
        {
            assert_eq!(trusted(wide), [Code::InvalidAddress], "{wide}");
        }
        for wide in ["2000::/3", "2000::/15", "::ffff:10.0.0.0/104", "10.0.0.1/8", "proxy.example"]
        {
            assert_eq!(trusted(wide), [Code::InvalidAddress], "{wide}");
        }
        let twice = "header: forwarded, trusted_proxies: [192.0.2.7, 192.0.2.7/32]";
        assert_eq!(told(twice), [Code::NamedTwice]);
    }

    #[test]
    fn rl4_one_customer_is_one_client() {
        let prefix = |bits: u32| read(&format!("network: {{ ipv6_prefix: {bits} }}\n"));
        for bits in [31, 65, 128, 320] {
            assert_eq!(prefix(bits).1, [Code::OutOfRange], "{bits}");
        }
        assert_eq!((prefix(32).1, prefix(64).1), (vec![], vec![]));
        assert_eq!(prefix(56).0.network.ipv6_prefix, 56);
    }
}
