import TokenCore
import TokenEngine
import TokenHTTP

extension StoreError {
    /// What a command ends with that cannot open a store: a folder in use or a full disk may be different later, a damaged file is not.
    var commandStatus: CommandStatus {
        switch self {
        case .unavailable, .outcomeUnknown, .overloaded, .conflict: .unavailable
        case .corrupt: .failed
        }
    }

    /// What `restore` ends with: a file that is no backup of ours, or a damaged one, was the wrong one to name.
    var restoreStatus: CommandStatus { if case .corrupt = self { .usage } else { commandStatus } }
}

extension KeyKeeperError {
    /// What a start ends with that has no keys: a store that is out of reach may be there later, a seal that does not fit will not.
    var commandStatus: CommandStatus { if case .store(let error) = self { error.commandStatus } else { .configuration } }
}

extension CommandFailure {
    /// A listener that could not be opened, by the name of its key: in use may be different later, anything else is the configuration's.
    init(_ error: CannotListen) {
        let (host, port) =
            switch error.listener {
            case .main: (Keys.serverHost.name, Keys.serverPort.name)
            case .admin: (Keys.adminHost.name, Keys.adminPort.name)
            case .metrics: (Keys.metricsHost.name, Keys.metricsPort.name)
            }
        self =
            switch error.reason {
            case .inUse:
                CommandFailure(.unavailable, "\(port): \(error.address) is in use by another program. Stop it, or choose another port.")
            case .unknownHost:
                CommandFailure(.configuration, "\(host): the name \(error.address.host) has no address.")
            case .exhausted(let why):
                CommandFailure(.unavailable, "\(port): nothing can listen on \(error.address) now: \(why).")
            case .refused(let why):
                CommandFailure(.configuration, "\(host), \(port): nothing can listen on \(error.address): \(why).")
            }
    }
}
