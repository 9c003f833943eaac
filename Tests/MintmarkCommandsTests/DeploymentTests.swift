import ArgumentParser
import FoundationEssentials
import Testing

@testable import MintmarkCommands

/// What deploy/ and the pages tell to type is understood by the command line, and the files of deploy/ agree with each other.
@Suite("deploy/")
struct DeploymentTests {
    private func page(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let bytes = try #require(FileManager.default.contents(atPath: root + "/" + path), "there is no \(path)")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The values of one directive of a unit.
    private func values(of directive: String, in unit: String = "mintmark") throws -> [String] {
        try page("deploy/\(unit).service").split(separator: "\n").filter { $0.hasPrefix(directive + "=") }
            .map { String($0.dropFirst(directive.count + 1)) }
    }

    /// The command lines of a text: of a line, `#` before it or not, each part between two `&&` that begins with the program.
    private func commands(in text: String) -> [[String]] {
        text.replacing("\\\n", with: " ").split(separator: "\n").flatMap(commands(inLine:))
    }

    private func commands(inLine line: Substring) -> [[String]] {
        var typed = line.drop { $0 == "#" || $0 == " " }
        if typed.hasPrefix("Exec"), let sign = typed.firstIndex(of: "=") { typed = typed[typed.index(after: sign)...] }
        let parts: [[String]] = typed.split(separator: " && ").map { part in
            part.split(separator: " ").prefix { !["#", ">", "&"].contains($0) }.map { String($0) }
        }
        return parts.filter { words in
            guard words.count > 1, let program = words[0].split(separator: "/").last else { return false }
            return program == "mintmark"
        }
    }

    /// Whether a command is more than the names of a command and its subcommand, which a page uses in the place of the whole.
    private func isWhole(_ command: [String]) -> Bool {
        !command.contains("COMMAND") && command.contains { word in !word.allSatisfy { $0.isLowercase || $0 == "-" } }
    }

    private func understand(_ command: [String], _ source: String) {
        do { _ = try Mintmark.parseAsRoot(Array(command.dropFirst())) } catch {
            Issue.record("\(source): \(command.joined(separator: " ")): \(Mintmark.message(for: error))")
        }
    }

    @Test func everyCommandOfTheUnitIsUnderstood() throws {
        let found = commands(in: try page("deploy/mintmark.service"))
        for word in ["serve", "check", "list", "backup", "restore", "new-seal", "change-seal"] {
            #expect(found.contains { $0.contains(word) }, "the unit does not say how to \(word)")
        }
        for command in found {
            understand(command, "mintmark.service")
            guard let option = command.firstIndex(of: "--config") else { continue }
            #expect(command[(option + 1)...].first == "/etc/mintmark/mintmark.yaml")
        }
        for program in try values(of: "ExecStart") + values(of: "ExecStartPre") {
            #expect(program.hasPrefix("/usr/local/bin/mintmark "), "that is where it is installed")
        }
    }

    @Test func everyCommandOfTheSidecarsUnitIsUnderstood() throws {
        let unit = "mintmark-upstream"
        let found = commands(in: try page("deploy/\(unit).service"))
        for word in ["serve", "check", "list"] { #expect(found.contains { $0.contains(word) }, "the unit does not say how to \(word)") }
        for command in found {
            understand(command, "\(unit).service")
            if let option = command.firstIndex(of: "--config") { #expect(command[(option + 1)...].first == "/etc/mintmark/upstreams.yaml") }
            if let option = command.firstIndex(of: "--socket") { #expect(command[(option + 1)...].first == "/run/\(unit)/tokens.sock") }
        }
        for program in try values(of: "ExecStart", in: unit) + values(of: "ExecStartPre", in: unit) {
            #expect(program.hasPrefix("/usr/local/bin/mintmark "), "that is where it is installed")
        }
    }

    @Test func whatTheSidecarsUnitInstallsAndNamesIsThere() throws {
        let name = "mintmark-upstream"
        let unit = try page("deploy/\(name).service")
        #expect(unit.contains("install -m 0644 deploy/\(name).service ") && unit.contains("deploy/upstreams.yaml /etc/mintmark/"))
        #expect(try values(of: "StateDirectory", in: name) == [name] && values(of: "RuntimeDirectory", in: name) == [name])
        let settings = try load(page("deploy/upstreams.yaml"))
        #expect(settings.contradictions(workingDirectory: "/var/lib/\(name)").isEmpty)
        for path in [settings.store.path, settings.keys.sealFile] { #expect(path.hasPrefix("/var/lib/\(name)/"), "nothing else can be written") }
        let credentials = try values(of: "LoadCredential", in: name).map { $0.prefix { $0 != ":" } }
        #expect(settings.upstreams.compactMap(\.clientSecretFile) == credentials.map { "/run/credentials/\(name).service/\($0)" })
        #expect(settings.upstreams.allSatisfy { !$0.allow.isEmpty }, "nobody could ask")
    }

    /// One differs on purpose: users are told apart by the socket, which needs their true numbers.
    @Test func theSidecarMayDoNoMoreThanTheServer() throws {
        func bounds(_ unit: String) throws -> Set<String> {
            let lines = try page("deploy/\(unit).service").split(separator: "\n").map(String.init)
            let begin = try #require(lines.firstIndex { $0.hasPrefix("UMask=") })
            return Set(lines[begin...].filter { !$0.hasPrefix("#") })
        }
        #expect(try bounds("mintmark").symmetricDifference(bounds("mintmark-upstream")) == ["PrivateUsers=yes", "PrivateUsers=no"])
    }

    @Test func everyCommandOfThePagesIsUnderstood() throws {
        var found = commands(in: try page("README.md")) + commands(in: try page("deploy/mintmark.yaml"))
        for path in [
            "README.md", "docs/cli.md", "docs/configuration.md", "docs/security.md", "docs/deployment.md", "docs/upstreams.md",
            "docs/decisions/seal-file.md",
        ] {
            let pieces = try page(path).split(separator: "`", omittingEmptySubsequences: false).map { String($0) }
            let typed = stride(from: 1, to: pieces.count, by: 2).map { pieces[$0] }
            found += commands(in: typed.joined(separator: "\n")).filter(isWhole)
        }
        #expect(found.count > 10)
        for command in found { understand(command, "a page") }
    }

    @Test func whatTheUnitInstallsAndNamesIsThere() throws {
        let unit = try page("deploy/mintmark.service")
        #expect(unit.contains("install -m 0644 deploy/mintmark.service ") && unit.contains("deploy/mintmark.yaml /etc/mintmark/"))
        let settings = try load(page("deploy/mintmark.yaml"))
        let folder = "/var/lib/" + (try #require(values(of: "StateDirectory").first))
        #expect(try values(of: "WorkingDirectory") == [folder])
        #expect(settings.store.path.hasPrefix(folder + "/") && settings.keys.sealFile.hasPrefix(folder + "/"))
        guard case .file(let events) = settings.events.sink else { throw InvalidValue("no events.file") }
        #expect(events.hasPrefix(folder + "/"), "nothing else can be written")
        for path in [settings.keys.sealFile, DataFolder(settings).adminTokenFile] { #expect(unit.contains(path), "the unit speaks of \(path)") }
        let statuses = try values(of: "RestartPreventExitStatus")
        #expect(statuses == ["\(CommandStatus.usage.rawValue) \(CommandStatus.configuration.rawValue)"])
    }

    /// The second half of deploy/mintmark.yaml is commented out, for whoever is reached from elsewhere.
    @Test func bothConfigurationsAreSound() throws {
        let text = try page("deploy/mintmark.yaml")
        #expect(try load(text).contradictions(workingDirectory: "/var/lib/mintmark").isEmpty)
        let lines = text.split(separator: "\n").map { line in
            let bare = line.hasPrefix("# ") ? line.dropFirst(2) : line
            let key = bare.drop { $0 == " " }.prefix { $0 != ":" }
            return bare.contains(":") && key.allSatisfy { $0.isLowercase || $0 == "_" } ? String(bare) : ""
        }
        let reached = try load(lines.joined(separator: "\n"))
        #expect(reached.contradictions(workingDirectory: "/var/lib/mintmark").isEmpty && reached.login.require == .client)
        let tls = try #require(reached.server.tls)
        let credentials = try page("deploy/mintmark.service").split(separator: "\n").compactMap { line -> Substring? in
            guard let range = line.firstRange(of: "LoadCredential=") else { return nil }
            return line[range.upperBound...].prefix { $0 != ":" }
        }
        #expect([tls.certificate, tls.key] == credentials.map { "/run/credentials/mintmark.service/\($0)" })
    }

    private func load(_ yaml: String) throws -> Settings {
        var sources = ConfigurationSources()
        sources.file = (path: "mintmark.yaml", yaml: yaml)
        return try sources.load().settings
    }
}
