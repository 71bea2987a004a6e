//! The server's own certificate, in the clear up to TLS 1.2, into the names it is for and whom it belongs to.
//!
//! RFC 5246 §7.4.2 (the list), RFC 5280 §4.1.2.6 and §4.2.1.6 (subject and subjectAltName).

use super::client_hello::host;
use super::wire::Wire;
use super::{CertificateSubject, Findings, NameSource};
use x509_parser::nom::Parser;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::{FromDer, GeneralName, SubjectAlternativeName, X509CertificateParser};

/// Names kept of one certificate: CDN certificates list a hundred, which name the CDN, not the flow.
const NAME_LIMIT: usize = 16;

/// Bytes of text kept of an organisation's name.
const TEXT_LIMIT: usize = 128;

/// The server's certificate in the body of a Certificate message: the first in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaf<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// More bytes are needed.
    Cut,
    /// The list is empty.
    None,
}

impl<'a> Leaf<'a> {
    /// Finds it in a body that may be cut short.
    pub(super) fn read(body: &'a [u8]) -> Self {
        let mut wire = Wire::new(body);
        let Some(list) = wire.u24() else { return Self::Cut };
        if list == 0 {
            return Self::None;
        }
        match wire.u24().map(|length| wire.take(length)) {
            Some(Some(certificate)) => Self::Whole(certificate),
            _ => Self::Cut,
        }
    }
}

/// Adds what a certificate says to the findings; what is no certificate adds nothing.
pub(super) fn read(der: &[u8], findings: &mut Findings) {
    // Of the extensions one is of use: the others need not be understood.
    let Ok((_, certificate)) = X509CertificateParser::new().with_deep_parse_extensions(false).parse(der) else {
        return;
    };
    let subject = certificate.subject();
    let limit = findings.names.len() + NAME_LIMIT;
    // The common name may hold anything ("My Router"); with a dot it is meant as a host.
    for name in subject.iter_common_name().filter_map(|name| name.as_str().ok()).filter(|name| name.contains('.')) {
        push(findings, name, limit);
    }
    for extension in certificate.extensions() {
        if extension.oid != OID_X509_EXT_SUBJECT_ALT_NAME {
            continue;
        }
        let Ok((_, names)) = SubjectAlternativeName::from_der(extension.value) else { continue };
        for name in &names.general_names {
            if let GeneralName::DNSName(name) = name {
                push(findings, name, limit);
            }
        }
    }
    let organisation = subject.iter_organization().find_map(|name| text(name.as_str().ok()?));
    let country = subject.iter_country().find_map(|name| text(name.as_str().ok()?));
    if organisation.is_some() || country.is_some() {
        findings.certificate = Some(CertificateSubject { organisation, country });
    }
}

fn push(findings: &mut Findings, name: &str, limit: usize) {
    if let Some(name) = host(name.as_bytes()).filter(|_| findings.names.len() < limit) {
        findings.push_name(NameSource::TlsCertificate, name);
    }
}

fn text(text: &str) -> Option<Box<str>> {
    let text: String = text.trim().chars().filter(|character| !character.is_control()).take(TEXT_LIMIT).collect();
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        match content.len() {
            length @ 0..128 => bytes.push(length as u8),
            length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        bytes.extend(content);
        bytes
    }

    /// A relative name: attribute 2.5.4.`kind` as UTF-8.
    fn attribute(kind: u8, value: &str) -> Vec<u8> {
        let pair = [der(0x06, &[0x55, 0x04, kind]), der(0x0c, value.as_bytes())].concat();
        der(0x31, &der(0x30, &pair))
    }

    /// A certificate for a host, signed by nobody.
    pub(in crate::name) fn certificate(common: &str, alternatives: &[&str]) -> Vec<u8> {
        let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
        let issuer = der(0x30, &attribute(3, "Test CA"));
        let subject = der(0x30, &[attribute(6, "DE"), attribute(10, "Example GmbH"), attribute(3, common)].concat());
        let validity = der(0x30, &[der(0x17, b"250101000000Z"), der(0x17, b"350101000000Z")].concat());
        let key_kind = [
            der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
            der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ];
        let key = der(0x30, &[der(0x30, &key_kind.concat()), der(0x03, &[0, 4, 1, 2])].concat());
        let names: Vec<u8> = alternatives.iter().flat_map(|name| der(0x82, name.as_bytes())).collect();
        let extension = der(0x30, &[der(0x06, &[0x55, 0x1d, 0x11]), der(0x04, &der(0x30, &names))].concat());
        let extensions = der(0xa3, &der(0x30, &extension));
        let version = der(0xa0, &der(0x02, &[2]));
        let body = [version, der(0x02, &[1]), algorithm.clone(), issuer, validity, subject, key, extensions].concat();
        der(0x30, &[der(0x30, &body), algorithm, der(0x03, &[0, 1])].concat())
    }

    /// The body of a Certificate message.
    pub(in crate::name) fn body(certificates: &[&[u8]]) -> Vec<u8> {
        let list: Vec<u8> = certificates
            .iter()
            .flat_map(|certificate| [&(certificate.len() as u32).to_be_bytes()[1..], certificate].concat())
            .collect();
        [&(list.len() as u32).to_be_bytes()[1..], &list].concat()
    }

    #[test]
    fn reads_names_and_subject() {
        let mut findings = Findings::default();
        read(&certificate("www.Example.com", &["www.example.com", "*.example.org", "bad name"]), &mut findings);
        let names: Vec<&str> = findings.names.iter().map(|found| &*found.name).collect();
        assert_eq!(names, ["www.example.com", "*.example.org"]);
        let subject = CertificateSubject { organisation: Some("Example GmbH".into()), country: Some("DE".into()) };
        assert_eq!(findings.certificate, Some(subject));
    }

    #[test]
    fn keeps_few_of_many_names() {
        let many: Vec<String> = (0..40).map(|number| format!("n{number}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut findings = Findings::default();
        read(&certificate("My Router", &many), &mut findings);
        assert_eq!(findings.names.len(), NAME_LIMIT);
        assert_eq!(&*findings.names[0].name, "n0.example");
    }

    #[test]
    fn a_cut_certificate_adds_nothing() {
        let certificate = certificate("a.example", &["b.example"]);
        let body = body(&[&certificate, b"issuer"]);
        for length in 0..body.len() {
            match Leaf::read(&body[..length]) {
                Leaf::Cut => assert!(length < 6 + certificate.len()),
                leaf => assert_eq!(leaf, Leaf::Whole(&certificate)),
            }
        }
        for length in 0..certificate.len() {
            let mut findings = Findings::default();
            read(&certificate[..length], &mut findings);
            assert_eq!(findings, Findings::default());
        }
        assert_eq!(Leaf::read(&[0, 0, 0]), Leaf::None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_damage(at in 0_usize..300, value in any::<[u8; 4]>()) {
            let mut bytes = certificate("a.example", &["b.example"]);
            let end = bytes.len().min(at + 4);
            bytes.splice(at.min(end)..end, value);
            read(&bytes, &mut Findings::default());
        }
    }
}
