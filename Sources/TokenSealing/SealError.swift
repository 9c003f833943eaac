public import TokenCore

/// What can go wrong with seal keys and with what they sealed. No case carries a secret, a token or a byte of either.
public enum SealError: Error, Hashable, Sendable {
    /// The seal file cannot be read: which line (the first is 1) and what is wrong with it. Line 0 is the file as a whole.
    case unreadable(line: Int, reason: String)
    /// The seal file has no key of that number.
    case unknownSeal(SealNumber)
    /// No further key fits: the highest number, or as many keys as a file may hold, has been reached.
    case full
    /// The last key of a seal file cannot be taken away.
    case lastKey
    /// The bytes do not have the form of what was asked for; no key was tried.
    case malformed
    /// The form is right and the tag is not. Also when the token names a seal key that does not exist: the two cannot be told apart.
    case notGenuine
    /// A salt has the wrong length: `RefreshTokenSealer.saltLength` bytes are needed.
    case wrongSalt
}

extension SealError: CustomStringConvertible {
    /// A sentence for the log and the command line.
    public var description: String {
        switch self {
        case .unreadable(0, let reason): "The seal file cannot be read: \(reason)."
        case .unreadable(let line, let reason): "Line \(line) of the seal file cannot be read: \(reason)."
        case .unknownSeal(let number): "The seal file has no key \(number.value)."
        case .full: "The seal file has no room for another key."
        case .lastKey: "The last key of a seal file cannot be taken away."
        case .malformed: "The bytes are not of the expected form."
        case .notGenuine: "The tag is not right."
        case .wrongSalt: "The salt does not have the right length."
        }
    }
}
