import Crypto
public import TokenCore

/// Seals what processes share of tokens that others issue, and makes the digests that they are kept by.
///
/// The form is that of `RecordSealer`: the number of the seal key (2 bytes), the nonce (12), the ciphertext and the tag (16) of AES-256-GCM. Every
/// grant has a key of its own, derived (HKDF-SHA256, RFC 5869) from the seal key and the digest: a registry of 100,000 tokens that are fetched every
/// five minutes seals 2^32 times in half a year, which is all that NIST SP 800-38D section 8.3 allows for random nonces under one key.
public struct UpstreamSealer: Sendable {
    private let keys: SealKeys

    /// A sealer with these keys.
    public init(_ keys: SealKeys) { self.keys = keys }

    /// What a grant is kept by: the SHA-256 of its identity's canonical bytes.
    public static func digest(of identity: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: identity)) }

    /// Seals a grant with the first key.
    public func seal(_ grant: Secret, digest: [UInt8]) -> [UInt8] {
        let key = keys.current
        let header = [UInt8(truncatingIfNeeded: key.number.value >> 8), UInt8(truncatingIfNeeded: key.number.value)]
        do {
            let box = try AES.GCM.seal(grant.bytes, using: Self.subkey(of: key, digest), authenticating: header + digest)
            return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            // Encrypting under a key and nonce of the right size has no way to fail but a broken library; writing nothing is not one.
            preconditionFailure("AES-GCM did not seal: \(error)")
        }
    }

    /// What was sealed.
    ///
    /// - Throws: `.malformed` when too short, `.unknownSeal` when its key is missing, `.notGenuine` when it was changed or is another grant's.
    public func open(_ sealed: [UInt8], digest: [UInt8]) throws(SealError) -> Secret {
        let number = try RecordSealer.sealNumber(of: sealed)
        guard let key = keys.key(number) else { throw .unknownSeal(number) }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(2))
            return Secret(Array(try AES.GCM.open(box, using: Self.subkey(of: key, digest), authenticating: Array(sealed.prefix(2)) + digest)))
        } catch {
            throw .notGenuine
        }
    }

    private static func subkey(of key: SealKey, _ digest: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key.records, salt: digest, info: Array("mintmark-seal-v1: upstream grant".utf8), outputByteCount: SealKey.length)
    }
}
