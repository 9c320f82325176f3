//! What roles come to once one of them is changed. In: the roles as they are, and what one of them
//! grants and includes instead. Out: the same roles, of which only those are computed anew that come to
//! the changed one.

use crate::{
    bits::Bits,
    check,
    document::Document,
    policy::{Contents, Role, RoleId, ScopeId},
};

/// The roles of a policy, each with what the words of the file stand for.
#[derive(Debug)]
pub(super) struct Roles<'p> {
    contents: &'p Contents,
    /// In the order of the file.
    written: Vec<Written>,
}

/// A role as it is written.
#[derive(Debug)]
struct Written {
    id: RoleId,
    /// What each word of its `grants` stands for.
    grants: Vec<Vec<ScopeId>>,
    /// What each word of its `includes` stands for.
    includes: Vec<RoleId>,
}

/// What is left out of a role, or put into it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edit {
    /// That word of its grants goes.
    DropGrant(usize),
    /// That word of its includes goes.
    DropInclude(usize),
    /// It grants every scope.
    GrantAll,
}

impl<'p> Roles<'p> {
    pub(super) fn of(document: &Document, contents: &'p Contents) -> Self {
        let written = document.roles.iter().filter_map(|role| {
            let includes = role.form.includes.iter();
            Some(Written {
                id: contents.role_id(&role.name.value)?,
                grants: check::granted(&role.form.grants, contents),
                includes: includes.filter_map(|word| contents.role_id(&word.value)).collect(),
            })
        });
        Self { contents, written: written.collect() }
    }

    /// The roles with that change of the one in that place of the file.
    pub(super) fn with(&self, place: usize, edit: Edit) -> Vec<Role> {
        let mut roles = self.contents.roles.clone();
        let Some(written) = self.written.get(place) else { return roles };
        let Some(changed) = roles.get_mut(written.id.0 as usize) else { return roles };
        match edit {
            Edit::DropGrant(at) => changed.grants = sorted(without(&written.grants, at).flatten()),
            Edit::DropInclude(at) => changed.includes = sorted(without(&written.includes, at)),
            Edit::GrantAll => {
                changed.grants =
                    (0u32..).zip(&self.contents.scopes).map(|(id, _)| ScopeId(id)).collect();
            }
        }
        // A role comes to more roles than any that it includes, so in this order those are known first.
        let comes_to = |role: &&Role| role.all_roles.binary_search(&written.id).is_ok();
        let mut above: Vec<_> = self.contents.roles.iter().filter(comes_to).collect();
        above.sort_by_key(|role| role.all_roles.len());
        let ids = above.into_iter().filter_map(|role| self.contents.role_id(&role.name));
        ids.for_each(|id| self.close(id, &mut roles));
        roles
    }

    /// Computes anew what a role comes to.
    fn close(&self, id: RoleId, roles: &mut [Role]) {
        let Some(role) = roles.get(id.0 as usize) else { return };
        let mut all_roles = Bits::new(roles.len());
        let mut all_grants = Bits::new(self.contents.scopes.len());
        all_roles.insert(id.0 as usize);
        role.grants.iter().for_each(|scope| all_grants.insert(scope.0 as usize));
        for included in role.includes.iter().filter_map(|id| roles.get(id.0 as usize)) {
            included.all_roles.iter().for_each(|role| all_roles.insert(role.0 as usize));
            included.all_grants.iter().for_each(|scope| all_grants.insert(scope.0 as usize));
        }
        if let Some(role) = roles.get_mut(id.0 as usize) {
            role.all_roles = all_roles.iter().map(RoleId).collect();
            role.all_grants = all_grants.iter().map(ScopeId).collect();
        }
    }
}

/// All of them but the one in that place.
fn without<T>(list: &[T], at: usize) -> impl Iterator<Item = &T> {
    list.iter().enumerate().filter(move |(index, _)| *index != at).map(|(_, item)| item)
}

fn sorted<'i, T: Copy + Ord + 'i>(items: impl Iterator<Item = &'i T>) -> Vec<T> {
    let mut items: Vec<T> = items.copied().collect();
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, report::Report, testing::mutant, yaml};

    const POLICY: &str = "version: 1
scopes: { a:x: A, b:x: B, a:y: C, b:y: D }
roles:
  one: { grants: [a:x, '*:x'] }
  two: { includes: [one], grants: [a:y] }
  three: { includes: [one, two] }
  four: { includes: [three, two], grants: ['a:*', b:x] }
  five: { grants: [b:y] }
schemes: { session: { idle: 30m, lifetime: 24h }, api_key: { prefix: p, grants: [a:x], max_ttl: 9d } }
rules: { write: { schemes: session, scopes: b:y } }
never: [{ role: four, reaches: { scopes: b:y } }]
always: [{ role: two, reaches: { scopes: a:x } }]
";

    /// Whatever a role is changed to, it comes to what the check of the whole file says it does.
    #[test]
    fn only_what_is_changed_is_computed_anew() {
        let source = Source::new("p.yaml", POLICY.into());
        let mut report = Report::default();
        let tree = yaml::read(&source, &mut report).unwrap();
        let document = Document::read(&tree, &mut report);
        let contents = check::contents(&source, &document, &mut report);
        assert_eq!(report.errors(), 0);
        let roles = Roles::of(&document, &contents);
        let (mut tried, mut refused) = (0, 0);
        for mutant in mutant::of_grants(&document) {
            let Some((role, edit)) = mutant.of_role() else { continue };
            let mut report = Report::default();
            let expected = check::contents(&source, &mutant.apply(&document), &mut report);
            let changed = Contents { roles: roles.with(role, edit), ..contents.clone() };
            assert_eq!(changed.roles, expected.roles, "{}", mutant.change);
            let refuses = check::refuses_roles(&document, &changed);
            assert_eq!(refuses, report.errors() > 0, "{}", mutant.change);
            tried += 1;
            refused += usize::from(refuses);
        }
        // Refused: every scope for a role that `four` comes to, `two` without `a:x`, nobody with `b:y`.
        assert_eq!((tried, refused), (16, 6));
    }
}
