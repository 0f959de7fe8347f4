#![doc = include_str!("../README.md")]

pub mod events;
pub mod gateway;
pub mod jobs;
pub mod parts;
pub mod results;
