import ArgumentParser
import TokenCore
import TokenSealing

/// `mintmark keys new-seal`: a fresh seal key, on standard output or added to a file.
struct NewSealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-seal", abstract: "Make a seal key.",
        discussion: """
            Without an option the text of a seal file with one fresh key is printed: keep it where the server reads it, with mode 0600.
            With --append a key is added to a file that is there: it opens, and seals nothing until it is the first of the file. \
            Once every instance has read the file with the key in it, mintmark keys change-seal --promote puts it first. \
            --first does both at once, which is right for one instance alone.
            """)

    @Option(help: ArgumentHelp("Add the key to this seal file.", valueName: "file")) var append: String?
    @Flag(help: "Put the new key first, so that it seals from the next start on: for one instance alone.") var first = false

    func validate() throws {
        if first, append == nil { throw ValidationError("--first needs --append.") }
    }

    func run() throws {
        guard let append else {
            let text = String(decoding: SealKeys.generate().text.bytes, as: UTF8.self)
            return Surroundings.current.print(String(text.dropLast()))
        }
        let file = SealFile(append)
        let keys = try file.change { keys in
            let more = try keys.appending()
            return first ? try more.promoting(more.newest) : more
        }
        let number = keys.newest.value
        Surroundings.current.print(
            first
                ? "Key \(number) is in \(append) and seals from the next start on."
                : "Key \(number) is in \(append); key \(keys.current.number.value) goes on sealing.")
    }
}

extension SealKeys {
    /// The highest number: that of the key which was added last.
    fileprivate var newest: SealNumber { numbers.max() ?? current.number }
}
