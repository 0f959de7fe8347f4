#![doc = include_str!("../README.md")]

mod address;
mod client;
mod credentials;
mod error;

pub use address::{GatewayAddress, InvalidAddress};
pub use client::{GatewayClient, GatewayMessage};
pub use credentials::{ClientCredentials, ClientDevice, GatewaySecret, NodeDeclaration};
pub use error::ClientError;
