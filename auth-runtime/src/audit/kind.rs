//! What an event is about. In: a kind. Out: its name in records, and what the vocabularies of
//! others call it: OWASP's for application logs, and OCSF.

use crate::audit::Decision;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A guard looked at a request.
    Access,
    /// Somebody tried to sign in, or to prove again who they are.
    Login,
    /// Somebody signed out.
    Logout,
    /// A session began.
    SessionBegun,
    /// A session ended: signed out, expired, or ended by somebody else.
    SessionEnded,
    /// An access token was issued at a sign-in; with it, as a rule, a refresh token.
    TokenIssued,
    /// Somebody asked for new tokens with a refresh token.
    TokenRefreshed,
    /// Access tokens ended before their time.
    TokenRevoked,
    /// A retired refresh token was presented: its family has ended.
    RefreshReuse,
    /// Somebody let an OAuth client in.
    ConsentGiven,
    /// Somebody was asked to let a client in, and said no.
    ConsentDenied,
    /// A client was sent a code for what somebody let it have.
    CodeIssued,
    /// A code was presented again after it was used: what came of it has ended.
    CodeReplayed,
    /// An OAuth client was registered.
    ClientCreated,
    /// A client got another secret, or lost an old one.
    ClientRotated,
    /// A client may do other things, was closed, or opened again.
    ClientChanged,
    /// A client was removed.
    ClientRemoved,
    /// An API key was made.
    KeyCreated,
    /// An API key was replaced by another.
    KeyRotated,
    /// An API key ended before its time.
    KeyRevoked,
    /// Somebody changed their password, knowing the old one.
    PasswordChanged,
    /// A forgotten password was replaced.
    PasswordReset,
    /// An account was made.
    AccountCreated,
    /// An account was closed.
    AccountDisabled,
    /// A closed account was opened again.
    AccountEnabled,
    /// What somebody is at a provider leads to their account from now on, or was to.
    IdentityLinked,
    /// What somebody is at a provider leads to their account no more.
    IdentityUnlinked,
    /// An account got other roles.
    RolesChanged,
    /// The values of the policy were replaced while the engine runs.
    PolicyReloaded,
    /// The keys of a scheme were replaced, or an issuer was asked for its keys.
    Keys,
    /// The store, or what counts for a limit, stopped answering, or answers again.
    Outage,
    /// Several events together look like an attack: see [`Watch`](crate::audit::Watch).
    Suspicious,
    /// Events could not be written. Made by a sink of itself, of what it lost.
    Lost,
}

/// A class and an activity of the Open Cybersecurity Schema Framework (OCSF 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ocsf {
    /// `class_uid`, such as 3002: Authentication.
    pub class_uid: u32,
    /// `activity_id` within the class, such as 1: Logon.
    pub activity_id: u32,
}

