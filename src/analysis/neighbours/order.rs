//! The order of the flows of one window, which decides who takes part where there are too many.

use crate::capture::FrameId;
use crate::flow::Flow;
use std::net::IpAddr;

/// What flows of a window are ordered by: their first frames, and what tells those apart that share one.
pub type Order = (FrameId, IpAddr, IpAddr, Option<u16>);

/// Where a flow stands in its window.
pub fn order(flow: &Flow) -> Order {
    (flow.first_frame, flow.client_ip, flow.server_ip, flow.client_port)
}
