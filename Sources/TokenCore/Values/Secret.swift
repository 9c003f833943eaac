/// Bytes that must never be shown: a client secret, a key, a refresh token. Prints as `Secret(…)` (canon 59).
public struct Secret: Sendable {
    /// The bytes themselves. Reading them is the caller's promise not to log them.
    public let bytes: [UInt8]

    /// Wraps bytes that must not be shown.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `Secret(…)`.
    public var description: String { "Secret(…)" }
    /// Always `Secret(…)`.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether two byte sequences are equal, in time that depends on their lengths alone.
///
/// The one comparison for secrets and tags; `==` on them is a mistake. Inlinable, because unspecialised it takes longer than the HMAC before it.
@inlinable
public func constantTimeEquals(_ a: some Sequence<UInt8>, _ b: some Sequence<UInt8>) -> Bool {
    var left = a.makeIterator()
    var right = b.makeIterator()
    var difference: UInt8 = 0
    while true {
        switch (left.next(), right.next()) {
        case (let x?, let y?): difference |= x ^ y
        case (nil, nil): return difference == 0
        default: return false
        }
    }
}
