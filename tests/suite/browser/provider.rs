//! Signing in with a real OpenID provider: `oidc-provider` of npm, on loopback. In: a browser. Out:
//! the account page, and whoever the provider says it is.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use super::{site::Site, window::Window};
use crate::{
    blog::process::{Blog, Folder},
    files::workspace,
};

/// The provider, for as long as its standard input is open.
struct Provider {
    process: Child,
    input: Option<ChildStdin>,
    issuer: String,
}

impl Provider {
    fn start() -> Self {
        let folder = std::env::var("AUTH_TEST_INTEROP").expect("run `./test browser`");
        let mut process = Command::new("node")
            .arg(Path::new(&folder).join("provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is installed");
        let input = process.stdin.take();
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let issuer = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("http://"));
        let issuer = issuer.expect("it says where it is");
        // What else it says is read, or it would block.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, input, issuer }
    }

    /// Where it sends browsers back to.
    fn sends_back_to(&mut self, redirect: &str) {
        let input = self.input.as_mut().expect("open");
        writeln!(input, "{redirect}").expect("it reads");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// A blog whose people may come from the provider, and a browser before it.
fn site(provider: &mut Provider) -> Site {
    site_with(provider, &[])
}

fn site_with(provider: &mut Provider, more: &[(&str, &str)]) -> Site {
    let issuer = provider.issuer.clone();
    let mut settings = vec![
        ("BLOG_SEED", "1"),
        ("BLOG_OIDC_ISSUER", issuer.as_str()),
        ("BLOG_OIDC_CLIENT_ID", "blog"),
        ("BLOG_OIDC_CLIENT_SECRET", "a secret: of the tests"),
    ];
    settings.extend_from_slice(more);
    let blog = Blog::start(&settings);
    let redirect = format!("http://{}/login/local/callback", blog.address);
    provider.sends_back_to(&redirect);
    Site { blog, window: Window::open() }
}

#[test]
#[ignore = "needs chromium, node and what tests/interop locks: ./test browser"]
fn m05_somebody_signs_in_with_the_provider_and_lands_on_the_account_page() {
    let mut provider = Provider::start();
    let site = site(&mut provider);
    let window = site.visit("/login");
    agree(window, &provider);
    window.until("the account page", || window.path() == "/account");
    assert_eq!(site.state().user, "ada");
    // Nothing of the sign-in is left in the browser but the session, and nothing in its address.
    let names: Vec<_> = window.cookies().iter().map(|cookie| cookie["name"].to_string()).collect();
    assert!(names.contains(&"\"__Host-session\"".to_owned()), "{names:?}");
    assert!(!names.contains(&"\"__Host-oidc\"".to_owned()), "{names:?}");
    assert!(!window.url().contains("code="), "{}", window.url());
}

/// Says at the provider who it is, and that it may say so here.
fn agree(window: &Window, provider: &Provider) {
    window.click("Sign in with local");
    window.until("the provider", || window.url().starts_with(&provider.issuer));
    window.find("input[name=login]").write("ada");
    window.find("input[name=password]").write("anything");
    window.find("button[type=submit]").click();
    window.until("the question for consent", || window.text().contains("Authorize"));
    window.find("button[type=submit]").click();
}

/// A browser that another site has sent shows no such cookie: the page in between is ours.
#[test]
#[ignore = "needs chromium, node and what tests/interop locks: ./test browser"]
fn m05_a_strict_session_is_shown_where_the_sign_in_leads() {
    let folder = Folder::new();
    let policy = folder.0.join("strict.yaml");
    let text = std::fs::read_to_string(workspace().join("policies/blog.yaml")).expect("a policy");
    assert!(text.contains("    same_site: lax\n"));
    let text = text.replace("    same_site: lax\n", "    same_site: strict\n");
    std::fs::write(&policy, text).expect("written");
    let mut provider = Provider::start();
    let policy = policy.display().to_string();
    let site = site_with(&mut provider, &[("BLOG_POLICY", &policy)]);
    let window = site.visit("/login");
    agree(window, &provider);
    window.until("the account page", || window.path() == "/account");
    assert_eq!(site.state().user, "ada");
    let cookies = window.cookies();
    let session = cookies.iter().find(|cookie| cookie["name"] == "__Host-session");
    assert_eq!(session.expect("a session")["sameSite"], "Strict");
}

#[test]
#[ignore = "needs chromium, node and what tests/interop locks: ./test browser"]
fn oc10_who_says_no_at_the_provider_is_told_so_and_not_signed_in() {
    let mut provider = Provider::start();
    let site = site(&mut provider);
    let window = site.visit("/login");
    window.click("Sign in with local");
    window.until("the provider", || window.url().starts_with(&provider.issuer));
    window.find("a[href$='/abort']").click();
    window.until("the sign-in page", || window.path() == "/login?error=access_denied");
    assert_eq!(window.find("#problem").text(), "The provider was told not to sign you in.");
    assert_eq!(site.visit("/account").path(), "/login?next=/account");
}
