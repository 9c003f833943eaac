import ValkeyServer

/// What the proofs know of a server by its own words.
extension ValkeyServer {
    /// Sends a command and returns what came, as it came.
    @discardableResult
    func ask(_ line: String) throws -> String { try ValkeyCluster.ask(self, line) }

    /// A value of `INFO replication`.
    func replication(_ name: String) throws -> String? {
        try ask("INFO replication").split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    var isPrimary: Bool { (try? replication("role")) == "master" }

    /// Waits until a replica has everything that this primary has now.
    func reaches(_ replica: ValkeyServer) async throws {
        let offset = try replication("master_repl_offset").flatMap { Int($0) } ?? .max
        try await eventually("the replica") {
            try replica.replication("slave_repl_offset").flatMap { Int($0) }.map { $0 >= offset } == true ? true : nil
        }
    }
}
