import ArgumentParser
import JOSE
import TokenTransport

/// Which server the commands of `upstream` talk to: the admin listener of a server unless something else is said.
struct UpstreamOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The Unix socket of a sidecar.", valueName: "path")) var socket: String?
    @Option(help: ArgumentHelp("A listener of this machine, such as http://127.0.0.1:8080, for what `loopback` is allowed.", valueName: "url"))
    var url: String?
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        if socket != nil, url != nil { throw ValidationError("--socket and --url name two servers.") }
    }

    /// Whether the server takes this caller for its administrator.
    var isAdministrator: Bool { socket == nil && url == nil }

    /// Sends one request.
    ///
    /// - Throws: with the status that a script needs, as `AdminClient.call`.
    func call(_ method: String, _ path: [String], body: [(String, JSONValue)]? = nil) async throws(CommandFailure) -> JSONObject {
        if let socket {
            let target = "/" + path.map(AdminClient.escaped).joined(separator: "/")
            let path = Surroundings.current.absolute(socket)
            let (status, bytes) = try SocketExchange(path: path).ask(method, target, body: body.map(AdminClient.json))
            return try AdminClient.answer(status, bytes)
        }
        if let url {
            let address: WebURL
            do { address = try WebURL(url) } catch { throw CommandFailure(.usage, "\(error)") }
            guard address.isSecure || address.isLoopback else { throw CommandFailure(.usage, "a token does not cross the network over http.") }
            return try await AdminClient(address: address, credential: nil).call(method, path, body: body)
        }
        return try await admin.client().call(method, path, body: body)
    }
}
