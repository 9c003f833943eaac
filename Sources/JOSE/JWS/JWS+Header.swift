extension JWS {
    /// The protected header of a token (RFC 7515 section 4).
    ///
    /// `jku`, `x5u`, `jwk` and `x5c` name a key inside the thing the key should protect. They are kept in `parameters`, where
    /// a DPoP proof's `jwk` is read on purpose, and nothing here follows or believes them. `zip` has no effect: a
    /// payload is never decompressed.
    public struct Header: Sendable, Hashable {
        /// `alg`, if it is one of ours. Nil never verifies.
        public let algorithm: Algorithm?
        /// `alg` as it was written, for explaining a refusal.
        public let algorithmName: String
        /// `typ` as it was written, nil if absent.
        public let type: String?
        /// `kid`, at most 255 bytes: a key to look up in a map, and nothing else.
        public let keyID: String?
        /// Every parameter, as the sender wrote it.
        public let parameters: JSONObject
    }
}

extension JWS.Header {
    /// The nesting a header needs: itself, a `jwk`, and one array or object within.
    private static let limits = JSONLimits(depth: 4, bytes: 8_192)

    /// Reads a decoded header.
    ///
    /// - Throws: `.malformedJSON`, `.malformedHeader` with the parameter's name, `.criticalHeader`.
    init(parsing json: [UInt8]) throws(JOSEError) {
        let parameters = try Self.object(json)
        guard !parameters.contains("crit") else { throw .criticalHeader }
        guard let algorithmName = try Self.text("alg", of: parameters) else { throw .malformedHeader("alg") }
        self.algorithmName = algorithmName
        self.algorithm = Algorithm(rawValue: algorithmName)
        self.type = try Self.text("typ", of: parameters)
        self.keyID = try Self.text("kid", of: parameters)
        self.parameters = parameters
    }

    private static func object(_ json: [UInt8]) throws(JOSEError) -> JSONObject {
        let value: JSONValue
        do { value = try JSONValue(parsing: json, limits: limits) } catch { throw .malformedJSON(error) }
        guard let object = value.object else { throw .malformedHeader("") }
        return object
    }

    /// Nil if absent.
    private static func text(_ name: String, of parameters: JSONObject) throws(JOSEError) -> String? {
        guard let value = parameters[name] else { return nil }
        guard let text = value.string, text.utf8.count <= JWK.longestKeyID else { throw .malformedHeader(name) }
        return text
    }
}
