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
    ///   - work: one piece, bounded. When it throws, the error is logged and the next piece is tried after the pause.
    public init(_ name: String, every pause: Duration, logger: Logger, work: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.pause = pause
        self.logger = logger
        self.work = work
    }

    /// Works until the service group shuts down, then does one last piece, so that what waits is flushed.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await piece()
                try? await Task.sleep(for: pause)
            }
        }
        await piece()
    }

    private func piece() async {
        do {
            // A piece that has begun is finished: the task's cancellation ends the pause, not the work.
            try await Task { try await work() }.value
        } catch {
            logger.warning("a keeper's work failed; it is tried again", metadata: ["keeper": "\(name)", "error": "\(error)"])
        }
    }
}
