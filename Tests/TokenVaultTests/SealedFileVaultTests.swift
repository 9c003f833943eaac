import Foundation
import TestSupport
import Testing
import TokenClient
import TokenCore
import TokenSealing

@Suite struct SealedFileVaultTests {
    private let seals = SealKeys.generate()
    private let key = SampleGrant.key("one")
    private let now = UnixTime(seconds: 1_790_000_000)

    private func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.count == 64 }
    }

    private func mode(_ path: String) throws -> Int {
        try (FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? -1
    }

    @Test func theFilesAreTheOwnersAloneAndSayNothing() async throws {
        let path = temporaryFolder()
        let vault = try SealedFileVault(folder: path, seals: seals)
        try await vault.save(SampleGrant.publishing("token-in-the-clear", now: now), as: key, over: .absent)
        #expect(try mode(path) == 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        for name in names {
            #expect(try mode(path + "/" + name) == 0o600)
            let bytes = try #require(FileManager.default.contents(atPath: path + "/" + name))
            #expect(bytes.range(of: Data("token-in-the-clear".utf8)) == nil && bytes.range(of: Data("Bearer".utf8)) == nil)
        }
        #expect(try files(path).count == 1 && !names.contains { $0.hasSuffix(".new") })
    }

    @Test func aFolderThatOthersCanReadIsRefused() throws {
        let path = temporaryFolder()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        #expect(throws: StoreError.self) { try SealedFileVault(folder: path, seals: seals) }
    }

    @Test func aFileThatOthersCanReadIsRefused() async throws {
        let path = temporaryFolder()
        let vault = try SealedFileVault(folder: path, seals: seals)
        try await vault.save(SampleGrant.publishing("a", now: now), as: key, over: .absent)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path + "/" + files(path)[0])
        await #expect(throws: StoreError.self) { try await vault.load(key) }
    }

    @Test func aFileInAnothersPlaceDoesNotOpen() async throws {
        let path = temporaryFolder()
        let vault = try SealedFileVault(folder: path, seals: seals)
        try await vault.save(SampleGrant.publishing("a", now: now), as: key, over: .absent)
        let mine = try files(path)[0]
        let other = SampleGrant.key("two")
        try await vault.save(SampleGrant.publishing("b", now: now), as: other, over: .absent)
        let others = try #require(try files(path).first { $0 != mine })
        try FileManager.default.removeItem(atPath: path + "/" + others)
        try FileManager.default.copyItem(atPath: path + "/" + mine, toPath: path + "/" + others)
        await #expect(throws: StoreError.self) { try await vault.load(other) }
    }

    @Test func damageIsNoticed() async throws {
        let path = temporaryFolder()
        let vault = try SealedFileVault(folder: path, seals: seals)
        try await vault.save(SampleGrant.publishing("a", now: now), as: key, over: .absent)
        let file = path + "/" + (try files(path)[0])
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: file)))
        for place in stride(from: 9, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[place] ^= 1
            let handle = try FileHandle(forWritingTo: URL(filePath: file))
            try handle.write(contentsOf: Data(damaged))
            try handle.close()
            await #expect(throws: StoreError.self) { try await vault.load(key) }
        }
    }
}
