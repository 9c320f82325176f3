//! The authorization server as other people's clients find it: oauth4webapi and Authlib, each of
//! which goes the whole way and stops at whatever is not by the RFCs.

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use auth_policy::settings::{Algorithm, GrantType};
use auth_runtime::{
    clock::{Clock, SystemClock},
    oauth::NewClient,
};
use serde_json::{Value, json};

use super::clients::{BOTH, Client, blog_rules, installed, rules, with};
use crate::{
    blog::process::Blog,
    oauth::world::{World, said},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Oauth4webapi,
    Authlib,
}

impl Program {
    /// What the whole tour gave.
    fn tours(self, details: &Value) -> Value {
        let installed = installed();
        let mut command = match self {
            Self::Oauth4webapi => Command::new("node"),
            Self::Authlib => Command::new(installed.join("venv/bin/python")),
        };
        command.arg(installed.join(match self {
            Self::Oauth4webapi => "oauth4webapi.mjs",
            Self::Authlib => "authlib_client.py",
        }));
        // A proxy of the shell's would be asked for what is on loopback.
        command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(details.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{self:?} failed with {details}: see its message above");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A client that goes the whole way in every way there is to show who it is, both programs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs oauth4webapi and Authlib: ./test interop"]
async fn m06_ot8_ot9_strict_clients_go_the_whole_way() {
    let world = World::at(SystemClock.now()).await;
    let address = world.serve().await;
    let user = world.account("ada", "author").await;
    let key = Client::Jose.makes(Algorithm::ES256);
    let grants = [GrantType::ClientCredentials, GrantType::RefreshToken];
    let signer = NewClient::new("signer", "Signs").grants(grants).scopes(["read:posts"]);
    let public = json!({ "keys": [with(&key.public, "alg", "ES256")] });
    world.clients.register(signer.signs_with(public.to_string())).await.unwrap();
    let (_, secret) = world.client("svc").await;
    for program in [Program::Oauth4webapi, Program::Authlib] {
        for (way, id) in [
            ("client_secret_basic", "svc"),
            ("client_secret_post", "svc"),
            ("private_key_jwt", "signer"),
        ] {
            let given = world.let_in(&user, id, &["read:posts"]).await;
            let told = program.tours(&json!({
                "base": format!("http://{address}"),
                "issuer": "https://issuer.example",
                "audience": "test-api",
                "client_id": id,
                "secret": secret,
                "key": with(&key.private, "alg", "ES256"),
                "way": way,
                "scope": "read:posts",
                "refresh_token": said(&given.refresh_token),
            }));
            let (own, renewed) = (&told["own"], &told["renewed"]);
            assert_eq!(own["scope"], "read:posts", "{program:?} {way}");
            assert_eq!((&own["before"], &own["after"]), (&json!(true), &json!(false)));
            assert_eq!(renewed["rotated"], true, "{program:?} {way}");
            assert_eq!(renewed["before"], true);
            assert_eq!(renewed["after"], json!([false, false]), "the family and its access");
            assert_eq!(renewed["refused"], "invalid_grant");
            if program == Program::Oauth4webapi {
                assert_eq!(own["claims"]["sub"], format!("client:{id}"));
                assert_eq!(own["claims"]["client_id"], id);
                assert_eq!(renewed["claims"]["sub"], user.id);
            }
            let rules = rules(address, "https://issuer.example", "test-api", Algorithm::EdDSA);
            let token = told["token"].as_str().unwrap();
            for reader in BOTH {
                let claims = reader.reads(token, &rules).unwrap();
                assert_eq!(claims["sub"], format!("client:{id}"), "{reader:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs oauth4webapi and Authlib: ./test interop"]
fn m06_strict_clients_get_tokens_from_the_blog() {
    let blog = Blog::seeded();
    let details = json!({
        "base": format!("http://{}", blog.address),
        "issuer": "https://blog.example",
        "audience": "blog-api",
        "client_id": "svc-app",
        "secret": blog.seed()["clients"]["svc-app"],
        "way": "client_secret_basic",
        "scope": "read:posts",
    });
    for program in [Program::Oauth4webapi, Program::Authlib] {
        let told = program.tours(&details);
        assert_eq!(told["own"]["scope"], "read:posts", "{program:?}");
        assert_eq!(told["let_in"], json!(null));
        let token = told["token"].as_str().unwrap();
        let claims = Client::Jose.reads(token, &blog_rules(&blog)).unwrap();
        assert_eq!(claims["sub"], "client:svc-app");
        assert_eq!(blog.get("/posts/1", Some(token)).status, 401, "it was revoked");
    }
}

/// Somebody who signs in to the running blog and lets the program in.
fn whom(blog: &Blog) -> Value {
    json!({
        "username": "author",
        "password": blog.password("author"),
        "redirect_uri": "http://127.0.0.1/callback",
    })
}

/// Issue 6: the code flow with PKCE, client credentials, refresh with rotation, revocation and
/// introspection, each by two programs that stop at whatever is not by the RFCs.
#[test]
#[ignore = "needs oauth4webapi and Authlib: ./test interop"]
fn m06_ot8_ot9_strict_clients_are_let_in_to_the_blog() {
    let blog = Blog::seeded();
    for program in [Program::Oauth4webapi, Program::Authlib] {
        for way in ["client_secret_basic", "client_secret_post"] {
            let told = program.tours(&json!({
                "base": format!("http://{}", blog.address),
                "issuer": "https://blog.example",
                "audience": "blog-api",
                "client_id": "svc-app",
                "secret": blog.seed()["clients"]["svc-app"],
                "way": way,
                "scope": "read:posts",
                "who": whom(&blog),
            }));
            let (own, let_in, renewed) = (&told["own"], &told["let_in"], &told["renewed"]);
            assert_eq!((&own["before"], &own["after"]), (&json!(true), &json!(false)));
            assert_eq!((&let_in["scope"], &let_in["before"]), (&json!("read:posts"), &json!(true)));
            assert_eq!(renewed["rotated"], true, "{program:?} {way}");
            assert_eq!(renewed["after"], json!([false, false]), "the family and its access");
            assert_eq!(renewed["refused"], "invalid_grant");
            let token = let_in["token"].as_str().unwrap();
            for reader in BOTH {
                let claims = reader.reads(token, &blog_rules(&blog)).unwrap();
                assert_eq!(
                    (&claims["client_id"], &claims["scope"]),
                    (&json!("svc-app"), &json!("read:posts"))
                );
                assert!(claims["auth_time"].is_i64() && claims["sub"].is_string(), "{claims}");
            }
            if program == Program::Oauth4webapi {
                assert_eq!(let_in["claims"]["client_id"], "svc-app");
            }
            assert_eq!(blog.get("/posts/1", Some(token)).status, 401, "its family was revoked");
        }
    }
}

/// A program on somebody's own machine, which can keep no secret.
#[test]
#[ignore = "needs oauth4webapi and Authlib: ./test interop"]
fn m06_ot4_strict_clients_without_a_secret_are_let_in_to_the_blog() {
    let blog = Blog::seeded();
    let wanted = json!({
        "id": "cli",
        "name": "On the command line",
        "public": true,
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scopes": ["read:posts", "write:posts"],
    });
    let made = blog.write("POST", "/admin/clients", Some(&blog.login("admin")), &wanted);
    assert_eq!((made.status, made.json().get("client_secret")), (201, None));
    for program in [Program::Oauth4webapi, Program::Authlib] {
        let told = program.tours(&json!({
            "base": format!("http://{}", blog.address),
            "issuer": "https://blog.example",
            "audience": "blog-api",
            "client_id": "cli",
            "way": "none",
            "scope": "read:posts write:posts",
            "who": whom(&blog),
        }));
        assert_eq!(told["let_in"]["scope"], "read:posts write:posts", "{program:?}");
        assert_eq!(told["renewed"]["rotated"], true, "{program:?}");
        assert_eq!(told["renewed"]["refused"], "invalid_grant", "{program:?}");
        let token = told["let_in"]["token"].as_str().unwrap();
        assert_eq!(blog.get("/posts/1", Some(token)).status, 401, "its family was revoked");
    }
}
