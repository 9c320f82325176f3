//! A rule as a type. In: the constants that `#[authenticate]` and `#[public]` write into a
//! handler's signature. Out: a [`Requirement`] the engine compares with an identity.
//!
//! A rule is a type and not a value because an attribute on an associated function cannot add an
//! item beside it, and because the routing functions decide by type who may be routed where.
//! Lists are built from nested types, so neither scopes nor the text of a reason has a limit.

use std::{fmt, marker::PhantomData};

use auth_policy::{
    Policy,
    policy::{AcrId, LimitId, RoleId, SchemeId, SchemeKind, ScopeId},
    settings::Seconds,
};

use crate::bits::Bits;

/// Stands for "no role", "no limit", "no name", "however long ago" and "however weak" in the
/// constants of a rule.
pub const NONE: u32 = u32::MAX;

/// A rule some handler was compiled with.
pub trait Rule: Send + Sync + 'static {
    /// What it asks for.
    const REQUIREMENT: Requirement;
}

/// A rule that no mutating scope is part of, so that a `GET` may carry it.
#[diagnostic::on_unimplemented(
    message = "this handler asks for a scope that mutates, so it cannot answer GET or HEAD",
    label = "routed where GET requests arrive",
    note = "the policy declares the scope with `mutates: true`, and cross-site requests can cause a GET: route the handler with `post`, `put`, `patch` or `delete`"
)]
pub trait ReadsOnly {}

/// What a guard asks of a request, as constants.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// The structure of the policy the handler was compiled against; `None` for a handler of this
    /// crate, which names nothing of a policy.
    pub(crate) structure: Option<u64>,
    /// Whose credentials count.
    pub(crate) schemes: Schemes,
    pub(crate) scopes: Option<&'static ScopeWord>,
    /// Whether one of the scopes is enough.
    pub(crate) any_scope: bool,
    pub(crate) role: Option<RoleId>,
    pub(crate) limit: Option<LimitId>,
    /// The index of the named rule the handler asked for.
    pub(crate) name: Option<u32>,
    /// Whether the token against forged requests is in the form that the handler reads.
    pub(crate) form: bool,
    /// How long ago somebody may have signed in.
    pub(crate) max_age: Option<Seconds>,
    /// The weakest authentication context that is enough.
    pub(crate) acr: Option<AcrId>,
}

/// The schemes whose credentials count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schemes {
    /// One bit for each scheme of the policy.
    Named(u64),
    /// One bit for each kind of our own credentials: see [`Own`].
    Own(u8),
}

impl Schemes {
    /// One bit for each scheme of that policy.
    pub(crate) fn bits(self, policy: &Policy) -> u64 {
        let kinds = match self {
            Self::Named(bits) => return bits,
            Self::Own(kinds) => kinds,
        };
        let schemes = policy.schemes().iter().zip(0u32..);
        let counting = schemes.filter(|(scheme, _)| kinds & own_kind(&scheme.kind) != 0);
        counting.filter_map(|(_, id)| 1u64.checked_shl(id)).sum()
    }
}

/// Access tokens that this service issues.
pub(crate) const JWT: u8 = 1;
/// API keys.
pub(crate) const API_KEY: u8 = 2;
/// Cookie sessions.
pub(crate) const SESSION: u8 = 4;

fn own_kind(kind: &SchemeKind) -> u8 {
    match kind {
        SchemeKind::Jwt(_) => JWT,
        SchemeKind::ApiKey(_) => API_KEY,
        SchemeKind::Session(_) => SESSION,
        SchemeKind::Issuer(_) => 0,
    }
}

/// Up to 64 of the scopes a rule asks for, as bits of the word with that index.
#[derive(Debug)]
pub struct ScopeWord {
    index: u32,
    mask: u64,
    next: Option<&'static Self>,
}

