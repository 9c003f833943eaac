/// A seeded hash of a token's bytes: cheap, because it runs once per request.
///
/// It covers the length and the last 32 bytes, which in a verified token are its signature: nobody chooses them, and the seed keeps whoever
/// collects tokens from knowing which of them meet. A hit is always confirmed by comparing all bytes.
struct TokenHash {
    private let seed: UInt64
    private static let reach = 32

    /// - Parameter seed: from the system's generator, one per cache.
    init(seed: UInt64) { self.seed = seed }

    func callAsFunction(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = seed ^ UInt64(token.count)
        var index = max(0, token.count - Self.reach)
        while index < token.count {
            var word: UInt64 = 0
            let end = min(index + 8, token.count)
            while index < end {
                word = word << 8 | UInt64(token[index])
                index += 1
            }
            hash = Self.mix(hash ^ word)
        }
        return hash
    }

    /// Folds the full product of the value and an odd constant (the 64 bits of the golden ratio): every bit in reaches every bit out.
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low
    }
}
