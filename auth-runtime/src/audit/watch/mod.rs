//! Events that mean little alone and much together. In: every event. Out: the same events, and one
//! of kind `suspicious` for each pattern among them; a hook lets the application act.

mod state;
mod table;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use auth_policy::settings::Seconds;

use self::state::State;
use crate::audit::{AuditSink, Event, Kind};

/// Looks for patterns in the events on their way to a sink.
///
/// What it remembers has a fixed size: see [`Thresholds::entries`]. It lives in this process: of
/// several, each sees its own share, and a restart forgets.
///
/// ```
/// use auth_runtime::audit::{Pattern, Suspicion, Thresholds, TracingSink, Watch};
///
/// let watch = Watch::new(TracingSink, Thresholds::default()).hook(|seen: &Suspicion<'_>| {
///     if seen.pattern == Pattern::RefreshReuse {
///         // Tell the account's owner: put a message into a queue.
///     }
/// });
/// assert!(format!("{watch:?}").starts_with("Watch"));
/// ```
pub struct Watch<S> {
    sink: S,
    hooks: Vec<Box<dyn Hook>>,
    state: Mutex<State>,
}

/// From how much on something is suspicious. Start from the default:
/// `Thresholds { unknown_keys: 1000, ..Thresholds::default() }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Within how long things happen together. Default 10 minutes.
    pub window: Seconds,
    /// How many accounts one address may fail to sign in to: 2 to 16. Default 10.
    pub accounts_per_address: u8,
    /// From how many addresses sign-ins to one account may fail: 2 to 16. Default 10.
    pub addresses_per_account: u8,
    /// How many tokens may name a key that nobody has. Default 100.
    pub unknown_keys: u32,
    /// How many addresses, accounts and API keys are remembered, each. Those seen longest ago are
    /// forgotten first. Default 10,000, which takes 2.9 MB in all: 96 bytes for each of three.
    pub entries: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            window: Seconds(10 * 60),
            accounts_per_address: 10,
            addresses_per_account: 10,
            unknown_keys: 100,
            entries: 10_000,
        }
    }
}

/// What looks like an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// A refresh token was presented twice: somebody else has a copy.
    RefreshReuse,
    /// Sign-ins to many accounts fail from one address: passwords of others are tried, or one
    /// password on everybody.
    AddressManyAccounts,
    /// Sign-ins to one account fail from many addresses: a password is guessed by many machines.
    AccountManyAddresses,
    /// An API key is used from a network it was not used from before.
    KeyNewNetwork,
    /// Many tokens name keys that nobody has: forged ones, or an issuer that lost its keys.
    UnknownKeys,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Self; 5] = [
        Self::RefreshReuse,
        Self::AddressManyAccounts,
        Self::AccountManyAddresses,
        Self::KeyNewNetwork,
        Self::UnknownKeys,
    ];

    /// The `cause` of the event: stable.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RefreshReuse => "refresh-reuse",
            Self::AddressManyAccounts => "address-many-accounts",
            Self::AccountManyAddresses => "account-many-addresses",
            Self::KeyNewNetwork => "key-new-network",
            Self::UnknownKeys => "unknown-keys",
        }
    }
}

/// A pattern that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suspicion<'a> {
    /// Which.
    pub pattern: Pattern,
    /// The event it is written down as: that which completed the pattern, with
    /// [`Kind::Suspicious`], the pattern's code as `cause`, and how many as `count`.
    pub event: &'a Event<'a>,
}

/// What an application does about a suspicion: lock an account, tell its owner, end its sessions.
///
/// It is called on the request path and must return at once: put what is to be done into a queue.
pub trait Hook: Send + Sync + 'static {
    /// Takes notice of one.
    fn notice(&self, suspicion: &Suspicion<'_>);
}

impl<F: Fn(&Suspicion<'_>) + Send + Sync + 'static> Hook for F {
    fn notice(&self, suspicion: &Suspicion<'_>) {
        self(suspicion);
    }
}

impl<S: AuditSink> Watch<S> {
    /// Watches what goes to that sink.
    pub fn new(sink: S, thresholds: Thresholds) -> Self {
        Self { sink, hooks: Vec::new(), state: Mutex::new(State::new(thresholds)) }
    }

    /// Calls this for each pattern that is found. Several are called in the order they were added.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }
}

impl<S: AuditSink> AuditSink for Watch<S> {
    fn record(&self, event: &Event<'_>) {
        self.sink.record(event);
        // INVARIANT: no code of others runs while it is locked.
        let found = {
            let concerns = State::concerns(event);
            concerns
                .map(|it| it.note(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner)))
        };
        for (pattern, count) in found.into_iter().flatten().flatten() {
            let suspicious = Event {
                kind: Kind::Suspicious,
                cause: Some(pattern.code()),
                count: Some(count),
                ..event.clone()
            };
            self.sink.record(&suspicious);
            let suspicion = Suspicion { pattern, event: &suspicious };
            self.hooks.iter().for_each(|hook| hook.notice(&suspicion));
        }
    }
}

impl<S> fmt::Debug for Watch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("hooks", &self.hooks.len()).finish_non_exhaustive()
    }
}
