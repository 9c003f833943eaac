import ArgumentParser
import FoundationEssentials
import TokenCore
import TokenTransport

/// The options of every command that talks to a running server.
struct AdminOptions: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOptions
    @Option(
        help: ArgumentHelp("The admin listener, where it is not the configured one, such as http://127.0.0.1:8081.", valueName: "url"))
    var adminURL: String?
    @Option(help: ArgumentHelp("The file with the admin credential. Default: admin.token in store.path.", valueName: "file"))
    var credential: String?
    @Flag(help: "Print JSON.") var json = false

    /// The client of the server that these options mean.
    func client() throws(CommandFailure) -> AdminClient {
        let settings = try configuration.load().settings
        return AdminClient(address: try address(of: settings), credential: try readCredential(of: settings))
    }

    private func address(of settings: Settings) throws(CommandFailure) -> WebURL {
        let host = settings.admin.host.contains(":") ? "[\(settings.admin.host)]" : settings.admin.host
        if adminURL == nil, settings.admin.port == 0 {
            throw CommandFailure(.usage, "admin.port is 0, any free port: say which one with --admin-url.")
        }
        do {
            let url = try WebURL(adminURL ?? "http://\(host):\(settings.admin.port)")
            guard url.target == "/" else { throw CommandFailure(.usage, "--admin-url has no path.") }
            return url
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    private func readCredential(of settings: Settings) throws(CommandFailure) -> Secret {
        let path = credential ?? Paths.withoutTrailingSlashes(settings.store.path) + "/admin.token"
        guard let bytes = FileManager.default.contents(atPath: Surroundings.current.absolute(path)) else {
            throw CommandFailure(
                .notPermitted,
                "the admin credential \(path) cannot be read: run this as the user of the server, or name it with --credential.")
        }
        let text = bytes.filter { ![0x0A, 0x0D, 0x20].contains($0) }
        guard !text.isEmpty, text.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandFailure(.notPermitted, "\(path) does not hold an admin credential.")
        }
        return Secret(Array(text))
    }
}
