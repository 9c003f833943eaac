import Testing

@testable import mintmark_bench

@Suite struct WorkFolderTests {
    @Test func theSizeOfAFolderIsThatOfItsFilesHoweverDeep() throws {
        let folder = try WorkFolder(in: ".build/bench-tests")
        defer { folder.remove() }
        let inner = try WorkFolder(in: folder.path)
        try folder.write("four", to: "outer")
        try inner.write("six---", to: "inner")
        #expect(WorkFolder.size(of: folder.path) == 10)
    }

    @Test func itIsAbsoluteAndGoneAfterwards() throws {
        let folder = try WorkFolder(in: ".build/bench-tests")
        #expect(folder.path.hasPrefix("/"))
        try folder.write("x", to: "file")
        folder.remove()
        #expect(WorkFolder.size(of: folder.path) == 0)
        #expect(throws: BenchError.self) { try folder.write("x", to: "file") }
    }
}
