//! Who somebody is here. In: an account and what a session lets it do. Out: a list of both.

use auth_runtime::{Identity, account::Account};
use maud::{Markup, html};

use crate::accounts::Profile;

pub(super) fn section(account: &Account, profile: &Profile, caller: &Identity) -> Markup {
    let name = Some(profile.display_name.as_str()).filter(|name| !name.is_empty());
    html! {
        section.card aria-labelledby="profile" {
            h2 #profile { "Profile" }
            dl.facts {
                dt { "User name" } dd { (account.username) }
                @if let Some(name) = name { dt { "Display name" } dd { (name) } }
                dt { "Roles" } dd { (chips(caller.roles())) }
                dt { "What you may do" } dd { (chips(caller.scopes())) }
            }
        }
    }
}

/// Short words, side by side.
pub(super) fn chips<'w>(words: impl Iterator<Item = &'w str>) -> Markup {
    html! { ul.chips { @for word in words { li.chip { (word) } } } }
}
