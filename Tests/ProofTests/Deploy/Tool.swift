import Foundation
import Testing

/// A program that checks or drives what is in deploy/, or sets a clock; scripts/tools.sh unpacks it below .tools/.
enum Tool: String {
    /// The newest nginx, which can ask a name server for its upstreams again and again.
    case nginx
    /// The nginx of Debian, for upstreams that are named.
    case nginxDebian = "nginx-debian"
    case k6
    case promtool
    case kubectl
    /// Python with an authorization server that is not ours.
    case authlib
    /// Python with the schemas of Compose and Kubernetes.
    case schemas
    /// Runs a program with a wall clock that is set otherwise, and a monotonic clock that is not.
    case skewed

    /// Where it is.
    ///
    /// - Throws: `Missing`: what cannot be checked does not pass.
    func path() throws -> String {
        let path = "\(Repository.path)/.tools/\(rawValue)/\(rawValue)"
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(tool: self) }
        return path
    }

    /// Runs it to its end in a folder of its own.
    func run(_ arguments: String..., in folder: DataFolder) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run([try path()] + arguments, in: folder)
    }

    struct Missing: Error, CustomStringConvertible {
        let tool: Tool
        var description: String { "There is no \(tool.rawValue); run scripts/tools.sh \(tool.rawValue), or make test, which does." }
    }
}

/// The files of deploy/.
enum Deploy {
    static let path = Repository.path + "/deploy"

    static func text(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }
}

extension String {
    /// The text with a part replaced.
    ///
    /// - Throws: `NotThere` unless it is in it so many times: a file that was changed must not be proved by another.
    func replacing(_ part: String, by other: String, times: Int = 1) throws -> String {
        guard ranges(of: part).count == times else { throw NotThere(text: part) }
        return replacing(part, with: other)
    }
}

/// What was to be replaced is not in the text, or more often or less.
struct NotThere: Error { let text: String }
