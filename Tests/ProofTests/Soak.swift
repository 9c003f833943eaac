import Foundation

/// How much a proof does, and how far it came the last time.
///
/// `make test` runs the small counts. With `MINTMARK_SOAK=1` the large ones run in portions, and what is done is noted in a file after
/// each portion, so that an interrupted soak goes on where it was. The note names the commit: another commit begins anew.
struct Soak {
    /// Whether the large counts are wanted.
    static let isOn = ProcessInfo.processInfo.environment["MINTMARK_SOAK"] == "1"

    private struct Note: Codable {
        var done: Int
        var seconds: Double
    }

    private let name: String
    private let total: Int
    private let portion: Int

    /// - Parameters:
    ///   - small: how often in `make test`.
    ///   - large: how often in a soak; `MINTMARK_SOAK_SCALE=0.1` takes a tenth.
    ///   - portion: how many of the large count between two notes.
    init(_ name: String, small: Int, large: Int, portion: Int) {
        self.name = name
        let scale = ProcessInfo.processInfo.environment["MINTMARK_SOAK_SCALE"].flatMap { Double($0) } ?? 1
        total = Self.isOn ? max(small, Int(Double(large) * scale)) : small
        self.portion = Self.isOn ? portion : small
    }

    /// Runs a body for each portion that is not done yet, with its size.
    func run(_ body: (Int) async throws -> Void) async throws {
        var note = read()
        while note.done < total {
            let count = min(portion, total - note.done)
            let began = ContinuousClock.now
            try await body(count)
            note.done += count
            note.seconds += Double((ContinuousClock.now - began).components.seconds)
            try write(note)
        }
        if Self.isOn { print("soak: \(name): \(note.done) of \(total) in \(Int(note.seconds)) s") }
    }

    private var file: String {
        let commit = ProcessInfo.processInfo.environment["MINTMARK_COMMIT"] ?? "unknown"
        return "\(Repository.path)/soak-state/\(name)-\(commit).json"
    }

    private func read() -> Note {
        guard Self.isOn, let data = FileManager.default.contents(atPath: file), let note = try? JSONDecoder().decode(Note.self, from: data)
        else { return Note(done: 0, seconds: 0) }
        return note
    }

    private func write(_ note: Note) throws {
        guard Self.isOn else { return }
        try FileManager.default.createDirectory(atPath: "\(Repository.path)/soak-state", withIntermediateDirectories: true)
        try JSONEncoder().encode(note).write(to: URL(fileURLWithPath: file), options: .atomic)
    }
}
