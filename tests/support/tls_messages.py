"""TLS records and messages for captures, put together byte by byte; the two certificates are made with OpenSSL.

    from tls_messages import record, message, client_hello, server_hello, certificates, SERVER_CERTIFICATE
"""
import base64
import struct

SERVER_CERTIFICATE = base64.b64decode(
    "MIIB7DCCAZGgAwIBAgIUHNd3OM3bUpmhb8dM5eNqqqH18FwwCgYIKoZIzj0EAwIwSzELMAkGA1UEBhMCREUxDzANBgNVBAgMBkJl"
    "cmxpbjEVMBMGA1UECgwMR29sZGVuLCBJbmMuMRQwEgYDVQQDDAtzZXJ2ZXIudGVzdDAeFw0yNjExMjcyMDQ0MjNaFw0zNjExMjQy"
    "MDQ0MjNaMEsxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZCZXJsaW4xFTATBgNVBAoMDEdvbGRlbiwgSW5jLjEUMBIGA1UEAwwLc2Vy"
    "dmVyLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQq8ELmupo2aQBqP/o+X3FZeAu01cgBX64RArnG5CxXaHwD9ZklWhbX"
    "marwmpYjgdO1HSXsgSeTQxt72JyItirYo1MwUTAdBgNVHQ4EFgQU9v+QDQTtkMWn2NwFdZF7ugMHR9IwHwYDVR0jBBgwFoAU9v+Q"
    "DQTtkMWn2NwFdZF7ugMHR9IwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAtgBwkruM0VtMOUWO5i5/mIzR1Dna"
    "Eg72bqwSYtkMJeICIQColQYqVEcY/rgpjEmetF1+XG6ycBKquVSvUdp1HeYeHg==")
CLIENT_CERTIFICATE = base64.b64decode(
    "MIIB6jCCAZGgAwIBAgIUGLIhz8Yq39qfR2LTlRVWynixPY4wCgYIKoZIzj0EAwIwSzELMAkGA1UEBhMCREUxDzANBgNVBAgMBkJl"
    "cmxpbjEVMBMGA1UECgwMR29sZGVuLCBJbmMuMRQwEgYDVQQDDAtjbGllbnQudGVzdDAeFw0yNjExMjcyMDQ0MjRaFw0zNjExMjQy"
    "MDQ0MjRaMEsxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZCZXJsaW4xFTATBgNVBAoMDEdvbGRlbiwgSW5jLjEUMBIGA1UEAwwLY2xp"
    "ZW50LnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARaV87Y6vVE4rQI6taHiY9CceuATcBFHdVcmP+sZEULEwZhwMeju6WV"
    "O9LJjpvHET2gvnusyVNeS4VYPb81oaigo1MwUTAdBgNVHQ4EFgQUU2GNL5/5jRi9nF7JQHQhuh8SfLkwHwYDVR0jBBgwFoAUU2GN"
    "L5/5jRi9nF7JQHQhuh8SfLkwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBOJr1v3qSuSkHWndEL2qECDdH6xjFo"
    "LNl/RO5v5Ab/JgIgbRAeaRGH35kHXvsc59jS/Rn/6FRsWQczr/8z5v4g25o=")


def counted(body, size):
    return len(body).to_bytes(size, "big") + body


def numbers(values):
    return b"".join(struct.pack("!H", value) for value in values)


def record(kind, body, version=0x0303):
    return struct.pack("!BH", kind, version) + counted(body, 2)


def message(kind, body):
    return bytes([kind]) + counted(body, 3)


def extension(kind, body):
    return struct.pack("!H", kind) + counted(body, 2)


def server_name(name):
    return extension(0, counted(b"\0" + counted(name.encode(), 2), 2))


def alpn(*names):
    return extension(16, counted(b"".join(counted(name.encode(), 1) for name in names), 2))


def client_hello(extensions=b"", session=b"", ciphers=(0x1301, 0xC02B, 0xC02F), version=0x0303):
    return message(1, struct.pack("!H", version) + b"CLIENT-RANDOM-OF-32-BYTES-LENGTH" + counted(session, 1) +
                   counted(numbers(ciphers), 2) + b"\1\0" + counted(extensions, 2))


def server_hello(extensions=b"", session=b"", cipher=0xC02B, version=0x0303):
    return message(2, struct.pack("!H", version) + b"SERVER-RANDOM-OF-32-BYTES-LENGTH" + counted(session, 1) +
                   struct.pack("!H", cipher) + b"\0" + counted(extensions, 2))


def certificates(*chain):
    return message(11, counted(b"".join(counted(der, 3) for der in chain), 3))
