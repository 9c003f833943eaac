import ArgumentParser
import Logging

/// `mintmark serve`: the server, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until SIGTERM or SIGINT.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.servableSettings()
        LoggingSystem.bootstrap { settings.logHandler($0) }
        try await Serve(settings: settings, logger: Logger(label: "mintmark")).run()
    }
}
