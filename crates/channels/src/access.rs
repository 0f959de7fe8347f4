//! Who may write to the assistant.

use std::collections::BTreeMap;

use crate::InboundMessage;

/// Who may write in a private chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirectPolicy {
    /// Those of the list, and those whom the owner let in by a code.
    #[default]
    Pairing,
    /// Those of the list only.
    Allowlist,
    /// Everybody, when the list has `*`; else those of the list.
    Open,
    /// Nobody.
    Disabled,
}

/// Who may write in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupPolicy {
    /// Everybody in an allowed group.
    Open,
    /// Those of the list of groups.
    #[default]
    Allowlist,
    /// Nobody.
    Disabled,
}

/// The rules of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupRule {
    /// Whether the group is served.
    pub is_enabled: Option<bool>,
    /// Whether the assistant must be mentioned or answered.
    pub requires_mention: Option<bool>,
    /// Who may write in it.
    pub policy: Option<GroupPolicy>,
    /// The people of the list, instead of those of the channel.
    pub allow_from: Option<Vec<String>>,
}

/// Who may write to an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessRules {
    /// Who may write in private.
    pub direct_policy: DirectPolicy,
    /// The people who may: ids, as text, or `*`.
    pub allow_from: Vec<String>,
    /// Who may write in groups.
    pub group_policy: GroupPolicy,
    /// The people who may in groups; without it `allow_from`.
    pub group_allow_from: Option<Vec<String>>,
    /// The groups by their ids, `*` for all others. Without it every group is allowed, as far as
    /// the policy goes.
    pub groups: Option<BTreeMap<String, GroupRule>>,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The assistant reads it.
    Accept,
    /// The sender is a stranger who may ask to be let in.
    Pair,
    /// It is left, for this reason.
    Ignore(&'static str),
}

impl AccessRules {
    /// Decides about a message. `is_paired` tells whether the owner let the sender in.
    #[must_use]
    pub fn admit(&self, message: &InboundMessage, is_paired: bool) -> Admission {
        // Two programs could answer each other for ever.
        if message.sender.is_bot {
            return Admission::Ignore("it is a program's");
        }
        if message.is_direct {
            return self.admit_direct(&message.sender.id, is_paired);
        }
        self.admit_in_group(message)
    }

    /// Whether a person is of the list for private chats. `*` is nobody in particular.
    #[must_use]
    pub fn names_person(&self, id: &str) -> bool {
        self.allow_from.iter().any(|one| is_person(one, id))
    }

    /// Whether a person, who may be paired, may write in private.
    #[must_use]
    pub fn admits_person(&self, id: &str, is_paired: bool) -> bool {
        self.admit_direct(id, is_paired) == Admission::Accept
    }

    /// Whether a group is served at all.
    #[must_use]
    pub fn admits_group(&self, chat_id: &str) -> bool {
        self.group_rule(chat_id).is_some_and(|(rule, default)| {
            let setting = |pick: fn(&GroupRule) -> Option<bool>| {
                rule.and_then(pick).or_else(|| default.and_then(pick))
            };
            setting(|rule| rule.is_enabled).unwrap_or(true)
                && self.policy_of(rule, default) != GroupPolicy::Disabled
        })
    }

    fn admit_direct(&self, id: &str, is_paired: bool) -> Admission {
        let is_listed = is_listed(&self.allow_from, id);
        match self.direct_policy {
            DirectPolicy::Disabled => Admission::Ignore("private chats are disabled"),
            _ if is_listed => Admission::Accept,
            DirectPolicy::Pairing if is_paired => Admission::Accept,
            DirectPolicy::Pairing => Admission::Pair,
            DirectPolicy::Allowlist | DirectPolicy::Open => {
                Admission::Ignore("the sender is not in `allowFrom`")
            }
        }
    }

    fn admit_in_group(&self, message: &InboundMessage) -> Admission {
        let Some((rule, default)) = self.group_rule(&message.target.chat_id) else {
            return Admission::Ignore("the group is not in `groups`");
        };
        if !self.admits_group(&message.target.chat_id) {
            return Admission::Ignore("the group is disabled");
        }
        let allowed = rule
            .and_then(|rule| rule.allow_from.as_ref())
            .or_else(|| default.and_then(|rule| rule.allow_from.as_ref()))
            .or(self.group_allow_from.as_ref())
            .unwrap_or(&self.allow_from);
        let is_open = self.policy_of(rule, default) == GroupPolicy::Open;
        if !is_open && !is_listed(allowed, &message.sender.id) {
            return Admission::Ignore("the sender is not in `groupAllowFrom`");
        }
        let requires_mention = rule
            .and_then(|rule| rule.requires_mention)
            .or_else(|| default.and_then(|rule| rule.requires_mention))
            .unwrap_or(true);
        if requires_mention && !message.is_addressed {
            return Admission::Ignore("it does not mention the assistant");
        }
        Admission::Accept
    }

