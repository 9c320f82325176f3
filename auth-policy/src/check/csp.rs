//! A content security policy (CSP level 3). In: the text. Out: it as one line, and who may frame the
//! service; what lets foreign scripts run in our pages, or our pages appear in foreign ones, is an
//! error.

use super::origins::fault as origin_fault;
use crate::{code::Code, document::At, report::Report, source::quoted, suggest::nearest};

/// The longest value of a header: proxies and browsers have bounds of their own.
pub(super) const LONGEST_VALUE: usize = 4096;

/// The directives of CSP level 3 and of Trusted Types.
const DIRECTIVES: &[&str] = &[
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "font-src",
    "connect-src",
    "media-src",
    "object-src",
    "frame-src",
    "child-src",
    "worker-src",
    "manifest-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
    "sandbox",
    "upgrade-insecure-requests",
    "require-trusted-types-for",
    "trusted-types",
    "report-uri",
    "report-to",
];

/// Sources from which a script could be anybody's.
const ANYBODY: &[&str] =
    &["'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:", "filesystem:", "http:", "https:"];

/// The policy as one line, and the origins it lets frame us. Nothing if it cannot be sent.
pub(super) fn policy(word: &At<String>, report: &mut Report) -> Option<(String, Vec<String>)> {
    let odd = |c: char| !(c.is_ascii_graphic() || c.is_ascii_whitespace()) || c == ',';
    if word.value.len() > LONGEST_VALUE || word.value.contains(odd) {
        let help = "write ASCII directives with `;` between them, in at most 4096 characters";
        malformed(word, "it is too long, or holds a comma or what is not ASCII", help, report);
        return None;
    }
    let directives = directives(word, report)?;
    refuse_foreign_scripts(word, &directives, report);
    let framing = framing(word, &directives, report);
    let lines: Vec<_> = directives.iter().map(|directive| directive.words.join(" ")).collect();
    Some((lines.join("; "), framing))
}

/// A directive: its name in lower case, and its words as written, the name included.
struct Directive<'w> {
    name: String,
    words: Vec<&'w str>,
}

impl Directive<'_> {
    fn sources(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).copied()
    }
}

fn directives<'w>(word: &'w At<String>, report: &mut Report) -> Option<Vec<Directive<'w>>> {
    let mut list: Vec<Directive<'_>> = Vec::new();
    for part in word.value.split(';') {
        let words: Vec<&str> = part.split_ascii_whitespace().collect();
        let Some(first) = words.first() else { continue };
        let name = first.to_ascii_lowercase();
        let fault = if !DIRECTIVES.contains(&name.as_str()) {
            let near = nearest(&name, DIRECTIVES.iter().copied());
            let help = near.map_or_else(
                || "use the directives of CSP level 3".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Some((format!("browsers know no directive {}", quoted(first)), help))
        } else if list.iter().any(|earlier| earlier.name == name) {
            let help = "put all its sources into one of them".to_owned();
            Some((format!("`{name}` is there twice, and browsers take the first"), help))
        } else {
            None
        };
        if let Some((fault, help)) = fault {
            malformed(word, &fault, &help, report);
            return None;
        }
        list.push(Directive { name, words });
    }
    Some(list)
}

