"""Single sign-on by OpenID Connect: the authorization code flow with PKCE (RFC 6749, 7636, 9207)."""
