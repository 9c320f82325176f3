//! A policy and its lock as the documents describe them, and what they say of a credential. In:
//! chance. Out: text for the tools, and the answer worked out from the documents alone.

use std::collections::BTreeSet;

use auth_policy::{
    access::{Carrier, Credential, Holder},
    settings::Seconds,
};

pub(crate) const ROLES: [&str; 3] = ["zed", "mid", "abe"];
pub(crate) const SCOPES: [&str; 4] = ["read:a", "write:a", "read:b", "x"];
pub(crate) const THEIRS: [&str; 2] = ["boss", "guest"];
pub(crate) const ACRS: [&str; 3] = ["acr-1", "acr-2", "acr-3"];
const WORDS: [&str; 4] = ["*", "read:*", "*:a", "write:*"];
const SCHEMES: [&str; 4] = ["jwt", "session", "api_key", "partner"];

/// Chance that can be repeated (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> usize {
        (self.next() % end) as usize
    }

    pub(crate) fn percent(&mut self, of: u64) -> bool {
        self.next() % 100 < of
    }

    pub(crate) fn some<'n>(&mut self, of: u64, names: &[&'n str]) -> Vec<&'n str> {
        names.iter().copied().filter(|_| self.percent(of)).collect()
    }

    pub(crate) fn one<'n>(&mut self, names: &[&'n str]) -> &'n str {
        names[self.below(names.len() as u64)]
    }
}

/// What a handler, or a rule of the policy, asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) schemes: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) any: bool,
    pub(crate) role: Option<String>,
    pub(crate) max_age: Option<u64>,
    pub(crate) acr: Option<String>,
    pub(crate) people: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Open,
    Guarded(Ask),
}

#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) who: Who,
    pub(crate) rule: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) includes: Vec<String>,
    /// Words as written, wildcards among them.
    pub(crate) grants: Vec<String>,
}

/// What a foreign issuer may grant, and which of our roles its names mean.
pub(crate) type Partner = (Vec<String>, Vec<(String, String)>);

#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) jwt: bool,
    pub(crate) session: bool,
    pub(crate) key: Option<Vec<String>>,
    pub(crate) partner: Option<Partner>,
    pub(crate) oauth: bool,
    pub(crate) acrs: Vec<String>,
    pub(crate) rules: Vec<(String, Ask)>,
    /// Whether it is `always`, the role, and the scope or the endpoint.
    pub(crate) statements: Vec<(bool, String, Result<String, usize>)>,
    pub(crate) ends: Vec<End>,
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

