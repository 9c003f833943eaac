import HTTPTypes

/// Which header fields go on to the next hop, and which were for this one (RFC 9110 section 7.6.1).
enum ProxyFields {
    /// Fields that are about one connection, whoever names them.
    private static let hop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    /// What says who the caller is to us, or how its request came to us.
    private static let own: Set<String> = ["authorization", "host", "expect", "content-length", "dpop"]

    /// A caller's fields, as the API gets them. The caller's credential stays here.
    static func outgoing(_ fields: HTTPFields) -> [(name: String, value: String)] {
        let named = namedByConnection(fields.filter { $0.name.canonicalName == "connection" }.map(\.value))
        let kept = fields.filter { field in
            let name = field.name.canonicalName
            return !hop.contains(name) && !own.contains(name) && !named.contains(name)
        }
        return kept.map { ($0.name.rawName, $0.value) } + [("Via", "1.1 mintmark")]
    }

    /// An API's fields, as the caller gets them: none in which the token stands.
    static func incoming(_ headers: [(name: String, value: String)], without token: String) -> HTTPFields {
        let named = namedByConnection(headers.filter { $0.name.lowercased() == "connection" }.map(\.value))
        var fields = HTTPFields()
        for (name, value) in headers {
            let lower = name.lowercased()
            // A nonce is for whoever makes the proofs.
            guard !hop.contains(lower), lower != "dpop-nonce", lower != "content-length", !named.contains(lower),
                token.isEmpty || !value.contains(token)
            else { continue }
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }

    private static func namedByConnection(_ values: [String]) -> Set<String> {
        Set(values.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks.lowercased() })
    }
}