/// Scripts are what `script-src` and its two parts allow, and where those are silent `default-src`.
fn refuse_foreign_scripts(word: &At<String>, directives: &[Directive<'_>], report: &mut Report) {
    let find = |name: &str| directives.iter().find(|directive| directive.name == name);
    let Some(scripts) = find("script-src").or_else(|| find("default-src")) else {
        weak(
            word,
            "it says nothing of scripts, so every script runs",
            "add `default-src 'self'`",
            report,
        );
        return;
    };
    let parts = [find("script-src-elem"), find("script-src-attr")].into_iter().flatten();
    for directive in std::iter::once(scripts).chain(parts) {
        let lower = directive.sources().map(str::to_ascii_lowercase);
        let loose = lower
            .into_iter()
            .find(|source| ANYBODY.contains(&source.as_str()) || source.starts_with("'nonce-"));
        if let Some(source) = loose {
            let fault = if source.starts_with("'nonce-") {
                "a nonce in a file is the same for every answer, so anybody knows it".to_owned()
            } else {
                format!(
                    "`{source}` in `{}` lets scripts of others run in our pages",
                    directive.name
                )
            };
            let help = "name hosts such as `'self'`, or the hashes of scripts";
            weak(word, &fault, help, report);
            return;
        }
    }
}

/// The origins that may frame us, sorted.
fn framing(word: &At<String>, directives: &[Directive<'_>], report: &mut Report) -> Vec<String> {
    let Some(framing) = directives.iter().find(|directive| directive.name == "frame-ancestors")
    else {
        let fault = "without `frame-ancestors`, any page may show ours inside itself";
        weak(word, fault, "add `frame-ancestors 'none'`", report);
        return Vec::new();
    };
    let mut origins: Vec<&str> = framing.sources().collect();
    if let [only] = origins.as_slice()
        && only.eq_ignore_ascii_case("'none'")
    {
        return Vec::new();
    }
    let inexact = |origin: &&str| !origin.starts_with("https://") || origin_fault(origin).is_some();
    if origins.is_empty() {
        let fault = "`frame-ancestors` names nobody, which readers take for a mistake";
        weak(word, fault, "write `frame-ancestors 'none'`", report);
    } else if let Some(origin) = origins.iter().copied().find(inexact) {
        let fault = format!("{} in `frame-ancestors` is no exact https origin", quoted(origin));
        let help = "write `frame-ancestors 'none'`, or origins such as `https://app.blog.example`";
        weak(word, &fault, help, report);
    }
    origins.sort_unstable();
    origins.dedup();
    origins.into_iter().map(str::to_owned).collect()
}

fn malformed(word: &At<String>, fault: &str, help: &str, report: &mut Report) {
    report.add(Code::InvalidHeader, word.place, |found| {
        found.message(format!("this is no content security policy: {fault}")).help(help)
    });
}

fn weak(word: &At<String>, fault: &str, help: &str, report: &mut Report) {
    report.add(Code::WeakHeader, word.place, |found| {
        found.message(format!("this content security policy is too weak: {fault}")).help(help)
    });
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, *};
    use crate::settings::Headers;

    const FRAMING: &str = "frame-ancestors 'none'";

    fn told(policy: &str) -> (Headers, Vec<Code>) {
        let (contents, found) =
            read(&format!("headers: {{ content_security_policy: \"{policy}\" }}\n"));
        (contents.headers, found)
    }

    fn scripts(directives: &str) -> Vec<Code> {
        told(&format!("{directives}; {FRAMING}")).1
    }

    #[test]
    fn h1_the_default_is_what_the_check_accepts() {
        let (headers, found) = told(Headers::CONTENT_SECURITY_POLICY);
        assert_eq!((headers, found), (Headers::default(), vec![]));
    }

    #[test]
    fn a_policy_becomes_one_line() {
        let (contents, found) = read(
            "headers:
  content_security_policy: |
    Default-Src   'self' ;
    ; frame-ancestors 'none'
",
        );
        let line = "Default-Src 'self'; frame-ancestors 'none'";
        assert_eq!((contents.headers.content_security_policy.as_str(), found), (line, vec![]));
    }

    #[test]
    fn h1_no_script_of_others_runs() {
        for fine in [
            "default-src 'none'",
            "default-src 'self'; style-src 'unsafe-inline'; img-src *",
            "default-src 'unsafe-inline'; script-src 'self'",
            "default-src 'self'; script-src https://cdn.example 'sha256-AAAA' 'strict-dynamic'",
        ] {
            assert_eq!(scripts(fine), [], "{fine}");
        }
        for weak in [
            "img-src 'self'",
            "default-src 'unsafe-inline'",
            "default-src *; script-src-elem 'self'",
            "default-src 'self'; script-src 'Unsafe-Inline'",
            "default-src 'self'; SCRIPT-SRC 'unsafe-eval'",
            "default-src 'self'; script-src-elem 'unsafe-inline'",
            "default-src 'self'; script-src-attr 'unsafe-inline'",
            "script-src data:",
            "script-src https:",
            "script-src http:",
            "script-src blob:",
            "script-src filesystem:",
            "script-src 'nonce-abc'",
        ] {
            assert_eq!(scripts(weak), [Code::WeakHeader], "{weak}");
        }
    }

    #[test]
    fn h1_nobody_frames_us_whom_the_policy_does_not_name() {
        let framing = |ancestors: &str| told(&format!("default-src 'self'; {ancestors}"));
        for none in [FRAMING, "Frame-Ancestors 'NONE'"] {
            let (headers, found) = framing(none);
            assert_eq!((headers.frame_ancestors, found), (vec![], vec![]), "{none}");
        }
        let (headers, found) = framing("frame-ancestors https://b.example https://a.example:8443");
        assert_eq!(headers.frame_ancestors, ["https://a.example:8443", "https://b.example"]);
        assert_eq!(found, []);
        for weak in [
            "img-src 'self'",
            "frame-ancestors",
            "frame-ancestors *",
            "frame-ancestors 'self'",
            "frame-ancestors https:",
            "frame-ancestors https://*.example",
            "frame-ancestors http://localhost",
            "frame-ancestors 'none' https://a.example/",
        ] {
            assert_eq!(framing(weak).1, [Code::WeakHeader], "{weak}");
        }
    }

    #[test]
    fn what_browsers_would_not_read_as_it_stands_is_refused() {
        for bad in [
            "default-src 'self', script-src 'self'",
            "default-source 'self'",
            "default-src 'self'; default-src 'none'",
            "default-src 'self'; Default-Src 'none'",
            "default-src 'self' b\u{fc}cher.example",
            &"default-src 'self'; ".repeat(300),
        ] {
            assert_eq!(scripts(bad), [Code::InvalidHeader], "{bad}");
        }
    }
}
