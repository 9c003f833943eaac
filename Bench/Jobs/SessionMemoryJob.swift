import Valkey

/// What a live session takes of the server's memory: logged in by an instance, and measured by the server.
struct SessionMemoryJob: Job {
    let name = "session-memory"
    let summary = "memory of a Valkey with 200,000 live sessions"
    let isExtra = true

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        var rows: [Row] = []
        for perSubject in [1, 5] { rows.append(try await self.row(perSubject, settings, in: folder)) }
        return rows
    }

    private func row(_ perSubject: Int, _ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> Row {
        let valkey = try await TestServer.valkey(keepsFile: false, named: "memory-\(perSubject)", in: folder)
        defer { valkey.stop() }
        let instances = try await TestServer.instances(1, of: valkey, settings, in: folder)
        defer { for instance in instances { instance.stop() } }
        let client = valkey.client()
        defer { client.shutdown() }
        // What the first sessions make once, scripts and their tables, is no session's.
        try await self.fill(1000, perSubject, from: 50_000_000, instances[0], settings)
        let before = try await client.usedMemory()
        try await self.fill(settings.sessionsInMemory, perSubject, from: 0, instances[0], settings)
        let each = Double(try await client.usedMemory() - before) / Double(settings.sessionsInMemory)
        let keys: Int = try await client.ask("DBSIZE")
        let resident = valkey.process.figures.resident.map { ", \(Text.mebibytes(Double($0))) resident" } ?? ""
        return Row(
            job: "\(Text.number(Double(settings.sessionsInMemory))) sessions, \(perSubject) of each subject",
            result: "\(Text.number(each)) bytes a session, \(Text.number(Double(keys))) keys in all" + resident)
    }

    private func fill(_ count: Int, _ perSubject: Int, from user: Int, _ server: TestServer, _ settings: BenchSettings) async throws(BenchError) {
        let filler = Contestant(server, Login(from: user, perSubject: perSubject), connections: settings.connections)
        let turn = try await filler.turn(.seconds(1200), limit: count)
        let failures = await filler.series.failures
        guard failures.isEmpty else { throw BenchError("logins went wrong after \(turn.perSecond)/s: \(failures)") }
    }
}