/// The rule of an `#[authenticate]` handler.
#[derive(Debug)]
pub struct Requires<
    const STRUCTURE: u64,
    const SCHEMES: u64,
    Scopes,
    const ROLE: u32,
    const LIMIT: u32,
    const NAME: u32,
    const MUTATES: bool,
    const FORM: bool,
    // In seconds. Most rules ask for neither, and their types do not show them.
    const MAX_AGE: u32 = NONE,
    const ACR: u32 = NONE,
>(PhantomData<Scopes>);

/// The rule of a handler of this crate, which is compiled against no policy: any account of this
/// service, by credentials of these kinds ([`JWT`], [`API_KEY`], [`SESSION`]). `FORM` says that the
/// token against forged requests is in the form that the handler reads.
#[derive(Debug)]
pub(crate) struct Own<const KINDS: u8, const FORM: bool = false>;

/// The rule left after a compile error: it can be routed anywhere and admits nobody.
#[derive(Debug)]
pub struct Refused;

/// Every one of the scopes.
#[derive(Debug)]
pub struct All<Words>(PhantomData<Words>);

/// At least one of the scopes.
#[derive(Debug)]
pub struct AnyOf<Words>(PhantomData<Words>);

/// Scopes in the word with that index, and more words.
#[derive(Debug)]
pub struct Word<const INDEX: u32, const MASK: u64, Next>(PhantomData<Next>);

/// The end of a list.
#[derive(Debug)]
pub struct End;

/// A set of scopes as a type.
pub trait Scopes: Send + Sync + 'static {
    /// The first word of the set.
    const FIRST: Option<&'static ScopeWord>;
    /// Whether one of them is enough.
    const ANY: bool;
}

/// A list of words as a type.
pub trait Words: Send + Sync + 'static {
    /// The head of the list.
    const FIRST: Option<&'static ScopeWord>;
}

impl Words for End {
    const FIRST: Option<&'static ScopeWord> = None;
}

impl<const INDEX: u32, const MASK: u64, Next: Words> Words for Word<INDEX, MASK, Next> {
    const FIRST: Option<&'static ScopeWord> =
        Some(&ScopeWord { index: INDEX, mask: MASK, next: Next::FIRST });
}

impl<W: Words> Scopes for All<W> {
    const FIRST: Option<&'static ScopeWord> = W::FIRST;
    const ANY: bool = false;
}

impl<W: Words> Scopes for AnyOf<W> {
    const FIRST: Option<&'static ScopeWord> = W::FIRST;
    const ANY: bool = true;
}

impl<
    const STRUCTURE: u64,
    const SCHEMES: u64,
    S: Scopes,
    const ROLE: u32,
    const LIMIT: u32,
    const NAME: u32,
    const MUTATES: bool,
    const FORM: bool,
    const MAX_AGE: u32,
    const ACR: u32,
> Rule for Requires<STRUCTURE, SCHEMES, S, ROLE, LIMIT, NAME, MUTATES, FORM, MAX_AGE, ACR>
{
    const REQUIREMENT: Requirement = Requirement {
        structure: Some(STRUCTURE),
        schemes: Schemes::Named(SCHEMES),
        scopes: S::FIRST,
        any_scope: S::ANY,
        role: if ROLE == NONE { None } else { Some(RoleId(ROLE)) },
        limit: if LIMIT == NONE { None } else { Some(LimitId(LIMIT)) },
        name: if NAME == NONE { None } else { Some(NAME) },
        form: FORM,
        max_age: if MAX_AGE == NONE { None } else { Some(Seconds(MAX_AGE as u64)) },
        acr: if ACR == NONE { None } else { Some(AcrId(ACR)) },
    };
}

#[diagnostic::do_not_recommend]
impl<
    const STRUCTURE: u64,
    const SCHEMES: u64,
    S,
    const ROLE: u32,
    const LIMIT: u32,
    const NAME: u32,
    const FORM: bool,
    const MAX_AGE: u32,
    const ACR: u32,
> ReadsOnly for Requires<STRUCTURE, SCHEMES, S, ROLE, LIMIT, NAME, false, FORM, MAX_AGE, ACR>
{
}

