/// A signed token in compact serialization, taken apart but not yet believed (RFC 7515 section 3.1).
///
/// Parsing checks the form: three parts of canonical base64url, a header that the strict JSON reader accepts, no `crit`.
/// Nothing of it is true before `verify(with:)` has returned.
public struct JWS: Sendable {
    /// The protected header.
    public let header: Header
    /// The payload, whatever it is; a JWT's is a JSON object.
    public let payload: [UInt8]
    /// The signature in the form of its algorithm.
    public let signature: [UInt8]
    /// The token as it came.
    public let compact: [UInt8]
    private let signingInputLength: Int

    /// The longest token that is looked at unless told otherwise, in bytes. An ML-DSA-87 signature alone is 6,170 characters.
    public static let longest = 16_384

    /// Takes a token apart.
    ///
    /// - Parameters:
    ///   - compact: the ASCII bytes, without white space around them.
    ///   - limit: the longest token to look at, in bytes.
    /// - Throws: `.tooLarge`; `.notCompact`, also for the JSON serializations; `.malformedBase64URL`; `.malformedJSON`,
    ///   `.malformedHeader` and `.criticalHeader` for the header.
    public init(parsing compact: [UInt8], limit: Int = JWS.longest) throws(JOSEError) {
        guard compact.count <= limit else { throw .tooLarge(limit: limit) }
        guard let (first, second) = Self.dots(in: compact) else { throw .notCompact }
        self.header = try Header(parsing: try Base64URL.decode(compact, in: 0..<first))
        self.payload = try Base64URL.decode(compact, in: first + 1..<second)
        self.signature = try Base64URL.decode(compact, in: second + 1..<compact.count)
        self.compact = compact
        self.signingInputLength = second
    }

    /// Checks the signature.
    ///
    /// - Parameter key: decides the algorithm; the header must agree.
    /// - Throws: `.algorithmMismatch` before any cryptography; `.invalidSignature`.
    public func verify(with key: VerificationKey) throws(JOSEError) {
        guard header.algorithm == key.algorithm else { throw .algorithmMismatch(key: key.algorithm) }
        let isValid = signature.withUnsafeBytes { signature in
            compact.withUnsafeBytes { key.isValid(signature: signature, for: .init(rebasing: $0.prefix(signingInputLength))) }
        }
        guard isValid else { throw .invalidSignature }
    }

    /// The bytes the signature is over: header and payload as they were sent.
    public var signingInput: ArraySlice<UInt8> { compact.prefix(signingInputLength) }

    /// The two positions, if there are exactly two.
    private static func dots(in compact: [UInt8]) -> (Int, Int)? {
        guard let first = compact.firstIndex(of: UInt8(ascii: ".")),
            let second = compact[(first + 1)...].firstIndex(of: UInt8(ascii: ".")),
            compact[(second + 1)...].firstIndex(of: UInt8(ascii: ".")) == nil
        else { return nil }
        return (first, second)
    }
}
