import Foundation
import NIOCore
import NIOPosix
import Testing

extension Proofs {
    /// What the README tells a newcomer to type is typed in its order, with the real curl and the tokens of the last login.
    @Suite struct ReadmeProofTests {
        @Test func theCommandsOfTheReadmeDoWhatItSays() async throws {
            try await DataFolder.use { folder in
                let ports = try await Ports.asWritten()
                let settings = ["server.port": "\(ports.server)", "admin.port": "\(ports.admin)"]
                try await ServerProcess.use(folder, settings) { _ in
                    try await type(Readme.commands("curl ", before: "## More than one machine"), ports, folder)
                }
            }
        }

        private func type(_ commands: [String], _ ports: Ports, _ folder: DataFolder) async throws {
            #expect(commands.count >= 5)
            var pair: Pair?
            for command in commands {
                let outcome = try await run(command, pair, ports, folder)
                #expect(outcome.status == 0, "\(command): \(outcome.complaint)")
                let text = outcome.output
                if command.contains("/login") {
                    pair = try JSONDecoder().decode(Pair.self, from: Data(text.utf8))
                } else if command.contains("/refresh") {
                    // The reader goes on with the access token that is on the clipboard.
                    _ = try JSONDecoder().decode(Pair.self, from: Data(text.utf8))
                } else if command.contains("/authenticate") {
                    #expect(text.contains(#""user_id":1"#) && text.contains(#""sub":"1""#), "\(text)")
                } else if command.contains("/logout") {
                    #expect(!text.contains("error"), "\(text)")
                    let after = try await run("curl localhost:8080/authenticate -H 'Authorization: Bearer eyJ…'", pair, ports, folder)
                    #expect(after.output.contains("invalid_token"), "\(after.output)")
                } else {
                    let expected = ["/ping": "pong", "/sessions": "session_id", "/jwks.json": #""keys""#, "/metrics": "# TYPE"]
                    let word = try #require(expected.first { command.contains($0.key) }?.value, "nobody knows what \(command) should print")
                    #expect(text.contains(word), "\(command): \(text)")
                }
            }
        }

        private func run(_ command: String, _ pair: Pair?, _ ports: Ports, _ folder: DataFolder) async throws -> ChildProcess.Outcome {
            let typed =
                command
                .replacing("eyJ…", with: pair?.access ?? "").replacing("mmr_…", with: pair?.refresh ?? "")
                .replacing("localhost:8080", with: "localhost:\(ports.server)").replacing(
                    "localhost:8081", with: "localhost:\(ports.admin)")
            return try await ChildProcess.run(["/bin/sh", "-c", typed], in: folder)
        }
    }
}

/// The README as a reader copies from it.
enum Readme {
    /// The text of a section, without its heading.
    static func section(_ heading: String) throws -> Substring {
        let text = try String(contentsOfFile: Repository.path + "/README.md", encoding: .utf8)
        let start = try #require(text.range(of: heading + "\n"), "the README has no \(heading)").upperBound
        return text[start...].prefix(upTo: text[start...].range(of: "\n## ")?.lowerBound ?? text.endIndex)
    }

    /// The code blocks of a section, each as it is.
    static func blocks(of heading: String) throws -> [String] {
        try section(heading).components(separatedBy: "```\n").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }

    /// The first code block of a section that is of a language, as it is.
    static func block(_ language: String, of heading: String) throws -> String {
        let section = try section(heading)
        let start = try #require(section.range(of: "```\(language)\n"), "\(heading) has no block of \(language)").upperBound
        return String(section[start...].prefix(upTo: section[start...].range(of: "```")?.lowerBound ?? section.endIndex))
    }

    /// The lines of its code blocks that begin with a word, as far as a heading.
    static func commands(_ beginning: String, before heading: String) throws -> [String] {
        let whole = try String(contentsOfFile: Repository.path + "/README.md", encoding: .utf8)
        let text = whole.prefix(upTo: try #require(whole.range(of: heading), "the README has no \(heading)").lowerBound)
        var isCode = false
        return text.split(separator: "\n").compactMap { line in
            if line.hasPrefix("```") { isCode.toggle() }
            return isCode && line.hasPrefix(beginning) ? String(line) : nil
        }
    }
}

/// The two ports of a server that others must be able to name.
struct Ports: Sendable {
    let server, admin: Int

    /// Those of the README if nobody has them, else free ones.
    static func asWritten() async throws -> Ports {
        if try await isFree(8080), try await isFree(8081) { return Ports(server: 8080, admin: 8081) }
        return try await free()
    }

    /// Two that nobody has now.
    static func free() async throws -> Ports {
        let sockets = try await [bind(0), bind(0)]
        let ports = sockets.compactMap { $0.localAddress?.port }
        for socket in sockets { try await socket.close().get() }
        return Ports(server: ports[0], admin: ports[1])
    }

    /// A number of a range for which all ports that it stands for are free.
    static func random(_ range: Range<Int>, _ ports: (Int) -> [Int]) async throws -> Int {
        search: while true {
            let number = Int.random(in: range)
            for port in ports(number) where try await isFree(port) == false { continue search }
            return number
        }
    }

    private static func isFree(_ port: Int) async throws -> Bool {
        guard let socket = try? await bind(port) else { return false }
        try await socket.close().get()
        return true
    }

    private static func bind(_ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: "127.0.0.1", port: port).get()
    }
}
