import JOSE
public import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `write(2)` by a name that the sink's own method does not hide.
private let systemWrite: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { write($0, $1, $2) }

/// Writes each event as one line of JSON to a file or to standard output.
public final class JSONLinesSink: EventSink {
    /// Why a line could not be written.
    public struct WriteError: Error, CustomStringConvertible {
        /// What the system said: an errno.
        public let code: Int32
        /// The number and its meaning.
        public var description: String { "errno \(code): \(String(cString: strerror(code)))" }
    }

    /// `json-lines`.
    public let name = "json-lines"
    private let path: String?
    private let patience: Duration
    /// What a pipe takes whole or not at all, and takes at once when it says that it is ready: the least that any system promises is 512.
    private static let atomic = Int(PIPE_BUF)

    /// A sink that appends to the file at `path`, made 0600 if missing; nil writes to standard output. The file is opened for every
    /// delivery, so that a rotation by name loses nothing.
    ///
    /// - Parameter patience: how long one delivery may wait for a reader that does not read. The events stay in the store meanwhile, so it need
    ///   not be long; and the end of the server waits for two.
    public init(path: String?, patience: Duration = .milliseconds(500)) {
        self.path = path
        self.patience = patience
    }

    /// Appends one line per event and, for a file, has them on disk when it returns.
    ///
    /// - Throws: `WriteError`; with `ETIMEDOUT` when a reader does not take them. A file is then as long as before, so that no line is left in
    ///   half. Of a pipe or standard output the reader may have a part of the lines, whole ones: `PartlyWritten` tells how many.
    public func write(_ events: [NumberedEvent]) async throws {
        let file = path.map { open($0, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600) } ?? STDOUT_FILENO
        guard file >= 0 else { throw WriteError(code: errno) }
        defer { if path != nil { close(file) } }
        let length = path == nil ? nil : Self.length(of: file)
        let deadline = ContinuousClock.now + patience
        var written = 0
        do {
            if startsInsideALine(at: length) { try await append([UInt8(ascii: "\n")], to: file, until: deadline) }
            for piece in Self.pieces(events) {
                try await append(piece.bytes, to: file, until: deadline)
                written += piece.events
            }
            // What is no file, a pipe, cannot be synced.
            if path != nil, fsync(file) != 0, errno != EINVAL { throw WriteError(code: errno) }
        } catch {
            guard let length else { throw written == 0 ? error : PartlyWritten(count: written, because: error) }
            // The next delivery must not begin in the middle of a line. Where it cannot be taken back, it starts a new one.
            _ = ftruncate(file, length)
            throw error
        }
    }

    /// Whole lines together as long as a pipe takes them whole: where one delivery stops, no line is cut.
    private static func pieces(_ events: [NumberedEvent]) -> [(bytes: [UInt8], events: Int)] {
        var pieces: [(bytes: [UInt8], events: Int)] = []
        for event in events {
            let line = Self.line(event) + [UInt8(ascii: "\n")]
            if let last = pieces.indices.last, pieces[last].bytes.count + line.count <= atomic {
                pieces[last].bytes += line
                pieces[last].events += 1
            } else {
                pieces.append((line, 1))
            }
        }
        return pieces
    }

    /// Writes when it can be done without waiting. Standard output is shared with whoever started us, so it cannot be made non-blocking: what is
    /// ready takes `atomic` bytes without blocking.
    private func append(_ bytes: [UInt8], to file: Int32, until deadline: ContinuousClock.Instant) async throws {
        var written = 0
        while written < bytes.count {
            guard Self.isReady(file) else {
                guard ContinuousClock.now < deadline else { throw WriteError(code: ETIMEDOUT) }
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            let end = min(bytes.count, written + Self.atomic)
            let count = bytes[written..<end].withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count >= 0 else { throw WriteError(code: errno) }
            written += count
        }
    }

    /// How long a file is; nil for what is none, a pipe for instance.
    private static func length(of file: Int32) -> off_t? {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return status.st_size
    }

    /// Whether the file ends without a newline: a process was killed while it wrote. What it left stays a line by itself.
    private func startsInsideALine(at length: off_t?) -> Bool {
        guard let path, let length, length > 0 else { return false }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var last: UInt8 = 0
        return pread(file, &last, 1, length - 1) == 1 && last != UInt8(ascii: "\n")
    }

    /// Whether a write would not block; also when it would fail, which the write then tells.
    private static func isReady(_ file: Int32) -> Bool {
        var query = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        return poll(&query, 1, 0) > 0
    }

    /// The JSON of one event: `number`, with `outbox` where a store has several, tells a repeated delivery from a new event.
    static func line(_ numbered: NumberedEvent) -> [UInt8] {
        let event = numbered.event
        var json = JSONWriter(capacity: 200)
        json.object { json in
            json.member("event", event.name.rawValue)
            json.member("at", event.at.rfc3339)
            json.member("number", Int64(clamping: numbered.number))
            if numbered.outbox != .control { json.member("outbox", Int64(numbered.outbox.number)) }
            if let subject = event.subject { json.member("sub", subject) }
            if let session = event.session { json.member("sid", session.description) }
            if let client = event.client { json.member("client_id", client) }
            if let key = event.key { json.member("kid", key) }
            if let reason = event.reason { json.member("reason", reason) }
            if let count = event.count { json.member(event.name == .eventsDropped ? "dropped" : "generation", Int64(clamping: count)) }
            if let upstream = event.upstream { json.member("upstream", upstream) }
            if let pooled = event.pooled { json.members(of: pooled) }
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func members(of pooled: Event.Pooled) {
        member("pool", pooled.pool.text)
        member("token_id", pooled.token.description)
        if pooled.lease > .none { member("lease", pooled.lease.value) }
        if !pooled.holder.isEmpty { member("holder", pooled.holder) }
        if let held = pooled.held { member("held_ms", held.wholeMilliseconds) }
    }
}
