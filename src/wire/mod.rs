//! Messages between devices: their shapes, bytes, limits and versions.

mod message;

pub use message::{
    Body, Bye, Delivery, Hello, Lane, Leaf, Message, Node, PROTOCOL_VERSION, Pair, State,
};
