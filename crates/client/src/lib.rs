#![doc = include_str!("../README.md")]

mod address;
mod client;
mod error;

pub use address::{GatewayAddress, InvalidAddress};
pub use client::{GatewayClient, GatewaySecret};
pub use error::ClientError;
