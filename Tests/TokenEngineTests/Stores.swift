import SQLiteStore
import Testing
import TokenCore
import TokenEngine

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The stores that every claim about the engine is made on.
enum TestedStore: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite

    var testDescription: String { rawValue }

    /// Runs a body over a fresh store of this kind and removes it afterwards.
    func use(_ body: (any TokenEngine.Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(InMemoryStore())
        case .sqlite:
            let folder = try temporaryFolder()
            let store = try SQLiteStore.open(.init(path: folder))
            do { try await body(store) } catch {
                await store.close()
                remove(folder: folder)
                throw error
            }
            await store.close()
            remove(folder: folder)
        }
    }
}

private struct NoFolder: Error {}

private func temporaryFolder() throws -> String {
    var template = Array("/tmp/mintmark-engine-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw NoFolder() }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func remove(folder: String) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
        if name != "." && name != ".." { unlink("\(folder)/\(name)") }
    }
    rmdir(folder)
}
