//! `cargo auth report`: a page that needs nothing else and in which nothing of a policy is markup.

use std::fs;

use crate::{
    access::{large, newsroom},
    world::{cargo_auth, ends, folder},
};

fn page(here: &std::path::Path) -> String {
    let (said, _) = ends(0, here, &["report", "--html", "page.html"]);
    assert!(said.starts_with("page.html: "), "{said}");
    fs::read_to_string(here.join("page.html")).unwrap()
}

#[test]
fn a_page_shows_who_may_call_what_and_what_is_set_to_what() {
    let page = page(&newsroom("report"));
    for part in [
        "<code>POST /drafts</code></th><td class=\"asks\">jwt | session; scope write:drafts</td>\
         <td></td><td class=\"yes\">j s</td><td></td><td class=\"yes\">j s</td>",
        "<td class=\"who\"><b>j s</b> editor, writer</td></tr>",
        "<section id=\"matrix\">",
        "<tr><th scope=\"row\">editor</th><td>writer</td><td>publish:news</td><td>4</td></tr>",
        "<title>editor: publish:news, read:drafts, read:news, write:drafts</title>",
        "<code>schemes.session.idle</code></th><td>30m</td><td>at most 1h</td>",
        "<code>GET /</code></th><td>public</td><td>the front page</td>",
        "6 guarded endpoints, 1 open endpoint",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing_but_its_own() {
    let here = newsroom("report-hostile");
    let lock = fs::read_to_string(here.join("policies/news.lock")).unwrap();
    let hostile = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&\\u{202e}";
    let lock = lock.replace("the front page", hostile).replace("GET   /account", "GET   /<b>");
    fs::write(here.join("policies/news.lock"), lock).unwrap();
    let page = page(&here);
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&lt;/script&gt;"), "{page}");
    assert!(page.contains("GET /&lt;b&gt;"), "{page}");
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    for foreign in ["src=\"", "href=", "http://", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("default-src 'none'"), "{page}");
}

#[test]
fn a_page_that_cannot_be_written_is_a_problem_of_the_command() {
    let here = newsroom("report-unwritten");
    fs::create_dir(here.join("page.html")).unwrap();
    let (said, problems) = ends(2, &here, &["report", "--html", "page.html"]);
    assert_eq!(said, "");
    assert!(problems.starts_with("error: cannot write `page.html`: "), "{problems}");
}

#[test]
fn a_large_policy_has_a_page_as_well() {
    let here = folder("report-large");
    let (policy, lock) = large();
    fs::write(here.join("policies/news.yaml"), policy).unwrap();
    fs::write(here.join("policies/news.lock"), lock).unwrap();
    let output = cargo_auth(&here, &["report", "--html", "page.html"]);
    assert!(output.status.success());
    let page = fs::read_to_string(here.join("page.html")).unwrap();
    assert_eq!(page.matches("<tr><th scope=\"row\"><code>GET /things/").count(), 2_000);
    // On paper there is no room for 200 columns, nor for such a picture.
    assert!(page.contains("<section id=\"matrix\" class=\"many\">"));
    assert!(page.contains("<section id=\"roles\" class=\"many\">"));
    assert!(page.contains(" that include one of them</td>"));
}
