//! Changes that say the same of several endpoints. In: all changes. Out: the groups that a reviewer
//! reads at once.

use std::{collections::HashMap, fmt};

use super::{Access, Change, Diff, Target, Verdict, What};

/// Changes that differ in the endpoint alone; most often one. `Display` says them in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'d> {
    /// In the order of the endpoints; never empty.
    pub changes: Vec<&'d Change>,
}

impl Diff {
    /// The changes with that verdict. Those that differ in the endpoint alone are together, where
    /// the first of them stands.
    pub fn groups(&self, verdict: Verdict) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut known = HashMap::new();
        for change in self.with(verdict) {
            let place = *known.entry(key(change)).or_insert(groups.len());
            match (groups.get_mut(place), &change.what) {
                (Some(group), What::Access(_)) => group.changes.push(change),
                _ => groups.push(Group { changes: vec![change] }),
            }
        }
        groups
    }
}

/// What is the same in a group; of what stands alone, everything.
fn key(change: &Change) -> String {
    match &change.what {
        What::Access(access) => {
            let Access { target, mark: _, presence, carrier, roles, heirs, witness } = access;
            let rule = if let Target::Rule(name) = target { Some(name) } else { None };
            format!("{rule:?} {presence:?} {carrier:?} {roles:?} {heirs:?} {witness:?}")
        }
        what => format!("{what:?}"),
    }
}

impl Group<'_> {
    /// Who gained or lost something, if that is what changed.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.changes.iter().filter_map(|change| match &change.what {
            What::Access(access) => Some(access),
            _ => None,
        })
    }
}

impl fmt::Display for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changes.as_slice() {
            [one] => one.fmt(f),
            [first, ..] => f.write_str(&first.said_of_several(self.changes.len())),
            [] => Ok(()),
        }
    }
}
