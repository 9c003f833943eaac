import ArgumentParser
import FoundationEssentials
import JOSE
import TokenCore

/// `mintmark pool generate`.
struct GenerateTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Make tokens and print them, one a line.",
        discussion: "At most 10,000 in one call, all or none.")

    @Argument(help: "How many.") var count: Int
    @OptionGroup var option: PoolOption
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call(
            "POST", ["pools", option.pool, "generate"], body: [("count", .integer(Int64(count)))])
        if admin.json { return AdminOutput.json(answer) }
        for token in answer["tokens"]?.array ?? [] { Surroundings.current.print(token.string ?? "") }
    }
}

/// `mintmark pool assign`.
struct AssignTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Take a token out of a pool, in its turn with --wait.",
        discussion: "Prints the token, its lease and for how many seconds it is yours. Keep it alive and give it back with the API.")

    @OptionGroup var option: PoolOption
    @Option(help: ArgumentHelp("Wait for so long, such as 10s, when none is free; a command waits for less than 30 s.", valueName: "time"))
    var wait: String?
    @Option(help: "Who has it then.") var holder: String?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        var members: [(String, JSONValue)] = []
        if let wait { members.append(("wait", .string(wait))) }
        if let holder { members.append(("holder", .string(holder))) }
        let answer = try await admin.client().call("POST", ["pools", option.pool, "assign"], body: members)
        if admin.json { return AdminOutput.json(answer) }
        AdminOutput.table([.object(answer)], [("TOKEN", "token"), ("LEASE", "lease"), ("SECONDS", "expires_in")], nothing: "")
    }
}

/// `mintmark pool import`.
struct ImportTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Put tokens that exist elsewhere into a pool, one a line.",
        discussion: """
            A line is a token, or JSON: "token", or {"token":"…","metadata":{…}}. What is in the pool already stays as it is, so that an import that \
            broke off is repeated from its beginning.
            """)

    @Argument(help: ArgumentHelp("The file with the lines, or - for standard input.", valueName: "file")) var file: String
    @OptionGroup var option: PoolOption
    @OptionGroup var admin: AdminOptions
    /// How many bytes go into one request: seconds of work for the server.
    private static let requestBytes = 1 << 20

    func run() async throws {
        let client = try admin.client()
        var lines = try LineSource(file)
        var (added, known, batch): (Int64, Int64, [UInt8]) = (0, 0, [])
        func send() async throws(CommandFailure) {
            guard !batch.isEmpty else { return }
            let answer = try await client.send(lines: batch, to: ["pools", option.pool, "import"])
            added += answer["added"]?.integer ?? 0
            known += answer["known"]?.integer ?? 0
            batch.removeAll(keepingCapacity: true)
        }
        while let line = try lines.next() {
            batch += Self.json(line) + [UInt8(ascii: "\n")]
            if batch.count >= Self.requestBytes { try await send() }
        }
        try await send()
        if admin.json {
            var answer = JSONObject()
            answer["added"] = .integer(added)
            answer["known"] = .integer(known)
            return AdminOutput.json(answer)
        }
        Surroundings.current.print("\(added) tokens were put into the pool \(option.pool); \(known) were there.")
    }

    /// A line that is JSON already stays as it is; any other is a token in plain letters.
    private static func json(_ line: String) -> [UInt8] {
        guard let first = line.utf8.first, first != UInt8(ascii: "{"), first != UInt8(ascii: "\"") else { return Array(line.utf8) }
        return JSONValue.string(line).serialized
    }
}

/// The lines of a file, or of standard input, one after the other: never more than a piece of the file at a time.
struct LineSource {
    private let handle: FileLines?

    init(_ file: String) throws(CommandFailure) {
        guard file != "-" else {
            handle = nil
            return
        }
        guard let lines = FileLines(Surroundings.current.absolute(file)) else { throw CommandFailure(.usage, "the file \(file) cannot be read.") }
        handle = lines
    }

    /// The next line without blanks around it; nil at the end. Lines with nothing in them are passed over.
    mutating func next() throws(CommandFailure) -> String? {
        while let line = handle.map({ $0.next() }) ?? Surroundings.current.readLine() {
            let trimmed = line.drop { $0.isWhitespace }
            guard !trimmed.isEmpty else { continue }
            return String(trimmed.reversed().drop { $0.isWhitespace }.reversed())
        }
        return nil
    }
}
