import FoundationEssentials
import Testing
import TokenCore
import TokenSealing

@testable import MintmarkCommands

@Suite("mintmark keys new-seal")
struct NewSealCommandTests {
    @Test func freshSealIsAFileOfOneKeyAndNeverTheSame() async throws {
        let (first, second) = (await run("keys", "new-seal"), await run("keys", "new-seal"))
        #expect(first.status == 0 && first.output != second.output)
        #expect(try SealKeys(parsing: Array(first.output.utf8)).numbers.map(\.value) == [1])
    }

    @Test func appendedKeyOpensAndTheOldOneGoesOnSealing() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write(await run("keys", "new-seal").output, to: "seal", permissions: 0o644)
        let ran = await run("keys", "new-seal", "--append", "seal", workingDirectory: folder.path)
        #expect(ran.status == 0 && ran.output == "Key 2 is in seal; key 1 goes on sealing.\n")
        #expect(try numbers(folder) == [1, 2])
        let first = await run("keys", "new-seal", "--append", "seal", "--first", workingDirectory: folder.path)
        #expect(first.output == "Key 3 is in seal and seals.\n")
        #expect(try numbers(folder) == [3, 1, 2])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/seal")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["seal"])
    }

    @Test func fileThatIsNoSealIsLeftAlone() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("not a seal", to: "seal")
        #expect(await run("keys", "new-seal", "--append", "seal", workingDirectory: folder.path).status == 64)
        #expect(FileManager.default.contents(atPath: folder.path + "/seal") == Data("not a seal".utf8))
        #expect(await run("keys", "new-seal", "--append", "none", workingDirectory: folder.path).status == 64)
        #expect(await run("keys", "new-seal", "--first").status == 64)
    }

    private func numbers(_ folder: TemporaryFolder) throws -> [UInt16] {
        try SealKeys(parsing: Array(#require(FileManager.default.contents(atPath: folder.path + "/seal")))).numbers.map(\.value)
    }
}
