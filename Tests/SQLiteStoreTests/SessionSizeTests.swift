import TestSupport
import Testing
import TokenCore
import TokenEngine

@testable import SQLiteStore

/// "A session is one row of at most 400 bytes plus what the caller stored": of rows that an engine wrote into a file.
@Suite struct SessionSizeTests {
    @Test func aSessionIsOneRowOfAtMost400BytesPlusWhatTheCallerStored() async throws {
        let folder = temporaryFolder()
        let attributes = Family.Attributes(
            scope: String(repeating: "s", count: 200), audience: "https://api.example", device: String(repeating: "d", count: 64),
            claims: Array(#""tenant":"\#(String(repeating: "t", count: 500))""#.utf8))
        let requests = [
            LoginGrant.Request(subject: try #require(Subject(integer: 9_007_199_254_740_991))),
            LoginGrant.Request(subject: try #require(Subject(text: String(repeating: "u", count: 255)))),
            LoginGrant.Request(subject: try #require(Subject(text: "user")), attributes: attributes),
        ]
        for var request in requests {
            let path = folder + "-\(request.subject.text.utf8.count)"
            let began = UnixTime(seconds: 1_790_000_000)
            try await live(&request, rotations: 100, in: path, from: began)
            let rows = try sizes(in: path)
            #expect(rows.count == 1, "one row, however often it was refreshed")
            let subject = request.subject.text.utf8.count
            let chosen = request.attributes
            let stored =
                Sizes.placesOfTheSubject * subject + (request.client?.text.utf8.count ?? 0) + chosen.claims.count
                + [chosen.scope, chosen.audience, chosen.device].reduce(0) { $0 + ($1?.utf8.count ?? 0) }
            let row = try #require(rows.first)
            #expect(row.total - stored <= 400, "\(row), of which the caller's: \(stored)")
            #expect(row.body > 60 && row.subject == subject, "it was measured: \(row)")
        }
    }

    /// A session, begun by a client, that is refreshed many times, and retried, by engines over a store that is then closed.
    private func live(_ request: inout LoginGrant.Request, rotations: Int, in path: String, from began: UnixTime) async throws {
        let store = try SQLiteStore.open(.init(path: path))
        var parts = EngineUnderCut(beginning: began)
        var token: [UInt8]?
        for _ in 0...rotations {
            let engine = parts.engine(over: store)
            try await engine.start()
            await engine.add(enforcer: parts.view)
            if let used = token {
                token = try await engine.refresh(used).refresh
                #expect(try await engine.refresh(used).refresh == token)
            } else {
                request.client = try await engine.createClient(name: "backend").id
                token = try await engine.login(request).refresh
            }
            parts = parts.later(by: .seconds(60))
        }
        await store.close()
    }

    /// What SQLite keeps of one session, its entries in both indexes included, if every number took the most that a number can.
    private struct Sizes: CustomStringConvertible {
        let id, subject, body: Int
        /// In the body, in the column by which it is listed, and in the index of that column.
        static let placesOfTheSubject = 3
        /// A number of eight bytes and its type.
        private static let number = 9
        /// Of a record: the length of its header, and the type of a text or blob.
        private static let header = 2, type = 3

        private var row: Int { 7 * Self.number + id + subject + body + 3 * Self.type + Self.header }
        private var listed: Int { 2 * Self.number + subject + id + 2 * Self.type + Self.header }
        private var due: Int { 3 * Self.number + id + Self.type + Self.header }
        var total: Int { row + listed + due }
        var description: String { "\(total) bytes: row \(row), indexes \(listed) and \(due)" }
    }

    private func sizes(in path: String) throws -> [Sizes] {
        let connection = try Connection(file: path + "/" + SQLiteStore.fileName, readOnly: true, pageCacheBytes: 1 << 20)
        let rows = try Statement(
            "SELECT length(id), length(index_key), length(body) FROM record WHERE kind = \(RecordKind.family.rawValue)", on: connection.takeOver())
        var found: [Sizes] = []
        try rows.each { found.append(Sizes(id: Int($0.integer(0)), subject: Int($0.integer(1)), body: Int($0.integer(2)))) }
        return found
    }
}
