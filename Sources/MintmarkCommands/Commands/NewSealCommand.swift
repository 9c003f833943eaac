import ArgumentParser
import FoundationEssentials
import TokenCore
import TokenSealing

/// `mintmark keys new-seal`: a fresh seal key, on standard output or added to a file.
struct NewSealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-seal", abstract: "Make a seal key.",
        discussion: """
            Without an option the text of a seal file with one fresh key is printed: keep it where the server reads it, with mode 0600.
            With --append a key is added to a file that is there: it opens, and seals nothing until it is the first of the file. \
            With --first it is put first: do so only after every instance has read the file with the key in it.
            """)

    @Option(help: ArgumentHelp("Add the key to this seal file.", valueName: "file")) var append: String?
    @Flag(help: "Put the new key first, so that it seals from the next start on.") var first = false

    func validate() throws {
        if first, append == nil { throw ValidationError("--first needs --append.") }
    }

    func run() throws {
        guard let append else {
            let text = String(decoding: SealKeys.generate().text.bytes, as: UTF8.self)
            return Surroundings.current.print(String(text.dropLast()))
        }
        let path = Surroundings.current.absolute(append)
        guard let old = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.usage, "there is no readable seal file \(append).")
        }
        let (keys, number) = try extended(Array(old), of: append)
        do {
            try PrivateFile.replace(path, with: keys.text.bytes)
        } catch {
            throw CommandFailure(.failed, "\(append) could not be replaced: \(error)")
        }
        Surroundings.current.print(
            "Key \(number.value) is in \(append)\(first ? " and seals" : "; key \(keys.current.number.value) goes on sealing").")
    }

    private func extended(_ text: [UInt8], of name: String) throws(CommandFailure) -> (keys: SealKeys, number: SealNumber) {
        do {
            let keys = try SealKeys(parsing: text).appending()
            let number = keys.numbers[keys.numbers.count - 1]
            return (first ? try keys.promoting(number) : keys, number)
        } catch {
            throw CommandFailure(.usage, "\(name) cannot be added to: \(error)")
        }
    }
}
