"""An authorization server by Authlib: two clients, refresh tokens that rotate, and the refusals of RFC 6749 section 5.2.

Its argument is a file with the public key of the client `robot`, as a JWK. It prints its port, and serves until it is killed.
"""

import itertools, json, os, sys, threading

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it listens on loopback alone
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.jose import JsonWebKey
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from flask import Flask, request
from werkzeug.serving import WSGIRequestHandler, make_server

KEY = JsonWebKey.import_key(json.load(open(sys.argv[1])))
LOCK, COUNTS, ACCESS, SEEN, FAMILIES = threading.Lock(), {}, {}, set(), itertools.count()


class Client(ClientMixin):
    def __init__(self, id, secret, methods, grants):
        self.id, self.secret, self.methods, self.grants = id, secret, methods, grants

    def get_client_id(self): return self.id
    def get_default_redirect_uri(self): return None
    def get_allowed_scope(self, scope): return " ".join(s for s in (scope or "read").split() if s in ("read", "write"))
    def check_redirect_uri(self, uri): return False
    def check_client_secret(self, secret): return secret == self.secret
    def check_endpoint_auth_method(self, method, endpoint): return method in self.methods
    def check_response_type(self, type): return False
    def check_grant_type(self, type): return type in self.grants


class Refresh(TokenMixin):
    def __init__(self, client, scope, family):
        self.client, self.scope, self.family, self.is_used = client, scope, family, False

    def check_client(self, client): return client.id == self.client
    def get_scope(self): return self.scope


BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENTS = {
    "my:shop": Client("my:shop", "p@ss:%w\u00f6rd/+", ["client_secret_basic", "client_secret_post"], ["client_credentials", "refresh_token"]),
    "robot": Client("robot", None, ["client_assertion_jwt"], ["client_credentials", BEARER]),
}
REFRESH = {f"first-{n}": Refresh("my:shop", "read write", next(FAMILIES)) for n in range(8)}
ENDED = set()


class Refreshing(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, value):
        token = REFRESH.get(value)
        if token is None or token.family in ENDED: return None
        if token.is_used: ENDED.add(token.family)
        return None if token.is_used else token

    def authenticate_user(self, token): return token.client
    def revoke_old_credential(self, token): token.is_used = True


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]


class Robots(JWTBearerGrant):
    CLAIMS_OPTIONS = {"iss": {"essential": True}, "aud": {"essential": True, "value": None}, "exp": {"essential": True}}

    def resolve_issuer_client(self, issuer): return CLIENTS[issuer]
    def resolve_client_key(self, client, headers, payload): return KEY
    def authenticate_user(self, subject): return subject
    def has_granted_permission(self, client, user): return user == "ann"


class Assertions(JWTBearerClientAssertion):
    def validate_jti(self, claims, jti):
        is_new = jti not in SEEN
        SEEN.add(jti)
        return is_new

    def resolve_client_public_key(self, client, headers): return KEY


def save(token, request):
    ACCESS[token["access_token"]] = token.get("scope")
    if "refresh_token" in token:
        REFRESH[token["refresh_token"]] = Refresh(request.client.id, token["scope"], request.refresh_token.family)


app = Flask(__name__)
app.config.update(OAUTH2_REFRESH_TOKEN_GENERATOR=True, OAUTH2_TOKEN_EXPIRES_IN={"client_credentials": 600, "refresh_token": 300, BEARER: 900})
server = AuthorizationServer(app, CLIENTS.get, save)


@app.post("/token")
def token():
    with LOCK:
        COUNTS[request.form.get("grant_type")] = COUNTS.get(request.form.get("grant_type"), 0) + 1
        return server.create_token_response()


@app.get("/counts")
def counts(): return COUNTS


@app.post("/end-all-access")
def end_all_access():
    ACCESS.clear()
    return {}


@app.get("/resource")
def resource():
    scope = ACCESS.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    return ({"scope": scope}, 200) if scope else ({"error": "invalid_token"}, 401)


class Quiet(WSGIRequestHandler):
    def log_request(self, *_): pass


http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
URL = f"http://127.0.0.1:{http.port}/token"
Robots.CLAIMS_OPTIONS["aud"]["value"] = URL
server.register_grant(ClientCredentials)
server.register_grant(Refreshing)
server.register_grant(Robots)
server.register_client_auth_method("client_assertion_jwt", Assertions(URL))
print(http.port, flush=True)
http.serve_forever()
