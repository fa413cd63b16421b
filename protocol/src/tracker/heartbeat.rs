//! HEARTBEAT: "I am still here."

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;

use super::{Lease, LeaseToken};
use crate::PeerId;

/// Renews the lease on everything that a peer registered, so that its cost grows with peers and not with their files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    /// Peer that says it.
    pub peer_id: PeerId,
    /// The token of its lease.
    pub token: LeaseToken,
    /// The files that became complete since the last word; at most as many as in one REGISTER.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub completed: Vec<FileId>,
}

/// The tracker's answer to a [`Heartbeat`]. Where it does not know the lease it answers with
/// [`ErrorCode::UnknownLease`](super::ErrorCode::UnknownLease), and the peer registers again, after a random delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatAnswer {
    /// The lease as it is now.
    pub lease: Lease,
    /// True if the tracker could connect to the peer; absent while it has not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// Files that the peer completed or registered and that the tracker does not have it for: they are to be registered
    /// again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub unknown: Vec<FileId>,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, PEER, assert_golden, peer};
    use super::super::{Answer, Request};
    use super::*;

    #[test]
    fn golden_request_and_answer() {
        let token = LeaseToken::new(7);
        assert_golden(
            &Request::Heartbeat(Heartbeat {
                peer_id: peer(),
                token: token.clone(),
                completed: vec![ID.parse().unwrap()],
            }),
            &format!(
                r#"{{"type":"HEARTBEAT","peer_id":"{PEER}","token":"00000000000000000000000000000007","completed":["{ID}"]}}"#
            ),
        );
        assert_golden(
            &Answer::HeartbeatAnswer(HeartbeatAnswer {
                lease: Lease { token: token.clone(), seconds: 90 },
                reachable: None,
                unknown: vec![],
            }),
            r#"{"type":"HEARTBEAT_ANSWER","lease":{"token":"00000000000000000000000000000007","seconds":90}}"#,
        );
        assert_golden(
            &Answer::HeartbeatAnswer(HeartbeatAnswer {
                lease: Lease { token, seconds: 90 },
                reachable: Some(false),
                unknown: vec![ID.parse().unwrap()],
            }),
            &format!(
                r#"{{"type":"HEARTBEAT_ANSWER","lease":{{"token":"00000000000000000000000000000007","seconds":90}},"reachable":false,"unknown":["{ID}"]}}"#
            ),
        );
    }
}
