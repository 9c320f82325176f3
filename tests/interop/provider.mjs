// An OpenID provider on loopback. In: on standard input, one line with the address that it sends
// browsers back to. Out: its own address, on the first line of standard output. It ends with its
// standard input. Whoever signs in with it is whom they say they are.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const people = (id) => ({
  sub: id,
  email: `${id}@people.example`,
  email_verified: true,
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  preferred_username: id,
});

const server = createServer((request, response) => answer(request, response));
let answer = (_, response) => response.writeHead(503).end();

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer);
  createInterface({ input: process.stdin })
    .once('line', (redirect) => { answer = provider(issuer, redirect).callback(); })
    .once('close', () => process.exit(0));
});

function provider(issuer, redirect) {
  return new Provider(issuer, {
    clients: [{
      client_id: 'blog',
      client_secret: 'a secret: of the tests',
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => people(id) }),
    cookies: { keys: ['of the tests'] },
  });
}
