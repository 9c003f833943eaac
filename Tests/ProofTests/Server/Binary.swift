import Foundation

/// The program under proof: what `MINTMARK_BINARY` names (a release build, in a soak), else the one built beside the tests.
enum Binary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["MINTMARK_BINARY"] {
            return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        }
        return beside("mintmark")
    }()

    /// The program that uses tokens of somebody else's, of the same build: `MINTMARK_WORKER` names it in a soak.
    static let worker = ProcessInfo.processInfo.environment["MINTMARK_WORKER"] ?? beside("upstream-worker")

    /// A program that was built beside the tests.
    static func beside(_ name: String) -> String {
        let folders =
            [CommandLine.arguments[0], (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""]
            .map { URL(fileURLWithPath: $0).deletingLastPathComponent().path } + [Repository.path + "/.build/debug"]
        let candidates = folders.map { $0 + "/\(name)" }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
    }
}

/// The source tree these tests were built from.
enum Repository {
    static let path = (1...4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }.path
}
