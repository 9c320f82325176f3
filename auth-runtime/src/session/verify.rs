//! A session's cookie at the guard. In: its value, as anybody may have sent it. Out: whose session
//! it is and what that account may do now, or the exact cause why it is nobody's.

use std::sync::Arc;

use futures_util::future::try_join;

use super::{book::Bad, record::Over, token::Token};
use crate::{
    Auth,
    account::standing,
    clock::Timestamp,
    csrf::CsrfKey,
    identity::{Subject, Verified},
    in_force::InForce,
    store::StoreError,
};

/// Why a session is not believed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// For this cause, which is for the audit alone.
    Bad(&'static str),
    /// It cannot be known: the store did not answer.
    Store(StoreError),
}

/// The account behind a cookie, and what it may do at that moment.
///
/// The cookie names its owner, so session and account are looked up at the same time. A use is
/// noted.
pub(crate) async fn verify(
    auth: &Auth,
    in_force: &InForce,
    cookie: &[u8],
    now: Timestamp,
) -> Result<Verified, Distrust> {
    let (Some(book), Some(accounts)) = (auth.session_book(), auth.accounts()) else {
        return Err(Distrust::Bad("unknown-session"));
    };
    let token = Token::read(cookie).ok_or(Distrust::Bad("malformed-session"))?;
    let (record, account) = (book.find(&token, now), standing(&**accounts, &token.key.owner, now));
    let (found, account) = try_join(record, account).await.map_err(Distrust::Store)?;
    // SECURITY: the session first. Whoever holds no session learns nothing of accounts.
    let session = book.open(&token, found, now).map_err(cause)?;
    let account = account.ok_or(Distrust::Bad("account-gone"))?;
    if account.disabled {
        return Err(Distrust::Bad("account-disabled"));
    }
    let (session, expires_at) = book.note(&token.key, session, now).await;
    let roles = in_force.worth(&account.roles);
    let Token { key, secret } = token;
    Ok(Verified {
        subject: Subject { issuer: Arc::clone(in_force.own_issuer()), id: key.owner.shared() },
        scheme: book.id,
        scopes: roles.grants,
        roles: roles.roles,
        expires_at,
        id: Some(key.id.into_boxed_str()),
        authenticated_at: Some(Timestamp(session.stored.authenticated_at)),
        acr: session.stored.acr.as_deref().map(Box::from),
        client_id: None,
        claims: serde_json::Map::new(),
        family: None,
        csrf: Some(CsrfKey::of_secret(secret)),
    })
}

fn cause(bad: Bad) -> Distrust {
    Distrust::Bad(match bad {
        Bad::Unknown => "unknown-session",
        Bad::WrongSecret => "wrong-secret",
        Bad::Over(Over::Idle) => "idle-session",
        Bad::Over(Over::Ended) => "session-ended",
    })
}
