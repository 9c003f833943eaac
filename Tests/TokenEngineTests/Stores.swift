import SQLiteStore
import TestSupport
import Testing
import TokenCore
import TokenEngine

/// The stores that every claim about the engine is made on.
enum TestedStore: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite

    var testDescription: String { rawValue }

    /// Runs a body over a fresh store of this kind.
    func use(_ body: (any TokenEngine.Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(InMemoryStore())
        case .sqlite:
            let store = try SQLiteStore.open(.init(path: temporaryFolder()))
            do { try await body(store) } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}
