import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The sidecar on a Unix socket: whom its file lets connect, and whom the system says it is.
struct UnixSocketTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a sidecar until `body` is done.
    private func serve<Value: Sendable>(
        _ upstreams: Upstreams, at path: String, mode: UInt32 = 0o600, _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let clock = SystemClock(floor: .epoch, leeway: .seconds(1))
        let keeper = UpstreamKeeper(of: upstreams, clock: clock.now, logger: Self.logger)
        let (listening, promise) = AsyncStream.makeStream(of: UpstreamServer.Place.self)
        let server = UpstreamServer(
            at: .socket(path: path, mode: mode), upstreams: UpstreamPlace(upstreams, keeper: keeper), clock: clock, loops: 1, logger: Self.logger
        ) { promise.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [.init(service: keeper), .init(service: server)], logger: Self.logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { promise.finish() }
                try await group.run()
            }
            for await _ in listening {
                let result: Result<Value, any Error>
                do { result = .success(try await body()) } catch { result = .failure(error) }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return try result.get()
            }
            try await tasks.waitForAll()
            throw Harness.HarnessError.serverEnded
        }
    }

    private func ask(_ path: String, _ target: String, _ fields: [String] = []) async throws -> WireReply {
        try await Wire.open(socket: path) { wire in
            try await wire.send(Harness.request("GET", target, fields))
            return try await wire.reply()
        }
    }

    private func folder() throws -> String {
        let folder = temporaryFolder()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private func mode(of path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt32(status.st_mode) & 0o777 : nil
    }

    @Test func socketIsItsOwnersAndTheSystemSaysWhoConnects() async throws {
        let folder = try folder()
        let path = folder + "/s"
        let mine = Mint("mine"), theirs = Mint("theirs"), everybodys = Mint("all")
        let upstreams = Upstreams([mine.upstream(.user(geteuid())), theirs.upstream(.user(geteuid() + 1)), everybodys.upstream(.loopback)])
        try await serve(upstreams, at: path) {
            #expect(mode(of: path) == 0o600)
            for _ in 0..<3 {
                let (own, open) = (try await ask(path, "/upstreams/mine/token"), try await ask(path, "/upstreams/all/token"))
                #expect(own.member("access_token") == "mine-1" && open.member("access_token") == "all-1")
                let other = try await ask(path, "/upstreams/theirs/token")
                #expect(other.status == 404)
            }
            // There are no clients here.
            let client = try await ask(path, "/upstreams/mine/token", ["Authorization: Basic YTpi"])
            #expect(client.status == 401)
        }
        #expect(mode(of: path) == nil, "a server that ended leaves no socket behind")
    }

    @Test func socketOfADeadServerIsReplacedAndALivingOnesIsNot() async throws {
        let folder = try folder()
        let path = folder + "/s"
        let living = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(unixDomainSocketPath: folder + "/other").get()
        #expect(throws: UnixSocket.Failure.self) { try UnixSocket(path: folder + "/other", mode: 0o600) }
        // What a server that was killed leaves behind: a second name keeps the file when its own is taken away.
        #expect(link(folder + "/other", path) == 0)
        try await living.close()
        #expect(mode(of: path) != nil, "what it left is there")
        try await serve(Upstreams([Mint("crm").upstream(.loopback)]), at: path) {
            let reply = try await ask(path, "/upstreams/crm/token")
            #expect(reply.status == 200)
            do throws(UnixSocket.Failure) {
                _ = try UnixSocket(path: path, mode: 0o600)
                Issue.record("two servers have one socket")
            } catch { #expect(error.isInUse) }
        }
    }

    @Test func nameOfSomethingElseIsNotTaken() throws {
        let folder = try folder()
        let path = folder + "/file"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(throws: UnixSocket.Failure.self) { try UnixSocket(path: path, mode: 0o600) }
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(throws: UnixSocket.Failure.self) { try UnixSocket(path: folder + "/" + String(repeating: "x", count: 200), mode: 0o600) }
    }
}