impl World {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let scopes = owned(chance.some(80, &SCOPES));
        let scopes = if scopes.is_empty() { vec!["read:a".to_owned()] } else { scopes };
        let mut world = Self { scopes, ..Self::default() };
        world.roles(chance);
        world.schemes(chance);
        world.acrs = match chance.below(4) {
            0 => Vec::new(),
            1 => owned(vec!["acr-2", "acr-1", "acr-3"]),
            2 => owned(vec!["acr-1", "acr-2"]),
            _ => owned(ACRS.to_vec()),
        };
        for (path, methods) in [("/a", ["GET", "POST"]), ("/b/{id}", ["DELETE", "ANY"])] {
            for method in methods {
                if chance.percent(80) {
                    let who = world.who(chance);
                    world.ends.push(End {
                        method: method.to_owned(),
                        path: path.to_owned(),
                        who,
                        rule: None,
                    });
                }
            }
        }
        world
    }

    fn roles(&mut self, chance: &mut Chance) {
        let mut names = ROLES.to_vec();
        names.rotate_left(chance.below(3));
        for name in names {
            if !chance.percent(85) {
                continue;
            }
            let earlier: Vec<_> = self.roles.iter().map(|role| role.name.clone()).collect();
            let includes = earlier.into_iter().filter(|_| chance.percent(35)).collect();
            let mut grants: Vec<_> =
                self.scopes.clone().into_iter().filter(|_| chance.percent(35)).collect();
            let word = chance.one(&WORDS).to_owned();
            if chance.percent(15) && !self.meaning(&word).is_empty() {
                grants.push(word);
            }
            self.roles.push(Role { name: name.to_owned(), includes, grants });
        }
    }

    fn schemes(&mut self, chance: &mut Chance) {
        self.jwt = chance.percent(85);
        self.session = chance.percent(70) || !self.jwt;
        let some = |chance: &mut Chance, scopes: &[String]| -> Vec<String> {
            scopes.iter().filter(|_| chance.percent(60)).cloned().collect()
        };
        if chance.percent(60) {
            self.key = Some(some(chance, &self.scopes));
        }
        if chance.percent(60) {
            let mut table = Vec::new();
            for theirs in THEIRS {
                if chance.percent(75) && !self.roles.is_empty() {
                    let ours = self.roles[chance.below(self.roles.len() as u64)].name.clone();
                    table.push((theirs.to_owned(), ours));
                }
            }
            self.partner = Some((some(chance, &self.scopes), table));
        }
        self.oauth = self.jwt && chance.percent(60);
    }

    fn declared(&self) -> Vec<&'static str> {
        let there = [self.jwt, self.session, self.key.is_some(), self.partner.is_some()];
        SCHEMES.into_iter().zip(there).filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }

    /// What an endpoint asks for: mostly what the policy declares.
    pub(crate) fn who(&self, chance: &mut Chance) -> Who {
        if chance.percent(8) {
            return Who::Open;
        }
        Who::Guarded(self.ask(chance))
    }

    pub(crate) fn ask(&self, chance: &mut Chance) -> Ask {
        let known = self.declared();
        let mut schemes = chance.some(65, &known);
        if schemes.is_empty() {
            schemes = vec![chance.one(&known)];
        }
        let of = |chance: &mut Chance, names: Vec<String>, share| -> Vec<String> {
            names.into_iter().filter(|_| chance.percent(share)).collect()
        };
        let roles: Vec<_> = self.roles.iter().map(|role| role.name.as_str()).collect();
        Ask {
            schemes: owned(schemes),
            scopes: of(chance, self.scopes.clone(), 40),
            any: chance.percent(40),
            role: (chance.percent(25) && !roles.is_empty()).then(|| chance.one(&roles).to_owned()),
            max_age: chance.percent(20).then(|| [300, 600][chance.below(2)]),
            acr: (chance.percent(20) && !self.acrs.is_empty())
                .then(|| self.acrs[chance.below(self.acrs.len() as u64)].clone()),
            people: chance.percent(10),
        }
    }

    /// The same with something changed.
    pub(crate) fn changed(&self, chance: &mut Chance) -> Self {
        let mut new = self.clone();
        let other = Self::new(chance);
        for _ in 0..=chance.below(3) {
            match chance.below(9) {
                0 => {
                    let role = chance.below(3);
                    let scopes = new.scopes.clone();
                    if let Some(role) = new.roles.get_mut(role) {
                        let scope = scopes[chance.below(scopes.len() as u64)].clone();
                        if let Some(there) = role.grants.iter().position(|word| *word == scope) {
                            role.grants.remove(there);
                        } else {
                            role.grants.push(scope);
                        }
                    }
                }
                1 | 2 => {
                    let end = chance.below(4);
                    let who = new.who(chance);
                    if let Some(end) = new.ends.get_mut(end) {
                        end.who = who;
                    }
                }
                3 => {
                    let end = chance.below(4);
                    if let Some(End { who: Who::Guarded(ask), .. }) = new.ends.get_mut(end) {
                        match chance.below(6) {
                            0 => ask.any = !ask.any,
                            1 => ask.people = !ask.people,
                            2 => ask.max_age = ask.max_age.map_or(Some(300), |_| None),
                            3 => drop(ask.scopes.pop()),
                            4 => ask.role = None,
                            _ => ask.acr = None,
                        }
                    }
                }
                4 => new.oauth = new.jwt && !new.oauth,
                5 => new.acrs.clone_from(&other.acrs),
                6 => new.ends.clone_from(&other.ends),
                7 => {
                    let (ends, acrs) = (new.ends.clone(), new.acrs.clone());
                    new = Self { ends, acrs, ..other.clone() };
                }
                _ => {
                    if let (Some((grants, _)), Some((others, _))) =
                        (&mut new.partner, &other.partner)
                    {
                        *grants =
                            others.iter().filter(|one| new.scopes.contains(one)).cloned().collect();
                    }
                    if let (Some(grants), Some(others)) = (&mut new.key, &other.key) {
                        *grants =
                            others.iter().filter(|one| new.scopes.contains(one)).cloned().collect();
                    }
                }
            }
        }
        new
    }

    /// The scopes a word of a grant stands for.
    pub(crate) fn meaning(&self, word: &str) -> BTreeSet<String> {
        let fits = |scope: &&String| match (word, word.strip_suffix('*'), word.strip_prefix('*')) {
            ("*", ..) => true,
            (_, Some(start), _) => scope.starts_with(start),
            (_, _, Some(end)) => scope.ends_with(end),
            _ => *scope == word,
        };
        self.scopes.iter().filter(fits).cloned().collect()
    }

    /// The role and all it includes.
    pub(crate) fn closure(&self, role: &str) -> BTreeSet<String> {
        let Some(found) = self.roles.iter().find(|one| one.name == role) else {
            return BTreeSet::new();
        };
        let below = found.includes.iter().flat_map(|name| self.closure(name));
        below.chain([role.to_owned()]).collect()
    }

    pub(crate) fn granted(&self, role: &str) -> BTreeSet<String> {
        let closure = self.closure(role);
        let roles = self.roles.iter().filter(|one| closure.contains(&one.name));
        roles.flat_map(|one| &one.grants).flat_map(|word| self.meaning(word)).collect()
    }

    pub(crate) fn carriers(&self) -> Vec<Carrier> {
        let mut all = Vec::new();
        for scheme in self.declared() {
            let holders: &[Holder] = match scheme {
                "partner" => &[Holder::Foreign],
                "jwt" if self.oauth => &[Holder::Account, Holder::Delegate, Holder::Client],
                _ => &[Holder::Account],
            };
            for holder in holders {
                all.push(Carrier { scheme: scheme.to_owned(), holder: *holder });
            }
        }
        all
    }

    /// The answer, as the documents have it.
    pub(crate) fn admits(&self, who: &Who, one: &Credential) -> bool {
        let Who::Guarded(ask) = who else { return true };
        if !ask.schemes.contains(&one.scheme) || !self.carriers().contains(&one.carrier()) {
            return false;
        }
        let client = matches!(one.holder, Holder::Delegate | Holder::Client);
        if client && ask.people {
            return false;
        }
        // What no scope stands for nobody has let a client have, unless programs are meant anyway.
        let programs = self.key.is_some() && ask.schemes.iter().any(|scheme| scheme == "api_key");
        if one.holder == Holder::Delegate && ask.scopes.is_empty() && !programs {
            return false;
        }
        let held: Vec<String> = match (&self.partner, one.holder) {
            (Some((_, table)), Holder::Foreign) => {
                let ours = table.iter().filter(|(theirs, _)| one.roles.contains(theirs));
                ours.map(|(_, ours)| ours.clone()).collect()
            }
            _ => one.roles.clone(),
        };
        let is_a: BTreeSet<_> = held.iter().flat_map(|role| self.closure(role)).collect();
        let role_counts = !client && one.scheme != "api_key";
        if ask.role.as_ref().is_some_and(|role| !role_counts || !is_a.contains(role)) {
            return false;
        }
        let granted: BTreeSet<_> = held.iter().flat_map(|role| self.granted(role)).collect();
        let carried: BTreeSet<_> =
            one.scopes.iter().filter(|name| self.scopes.contains(name)).cloned().collect();
        let effective: BTreeSet<String> = match (one.scheme.as_str(), one.holder) {
            ("session", _) => granted,
            ("partner", _) => {
                let ceiling = self.partner.as_ref().map(|(grants, _)| grants.clone()).unwrap();
                carried.into_iter().filter(|scope| ceiling.contains(scope)).collect()
            }
            (_, Holder::Client) => carried,
            ("api_key", _) => {
                let ceiling = self.key.clone().unwrap();
                let mine = carried.intersection(&granted);
                mine.filter(|scope| ceiling.contains(scope)).cloned().collect()
            }
            _ => carried.intersection(&granted).cloned().collect(),
        };
        let has = |scope: &String| effective.contains(scope);
        let scopes = match ask.any && !ask.scopes.is_empty() {
            true => ask.scopes.iter().any(has),
            false => ask.scopes.iter().all(has),
        };
        let somebody_signed_in = one.scheme != "api_key" && one.holder != Holder::Client;
        let recent = ask
            .max_age
            .is_none_or(|age| somebody_signed_in && one.signed_in.is_some_and(|ago| ago.0 < age));
        let strength = |acr: &String| self.acrs.iter().position(|known| known == acr);
        let strong = ask.acr.as_ref().is_none_or(|asked| {
            let held = one.acr.as_ref().and_then(strength);
            somebody_signed_in && strength(asked).is_some_and(|asked| held >= Some(asked))
        });
        scopes && recent && strong
    }

    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&End> {
        self.ends.iter().find(|end| end.method == method && end.path == path)
    }

    pub(crate) fn text(&self) -> String {
        let list = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            format!("[{}]", names.join(", "))
        };
        let mut text = "version: 1\nscopes:\n".to_owned();
        for scope in &self.scopes {
            text += &format!("  \"{scope}\": It\n");
        }
        if !self.roles.is_empty() {
            text += "roles:\n";
        }
        for Role { name, includes, grants } in &self.roles {
            text += &format!(
                "  {name}: {{ includes: {}, grants: {} }}\n",
                list(includes),
                list(grants)
            );
        }
        text += "schemes:\n";
        if self.jwt {
            text += "  jwt:\n    issuer: https://a.example\n    audience: api\n    algorithms: [EdDSA]\n    keys: ${KEYS}\n    access_ttl: 15m\n    refresh_ttl: 7d\n";
        }
        if self.session {
            text += "  session: { idle: 30m, lifetime: 24h }\n";
        }
        if let Some(grants) = &self.key {
            text +=
                &format!("  api_key: {{ prefix: test, grants: {}, max_ttl: 90d }}\n", list(grants));
        }
        if let Some((grants, table)) = &self.partner {
            let table: Vec<_> =
                table.iter().map(|(theirs, ours)| format!("{theirs}: {ours}")).collect();
            text += &format!(
                "issuers:\n  partner:\n    issuer: https://p.example\n    audience: api\n    algorithms: [ES256]\n    may_grant: {}\n    roles: {{ {} }}\n",
                list(grants),
                table.join(", ")
            );
        }
        if self.oauth {
            text += "limits:\n  token: { rate: 10/hour, by: address }\nendpoints:\n  token: { limit: token }\noauth:\n  grants: [client_credentials]\n";
        }
        if !self.acrs.is_empty() {
            text += &format!("acr_values: {}\n", list(&self.acrs));
        }
        for (name, ask) in self.rules.iter().take(1) {
            text += &format!("rules:\n  {name}:\n    schemes: {}\n", list(&ask.schemes));
            match (ask.scopes.is_empty(), ask.any) {
                (true, _) => {}
                (_, true) => text += &format!("    scopes: {{ any: {} }}\n", list(&ask.scopes)),
                (_, false) => text += &format!("    scopes: {}\n", list(&ask.scopes)),
            }
            if let Some(role) = &ask.role {
                text += &format!("    role: {role}\n");
            }
            if let Some(age) = ask.max_age {
                text += &format!("    max_age: {age}s\n");
            }
            if let Some(acr) = &ask.acr {
                text += &format!("    acr: {acr}\n");
            }
        }
        for always in [true, false] {
            let those = self.statements.iter().filter(|(it, ..)| *it == always);
            let lines: Vec<_> = those
                .map(|(_, role, reaches)| match reaches {
                    Ok(scope) => {
                        format!("  - role: {role}\n    reaches: {{ scopes: \"{scope}\" }}\n")
                    }
                    Err(index) => {
                        let End { method, path, .. } = &self.ends[*index];
                        format!(
                            "  - role: {role}\n    reaches: {{ endpoint: \"{method} {path}\" }}\n"
                        )
                    }
                })
                .collect();
            if !lines.is_empty() {
                text += if always { "always:\n" } else { "never:\n" };
                text += &lines.concat();
            }
        }
        text
    }

    pub(crate) fn lock(&self) -> String {
        let mut text = "lock 1 of p.yaml\n\n".to_owned();
        for End { method, path, who, rule } in &self.ends {
            text += &format!("{method}  {path}  ");
            match who {
                Who::Open => text += "public  -> everybody  @ a::it  reason \"for all\"\n",
                Who::Guarded(ask) => {
                    let between = if ask.any { " or " } else { " and " };
                    let mut parts = Vec::new();
                    if !ask.scopes.is_empty() {
                        parts.push(format!("scope {}", ask.scopes.join(between)));
                    }
                    parts.extend(ask.role.as_ref().map(|role| format!("role {role}")));
                    parts.extend(ask.max_age.map(|age| format!("max_age {age}s")));
                    parts.extend(ask.acr.as_ref().map(|acr| format!("acr {acr}")));
                    parts.extend(ask.people.then(|| "people".to_owned()));
                    parts.extend(rule.as_ref().map(|rule| format!("rule {rule}")));
                    text += &format!(
                        "{}  {}  -> nobody  @ a::it\n",
                        ask.schemes.join(" | "),
                        parts.join("; ")
                    );
                }
            }
        }
        text
    }
}

