import TokenCore

/// What is asked for, whatever the grant.
public struct GrantRequest: Sendable, Hashable {
    /// Scopes with spaces between them; empty: what the server gives without being asked.
    public var scope: String
    /// Where the token is to be used, as URIs (`resource`, RFC 8707 section 2).
    public var resources: [String]
    /// Where it is to be used, as the server calls it (`audience`, RFC 8693 section 2.1).
    public var audiences: [String]
    /// What else a server wants, in this order. Shown in no error; not for secrets.
    public var parameters: [Parameter]

    /// A parameter that no RFC knows.
    public struct Parameter: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: String

        /// A parameter.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A request for a scope, for resources or audiences, with further parameters.
    public init(scope: String = "", resources: [String] = [], audiences: [String] = [], parameters: [Parameter] = []) {
        self.scope = scope
        self.resources = resources
        self.audiences = audiences
        self.parameters = parameters
    }

    func add(to form: inout Form) {
        form.add("scope", unlessEmpty: scope)
        for resource in resources { form.add("resource", resource) }
        for audience in audiences { form.add("audience", audience) }
        for parameter in parameters { form.add(parameter.name, parameter.value) }
    }

    /// The identity of a grant with this request.
    ///
    /// - Parameters:
    ///   - subject: on whose behalf, secrets by their digest.
    ///   - withCredential: false where a grant outlives the client's credential.
    ///   - further: what else changes the answer.
    func identity(
        of endpoint: TokenEndpoint, grant: String, subject: String = "", withCredential: Bool = true, further: [String] = []
    ) -> TokenIdentity {
        let credential = withCredential ? [endpoint.authentication.fingerprint(of: endpoint.clientID)] : []
        return TokenIdentity(
            issuer: endpoint.url, client: endpoint.clientID, grant: grant, scope: scope,
            resources: resources.map { "resource=" + $0 } + audiences.map { "audience=" + $0 }, subject: subject,
            // A certificate is renewed and the grant goes on: those of public clients alone are bound to one (RFC 8705 section 7.1).
            keyBinding: withCredential ? endpoint.keyBinding : endpoint.prover?.thumbprint ?? "",
            parameters: credential + further + parameters.flatMap { [$0.name, $0.value] })
    }
}
