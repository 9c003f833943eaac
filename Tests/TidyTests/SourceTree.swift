import FoundationEssentials

/// The files of the repository as the rules read them.
struct SourceTree {
    /// The folder with Package.swift.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    /// Every Swift file below `Sources`.
    static let sources = swiftFiles(below: "Sources")
    /// Every Swift file below `Tests`.
    static let tests = swiftFiles(below: "Tests")
    /// The names of the folders of `Sources`.
    static let targets = Set(sources.map(\.target))

    /// The text of a file, nil if there is none.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// The paths of every file below a folder, relative to the root, in their order.
    static func paths(below folder: String) -> [String] {
        let found = try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
        return (found ?? []).sorted().map { "\(folder)/\($0)" }
    }

    private static func swiftFiles(below folder: String) -> [SourceFile] {
        paths(below: folder).filter { $0.hasSuffix(".swift") }.compactMap { path in
            text(path).map { SourceFile(path: path, text: $0) }
        }
    }
}

/// One Swift file, line by line.
struct SourceFile {
    /// Relative to the root of the repository.
    let path: String
    /// As written.
    let lines: [String]
    /// The same lines with comments removed and the texts of string literals blanked.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = CodeOnly.lines(of: text)
    }

    /// The second component: the target of a source file.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    /// The last component.
    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

    /// A finding of a rule on one line.
    func finding(line: Int, _ message: String) -> String { "\(path):\(line + 1): \(message)" }
}
