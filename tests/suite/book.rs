//! What the book says, held against what is there; `UPDATE_EXPECT=1` writes it.

use std::fs;

use auth_policy::{Code, Source, check};

use crate::files::{between, replace_between, updating, workspace};

#[test]
fn the_book_lists_the_codes_there_are() {
    let page = workspace().join("docs/policy.md");
    let text = fs::read_to_string(&page).expect("the page");
    let mut table = String::from("\n| code | severity | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let row =
            format!("| `{}` | {} | {} |\n", code.as_str(), code.severity(), code.explanation());
        table.push_str(&row);
    }
    if updating() {
        let text = replace_between(&text, "codes", &table);
        fs::write(page, text).expect("the page can be written");
    } else {
        let stands = between(&text, "codes");
        assert_eq!(stands, table, "run this test with UPDATE_EXPECT=1 and review the change");
    }
}

/// A policy printed in a page is one that `check` accepts without a word.
#[test]
fn the_policies_in_the_pages_are_sound() {
    let pages = ["README.md", "docs/getting-started.md"];
    for page in pages {
        let text = fs::read_to_string(workspace().join(page)).expect("the page");
        let policies = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next());
        let whole = policies.flatten().filter(|policy| policy.starts_with("version:"));
        let mut count = 0;
        for policy in whole {
            let source = Source::new(page, policy.as_bytes().to_vec());
            let findings: Vec<_> =
                check(&source).diagnostics.iter().map(|found| found.render(&source)).collect();
            assert!(findings.is_empty(), "{}", findings.join("\n"));
            count += 1;
        }
        assert!(count > 0, "{page} shows no policy");
    }
}

/// Every relative link of the book and the pages beside it leads to a file.
#[test]
fn no_link_leads_nowhere() {
    let mut pages = vec!["README.md".into(), "CONTRIBUTING.md".into(), "SECURITY.md".into()];
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(workspace().join(folder)).expect("a folder");
        let files = entries.map(|entry| entry.expect("an entry").file_name());
        let names = files.map(|name| format!("{folder}/{}", name.to_string_lossy()));
        pages.extend(names.filter(|name| name.ends_with(".md")));
    }
    for page in pages {
        let path = workspace().join(&page);
        let text = fs::read_to_string(&path).expect("the page");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let relative = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
        for link in relative {
            let file = link.split('#').next().expect("a path");
            let target = path.parent().expect("a folder").join(file);
            assert!(target.exists(), "{page} links to {link}, which is not there");
        }
    }
}

/// Every page is in the contents of the book, and every decision in the list of them.
#[test]
fn no_page_is_out_of_reach() {
    for (list, folder) in
        [("SUMMARY.md", "."), ("SUMMARY.md", "decisions"), ("decisions/README.md", "decisions")]
    {
        let list = workspace().join("docs").join(list);
        let text = fs::read_to_string(&list).expect("the list");
        for entry in fs::read_dir(workspace().join("docs").join(folder)).expect("a folder") {
            let page = entry.expect("an entry").path();
            let is_no_page =
                page.extension().is_none_or(|it| it != "md") || page.ends_with("SUMMARY.md");
            let name = page.file_name().expect("a name").to_string_lossy();
            if !is_no_page && page != list {
                assert!(text.contains(&format!("{name})")), "{}: {name}", list.display());
            }
        }
    }
}
