/// How a command ends, as scripts read it; docs/cli.md lists them. The numbers are those of sysexits.h.
enum CommandStatus: Int32, Sendable, CaseIterable {
    case ok = 0
    /// The answer is no: a token that is refused, a thing that is not there.
    case refused = 1
    /// The command line is wrong.
    case usage = 64
    /// The server cannot be reached.
    case unavailable = 69
    /// Something failed that should not have.
    case failed = 70
    /// The credential is missing or was not accepted.
    case notPermitted = 77
    /// The configuration is wrong.
    case configuration = 78
}

/// Ends a command with a sentence on standard error.
struct CommandFailure: Error, Equatable {
    let status: CommandStatus
    /// What went wrong, and what to do; it may have several lines.
    let message: String

    init(_ status: CommandStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
