//! The patterns themselves. In: one event. Out: which patterns it completes, and how many of what
//! that took.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    Pattern, Thresholds,
    table::{DISTINCT, Table},
};
use crate::audit::{CredentialKind, Decision, Event, Kind};

/// What is remembered.
pub(super) struct State {
    thresholds: Thresholds,
    /// Secret, so that nobody can choose what shares a slot.
    hasher: RandomState,
    /// The accounts that sign-ins from an address failed to get into.
    addresses: Table,
    /// The addresses from which sign-ins to an account failed.
    accounts: Table,
    /// The networks that an API key was used from.
    keys: Table,
    unknown_keys: Tally,
}

/// How many there were in this window.
struct Tally {
    began: i64,
    count: u32,
}

/// What of an event a pattern may be made of.
pub(super) enum Concern<'e> {
    Reuse,
    UnknownKey { now: i64 },
    Failed { address: IpAddr, account: Account<'e>, now: i64 },
    Key { id: &'e str, address: IpAddr, now: i64 },
}

/// Whose account: the tag of the name that was typed, else the account itself.
#[derive(Hash)]
pub(super) enum Account<'e> {
    Tag(u64),
    Id(&'e str, &'e str),
}

/// The patterns one event completes: two at most.
pub(super) type Found = [Option<(Pattern, u64)>; 2];

impl State {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        let table = || Table::new(thresholds.entries);
        Self {
            thresholds,
            hasher: RandomState::new(),
            addresses: table(),
            accounts: table(),
            keys: table(),
            unknown_keys: Tally { began: 0, count: 0 },
        }
    }

    /// What of an event counts, if anything: most do not, and take no lock.
    pub(super) fn concerns<'e>(event: &Event<'e>) -> Option<Concern<'e>> {
        let now = event.at.0;
        match (event.kind, event.decision) {
            (Kind::RefreshReuse, _) => Some(Concern::Reuse),
            (Kind::Access, Decision::Deny) if event.cause == Some("key-unknown") => {
                Some(Concern::UnknownKey { now })
            }
            (Kind::Access, Decision::Allow)
                if event.credential_kind == Some(CredentialKind::ApiKey) =>
            {
                Some(Concern::Key { id: event.credential?, address: event.address?, now })
            }
            (Kind::Login, Decision::Deny) => {
                let tag = event.account.map(|tag| Account::Tag(tag.number()));
                let id = || event.subject.map(|subject| Account::Id(&subject.issuer, &subject.id));
                let account = tag.or_else(id)?;
                Some(Concern::Failed { address: event.address?, account, now })
            }
            _ => None,
        }
    }

    fn failed(&mut self, address: IpAddr, account: &Account<'_>, now: i64) -> Found {
        let window = self.window();
        let [accounts, addresses] =
            [self.thresholds.accounts_per_address, self.thresholds.addresses_per_account]
                .map(|threshold| threshold.clamp(2, DISTINCT as u8));
        let (address, account) = (self.hash(&host(address)), self.hash(account));
        let by_address = self.addresses.slot(address, now);
        let by_account = self.accounts.slot(account, now);
        [
            by_address
                .and_then(|slot| slot.spread(fold(account), now, window, accounts))
                .map(|count| (Pattern::AddressManyAccounts, count)),
            by_account
                .and_then(|slot| slot.spread(fold(address), now, window, addresses))
                .map(|count| (Pattern::AccountManyAddresses, count)),
        ]
    }

    fn key(&mut self, id: &str, address: IpAddr, now: i64) -> Found {
        let (key, network) = (self.hash(&id), self.hash(&network(address)));
        let new = self.keys.slot(key, now).is_some_and(|slot| slot.is_new(fold(network)));
        [new.then_some((Pattern::KeyNewNetwork, 1)), None]
    }

    fn unknown_key(&mut self, now: i64) -> Found {
        let window = self.window();
        let tally = &mut self.unknown_keys;
        if !(tally.began..tally.began.saturating_add(window)).contains(&now) {
            *tally = Tally { began: now, count: 0 };
        }
        tally.count = tally.count.saturating_add(1);
        let reached = tally.count == self.thresholds.unknown_keys.max(1);
        [reached.then_some((Pattern::UnknownKeys, u64::from(tally.count))), None]
    }

    fn window(&self) -> i64 {
        i64::try_from(self.thresholds.window.0).unwrap_or(i64::MAX).max(1)
    }

    fn hash(&self, thing: &impl Hash) -> u64 {
        self.hasher.hash_one(thing)
    }
}

impl Concern<'_> {
    /// Remembers it; which patterns it completes.
    pub(super) fn note(&self, state: &mut State) -> Found {
        match self {
            Self::Reuse => [Some((Pattern::RefreshReuse, 1)), None],
            Self::UnknownKey { now } => state.unknown_key(*now),
            Self::Failed { address, account, now } => state.failed(*address, account, *now),
            Self::Key { id, address, now } => state.key(id, *address, *now),
        }
    }
}

/// The upper half: the lower one chooses the slot.
const fn fold(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Who one machine is: its IPv4 address, or the /64 of its IPv6 address, in which a machine may
/// take any it likes.
fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(first_64(address)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The network of an address: a /24 of IPv4, a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & !0xff)),
        IpAddr::V6(address) => IpAddr::V6(first_64(address)),
    }
}

fn first_64(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m14_networks_are_24_bits_of_ipv4_and_64_of_ipv6() {
        let read = |text: &str| text.parse::<IpAddr>().unwrap();
        for (address, of_network, of_host) in [
            ("192.0.2.77", "192.0.2.0", "192.0.2.77"),
            ("::ffff:192.0.2.77", "192.0.2.0", "192.0.2.77"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(read(address)), read(of_network));
            assert_eq!(host(read(address)), read(of_host));
        }
    }
}