impl<const KINDS: u8, const FORM: bool> Rule for Own<KINDS, FORM> {
    const REQUIREMENT: Requirement = Requirement {
        structure: None,
        schemes: Schemes::Own(KINDS),
        scopes: None,
        any_scope: false,
        role: None,
        limit: None,
        name: None,
        form: FORM,
        max_age: None,
        acr: None,
    };
}

#[diagnostic::do_not_recommend]
impl<const KINDS: u8, const FORM: bool> ReadsOnly for Own<KINDS, FORM> {}

impl Rule for Refused {
    const REQUIREMENT: Requirement = Requirement {
        structure: Some(0),
        schemes: Schemes::Named(0),
        scopes: None,
        any_scope: false,
        role: None,
        limit: None,
        name: None,
        form: false,
        max_age: None,
        acr: None,
    };
}

#[diagnostic::do_not_recommend]
impl ReadsOnly for Refused {}

impl Requirement {
    /// Whether credentials of that scheme count.
    pub(crate) fn names(&self, scheme: SchemeId, policy: &Policy) -> bool {
        has_bit(self.schemes.bits(policy), scheme)
    }

    /// Whether it is a rule of this crate for people who look after their account: those rules name
    /// no API keys, and so no programs.
    pub(crate) const fn is_for_people(&self) -> bool {
        matches!(self.schemes, Schemes::Own(kinds) if kinds & API_KEY == 0)
    }

    /// Whether it asks for nothing that a client was let in for: no scope. A rule that admits API keys
    /// is meant for programs as well.
    pub(crate) fn refuses_delegates(&self, policy: &Policy) -> bool {
        self.scopes.is_none() && !admits_keys(self.schemes.bits(policy), policy)
    }

    /// Whether these scopes are enough.
    pub(crate) fn scopes_within(&self, held: &Bits) -> bool {
        let mut words = self.words();
        if self.any_scope && self.scopes.is_some() {
            words.any(|word| held.word(word.index as usize) & word.mask != 0)
        } else {
            words.all(|word| held.word(word.index as usize) & word.mask == word.mask)
        }
    }

    /// Whether the role is among these, which are closed under `includes`.
    pub(crate) fn role_within(&self, held: &Bits) -> bool {
        self.role.is_none_or(|role| held.contains(role.0))
    }

    /// The ids of the scopes asked for, ascending.
    pub(crate) fn scope_ids(&self) -> impl Iterator<Item = u32> + use<> {
        self.words().flat_map(|word| {
            (0..64)
                .filter(move |bit| word.mask >> bit & 1 == 1)
                .map(move |bit| word.index * 64 + bit)
        })
    }

    /// The names of the scopes asked for, sorted.
    pub(crate) fn scope_names<'p>(
        &self,
        policy: &'p Policy,
    ) -> impl Iterator<Item = &'p str> + use<'p> {
        let scopes = self.scope_ids().filter_map(|id| policy.scope(ScopeId(id)));
        scopes.map(|scope| scope.name.as_str())
    }

    /// The name of the role asked for.
    pub(crate) fn role_name<'p>(&self, policy: &'p Policy) -> Option<&'p str> {
        policy.role(self.role?).map(|role| role.name.as_str())
    }

    /// The name of the policy's rule, if the handler asked for one by name.
    pub(crate) fn rule_name<'p>(&self, policy: &'p Policy) -> Option<&'p str> {
        policy.rules().get(self.name? as usize).map(|rule| rule.name.as_str())
    }

    /// The authentication context asked for, as it stands in the claim `acr`.
    pub(crate) fn acr_value<'p>(&self, policy: &'p Policy) -> Option<&'p str> {
        policy.acr(self.acr?).map(|acr| acr.value.as_str())
    }

    fn words(&self) -> impl Iterator<Item = &'static ScopeWord> + use<> {
        std::iter::successors(self.scopes, |word| word.next)
    }
}

impl Openness {
    /// Whether it knows people alone, and no programs: see [`Requirement::refuses_delegates`].
    pub(crate) fn is_for_people(&self, policy: &Policy) -> bool {
        !admits_keys(self.schemes, policy)
    }
}

