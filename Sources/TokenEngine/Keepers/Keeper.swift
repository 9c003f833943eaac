public import Logging
public import ServiceLifecycle

/// Long work that repeats: a piece of it, then a pause, until the service is asked to stop; then one last piece.
public struct Keeper: Service {
    private let name: String
    private let pause: Duration
    private let logger: Logger
    private let work: @Sendable () async throws -> Void

    /// A keeper.
    ///
    /// - Parameters:
    ///   - name: what its log entries are labelled with.
    ///   - pause: how long it rests between two pieces; measured from the end of one to the beginning of the next.
    ///   - work: one piece, bounded. When it throws, the next piece is tried after the pause. The log has the first failure, then one a minute,
    ///     and the end of them.
    public init(_ name: String, every pause: Duration, logger: Logger, work: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.pause = pause
        self.logger = logger
        self.work = work
    }

    /// Works until the service group shuts down, then does one last piece, so that what waits is flushed.
    public func run() async throws {
        var trouble = await cancelWhenGracefulShutdown {
            var trouble = Trouble()
            while !Task.isCancelled {
                await piece(&trouble)
                try? await Task.sleep(for: pause)
            }
            return trouble
        }
        await piece(&trouble)
    }

    private func piece(_ trouble: inout Trouble) async {
        do {
            // A piece that has begun is finished: the task's cancellation ends the pause, not the work.
            try await Task { try await work() }.value
            guard let failures = trouble.ended() else { return }
            logger.notice("a keeper works again", metadata: ["keeper": "\(name)", "failures": "\(failures)"])
        } catch {
            guard let failures = trouble.failed(at: .now) else { return }
            logger.warning(
                "a keeper's work failed; it is tried again", metadata: ["keeper": "\(name)", "error": "\(error)", "failures": "\(failures)"])
        }
    }
}

extension Keeper: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "keeper '\(name)'" }
}
