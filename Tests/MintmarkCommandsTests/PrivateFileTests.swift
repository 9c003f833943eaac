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
