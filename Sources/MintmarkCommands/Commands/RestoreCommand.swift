import ArgumentParser
import SQLiteStore
import TokenCore
import TokenEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

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
        guard Self.isReadable(surroundings.absolute(file)) else { throw CommandFailure(.usage, "there is no readable backup \(file).") }
        let settings = try options.soundSettings()
        try settings.refuseSharedStore()
        let folder = DataFolder(settings)
        let (policy, written, now) = (settings.policy, folder.lastWritten, SystemClock().now())
        do {
            try await SQLiteStore.restore(
                file: surroundings.absolute(file), to: folder.path, at: max(now, written), forgettingTime: !keepSessions
            ) { [keepSessions] store throws(StoreError) in
                // The store in place may have been written by a clock that was ahead of this one.
                if !keepSessions { try await StoreEpoch.endEverything(in: store, upTo: written, policy: policy, now: now) }
            }
        } catch {
            throw CommandFailure(error.restoreStatus, "nothing was restored: \(error.explanation)")
        }
        surroundings.print(
            keepSessions ? "\(folder.path) is as \(file) has it." : "\(folder.path) is as \(file) has it; every session in it is over.")
    }

    /// Whether there is anything to read: to SQLite an empty file is a database without tables.
    private static func isReadable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0 && access(path, R_OK) == 0
    }
}
