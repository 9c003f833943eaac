import Crypto
public import TokenCore

/// One key of a seal file with everything derived from it, ready for use.
public struct SealKey: Sendable {
    /// How many bytes of chance a seal key is.
    static let length = 32

    /// Its number in the file.
    public let number: SealNumber
    /// The key itself, kept only so that the file can be written again.
    let material: SymmetricKey
    /// The outer tag of refresh tokens: shows that a token was made here, before a store is asked.
    let outerTag: HMAC<SHA256>
    /// The inner tag of refresh tokens: says nothing without the family's salt.
    let innerTag: HMAC<SHA256>
    /// Records at rest (AES-256-GCM).
    let records: SymmetricKey
    /// Client secrets.
    let secrets: HMAC<SHA256>

    init(number: SealNumber, material: SymmetricKey) {
        self.number = number
        self.material = material
        outerTag = HMAC(key: Self.subkey(of: material, for: "refresh token, outer tag"))
        innerTag = HMAC(key: Self.subkey(of: material, for: "refresh token, inner tag"))
        records = Self.subkey(of: material, for: "records at rest")
        secrets = HMAC(key: Self.subkey(of: material, for: "client secrets"))
    }

    /// A key for one purpose (HKDF-SHA256, RFC 5869): what one purpose gives away is of no use for another.
    private static func subkey(of material: SymmetricKey, for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: material, info: Array("mintmark-seal-v1: \(purpose)".utf8), outputByteCount: length)
    }
}

extension SealKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The number, never the key (canon 59).
    public var description: String { "SealKey(\(number.value))" }
    /// The number, never the key.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension HMAC<SHA256> {
    /// The first bytes of the code of `message` under this prepared key. The key's own two blocks have been hashed already.
    func code(of message: [UInt8], length: Int = SHA256.byteCount) -> [UInt8] {
        var copy = self
        copy.update(data: message)
        return copy.finalize().withUnsafeBytes { Array($0.prefix(length)) }
    }
}
