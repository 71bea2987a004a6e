//! Turns SMB messages (MS-SMB2 §2.2, MS-CIFS §2.2) and NetBIOS session requests (RFC 1002 §4.3.2) into the server's name: the
//! name in its login, and the one that the client uses when it asks for a share.

use super::netbios;
use super::security_token::{self, utf16};
use crate::name::findings::{Findings, Role};
use crate::name::host::{host, is_ip_literal};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::{u16_le_at, u32_at};

/// The first bytes: of a NetBIOS session message, and of a request for a session.
pub(crate) static FIRST_BYTES: &[u8] = &[0, SESSION_REQUEST];

const SESSION_REQUEST: u8 = 0x81;
/// Length of NetBIOS's frame, which is a type and a length.
const FRAME: usize = 4;
/// Bytes of a message with a login or the name of a share that are read and waited for. Logins with large tickets stay below.
const LENGTH_LIMIT: usize = 20 * 1024;

const FIRST_MAGIC: &[u8] = b"\xffSMB";
const SECOND_MAGIC: &[u8] = b"\xfeSMB";

/// Whether a segment begins with one of the messages.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    match bytes {
        [0, _, _, _, 0xff | 0xfe, b'S', b'M', b'B', ..] => true,
        // Two names of 32 letters each follow.
        [SESSION_REQUEST, 0, 0, 68, 32, ..] => true,
        _ => false,
    }
}

/// Reads one message.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let length = FRAME + (u32_at(bytes, 0).unwrap_or_default() & 0x00ff_ffff) as usize;
    let awaited = length.min(LENGTH_LIMIT);
    let message = bytes.get(..awaited).unwrap_or(bytes);
    let Some((role, is_telling)) = kind_of(message) else { return Reading::NeedMore(None) };
    let mut findings = Box::new(Findings::of("smb", Some(role)));
    if is_telling {
        add_names(message, role, &mut findings);
        if bytes.len() < awaited {
            return Reading::NeedMore(Some(findings));
        }
    }
    Reading::Done { findings, consumed: length.min(bytes.len()) }
}

/// Who sent a message, and whether it may tell a name. Logins, share requests and session requests may.
fn kind_of(message: &[u8]) -> Option<(Role, bool)> {
    const FIRST_LOGIN: u8 = 0x73;
    const FIRST_TREE: u8 = 0x75;
    const SECOND_LOGIN: u16 = 1;
    const SECOND_TREE: u16 = 3;
    if message.first() == Some(&SESSION_REQUEST) {
        return Some((Role::Client, true));
    }
    let role = |is_response| if is_response { Role::Server } else { Role::Client };
    match message.get(FRAME..FRAME + 4)? {
        FIRST_MAGIC => {
            let command = *message.get(FRAME + 4)?;
            let role = role(message.get(FRAME + 9)? & 0x80 != 0);
            Some((role, command == FIRST_LOGIN || command == FIRST_TREE && role == Role::Client))
        }
        _ => {
            let command = u16_le_at(message, FRAME + 12)?;
            let role = role(message.get(FRAME + 16)? & 0x01 != 0);
            Some((role, command == SECOND_LOGIN || command == SECOND_TREE && role == Role::Client))
        }
    }
}

fn add_names(message: &[u8], role: Role, findings: &mut Findings) {
    if message.first() == Some(&SESSION_REQUEST) {
        if let Some(name) = netbios::name_at(message, FRAME).filter(|name| !name.starts_with('*')) {
            findings.push_name(NameSource::Netbios, &name);
        }
        return;
    }
    security_token::add_names(message, findings);
    if role == Role::Client
        && let Some(path) = share_path(message)
        && let Some(name) = host_of_path(&path)
    {
        findings.push_name(NameSource::Smb, name);
    }
}

/// The path in a request for a share (TREE_CONNECT).
fn share_path(message: &[u8]) -> Option<String> {
    const FIRST_HEADER: usize = FRAME + 32;
    const SECOND_HEADER: usize = FRAME + 64;
    const TREE: u16 = 3;
    const IS_UNICODE: u16 = 0x8000;
    if message.get(FRAME..)?.starts_with(SECOND_MAGIC) {
        if u16_le_at(message, FRAME + 12)? != TREE {
            return None;
        }
        // The fields are the structure's size, flags, and offset (from the header) and length of the path.
        let (offset, length) = (u16_le_at(message, SECOND_HEADER + 4)?, u16_le_at(message, SECOND_HEADER + 6)?);
        return utf16(message.get(FRAME + usize::from(offset)..)?.get(..usize::from(length))?);
    }
    if !message.get(FRAME..)?.starts_with(FIRST_MAGIC) || message.get(FRAME + 4) != Some(&0x75) {
        return None;
    }
    // Four words come first: the chain, flags, and the password's length. The count of bytes, the password and the path follow.
    let password = usize::from(u16_le_at(message, FIRST_HEADER + 1 + 6)?);
    let path_at = FIRST_HEADER + 1 + 8 + 2 + password;
    if u16_le_at(message, FRAME + 10)? & IS_UNICODE != 0 {
        // The path is aligned to two bytes, counted from the header.
        let aligned = path_at + (path_at - FRAME) % 2;
        return utf16(message.get(aligned..)?);
    }
    let path = message.get(path_at..)?;
    let path = path.get(..path.iter().take(255).position(|byte| *byte == 0)?)?;
    std::str::from_utf8(path).ok().map(str::to_owned)
}

