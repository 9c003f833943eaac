import ArgumentParser
import FoundationEssentials
import SQLiteStore

/// `mintmark backup FILE`: the store in one file, also while a server uses it.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store into one file, also while the server runs.",
        discussion: "The seal is not in it: without the seal file a backup opens nothing.")

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The file to write, mode 0600; what has that name is replaced.") var file: String

    func run() throws {
        let surroundings = Surroundings.current
        let settings = try options.soundSettings()
        try settings.refuseSharedStore()
        let folder = DataFolder(settings)
        guard FileManager.default.fileExists(atPath: surroundings.absolute(folder.path) + "/" + SQLiteStore.fileName) else {
            throw CommandFailure(.usage, "there is no store in \(folder.path): name its folder with --config or --set store.path=….")
        }
        do { try SQLiteStore.backup(folder: folder.path, to: surroundings.absolute(file)) } catch {
            throw CommandFailure(error.commandStatus, "no backup was made: \(error.explanation)")
        }
        surroundings.print("\(folder.path) is in \(file). Its seal, \(folder.sealFile), is not: keep it elsewhere.")
    }
}
