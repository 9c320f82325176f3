//! What stands in the attribute. In: its tokens. Out: an [`Authenticate`] or a [`Public`], or every
//! mistake in them.

use auth_policy::{
    nearest,
    requirement::{Asked, AskedScopes, Named},
};
use proc_macro2::Span;
use syn::{
    Ident, LitStr, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::{Bracket, Paren},
};

/// The arguments of `#[authenticate(..)]`.
pub(crate) struct Authenticate {
    pub(crate) asked: Asked<Span>,
    pub(crate) common: Common,
}

/// The arguments of `#[public(..)]`.
pub(crate) struct Public {
    /// Absent when it was not given.
    pub(crate) reason: Option<LitStr>,
    pub(crate) asked: Asked<Span>,
    pub(crate) common: Common,
}

/// The arguments of `policy!(..)`.
pub(crate) struct Embedded {
    pub(crate) common: Common,
}

/// The arguments that all of them take.
#[derive(Default)]
pub(crate) struct Common {
    pub(crate) policy: Option<LitStr>,
    pub(crate) runtime: Option<Path>,
}

/// The most bytes a reason may have: it is one line of a table.
const MAX_REASON: usize = 200;

impl Parse for Authenticate {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut asked = nothing_asked(input.span());
        let mut common = Common::default();
        let mut keys =
            Keys::new(&["scopes", "role", "rule", "limit", "max_age", "acr", "policy", "crate"]);
        if !input.is_empty() && !input.peek2(Token![=]) {
            asked.schemes = schemes(input)?;
            comma(input)?;
        }
        while !input.is_empty() {
            let key = keys.next(input)?;
            match key.to_string().as_str() {
                "scopes" => asked.scopes = Some(scopes(input)?),
                "role" => asked.role = Some(name(input)?),
                "rule" => asked.rule = Some(name(input)?),
                "limit" => asked.limit = Some(name(input)?),
                "max_age" => asked.max_age = Some(name(input)?),
                "acr" => asked.acr = Some(name(input)?),
                _ => common.read(&key, input)?,
            }
            comma(input)?;
        }
        Ok(Self { asked, common })
    }
}

impl Parse for Public {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut asked = nothing_asked(input.span());
        let mut common = Common::default();
        let mut reason = None;
        let mut keys = Keys::new(&["reason", "identity", "limit", "policy", "crate"]);
        while !input.is_empty() {
            let key = keys.next(input)?;
            match key.to_string().as_str() {
                "reason" => reason = Some(reason_text(input)?),
                "identity" => asked.schemes = schemes(input)?,
                "limit" => asked.limit = Some(name(input)?),
                _ => common.read(&key, input)?,
            }
            comma(input)?;
        }
        Ok(Self { reason, asked, common })
    }
}

impl Parse for Embedded {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut common = Common::default();
        if input.peek(LitStr) {
            common.policy = Some(input.parse()?);
            comma(input)?;
        }
        let mut keys = Keys::new(&["crate"]);
        while !input.is_empty() {
            let key = keys.next(input)?;
            common.read(&key, input)?;
            comma(input)?;
        }
        Ok(Self { common })
    }
}

impl Common {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        if key == "policy" {
            self.policy = Some(input.parse()?);
        } else {
            self.runtime = Some(input.call(Path::parse_mod_style)?);
        }
        Ok(())
    }
}

/// The keys an attribute knows, and those it has seen.
struct Keys {
    known: &'static [&'static str],
    seen: Vec<String>,
}

impl Keys {
    fn new(known: &'static [&'static str]) -> Self {
        Self { known, seen: Vec::new() }
    }

    /// Reads `key =`.
    fn next(&mut self, input: ParseStream<'_>) -> syn::Result<Ident> {
        let key = input.call(Ident::parse_any)?;
        let word = key.to_string();
        if !self.known.contains(&word.as_str()) {
            return Err(syn::Error::new(key.span(), self.unknown(&word)));
        }
        if self.seen.contains(&word) {
            return Err(syn::Error::new(key.span(), format!("`{word}` is given twice")));
        }
        self.seen.push(word);
        input.parse::<Token![=]>()?;
        Ok(key)
    }

    fn unknown(&self, word: &str) -> String {
        let list = self.known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        match nearest(word, self.known.iter().copied()) {
            Some(near) => format!("unknown argument `{word}`: did you mean `{near}`?"),
            None => format!("unknown argument `{word}`: this attribute takes {list}"),
        }
    }
}

fn nothing_asked(at: Span) -> Asked<Span> {
    Asked {
        at,
        schemes: Vec::new(),
        scopes: None,
        role: None,
        rule: None,
        limit: None,
        max_age: None,
        acr: None,
    }
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}

/// `jwt | session`; a name that is no Rust identifier stands in quotes.
fn schemes(input: ParseStream<'_>) -> syn::Result<Vec<Named<Span>>> {
    let names = Punctuated::<Named<Span>, Token![|]>::parse_separated_nonempty_with(input, scheme)?;
    Ok(names.into_iter().collect())
}

fn scheme(input: ParseStream<'_>) -> syn::Result<Named<Span>> {
    if input.peek(LitStr) {
        return name(input);
    }
    let ident = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), "expected the name of a scheme, such as `jwt`")
    })?;
    Ok(Named { name: ident.unraw().to_string(), at: ident.span() })
}

fn name(input: ParseStream<'_>) -> syn::Result<Named<Span>> {
    let literal: LitStr = input.parse()?;
    if !literal.suffix().is_empty() {
        let help = "a name ends with its quotation mark: take away what follows it";
        return Err(syn::Error::new(literal.span(), help));
    }
    Ok(Named { name: literal.value(), at: literal.span() })
}

/// `"a"`, `["a", "b"]` or `any("a", "b")`.
fn scopes(input: ParseStream<'_>) -> syn::Result<AskedScopes<Span>> {
    if input.peek(LitStr) {
        let one = name(input)?;
        return Ok(AskedScopes { at: one.at, any: false, names: vec![one] });
    }
    if input.peek(Bracket) {
        let list;
        let bracket = syn::bracketed!(list in input);
        return listed(bracket.span.join(), false, &list);
    }
    let word: Option<Ident> = input.call(Ident::parse_any).ok();
    if word.as_ref().is_some_and(|word| word == "any") && input.peek(Paren) {
        let list;
        let paren = syn::parenthesized!(list in input);
        return listed(paren.span.join(), true, &list);
    }
    let at = word.map_or_else(|| input.span(), |word| word.span());
    let help = "expected a scope: `\"a\"`, all of several: `[\"a\", \"b\"]`, or one of several: `any(\"a\", \"b\")`";
    Err(syn::Error::new(at, help))
}

fn listed(at: Span, any: bool, list: ParseStream<'_>) -> syn::Result<AskedScopes<Span>> {
    let names = Punctuated::<Named<Span>, Token![,]>::parse_terminated_with(list, name)?;
    Ok(AskedScopes { at, any, names: names.into_iter().collect() })
}

fn reason_text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    let wrong = if text.trim().is_empty() {
        "the reason is blank: say why everybody may call this handler"
    } else if text.len() > MAX_REASON {
        "the reason is longer than 200 bytes: it is one line of a table"
    } else if text.chars().any(char::is_control) {
        "the reason holds a control character: it is one line of a table"
    } else {
        return Ok(literal);
    };
    Err(syn::Error::new(literal.span(), wrong))
}
