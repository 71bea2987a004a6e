//! Names in the protocols of Windows networks: SMB, DCE/RPC, Kerberos, NetBIOS, Remote Desktop, and the login tokens in them.

pub(super) mod dcerpc;
pub(super) mod kerberos;
pub(super) mod netbios;
pub(super) mod rdp_udp;
pub(super) mod security_token;
pub(super) mod smb;
