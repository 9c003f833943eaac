import ArgumentParser

/// `mintmark serve`: the server, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until SIGTERM or SIGINT.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        _ = try options.soundSettings()
        throw CommandFailure(.failed, "the server is not joined to the command line yet.")
    }
}