    fn policy_of(&self, rule: Option<&GroupRule>, default: Option<&GroupRule>) -> GroupPolicy {
        let own = rule.and_then(|rule| rule.policy);
        own.or_else(|| default.and_then(|rule| rule.policy)).unwrap_or(self.group_policy)
    }

    /// The rule of a group and that of all groups; `None` when the group is not allowed.
    fn group_rule(&self, chat_id: &str) -> Option<(Option<&GroupRule>, Option<&GroupRule>)> {
        let Some(groups) = &self.groups else { return Some((None, None)) };
        let (own, default) = (groups.get(chat_id), groups.get("*"));
        (own.is_some() || default.is_some()).then_some((own, default))
    }
}

fn is_listed(list: &[String], id: &str) -> bool {
    list.iter().any(|one| one.trim() == "*" || is_person(one, id))
}

/// Whether an entry is a person's: `42`, `telegram:42` and `tg:42` are the same.
fn is_person(entry: &str, id: &str) -> bool {
    let entry = entry.trim();
    let bare = ["telegram:", "tg:"].iter().find_map(|prefix| {
        let (head, rest) = entry.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    });
    bare.unwrap_or(entry) == id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChatPeer, ChatTarget};

    fn message(is_direct: bool, is_addressed: bool) -> InboundMessage {
        InboundMessage {
            target: ChatTarget::new(if is_direct { "7" } else { "-100" }),
            message_id: "1".into(),
            sender: ChatPeer { id: "7".into(), name: "A".into(), username: None, is_bot: false },
            is_direct,
            chat_title: None,
            is_addressed,
            text: "hi".into(),
            attachment: None,
        }
    }

    #[test]
    fn private_messages_are_admitted_by_the_policy() {
        use DirectPolicy::{Allowlist, Disabled, Open, Pairing};
        for (policy, list, is_paired, expected) in [
            (Pairing, vec![], false, "pair"),
            (Pairing, vec![], true, "accept"),
            (Pairing, vec!["tg:7"], false, "accept"),
            (Pairing, vec!["77"], false, "pair"),
            (Allowlist, vec![], true, "ignore"),
            (Allowlist, vec!["7"], false, "accept"),
            (Open, vec![], false, "ignore"),
            (Open, vec!["*"], false, "accept"),
            (Disabled, vec!["*"], true, "ignore"),
        ] {
            let rules = AccessRules {
                direct_policy: policy,
                allow_from: list.iter().map(ToString::to_string).collect(),
                ..AccessRules::default()
            };
            let found = match rules.admit(&message(true, false), is_paired) {
                Admission::Accept => "accept",
                Admission::Pair => "pair",
                Admission::Ignore(_) => "ignore",
            };
            assert_eq!(found, expected, "{policy:?} {list:?} {is_paired}");
        }
    }

    #[test]
    fn groups_are_admitted_by_list_sender_and_mention() {
        let rules = |group: Option<(&str, GroupRule)>, senders: &[&str]| AccessRules {
            group_allow_from: Some(senders.iter().map(ToString::to_string).collect()),
            groups: group.map(|(id, rule)| BTreeMap::from([(id.to_owned(), rule)])),
            ..AccessRules::default()
        };
        let accepts = |rules: &AccessRules, is_addressed| {
            // To be paired gives nothing in a group.
            rules.admit(&message(false, is_addressed), true) == Admission::Accept
        };
        assert!(accepts(&rules(None, &["7"]), true));
        assert!(!accepts(&rules(None, &["7"]), false), "no mention");
        assert!(!accepts(&rules(None, &[]), true), "no sender");
        let any = GroupRule::default;
        assert!(accepts(&rules(Some(("-100", any())), &["7"]), true));
        assert!(!accepts(&rules(Some(("-200", any())), &["7"]), true), "another group");
        assert!(accepts(&rules(Some(("*", any())), &["7"]), true));
        let silent = GroupRule { requires_mention: Some(false), ..any() };
        assert!(accepts(&rules(Some(("-100", silent)), &["7"]), false));
        let open = GroupRule { policy: Some(GroupPolicy::Open), ..any() };
        assert!(accepts(&rules(Some(("-100", open)), &[]), true));
        let off = GroupRule { is_enabled: Some(false), ..any() };
        assert!(!accepts(&rules(Some(("-100", off)), &["7"]), true));
        let disabled = AccessRules { group_policy: GroupPolicy::Disabled, ..rules(None, &["*"]) };
        assert!(!accepts(&disabled, true));
    }

    #[test]
    fn a_program_is_never_answered() {
        let rules = AccessRules {
            direct_policy: DirectPolicy::Open,
            allow_from: vec!["*".into()],
            ..AccessRules::default()
        };
        let mut from_bot = message(true, true);
        from_bot.sender.is_bot = true;
        assert!(matches!(rules.admit(&from_bot, true), Admission::Ignore(_)));
    }
}
