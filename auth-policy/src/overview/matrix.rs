//! Who may call what, as a table. In: a policy and its lock. Out: a row for each guarded endpoint, a
//! column for each role, and in each cell the schemes by which that role alone reaches it.

use std::collections::HashMap;

use super::markup::text;
use crate::{
    access::{Access, Carrier, Holder},
    lock::{Lock, Rule},
    policy::Policy,
};

/// What a row says of the rule it is about: the cells.
type Cells = String;

pub(super) fn matrix(policy: &Policy, lock: &Lock) -> String {
    let access = Access::of(policy);
    let carriers = access.carriers();
    let letters = letters(policy);
    let mut head = "<th scope=\"col\">endpoint</th><th scope=\"col\">asks for</th>\
                    <th scope=\"col\" class=\"role\"><span>no role</span></th>"
        .to_owned();
    for role in policy.roles() {
        head += &format!("<th scope=\"col\" class=\"role\"><span>{}</span></th>", text(&role.name));
    }
    head += "<th scope=\"col\" class=\"role\"><span>clients</span></th>";
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
        "<section id=\"matrix\">\n<h2>Who may call what</h2>\n<p>Each role alone, with every scope \
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
    let mut cells = cell(&without);
    for role in access.policy().roles() {
        cells += &cell(by_role.get(&role.name).map_or(&[], Vec::as_slice));
    }
    cells + &cell(&clients)
}

fn cell(marks: &[&str]) -> String {
    if marks.is_empty() {
        return "<td></td>".to_owned();
    }
    format!("<td class=\"yes\">{}</td>", text(&marks.join(" ")))
}
