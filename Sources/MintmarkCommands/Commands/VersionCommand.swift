import ArgumentParser

/// `mintmark version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let surroundings = Surroundings.current
        if json {
            try surroundings.printJSON(["version": BuildInformation.version])
        } else {
            surroundings.print("mintmark \(BuildInformation.version)")
        }
    }
}
