"""PyJWT, as somebody else's service has it. In: one request as JSON on standard input. Out: its
answer as JSON on standard output. That PyJWT refuses a token is an answer; whatever else fails, fails.
"""

import json
import secrets
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

MAKERS = {
    "HS256": lambda: secrets.token_bytes(32),
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
    "PS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def make(algorithm):
    """A new key, as `to_jwk` writes it."""
    key, writes = MAKERS[algorithm](), jwt.get_algorithm_by_name(algorithm)
    made = {"private": writes.to_jwk(key, as_dict=True)}
    if not isinstance(key, bytes):
        made["public"] = writes.to_jwk(key.public_key(), as_dict=True)
    return made


def sign(key, header, claims):
    algorithm = header["alg"]
    key = jwt.PyJWK(key, algorithm).key
    return {"token": jwt.encode(claims, key, algorithm, headers=header)}


def verify(token, issuer, audience, algorithms, jwks=None, key=None):
    """By the JWK set at an address, or by a shared key."""
    required = ["iss", "sub", "aud", "exp", "iat", "jti"]
    options = {"require": required, "strict_aud": True, "enforce_minimum_key_length": True}
    try:
        if jwks:
            key = jwt.PyJWKClient(jwks).get_signing_key_from_jwt(token)
        else:
            key = jwt.PyJWK(key, algorithms[0])
        read = jwt.PyJWT(options).decode_complete(
            token, key, algorithms, issuer=issuer, audience=audience
        )
    except jwt.PyJWTError as error:
        return {"refused": type(error).__name__}
    # PyJWT leaves `typ` to its user.
    if read["header"].get("typ") != "at+jwt":
        return {"refused": "typ"}
    return {"header": read["header"], "claims": read["payload"]}


REQUESTS = {"make": make, "sign": sign, "verify": verify}

if __name__ == "__main__":
    details = json.load(sys.stdin)
    json.dump(REQUESTS[details.pop("request")](**details), sys.stdout)
