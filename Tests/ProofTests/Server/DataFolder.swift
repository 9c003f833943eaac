import Foundation

/// A folder of its own for everything one proof writes, under the system's temporary folder.
struct DataFolder: Sendable {
    /// The folder itself.
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/mintmark-proof-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What the server is told as `store.path`.
    var store: String { "\(path)/data" }
    var seal: String { "\(path)/data.seal" }
    var events: String { "\(path)/events.jsonl" }
    var adminToken: String { "\(store)/admin.token" }
    /// Standard output and standard error of every server that ran here, one after the other.
    var output: String { "\(path)/stdout" }
    var log: String { "\(path)/stderr" }

    func text(_ file: String) -> String {
        FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Waits until the log of the server has a text so many times, at most ten seconds.
    func logged(_ text: String, times: Int = 1) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while self.text(log).ranges(of: text).count < times {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    /// The permission bits of a file, as chmod writes them.
    func mode(_ file: String) throws -> Int {
        try (FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int) ?? -1
    }

    /// Removes it, whatever is in it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Runs a body over a fresh folder and removes it afterwards.
    static func use<T>(_ body: (DataFolder) async throws -> T) async throws -> T {
        let folder = try DataFolder()
        defer { folder.remove() }
        return try await body(folder)
    }
}
