import Foundation
import NIOHTTP1
import Synchronization

/// One `mintmark serve` of several on a store: it can be killed and started again, and has a way of its own to the store.
final class Instance: Sendable {
    /// Which one, from 0.
    let number: Int
    let folder: DataFolder
    /// The way to the store; nil: there is nothing in between.
    let proxy: StoreProxy?
    private let settings: Mutex<[String: String]>
    private let through: [String]
    /// The process, while there is one. Guarded for one look or one change.
    private let process = Mutex<ServerProcess?>(nil)
    private let starts = Atomic(0)

    init(_ number: Int, _ settings: [String: String], proxy: StoreProxy?, through: [String]) throws {
        self.number = number
        self.settings = Mutex(settings)
        self.proxy = proxy
        self.through = through
        folder = try DataFolder()
    }

    /// The process that runs.
    ///
    /// - Throws: `NotRunning`.
    func server() throws -> ServerProcess {
        guard let server = process.withLock({ $0 }) else { throw NotRunning() }
        return server
    }

    struct NotRunning: Error {}

    /// A number that no other instance has, nor this one after it was started again: what it knew by itself ended with it.
    var place: Int { number + 1000 * starts.load(ordering: .relaxed) }

    /// Starts it, with these settings over those that it had; an empty one takes its key out.
    func start(_ settings: [String: String] = [:]) async throws {
        let settings = self.settings.withLock { own in
            own = own.merging(settings) { $1 }.filter { !$0.value.isEmpty }
            return own
        }
        let server = try await started(settings, attempts: 3)
        starts.add(1, ordering: .relaxed)
        process.withLock { $0 = server }
    }

    /// One that cannot reach its store in time says so and ends, as it should: on a busy machine servers are slow to answer, and it is started again.
    private func started(_ settings: [String: String], attempts: Int) async throws -> ServerProcess {
        do { return try await ServerProcess.start(folder, settings, through: through) } catch let refusal as ServerProcess.DidNotStart {
            guard refusal.status == 69, attempts > 1 else { throw refusal }
            return try await started(settings, attempts: attempts - 1)
        }
    }

    func kill() async {
        let server = process.withLock { process in
            defer { process = nil }
            return process
        }
        await server?.kill()
    }

    /// Ends it and everything that is its own.
    func remove() async {
        await kill()
        proxy?.stop()
        folder.remove()
    }

    /// Asks the admin listener on a connection of its own.
    func administer(_ method: HTTPMethod, _ path: String, body: String? = nil) async throws -> HTTPConnection.Response {
        let connection = try await HTTPConnection.open(port: try server().adminPort)
        let token = settings.withLock { folder.text($0["admin.token_file"] ?? "") }.trimmingCharacters(in: .whitespacesAndNewlines)
        let response = try await connection.send(method, path, bearer: token, body: body)
        await connection.close()
        return response
    }

    /// One figure of `/metrics`.
    func metric(_ name: String) async throws -> Double? {
        try await administer(.GET, "/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}
