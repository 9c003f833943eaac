public import JOSE
public import TokenCore

/// Why the signing keys cannot be kept. Each is a sentence for whoever starts or administers the server.
public enum KeyKeeperError: Error, Equatable, Sendable {
    /// The store's data needs a seal key that the seal file does not have: for signing keys, or for sessions that last until then.
    case sealMissing(SealNumber, sessionsUntil: UnixTime?)
    /// A signing key does not open: its seal key has the right number and is another one, or the record was damaged.
    case keyDoesNotOpen(KeyID)
    /// The configured algorithm is none that signs.
    case cannotSign(algorithm: String)
    /// A key could not be made or read.
    case key(JOSEError)
    /// The store said no.
    case store(StoreError)
}

extension KeyKeeperError: CustomStringConvertible {
    /// What is wrong and what would help.
    public var description: String {
        switch self {
        case .sealMissing(let number, nil):
            "The signing keys are sealed with seal key \(number.value), which the seal file does not have. Start with the seal file that belongs to this store."
        case .sealMissing(let number, let end?):
            "Sessions until \(end) need seal key \(number.value), which the seal file does not have. Start with the seal file that belongs to this store."
        case .keyDoesNotOpen(let id):
            "The signing key \(id) does not open with this seal file. Start with the seal file that belongs to this store."
        case .cannotSign(let algorithm): "auth.algorithm is \(algorithm), with which no key signs."
        case .key(let error): "A signing key could not be made or read: \(error)."
        case .store(let error): "The store could not read or write the signing keys: \(error)."
        }
    }
}
