import FoundationEssentials
import Testing

@testable import MintmarkCommands

@Suite("mintmark config, version and serve")
struct ConfigCommandTests {
    @Test func showPrintsEveryKeyWithItsOrigin() async {
        let ran = await run("config", "show", "--set", "server.port=9000", environment: ["MINTMARK_ADMIN_PORT": "9001"])
        #expect(ran.status == 0)
        let lines = ran.output.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines.count == Keys.all.count + 1)
        #expect(lines.contains("server.port 9000 --set"))
        #expect(lines.contains("admin.port 9001 environment MINTMARK_ADMIN_PORT"))
        #expect(lines.contains("auth.issuer http://localhost:9000 default"))
    }

    @Test func showJSONHasTheSameRows() async throws {
        let ran = await run("config", "show", "--json", "--set", "auth.legacy_hs256=secretsecret")
        let rows = try JSONDecoder().decode([[String: String]].self, from: Data(ran.output.utf8))
        #expect(rows.map { $0["key"] } == Keys.all.map(\.name))
        #expect(rows.contains(["key": "auth.legacy_hs256", "value": "Secret(…)", "from": "--set"]))
        #expect(!ran.output.contains("secretsecret"))
    }

    @Test func fileIsReadRelativeToTheWorkingDirectory() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("server: {port: 7000}", to: "m.yaml")
        let ran = await run("config", "show", "--config", "m.yaml", workingDirectory: folder.path)
        #expect(ran.output.contains("m.yaml:1"))
        let missing = await run("config", "show", "--config", "none.yaml", workingDirectory: folder.path)
        #expect(missing.status == 78)
        #expect(missing.complaints.contains("no readable file none.yaml"))
        try folder.write(String(repeating: "#", count: FileReader.largest + 1), to: "large.yaml")
        #expect(await run("config", "show", "--config", "large.yaml", workingDirectory: folder.path).status == 78)
    }

    @Test func checkEndsWithZeroForSoundSettingsAnd78WithReasonsOtherwise() async {
        let sound = await run("config", "check")
        #expect(sound.status == 0 && sound.output == "The configuration is sound.\n")
        let unsound = await run("config", "check", "--set", "server.host=0.0.0.0", "--set", "login.require=none")
        #expect(unsound.status == 78)
        #expect(unsound.output.contains("server.tls.certificate") && unsound.output.contains("log in as anyone"))
        let json = await run("config", "check", "--json", "--set", "login.require=none", "--set", "server.host=0.0.0.0")
        #expect(json.status == 78 && json.output.contains("\"keys\""))
    }

    @Test func checkLooksAtTheFilesThatAreNamed() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("not a certificate", to: "tls.pem")
        try folder.write("short\n", to: "secret")
        try folder.write(String(repeating: "s", count: 32), to: "long")
        try folder.write("", to: "a-file")
        func check(_ settings: [String]) async -> Ran {
            await run(["config", "check"] + settings.flatMap { ["--set", $0] }, workingDirectory: folder.path)
        }
        let cases: [([String], String, String)] = [
            (["server.tls.certificate=none.pem", "server.tls.key=none.key"], "server.tls.certificate", "/none.pem cannot be read: No such file"),
            (["server.tls.certificate=tls.pem", "server.tls.key=none.key"], "server.tls.certificate", "/tls.pem is not a PEM file"),
            (["auth.legacy_hs256=none"], "auth.legacy_hs256", "cannot be read"),
            (["auth.legacy_hs256=secret"], "auth.legacy_hs256", "fewer than 32 bytes"),
            (["events.file=none/events"], "events.file", "none/events cannot be made: No such file"),
            (["events.file=a-file/events"], "events.file", "a-file/events cannot be reached: Not a directory"),
            (["events.file=/"], "events.file", "/ is a folder"),
        ]
        for (settings, key, reason) in cases {
            let ran = await check(settings)
            #expect(ran.status == 78 && ran.output.hasPrefix(key + "\n") && ran.output.contains(reason), "\(ran)")
            let serve = await run(
                ["serve", "--set", "store.path=\(folder.path)/data"] + settings.flatMap { ["--set", $0] }, workingDirectory: folder.path)
            #expect(serve.status == 78 && serve.complaints.contains(reason), "\(serve)")
        }
        #expect(await check(["auth.legacy_hs256=long", "events.file=events"]).status == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["a-file", "long", "secret", "tls.pem"], "nothing was made")
    }

    @Test func whatCannotBeReadIsJSONForAProgram() async throws {
        for command in ["check", "show"] {
            let ran = await run("config", command, "--json", "--set", "server.port=many", "--set", "bogus=1")
            #expect(ran.status == 78 && ran.complaints.isEmpty)
            let rows = try JSONDecoder().decode([[String: String]].self, from: Data(ran.output.utf8))
            #expect(rows.count == 2 && rows.allSatisfy { $0["from"] == "--set" && $0["reason"]?.isEmpty == false })
            let missing = await run("config", command, "--json", "--config", "/none.yaml")
            #expect(missing.status == 78)
            #expect(try JSONDecoder().decode([[String: String]].self, from: Data(missing.output.utf8)).map { $0["from"] } == ["/none.yaml"])
        }
    }

    @Test func backupWithoutAStoreIsAMistakeInTheCommandLine() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let ran = await run("backup", "copy", "--set", "store.path=data", workingDirectory: folder.path)
        #expect(ran.status == 64 && ran.complaints.contains("there is no store in data"), "\(ran)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: ["none", "junk", "empty"]) func restoreOfWhatIsNoBackupIsAMistakeInTheCommandLine(file: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write(String(repeating: "this is no database. ", count: 500), to: "junk")
        try folder.write("", to: "empty")
        let ran = await run("restore", file, "--set", "store.path=\(folder.path)/data", workingDirectory: folder.path)
        #expect(ran.status == 64 && !ran.complaints.isEmpty && ran.output.isEmpty, "\(ran)")
        if file == "none" { #expect(!FileManager.default.fileExists(atPath: folder.path + "/data")) }
    }

    @Test func serveRefusesContradictionsBeforeAnythingElse() async {
        let ran = await run("serve", "--set", "server.host=0.0.0.0")
        #expect(ran.status == 78)
        #expect(ran.complaints.contains("contradicts itself") && ran.complaints.contains("listen on 127.0.0.1"))
    }

    @Test func mistakesInTheCommandLineEndWith64AndHelpWithZero() async {
        #expect(await run("bogus").status == 64)
        #expect(await run("config", "show", "--bogus").status == 64)
        let help = await run("--help")
        #expect(help.status == 0 && help.output.contains("SUBCOMMANDS") && help.complaints.isEmpty)
    }

    @Test func versionIsPrintedBothWays() async {
        let version = BuildInformation.version
        #expect(await run("version").output == "mintmark \(version)\n")
        #expect(await run("--version").output == "mintmark \(version)\n")
        #expect(await run("version", "--json").output == "{\n  \"version\" : \"\(version)\"\n}\n")
    }

    @Test func cellsOfATableCannotDriveTheTerminal() {
        var table = Table("A", "B")
        table.append("\u{1B}[2J", "x\ny")
        table.append("long cell", "")
        #expect(table.text == "A          B\n\u{FFFD}[2J       x\u{FFFD}y\nlong cell")
    }
}
