import FoundationEssentials
import Testing

@testable import MintmarkCommands

@Suite struct PrivateFileTests {
    @Test func aNameThatIsThereIsNeverTakenAway() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("first", to: "seal")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: folder.path + "/nowhere")
        for name in ["seal", "link"] {
            let failure = #expect(throws: PrivateFile.Failure.self) { try PrivateFile.create("\(folder.path)/\(name)", [1]) }
            #expect(failure?.call == "link")
        }
        #expect(FileManager.default.contents(atPath: folder.path + "/seal") == Data("first".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == folder.path + "/nowhere")
        try PrivateFile.create(folder.path + "/fresh", [7])
        #expect(FileManager.default.contents(atPath: folder.path + "/fresh") == Data([7]))
        #expect(PrivateFile.laxity(of: folder.path + "/fresh") == nil)
        // Nothing else is left behind.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["fresh", "link", "seal"])
    }

    /// Secrets are mounted as root's, for the server's group to read.
    @Test(
        arguments: [
            (0, 0o440, nil), (0, 0o640, nil), (0, 0o660, "chmod 440 f"), (0, 0o444, "chmod 440 f"), (1000, 0o600, nil), (1000, 0o640, "chmod 600 f"),
            (1001, 0o600, "chown 1000 f"),
        ] as [(UInt32, Int, String?)])
    func whatRootLendsIsNobodyElses(_ owner: UInt32, _ mode: Int, _ command: String?) {
        let laxity = PrivateFile.laxity(of: "f", owner: owner, mode: 0o100_000 | mode, user: 1000)
        if let command { #expect(laxity?.contains(command) == true) } else { #expect(laxity == nil) }
    }

    @Test func laxityNamesTheFileAndTheCommand() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for mode in [0o640, 0o604, 0o660, 0o601] {
            try folder.write("x", to: "file", permissions: mode)
            #expect(PrivateFile.laxity(of: folder.path + "/file")?.contains("chmod 600 \(folder.path)/file") == true)
        }
        try folder.write("x", to: "file", permissions: 0o400)
        #expect(PrivateFile.laxity(of: folder.path + "/file") == nil)
        #expect(PrivateFile.laxity(of: folder.path + "/none") == nil)
        try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder.path)
        #expect(PrivateFile.laxity(of: folder.path)?.contains("chmod 700 \(folder.path)") == true)
    }
}
