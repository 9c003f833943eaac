import JOSE

/// Keys that several suites share: making an RSA key takes a while.
enum Keys {
    /// One key per algorithm that signs.
    static let all: [Algorithm: SigningKey] = Dictionary(
        uniqueKeysWithValues: signing.compactMap { algorithm in
            (try? SigningKey.generate(algorithm)).map { (algorithm, $0) }
        }
    )

    /// The algorithms that sign.
    static let signing = Algorithm.allCases.filter { $0 != .hs256 }
}

/// A compact token with a header and a payload of the test's choosing, signed by `key` or carrying `signature`.
func compact(_ header: String, _ payload: String = "{}", signedBy key: SigningKey) throws -> [UInt8] {
    let input = Base64URL.encode(utf8(header)) + utf8(".") + Base64URL.encode(utf8(payload))
    return input + utf8(".") + Base64URL.encode(try key.signature(for: input))
}

/// A compact token with a signature that nobody made.
func compact(_ header: String, _ payload: String = "{}", signature: [UInt8] = [1]) -> [UInt8] {
    Base64URL.encode(utf8(header)) + utf8(".") + Base64URL.encode(utf8(payload)) + utf8(".") + Base64URL.encode(signature)
}
