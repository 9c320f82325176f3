// jose, as somebody else's service has it. In: one request as JSON on standard input. Out: its answer
// as JSON on standard output. That jose refuses a token is an answer; whatever else fails, fails.
import { text } from 'node:stream/consumers'
import * as jose from 'jose'

const requests = {
  // A new key, as `exportJWK` writes it.
  async make({ algorithm }) {
    const options = { extractable: true }
    if (algorithm.startsWith('HS')) {
      return { private: await jose.exportJWK(await jose.generateSecret(algorithm, options)) }
    }
    const pair = await jose.generateKeyPair(algorithm, options)
    const published = await jose.exportJWK(pair.publicKey)
    return {
      private: await jose.exportJWK(pair.privateKey),
      public: published,
      thumbprint: await jose.calculateJwkThumbprint(published),
    }
  },

  async sign({ key, header, claims }) {
    const signed = new jose.SignJWT(claims).setProtectedHeader(header)
    return { token: await signed.sign(await jose.importJWK(key, header.alg)) }
  },

  // By the JWK set at an address, or by a shared key.
  async verify({ token, jwks, key, issuer, audience, algorithms }) {
    const keys = jwks
      ? jose.createRemoteJWKSet(new URL(jwks))
      : await jose.importJWK(key, algorithms[0])
    const requiredClaims = ['iss', 'sub', 'aud', 'exp', 'iat', 'jti']
    const rules = { issuer, audience, algorithms, typ: 'at+jwt', requiredClaims }
    try {
      const { protectedHeader, payload } = await jose.jwtVerify(token, keys, rules)
      return { header: protectedHeader, claims: payload }
    } catch (error) {
      if (!(error instanceof jose.errors.JOSEError)) throw error
      return { refused: error.claim ? `${error.code} ${error.claim}` : error.code }
    }
  },
}

const { request, ...details } = JSON.parse(await text(process.stdin))
process.stdout.write(JSON.stringify(await requests[request](details)))
