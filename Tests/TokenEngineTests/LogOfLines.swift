import Logging
import Synchronization

/// Keeps levels and messages.
final class LogOfLines: LogHandler {
    let lines = Mutex<[String]>([])
    /// How often the work was tried.
    let pieces = Atomic(0)

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { lines.withLock { $0.append("\(event.level) \(event.message)") } }
}
