import FoundationEssentials
import TokenCore

/// The file of `auth.legacy_hs256`. Its path is never shown: a secret is easily pasted in its place.
enum LegacySecretFile {
    /// How many bytes the secret has at least (RFC 7518 section 3.2).
    static let shortest = 32

    /// The secret: the bytes of the file without a line end behind them.
    ///
    /// - Throws: the end of a sentence that begins with the file.
    static func read(_ path: String) throws(InvalidValue) -> Secret {
        guard let bytes = FileManager.default.contents(atPath: path) else { throw InvalidValue("cannot be read") }
        let secret = Array(bytes).reversed().drop { $0 == 0x0a || $0 == 0x0d }.reversed()
        guard secret.count >= shortest else { throw InvalidValue("holds fewer than \(shortest) bytes") }
        return Secret(Array(secret))
    }
}
