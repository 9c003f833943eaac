import Foundation
import Testing
import ValkeyServer

/// Several `mintmark serve` on one store: what they must share is shared, everything else each has of its own.
struct Instances: Sendable {
    let members: [Instance]

    subscript(number: Int) -> Instance { members[number % members.count] }

    /// Starts instances for as long as a body runs.
    ///
    /// - Parameters:
    ///   - place: nil: the one instance has the embedded store.
    ///   - settings: of all of them.
    ///   - proxied: whether each has a proxy of its own before the store; not in a cluster, whose servers tell clients their own addresses.
    ///   - forgeries: what the proxies falsify.
    ///   - through: the command that an instance, by its number, is run through.
    static func use<Value>(
        _ count: Int, on place: SharedPlace?, _ settings: [String: String] = [:], proxied: Bool = false, forgeries: [StoreProxy.Forgery] = [],
        through: (Int) -> [String] = { _ in [] }, _ body: (Instances) async throws -> Value
    ) async throws -> Value {
        precondition(place != nil ? !proxied || place?.isCluster == false : count == 1)
        return try await DataFolder.use { shared in
            let common = try await common(shared).merging(settings) { $1 }
            var members: [Instance] = []
            do {
                for number in 0..<count {
                    let target = proxied ? place?.primary.port : nil
                    let proxy = if let target { try await StoreProxy.start(to: target, forgeries: forgeries) } else { StoreProxy?.none }
                    let url = proxy.map { SharedPlace.url(port: $0.port) } ?? place?.url
                    let own = url.map { ["store.url": $0] } ?? [:]
                    members.append(try Instance(number, common.merging(own) { $1 }, proxy: proxy, through: through(number)))
                }
                try await startTogether(members)
                let value = try await body(Instances(members: members))
                await remove(members)
                return value
            } catch {
                await remove(members)
                throw error
            }
        }
    }

    /// The seal and the credential that all have, as an operator makes them.
    private static func common(_ shared: DataFolder) async throws -> [String: String] {
        let made = try await ChildProcess.run([Binary.path, "keys", "new-seal"], in: shared)
        try #require(made.status == 0, "\(made)")
        let token = shared.path + "/admin.token"
        for (file, text) in [(shared.seal, made.output), (token, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")] {
            try #require(FileManager.default.createFile(atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
        }
        return ["keys.seal_file": shared.seal, "admin.token_file": token]
    }

    private static func startTogether(_ members: [Instance]) async throws {
        try await withThrowingTaskGroup { group in
            for member in members { group.addTask { try await member.start() } }
            try await group.waitForAll()
        }
    }

    private static func remove(_ members: [Instance]) async {
        for member in members { await member.remove() }
    }

    /// Ends all of them and starts them again, with these settings over those that they had.
    func restart(_ settings: [String: String]) async throws {
        for member in members { await member.kill() }
        try await withThrowingTaskGroup { group in
            for member in members { group.addTask { try await member.start(settings) } }
            try await group.waitForAll()
        }
    }

    /// Callers of one instance each, in turn: so many connections in all.
    func services(_ count: Int) -> [InstanceService] { (0..<count).map { InstanceService(self[$0]) } }
}
