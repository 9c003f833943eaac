import JOSE
import Logging
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The diagnostic log: one line an entry on standard error, for people or for programs. Message and metadata come from us; a value that could
/// break the line is escaped.
struct LineLogHandler: LogHandler {
    let label: String
    let mode: LogMode
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let line = mode == .json ? json(event, all) : text(event, all)
        line.withUnsafeBytes { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    private func json(_ event: LogEvent, _ metadata: Logger.Metadata) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("at", Self.now.rfc3339)
            json.member("level", event.level.rawValue)
            json.member("logger", label)
            json.member("message", "\(event.message)")
            for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { json.member("mintmark.\(name)", "\(value)") }
        }
        return json.bytes + [0x0a]
    }

    private func text(_ event: LogEvent, _ metadata: Logger.Metadata) -> [UInt8] {
        let facts = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        return Array("\(Self.now.rfc3339) \(event.level) \(event.message)\(facts)\n".utf8)
    }

    /// A value as it is when it is one plain word, else as a JSON string.
    private static func quoted(_ value: String) -> String {
        let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5c && $0 < 0x7f }
        guard !plain || value.isEmpty else { return value }
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static var now: UnixTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
