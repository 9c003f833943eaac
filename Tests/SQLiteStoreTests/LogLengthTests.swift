import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// How long the file of the write-ahead log gets, which takes most of the folder of a small store.
@Suite struct LogLengthTests {
    private static let limit: Int32 = 1024
    private static let kept = Int(Checkpointer.bytesKept(copiedAt: limit))

    @Test func readersThatComeAndGoDoNotLengthenTheLog() throws {
        let folder = temporaryFolder()
        try SystemCalls.makeFolder(folder)
        let file = folder + "/" + SQLiteStore.fileName
        let pragmas = ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF"]
        let connection = try Connection(file: file, readOnly: false, pageCacheBytes: 1 << 20, pragmas: pragmas)
        try Schema.prepare(connection, partitions: 1)
        let writer = try Writer(connection, checkpointAtPages: Self.limit)
        let reader = try OldReader(of: folder)
        var longest = 0
        for number in 0..<4000 {
            // In the way of every second checkpoint: what it sees is a commit behind.
            if number.isMultiple(of: 2) { try reader.begin() }
            #expect(writer.perform([.batch(Sample.insert(number))]) == [.success(Outcome())])
            writer.checkpointIfDue()
            try reader.end()
            longest = max(longest, fileSize(file + "-wal"))
        }
        #expect((Self.kept * 62 / 64...Self.kept).contains(longest))
    }

    @Test func logThatAReaderHeldUpIsCutWhenItStartsOver() async throws {
        let folder = temporaryFolder()
        let log = folder + "/" + SQLiteStore.fileName + "-wal"
        var configuration = SQLiteStore.Configuration(path: folder, synchronous: .off)
        configuration.checkpointAtPages = Self.limit
        let store = try SQLiteStore.open(configuration)
        let reader = try OldReader(of: folder)
        try reader.begin()
        var number = 0
        while fileSize(log) < 3 * Self.kept {
            try await store.commit(Sample.insert(number))
            number += 1
        }
        try reader.end()
        // Behind the first of these the log is copied, with the second it starts over.
        for extra in 0..<2 { try await store.commit(Sample.insert(number + extra)) }
        #expect(fileSize(log) == Self.kept)
        await store.close()
    }
}

/// Another connection that looks at one state of the file for as long as it wants.
private final class OldReader {
    private let connection: Connection
    private let start, look, finish: Statement
    private var isReading = false

    init(of folder: String) throws {
        connection = try Connection(file: folder + "/" + SQLiteStore.fileName, readOnly: true, pageCacheBytes: 1 << 20)
        let pointer = connection.takeOver()
        start = try Statement("BEGIN", on: pointer)
        look = try Statement("SELECT count(*) FROM fact", on: pointer)
        finish = try Statement("COMMIT", on: pointer)
    }

    func begin() throws {
        try start.run()
        try look.run()
        isReading = true
    }

    func end() throws {
        guard isReading else { return }
        try finish.run()
        isReading = false
    }
}
