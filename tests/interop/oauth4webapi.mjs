// oauth4webapi, as somebody else's program has it. In: a server and a client, as JSON on standard input.
// Out: what the whole tour gave, as JSON on standard output. It throws at whatever is not by the RFCs.
import { text } from 'node:stream/consumers'
import * as oauth from 'oauth4webapi'
import { person } from './person.mjs'

const details = JSON.parse(await text(process.stdin))
const { base, issuer, audience, client_id, secret, key, way, scope, who } = details

// The issuer has a public name and the service is on loopback: this is the proxy between them.
const there = { [oauth.customFetch]: (url, options) => fetch(String(url).replace(issuer, base), options) }

const url = new URL(issuer)
const found = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...there })
const server = await oauth.processDiscoveryResponse(url, found)
const protects = await oauth.resourceDiscoveryRequest(url, there)
const resource = await oauth.processResourceDiscoveryResponse(url, protects)

const client = { client_id }
const proofs = {
  none: () => oauth.None(),
  client_secret_basic: () => oauth.ClientSecretBasic(secret),
  client_secret_post: () => oauth.ClientSecretPost(secret),
  async private_key_jwt() {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    return oauth.PrivateKeyJwt(await crypto.subtle.importKey('jwk', key, algorithm, false, ['sign']))
  },
}
const proof = await proofs[way]()

// RFC 9068, as a resource server that is strict about it validates.
async function validated(token) {
  const request = new Request(`${issuer}/`, { headers: { authorization: `Bearer ${token}` } })
  return await oauth.validateJwtAccessToken(server, request, audience, there)
}

// Whether it is good for something still; a client without a secret is not told.
async function active(token) {
  if (way === 'none') return null
  const response = await oauth.introspectionRequest(server, client, proof, token, there)
  return (await oauth.processIntrospectionResponse(server, client, response)).active
}

async function revoke(token) {
  const response = await oauth.revocationRequest(server, client, proof, token, there)
  await oauth.processRevocationResponse(response)
}

// What the client has on its own behalf.
let own
let token
if (way !== 'none') {
  const asked = new URLSearchParams({ scope })
  const given = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, proof, asked, there),
  )
  token = given.access_token
  own = { claims: await validated(token), scope: given.scope, before: await active(token) }
  await revoke(token)
  own.after = await active(token)
}

// What somebody lets it have.
let let_in
let refresh_token = details.refresh_token
if (who) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const { redirect_uri } = who
  const there_to = new URL(server.authorization_endpoint.replace(issuer, base))
  there_to.search = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const back = await person(who, there_to)
  const answer = oauth.validateAuthResponse(server, client, back, state)
  const exchange = async () =>
    oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        proof,
        answer,
        redirect_uri,
        verifier,
        there,
      ),
    )
  const first = await exchange()
  const claims = await validated(first.access_token)
  let_in = { claims, scope: first.scope, token: first.access_token }
  let_in.before = await active(first.access_token)
  refresh_token = first.refresh_token
}

let renewed
if (refresh_token) {
  const refresh = async (token) =>
    oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(server, client, proof, token, there),
    )
  const next = await refresh(refresh_token)
  renewed = {
    claims: await validated(next.access_token),
    rotated: next.refresh_token !== refresh_token,
    before: await active(next.refresh_token),
  }
  await revoke(next.refresh_token)
  renewed.after = [await active(next.refresh_token), await active(next.access_token)]
  renewed.refused = await refresh(next.refresh_token).catch((error) => error.error)
}

process.stdout.write(JSON.stringify({ server, resource, own, let_in, renewed, token }))
