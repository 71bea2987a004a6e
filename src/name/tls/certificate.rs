//! Reads the server's certificate, which travels in the clear up to TLS 1.2: the names it is for, and the organisation it
//! belongs to.
//!
//! RFC 5246 §7.4.2 (the list), RFC 5280 §4.1.2.6 and §4.2.1.6 (subject and subjectAltName).

use crate::name::findings::{CertificateSubject, Findings};
use crate::name::host::host;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// Names kept of one certificate. The certificates of CDNs list a hundred, which say more of the CDN than of the flow.
const NAME_LIMIT: usize = 16;

/// Characters kept of an organisation's name.
const TEXT_LIMIT: usize = 128;

/// The server's own certificate, which is the first in the list of a Certificate message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf<'a> {
    /// The whole certificate is there.
    Whole(&'a [u8]),
    /// More bytes are needed.
    Cut,
    /// The list is empty.
    None,
}

impl<'a> Leaf<'a> {
    /// Finds the certificate in a message body that may be cut short.
    pub(crate) fn read(body: &'a [u8]) -> Self {
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

/// Tags of DER (X.690 §8.1.2, RFC 5280 §4.1).
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
/// The types of text that can be read as UTF-8: UTF-8 itself, numbers, printable characters and ASCII.
const TEXTS: [u8; 4] = [0x0c, 0x12, 0x13, 0x16];

/// Attributes of a subject. The number is the last byte of the object identifier 2.5.4.x (X.520).
const COMMON_NAME: u8 = 3;
const COUNTRY: u8 = 6;
const ORGANISATION: u8 = 10;
/// The object identifier of subjectAltName, 2.5.29.17.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];

/// The parts of a certificate that tell of names. They are read by hand: a library that reads the whole certificate takes five
/// times the instructions, which is 2 % of all time in captures where many flows show certificates.
struct Certificate<'a> {
    subject: &'a [u8],
    extensions: &'a [u8],
}

/// Tag and content of the next element.
fn element<'a>(wire: &mut Wire<'a>) -> Option<(u8, &'a [u8])> {
    let (tag, length) = wire.der_head(4)?;
    Some((tag, wire.take(length)?))
}

/// The content of the next element, if the element has this tag.
fn held<'a>(wire: &mut Wire<'a>, expected: u8) -> Option<&'a [u8]> {
    element(wire).filter(|(tag, _)| *tag == expected).map(|(_, content)| content)
}

/// The contents of all elements with this tag, up to the first bytes that are no element.
fn all(content: &[u8], wanted: u8) -> impl Iterator<Item = &[u8]> {
    let mut wire = Wire::new(content);
    std::iter::from_fn(move || element(&mut wire)).filter(move |(tag, _)| *tag == wanted).map(|(_, content)| content)
}

impl<'a> Certificate<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let whole = held(&mut Wire::new(der), SEQUENCE)?;
        let mut body = Wire::new(held(&mut Wire::new(whole), SEQUENCE)?);
        let mut behind_version = body;
        if element(&mut behind_version)?.0 == VERSION {
            body = behind_version;
        }
        // Before the subject come the serial number, the algorithm, the issuer and the validity.
        for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] {
            held(&mut body, tag)?;
        }
        let subject = held(&mut body, SEQUENCE)?;
        let _key = held(&mut body, SEQUENCE)?;
        let extensions = all(body.rest(), EXTENSIONS).find_map(|content| held(&mut Wire::new(content), SEQUENCE));
        Some(Self { subject, extensions: extensions.unwrap_or_default() })
    }

    /// The texts of one attribute of the subject.
    fn attribute(&self, kind: u8) -> impl Iterator<Item = &'a str> {
        let pairs = all(self.subject, SET).flat_map(|set| all(set, SEQUENCE));
        pairs.filter_map(move |pair| {
            let mut wire = Wire::new(pair);
            let is_it = held(&mut wire, OBJECT_IDENTIFIER)? == [0x55, 0x04, kind];
            let (tag, value) = element(&mut wire).filter(|_| is_it)?;
            TEXTS.contains(&tag).then(|| std::str::from_utf8(value).ok()).flatten()
        })
    }

    /// The hosts that the certificate is for.
    fn hosts(&self) -> impl Iterator<Item = &'a [u8]> {
        let lists = all(self.extensions, SEQUENCE).filter_map(|extension| {
            let mut wire = Wire::new(extension);
            let is_it = held(&mut wire, OBJECT_IDENTIFIER)? == ALTERNATIVE_NAMES;
            // A flag may come first that says whether the extension is critical.
            let list = is_it.then(|| all(wire.rest(), OCTET_STRING).next()).flatten()?;
            held(&mut Wire::new(list), SEQUENCE)
        });
        lists.flat_map(|list| all(list, DNS_NAME))
    }
}

