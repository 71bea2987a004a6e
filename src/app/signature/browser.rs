//! Browsers that look for screens in the local network say who they are: `USER-AGENT: Google Chrome/126.0 Windows`. The
//! reader of SSDP has that line kept.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const CHROME: Signature = Signature {
    name: "ssdp-chrome",
    says: Says::App("chrome"),
    about: "SSDP searches whose USER-AGENT begins with Google Chrome/",
    over: Over::Udp,
    read: |probe| says(probe, b"Google Chrome/"),
};

pub(super) const EDGE: Signature = Signature {
    name: "ssdp-edge",
    says: Says::App("edge"),
    about: "SSDP searches whose USER-AGENT begins with Microsoft Edge/",
    over: Over::Udp,
    read: |probe| says(probe, b"Microsoft Edge/"),
};

pub(super) const BRAVE: Signature = Signature {
    name: "ssdp-brave",
    says: Says::App("brave"),
    about: "SSDP searches whose USER-AGENT begins with Brave Browser/",
    over: Over::Udp,
    read: |probe| says(probe, b"Brave Browser/"),
};

fn says(probe: &Probe<'_>, browser: &[u8]) -> Option<Confidence> {
    if !probe.is_udp || probe.application != "ssdp" {
        return None;
    }
    let (line, text) = probe.client.bytes.split_at_checked(b"USER-AGENT:".len())?;
    (line.eq_ignore_ascii_case(b"USER-AGENT:") && text.trim_ascii_start().starts_with(browser))
        .then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn its_own_word() {
        let read =
            |line: &[u8], application| says(&Probe { application, ..udp(line, &[], 1900, 0) }, b"Google Chrome/");
        assert_eq!(read(b"USER-AGENT: Google Chrome/126.0.1 Windows\r\n", "ssdp"), Some(Confidence::Certain));
        assert_eq!(read(b"User-Agent:Google Chrome/126.0.1", "ssdp"), Some(Confidence::Certain));
        assert_eq!(read(b"USER-AGENT: Microsoft Edge/126.0.1", "ssdp"), None);
        assert_eq!(read(b"USER-AGENT: Google Chrome/126.0.1", ""), None);
        assert_eq!(read(b"M-SEARCH * HTTP/1.1\r\nUSER-AGENT: Google Chrome/1", "ssdp"), None);
    }
}
