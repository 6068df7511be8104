//! The only place where the engine meets the world.