/// Whether API keys are among the schemes with these bits.
fn admits_keys(schemes: u64, policy: &Policy) -> bool {
    policy.api_key().is_some_and(|(scheme, _)| has_bit(schemes, scheme))
}

fn has_bit(schemes: u64, scheme: SchemeId) -> bool {
    schemes.checked_shr(scheme.0).is_some_and(|rest| rest & 1 == 1)
}

/// The names of the schemes with these bits, sorted.
pub(crate) fn scheme_names(bits: u64, policy: &Policy) -> impl Iterator<Item = &str> {
    let schemes = policy.schemes().iter().zip(0u32..);
    let named = schemes.filter(move |(_, id)| bits.checked_shr(*id).is_some_and(|b| b & 1 == 1));
    named.map(|(scheme, _)| scheme.name.as_str())
}

/// The name of a limit.
pub(crate) fn limit_name(limit: Option<LimitId>, policy: &Policy) -> Option<&str> {
    policy.limits().get(limit?.0 as usize).map(|limit| limit.name.as_str())
}

/// The rule of a `#[public]` handler.
#[derive(Debug)]
pub struct Open<
    const STRUCTURE: u64,
    const SCHEMES: u64,
    const LIMIT: u32,
    Reason,
    const FORM: bool = false,
>(PhantomData<Reason>);

/// What a public handler declares, as constants.
#[derive(Clone, Copy, Debug)]
pub struct Openness {
    /// The structure of the policy it was compiled against, if it names anything of it.
    pub(crate) structure: Option<u64>,
    /// One bit for each scheme whose credentials identify the caller, if presented.
    pub(crate) schemes: u64,
    pub(crate) limit: Option<LimitId>,
    pub(crate) reason: ReasonText,
    /// Whether the token against forged requests is in the form that the handler reads.
    pub(crate) form: bool,
}

#[diagnostic::do_not_recommend]
impl<const STRUCTURE: u64, const SCHEMES: u64, const LIMIT: u32, R, const FORM: bool> ReadsOnly
    for Open<STRUCTURE, SCHEMES, LIMIT, R, FORM>
{
}

/// A declaration some public handler was compiled with.
pub trait Opening: Send + Sync + 'static {
    /// What it says.
    const OPENNESS: Openness;
}

/// Sixteen bytes of a text, padded with zeros at the end, and the rest of it.
#[derive(Debug)]
pub struct Text<const BYTES: u128, Rest>(PhantomData<Rest>);

/// The rule of a public handler of this crate, which is compiled against no policy: everybody, for
/// a reason of at most 64 bytes.
macro_rules! everybody {
    ($reason:literal) => {
        $crate::rule::Everybody<
            { $crate::rule::piece($reason, 0) },
            { $crate::rule::piece($reason, 1) },
            { $crate::rule::piece($reason, 2) },
            { $crate::rule::piece($reason, 3) },
        >
    };
}
pub(crate) use everybody;

/// What `everybody!` names: the four pieces of a reason.
pub(crate) type Everybody<const A: u128, const B: u128, const C: u128, const D: u128> =
    Open<0, 0, NONE, Text<A, Text<B, Text<C, Text<D, End>>>>>;

/// The piece of a text with that index, for [`Text`]; past the end it is empty.
pub(crate) const fn piece(text: &str, index: usize) -> u128 {
    assert!(text.len() <= 64, "a reason of this crate has at most 64 bytes");
    let mut rest = text.as_bytes();
    let mut skipped = 0;
    while skipped < index * 16 {
        rest = match rest.split_first() {
            Some((_, rest)) => rest,
            None => rest,
        };
        skipped += 1;
    }
    let mut piece = 0;
    let mut taken = 0;
    while taken < 16 {
        let (byte, others) = match rest.split_first() {
            Some((byte, others)) => (*byte, others),
            None => (0, rest),
        };
        piece = piece << 8 | byte as u128;
        rest = others;
        taken += 1;
    }
    piece
}

