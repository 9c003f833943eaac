/// Why a command has no usable reply, and whether the server may have run it all the same.
public struct ValkeyClientError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum ErrorCode: Sendable, Hashable {
        /// No connection could be made: refused, no such host, no TLS.
        case connectionFailed
        /// The server does not accept our user or password, or wants one.
        case authenticationFailed
        /// The server does not give us what every connection asks for, such as the database.
        case greetingRefused
        /// The connection ended before the reply.
        case connectionClosed
        /// The reply did not come in time.
        case timeout
        /// The calling task was cancelled.
        case cancelled
        /// Too many commands are waiting already.
        case overloaded
        /// The server answered with an error.
        case commandError
        /// The bytes of the server are not RESP, or too many of them.
        case respParsingError
        /// The reply is not of the type that was asked for.
        case respDecodeError
        /// No node of the cluster serves the command, or its keys live in different slots.
        case clusterError
        /// A subscription was ended by the server or by a reader that is too slow; messages may have been missed.
        case subscriptionError
        /// The client was shut down.
        case clientIsShutDown
    }

    /// Whether the server may have run the command.
    public enum Execution: Sendable, Hashable {
        /// It never left this process, or the server refused it unseen: nothing happened.
        case notExecuted
        /// It was sent and no reply came: it may have been run, may be run still, or never.
        case unknown
        /// The server replied, and the reply says what happened.
        case replied
    }

    /// What went wrong.
    public let errorCode: ErrorCode
    /// Whether the server may have run the command.
    public let execution: Execution
    /// One sentence; the server's own words for a `commandError`.
    public let message: String

    /// - Parameters:
    ///   - execution: whether the server may have run the command.
    ///   - message: one sentence.
    public init(_ errorCode: ErrorCode, execution: Execution, message: String) {
        self.errorCode = errorCode
        self.execution = execution
        self.message = message
    }

    /// The sentence, and what it means for the command.
    public var description: String {
        switch execution {
        case .notExecuted: "\(message) The command was not executed."
        case .unknown: "\(message) The command may have been executed."
        case .replied: message
        }
    }

    /// The first word of the server's error, such as `NOSCRIPT`; nil: the server sent none.
    public var serverCode: Substring? {
        errorCode == .commandError ? message.prefix { $0 != " " } : nil
    }
}

extension ValkeyClientError {
    /// What the server answered instead of a result.
    init(reply text: String) { self.init(.commandError, execution: .replied, message: text) }

    /// The same error, of a command of which something else is known.
    func with(_ execution: Execution) -> Self { Self(errorCode, execution: execution, message: message) }

    /// The connection is gone.
    static func closed(_ execution: Execution, _ reason: String = "The server closed the connection.") -> Self {
        Self(.connectionClosed, execution: execution, message: reason)
    }
}
