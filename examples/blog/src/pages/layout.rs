//! The frame of every page. In: a title and what is on the page. Out: a whole document.

use maud::{DOCTYPE, Markup, html};

use super::assets::{COPY, ICON, STYLE};

/// A page before its frame.
pub(super) struct Page<'p> {
    pub(super) title: &'p str,
    /// Which entry of the navigation leads here.
    pub(super) here: Here,
    pub(super) width: Width,
    /// What stands in the bar instead of the way to sign in.
    pub(super) aside: Option<Markup>,
    pub(super) main: Markup,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    Landing,
    Login,
    Account,
    Elsewhere,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// For one form.
    Narrow,
    Full,
}

/// Something that has happened, for eyes and for screen readers.
pub(super) enum Note<'n> {
    Good(&'n str),
    /// It takes the focus, so that whoever sent the form hears what is wrong.
    Bad(&'n str),
}

impl Page<'_> {
    pub(super) fn render(self) -> Markup {
        let narrow = self.width == Width::Narrow;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)";
                    meta name="theme-color" content="#1d2026" media="(prefers-color-scheme: dark)";
                    title { (self.title) " · The blog" }
                    link rel="icon" type="image/svg+xml" href=(ICON.url());
                    link rel="stylesheet" href=(STYLE.url());
                    script src=(COPY.url()) defer {}
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.bar { div {
                        a.brand href="/" { "The blog" }
                        nav aria-label="Main" {
                            (entry("/account", "Account", self.here == Here::Account))
                            @match self.aside {
                                Some(aside) => (aside),
                                None => (entry("/login", "Sign in", self.here == Here::Login)),
                            }
                        }
                    } }
                    main #main .narrow[narrow] tabindex="-1" { (self.main) }
                    footer.foot { p {
                        "An example of declared access: every endpoint says who may call it."
                    } }
                }
            }
        }
    }
}

impl maud::Render for Note<'_> {
    fn render(&self) -> Markup {
        match self {
            Self::Good(text) => html! { p.note.good role="status" { (text) } },
            Self::Bad(text) => {
                html! { p.note.bad #problem role="alert" tabindex="-1" autofocus { (text) } }
            }
        }
    }
}

fn entry(path: &str, name: &str, here: bool) -> Markup {
    html! { a href=(path) aria-current=[here.then_some("page")] { (name) } }
}
