import Crypto
public import TokenCore

/// Seals what must not be read from a copy of the store: private signing keys at rest.
///
/// AES-256-GCM. The form is the key's number (2 bytes), the nonce (12), the ciphertext and the tag (16). Nonces are random: NIST SP 800-38D
/// section 8.3 allows 2^32 of them under one key, and a store seals a few a month.
public struct RecordSealer: Sendable {
    private let keys: SealKeys

    /// A sealer with these keys.
    public init(_ keys: SealKeys) { self.keys = keys }

    /// The key that seals.
    public var current: SealNumber { keys.current.number }

    /// Seals bytes with the first key.
    ///
    /// - Parameter context: what they are and whose, for example `signing key` and its `kid`. Opening needs the same, so that
    ///   a sealed value moved into another's place does not open.
    public func seal(_ secret: Secret, context: String) -> [UInt8] {
        let key = keys.current
        let header = Self.header(key.number)
        do {
            let box = try AES.GCM.seal(secret.bytes, using: key.records, authenticating: header + Array(context.utf8))
            return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            // Encrypting under a key and nonce of the right size has no way to fail but a broken library; writing nothing is not one.
            preconditionFailure("AES-GCM did not seal: \(error)")
        }
    }

    /// What was sealed.
    ///
    /// - Throws: `.malformed` when too short, `.unknownSeal` when its key is missing, `.notGenuine` when it does not open with it.
    public func open(_ sealed: [UInt8], context: String) throws(SealError) -> Secret {
        let number = try Self.sealNumber(of: sealed)
        guard let key = keys.key(number) else { throw .unknownSeal(number) }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(2))
            return Secret(Array(try AES.GCM.open(box, using: key.records, authenticating: Self.header(number) + Array(context.utf8))))
        } catch {
            throw .notGenuine
        }
    }

    /// Which key sealed this: needs no key. Tells what has to be sealed again before an old key may go.
    ///
    /// - Throws: `.malformed` when too short.
    public static func sealNumber(of sealed: [UInt8]) throws(SealError) -> SealNumber {
        guard sealed.count >= 2 + 12 + 16 else { throw .malformed }
        let number = UInt16(sealed[0]) << 8 | UInt16(sealed[1])
        guard number != 0 else { throw .malformed }
        return SealNumber(number)
    }

    private static func header(_ number: SealNumber) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number.value >> 8), UInt8(truncatingIfNeeded: number.value)]
    }
}
