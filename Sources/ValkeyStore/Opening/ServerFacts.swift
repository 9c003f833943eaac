import TokenCore
import Valkey

/// What a server says of itself.
struct ServerFacts: Sendable {
    private let lines: [Substring: Substring]

    /// - Throws: `.unavailable`.
    init(_ reply: Result<RESPToken, ValkeyClientError>) throws(StoreError) {
        guard let text = try reply.bytes() else { throw .unavailable("the server says nothing of itself") }
        self.init(text.description)
    }

    /// What INFO answers: a name, a colon and a value on each line.
    init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline).reduce(into: [:]) { lines, line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { lines[parts[0]] = parts[1] }
        }
    }

    /// One value.
    subscript(_ name: String) -> String? { lines[name[...]].map(String.init) }

    /// Changes when another server has taken over, and when this one was started again.
    var history: String { "\(self["run_id"] ?? "") \(self["master_replid"] ?? "")" }

    /// Major and minor version of the protocol that it speaks: Valkey states the Redis it is compatible with.
    var version: (Int, Int)? {
        let numbers = (self["redis_version"] ?? "").split(separator: ".").compactMap { Int($0) }
        return numbers.count >= 2 ? (numbers[0], numbers[1]) : nil
    }

    /// Whether it decides, and follows no other.
    var isPrimary: Bool { self["role"] == "master" }

    /// How many replicas follow it.
    var replicas: Int { self["connected_slaves"].flatMap { Int($0) } ?? 0 }
}
