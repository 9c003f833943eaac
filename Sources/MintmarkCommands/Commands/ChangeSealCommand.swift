import ArgumentParser
import TokenCore
import TokenSealing

/// `mintmark keys change-seal`: which key of a seal file seals, and which leaves it.
struct ChangeSealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-seal", abstract: "Promote a key of a seal file, or remove one.",
        discussion: """
            Promote a key when every instance has been started again with the file in which it stands. Remove one when mintmark keys list says \
            that it is dispensable: what it sealed can never be opened again. docs/cli.md has the whole procedure.
            """)

    @Argument(help: ArgumentHelp("The seal file.", valueName: "file")) var file: String
    @Option(help: ArgumentHelp("Put this key first, so that it seals from the next start on.", valueName: "number")) var promote: UInt16?
    @Option(help: ArgumentHelp("Take this key out of the file.", valueName: "number")) var remove: UInt16?

    func validate() throws {
        guard (promote == nil) != (remove == nil) else { throw ValidationError("Say either --promote or --remove, with the number of a key.") }
    }

    func run() throws {
        if let promote {
            _ = try SealFile(file).change { keys in try keys.promoting(SealNumber(promote)) }
            Surroundings.current.print("Key \(promote) seals from the next start on; start every instance again.")
        } else if let remove {
            let keys = try SealFile(file).change { keys in
                let rest = try keys.removing(SealNumber(remove))
                guard keys.current.number != SealNumber(remove) else {
                    throw CommandFailure(.usage, "key \(remove) seals: promote another one first.")
                }
                return rest
            }
            Surroundings.current.print("Key \(remove) is no longer in \(file); key \(keys.current.number.value) seals from the next start on.")
        }
    }
}
