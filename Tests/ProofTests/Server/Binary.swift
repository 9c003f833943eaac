import Foundation

/// The program under proof: what `MINTMARK_BINARY` names (a release build, in a soak), else the one built beside the tests.
enum Binary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["MINTMARK_BINARY"] {
            return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        }
        let folders =
            [CommandLine.arguments[0], (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""]
            .map { URL(fileURLWithPath: $0).deletingLastPathComponent().path } + [Repository.path + "/.build/debug"]
        let candidates = folders.map { $0 + "/mintmark" }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
    }()
}

/// The source tree these tests were built from.
enum Repository {
    static let path = (1...4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }.path
}
