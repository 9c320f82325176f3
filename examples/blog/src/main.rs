//! A blog: the whole tour of `auth-runtime`. In: settings from the environment. Out: a server on
//! `BLOG_ADDR`, and on standard output who may call what.

mod accounts;
mod admin;
mod app;
mod clients;
mod kept;
mod keys;
mod openapi;
mod outbox;
mod pages;
mod posts;
mod profile;
mod provider;
mod register;
mod seed;
mod settings;
mod stop;
mod tls;

use std::{
    error::Error,
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use auth_runtime::store;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{app::App, outbox::Outbox, settings::Settings, tls::TlsListener};

#[tokio::main]
#[allow(clippy::print_stderr, reason = "the one message of a server that could not start")]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("blog: {error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "the contract: a table, the seed, and the address")]
async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_environment()?;
    let store = store::open(&settings.store).await.map_err(|why| format!("BLOG_STORE: {why}"))?;
    let auth = keys::engine(&settings, Arc::clone(&store)).await?;
    let notifier = Arc::new(Outbox(settings.outbox.clone()));
    let app = App::new(auth, store, notifier).await?;
    let provider = provider::sign_in(&app, &settings).await?;
    let seeded =
        if settings.seed { Some(seed::plant(&app, &settings.redirect_uris).await?) } else { None };
    let listener = TcpListener::bind(settings.address).await?;
    let address = listener.local_addr()?;

    let blog = app.router_with(provider)?;
    print!("{}", blog.inventory());
    match seeded {
        Some(seed) => println!("seed {seed}"),
        None => tracing::warn!("there are no accounts: start with BLOG_SEED=1 to have some"),
    }
    let asked = stop::asked()?;
    if settings.tls {
        let listener = TlsListener::on(listener, Path::new(tls::KEPT))?;
        tracing::warn!("the certificate in {} is its own authority", tls::KEPT);
        println!("listening on https://{address}");
        stop::serve(blog.over_tls(), listener, asked).await?;
    } else {
        println!("listening on http://{address}");
        stop::serve(blog, listener, asked).await?;
    }
    Ok(())
}
