/// A set of public keys (RFC 7517 section 5), each `kid` at most once.
public struct JWKSet: Sendable, Hashable {
    /// The keys in their order.
    public let keys: [JWK]
    /// How many members of a parsed set were left out because their type, curve, algorithm or use is not ours.
    public let ignored: Int

    /// - Throws: `.duplicateKeyID` if two keys have the same `kid`.
    public init(_ keys: [JWK]) throws(JOSEError) {
        try self.init(keys, ignored: 0)
    }

    /// Reads a set. A key of an unknown kind is passed over, as the RFC asks; a key that is broken, or gives away a private
    /// member, spoils the set, because a publisher who does that cannot be trusted with the others either.
    ///
    /// - Throws: `.malformedJSON`, `.duplicateKeyID`, or what `JWK.init(parsing:)` throws.
    public init(parsing bytes: [UInt8]) throws(JOSEError) {
        guard let members = try JSONValue(joseParsing: bytes).object?["keys"]?.array else { throw .malformedKey("keys") }
        var keys: [JWK] = []
        for member in members {
            guard let object = member.object else { throw .malformedKey("keys") }
            if let key = try Self.known(object) { keys.append(key) }
        }
        try self.init(keys, ignored: members.count - keys.count)
    }

    /// The key with this `kid`, compared byte by byte.
    public subscript(keyID: String) -> JWK? {
        keys.first { $0.keyID?.hasSameBytes(as: keyID) ?? false }
    }

    /// The JSON text to publish: public members only.
    public var serialized: [UInt8] {
        var json = JSONWriter(capacity: 512 * keys.count + 16)
        json.object { json in
            json.name("keys")
            json.array { json in for key in keys { key.write(to: &json) } }
        }
        return json.bytes
    }

    private init(_ keys: [JWK], ignored: Int) throws(JOSEError) {
        var names: Set<ExactText> = []
        for keyID in keys.compactMap(\.keyID) {
            guard names.insert(ExactText(text: keyID)).inserted else { throw .duplicateKeyID }
        }
        self.keys = keys
        self.ignored = ignored
    }

    private static func known(_ object: JSONObject) throws(JOSEError) -> JWK? {
        do { return try JWK(object) } catch {
            switch error {
            case .unsupportedKey, .notForSignatures: return nil
            default: throw error
            }
        }
    }
}
