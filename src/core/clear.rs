//! Whether a secret sent to an address would cross the network unencrypted.

use core::net::IpAddr;

/// The host that would get it in the clear; `None` over HTTPS, and where the host is this machine.
pub fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let host = match place.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => place.split(':').next()?,
    };
    let is_here = host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (!is_here).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_gets_it_in_the_clear_is_named() {
        for (url, want) in [
            ("https://chat.example.com", None),
            ("http://localhost:8080", None),
            ("http://127.0.0.1:1", None),
            ("http://[::1]:8080", None),
            ("http://x.elb.amazonaws.com", Some("x.elb.amazonaws.com")),
            ("http://localhost.example.com/", Some("localhost.example.com")),
            ("http://127.0.0.1.example.com/", Some("127.0.0.1.example.com")),
            ("http://localhost@example.com/", Some("example.com")),
            ("http://example.com?@localhost", Some("example.com")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
        ] {
            assert_eq!(host(url), want, "{url}");
        }
    }
}
