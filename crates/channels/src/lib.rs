#![doc = include_str!("../README.md")]

mod access;
mod channel;
mod error;
mod pairing;
mod splitting;
mod telegram;

pub use access::{AccessRules, Admission, DirectPolicy, GroupPolicy, GroupRule};
pub use channel::{
    ButtonPress, Channel, ChannelIdentity, ChatPeer, ChatTarget, InboundContent, InboundMessage,
    InboundUpdate, MessageButton, OutboundMessage, SentMessage, UpdateBatch,
};
pub use error::{ChannelError, ChannelErrorKind};
pub use pairing::{MAX_PENDING_PAIRINGS, PAIRING_CODE_LIFETIME, PairingCode};
pub use splitting::{split_message, utf16_length};
pub use telegram::{TELEGRAM_API_ROOT, TelegramChannel, TelegramOptions, TelegramOptionsError};
