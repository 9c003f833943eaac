import NIOCore

/// Commands on their way to their replies, over as many rounds as it takes: a value that sends nothing.
///
/// In the first round all are sent together. Later rounds send again what the server refused unseen (a slot that moved, a script that it does not
/// know) and what may be repeated after a disconnect; never anything else. Commands without a key that follow such a one, as WAIT follows a
/// write, are sent again with it: their first reply was about nothing.
struct CommandRun {
    private let commands: [any ValkeyCommand]
    private var results: [Result<RESPToken, ValkeyClientError>]
    /// What the next round sends, by index.
    private(set) var pending: [Int]
    /// What the server must learn first.
    private var lessons: [ByteBuffer] = []
    /// Rounds in a row that brought nothing.
    private(set) var failures = 0
    private var redirections = 0
    private var taught = 0

    /// More than any migration causes; a circle of servers that point at one another ends here.
    static let mostRedirections = 16
    /// Somebody may make the server forget between a lesson and its call, but not for ever.
    static let mostLessons = 3

    init(_ commands: [any ValkeyCommand]) {
        self.commands = commands
        pending = Array(commands.indices)
        let open = ValkeyClientError(.cancelled, execution: .notExecuted, message: "The command was not sent.")
        results = Array(repeating: .failure(open), count: commands.count)
    }

    /// One result for each command.
    var outcome: [Result<RESPToken, ValkeyClientError>] { results }

    /// Whether a command of the next round blocks.
    var isBlocking: Bool { pending.contains { commands[$0].isBlocking } }

    /// What the next round sends.
    ///
    /// - Parameter asking: each command with a key is allowed to meet a slot that is on its way.
    func parcel(asking: Bool) -> ValkeyConnection.Parcel {
        var encoder = ValkeyCommandEncoder()
        for index in pending {
            if asking, !commands[index].keysAffected.isEmpty { encoder.encodeArray("ASKING") }
            commands[index].encode(into: &encoder)
        }
        var bytes = encoder.buffer
        if let first = lessons.first {
            bytes = lessons.dropFirst().reduce(into: first) { $0.writeImmutableBuffer($1) }
            bytes.writeImmutableBuffer(encoder.buffer)
        }
        let questions = asking ? pending.count { !commands[$0].keysAffected.isEmpty } : 0
        return .init(bytes: bytes, replies: lessons.count + questions + pending.count, isBlocking: isBlocking)
    }

    /// What to do after a round.
    enum Next: Equatable {
        case done
        /// At once, to the same server, which first learns a script.
        case teach
        /// After a while: the way there is broken, or the server cannot say yet.
        case wait
        /// Once, to another server.
        case redirect(ReplyVerdict)
    }

    /// A round is over.
    mutating func finished(_ result: Result<[RESPToken], ValkeyClientError>, asking: Bool) -> Next {
        lessons = []
        switch result {
        case .failure(let error):
            // Why there was no connection all the time is the better answer.
            if failures > 0, error.errorCode == .timeout, error.execution == .notExecuted { return .done }
            for index in pending { results[index] = .failure(error) }
            guard mayRepeat(after: error) else { return .done }
            failures += 1
            return .wait
        case .success(let replies): return judge(replies, asking: asking)
        }
    }

    private func mayRepeat(after error: ValkeyClientError) -> Bool {
        switch error.errorCode {
        case .connectionFailed, .connectionClosed, .clusterError: error.execution == .notExecuted || pending.allSatisfy { commands[$0].isRepeatable }
        default: false
        }
    }

    private mutating func judge(_ replies: [RESPToken], asking: Bool) -> Next {
        var position = replies.count - expected(asking: asking)
        let refusedLesson = replies[..<position].lazy.compactMap(\.errorString).first
        var verdict = ReplyVerdict.final
        var again: [Int] = []
        for index in pending {
            if asking, !commands[index].keysAffected.isEmpty { position += 1 }
            let own = take(replies[position], for: index, refusedLesson)
            position += 1
            if own != .final {
                verdict = verdict == .final ? own : verdict
                again.append(index)
            } else if !again.isEmpty, commands[index].keysAffected.isEmpty {
                again.append(index)
            }
        }
        return verdict == .final ? .done : prepare(again, after: verdict)
    }

    /// How many replies are those of commands, and not of lessons.
    private func expected(asking: Bool) -> Int { pending.count + (asking ? pending.count { !commands[$0].keysAffected.isEmpty } : 0) }

    private mutating func take(_ reply: RESPToken, for index: Int, _ refusedLesson: ByteBuffer?) -> ReplyVerdict {
        guard let text = reply.errorString.map(String.init(buffer:)) else {
            results[index] = .success(reply)
            return .final
        }
        let verdict = ReplyVerdict(text)
        if verdict == .unknownCode, let refusedLesson {
            // Why it is unknown is the better answer.
            results[index] = .failure(.init(.commandError, execution: .notExecuted, message: String(buffer: refusedLesson)))
            return .final
        }
        results[index] = .failure(
            ValkeyClientError(.commandError, execution: verdict == .final ? .replied : .notExecuted, message: text))
        // Only code that we have can be taught.
        return verdict == .unknownCode && (commands[index] as? any TeachableCommand == nil || taught == Self.mostLessons) ? .final : verdict
    }

    private mutating func prepare(_ again: [Int], after verdict: ReplyVerdict) -> Next {
        pending = again
        switch verdict {
        case .final: return .done
        case .unknownCode:
            taught += 1
            lessons = again.compactMap { (commands[$0] as? any TeachableCommand)?.lesson }
            return .teach
        case .tryAgain:
            failures += 1
            return .wait
        case .moved, .ask:
            redirections += 1
            // Another server knows other scripts.
            taught = 0
            return redirections <= Self.mostRedirections ? .redirect(verdict) : .done
        }
    }
}