/// Adds what a certificate says to the findings. Bytes that are no certificate add nothing.
pub(crate) fn read(der: &[u8], findings: &mut Findings) {
    let Some(certificate) = Certificate::read(der) else { return };
    let limit = findings.names.len() + NAME_LIMIT;
    // The common name may be any text ("My Router"). It is taken as a host if it has a dot.
    for name in certificate.attribute(COMMON_NAME).filter(|name| name.contains('.')) {
        push(findings, name.as_bytes(), limit);
    }
    for name in certificate.hosts() {
        push(findings, name, limit);
    }
    let organisation = certificate.attribute(ORGANISATION).find_map(text);
    let country = certificate.attribute(COUNTRY).find_map(text);
    if organisation.is_some() || country.is_some() {
        findings.certificate = Some(CertificateSubject { organisation, country });
    }
}

fn push(findings: &mut Findings, name: &[u8], limit: usize) {
    if let Some(name) = host(name).filter(|_| findings.names.len() < limit) {
        findings.push_name(NameSource::TlsCertificate, name);
    }
}

fn text(text: &str) -> Option<Box<str>> {
    let text: String = text.trim().chars().filter(|character| !character.is_control()).take(TEXT_LIMIT).collect();
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
pub(crate) mod tests {
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
    pub(crate) fn certificate(common: &str, alternatives: &[&str]) -> Vec<u8> {
        let subject = [attribute(6, "DE"), attribute(10, "Example GmbH"), attribute(3, common)].concat();
        let names: Vec<u8> = alternatives.iter().flat_map(|name| der(0x82, name.as_bytes())).collect();
        signed(&subject, &names, true)
    }

    /// A certificate of this subject, for these alternative names.
    fn signed(subject: &[u8], names: &[u8], has_version: bool) -> Vec<u8> {
        let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
        let issuer = der(0x30, &attribute(3, "Test CA"));
        let subject = der(0x30, subject);
        let validity = der(0x30, &[der(0x17, b"250101000000Z"), der(0x17, b"350101000000Z")].concat());
        let key_kind = [
            der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
            der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ];
        let key = der(0x30, &[der(0x30, &key_kind.concat()), der(0x03, &[0, 4, 1, 2])].concat());
        let key_use =
            der(0x30, &[der(0x06, &[0x55, 0x1d, 0x0f]), der(0x01, &[0xff]), der(0x04, &[3, 2, 5, 0xa0])].concat());
        let extension = der(0x30, &[der(0x06, &[0x55, 0x1d, 0x11]), der(0x04, &der(0x30, names))].concat());
        let extensions = der(0xa3, &der(0x30, &[key_use, extension].concat()));
        let (version, extensions) =
            if has_version { (der(0xa0, &der(0x02, &[2])), extensions) } else { Default::default() };
        let body = [version, der(0x02, &[1]), algorithm.clone(), issuer, validity, subject, key, extensions].concat();
        der(0x30, &[der(0x30, &body), algorithm, der(0x03, &[0, 1])].concat())
    }

    /// The body of a Certificate message.
    pub(crate) fn body(certificates: &[&[u8]]) -> Vec<u8> {
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

    /// What a reader of all of a certificate finds.
    fn read_by_library(bytes: &[u8]) -> Findings {
        use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
        let (_, certificate) = X509Certificate::from_der(bytes).unwrap();
        let (subject, mut findings) = (certificate.subject(), Findings::default());
        for name in subject.iter_common_name().filter_map(|name| name.as_str().ok()).filter(|name| name.contains('.')) {
            push(&mut findings, name.as_bytes(), NAME_LIMIT);
        }
        for extension in certificate.extensions() {
            let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else { continue };
            for name in &names.general_names {
                if let GeneralName::DNSName(name) = name {
                    push(&mut findings, name.as_bytes(), NAME_LIMIT);
                }
            }
        }
        let organisation = subject.iter_organization().find_map(|name| text(name.as_str().ok()?));
        let country = subject.iter_country().find_map(|name| text(name.as_str().ok()?));
        findings.certificate =
            (organisation.is_some() || country.is_some()).then_some(CertificateSubject { organisation, country });
        findings
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn finds_what_a_reader_of_all_of_it_finds(
            subject in prop::collection::vec(
                (prop::sample::select(vec![3_u8, 6, 10, 11]), prop::sample::select(vec![0x0c_u8, 0x13, 0x16, 0x1e]), "[a-zé.]{0,9}"),
                0..5,
            ),
            names in prop::collection::vec((prop::sample::select(vec![0x81_u8, 0x82, 0x86]), "[a-zé. *]{0,200}"), 0..20),
            has_version: bool,
        ) {
            let subject = subject.iter().map(|(kind, tag, value)| {
                der(0x31, &der(0x30, &[der(0x06, &[0x55, 0x04, *kind]), der(*tag, value.as_bytes())].concat()))
            });
            let names: Vec<u8> = names.iter().flat_map(|(tag, name)| der(*tag, name.as_bytes())).collect();
            let bytes = signed(&subject.collect::<Vec<_>>().concat(), &names, has_version);
            let mut findings = Findings::default();
            read(&bytes, &mut findings);
            prop_assert_eq!(findings, read_by_library(&bytes));
        }

        #[test]
        fn survives_damage(at in 0_usize..300, value in any::<[u8; 4]>()) {
            let mut bytes = certificate("a.example", &["b.example"]);
            let end = bytes.len().min(at + 4);
            bytes.splice(at.min(end)..end, value);
            read(&bytes, &mut Findings::default());
        }
    }
}
