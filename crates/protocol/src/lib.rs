#![doc = include_str!("../README.md")]

pub mod events;
pub mod parts;
pub mod results;
