//! The model against servers on loopback.
