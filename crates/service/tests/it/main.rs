//! Services as another crate uses them.

#[cfg(test)]
mod systemd;
