import ArgumentParser
import SQLiteStore
import TokenCore
import TokenEngine

/// `mintmark restore FILE`: a backup in place of the store.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in place of the store; the server must be stopped.",
        discussion: """
            Whatever was born before the restore is ended by an epoch, because logouts and rotations made after the backup are not in it. \
            With --keep-sessions nothing is ended: a logout made after the backup is then undone.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The backup.") var file: String
    @Flag(help: "End nothing.") var keepSessions = false

    func run() async throws {
        let surroundings = Surroundings.current
        let settings = try options.soundSettings()
        let folder = DataFolder(settings)
        let clock = SystemClock(floor: folder.lastWritten, leeway: settings.auth.leeway)
        let now = clock.now()
        let ending = keepSessions ? nil : now
        let policy = settings.policy
        do {
            try await SQLiteStore.restore(file: surroundings.absolute(file), to: folder.path, at: now) { store throws(StoreError) in
                if let ending { try await StoreEpoch.end(everythingUpTo: ending, in: store, policy: policy) }
            }
        } catch {
            throw CommandFailure(.failed, "nothing was restored: \(error.explanation)")
        }
        surroundings.print(
            keepSessions ? "\(folder.path) is as \(file) has it." : "\(folder.path) is as \(file) has it; every session in it is over.")
    }
}
