//! Downloads that are about to be added: the field for IDs and links, and the links that are offered.

use std::collections::VecDeque;

use sprat_chunking::FileId;
use sprat_protocol::Link;

/// Most links that are offered one after another.
const MAX_OFFERS: usize = 16;

/// Downloads that are about to be added.
#[derive(Debug, Default)]
pub struct Adding {
    /// Text of the field for IDs and links.
    pub text: String,
    /// Error of that text.
    pub error: Option<&'static str>,
    /// Links from elsewhere that are offered, one at a time, the first of them now.
    pub offers: VecDeque<Link>,
    /// Link that was offered, added or copied last, which is not offered again.
    pub known: Option<FileId>,
    /// Frame in which the window asked for the clipboard. A paste in the next few frames is the answer.
    pub peeking: Option<u64>,
}

impl Adding {
    /// Offers a link from elsewhere.
    pub fn offer(&mut self, link: Link) {
        let is_offered = self.offers.iter().any(|other| other.file_id == link.file_id);
        if !is_offered && self.offers.len() < MAX_OFFERS {
            self.known = Some(link.file_id);
            self.offers.push_back(link);
        }
    }
}
