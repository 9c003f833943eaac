import TokenCore

/// A token endpoint and who asks there: what every grant of OAuth shares (RFC 6749 section 3.2).
///
/// Asking and reading are two steps: between them the bytes can be stored.
public struct TokenEndpoint: Sendable {
    /// Where it is.
    public let url: String
    /// `client_id`; empty where the server knows the client by other means.
    public let clientID: String
    /// How the client shows who it is.
    public let authentication: ClientAuthentication
    /// Binds the tokens to its key; nil: bearer tokens.
    public let prover: DPoPProver?
    private let transport: any TokenEndpointTransport

    /// An endpoint. Nothing is sent yet.
    public init(
        _ url: String, clientID: String, authentication: ClientAuthentication, prover: DPoPProver? = nil,
        transport: any TokenEndpointTransport
    ) {
        self.url = url
        self.clientID = clientID
        self.authentication = authentication
        self.prover = prover
        self.transport = transport
    }

    /// What tokens from here are bound to: a thumbprint, or nothing.
    var keyBinding: String { prover?.thumbprint ?? authentication.keyBinding }

    /// Sends the form with the client's credential, and where tokens are bound with a proof. A server that wants a nonce in the proof gets it at
    /// once, one time (RFC 9449 section 8).
    ///
    /// - Parameter timeout: for all of it.
    /// - Returns: the last answer, not looked into.
    func exchange(_ form: Form, timeout: Duration) async throws(TokenSourceError) -> TokenAnswer {
        let begun = MonotonicTime.read()
        let (first, secrets) = try await send(form, timeout: timeout)
        guard let prover, let nonce = first.headers["dpop-nonce"] else { return answer(first, secrets) }
        prover.remember(nonce: nonce, of: url)
        guard TokenAnswer.wantsNonce(first) else { return answer(first, secrets) }
        let left = timeout - (MonotonicTime.read() - begun)
        guard left > .zero else { throw TokenSourceError(.unreachable("no answer in time")) }
        let (second, later) = try await send(form, timeout: left)
        if let nonce = second.headers["dpop-nonce"] { prover.remember(nonce: nonce, of: url) }
        return answer(second, later)
    }

    /// Reads an answer (RFC 6749 sections 5.1 and 5.2). Pure: the same answer is always read alike.
    ///
    /// - Throws: `.refused` in the server's words, `.status`, `.notUnderstood`.
    func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
        try answer.read(isBound: prover != nil)
    }

    private func answer(_ response: TokenEndpointResponse, _ secrets: [Secret]) -> TokenAnswer {
        TokenAnswer(response, presented: secrets, now: Moment.read().wall)
    }

    private func send(_ form: Form, timeout: Duration) async throws(TokenSourceError) -> (TokenEndpointResponse, [Secret]) {
        let now = Moment.read().wall
        var form = form
        var request = TokenEndpointRequest("POST", url, timeout: timeout)
        request.headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        try authentication.apply(clientID: clientID, to: &request, &form, now: now)
        if let prover { request.headers.append(("DPoP", try prover.proof(method: "POST", url: url, token: nil, now: now))) }
        request.body = form.encoded
        return (try await transport.send(request), form.secrets + authentication.secrets)
    }
}
