import Foundation
import TestSupport
import TokenCore
import TokenSealing

/// One `upstream-worker`: a process of its own that uses a manager.
struct UpstreamProcess: Sendable {
    let child: ChildProcess
    private let output: String

    /// A release build in a soak, else the one built beside the tests.
    private static let path = Binary.worker

    init(_ words: [String], in folder: UpstreamFolder) throws {
        output = "\(folder.path)/worker-\(UInt64.random(in: 0 ... .max))"
        child = try ChildProcess(
            [Self.path] + words + ["seal=\(folder.seal)"], output: output, log: output + ".err", in: folder.path,
            environment: ["SWIFT_BACKTRACE": "enable=no"])
    }

    /// What it has said so far.
    var lines: [String] {
        FileManager.default.contents(atPath: output).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) } ?? []
    }

    /// What went wrong in its own words.
    var violations: [String] { lines.filter { $0.hasPrefix("violation") } }

    /// Ends it, by its own id.
    func kill() async {
        child.signal(SIGKILL)
        _ = await child.ended()
    }

    /// Runs one to its end and tells its last line.
    static func once(_ words: [String], in folder: UpstreamFolder) async throws -> String {
        let process = try UpstreamProcess(["once"] + words, in: folder)
        _ = await process.child.ended()
        return process.lines.last ?? "nothing"
    }
}

/// Where the processes of one proof have their seal, their output and, if they want it, their vault.
struct UpstreamFolder: Sendable {
    let path: String

    init() throws {
        path = temporaryFolder()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let text = Data(SealKeys.generate().text.bytes)
        _ = FileManager.default.createFile(atPath: seal, contents: text, attributes: [.posixPermissions: 0o600])
    }

    var seal: String { "\(path)/seal" }
    var vault: String { "vault=folder:\(path)/vault" }
}
