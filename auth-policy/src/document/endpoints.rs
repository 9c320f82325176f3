//! `endpoints` as written. In: its node. Out: which limit each kind of endpoint names.

use super::{At, EndpointForm, EndpointsForm, fields::Fields, values};
use crate::{
    report::Report,
    settings::{EndpointKind, Place},
    yaml::Node,
};

/// `{ login: { limit: login }, reset: { limit: reset } }`.
pub(super) fn endpoints(entry: Option<(Place, &Node)>, report: &mut Report) -> EndpointsForm {
    let Some((place, node)) = entry else { return EndpointsForm::default() };
    let mut form = EndpointsForm { place: Some(place), entries: Vec::new() };
    let Some(fields) = Fields::open(node, "endpoints", report) else { return form };
    for kind in EndpointKind::ALL {
        let Some((_, node)) = fields.entry(kind.as_str()) else { continue };
        form.entries.push(EndpointForm { kind, limit: limit(node, report) });
    }
    form
}

fn limit(node: &Node, report: &mut Report) -> Option<At<String>> {
    let fields = Fields::open(node, "endpoints.*", report)?;
    let limit = fields.need("limit", "which of `limits` these endpoints are held to", report)?;
    values::text(limit, "the name of a limit", report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn rl6_every_kind_of_endpoint_is_a_key() {
        let lines: String = EndpointKind::ALL
            .iter()
            .map(|kind| format!("{}: {{ limit: a }}\n", kind.as_str()))
            .collect();
        let mut report = Report::default();
        let source = Source::new("p.yaml", lines.into());
        let node = crate::yaml::read(&source, &mut report).unwrap_or_else(|| unreachable!());
        let form = endpoints(Some((Place::default(), &node)), &mut report);
        assert_eq!((form.entries.len(), report.errors()), (EndpointKind::ALL.len(), 0));
    }
}
