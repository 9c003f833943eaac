import HTTPTypes
import JOSE
import TokenCore
import TokenEngine

/// `GET /clients`: every client, without secrets.
struct ListClientsEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/clients"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let clients = try await engine.clients()
        return .json { json in
            json.name("clients")
            json.array { json in
                for client in clients {
                    json.object { json in
                        json.member("client_id", client.id.text)
                        json.member("name", client.name)
                        if let scope = client.scope { json.member("scope", scope) }
                        json.member("created_at", client.createdAt.rfc3339)
                    }
                }
            }
        }
    }
}

/// `POST /clients`: makes a client. The answer is the only place where its secret is ever seen.
struct CreateClientEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/clients"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let body = try JSONBody(request)
        let scope = try body.optionalString("scope")
        if let scope { try ClientScope.check(scope) }
        let client = try await engine.createClient(name: body.string("name"), scope: scope)
        return .json(status: .created) { json in
            json.member("client_id", client.id.text)
            json.member("client_secret", String(decoding: client.secret.bytes, as: UTF8.self))
            json.member("name", client.name)
            if let scope { json.member("scope", scope) }
            json.member("created_at", client.createdAt.rfc3339)
        }
    }
}

/// `DELETE /clients/{id}`: removes a client and ends the sessions that it began.
struct DeleteClientEndpoint: Endpoint {
    static let method = HTTPRequest.Method.delete
    static let path = "/clients/{id}"
    let engine: TokenEngine

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        guard let id = ClientID(request.parameter) else { throw OAuthError(.notFound, "There is no such client.") }
        try await engine.deleteClient(id)
        return .ended(id.text)
    }
}