/// The host of `\\host\share`.
fn host_of_path(path: &str) -> Option<&str> {
    let name = path.strip_prefix("\\\\")?.split('\\').next()?;
    host(name.as_bytes()).filter(|name| !is_ip_literal(name))
}

#[cfg(test)]
mod tests {
    use super::super::security_token::tests::challenge;
    use super::*;
    use proptest::prelude::*;

    fn frame(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    fn second(command: u16, is_response: bool, body: &[u8]) -> Vec<u8> {
        let mut header = [0; 64];
        header[..4].copy_from_slice(SECOND_MAGIC);
        header[4] = 64;
        header[12..14].copy_from_slice(&command.to_le_bytes());
        header[16] = u8::from(is_response);
        frame(&[&header[..], body].concat())
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn tree(path: &str) -> Vec<u8> {
        let path = wide(path);
        second(3, false, &[&[9, 0, 0, 0, 72, 0][..], &(path.len() as u16).to_le_bytes(), &path].concat())
    }

    fn read(bytes: &[u8]) -> (Vec<String>, Option<Role>, usize) {
        let Reading::Done { findings, consumed } = read_stream(bytes) else { panic!("not done") };
        (findings.names.iter().map(|found| found.name.to_string()).collect(), findings.role, bytes.len() - consumed)
    }

    #[test]
    fn the_server_is_named_by_its_login_and_by_its_client() {
        let login = second(1, true, &[&[9, 0, 0, 0, 72, 0, 0, 0][..], &challenge(&[(3, "files.example")])].concat());
        assert_eq!(read(&[&login[..], b"more"].concat()), (vec!["files.example".into()], Some(Role::Server), 4));
        assert_eq!(read(&tree("\\\\Files\\IPC$")), (vec!["files".into()], Some(Role::Client), 0));
        assert_eq!(read(&tree("\\\\192.0.2.1\\IPC$")), (vec![], Some(Role::Client), 0));
        assert_eq!(read(&second(0, true, &[0; 40])), (vec![], Some(Role::Server), 0));
        for message in [login, tree("\\\\files\\x")] {
            for cut in 0..message.len() {
                assert_eq!(starts_stream(&message[..cut]), cut >= 8);
                let _ = read_stream(&message[..cut]);
            }
        }
    }

    #[test]
    fn a_message_that_claims_to_be_long_says_nothing_final_before_its_names_may_have_come() {
        let mut message = [tree("\\\\files\\x"), vec![0; 60 << 10]].concat();
        message[1] = 1;
        for cut in [24, 80, 1_000] {
            assert!(matches!(read_stream(&message[..cut]), Reading::NeedMore(_)), "{cut}");
        }
        assert_eq!(read(&message[..LENGTH_LIMIT]).0, ["files"]);
    }

    #[test]
    fn the_first_version_is_read_too() {
        let message = |is_unicode: bool, path: &[u8]| {
            let mut header = [0; 32];
            header[..4].copy_from_slice(FIRST_MAGIC);
            header[4] = 0x75;
            header[11] = if is_unicode { 0x80 } else { 0 };
            let words = [4, 0xff, 0, 0, 0, 0, 0, 1, 0];
            frame(&[&header[..], &words, &(1 + path.len() as u16).to_le_bytes(), &[0], path].concat())
        };
        assert_eq!(read(&message(false, b"\\\\FILES\\IPC$\0?????\0")).0, ["files"]);
        assert_eq!(read(&message(true, &[wide("\\\\FILES\\IPC$"), vec![0, 0]].concat())).0, ["files"]);
    }

    #[test]
    fn a_session_is_asked_for_by_name() {
        let name = |text: &[u8; 16]| {
            let letters = text.iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]);
            [32].into_iter().chain(letters).chain([0]).collect::<Vec<u8>>()
        };
        let request = |called| [&[SESSION_REQUEST, 0, 0, 68][..], &name(called), &name(b"DESK           \0")].concat();
        assert_eq!(read(&request(b"FILES           ")), (vec!["files".into()], Some(Role::Client), 0));
        assert_eq!(read(&request(b"*SMBSERVER      ")).0, [""; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_messages_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..150)) {
            for start in [&b"\0\0\0\x80\xffSMB\x75"[..], b"\0\0\0\x80\xfeSMB@\0\0\0\0\0\0\0\x03\0", b"\x81\0\0D "] {
                let _ = read_stream(&[start, &bytes].concat());
            }
        }
    }
}
