//! Which role includes which, as a picture. In: a policy. Out: an SVG in layers: a role stands above
//! all that it includes; and the same as a table, where the picture is too large for what it is shown on.

use super::markup::{counted, text};
use crate::policy::{Policy, Role, RoleId};

/// In units of the picture.
const WIDTH: usize = 168;
const HEIGHT: usize = 44;
const GAP: usize = 24;
const BETWEEN: usize = 56;
/// How many boxes beside and above one another can be read on paper.
const MOST_ON_PAPER: (usize, usize) = (6, 9);

pub(super) fn graph(policy: &Policy) -> String {
    let layers = ordered(policy, layers(policy));
    let widest = layers.iter().map(Vec::len).max().unwrap_or(0);
    let width = widest * (WIDTH + GAP) + GAP;
    let height = (layers.len() * (HEIGHT + BETWEEN) + 16).saturating_sub(BETWEEN);
    let center = |row: &[u32], at: usize| {
        let used = row.len() * (WIDTH + GAP) - GAP;
        (width - used) / 2 + at * (WIDTH + GAP) + WIDTH / 2
    };
    let mut places = vec![(0, 0); policy.roles().len()];
    for (layer, row) in layers.iter().enumerate() {
        for (at, role) in row.iter().enumerate() {
            // The strongest on top.
            let top = (layers.len() - 1 - layer) * (HEIGHT + BETWEEN) + 8;
            if let Some(place) = places.get_mut(*role as usize) {
                *place = (center(row, at), top);
            }
        }
    }
    let mut lines = String::new();
    let mut boxes = String::new();
    for (role, (x, y)) in policy.roles().iter().zip(&places) {
        for included in &role.includes {
            let Some((to_x, to_y)) = places.get(included.0 as usize) else { continue };
            let (from, middle) = (y + HEIGHT, usize::midpoint(y + HEIGHT, *to_y));
            lines +=
                &format!("<path d=\"M{x} {from} C{x} {middle} {to_x} {middle} {to_x} {to_y}\"/>\n");
        }
        let granted = role.grants.len();
        let comes_to = role.all_grants.len();
        boxes += &format!(
            "<g><title>{name}: {all}</title><rect x=\"{left}\" y=\"{y}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" rx=\"6\"/><text x=\"{x}\" y=\"{first}\">{short}</text>\
             <text class=\"small\" x=\"{x}\" y=\"{second}\">{comes_to} in all, {granted} its own</text></g>\n",
            name = text(&role.name),
            all = text(&scopes(policy, role.all_grants.iter().map(|id| id.0))),
            left = x - WIDTH / 2,
            first = y + 19,
            second = y + 35,
            short = text(&shortened(&role.name)),
        );
    }
    let (beside, above) = MOST_ON_PAPER;
    let is_large = widest > beside || layers.len() > above;
    let many = if is_large { " class=\"many\"" } else { "" };
    let picture = format!(
        "<div class=\"wide picture\"><svg role=\"img\" aria-label=\"Which role includes which\" \
         viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n{lines}{boxes}</svg></div>\n"
    );
    format!(
        "<section id=\"roles\"{many}>\n<h2>Roles</h2>\n<p>{}: each includes those it leads down to, and \
         has their scopes besides its own.</p>\n{picture}{}</section>\n",
        counted(policy.roles().len(), "role"),
        table(policy),
    )
}

/// The roles by name, for paper and for those who do not see the picture.
fn table(policy: &Policy) -> String {
    let rows: String = policy.roles().iter().map(|role| row(policy, role)).collect();
    format!(
        "<div class=\"wide words\">\n<table>\n<thead><tr><th scope=\"col\">role</th><th scope=\"col\">\
         includes</th><th scope=\"col\">is granted</th><th scope=\"col\">scopes in all</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

fn row(policy: &Policy, role: &Role) -> String {
    let includes = role.includes.iter().filter_map(|id| policy.role(*id));
    let includes: Vec<_> = includes.map(|role| role.name.as_str()).collect();
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        text(&role.name),
        text(&includes.join(", ")),
        text(&scopes(policy, role.grants.iter().map(|id| id.0))),
        role.all_grants.len(),
    )
}

fn scopes(policy: &Policy, ids: impl Iterator<Item = u32>) -> String {
    let names = ids.filter_map(|id| policy.scopes().get(id as usize));
    names.map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The layers from below: each role one above the highest that it includes.
fn layers(policy: &Policy) -> Vec<Vec<u32>> {
    let mut depth = vec![0usize; policy.roles().len()];
    // A role comes to more roles than any that it includes, so in this order those are known first.
    let mut order: Vec<usize> = (0..depth.len()).collect();
    order.sort_by_key(|role| policy.roles().get(*role).map_or(0, |role| role.all_roles.len()));
    for index in order {
        let Some(role) = policy.role(RoleId(u32::try_from(index).unwrap_or(u32::MAX))) else {
            continue;
        };
        let below = role.includes.iter().filter_map(|id| depth.get(id.0 as usize)).max();
        let above = below.map_or(0, |below| below + 1);
        if let Some(depth) = depth.get_mut(index) {
            *depth = above;
        }
    }
    let mut layers = vec![Vec::new(); depth.iter().max().map_or(0, |deepest| deepest + 1)];
    for (depth, role) in depth.into_iter().zip(0u32..) {
        if let Some(layer) = layers.get_mut(depth) {
            layer.push(role);
        }
    }
    layers
}

/// The same with each role near those that it includes, so that fewer lines cross.
fn ordered(policy: &Policy, mut layers: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let mut at = vec![0usize; policy.roles().len()];
    for layer in &mut layers {
        let near = |role: &u32| {
            let included = policy.role(RoleId(*role)).map_or(&[][..], |role| &role.includes);
            let sum: usize = included.iter().filter_map(|id| at.get(id.0 as usize)).sum();
            (sum * 1_000) / included.len().max(1)
        };
        let mut keyed: Vec<_> = layer.iter().map(|role| (near(role), *role)).collect();
        keyed.sort_unstable();
        *layer = keyed.into_iter().map(|(_, role)| role).collect();
        for (place, role) in layer.iter().enumerate() {
            if let Some(at) = at.get_mut(*role as usize) {
                *at = place;
            }
        }
    }
    layers
}

/// As much of a name as fits.
fn shortened(name: &str) -> String {
    let kept: String = name.chars().take(20).collect();
    if kept.len() < name.len() { kept + ".." } else { kept }
}
