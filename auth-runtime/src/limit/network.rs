//! Whose request it is, and how it came. In: the peer of the connection, and what trusted proxies
//! say. Out: the client's address; whether the client used TLS.
//!
//! SECURITY: a header is worth as much as who sent it. So it is read only where the peer is a listed
//! proxy, from right to left, as far as what stands there was written by listed proxies; and only the
//! one header that those proxies are known to write. `X-Real-IP`, `CF-Connecting-IP` and the like are
//! never read.

use std::net::{IpAddr, SocketAddr};

use auth_policy::settings::{ForwardedHeader, Network, Proxies};
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName, header},
};

use super::address::{folded, of_forwarded, of_x_forwarded_for, parameter};

/// How many proxies one behind the other are followed.
const MOST_HOPS: usize = 16;

/// The address of the client that sent the request; `None` where the peer is not known.
pub(crate) fn client(
    network: &Network,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(behind(network, peer.ip(), headers))
}

/// The first address from the right that is no trusted proxy. What cannot be read ends the walk at
/// the proxy that wrote it.
fn behind(network: &Network, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = folded(peer);
    let Some(proxies) = &network.proxies else { return address };
    let mut said = elements(proxies.header, headers).take(MOST_HOPS);
    while trusts(proxies, address) {
        match said.next().flatten() {
            Some(next) => address = next,
            None => break,
        }
    }
    address
}

/// Whether a proxy that the policy trusts says that the client came by TLS. Without proxies, or with
/// a peer that is none of them, nobody says so.
pub(crate) fn came_by_tls(network: &Network, extensions: &Extensions, headers: &HeaderMap) -> bool {
    let Some(proxies) = &network.proxies else { return false };
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return false };
    trusts(proxies, folded(peer.ip()))
        && match proxies.header {
            ForwardedHeader::XForwardedFor => every_hop_by_tls(headers),
            ForwardedHeader::Forwarded => client_by_tls(proxies, headers),
        }
}

/// SECURITY: some proxies set `X-Forwarded-Proto`, others add to what is there. A client may have
/// written the first elements of the latter, so `https` counts where nothing else stands beside it.
fn every_hop_by_tls(headers: &HeaderMap) -> bool {
    let mut said = raw(HeaderName::from_static("x-forwarded-proto"), headers).peekable();
    said.peek().is_some() && said.all(|word| word.trim_ascii().eq_ignore_ascii_case(b"https"))
}

