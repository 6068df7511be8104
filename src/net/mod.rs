//! The iroh endpoint: tickets, connections, bounded frames.
