//! Everything that is said of access, held to an answer that shares no code with it: what the
//! documents say of a credential, tried for everybody who could ask. `ORACLE_ROUNDS` and
//! `ORACLE_SEED` say how long, and from where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};

use auth_policy::{
    Code, Policy, Severity, Source,
    access::{Access, Carrier, Credential, Holder, admits},
    check, check_with_locks,
    diff::{Application, Side, Verdict, What, diff},
    explain::{Edit, Holds, Question},
    lock::Lock,
    settings::Seconds,
    testing::PolicyTests,
};

#[path = "oracle/world.rs"]
mod world;

use world::{Ask, Chance, End, ROLES, SCOPES, THEIRS, Who, World, everybody};

/// What was said wrongly, by kind.
#[derive(Default)]
struct Faults(BTreeMap<&'static str, Vec<String>>);

impl Faults {
    fn unless(&mut self, holds: bool, kind: &'static str, told: impl FnOnce() -> String) {
        if !holds {
            let faults = self.0.entry(kind).or_default();
            if faults.len() < 3 {
                faults.push(told());
            } else {
                faults.push(String::new());
            }
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn policy_of(world: &World) -> Option<Policy> {
    check(&Source::new("p.yaml", world.text().into_bytes())).policy
}

#[test]
fn whatever_is_said_of_access_is_what_the_documents_say() {
    let (rounds, seed) = (number("ORACLE_ROUNDS", 60), number("ORACLE_SEED", 1));
    let mut faults = Faults::default();
    let mut pairs = 0;
    for round in 0..rounds {
        let mut chance = Chance(seed.wrapping_mul(1_000_003).wrapping_add(round));
        let old = World::new(&mut chance);
        let new = old.changed(&mut chance);
        let (Some(before), Some(after)) = (policy_of(&old), policy_of(&new)) else {
            panic!("{:?}\n{}", check(&Source::new("p.yaml", new.text().into_bytes())), new.text());
        };
        pairs += 1;
        let locks = [Lock::parse(&old.lock()).unwrap(), Lock::parse(&new.lock()).unwrap()];
        decisions(&new, &after, &locks[1], &mut faults);
        differences((&old, &before, &locks[0]), (&new, &after, &locks[1]), &mut faults);
        answers(&new, &after, &locks[1], &mut faults);
        columns(&new, &after, &locks[1], &mut faults);
        statements(&mut chance, &new, &mut faults);
        matrices(&mut chance, &new, &after, &locks[1], &mut faults);
        for _ in 0..3 {
            explanations(&mut chance, &new, &after, &locks[1], &mut faults);
        }
        rules(&mut chance, &new, &mut faults);
    }
    let mut said = String::new();
    for (kind, faults) in &faults.0 {
        said += &format!(
            "== {kind}: {}\n{}\n",
            faults.len(),
            faults[..faults.len().min(3)].join("\n--\n")
        );
    }
    assert!(faults.0.is_empty(), "{pairs} policies\n{said}");
}

/// `admits`, credential by credential.
fn decisions(world: &World, policy: &Policy, lock: &Lock, faults: &mut Faults) {
    let mut carriers = world.carriers();
    faults.unless(
        carriers.iter().cloned().collect::<BTreeSet<_>>()
            == Access::of(policy).carriers().into_iter().collect(),
        "carriers",
        || world.text(),
    );
    // Kinds that the policy does not know are refused.
    carriers.push(Carrier { scheme: "other".to_owned(), holder: Holder::Account });
    for (end, locked) in ends(world, lock) {
        for carrier in &carriers {
            for one in everybody(carrier, &[Some(&end.who)]) {
                let said = admits(policy, &locked.rule, Some(&one)).is_allowed();
                faults.unless(said == world.admits(&end.who, &one), "admits", || {
                    format!("{said} for {one} at {:?}\n{}", end.who, world.text())
                });
            }
        }
        let bare = admits(policy, &locked.rule, None).is_allowed();
        faults.unless(bare == (end.who == Who::Open), "admits-bare", || world.text());
    }
}

fn ends<'w>(
    world: &'w World,
    lock: &'w Lock,
) -> impl Iterator<Item = (&'w End, &'w auth_policy::lock::Endpoint)> {
    let named = |end: &'w End| (end, lock.endpoint(&end.method, &end.path).unwrap());
    world.ends.iter().map(named)
}

type Told<'t> = (&'t World, &'t Policy, &'t Lock);

/// Who gains what, and who loses it.
fn differences((old, before, lock): Told<'_>, (new, after, locked): Told<'_>, faults: &mut Faults) {
    let (lock, locked) = ([Application::main(lock.clone())], [Application::main(locked.clone())]);
    let found = diff(Side::of(before, &lock), Side::of(after, &locked));
    let names: BTreeSet<_> = [old, new]
        .iter()
        .flat_map(|world| &world.ends)
        .map(|end| (&end.method, &end.path))
        .collect();
    let carriers: BTreeSet<_> = old.carriers().into_iter().chain(new.carriers()).collect();
    for (method, path) in names {
        let answers = |world: &World| {
            // `ANY` answers what no other endpoint of the path does.
            let found = world.find(method, path).or_else(|| world.find("ANY", path));
            found.map(|end| end.who.clone())
        };
        let (was, is) = (answers(old), answers(new));
        let told = |verdict| {
            let target = format!("{method} {path}");
            let changes = found.changes.iter().filter(move |change| change.verdict == verdict);
            let accesses = changes.filter_map(|change| match &change.what {
                What::Access(access) => Some(access),
                _ => None,
            });
            accesses.filter(move |access| access.target.to_string() == target).collect::<Vec<_>>()
        };
        let open = |who: &Option<Who>| who.as_ref() == Some(&Who::Open);
        for (verdict, (from, was), (to, is)) in [
            (Verdict::Widens, (old, &was), (new, &is)),
            (Verdict::Narrows, (new, &is), (old, &was)),
        ] {
            let told = told(verdict);
            let all = told.iter().any(|access| access.carrier.is_none());
            faults.unless(all == (open(is) && !open(was)), "diff-open", || {
                format!("{verdict:?} {method} {path} {was:?} {is:?}")
            });
            if open(is) || open(was) {
                faults.unless(told.len() == usize::from(all), "diff-open-and-more", || {
                    format!("{verdict:?} {told:?}")
                });
                continue;
            }
            for carrier in &carriers {
                let in_now = |one: &Credential| is.as_ref().is_some_and(|who| to.admits(who, one));
                let in_then =
                    |one: &Credential| was.as_ref().is_some_and(|who| from.admits(who, one));
                let everybody = everybody(carrier, &[was.as_ref(), is.as_ref()]);
                let gained: Vec<_> =
                    everybody.iter().filter(|one| in_now(one) && !in_then(one)).collect();
                let told: Vec<_> =
                    told.iter().filter(|access| access.carrier.as_ref() == Some(carrier)).collect();
                let context = || {
                    format!(
                        "{verdict:?} {method} {path} {carrier}: {told:?}\nof {was:?}\nto {is:?}\n{}\n{}",
                        from.text(),
                        to.text()
                    )
                };
                faults.unless(told.len() == usize::from(!gained.is_empty()), "diff", || {
                    format!("{} gain, {:?}, {}", gained.len(), gained.first(), context())
                });
                let (Some(access), false) = (told.first(), gained.is_empty()) else { continue };
                let least = gained.iter().map(|one| (one.roles.len(), one.scopes.len())).min();
                let witness = access.witness.clone().unwrap();
                faults.unless(in_now(&witness) && !in_then(&witness), "witness", context);
                let size = (witness.roles.len(), witness.scopes.len());
                faults.unless(Some(size) == least, "witness-not-smallest", context);
                let alone = |name: &str, who: &dyn Fn(&Credential) -> bool| {
                    everybody.iter().any(|one| one.roles == [name] && who(one))
                };
                let names: &[&str] =
                    if carrier.holder == Holder::Foreign { &THEIRS } else { &ROLES };
                let means = |name: &&&str| match &to.partner {
                    Some((_, table)) if carrier.holder == Holder::Foreign => {
                        table.iter().any(|(theirs, _)| theirs == **name)
                    }
                    _ => to.roles.iter().any(|role| role.name == **name),
                };
                let mut expected: Vec<_> = names
                    .iter()
                    .filter(|name| alone(name, &in_now) && !alone(name, &in_then) && means(name))
                    .map(|name| (*name).to_owned())
                    .collect();
                expected.sort();
                if least.unwrap().0 == 0 || carrier.holder == Holder::Client {
                    expected.clear();
                }
                faults.unless(access.roles == expected, "diff-roles", || {
                    format!("expected {expected:?}, {}", context())
                });
            }
        }
    }
    // A role that comes to more scopes widens, wherever they are asked for.
    for role in &new.roles {
        let was = old.roles.iter().find(|one| one.name == role.name);
        let more = was.is_none_or(|_| {
            new.granted(&role.name).difference(&old.granted(&role.name)).next().is_some()
        });
        let less = was.is_some_and(|_| {
            old.granted(&role.name).difference(&new.granted(&role.name)).next().is_some()
        });
        for (verdict, changed) in [(Verdict::Widens, more), (Verdict::Narrows, less)] {
            let mut told = found.with(verdict).filter(|change| match &change.what {
                What::Setting(setting) => {
                    setting.path == format!("roles.{}", role.name)
                        || setting.path == format!("roles.{}.grants", role.name)
                }
                _ => false,
            });
            faults.unless(told.next().is_some() == changed, "diff-grants", || {
                format!("{} {verdict:?} {changed}\n{}\n{}", role.name, old.text(), new.text())
            });
        }
    }
}

/// `who-can` and `what-can`.
fn answers(world: &World, policy: &Policy, lock: &Lock, faults: &mut Faults) {
    let access = Access::of(policy);
    for (end, locked) in ends(world, lock) {
        let said = access.who_can(locked);
        if end.who == Who::Open {
            faults.unless(said.ways.is_empty() && said.refused.is_empty(), "who-can-open", || {
                format!("{said:?}")
            });
            continue;
        }
        for carrier in world.carriers() {
            let admitted: Vec<_> = everybody(&carrier, &[Some(&end.who)])
                .into_iter()
                .filter(|one| world.admits(&end.who, one))
                .collect();
            let way = said.ways.iter().find(|way| way.carrier == carrier);
            let context = || format!("{carrier} at {:?}: {way:?}\n{}", end.who, world.text());
            faults.unless(way.is_some() != admitted.is_empty(), "who-can", context);
            let Some(way) = way else { continue };
            let bare = admitted.iter().any(|one| one.roles.is_empty());
            faults.unless(way.without_role == bare, "who-can-without-role", context);
            let names = names(world, &carrier);
            let alone: BTreeSet<_> = admitted
                .iter()
                .filter(|one| one.roles.len() == 1 && carrier.holder != Holder::Client)
                .map(|one| one.roles[0].clone())
                .filter(|name| names.contains(name))
                .collect();
            let roles: BTreeSet<_> = way.roles.iter().cloned().collect();
            faults.unless(roles == alone, "who-can-roles", context);
            for one in &way.smallest {
                faults.unless(world.admits(&end.who, one), "who-can-smallest-refused", context);
                for less in smaller(one) {
                    faults.unless(!world.admits(&end.who, &less), "who-can-not-smallest", context);
                }
            }
        }
        for scheme in ["jwt", "session", "api_key", "partner"] {
            let known = world.carriers().iter().any(|carrier| carrier.scheme == scheme);
            let reached = said.ways.iter().any(|way| way.carrier.scheme == scheme);
            let refused = said.refused.iter().any(|name| name == scheme);
            faults
                .unless(refused == (known && !reached), "who-can-refused", || format!("{said:?}"));
        }
    }
    for role in &world.roles {
        let said = access.what_can(lock, &format!("role:{}", role.name)).unwrap();
        for end in &world.ends {
            let through: BTreeSet<_> = world
                .carriers()
                .into_iter()
                .filter(|carrier| matches!(carrier.holder, Holder::Account | Holder::Delegate))
                .filter(|carrier| {
                    let all = everybody(carrier, &[Some(&end.who)]);
                    all.iter()
                        .any(|one| one.roles == [role.name.clone()] && world.admits(&end.who, one))
                })
                .collect();
            let told =
                said.endpoints.iter().find(|one| one.method == end.method && one.path == end.path);
            let told: BTreeSet<_> =
                told.map(|one| one.through.iter().cloned().collect()).unwrap_or_default();
            let expected = if end.who == Who::Open { BTreeSet::new() } else { through };
            faults.unless(told == expected, "what-can-role", || {
                format!("{} {:?} {told:?} {expected:?}\n{}", role.name, end, world.text())
            });
        }
    }
}

fn names(world: &World, carrier: &Carrier) -> Vec<String> {
    match (&world.partner, carrier.holder) {
        (Some((_, table)), Holder::Foreign) => table.iter().map(|(name, _)| name.clone()).collect(),
        _ => world.roles.iter().map(|role| role.name.clone()).collect(),
    }
}

/// The same with one name less.
fn smaller(one: &Credential) -> Vec<Credential> {
    let mut all = Vec::new();
    for index in 0..one.roles.len() {
        let mut less = one.clone();
        less.roles.remove(index);
        all.push(less);
    }
    for index in 0..one.scopes.len() {
        let mut less = one.clone();
        less.scopes.remove(index);
        all.push(less);
    }
    all
}

/// The column of the lock that says who reaches an endpoint.
fn columns(world: &World, policy: &Policy, lock: &Lock, faults: &mut Faults) {
    let text = lock.write(policy);
    for end in &world.ends {
        let mut lines =
            text.lines().map(|line| (line, line.split_whitespace().collect::<Vec<_>>()));
        let (line, _) =
            lines.find(|(_, words)| words.starts_with(&[&end.method, &end.path])).unwrap();
        let said = line.split("-> ").nth(1).unwrap().split(" @ ").next().unwrap().trim();
        let Who::Guarded(ask) = &end.who else {
            faults.unless(said == "everybody", "lock-open", || line.to_owned());
            continue;
        };
        let admitted: Vec<Credential> = world
            .carriers()
            .iter()
            .flat_map(|carrier| everybody(carrier, &[Some(&end.who)]))
            .filter(|one| world.admits(&end.who, one))
            .collect();
        let accounts: Vec<_> = world
            .carriers()
            .into_iter()
            .filter(|one| one.holder == Holder::Account && ask.schemes.contains(&one.scheme))
            .collect();
        let mut parts = Vec::new();
        let of_accounts = || admitted.iter().filter(|one| one.holder == Holder::Account);
        if of_accounts().any(|one| one.roles.is_empty()) {
            parts.push("every account".to_owned());
        } else {
            let mut ways: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
            for one in of_accounts() {
                let mine: BTreeSet<_> =
                    one.roles.iter().flat_map(|role| world.closure(role)).collect();
                let least = one.roles.len() == 1
                    || !of_accounts().filter(|other| other.scheme == one.scheme).any(|other| {
                        let theirs: BTreeSet<_> =
                            other.roles.iter().flat_map(|role| world.closure(role)).collect();
                        theirs.is_subset(&mine)
                            && (theirs != mine || other.roles.len() < one.roles.len())
                    });
                if least
                    && one.roles.iter().all(|role| world.roles.iter().any(|it| it.name == *role))
                {
                    let mut roles = one.roles.clone();
                    roles.sort();
                    ways.entry(roles.join(" + ")).or_default().insert(&one.scheme);
                }
            }
            let ways: Vec<_> = ways
                .into_iter()
                .map(|(roles, schemes)| {
                    let by: Vec<_> = accounts.iter().map(|one| one.scheme.as_str()).collect();
                    let mut by: Vec<_> =
                        by.into_iter().filter(|one| schemes.contains(one)).collect();
                    by.sort_unstable();
                    match schemes.len() == accounts.len() {
                        true => roles,
                        false => format!("{roles} ({})", by.join(" | ")),
                    }
                })
                .collect();
            if !ways.is_empty() {
                parts.push(format!("role {}", ways.join(", ")));
            }
        }
        if admitted.iter().any(|one| matches!(one.holder, Holder::Client | Holder::Delegate)) {
            parts.push("client".to_owned());
        }
        if admitted.iter().any(|one| one.holder == Holder::Foreign) {
            parts.push("issuer partner".to_owned());
        }
        let expected = if parts.is_empty() { "nobody".to_owned() } else { parts.join("; ") };
        faults.unless(said == expected, "lock-column", || {
            format!("said {said}, expected {expected}, {ask:?}\n{}", world.text())
        });
    }
}

/// `never` and `always`.
fn statements(chance: &mut Chance, world: &World, faults: &mut Faults) {
    if world.roles.is_empty() {
        return;
    }
    let mut world = world.clone();
    let role = world.roles[chance.below(world.roles.len() as u64)].name.clone();
    let always = chance.percent(50);
    let of_endpoint = chance.percent(60) && !world.ends.is_empty();
    let (reaches, holds) = if of_endpoint {
        let index = chance.below(world.ends.len() as u64);
        let who = world.ends[index].who.clone();
        let reached = world.carriers().iter().any(|carrier| {
            let holders =
                if always { &[Holder::Account][..] } else { &[Holder::Account, Holder::Foreign] };
            let names: Vec<String> = match (&world.partner, carrier.holder) {
                (Some((_, table)), Holder::Foreign) => table
                    .iter()
                    .filter(|(_, ours)| *ours == role)
                    .map(|(name, _)| name.clone())
                    .collect(),
                _ => vec![role.clone()],
            };
            holders.contains(&carrier.holder)
                && everybody(carrier, &[Some(&who)]).iter().any(|one| {
                    one.roles.len() == 1 && names.contains(&one.roles[0]) && world.admits(&who, one)
                })
        });
        (Err(index), (reached || who == Who::Open) == always)
    } else {
        let scope = world.scopes[chance.below(world.scopes.len() as u64)].clone();
        let reached = world.granted(&role).contains(&scope);
        (Ok(scope), reached == always)
    };
    world.statements.push((always, role, reaches));
    let source = Source::new("p.yaml", world.text().into_bytes());
    let lock = Source::lock("p.lock", world.lock().into_bytes());
    let found = check_with_locks(&source, &[lock]).checked.diagnostics;
    let errors: Vec<_> = found.iter().filter(|one| one.severity == Severity::Error).collect();
    let told = errors.iter().any(|one| one.code == Code::InvariantBroken);
    faults.unless(told != holds && errors.len() == usize::from(told), "statement", || {
        format!("holds {holds}, {errors:?}\n{}\n{}", world.text(), world.lock())
    });
}

/// A file of tests that says what is so passes, and one that says anything else does not.
fn matrices(chance: &mut Chance, world: &World, policy: &Policy, lock: &Lock, faults: &mut Faults) {
    if world.ends.is_empty() {
        return;
    }
    type Table = BTreeMap<String, BTreeSet<String>>;
    let table = |who: &Who| -> Table {
        let mut table = Table::new();
        for carrier in world.carriers() {
            if carrier.holder == Holder::Delegate {
                continue;
            }
            for one in everybody(&carrier, &[Some(who)]) {
                let name = match (carrier.holder, one.roles.as_slice()) {
                    (Holder::Client, _) => "any client".to_owned(),
                    (_, []) => "no role".to_owned(),
                    (_, [one]) if names(world, &carrier).contains(one) => one.clone(),
                    _ => continue,
                };
                if world.admits(who, &one) {
                    table.entry(carrier.scheme.clone()).or_default().insert(name);
                }
            }
        }
        table
    };
    let written = |tables: &[Option<Table>]| {
        let mut text = "version: 1\nendpoints:\n".to_owned();
        for (end, table) in world.ends.iter().zip(tables) {
            let who = match table {
                None => "anyone".to_owned(),
                Some(table) if table.is_empty() => "nobody".to_owned(),
                Some(table) => {
                    let lists: Vec<_> = table
                        .iter()
                        .map(|(scheme, names)| {
                            let names: Vec<_> = names.iter().map(String::as_str).collect();
                            format!("{scheme}: [{}]", names.join(", "))
                        })
                        .collect();
                    format!("{{ {} }}", lists.join(", "))
                }
            };
            text += &format!("  {} {}: {who}\n", end.method, end.path);
        }
        text
    };
    let mut tables: Vec<Option<Table>> =
        world.ends.iter().map(|end| (end.who != Who::Open).then(|| table(&end.who))).collect();
    let run = |tables: &[Option<Table>]| {
        let source = Source::new("p.test.yaml", written(tables).into_bytes());
        let tests = PolicyTests::read(&source).unwrap();
        let outcome = tests.expect(&source, policy, lock).unwrap().run();
        (outcome.is_fine(), outcome.failures().len() + outcome.skipped())
    };
    let (fine, _) = run(&tables);
    faults.unless(fine, "matrix", || {
        format!("{}\n{}\n{}", written(&tables), world.text(), world.lock())
    });
    let index = chance.below(tables.len() as u64);
    let Some(table) = &mut tables[index] else { return };
    let carriers = world.carriers();
    let carriers: Vec<_> = carriers.iter().filter(|one| one.holder != Holder::Delegate).collect();
    let carrier = carriers[chance.below(carriers.len() as u64)];
    let mut words = names(world, carrier);
    words.push("no role".to_owned());
    let word = match carrier.holder {
        Holder::Client => "any client".to_owned(),
        _ => words[chance.below(words.len() as u64)].clone(),
    };
    let list = table.entry(carrier.scheme.clone()).or_default();
    if !list.remove(&word) {
        list.insert(word.clone());
    }
    table.retain(|_, list| !list.is_empty());
    let (fine, count) = run(&tables);
    faults.unless(!fine && count == 1, "matrix-of-something-else", || {
        format!("{count} for {word} through {carrier}\n{}\n{}", written(&tables), world.text())
    });
}

/// `explain`: the verdict, and the smallest change that turns it over.
fn explanations(
    chance: &mut Chance,
    world: &World,
    policy: &Policy,
    lock: &Lock,
    faults: &mut Faults,
) {
    if world.ends.is_empty() {
        return;
    }
    let end = world.ends[chance.below(world.ends.len() as u64)].clone();
    let Who::Guarded(ask) = &end.who else { return };
    let some = |chance: &mut Chance, of: u64, names: &[&str]| -> Vec<String> {
        chance.some(of, names).into_iter().map(str::to_owned).collect()
    };
    let carriers = world.carriers();
    let carrier = &carriers[chance.below(carriers.len() as u64)];
    let foreign = carrier.holder == Holder::Foreign;
    let client = matches!(carrier.holder, Holder::Client | Holder::Delegate);
    let mut roles = some(chance, 40, if foreign { &THEIRS } else { &ROLES });
    match carrier.holder {
        Holder::Client => roles.clear(),
        Holder::Delegate if roles.is_empty() => roles.push("abe".to_owned()),
        _ => {}
    }
    let holds = Holds {
        roles,
        scheme: Some(carrier.scheme.clone()),
        scopes: chance.percent(60).then(|| some(chance, 50, &SCOPES)),
        client,
        signed_in: chance.percent(40).then(|| Seconds([0, 300, 600][chance.below(3)])),
        acr: None,
    };
    let source = Source::new("p.yaml", world.text().into_bytes());
    let question = Question::about(&source, policy, lock).unwrap();
    let Ok(said) = question.explain(lock.endpoint(&end.method, &end.path).unwrap(), &holds) else {
        faults.unless(false, "explain-refused", || format!("{holds:?}"));
        return;
    };
    let one = said.credential.clone().unwrap();
    let context = || format!("{one} at {ask:?} of {holds:?}\n{:?}\n{}", said.flip, world.text());
    let before = world.admits(&end.who, &one);
    faults.unless(said.verdict.is_allowed() == before, "explain-verdict", context);
    faults.unless(one.carrier() == *carrier, "explain-carrier", context);
    let start = (world.clone(), one.clone());
    let told = said.flip.as_ref().map(|flip| flip.edits.clone());
    if let Some(edits) = &told {
        let after = edits.iter().fold(start.clone(), |at, edit| edited(&at, edit, ask, &holds));
        faults.unless(
            after.0.admits(&end.who, &after.1) != before,
            "explain-does-not-flip",
            context,
        );
        if matches!(edits[..], [Edit::Present { .. }]) {
            return;
        }
    }
    let possible = possible(world, &one, ask, before);
    let most = told.as_ref().map_or(2, |edits| edits.len() - 1).min(2);
    let mut fewer: Vec<Vec<&Edit>> = Vec::new();
    if most >= 1 {
        fewer.extend(possible.iter().map(|edit| vec![edit]));
    }
    if most >= 2 {
        for (n, first) in possible.iter().enumerate() {
            fewer.extend(possible[..n].iter().map(|second| vec![first, second]));
        }
    }
    let found = fewer.into_iter().find(|edits| {
        let after = edits.iter().fold(start.clone(), |at, edit| edited(&at, edit, ask, &holds));
        after.0.admits(&end.who, &after.1) != before
    });
    let kind = match (&told, before) {
        (None, true) => "explain-no-change-to-refuse",
        (None, false) => "explain-no-change-to-admit",
        (Some(_), true) => "explain-fewer-to-refuse",
        (Some(_), false) => "explain-fewer-to-admit",
    };
    faults.unless(found.is_none(), kind, || format!("{found:?} would do: {}", context()));
}

/// The policy and the caller after an edit.
fn edited(
    (world, one): &(World, Credential),
    edit: &Edit,
    ask: &Ask,
    holds: &Holds,
) -> (World, Credential) {
    let (mut world, mut one) = (world.clone(), one.clone());
    let all = || holds.scopes.clone().unwrap_or_else(|| ask.scopes.clone());
    match edit {
        Edit::Grant { scope, role, .. } => {
            let role = world.roles.iter_mut().find(|it| it.name == *role).unwrap();
            role.grants.push(scope.clone());
        }
        Edit::Raise { scope, scheme, .. } if scheme == "api_key" => {
            world.key.as_mut().unwrap().push(scope.clone());
        }
        Edit::Raise { scope, .. } => world.partner.as_mut().unwrap().0.push(scope.clone()),
        Edit::Remove { word, of, .. } => {
            if let Some(role) = world.roles.iter_mut().find(|it| it.name == *of) {
                role.grants.retain(|it| it != word);
            } else if of == "api_key" {
                world.key.as_mut().unwrap().retain(|it| it != word);
            } else {
                world.partner.as_mut().unwrap().0.retain(|it| it != word);
            }
        }
        Edit::Hold { role } => one.roles.push(role.clone()),
        Edit::Carry { scope } => one.scopes.push(scope.clone()),
        Edit::Use { scheme } => {
            one.scheme.clone_from(scheme);
            one.scopes = all();
        }
        Edit::AskInPerson => one.holder = Holder::Account,
        Edit::Present { credential } => one = credential.clone(),
        Edit::SignIn => {
            one.signed_in = Some(Seconds(0));
            one.acr.clone_from(&ask.acr);
        }
    }
    (world, one)
}

/// Every single thing that can be done.
fn possible(world: &World, one: &Credential, ask: &Ask, admitted: bool) -> Vec<Edit> {
    let place = auth_policy::settings::Place::default();
    let mut edits = Vec::new();
    if admitted {
        let lists = world.roles.iter().map(|role| (role.name.as_str(), role.grants.clone()));
        let keys = world.key.iter().map(|grants| ("api_key", grants.clone()));
        let partner = world.partner.iter().map(|(grants, _)| ("partner", grants.clone()));
        for (of, words) in lists.chain(keys).chain(partner) {
            for word in words {
                edits.push(Edit::Remove { word, of: of.to_owned(), place });
            }
        }
        return edits;
    }
    edits.push(Edit::SignIn);
    for scope in ask.scopes.iter().filter(|scope| world.scopes.contains(scope)) {
        edits.push(Edit::Carry { scope: scope.clone() });
        for (scheme, there) in
            [("api_key", world.key.is_some()), ("partner", world.partner.is_some())]
        {
            if there {
                edits.push(Edit::Raise { scope: scope.clone(), scheme: scheme.to_owned(), place });
            }
        }
        for role in &world.roles {
            edits.push(Edit::Grant { scope: scope.clone(), role: role.name.clone(), place });
        }
    }
    edits.extend(names(world, &one.carrier()).into_iter().map(|role| Edit::Hold { role }));
    if one.holder == Holder::Delegate {
        edits.insert(0, Edit::AskInPerson);
    }
    if one.holder == Holder::Account {
        let others = world.carriers().into_iter().filter(|it| it.holder == Holder::Account);
        edits.extend(others.map(|it| Edit::Use { scheme: it.scheme }));
    }
    edits
}

/// A rule of the policy is accepted only if every scheme that it names can meet it.
fn rules(chance: &mut Chance, world: &World, faults: &mut Faults) {
    let mut world = world.clone();
    let mut ask = world.ask(chance);
    ask.people = false;
    world.rules.push(("it".to_owned(), ask.clone()));
    let found = check(&Source::new("p.yaml", world.text().into_bytes()));
    let who = Who::Guarded(ask.clone());
    let reached = |scheme: &String| {
        let carriers = world.carriers();
        let mut of_it = carriers.iter().filter(|carrier| carrier.scheme == *scheme);
        of_it.any(|carrier| {
            everybody(carrier, &[Some(&who)]).iter().any(|one| world.admits(&who, one))
        })
    };
    let reached = ask.schemes.iter().filter(|scheme| reached(scheme)).count();
    let context = || format!("{reached} of {ask:?}: {:?}\n{}", found.diagnostics, world.text());
    if found.policy.is_some() {
        faults.unless(reached > 0, "rule-nobody-meets", context);
    }
    if reached == ask.schemes.len() && !ask.schemes.is_empty() {
        let wrong = found.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        // What a client alone would meet is refused as well: no account ever does.
        let accounts = |scheme: &String| {
            let mut carriers = world.carriers().into_iter();
            let carrier = carriers.find(|carrier| {
                carrier.scheme == *scheme
                    && !matches!(carrier.holder, Holder::Client | Holder::Delegate)
            });
            carrier.is_some_and(|carrier| {
                everybody(&carrier, &[Some(&who)]).iter().any(|one| world.admits(&who, one))
            })
        };
        // So is a scope among several that nobody ever has.
        let each = ask.scopes.iter().all(|scope| {
            world.roles.iter().any(|role| world.granted(&role.name).contains(scope))
                && (world.key.as_ref().is_none_or(|grants| grants.contains(scope)))
                && (world.partner.as_ref().is_none_or(|(grants, _)| grants.contains(scope)))
        });
        let by_accounts = each && ask.schemes.iter().all(accounts);
        faults.unless(wrong.count() == 0 || !by_accounts, "rule-refused", context);
    }
}