impl Ocsf {
    /// `type_uid`: class and activity in one number.
    ///
    /// ```
    /// use auth_runtime::audit::Kind;
    ///
    /// assert_eq!(Kind::Login.ocsf().type_uid(), 300_201);
    /// ```
    pub const fn type_uid(self) -> u32 {
        self.class_uid.saturating_mul(100).saturating_add(self.activity_id)
    }
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 33] = [
        Self::Access,
        Self::Login,
        Self::Logout,
        Self::SessionBegun,
        Self::SessionEnded,
        Self::TokenIssued,
        Self::TokenRefreshed,
        Self::TokenRevoked,
        Self::RefreshReuse,
        Self::ConsentGiven,
        Self::ConsentDenied,
        Self::CodeIssued,
        Self::CodeReplayed,
        Self::ClientCreated,
        Self::ClientRotated,
        Self::ClientChanged,
        Self::ClientRemoved,
        Self::KeyCreated,
        Self::KeyRotated,
        Self::KeyRevoked,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::AccountCreated,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
        Self::RolesChanged,
        Self::PolicyReloaded,
        Self::Keys,
        Self::Outage,
        Self::Suspicious,
        Self::Lost,
    ];

    /// The name in records: stable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::SessionBegun => "session.begun",
            Self::SessionEnded => "session.ended",
            Self::TokenIssued => "token.issued",
            Self::TokenRefreshed => "token.refreshed",
            Self::TokenRevoked => "token.revoked",
            Self::RefreshReuse => "refresh.reuse",
            Self::ConsentGiven => "consent.given",
            Self::ConsentDenied => "consent.denied",
            Self::CodeIssued => "code.issued",
            Self::CodeReplayed => "code.replayed",
            Self::ClientCreated => "client.created",
            Self::ClientRotated => "client.rotated",
            Self::ClientChanged => "client.changed",
            Self::ClientRemoved => "client.removed",
            Self::KeyCreated => "key.created",
            Self::KeyRotated => "key.rotated",
            Self::KeyRevoked => "key.revoked",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset",
            Self::AccountCreated => "account.created",
            Self::AccountDisabled => "account.disabled",
            Self::AccountEnabled => "account.enabled",
            Self::IdentityLinked => "identity.linked",
            Self::IdentityUnlinked => "identity.unlinked",
            Self::RolesChanged => "roles.changed",
            Self::PolicyReloaded => "policy.reloaded",
            Self::Keys => "keys",
            Self::Outage => "outage",
            Self::Suspicious => "suspicious",
            Self::Lost => "lost",
        }
    }

    /// The event of OWASP's Logging Vocabulary that this is, with that decision: stable. `None`
    /// where the vocabulary has no word for it.
    ///
    /// ```
    /// use auth_runtime::audit::{Decision, Kind};
    ///
    /// assert_eq!(Kind::Login.owasp(Decision::Deny), Some("authn_login_fail"));
    /// assert_eq!(Kind::Access.owasp(Decision::Allow), None);
    /// ```
    pub const fn owasp(self, decision: Decision) -> Option<&'static str> {
        let allowed = matches!(decision, Decision::Allow);
        Some(match self {
            Self::Access if !allowed => "authz_fail",
            Self::Login if allowed => "authn_login_success",
            Self::Login | Self::TokenRefreshed if !allowed => "authn_login_fail",
            Self::SessionBegun => "session_created",
            Self::SessionEnded => "session_expired",
            Self::TokenIssued
            | Self::TokenRefreshed
            | Self::ClientRotated
            | Self::KeyCreated
            | Self::KeyRotated => "authn_token_created",
            Self::CodeIssued if allowed => "authn_token_created",
            Self::TokenRevoked | Self::KeyRevoked => "authn_token_revoked",
            Self::RefreshReuse | Self::CodeReplayed => "authn_token_reuse",
            Self::PasswordChanged | Self::PasswordReset if allowed => "authn_password_change",
            Self::PasswordChanged | Self::PasswordReset => "authn_password_change_fail",
            Self::AccountCreated => "user_created",
            Self::AccountDisabled | Self::AccountEnabled => "user_updated",
            Self::IdentityLinked | Self::IdentityUnlinked if allowed => "user_updated",
            Self::ConsentGiven | Self::ClientChanged | Self::RolesChanged => {
                "privilege_permissions_changed"
            }
            Self::PolicyReloaded => "authz_change",
            _ => return None,
        })
    }

    /// The class and activity of OCSF that this is: stable.
    pub const fn ocsf(self) -> Ocsf {
        let (class_uid, activity_id) = match self {
            // API Activity: Other. What was asked for is the application's to say.
            Self::Access => (6003, 99),
            // Authentication: Logon, Logoff, Authentication Ticket, Service Ticket Renew, Other.
            Self::Login => (3002, 1),
            Self::Logout => (3002, 2),
            Self::TokenIssued | Self::CodeIssued => (3002, 3),
            Self::TokenRefreshed => (3002, 5),
            Self::SessionBegun | Self::SessionEnded => (3002, 99),
            // Account Change: Create, Enable, Password Change, Password Reset, Disable.
            Self::AccountCreated => (3001, 1),
            Self::AccountEnabled => (3001, 2),
            Self::PasswordChanged => (3001, 3),
            Self::PasswordReset => (3001, 4),
            Self::AccountDisabled => (3001, 5),
            // The same: Other.
            Self::IdentityLinked | Self::IdentityUnlinked => (3001, 99),
            // User Access Management: Assign Privileges, Other.
            Self::ConsentGiven => (3005, 1),
            Self::ConsentDenied | Self::RolesChanged => (3005, 99),
            // Entity Management: Create, Update, Delete.
            Self::KeyCreated | Self::ClientCreated => (3004, 1),
            Self::KeyRotated
            | Self::ClientRotated
            | Self::ClientChanged
            | Self::PolicyReloaded
            | Self::Keys => (3004, 3),
            Self::KeyRevoked | Self::TokenRevoked | Self::ClientRemoved => (3004, 4),
            // Detection Finding: Create.
            Self::RefreshReuse | Self::CodeReplayed | Self::Suspicious => (2004, 1),
            // Application Error: General Error.
            Self::Outage | Self::Lost => (6008, 1),
        };
        Ocsf { class_uid, activity_id }
    }
}
