//! What is set to what, beside what is recommended. In: a policy. Out: a table with the source of
//! each recommendation.

use super::{
    markup::{counted, text},
    recommended::{Setting, recommended},
};
use crate::policy::Policy;

pub(super) fn settings(policy: &Policy) -> String {
    let settings = recommended(policy);
    let weak = settings.iter().filter(|setting| !setting.is_met).count();
    let rows: String = settings.iter().map(row).collect();
    let summary = match weak {
        0 => "Everything is as recommended or stricter.".to_owned(),
        weak => format!("{} weaker than recommended.", counted(weak, "setting")),
    };
    format!(
        "<section id=\"settings\">\n<h2>Settings</h2>\n<p>{summary}</p>\n<div class=\"wide\">\n\
         <table>\n<thead><tr><th scope=\"col\">setting</th><th scope=\"col\">value</th>\
         <th scope=\"col\">recommended</th><th scope=\"col\">by</th><th scope=\"col\">met</th></tr>\
         </thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n"
    )
}

fn row(setting: &Setting) -> String {
    let (class, met) = if setting.is_met { ("", "yes") } else { (" class=\"weak\"", "no") };
    format!(
        "<tr{class}><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td><td>{met}\
         </td></tr>\n",
        text(&setting.key),
        text(&setting.value),
        text(setting.recommended),
        text(setting.source),
    )
}
