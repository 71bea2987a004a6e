//! Names in the protocols of calls and live media: STUN and TURN, SIP with RTSP, RTMP.

pub(super) mod agora;
pub(super) mod minecraft;
pub(super) mod rtmp;
pub(super) mod sip;
pub(super) mod stun;
pub(super) mod turn;
