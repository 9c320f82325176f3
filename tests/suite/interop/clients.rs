//! jose and PyJWT, each a process of its own. In: what they are asked. Out: keys and tokens that
//! they made, and what they make of ours.

use std::{
    env,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use auth_policy::settings::Algorithm;
use serde_json::{Value, json};

use crate::blog::process::Blog;

/// Somebody else's implementation of JOSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Jose,
    PyJwt,
}

pub(super) const BOTH: [Client; 2] = [Client::Jose, Client::PyJwt];

/// A key that a client made.
pub(super) struct Made {
    /// The private or symmetric JWK, without `alg` and `kid`.
    pub(super) private: Value,
    /// The public JWK; null of a symmetric key.
    pub(super) public: Value,
    /// Its RFC 7638 thumbprint, if the client can tell.
    pub(super) thumbprint: Option<String>,
}

impl Client {
    pub(super) fn makes(self, algorithm: Algorithm) -> Made {
        let mut made = self.answers("make", &json!({ "algorithm": algorithm.name() }));
        let thumbprint = made["thumbprint"].as_str().map(str::to_owned);
        Made { private: made["private"].take(), public: made["public"].take(), thumbprint }
    }

    pub(super) fn signs(self, key: &Value, header: &Value, claims: &Value) -> String {
        let request = json!({ "key": key, "header": header, "claims": claims });
        self.answers("sign", &request)["token"].as_str().expect("a token").to_owned()
    }

    /// The claims of a token, or why it was refused.
    pub(super) fn reads(self, token: &str, rules: &Value) -> Result<Value, String> {
        let mut answer = self.answers("verify", &with(rules, "token", token));
        match answer["refused"].as_str() {
            Some(refused) => Err(refused.to_owned()),
            None => Ok(answer["claims"].take()),
        }
    }

    /// Which of the two words is this client's.
    pub(super) fn says<'w>(self, jose: &'w str, pyjwt: &'w str) -> &'w str {
        match self {
            Self::Jose => jose,
            Self::PyJwt => pyjwt,
        }
    }

    /// What it says of a signature that is not that key's.
    pub(super) fn wrong_signature(self) -> &'static str {
        self.says("ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "InvalidSignatureError")
    }

    /// What it says when no key that is published has that `kid`.
    pub(super) fn unknown_key(self) -> &'static str {
        self.says("ERR_JWKS_NO_MATCHING_KEY", "PyJWKClientError")
    }

    fn answers(self, request: &str, details: &Value) -> Value {
        let question = with(details, "request", request).to_string();
        let mut child = self.command().spawn().expect("the client starts");
        // Closed by being dropped: the clients read to the end.
        let written = child.stdin.take().expect("piped").write_all(question.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{self:?} failed at {request}: see its message above");
        written.expect("it read the question");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn command(self) -> Command {
        let installed = installed();
        let mut command = match self {
            Self::Jose => Command::new("node"),
            Self::PyJwt => Command::new(installed.join("venv/bin/python")),
        };
        command.arg(installed.join(self.says("jose.mjs", "pyjwt.py")));
        // A proxy of the shell's would be asked for what is on loopback.
        command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

/// Where `./test interop` put the clients.
pub(super) fn installed() -> PathBuf {
    let folder = env::var_os("AUTH_TEST_INTEROP").expect("AUTH_TEST_INTEROP: run ./test interop");
    let folder = Path::new(&folder).to_owned();
    assert!(folder.join("installed").exists(), "no clients in {folder:?}: run ./test interop");
    folder
}

/// What those ask of a token who read the JWK set at that address.
pub(super) fn rules(at: SocketAddr, issuer: &str, audience: &str, algorithm: Algorithm) -> Value {
    json!({
        "jwks": format!("http://{at}/.well-known/jwks.json"),
        "issuer": issuer,
        "audience": audience,
        "algorithms": [algorithm.name()],
    })
}

/// The same for a running blog.
pub(super) fn blog_rules(blog: &Blog) -> Value {
    rules(blog.address, "https://blog.example", "blog-api", Algorithm::EdDSA)
}

/// The same object with another member.
pub(super) fn with(object: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    object[name] = value.into();
    object
}

/// A JWK set of these keys.
pub(super) fn set(keys: &[&Value]) -> String {
    json!({ "keys": keys }).to_string()
}
