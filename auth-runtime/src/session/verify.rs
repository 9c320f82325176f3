//! A session's cookie at the guard. In: its value, as anybody may have sent it. Out: whose session
//! it is and what that account may do now, or the exact cause why it is nobody's.

use futures_util::future::try_join;

use super::{book::Bad, record::Over, token::Token};
use crate::{Auth, clock::Timestamp, identity::Verified, roles::Roles, store::StoreError};

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
    cookie: &[u8],
    now: Timestamp,
) -> Result<Verified, Distrust> {
    let (Some(book), Some(accounts)) = (auth.session_book(), auth.accounts()) else {
        return Err(Distrust::Bad("unknown-session"));
    };
    let token = Token::read(cookie).ok_or(Distrust::Bad("malformed-session"))?;
    let (record, account) =
        (book.get(&token.key, now), accounts.by_id(token.key.owner.as_str(), now));
    let (found, account) = try_join(record, account).await.map_err(Distrust::Store)?;
    // SECURITY: the session first. Whoever holds no session learns nothing of accounts.
    let (record, stored) = book.judge(&token, found, now).map_err(cause)?;
    let account = account.ok_or(Distrust::Bad("account-gone"))?;
    if account.disabled {
        return Err(Distrust::Bad("account-disabled"));
    }
    book.note(&record, stored.clone(), now).await;
    let roles = Roles::named(&auth.policy(), &account.roles);
    let used = stored.used(now);
    Ok(Verified {
        subject: auth.subject(&account.id),
        scheme: book.id,
        scopes: roles.grants,
        roles: roles.roles,
        expires_at: used.expires_at(&book.scheme()),
        id: Some(token.key.id.as_str().into()),
        authenticated_at: Some(Timestamp(used.authenticated_at)),
        acr: used.acr.map(String::into_boxed_str),
        client_id: None,
        claims: serde_json::Map::new(),
        csrf: Some(token.csrf()),
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