/// A piece of a text as a constant.
#[derive(Debug)]
pub struct Piece {
    bytes: [u8; 16],
    next: Option<&'static Self>,
}

/// A text as a type.
pub trait Reason: Send + Sync + 'static {
    /// The first piece of it.
    const FIRST: Option<&'static Piece>;
}

/// A text that was a type; `Display` gives it back.
#[derive(Clone, Copy)]
pub(crate) struct ReasonText(Option<&'static Piece>);

impl Reason for End {
    const FIRST: Option<&'static Piece> = None;
}

impl<const BYTES: u128, Rest: Reason> Reason for Text<BYTES, Rest> {
    const FIRST: Option<&'static Piece> =
        Some(&Piece { bytes: BYTES.to_be_bytes(), next: Rest::FIRST });
}

impl<const STRUCTURE: u64, const SCHEMES: u64, const LIMIT: u32, R: Reason, const FORM: bool>
    Opening for Open<STRUCTURE, SCHEMES, LIMIT, R, FORM>
{
    const OPENNESS: Openness = Openness {
        structure: if SCHEMES == 0 && LIMIT == NONE { None } else { Some(STRUCTURE) },
        schemes: SCHEMES,
        limit: if LIMIT == NONE { None } else { Some(LimitId(LIMIT)) },
        reason: ReasonText(R::FIRST),
        form: FORM,
    };
}

impl fmt::Display for ReasonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces = std::iter::successors(self.0, |piece| piece.next);
        let bytes: Vec<u8> =
            pieces.flat_map(|piece| piece.bytes).take_while(|byte| *byte != 0).collect();
        f.write_str(&String::from_utf8_lossy(&bytes))
    }
}

impl fmt::Debug for ReasonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(ids: &[u32]) -> Bits {
        ids.iter().copied().map(ScopeId).collect()
    }

    type Two = Word<0, 0b1000, Word<5, 0b1, End>>;

    #[test]
    fn m07_all_asks_for_every_scope() {
        let rule = <Requires<1, 1, All<Two>, NONE, NONE, NONE, false, false>>::REQUIREMENT;
        assert_eq!(rule.scope_ids().collect::<Vec<_>>(), [3, 320]);
        assert!(rule.scopes_within(&held(&[3, 320, 7])));
        assert!(!rule.scopes_within(&held(&[3])));
        assert!(!rule.scopes_within(&held(&[320])));
    }

    #[test]
    fn m07_any_asks_for_one_scope() {
        let rule = <Requires<1, 1, AnyOf<Two>, NONE, NONE, NONE, false, false>>::REQUIREMENT;
        assert!(rule.scopes_within(&held(&[320])));
        assert!(!rule.scopes_within(&held(&[4, 321])));
    }

    #[test]
    fn no_scopes_ask_for_none() {
        let rule = <Requires<1, 0b10, All<End>, NONE, NONE, NONE, false, false>>::REQUIREMENT;
        assert!(rule.scopes_within(&held(&[])));
        assert!(matches!(rule.schemes, Schemes::Named(0b10)));
    }

    #[test]
    fn a_reason_survives_being_a_type() {
        const HEAD: u128 = u128::from_be_bytes(*b"landing page for");
        const TAIL: u128 = u128::from_be_bytes(*b" all\0\0\0\0\0\0\0\0\0\0\0\0");
        let open = <Open<1, 0, NONE, Text<HEAD, Text<TAIL, End>>>>::OPENNESS;
        assert_eq!(open.reason.to_string(), "landing page for all");
        assert_eq!(open.structure, None);
    }

    #[test]
    fn reasons_of_this_crate_are_written_as_they_read() {
        for (reason, open) in [
            ("short", <everybody!("short")>::OPENNESS),
            ("sixteen bytes ..", <everybody!("sixteen bytes ..")>::OPENNESS),
            ("and one more than", <everybody!("and one more than")>::OPENNESS),
        ] {
            assert_eq!(open.reason.to_string(), reason);
        }
    }
}
