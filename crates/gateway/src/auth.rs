//! The secret that clients share with the gateway, and the pace of wrong attempts.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

/// How clients authenticate.
#[derive(Debug, Clone)]
pub enum GatewayAuthentication {
    /// They need not; only for addresses of this machine.
    Open,
    /// With a token.
    Token(SecretString),
    /// With a password.
    Password(SecretString),
}

/// The fewest characters of an unguessable secret, and the fewest different ones.
const UNGUESSABLE_CHARS: usize = 24;
const UNGUESSABLE_DIFFERENT_CHARS: usize = 8;

/// The pause after the first wrong attempt; each further one doubles it.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// The longest pause.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Wrong attempts from another machine within a minute before it is locked out.
const MAX_REMOTE_FAILURES: u32 = 10;

/// How long another machine is locked out.
const LOCKOUT: Duration = Duration::from_mins(5);

/// After this long without a wrong attempt the former ones are forgotten.
const MEMORY: Duration = Duration::from_mins(1);

/// The most addresses that are remembered.
const MAX_ADDRESSES: usize = 10_000;

impl GatewayAuthentication {
    /// Whether an offered secret is the right one. Takes the same time wherever they differ.
    pub(crate) fn accepts(&self, offered: &str) -> bool {
        let (Self::Token(secret) | Self::Password(secret)) = self else { return true };
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        digest(secret.expose_secret()).ct_eq(&digest(offered)).into()
    }

    /// Whether the right secret is accepted at once, however many wrong ones came before: who has an
    /// unguessable one did not guess it.
    pub(crate) fn is_unguessable(&self) -> bool {
        match self {
            Self::Open => true,
            Self::Token(secret) | Self::Password(secret) => is_unguessable(secret.expose_secret()),
        }
    }
}

/// Whether a secret is too long, and its characters too many, for a guess to hit it at any pace.
pub(crate) fn is_unguessable(secret: &str) -> bool {
    let different: BTreeSet<char> = secret.chars().collect();
    secret.chars().count() >= UNGUESSABLE_CHARS && different.len() >= UNGUESSABLE_DIFFERENT_CHARS
}

/// Slows down and locks out addresses that try wrong secrets.
#[derive(Debug, Default)]
pub(crate) struct FailureLimiter {
    failures: Mutex<HashMap<IpAddr, FailureCount>>,
    /// The attempts that cost nothing.
    free_attempts: u32,
}

#[derive(Debug, Clone, Copy)]
struct FailureCount {
    count: u32,
    last: Instant,
}

impl FailureLimiter {
    /// A limiter that lets a number of attempts pass before it slows an address down.
    pub(crate) fn with_free_attempts(free_attempts: u32) -> Self {
        Self { failures: Mutex::default(), free_attempts }
    }

    /// How long an address must wait before its next attempt is looked at; `None` when it need not.
    pub(crate) fn remaining_delay(&self, address: IpAddr) -> Option<Duration> {
        let address = canonical_address(address);
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let FailureCount { count, last } = *failures.get(&address)?;
        let count = count.checked_sub(self.free_attempts).filter(|count| *count > 0)?;
        let pause = match (address.is_loopback(), count >= MAX_REMOTE_FAILURES) {
            (false, true) => LOCKOUT,
            _ => FIRST_DELAY.saturating_mul(1 << count.saturating_sub(1).min(8)).min(MAX_DELAY),
        };
        pause.checked_sub(last.elapsed()).filter(|rest| !rest.is_zero())
    }

    /// Counts a wrong attempt.
    pub(crate) fn record_failure(&self, address: IpAddr) {
        let address = canonical_address(address);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if failures.len() >= MAX_ADDRESSES && !failures.contains_key(&address) {
            failures.retain(|_, failure| failure.last.elapsed() < LOCKOUT);
            let oldest = failures.iter().min_by_key(|(_, failure)| failure.last);
            if let Some(oldest) = oldest.map(|(address, _)| *address)
                && failures.len() >= MAX_ADDRESSES
            {
                failures.remove(&oldest);
            }
        }
        let failure = failures.entry(address).or_insert(FailureCount { count: 0, last: now });
        let memory = if failure.count >= MAX_REMOTE_FAILURES { LOCKOUT } else { MEMORY };
        if failure.last.elapsed() > memory {
            failure.count = 0;
        }
        failure.count = failure.count.saturating_add(1);
        failure.last = now;
    }

