"""Authlib, as somebody else's program has it. In: a server and a client, as JSON on standard input.
Out: what the whole tour gave, as JSON on standard output. It raises at whatever it does not understand.
"""

import json
import sys

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

from person import person

DETAILS = json.load(sys.stdin)
BASE, ISSUER = DETAILS["base"], DETAILS["issuer"]


def session():
    way = DETAILS["way"]
    if way != "private_key_jwt":
        secret = None if way == "none" else DETAILS["secret"]
        return OAuth2Session(
            DETAILS["client_id"],
            secret,
            token_endpoint_auth_method=way,
            revocation_endpoint_auth_method=way,
            code_challenge_method="S256",
        )
    # The service is on loopback, and its public name is what an assertion has to be for.
    signs = PrivateKeyJWT(token_endpoint=ISSUER + "/oauth/token", alg="ES256")
    key = ECKey.import_key(DETAILS["key"])
    return OAuth2Session(
        DETAILS["client_id"],
        key,
        token_endpoint_auth_method=signs,
        revocation_endpoint_auth_method=signs,
    )


def main():
    client = session()
    server = client.get(
        BASE + "/.well-known/oauth-authorization-server", withhold_token=True
    ).json()

    def at(endpoint):
        return server[endpoint].replace(ISSUER, BASE)

    def active(token):
        # A client without a secret is not told.
        if DETAILS["way"] == "none":
            return None
        answer = client.introspect_token(at("introspection_endpoint"), token=token)
        return answer.json()["active"]

    def revoke(token):
        client.revoke_token(at("revocation_endpoint"), token=token).raise_for_status()

    token_endpoint = at("token_endpoint")
    own, token = None, None
    if DETAILS["way"] != "none":
        given = client.fetch_token(
            token_endpoint, grant_type="client_credentials", scope=DETAILS["scope"]
        )
        token = given["access_token"]
        own = {"scope": given["scope"], "before": active(token)}
        revoke(token)
        own["after"] = active(token)

    let_in, first = None, DETAILS.get("refresh_token")
    if who := DETAILS.get("who"):
        verifier = generate_token(48)
        client.redirect_uri = who["redirect_uri"]
        there, state = client.create_authorization_url(
            at("authorization_endpoint"), code_verifier=verifier, scope=DETAILS["scope"]
        )
        back = person(who, there)
        given = client.fetch_token(
            token_endpoint, authorization_response=back, state=state, code_verifier=verifier
        )
        let_in = {"scope": given["scope"], "token": given["access_token"]}
        let_in["before"] = active(given["access_token"])
        first = given["refresh_token"]

    renewed = None
    if first:
        following = client.refresh_token(token_endpoint, refresh_token=first)
        last = following["refresh_token"]
        renewed = {"rotated": last != first, "before": active(last)}
        revoke(last)
        renewed["after"] = [active(last), active(following["access_token"])]
        try:
            client.refresh_token(token_endpoint, refresh_token=last)
        except OAuthError as error:
            renewed["refused"] = error.error
    return {"own": own, "let_in": let_in, "renewed": renewed, "token": token}


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
