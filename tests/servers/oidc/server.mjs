// The npm package oidc-provider as an independent OAuth server: https://oidc.test:15443 on 127.0.0.40.
//
// Any user name and password sign in; the subject is the user name. Clients:
//   tui                          public, http://127.0.0.1/cb on any port
//   tui-secret                   tui-secret-value, HTTP Basic
//   xmpp-server                  xmpp-server-secret; introspects
// Environment: CERTS (folder), ACCESS_TTL, REFRESH_TTL, DEVICE_TTL (seconds).
import fs from 'node:fs';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const { CERTS, ACCESS_TTL = '3600', REFRESH_TTL = '86400', DEVICE_TTL = '600' } = process.env;
const ISSUER = 'https://oidc.test:15443';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const tui = {
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/cb', 'http://localhost/cb'],
  scope: 'openid offline_access xmpp profile',
};
const provider = new Provider(ISSUER, {
  clients: [
    { client_id: 'tui', client_name: 'Loopback TUI', token_endpoint_auth_method: 'none', ...tui },
    { client_id: 'tui-secret', client_secret: 'tui-secret-value', token_endpoint_auth_method: 'client_secret_basic', ...tui },
    {
      client_id: 'xmpp-server', client_secret: 'xmpp-server-secret', token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [], response_types: [], redirect_uris: [],
    },
  ],
  scopes: ['openid', 'offline_access', 'xmpp', 'profile'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], xmpp: ['jid'] },
  features: {
    deviceFlow: { enabled: true, mask: '****-****' },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    userinfo: { enabled: true },
    devInteractions: { enabled: true },
  },
  pkce: { required: () => true },
  ttl: {
    AccessToken: +ACCESS_TTL, RefreshToken: +REFRESH_TTL, DeviceCode: +DEVICE_TTL,
    AuthorizationCode: 60, Session: 86400, Grant: 86400, Interaction: 3600, IdToken: 3600,
  },
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: id, preferred_username: id, jid: `${id}@oidc.test` }),
  }),
  cookies: { keys: ['loopback-test'] },
});
provider.on('server_error', (_, error) => console.error('server_error', error));
provider.on('grant.success', (context) => console.log('grant.success', context.oidc.params.grant_type));
provider.on('grant.error', (_, error) => console.log('grant.error', error.error, error.error_description));
const certificate = { key: fs.readFileSync(`${CERTS}/server.key`), cert: fs.readFileSync(`${CERTS}/chain.crt`) };
https.createServer(certificate, provider.callback()).listen(15443, '127.0.0.40', () => console.log('ready', ISSUER));