    /// Forgets the wrong attempts of an address that now had the right secret.
    pub(crate) fn record_success(&self, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&canonical_address(address));
    }
}

/// One address for all spellings of a machine: a mapped IPv4 address is that address, and an IPv6
/// address counts as its network of 64 bits, within which a machine chooses freely.
pub(crate) fn canonical_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        IpAddr::V6(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_accepted() {
        let auth = GatewayAuthentication::Token("a-long-token".into());
        assert!(auth.accepts("a-long-token"));
        for wrong in ["", "a-long-toke", "a-long-token ", "A-LONG-TOKEN"] {
            assert!(!auth.accepts(wrong), "{wrong:?}");
        }
        assert!(!format!("{auth:?}").contains("a-long-token"));
    }

    #[test]
    fn a_short_or_simple_secret_can_be_guessed() {
        let long = "0d9e8a7b6c5f4e3d2c1b0a99";
        assert!(is_unguessable(long));
        for guessable in [&long[..23], &"a".repeat(40), &"secret".repeat(9)] {
            assert!(!is_unguessable(guessable), "{guessable}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_attempts_on_this_machine_are_slowed_down_and_a_right_one_ends_that() {
        let limiter = FailureLimiter::default();
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(limiter.remaining_delay(here), None);
        let mut pauses = Vec::new();
        for _ in 0..20 {
            limiter.record_failure(here);
            let pause = limiter.remaining_delay(here).unwrap();
            pauses.push(pause.as_millis());
            tokio::time::advance(pause).await;
            assert_eq!(limiter.remaining_delay(here), None);
        }
        assert_eq!(pauses[..6], [250, 500, 1000, 2000, 4000, 5000]);
        assert_eq!(pauses[19], 5000);
        limiter.record_failure(here);
        limiter.record_success("::1".parse().unwrap());
        assert_eq!(limiter.remaining_delay(here), None);
    }

    #[tokio::test(start_paused = true)]
    async fn free_attempts_cost_nothing() {
        let limiter = FailureLimiter::with_free_attempts(3);
        let there: IpAddr = "192.0.2.7".parse().unwrap();
        for _ in 0..3 {
            limiter.record_failure(there);
            assert_eq!(limiter.remaining_delay(there), None);
        }
        limiter.record_failure(there);
        assert_eq!(limiter.remaining_delay(there), Some(FIRST_DELAY));
    }

    #[tokio::test(start_paused = true)]
    async fn another_machine_is_locked_out_whatever_spelling_its_address_has() {
        let limiter = FailureLimiter::default();
        let [plain, mapped]: [IpAddr; 2] =
            ["192.0.2.7", "::ffff:192.0.2.7"].map(|address| address.parse().unwrap());
        for _ in 0..MAX_REMOTE_FAILURES / 2 {
            limiter.record_failure(plain);
            limiter.record_failure(mapped);
        }
        assert_eq!(limiter.remaining_delay(plain), Some(LOCKOUT));
        let [one, two]: [IpAddr; 2] =
            ["2001:db8::1", "2001:db8::ffff:2"].map(|address| address.parse().unwrap());
        limiter.record_failure(one);
        assert!(limiter.remaining_delay(two).is_some());
        tokio::time::advance(LOCKOUT).await;
        assert_eq!(limiter.remaining_delay(plain), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_addresses_need_bounded_memory() {
        let limiter = FailureLimiter::default();
        for number in 0..u32::try_from(MAX_ADDRESSES).unwrap() + 100 {
            limiter.record_failure(IpAddr::V4(Ipv4Addr::from(0x0A00_0000 + number)));
        }
        assert!(limiter.failures.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}
