import JOSE
import Logging
import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A named pipe with a reader that reads only when it is told.
private final class Pipe {
    let path = temporaryFolder()
    private let reader: Int32

    init() {
        mkfifo(path, 0o600)
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    }

    deinit {
        close(reader)
        unlink(path)
    }

    /// Everything that is in it.
    func drain() -> [UInt8] {
        var (all, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while case let count = read(reader, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
        return all
    }
}

/// The sink that writes a file: one line of JSON per event, whatever happens to the file.
@Suite struct JSONLinesSinkTests {
    @Test func aLineSaysWhatTheEventSays() throws {
        let session = SessionID(birth: UnixTime(seconds: 1_800_000_000), partition: .control, random: 7)
        let event = Event(
            .refreshed, at: UnixTime(milliseconds: 1_800_000_000_250), subject: "ü\"\n", session: session, client: "mmc_1", key: "k", reason: "why",
            count: 3)
        let line = JSONLinesSink.line(NumberedEvent(number: 12, event: event))
        #expect(!line.contains(0x0a))
        let json = try object(line)
        #expect(json["event"]?.string == "refreshed")
        #expect(json["at"]?.string == "2027-01-15T08:00:00.250Z")
        #expect(json["number"]?.integer == 12)
        #expect(json["sub"]?.string == "ü\"\n")
        #expect(json["sid"]?.string == session.description)
        #expect(json["client_id"]?.string == "mmc_1")
        #expect(json["kid"]?.string == "k")
        #expect(json["reason"]?.string == "why")
        #expect(json["generation"]?.integer == 3)
        #expect(json["dropped"] == nil)
        let gap = try object(JSONLinesSink.line(NumberedEvent(number: 9, event: Event(.eventsDropped, at: .epoch, count: 4))))
        #expect(gap["dropped"]?.integer == 4)
        #expect(gap["generation"] == nil)
        #expect(gap["sub"] == nil)
    }

    @Test func aLineSaysWhichTokenOfAPool() throws {
        let token = try #require(PooledTokenID([UInt8](repeating: 0xab, count: 16)))
        let released = PoolEvent(
            .released, at: UnixTime(milliseconds: 1_800_000_000_250), token: token, lease: LeaseNumber(17), holder: "worker",
            held: .milliseconds(1_234))
        let line = JSONLinesSink.line(NumberedEvent(number: 12, event: Event(released, in: .usual)))
        let wanted =
            #"{"event":"released","at":"2027-01-15T08:00:00.250Z","number":12,"pool":"default","token_id":"abababababababababababababababab","#
            + #""lease":17,"holder":"worker","held_ms":1234}"#
        #expect(String(decoding: line, as: UTF8.self) == wanted)
        let deleted = PoolEvent(.deleted, at: .epoch, token: token)
        let json = try object(JSONLinesSink.line(NumberedEvent(number: 13, event: Event(deleted, in: .usual))))
        #expect(json.members.map(\.name) == ["event", "at", "number", "pool", "token_id"])
    }

    @Test func linesAreAppendedOverRestarts() async throws {
        let path = temporaryFolder()
        try await JSONLinesSink(path: path).write(Self.events(1...3))
        try await JSONLinesSink(path: path).write(Self.events(4...5))
        #expect(try Self.numbers(path) == [1, 2, 3, 4, 5])
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    /// Someone renames it, as rotation by name does: the next delivery makes it anew.
    @Test func aRotationByNameLosesNothing() async throws {
        let path = temporaryFolder()
        let sink = JSONLinesSink(path: path)
        try await sink.write(Self.events(1...3))
        #expect(rename(path, path + ".1") == 0)
        try await sink.write(Self.events(4...5))
        #expect(try Self.numbers(path + ".1") == [1, 2, 3])
        #expect(try Self.numbers(path) == [4, 5])
    }

    /// The system takes a part of the lines and refuses the rest, as when the disk is full. Here the file is as long as a file can be: that needs
    /// neither a mount nor a limit on the whole process.
    @Test func aWriteThatFailsHalfwayLeavesNoHalfLine() async throws {
        let path = temporaryFolder()
        let sink = JSONLinesSink(path: path)
        try await sink.write(Self.events(1...3))
        let before = Self.length(path)
        let room = 150
        let full = try Self.stretch(path, leaving: room)
        #expect(Self.events(4...9).reduce(0) { $0 + JSONLinesSink.line($1).count } > room)
        for _ in 0..<2 {
            await #expect(throws: JSONLinesSink.WriteError.self) { try await sink.write(Self.events(4...9)) }
            #expect(Self.length(path) == full, "a half line was left")
        }
        // There is space again.
        #expect(truncate(path, before) == 0)
        try await sink.write(Self.events(4...9))
        #expect(try Self.numbers(path) == Array(1...9))
    }

    /// A process that is killed while it writes cannot take anything back.
    @Test func whatAKilledProcessLeftSpoilsNoOtherLine() async throws {
        let path = temporaryFolder()
        try await JSONLinesSink(path: path).write(Self.events(1...2))
        let torn = JSONLinesSink.line(Self.events(3...3)[0]).prefix(20)
        let file = open(path, O_WRONLY | O_APPEND)
        #expect(torn.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == 20)
        close(file)
        let sink = JSONLinesSink(path: path)
        try await sink.write(Self.events(3...4))
        try await sink.write(Self.events(5...5))
        let lines = try Self.lines(path)
        #expect(lines.count == 6)
        #expect(lines[2] == Array(torn))
        #expect(lines.compactMap { try? object($0)["number"]?.integer } == [1, 2, 3, 4, 5])
    }

    @Test func whatCannotBeOpenedIsSaid() async {
        let error = await #expect(throws: JSONLinesSink.WriteError.self) {
            try await JSONLinesSink(path: "/nowhere/events.jsonl").write(Self.events(1...1))
        }
        #expect(error?.code == ENOENT)
        // A device that is always full.
        #if os(Linux)
        let full = await #expect(throws: JSONLinesSink.WriteError.self) { try await JSONLinesSink(path: "/dev/full").write(Self.events(1...1)) }
        #expect(full?.code == ENOSPC)
        #endif
    }

    /// A reader that stalls costs a delivery its patience, and the lines that it gets are whole.
    @Test func aReaderThatStallsIsNotWaitedForAndGetsWholeLines() async throws {
        let pipe = Pipe()
        let sink = JSONLinesSink(path: pipe.path, patience: .milliseconds(50))
        let began = ContinuousClock.now
        let error = await #expect(throws: PartlyWritten.self) { try await sink.write(Self.events(1...5000)) }
        #expect((error?.cause as? JSONLinesSink.WriteError)?.code == ETIMEDOUT)
        #expect(ContinuousClock.now - began < .seconds(5))
        let taken = pipe.drain()
        #expect(taken.last == UInt8(ascii: "\n"))
        #expect(taken.count { $0 == UInt8(ascii: "\n") } == error?.count)
        for line in taken.split(separator: UInt8(ascii: "\n")) { _ = try JSONValue(parsing: Array(line)) }
        try await sink.write(Self.events(1...2))
        #expect(pipe.drain() == Self.events(1...2).flatMap { JSONLinesSink.line($0) + [UInt8(ascii: "\n")] })
    }

    /// A pipe that nobody has open for reading is refused at once.
    @Test func aPipeWithoutAReaderIsAnError() async throws {
        let path = temporaryFolder()
        mkfifo(path, 0o600)
        defer { unlink(path) }
        let error = await #expect(throws: JSONLinesSink.WriteError.self) { try await JSONLinesSink(path: path).write(Self.events(1...1)) }
        #expect(error?.code == ENXIO)
    }

    /// What waits is bounded although the sink never says no, only nothing.
    @Test func whatAStalledReaderDoesNotTakeLeavesTheStoreInTheEnd() async throws {
        let (pipe, store, clock) = (Pipe(), InMemoryStore(), ManualClock())
        let sink = JSONLinesSink(path: pipe.path, patience: .milliseconds(20))
        let relay = EventRelay(
            from: store, to: [sink], retention: .init(age: .seconds(60)), clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for _ in 0..<40 {
            let events = (1...64).map { Event(.issued, at: clock.now(), subject: "\($0)") }
            let batch = WriteBatch(partition: .control, now: clock.now(), events: events)
            try await store.commit(batch)
        }
        await #expect(throws: JSONLinesSink.WriteError.self) { try await relay.relay() }
        #expect(relay.dropped == 0)
        clock.advance(by: .seconds(61))
        await #expect(throws: JSONLinesSink.WriteError.self) { try await relay.relay() }
        #expect(relay.dropped > 0)
        #expect(try await store.backlog().count == 0)
    }

    /// A reader that is slower than the events come, but reads, gets all of them: a delivery goes on where the one before stopped.
    @Test func aSlowReaderReachesTheEnd() async throws {
        let (pipe, store, clock) = (Pipe(), InMemoryStore(), ManualClock())
        let relay = EventRelay(
            from: store, to: [JSONLinesSink(path: pipe.path, patience: .milliseconds(5))], retention: .init(), clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for first in stride(from: 0, to: 4000, by: 64) {
            let events = (first..<first + 64).map { Event(.issued, at: clock.now(), subject: "\($0)") }
            try await store.commit(WriteBatch(partition: .control, now: clock.now(), events: events))
        }
        var subjects: [String] = []
        for _ in 0..<100 {
            try? await relay.relay()
            for line in pipe.drain().split(separator: 0x0a) { subjects.append(try #require(try object(Array(line))["sub"]?.string)) }
        }
        #expect(subjects == (0..<4032).map { "\($0)" }, "each once, in order")
        #expect(try await store.backlog().count == 0)
    }

    private static func events(_ numbers: ClosedRange<UInt64>) -> [NumberedEvent] {
        numbers.map { NumberedEvent(number: $0, event: Event(.issued, at: UnixTime(seconds: Int64($0)), subject: "somebody")) }
    }

    private static func lines(_ path: String) throws -> [[UInt8]] {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: length(path))
        #expect(read(file, &bytes, bytes.count) == bytes.count)
        #expect(bytes.last == 0x0a)
        return bytes.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    private static func numbers(_ path: String) throws -> [Int64] {
        try lines(path).map { try #require(try object($0)["number"]?.integer) }
    }

    private static func length(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    /// Makes a file so long, without using space, that only `room` more bytes fit; it ends with a newline. Its length.
    private static func stretch(_ path: String, leaving room: Int) throws -> Int {
        var (fits, tooLong) = (length(path), Int.max)
        if truncate(path, tooLong) == 0 { fits = tooLong }
        while tooLong - fits > 1 {
            let middle = fits + (tooLong - fits) / 2
            if truncate(path, middle) == 0 { fits = middle } else { tooLong = middle }
        }
        try #require(truncate(path, fits - room) == 0)
        let file = open(path, O_WRONLY)
        defer { close(file) }
        try #require(pwrite(file, "\n", 1, fits - room - 1) == 1)
        return fits - room
    }
}

/// The JSON object of a line.
func object(_ line: [UInt8]) throws -> JSONObject {
    try #require(try JSONValue(parsing: line).object)
}
