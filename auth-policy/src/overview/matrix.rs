//! Who may call what, as a table. In: a policy and its lock. Out: a row for each guarded endpoint, a
//! column for each role, and in each cell the schemes by which that role alone reaches it.
//!
//! On a phone, and on paper where the roles are many, columns do not fit: there the last one names whoever
//! reaches the endpoint instead.

use std::collections::HashMap;

use super::markup::text;
use crate::{
    access::{Access, Carrier, Holder},
    lock::{Lock, Rule},
    policy::{Policy, RoleId},
};

/// What a row says of the rule it is about: the cells.
type Cells = String;

/// How many roles have columns that fit on paper.
const MOST_ON_PAPER: usize = 12;
/// How many names are listed whatever includes them.
const FEW: usize = 6;

pub(super) fn matrix(policy: &Policy, lock: &Lock) -> String {
    let access = Access::of(policy);
    let carriers = access.carriers();
    let letters = letters(policy);
    let mut head = "<th scope=\"col\">endpoint</th><th scope=\"col\" class=\"asks\">asks for</th>\
                    <th scope=\"col\" class=\"role\"><span>no role</span></th>"
        .to_owned();
    for role in policy.roles() {
        head += &format!("<th scope=\"col\" class=\"role\"><span>{}</span></th>", text(&role.name));
    }
    head += "<th scope=\"col\" class=\"role\"><span>clients</span></th>\
             <th scope=\"col\" class=\"who\">who</th>";
    let many = if policy.roles().len() > MOST_ON_PAPER { " class=\"many\"" } else { "" };
    // Equal rules have equal cells: a large application has few rules.
    let mut known: HashMap<String, Cells> = HashMap::new();
    let mut rows = String::new();
    for endpoint in &lock.endpoints {
        let Rule::Guarded(guard) = &endpoint.rule else { continue };
        let rule = endpoint.rule.to_string();
        let key = format!("{rule} {}", guard.people_only);
        let cells =
            known.entry(key).or_insert_with(|| cells(&access, &carriers, &letters, &endpoint.rule));
        rows += &format!(
            "<tr><th scope=\"row\"><code>{} {}</code></th><td class=\"asks\">{}</td>{cells}</tr>\n",
            text(&endpoint.method),
            text(&endpoint.path),
            text(&rule),
        );
    }
    let legend: Vec<_> = letters
        .iter()
        .map(|(scheme, letter)| format!("<b>{}</b> {}", text(letter), text(scheme)))
        .collect();
    format!(
        "<section id=\"matrix\"{many}>\n<h2>Who may call what</h2>\n<p>Each role alone, with every scope \
         that it can carry: {}. A client acts for itself, within what it is registered for.</p>\n\
         <p id=\"filter\" hidden><label>Show rows with <input type=\"search\" \
         autocomplete=\"off\"></label></p>\n<div class=\"wide\">\n<table>\n<thead><tr>{head}</tr>\
         </thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        legend.join(", ")
    )
}

/// One mark for each scheme: its first letter, and more of them where two begin with the same.
fn letters(policy: &Policy) -> Vec<(String, String)> {
    let names: Vec<_> = policy.schemes().iter().map(|scheme| scheme.name.as_str()).collect();
    let mark = |name: &str| {
        let fits = |length: &usize| {
            let start: String = name.chars().take(*length).collect();
            names.iter().filter(|other| other.starts_with(&start)).count() == 1
        };
        let length = (1..=name.chars().count()).find(fits).unwrap_or(name.len());
        name.chars().take(length).collect::<String>()
    };
    names.iter().map(|name| ((*name).to_owned(), mark(name))).collect()
}

fn cells(
    access: &Access<'_>,
    carriers: &[Carrier],
    letters: &[(String, String)],
    rule: &Rule,
) -> Cells {
    let mark = |scheme: &str| {
        letters.iter().find(|(name, _)| name == scheme).map_or("", |(_, mark)| mark.as_str())
    };
    let mut without = Vec::new();
    let mut clients = Vec::new();
    let mut by_role: HashMap<String, Vec<&str>> = HashMap::new();
    for carrier in carriers {
        let mark = mark(&carrier.scheme);
        if carrier.holder == Holder::Client && access.reaches(rule, carrier) {
            clients.push(mark);
        }
        if matches!(carrier.holder, Holder::Account | Holder::Foreign) {
            let smallest = access.smallest(rule, carrier).credentials;
            if smallest.iter().any(|one| one.roles.is_empty()) {
                without.push(mark);
            }
        }
        if carrier.holder == Holder::Account {
            for role in access.roles_that_reach(rule, carrier) {
                by_role.entry(role).or_default().push(mark);
            }
        }
    }
    let roles = access.policy().roles().iter();
    let by_role = roles
        .map(|role| (role.name.as_str(), by_role.get(&role.name).map_or(&[][..], Vec::as_slice)));
    let all = [("no role", &without[..])].into_iter().chain(by_role);
    let all: Vec<_> = all.chain([("clients", &clients[..])]).collect();
    all.iter().map(|(_, marks)| cell(marks)).collect::<String>() + &who(access.policy(), &all)
}

fn cell(marks: &[&str]) -> String {
    if marks.is_empty() {
        return "<td></td>".to_owned();
    }
    format!("<td class=\"yes\">{}</td>", text(&marks.join(" ")))
}

/// The same in words: those with the same marks together.
fn who(policy: &Policy, all: &[(&str, &[&str])]) -> String {
    let mut groups: Vec<(&[&str], Vec<&str>)> = Vec::new();
    for (name, marks) in all.iter().filter(|(_, marks)| !marks.is_empty()) {
        match groups.iter_mut().find(|(known, _)| known == marks) {
            Some((_, names)) => names.push(name),
            None => groups.push((marks, vec![name])),
        }
    }
    let told = groups.iter().map(|(marks, names)| {
        format!("<b>{}</b> {}", text(&marks.join(" ")), text(&listed(policy, names)))
    });
    let told: Vec<_> = told.collect();
    let told = if told.is_empty() { "nobody".to_owned() } else { told.join("; ") };
    format!("<td class=\"who\">{told}</td>")
}

/// Several names; of many, those that include none of the others.
fn listed(policy: &Policy, names: &[&str]) -> String {
    let ids: Vec<_> = names.iter().map(|name| policy.role_id(name)).collect();
    let includes = |id: RoleId| {
        let role = policy.role(id);
        let others = ids.iter().flatten().filter(move |other| **other != id);
        role.is_some_and(|role| {
            others.clone().any(|other| role.all_roles.binary_search(other).is_ok())
        })
    };
    let lowest = names.iter().zip(&ids).filter(|(_, id)| !id.is_some_and(includes));
    let lowest: Vec<_> = lowest.map(|(name, _)| *name).collect();
    match names.len() - lowest.len() {
        more if names.len() > FEW && more > 0 => {
            format!("{} and {more} that include one of them", lowest.join(", "))
        }
        _ => names.join(", "),
    }
}
