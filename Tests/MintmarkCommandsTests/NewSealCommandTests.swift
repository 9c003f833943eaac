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
        #expect(first.output == "Key 3 is in seal and seals from the next start on.\n")
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

    /// The whole procedure of docs/cli.md.
    @Test func appendedKeyIsPromotedAndTheOldOneRemoved() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write(await run("keys", "new-seal").output, to: "seal")
        func change(_ arguments: String...) async -> Ran { await run(["keys", "change-seal", "seal"] + arguments, workingDirectory: folder.path) }
        #expect(await run("keys", "new-seal", "--append", "seal", workingDirectory: folder.path).status == 0)
        let keys = try sealKeys(folder)
        #expect(await change("--remove", "1").status == 64, "it seals")
        #expect(await change("--promote", "3").status == 64)
        #expect(await change().status == 64)
        #expect(await change("--promote", "2", "--remove", "1").status == 64)
        #expect(try numbers(folder) == [1, 2], "it was left alone")
        let promoted = await change("--promote", "2")
        #expect(promoted.status == 0 && promoted.output.contains("from the next start on"))
        #expect(try numbers(folder) == [2, 1])
        #expect(try sealKeys(folder).text.bytes == keys.promoting(SealNumber(2)).text.bytes, "no key was made")
        #expect(await change("--remove", "1").status == 0)
        #expect(try numbers(folder) == [2])
        #expect(await change("--remove", "2").status == 64)
    }

    private func sealKeys(_ folder: TemporaryFolder) throws -> SealKeys {
        try SealKeys(parsing: Array(#require(FileManager.default.contents(atPath: folder.path + "/seal"))))
    }

    private func numbers(_ folder: TemporaryFolder) throws -> [UInt16] {
        try sealKeys(folder).numbers.map(\.value)
    }
}
