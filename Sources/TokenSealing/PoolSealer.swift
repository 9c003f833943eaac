import Crypto
public import TokenCore

/// Seals the values of pooled tokens, and makes the ids by which a store finds them without knowing them.
///
/// Both under keys derived (HKDF-SHA256, RFC 5869) from one secret of the store's own, which lies in the store sealed with a seal key
/// (`PoolSecret`): so a copy of the store opens no token, and a new seal key changes no id. An id under the seal key itself would be another one
/// after each change of the seal, and the same token could be put in twice and held twice.
///
/// A sealed value is a form byte, the nonce (12), the ciphertext and the tag (16) of AES-256-GCM, bound to the pool and the id: moved into another
/// row it does not open. Nonces are random: NIST SP 800-38D section 8.3 allows 2^32 of them under one key.
public struct PoolSealer: Sendable {
    /// How many bytes the secret has.
    public static let secretLength = 32
    /// How many bytes sealing adds.
    public static let overhead = 29

    private static let form: UInt8 = 1
    private let ids: HMAC<SHA256>
    private let values: SymmetricKey

    /// A sealer under a secret of `secretLength` bytes.
    public init(_ secret: Secret) {
        precondition(secret.bytes.count == Self.secretLength, "the secret of the pools has \(secret.bytes.count) bytes")
        let material = SymmetricKey(data: secret.bytes)
        ids = HMAC(key: Self.subkey(of: material, for: "token ids"))
        values = Self.subkey(of: material, for: "token values")
    }

    /// What a token is known by in a pool: HMAC-SHA256 cut to 128 bits (RFC 2104 section 5), or to 80 behind the time that a token which is made here
    /// begins with. The same value has unrelated codes in two pools.
    public func id(of value: Secret, in pool: PoolName) -> PooledTokenID {
        let time = PoolTokenText.time(of: value.bytes) ?? []
        // No name of a pool has a zero byte in it, so that no two pairs give one message.
        let code = ids.code(of: Array(pool.text.utf8) + [0] + value.bytes, length: 16 - time.count)
        guard let id = PooledTokenID(time + code) else { preconditionFailure("an id of another length") }
        return id
    }

    /// Seals a token's value.
    public func seal(_ value: Secret, id: PooledTokenID, in pool: PoolName) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(value.bytes, using: values, authenticating: Self.context(id, pool))
            return [Self.form] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            // Encrypting under a key and nonce of the right size has no way to fail but a broken library; writing nothing is not one.
            preconditionFailure("AES-GCM did not seal: \(error)")
        }
    }

    /// The value of a token.
    ///
    /// - Throws: `.malformed` for another form, `.notGenuine` when it was not sealed under this secret for this id and pool.
    public func open(_ sealed: [UInt8], id: PooledTokenID, in pool: PoolName) throws(SealError) -> Secret {
        guard sealed.count >= Self.overhead, sealed.first == Self.form else { throw .malformed }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return Secret(Array(try AES.GCM.open(box, using: values, authenticating: Self.context(id, pool))))
        } catch {
            throw .notGenuine
        }
    }

    private static func context(_ id: PooledTokenID, _ pool: PoolName) -> [UInt8] { [form] + id.bytes + Array(pool.text.utf8) }

    private static func subkey(of material: SymmetricKey, for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: material, info: Array("mintmark-pools-v1: \(purpose)".utf8), outputByteCount: 32)
    }
}
