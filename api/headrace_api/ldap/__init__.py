"""Signing in with a directory's password: LDAP version 3 (RFC 4511), always over TLS."""
