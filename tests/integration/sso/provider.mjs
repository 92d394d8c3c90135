// An OpenID provider with one client: `node provider.mjs <redirect address> <client id> <secret>`. It prints its issuer.
// Whoever signs in is who they say; the password may be anything.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect, client, secret] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect] }],
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email', 'email_verified'] },
    cookies: { keys: [secret] },
    pkce: { required: () => true },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({
        sub: `subject of ${name}`,
        preferred_username: name,
        email: `${name}@example.com`,
        email_verified: true,
      }),
    }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
