import FoundationEssentials
import NIOCore
import Testing
import TokenCore
import Valkey

@testable import ValkeyStore
@testable import mintmark_bench

/// What is compared with `redis-benchmark`, as far as it needs no server.
@Suite struct ValkeyBenchTests {
    private static let words = Commits.words(digest: "d")

    /// `redis-benchmark` gives a number of its own to what stands before the first NUL of everything that it has in flight, and to nothing after it.
    @Test func noWordOfTheBaselineHasANul() {
        #expect(!Self.words.last.contains(0))
        #expect(Self.words.words.allSatisfy { !$0.utf8.contains(0) })
    }

    @Test func theBaselineWritesAsManyBytesAsWeDo() throws {
        let batch = Commits(kind: .login, now: UnixTime(milliseconds: 1_790_000_000_000)).batch(7)
        let call = CommitCall(batch, name: "0123456789abcdef", configuration: .init())
        let ours = call.arguments.map(\.bytes.readableBytes)
        let theirs = Self.words.words.dropFirst(9).map(\.utf8.count) + [Self.words.last.count]
        // Its mark is shorter than a store's name, and an expected version of nothing is as long as nothing.
        #expect(theirs.dropFirst() == ours.dropFirst())
        #expect(Self.words.words[3..<7].elementsEqual(call.keys.prefix(4).map(\.description)))
        #expect(Self.words.words.dropFirst(3).prefix(6).map(\.utf8.count) == call.keys.map(\.bytes.readableBytes))
    }

    @Test func aCycleOfTheBaselineSaysWhatOursSays() throws {
        let id = PoolCycles.token(123_456).id
        let cases: [(PoolVerb, [String])] = [
            (.assign(PoolClaim(holder: "")), PoolCycles.assignWords("d")), (.release(id, lease: nil), PoolCycles.releaseWords("d")),
        ]
        for (verb, theirs) in cases {
            let call = PoolCall(
                verb, in: .usual, now: PoolCycles.now, seed: 1, partitions: Commits.partitions, name: "0123456789abcdef", configuration: .init())
            #expect(Array(theirs[3...].prefix(PoolCycles.keys.count)) == call.keys.map(\.description))
            let words = theirs[(3 + PoolCycles.keys.count)...].map { $0.replacing(RedisBenchmark.anyNumber, with: "000000123456") } + [""]
            // Its mark is shorter than a store's name, and its chance has no NUL.
            for place in words.indices where place != 0 && place != 5 { #expect(words[place] == call.arguments[place].description) }
            #expect(words.count == call.arguments.count && words[5].utf8.count == call.arguments[5].bytes.readableBytes)
            #expect(theirs.allSatisfy { !$0.utf8.contains(0) })
        }
    }

    @Test func everyBatchIsOneOfItsOwn() {
        for kind in Commits.Kind.allCases {
            let commits = Commits(kind: kind, now: UnixTime(milliseconds: 1_790_000_000_000))
            let records = (0..<500 as Range<UInt64>).map { commits.batch($0).writes.last?.key }
            #expect(Set(records).count == 500, "\(kind)")
            #expect(commits.batch(1).revocations.isEmpty == (kind != .revocation && kind != .spreadRevocation))
        }
    }

    @Test func theRateOfTheBaselineIsReadBesideANameWithCommas() {
        let output = """
            "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
            "EVALSHA a, b","10756.74","5.790","0.552","3.783","16.719","29.583","117.183"

            """
        #expect(RedisBenchmark.rate(in: output) == 10756.74)
        #expect(RedisBenchmark.rate(in: "Error from server: NOSCRIPT\n") == nil)
        #expect(RedisBenchmark.rate(in: "") == nil)
    }

    @Test func aTotalIsUnknownWhenAPartIs() {
        #expect(total([1, 2]) == 3)
        #expect(total([1, nil]) == nil)
    }

    @Test func loginsOfOneSubjectComeInARow() throws {
        var login = Login(from: 5, perSubject: 2)
        let users = (0..<4).map { _ in
            var buffer = ByteBuffer()
            _ = login.next(for: 0, into: &buffer)
            return String(buffer: buffer).suffix(2)
        }
        #expect(users == ["5}", "5}", "6}", "6}"])
    }

    @Test func theBalancerHasEveryInstanceInEveryList() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "deploy/nginx.conf"), encoding: .utf8)
        let configuration = try TestServer.balancerConfiguration(text, port: 7000, instances: [7001, 7002], files: "/tmp/x")
        let lists = text.split(separator: "\n").count { $0.contains("server mintmark:8080 ") }
        #expect(lists > 0)
        for port in [7001, 7002] {
            #expect(configuration.split(separator: "\n").count { $0.contains("server 127.0.0.1:\(port) max_fails") } == lists)
        }
        #expect(configuration.contains("listen 127.0.0.1:7000;"))
        #expect(!configuration.contains("mintmark:8080") && !configuration.contains("resolver 127"))
        #expect(throws: BenchError.self) { try TestServer.balancerConfiguration("http {}", port: 1, instances: [2], files: "/tmp/x") }
    }

    @Test func aNumberOfTheServerIsReadByItsWholeName() {
        let text = "# Memory\r\nused_memory_rss:7\r\nused_memory:1048576\r\nused_memory_human:1M\r\n"
        #expect(ValkeyClient.field("used_memory", in: text) == 1_048_576)
        #expect(ValkeyClient.field("used", in: text) == nil)
    }
}
