//! One automerge document for each edited file; the only room that names `automerge`.

mod birth;
mod diff;
mod document;
mod edit;
mod error;
mod foreign;
mod graph;
mod import;
mod register;
mod settle;
mod view;

pub use birth::{Author, Birth};
pub use document::Document;
pub use edit::Edited;
pub use error::Error;
pub use foreign::{Applied, CHANGE_LIMIT_BYTES, OPERATION_LIMIT, SAVE_LIMIT_BYTES};
pub use settle::{Choice, Settled};
pub use view::{Body, View};
