public import TokenCore

/// Who may call `POST /login`, and so say who a user is.
public enum LoginRequirement: Sendable, Hashable {
    /// Programs on this machine, and on these networks.
    case loopback(alsoFrom: [AddressRange])
    /// Clients with a secret, over HTTP Basic.
    case client
    /// Everybody who can connect. Start-up refuses it beyond loopback (canon 64).
    case none
}

extension LoginRequirement {
    /// What `loopback` means here wherever it is said.
    var local: LocalCaller {
        switch self {
        case .loopback(let alsoFrom): LocalCaller(alsoFrom: alsoFrom)
        case .client, .none: LocalCaller()
        }
    }
}
