//! Parts of a folder, served from where they lie on the disk.

use std::sync::Arc;

use sprat_chunking::FileDigest;
use sprat_protocol::collection::Part;
use sprat_store::folder::Folder;

use crate::flow::settings::Settings;
use crate::shares::holding::{Holding, Holdings};

/// Serves this part of a folder from where it lies, if all of it is there; `list` is the holding of the folder's list.
/// A part that was served while it was fetched is served on from its final place and needs no `digest`; any other needs
/// one.
pub(crate) fn serve(
    holdings: &Holdings,
    settings: &Settings,
    folder: &Folder,
    part: &Part,
    digest: Option<FileDigest>,
    list: &Arc<Holding>,
) {
    let id = folder.id_of(part);
    let Some(source) = folder.source(part) else { return };
    settings.share(list.file_id(), id);
    match (holdings.part(&id, list), digest) {
        (Some(holding), _) => holding.lies(source),
        (None, Some(FileDigest { layout, hashes })) => {
            let name = match part {
                Part::File(place) => folder.collection.files[*place].path.last().cloned().unwrap_or_default(),
                Part::Bundle { .. } => id.to_string(),
            };
            holdings.insert(Arc::new(Holding::lying(name, hashes, layout, source).part_of(list)));
        }
        (None, None) => {}
    }
}
