from __future__ import annotations

from vestibule.drivers.goldens.tools_layer import npm_environment


def test_npm_gets_what_leads_to_its_registry() -> None:
    needed = {
        "PATH": "/usr/bin",
        "HOME": "/home/x",
        "LANG": "C",
        "HTTPS_PROXY": "http://proxy.test:1",
        "no_proxy": "localhost",
        "npm_config_registry": "https://registry.test",
        "NPM_TOKEN": "fake-token",
        "NODE_EXTRA_CA_CERTS": "/ca.pem",
        "SSL_CERT_FILE": "/ca.pem",
    }
    assert npm_environment(needed) == needed


def test_npm_gets_none_of_the_builders_secrets() -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "fake", "NODE_OPTIONS": "--require=/x.js", "SSH_AUTH_SOCK": "/s"}
    assert npm_environment(secrets) == {}
