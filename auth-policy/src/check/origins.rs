//! Origins (RFC 6454) as browsers send them. In: the words of a list. Out: the same words, sorted,
//! each of which some browser can send byte for byte: what is compared with them is not parsed.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{code::Code, document::At, report::Report, source::quoted};

/// The origins, sorted. What no browser sends, or sends for more than one site, is an error.
pub(super) fn origins(words: &[At<String>], report: &mut Report) -> Vec<String> {
    let mut sorted: Vec<&At<String>> = words.iter().collect();
    sorted.sort_by(|a, b| a.value.cmp(&b.value));
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && first.value == second.value
        {
            refuse_twice(first, second, report);
        }
    }
    for word in words {
        if let Some(fault) = fault(&word.value) {
            refuse(word, fault, report);
        }
    }
    sorted.into_iter().map(|word| word.value.clone()).collect()
}

fn refuse_twice(first: &At<String>, second: &At<String>, report: &mut Report) {
    report.add(Code::NamedTwice, second.place, |found| {
        found
            .message(format!("the origin {} is named twice", quoted(&second.value)))
            .other(first.place, "first here")
            .help("remove one of them")
    });
}

fn refuse(word: &At<String>, fault: &str, report: &mut Report) {
    report.add(Code::InvalidOrigin, word.place, |found| {
        found
            .message(format!("{} is no exact origin: {fault}", quoted(&word.value)))
            .help("write it as browsers send it, such as `https://app.blog.example`")
    });
}

/// What keeps a word from being the serialization of one origin.
pub(super) fn fault(word: &str) -> Option<&'static str> {
    if word == "null" {
        return Some("it is what every sandboxed page sends, whoever wrote it");
    }
    if word.contains('*') {
        return Some("it would stand for hosts that nobody has reviewed");
    }
    let (authority, secure) = match (word.strip_prefix("https://"), word.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return Some("it does not begin with `https://`"),
    };
    if authority.contains(['/', '?', '#', '@', '\\']) {
        return Some("an origin ends with its host and port, without a path");
    }
    let (host, port) = split_port(authority);
    if let Some(port) = port
        && let Some(fault) = port_fault(port, secure)
    {
        return Some(fault);
    }
    if !secure && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        return Some("plain http can be changed on its way, so it is for loopback hosts only");
    }
    host_fault(host)
}

/// The host, and the port if there is one. The colons of an address in brackets part nothing.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn port_fault(port: &str, secure: bool) -> Option<&'static str> {
    let default = if secure { "443" } else { "80" };
    let plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    if !plain || port.parse::<u16>().is_err() {
        Some("its port is no number from 1 to 65535")
    } else if port == default {
        Some("browsers leave out the port that its scheme has anyway")
    } else {
        None
    }
}

fn host_fault(host: &str) -> Option<&'static str> {
    const ADDRESS: &str = "its address is not written as browsers write it";
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        let parsed = address.parse::<Ipv6Addr>();
        let canonical = parsed.is_ok_and(|parsed| parsed.to_string() == address);
        return (!canonical || address.contains('.')).then_some(ADDRESS);
    }
    if host.contains(|c: char| c.is_ascii_uppercase()) {
        return Some("browsers write the host in lower case");
    }
    if host.is_empty() || host.len() > 253 || !host.split('.').all(is_label) {
        return Some("it has no plain host name: use `a-z`, `0-9`, `-` and `.`");
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    // A browser takes every host that ends in a number for an address, and rewrites it.
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    (numeric && host.parse::<Ipv4Addr>().is_err()).then_some(ADDRESS)
}

fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&label.len())
        && label.chars().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_an_origin_is_written_as_browsers_send_it() {
        for origin in [
            "https://blog.example",
            "https://app.blog.example:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]:8443",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:3000",
            "http://localhost:443",
            "https://blog.example:80",
        ] {
            assert_eq!(fault(origin), None, "{origin}");
        }
    }

    #[test]
    fn c6_what_no_browser_sends_is_no_origin() {
        for word in [
            "",
            "null",
            "*",
            "https://*",
            "https://*.blog.example",
            "blog.example",
            "//blog.example",
            "ftp://blog.example",
            "HTTPS://blog.example",
            "https://",
            "https://:8443",
            "https://blog.example/",
            "https://blog.example?a",
            "https://blog.example#a",
            "https://user@blog.example",
            "https://blog.example\\a",
            "https://Blog.example",
            "https://blog.example.",
            "https://.blog.example",
            "https://blog..example",
            "https://-blog.example",
            "https://blog-.example",
            "https://b\u{fc}cher.example",
            "https://blog_a.example",
            "https://blog.example ",
            "https://blog.example:",
            "https://blog.example:0",
            "https://blog.example:08443",
            "https://blog.example:+443",
            "https://blog.example:65536",
            "https://blog.example:443",
            "http://localhost:80",
            "http://blog.example",
            "http://127.0.0.2",
            "http://localhost.example",
            "https://127.1",
            "https://0x7f.0x1",
            "https://192.0.2.01",
            "https://[::1",
            "https://[0:0:0:0:0:0:0:1]",
            "https://[2001:DB8::1]",
            "https://[::ffff:192.0.2.1]",
            "https://2001:db8::1",
        ] {
            assert!(fault(word).is_some(), "{word}");
        }
        let long = format!("https://{}.example", "a".repeat(64));
        assert!(fault(&long).is_some() && fault(&long.replacen('a', "", 1)).is_none());
    }
}
