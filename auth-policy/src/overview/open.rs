//! What is open to everybody. In: a lock. Out: each such endpoint with its reason.

use super::markup::{counted, text};
use crate::lock::{Lock, Rule};

pub(super) fn open(lock: &Lock) -> String {
    let mut rows = String::new();
    let mut count = 0;
    for endpoint in &lock.endpoints {
        let (kind, reason, limit) = match &endpoint.rule {
            Rule::Guarded(_) => continue,
            Rule::Public { reason, limit, .. } => ("public", reason, limit.as_deref()),
            Rule::Unguarded { reason } => ("unguarded: brings no rules of ours", reason, None),
        };
        count += 1;
        rows += &format!(
            "<tr><th scope=\"row\"><code>{} {}</code></th><td>{kind}</td><td>{}</td><td>{}</td></tr>\n",
            text(&endpoint.method),
            text(&endpoint.path),
            text(reason),
            text(limit.unwrap_or_default()),
        );
    }
    format!(
        "<section id=\"open\">\n<h2>Open to everybody</h2>\n<p>{}, each with the reason that stands \
         beside it in the code.</p>\n<div class=\"wide\">\n<table>\n<thead><tr><th scope=\"col\">\
         endpoint</th><th scope=\"col\">how</th><th scope=\"col\">why</th><th scope=\"col\">limit\
         </th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n",
        counted(count, "endpoint")
    )
}
