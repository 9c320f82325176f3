//! The front page. In: anybody. Out: what this is, the posts, and where to go from here.

use auth_runtime::{Denial, public};
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse},
};
use maud::{Markup, html};

use super::layout::{Here, Page, Width};
use crate::{app::App, posts::Post};

/// How many posts are shown: the newest.
const SHOWN: usize = 10;

#[public(reason = "landing page")]
pub(super) async fn show(State(app): State<App>) -> Result<impl IntoResponse, Denial> {
    let posts = app.posts.all(app.auth.now()).await?;
    let page = Page {
        title: "Welcome",
        here: Here::Landing,
        width: Width::Full,
        aside: None,
        main: main(&posts),
    };
    // The same for everybody, so it may be kept as long as it is asked for again.
    Ok(([(header::CACHE_CONTROL, "no-cache")], Html(page.render().into_string())))
}

fn main(posts: &[Post]) -> Markup {
    html! {
        div {
            h1 { "A blog that says who may do what" }
            p.lead {
                "Every endpoint of this service declares its access rule, and the table printed at start "
                "is written from what the guards enforce."
            }
        }
        p.buttons {
            a.button.primary href="/login" { "Sign in" }
            a.button href="/account" { "Your account" }
        }
        section.card aria-labelledby="posts" {
            h2 #posts { "Posts" }
            @if posts.is_empty() {
                p.empty { "Nothing has been written yet." }
            } @else {
                ul.posts {
                    @for post in posts.iter().rev().take(SHOWN) {
                        li { h3 { (post.title()) } p { (post.body()) } }
                    }
                }
            }
        }
        section.card aria-labelledby="programs" {
            h2 #programs { "For programs" }
            dl.facts {
                dt { a href="/posts" { "All posts" } }
                dd { code { "GET /posts" } ", for everybody" }
                dt { "A token" }
                dd { code { "POST /auth/login" } ", with a user name and a password" }
                dt { "With an API key" }
                dd { code { "GET /api/data" } ", with a key made on your account page" }
            }
        }
    }
}
