//! `oauth` as written. In: its node. Out: its form.

use super::{OAuthForm, fields::Fields, values};
use crate::{
    report::Report,
    settings::{GrantType, Place},
    yaml::Node,
};

/// `{ grants: [authorization_code, refresh_token], code_ttl: 60s }`.
pub(super) fn oauth(entry: Option<(Place, &Node)>, report: &mut Report) -> Option<OAuthForm> {
    let (place, node) = entry?;
    let fields = Fields::open(node, "oauth", report)?;
    let code_ttl = values::duration(fields.get("code_ttl"), report);
    let grants = fields.need("grants", "what clients may be given tokens for", report)?;
    let words = GrantType::ALL.map(|grant| (grant.as_str(), grant));
    let items = values::list(grants, "a list of grants such as `[client_credentials]`", report);
    Some(OAuthForm {
        place,
        grants_place: grants.place,
        grants: items.iter().filter_map(|item| values::choice(item, &words, report)).collect(),
        incomplete: items.is_empty(),
        code_ttl,
    })
}