/// Everybody with one kind of credential, as far as the differences matter here.
pub(crate) fn everybody(carrier: &Carrier, asks: &[Option<&Who>]) -> Vec<Credential> {
    let guards = || {
        asks.iter().flatten().filter_map(|who| match who {
            Who::Guarded(ask) => Some(ask),
            Who::Open => None,
        })
    };
    let ages: Vec<Option<u64>> = match guards().any(|ask| ask.max_age.is_some()) {
        true => vec![None, Some(0), Some(299), Some(300), Some(600)],
        false => vec![None],
    };
    let acrs: Vec<Option<&str>> = match guards().any(|ask| ask.acr.is_some()) {
        true => [None].into_iter().chain(ACRS.map(Some)).chain([Some("other")]).collect(),
        false => vec![None],
    };
    let names: &[&str] = if carrier.holder == Holder::Foreign { &THEIRS } else { &ROLES };
    let mut all = Vec::new();
    for roles in subsets(names) {
        for scopes in subsets(&SCOPES) {
            for age in &ages {
                for acr in &acrs {
                    let mut one = Credential::new(carrier)
                        .roles(roles.iter().copied())
                        .scopes(scopes.iter().copied());
                    one.signed_in = age.map(Seconds);
                    one.acr = acr.map(str::to_owned);
                    all.push(one);
                }
            }
        }
    }
    all
}

pub(crate) fn subsets<'n>(names: &[&'n str]) -> Vec<Vec<&'n str>> {
    let picked = |bits: usize| {
        let names = names.iter().enumerate().filter(move |(n, _)| bits >> n & 1 == 1);
        names.map(|(_, name)| *name).collect()
    };
    (0..1usize << names.len()).map(picked).collect()
}
