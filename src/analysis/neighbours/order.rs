//! The order of the flows of one window. It decides which of them take part if there are too many.

use crate::capture::FrameId;
use crate::flow::Flow;
use std::net::IpAddr;

/// The key by which flows of a window are ordered: the first frame, then the endpoints, which tell apart flows with
/// the same first frame.
pub type Order = (FrameId, IpAddr, IpAddr, Option<u16>);

/// The position of a flow in the order of its window.
pub fn order(flow: &Flow) -> Order {
    (flow.first_frame, flow.client_ip, flow.server_ip, flow.client_port)
}
