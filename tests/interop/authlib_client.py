"""Authlib, as somebody else's program has it. In: a server and a client, as JSON on standard input.
Out: what the whole tour gave, as JSON on standard output. It raises at whatever it does not understand.
"""

import json
import sys

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

DETAILS = json.load(sys.stdin)
BASE, ISSUER = DETAILS["base"], DETAILS["issuer"]


def session():
    way = DETAILS["way"]
    if way != "private_key_jwt":
        secret = DETAILS["secret"]
        return OAuth2Session(DETAILS["client_id"], secret, token_endpoint_auth_method=way)
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
        answer = client.introspect_token(at("introspection_endpoint"), token=token)
        return answer.json()["active"]

    def revoke(token):
        client.revoke_token(at("revocation_endpoint"), token=token).raise_for_status()

    token_endpoint = at("token_endpoint")
    given = client.fetch_token(
        token_endpoint, grant_type="client_credentials", scope=DETAILS["scope"]
    )
    token = given["access_token"]
    own = {"scope": given["scope"], "before": active(token)}
    revoke(token)
    own["after"] = active(token)

    renewed = None
    if DETAILS.get("refresh_token"):
        first = DETAILS["refresh_token"]
        following = client.refresh_token(token_endpoint, refresh_token=first)
        last = following["refresh_token"]
        renewed = {"rotated": last != first, "before": active(last)}
        revoke(last)
        renewed["after"] = [active(last), active(following["access_token"])]
        try:
            client.refresh_token(token_endpoint, refresh_token=last)
        except OAuthError as error:
            renewed["refused"] = error.error
    return {"own": own, "renewed": renewed, "token": token}


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
