public import JOSE
public import TokenCore

/// How a client shows an authorization server who it is, by the registered names (RFC 7591 section 2). Prints without its secrets.
public enum ClientAuthentication: Sendable {
    /// `none`: a public client, which only says its name.
    case none
    /// `client_secret_basic` (RFC 6749 section 2.3.1): id and secret are form-encoded before they go into the header, as the RFC says.
    case secretBasic(Secret)
    /// `client_secret_post`: both as parameters, for servers that do not take the header or do not decode it.
    case secretPost(Secret)
    /// `private_key_jwt` (RFC 7523 section 2.2): a fresh assertion for each request, valid for a minute.
    case privateKeyJWT(ClientKey)
    /// `tls_client_auth` or `self_signed_tls_client_auth` (RFC 8705 section 2).
    case tls(ClientCertificate)

    /// A client's secret as text, for `client_secret_basic`.
    public static func secret(_ text: String) -> ClientAuthentication { .secretBasic(Secret(Array(text.utf8))) }
}

/// A private key that the authorization server knows the public half of.
public struct ClientKey: Sendable {
    /// What signs.
    public var key: SigningKey
    /// The `kid` under which the server knows it; the key's thumbprint unless told otherwise.
    public var keyID: String
    /// The `aud`: nil for the token endpoint (RFC 7523 section 3), else the issuer, which FAPI 2.0 asks for.
    public var audience: String?

    /// A key.
    public init(_ key: SigningKey, keyID: String? = nil, audience: String? = nil) {
        self.key = key
        self.keyID = keyID ?? key.keyID
        self.audience = audience
    }
}

extension ClientAuthentication {
    /// Puts the credential where it belongs.
    func apply(
        clientID: String, to request: inout TokenEndpointRequest, _ form: inout Form, now: UnixTime
    ) throws(TokenSourceError) {
        switch self {
        case .none: form.add("client_id", unlessEmpty: clientID)
        case .secretBasic(let secret):
            let credential = Form.encode(clientID.utf8) + [UInt8(ascii: ":")] + Form.encode(secret.bytes)
            request.headers.append(("Authorization", "Basic " + base64(credential)))
        case .secretPost(let secret):
            form.add("client_id", clientID)
            form.add("client_secret", secret: secret)
        case .privateKeyJWT(let key):
            form.add("client_id", clientID)
            form.add("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            form.add("client_assertion", secret: try assertion(key, clientID: clientID, url: request.url, now: now))
        case .tls(let certificate):
            form.add("client_id", clientID)
            request.certificate = certificate
        }
    }

    private func assertion(_ key: ClientKey, clientID: String, url: String, now: UnixTime) throws(TokenSourceError) -> Secret {
        let assertion = Assertion(issuer: clientID, subject: clientID, audience: key.audience ?? url)
        return try assertion.signed(with: key.key, keyID: key.keyID, now: now)
    }

    /// What must not come back in an error, beside what stands in the form.
    var secrets: [Secret] {
        switch self {
        case .none, .privateKeyJWT, .tls: []
        case .secretBasic(let secret), .secretPost(let secret): [secret]
        }
    }

    /// The method and the credential by a digest: who has another credential does not share a token.
    func fingerprint(of clientID: String) -> String {
        switch self {
        case .none: "none"
        case .secretBasic(let secret): "client_secret_basic " + digest(of: secret, for: clientID)
        case .secretPost(let secret): "client_secret_post " + digest(of: secret, for: clientID)
        case .privateKeyJWT(let key): "private_key_jwt \(key.key.keyID) \(key.keyID) \(key.audience ?? "")"
        case .tls(let certificate): "tls_client_auth " + Digest.sha256(certificate.chain)
        }
    }

    /// What tokens are bound to by it (RFC 8705 section 3).
    var keyBinding: String { if case .tls(let certificate) = self { "x5c " + Digest.sha256(certificate.chain) } else { "" } }
}

extension ClientAuthentication: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The method alone (canon 59).
    public var description: String {
        switch self {
        case .none: "none"
        case .secretBasic: "client_secret_basic"
        case .secretPost: "client_secret_post"
        case .privateKeyJWT(let key): "private_key_jwt with \(key.keyID)"
        case .tls: "tls_client_auth"
        }
    }
    /// As `description`.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret by its digest, so that it can be a part of an identity. What it is for is hashed with it: the same secret elsewhere has another digest.
func digest(of secret: Secret, for purpose: String) -> String {
    Digest.sha256(Array("mintmark token client\0\(purpose)\0".utf8) + secret.bytes)
}

/// Base64 of the other alphabet with padding (RFC 4648 section 4), as the Basic scheme wants it.
private func base64(_ bytes: [UInt8]) -> String {
    let text = Base64URL.string(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
}
