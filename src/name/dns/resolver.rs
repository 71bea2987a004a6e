//! Recognises resolvers that are reached over an encrypted protocol: DNS over TLS (RFC 7858), HTTPS (RFC 8484) and QUIC (RFC
//! 9250).

use crate::name::alpn::Alpn;

/// The port of DNS over TLS and DNS over QUIC (IANA).
const PORT_DNS_OVER_TLS: u16 = 853;

/// The word for an encrypted resolver protocol (`dot`, `doh`, `doq`), if the server is known to be a resolver by its name, its
/// port or the application protocols offered.
pub fn encrypted_resolver(server_name: Option<&str>, port: u16, alpn: &Alpn) -> Option<&'static str> {
    if alpn.iter().any(|protocol| protocol == "doq" || protocol.starts_with("doq-i")) {
        return Some("doq");
    }
    if port == PORT_DNS_OVER_TLS || alpn.iter().any(|protocol| protocol == "dot") {
        return Some("dot");
    }
    is_resolver(server_name?).then_some("doh")
}

/// Whether a host of this name (lower case, no trailing dot) resolves names over HTTPS or TLS.
fn is_resolver(name: &str) -> bool {
    let is_listed = |table: &[&str], name: &str| table.binary_search(&name).is_ok();
    is_listed(HOSTS, name)
        || is_listed(PARENTS, name)
        || name.match_indices('.').take(8).any(|(dot, _)| is_listed(PARENTS, name.get(dot + 1..).unwrap_or_default()))
}

/// Hosts that resolve names, as the operators' own pages list them. Sorted.
static HOSTS: &[&str] = &[
    "1dot1dot1dot1.cloudflare-dns.com",
    "8888.google",
    "adfree.usableprivacy.net",
    "adult-filter-dns.cleanbrowsing.org",
    "anycast.dns.nextdns.io",
    "chrome.cloudflare-dns.com",
    "cloudflare-dns.com",
    "common.dot.dns.yandex.net",
    "dns-family.adguard.com",
    "dns-unfiltered.adguard.com",
    "dns.aa.net.uk",
    "dns.adguard-dns.com",
    "dns.adguard.com",
    "dns.alidns.com",
    "dns.cloudflare.com",
    "dns.comss.one",
    "dns.digitale-gesellschaft.ch",
    "dns.digitalsize.net",
    "dns.dnsoverhttps.net",
    "dns.google",
    "dns.google.com",
    "dns.njal.la",
    "dns.oszx.co",
    "dns.pub",
    "dns.quad9.net",
    "dns.rabbitdns.org",
    "dns.rubyfish.cn",
    "dns.sb",
    "dns.switch.ch",
    "dns.telekom.de",
    "dns.twnic.tw",
    "dns.umbrella.com",
    "dns0.eu",
    "dns10.quad9.net",
    "dns11.quad9.net",
    "dns12.quad9.net",
    "dns64.cloudflare-dns.com",
    "dns64.dns.google",
    "dns9.quad9.net",
    "dnsforge.de",
    "dnspub.restena.lu",
    "doh-jp.blahdns.com",
    "doh.360.cn",
    "doh.applied-privacy.net",
    "doh.cleanbrowsing.org",
    "doh.cox.net",
    "doh.crypto.sx",
    "doh.dns.apple.com",
    "doh.dns.sb",
    "doh.dnslify.com",
    "doh.familyshield.opendns.com",
    "doh.ffmuc.net",
    "doh.libredns.gr",
    "doh.mullvad.net",
    "doh.opendns.com",
    "doh.pub",
    "doh.quickline.ch",
    "doh.sandbox.opendns.com",
    "doh.sb",
    "doh.tiar.app",
    "doh.tiarap.org",
    "doh.umbrella.com",
    "doh.xfinity.com",
    "dot.360.cn",
    "dot.ffmuc.net",
    "dot.libredns.gr",
    "dot.pub",
    "dot.sb",
    "dot.tiar.app",
    "dot.xfinity.com",
    "dot1.applied-privacy.net",
    "family-filter-dns.cleanbrowsing.org",
    "family.adguard-dns.com",
    "family.canadianshield.cira.ca",
    "family.cloudflare-dns.com",
    "family.dot.dns.yandex.net",
    "firefox.dns.nextdns.io",
    "freedns.controld.com",
    "jp.tiar.app",
    "jp.tiarap.org",
    "kids.dns0.eu",
    "mozilla.cloudflare-dns.com",
    "odoh.cloudflare-dns.com",
    "odvr.nic.cz",
    "one.one.one.one",
    "open.dns0.eu",
    "ordns.he.net",
    "p0.freedns.controld.com",
    "p1.freedns.controld.com",
    "p2.freedns.controld.com",
    "p3.freedns.controld.com",
    "private.canadianshield.cira.ca",
    "protected.canadianshield.cira.ca",
    "public.dns.iij.jp",
    "resolver1.absolight.net",
    "safe.dot.dns.yandex.net",
    "security-filter-dns.cleanbrowsing.org",
    "security.cloudflare-dns.com",
    "sm2.doh.pub",
    "uncensored.any.dns.nixnet.xyz",
    "unfiltered.adguard-dns.com",
    "wikimedia-dns.org",
    "zero.dns0.eu",
];

/// Domains all of whose hosts resolve names, with one host for each customer or filter. Sorted.
static PARENTS: &[&str] = &[
    "cloudflare-gateway.com",
    "d.adguard-dns.com",
    "dns.controld.com",
    "dns.mullvad.net",
    "dns.nextdns.io",
    "dot.nextdns.io",
    "rethinkdns.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(HOSTS.is_sorted_by(|a, b| a < b), "{:?}", HOSTS.windows(2).find(|pair| pair[0] >= pair[1]));
        assert!(PARENTS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn knows_resolvers_by_name_port_and_alpn() {
        let none = &Alpn::NONE;
        assert_eq!(encrypted_resolver(Some("dns.google"), 443, none), Some("doh"));
        assert_eq!(encrypted_resolver(Some("abc123.dns.nextdns.io"), 443, none), Some("doh"));
        assert_eq!(encrypted_resolver(Some("example.org"), 853, none), Some("dot"));
        assert_eq!(encrypted_resolver(None, 8853, &["doq-i02"].into_iter().collect()), Some("doq"));
        assert_eq!(encrypted_resolver(Some("www.dns.google"), 443, none), None);
        assert_eq!(encrypted_resolver(None, 443, none), None);
    }
}
