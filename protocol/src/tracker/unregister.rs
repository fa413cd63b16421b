//! UNREGISTER: "I no longer have these files."

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;

use super::LeaseToken;
use crate::PeerId;

/// Takes back what a peer registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unregister {
    /// Peer that says it.
    pub peer_id: PeerId,
    /// The token of its lease.
    pub token: LeaseToken,
    /// Files that it no longer has, at most as many as in one REGISTER; absent means all, and the end of the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub file_ids: Option<Vec<FileId>>,
}

/// The tracker's answer to an [`Unregister`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unregistered {
    /// Number of files that the tracker no longer names this peer for.
    pub removed: u32,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, PEER, assert_golden, peer};
    use super::super::{Answer, Request};
    use super::*;

    #[test]
    fn golden_request_and_answer() {
        let request =
            |file_ids| Request::Unregister(Unregister { peer_id: peer(), token: LeaseToken::new(7), file_ids });
        let start = format!(r#"{{"type":"UNREGISTER","peer_id":"{PEER}","token":"00000000000000000000000000000007""#);
        assert_golden(&request(None), &format!("{start}}}"));
        assert_golden(&request(Some(vec![ID.parse().unwrap()])), &format!(r#"{start},"file_ids":["{ID}"]}}"#));
        assert_golden(&Answer::Unregistered(Unregistered { removed: 2 }), r#"{"type":"UNREGISTERED","removed":2}"#);
    }
}
