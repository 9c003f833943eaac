import ArgumentParser
import JOSE

/// `mintmark clients`: who may call `/login` where `login.require` is `client`.
struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Make, list and delete the clients that may log subjects in.",
        subcommands: [CreateClientCommand.self, ListClientsCommand.self, DeleteClientCommand.self])
}

/// `mintmark clients create`.
struct CreateClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a client and print its secret, once: only its hash is kept.")

    @Argument(help: "What people call it.") var name: String
    @Option(
        help: ArgumentHelp(
            "All that it may do: login, pool:NAME:use, pool:NAME:manage, with * for every pool, one space between them. Default: everything.",
            valueName: "scope")) var scope: String?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        var members: [(String, JSONValue)] = [("name", .string(name))]
        if let scope { members.append(("scope", .string(scope))) }
        let answer = try await admin.client().call("POST", ["clients"], body: members)
        if admin.json { return AdminOutput.json(answer) }
        AdminOutput.table([.object(answer)], [("CLIENT ID", "client_id"), ("CLIENT SECRET", "client_secret")], nothing: "")
        Surroundings.current.complain("The secret is shown this once.")
    }
}

/// `mintmark clients list`.
struct ListClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the clients.")

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("GET", ["clients"])
        if admin.json { return AdminOutput.json(answer) }
        AdminOutput.table(
            answer["clients"]?.array ?? [], [("CLIENT ID", "client_id"), ("NAME", "name"), ("SCOPE", "scope"), ("CREATED", "created_at")],
            nothing: "There are no clients.")
    }
}

/// `mintmark clients delete`.
struct DeleteClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete a client.")

    @Argument(help: "The id of the client.") var id: String
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("DELETE", ["clients", id])
        if admin.json { AdminOutput.json(answer) } else { Surroundings.current.print("The client \(id) is deleted.") }
    }
}