/// What the outermost trusted proxy says of its client, as far as trusted ones wrote it. How they
/// talk among themselves is their operator's affair.
fn client_by_tls(proxies: &Proxies, headers: &HeaderMap) -> bool {
    let mut by_tls = false;
    for element in raw(header::FORWARDED, headers).take(MOST_HOPS) {
        let Ok(element) = str::from_utf8(element) else { return false };
        by_tls = parameter(element, "proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
        if !of_forwarded(element).is_some_and(|address| trusts(proxies, address)) {
            break;
        }
    }
    by_tls
}

fn trusts(proxies: &Proxies, address: IpAddr) -> bool {
    proxies.trusted.iter().any(|block| block.contains(address))
}

/// The addresses that the header says, from right to left.
fn elements(header: ForwardedHeader, headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let name = match header {
        ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    raw(name, headers).map(move |element| {
        let element = str::from_utf8(element).ok()?;
        match header {
            ForwardedHeader::XForwardedFor => of_x_forwarded_for(element),
            ForwardedHeader::Forwarded => of_forwarded(element),
        }
    })
}

/// The elements of a header from right to left; several headers of that name are one list.
fn raw(name: HeaderName, headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn network(header: ForwardedHeader) -> Network {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"];
        let trusted = trusted.into_iter().map(|text| text.parse().unwrap()).collect();
        Network { proxies: Some(Proxies { trusted, header }), ..Network::default() }
    }

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        behind(&network(header), peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn rl3_the_client_is_the_first_from_the_right_that_is_no_trusted_proxy() {
        for (peer, value, expected) in [
            ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "unknown", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, garbage, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
            ("2001:db8:ffff::1", "[2001:db8::7]:443", "2001:db8::7"),
        ] {
            let lines = [("x-forwarded-for", value)];
            let found = client(ForwardedHeader::XForwardedFor, peer, &lines);
            assert_eq!(found, expected, "{peer}: {value}");
        }
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn rl3_without_proxies_the_peer_is_the_client() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(behind(&Network::default(), peer, &headers), peer);
    }

    #[test]
    fn rl3_several_headers_are_one_list() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn rl3_the_one_header_is_read_and_no_other() {
        let all = [
            ("x-forwarded-for", "198.51.100.1"),
            ("forwarded", "for=198.51.100.2"),
            ("x-real-ip", "198.51.100.3"),
            ("cf-connecting-ip", "198.51.100.4"),
            ("true-client-ip", "198.51.100.5"),
            ("x-client-ip", "198.51.100.6"),
        ];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &all), "198.51.100.1");
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &all), "198.51.100.2");
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &all[1..]), "10.0.0.1");
    }

    #[test]
    fn rl3_a_quote_that_a_client_left_open_hides_nothing() {
        let lines = [("forwarded", "for=\"x, for=198.51.100.2")];
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &lines), "198.51.100.2");
        let lines = [("forwarded", "for=198.51.100.9, for=\"a,b\"")];
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &lines), "10.0.0.1");
    }

    #[test]
    fn rl3_the_walk_has_an_end() {
        let many = vec!["10.0.0.2"; 4_000].join(",");
        let lines = [("x-forwarded-for", format!("198.51.100.1,{many}"))];
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "10.0.0.2");
    }

    fn by_tls(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut extensions = Extensions::new();
        let peer = SocketAddr::new(peer.parse().unwrap(), 443);
        extensions.insert(ConnectInfo(peer));
        let said = came_by_tls(&network(header), &extensions, &headers);
        assert!(!came_by_tls(&Network::default(), &extensions, &headers), "nobody is trusted");
        assert!(!came_by_tls(&network(header), &Extensions::new(), &headers), "no peer is known");
        said
    }

    #[test]
    fn m13_a_listed_proxy_says_https_in_x_forwarded_proto_and_nothing_beside_it() {
        let ours = ForwardedHeader::XForwardedFor;
        for (peer, value, expected) in [
            ("10.0.0.1", "https", true),
            ("10.0.0.1", " HTTPS ", true),
            ("::ffff:10.0.0.1", "https", true),
            ("2001:db8:ffff::1", "https, https", true),
            ("192.0.2.1", "https", false),
            ("10.0.0.1", "http", false),
            ("10.0.0.1", "", false),
            ("10.0.0.1", "https,", false),
            ("10.0.0.1", "https, http", false),
            ("10.0.0.1", "http, https", false),
            ("10.0.0.1", "httpss", false),
            ("10.0.0.1", "\"https\"", false),
        ] {
            assert_eq!(by_tls(ours, peer, &[("x-forwarded-proto", value)]), expected, "{value}");
        }
        let two = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!by_tls(ours, "10.0.0.1", &two) && !by_tls(ours, "10.0.0.1", &[]));
        for name in ["forwarded", "x-forwarded-ssl", "front-end-https", "x-forwarded-scheme"] {
            for value in ["proto=https", "for=198.51.100.1;proto=https", "on", "https"] {
                assert!(!by_tls(ours, "10.0.0.1", &[(name, value)]), "{name}: {value}");
            }
        }
    }

    #[test]
    fn m13_the_outermost_listed_proxy_says_it_in_forwarded() {
        let ours = ForwardedHeader::Forwarded;
        for (value, expected) in [
            ("for=198.51.100.1;proto=https", true),
            ("for=198.51.100.1;Proto=\"HTTPS\"", true),
            ("proto=https", true),
            ("for=unknown;proto=https", true),
            ("for=198.51.100.1;proto=http", false),
            ("for=198.51.100.1", false),
            ("for=198.51.100.1;proto=https;proto=http", false),
            ("for=198.51.100.1;proto=https;", false),
            // What the client wrote stands to the left of what its proxy says.
            ("for=10.0.0.9;proto=https, for=198.51.100.1;proto=http", false),
            ("for=10.0.0.9;proto=http, for=198.51.100.1;proto=https", true),
            ("proto=https, for=198.51.100.1", false),
            // Between two of ours it is as they like.
            ("for=198.51.100.1;proto=https, for=10.0.0.2;proto=http", true),
            ("for=198.51.100.1;proto=http, for=10.0.0.2;proto=https", false),
            ("for=10.0.0.3;proto=https", true),
        ] {
            assert_eq!(by_tls(ours, "10.0.0.1", &[("forwarded", value)]), expected, "{value}");
            assert!(!by_tls(ours, "192.0.2.1", &[("forwarded", value)]), "from anybody: {value}");
        }
        assert!(!by_tls(ours, "10.0.0.1", &[("x-forwarded-proto", "https")]));
        let list = vec!["for=10.0.0.2;proto=http"; 40].join(",");
        let list = format!("for=198.51.100.1;proto=https,{list}");
        assert!(!by_tls(ours, "10.0.0.1", &[("forwarded", &list)]), "the walk has an end");
    }

    proptest! {
        /// A client that comes in plain text cannot say that it does not.
        #[test]
        fn m13_what_a_client_writes_is_not_believed(forged in "[ -~]{0,200}", second_line: bool) {
            for (header, name, added) in [
                (ForwardedHeader::Forwarded, "forwarded", "for=198.51.100.1;proto=http"),
                (ForwardedHeader::XForwardedFor, "x-forwarded-proto", "http"),
            ] {
                let one = format!("{forged},{added}");
                let lines = if second_line {
                    vec![(name, forged.as_str()), (name, added)]
                } else {
                    vec![(name, one.as_str())]
                };
                prop_assert!(!by_tls(header, "10.0.0.1", &lines));
                prop_assert!(!by_tls(header, "192.0.2.7", &[(name, &forged)]));
            }
        }

        /// Whatever a client writes, the address that our proxy adds is the one that counts.
        #[test]
        fn rl3_what_a_client_writes_changes_nothing(
            forged in "[ -~]{0,200}", forwarded: bool, second_line: bool,
        ) {
            let (header, name, added) = if forwarded {
                (ForwardedHeader::Forwarded, "forwarded", "for=198.51.100.1")
            } else {
                (ForwardedHeader::XForwardedFor, "x-forwarded-for", "198.51.100.1")
            };
            let found = if second_line {
                client(header, "10.0.0.1", &[(name, &forged), (name, added)])
            } else {
                client(header, "10.0.0.1", &[(name, &format!("{forged},{added}"))])
            };
            prop_assert_eq!(found, "198.51.100.1");
            prop_assert_eq!(client(header, "192.0.2.7", &[(name, &forged)]), "192.0.2.7");
        }
    }
}
