//! More rights. In: policies of 10 to 10,000 scopes, and accounts of one to twenty roles. Out: what
//! tokens and sessions cost with them.

use std::error::Error;

use super::grid::{self, Row, in_thousands};
use crate::ours::{self, Ours, Remembered, Setting};

/// How many roles an account holds.
const ROLES: [usize; 3] = [1, 5, 20];

/// What a service is asked: three kinds of credential, each in a service of its own.
struct Services {
    anew: Ours,
    again: Ours,
    session: Ours,
}

/// Makes services whose accounts hold these roles; behind sessions, another one beside them.
macro_rules! services {
    ($open:path, $roles:expr, $later:expr) => {{
        let setting = || Setting { roles: $roles, ..Setting::default() };
        Services {
            anew: $open(setting()).await?,
            again: $open(Setting { remembered: Remembered::AsEver, ..setting() }).await?,
            session: $open(Setting { later: $later, ..setting() }).await?,
        }
    }};
}

/// The scopes that a policy declares. A session has all of them, a token as many as fit into it.
pub(super) async fn scopes(rounds: usize) -> Result<String, Box<dyn Error>> {
    let (few, all) = (|| vec!["author".to_owned()], Some("everything"));
    let sizes = [10, 100, 1_000, 10_000].map(in_thousands);
    let services = [
        services!(ours::scopes10, few(), all),
        services!(ours::scopes100, few(), all),
        services!(ours::scopes1000, few(), all),
        services!(ours::scopes10000, few(), all),
    ];
    let title = "Scopes that the policy declares, of which a session's account holds all:";
    grid::measured(title, &sizes, rows(&services)?, rounds).await
}

/// The roles that one account holds.
pub(super) async fn roles(rounds: usize) -> Result<String, Box<dyn Error>> {
    let mut services = Vec::new();
    for count in ROLES {
        let more = (1..count).map(|role| format!("role{role:02}"));
        let roles: Vec<_> = ["author".to_owned()].into_iter().chain(more).collect();
        services.push(services!(ours::scopes1000, roles.clone(), None));
    }
    let title = "Roles that an account holds, in a policy of 1,000 scopes:";
    grid::measured(title, &ROLES.map(in_thousands), rows(&services)?, rounds).await
}

fn rows(services: &[Services]) -> Result<Vec<Row>, Box<dyn Error>> {
    let anew = services.iter().map(|it| it.anew.by_token("anew"));
    let again = services.iter().map(|it| it.again.by_token("again"));
    let session = services.iter().map(|it| it.session.by_session("session"));
    Ok(vec![
        Row { label: "a token, HS256".to_owned(), contestants: anew.collect::<Result<_, _>>()? },
        Row { label: "the token again".to_owned(), contestants: again.collect::<Result<_, _>>()? },
        Row { label: "a session".to_owned(), contestants: session.collect::<Result<_, _>>()? },
    ])
}
