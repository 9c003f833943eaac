import Foundation

/// How much a proof does, and how far it came the last time.
///
/// `make test` runs the small counts. With `MINTMARK_SOAK=1` the large ones run in portions, and what is done is noted in a file after
/// each portion, so that an interrupted soak goes on where it was. The note names the commit: another commit begins anew.
public struct Soak: Sendable {
    /// What the environment asks for.
    public struct Wishes: Sendable {
        /// Whether the large counts are wanted.
        public var isOn: Bool
        /// What the large counts are multiplied with.
        public var scale: Double
        /// The commit under test.
        public var commit: String
        /// Where the notes are.
        public var folder: String
        /// Takes the line that tells what was done.
        public var report: @Sendable (String) -> Void

        /// Wishes, for instance a test's own.
        public init(isOn: Bool, scale: Double, commit: String, folder: String, report: @escaping @Sendable (String) -> Void) {
            self.isOn = isOn
            self.scale = scale
            self.commit = commit
            self.folder = folder
            self.report = report
        }

        /// `MINTMARK_SOAK=1`; `MINTMARK_SOAK_SCALE=0.1` takes a tenth; notes in `soak-state` beside the sources.
        public static let current: Wishes = {
            let environment = ProcessInfo.processInfo.environment
            return Wishes(
                isOn: environment["MINTMARK_SOAK"] == "1", scale: environment["MINTMARK_SOAK_SCALE"].flatMap { Double($0) } ?? 1,
                commit: environment["MINTMARK_COMMIT"] ?? "unknown",
                folder: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../soak-state").standardized.path,
                report: { print($0) })
        }()
    }

    private struct Note: Codable {
        var done = 0
        var seconds = 0.0
    }

    private let name: String
    private let total: Int
    private let portion: Int
    private let wishes: Wishes

    /// - Parameters:
    ///   - small: how often in `make test`.
    ///   - large: how often in a soak, before it is scaled.
    ///   - portion: how many of the large count between two notes.
    public init(_ name: String, small: Int, large: Int, portion: Int, wishes: Wishes = .current) {
        self.name = name
        self.wishes = wishes
        total = wishes.isOn ? max(small, Int(Double(large) * wishes.scale)) : small
        self.portion = wishes.isOn ? portion : small
    }

    /// Runs a body for each portion that is not done yet, with its size.
    public func run(_ body: (Int) async throws -> Void) async throws {
        var note = read()
        while note.done < total {
            let count = min(portion, total - note.done)
            note.seconds += try await ContinuousClock().measure { try await body(count) } / .seconds(1)
            note.done += count
            try write(note)
        }
        if wishes.isOn { wishes.report("soak: \(name): \(note.done) of \(total) in \(Int(note.seconds)) s") }
    }

    private var file: String { "\(wishes.folder)/\(name)-\(wishes.commit).json" }

    private func read() -> Note {
        guard wishes.isOn, let data = FileManager.default.contents(atPath: file), let note = try? JSONDecoder().decode(Note.self, from: data)
        else { return Note() }
        return note
    }

    private func write(_ note: Note) throws {
        guard wishes.isOn else { return }
        try FileManager.default.createDirectory(atPath: wishes.folder, withIntermediateDirectories: true)
        try JSONEncoder().encode(note).write(to: URL(filePath: file), options: .atomic)
    }
}
