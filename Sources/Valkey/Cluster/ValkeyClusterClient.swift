public import Logging
public import NIOCore
public import NIOPosix
import Synchronization

/// A client of a cluster: sends every command to the primary of its slot, wherever that has gone.
///
/// The map of slots is read from several nodes, corrected by what servers answer, and read again whenever a node cannot be reached. A failover
/// needs no restart: commands that were certainly not executed wait for the new primary as long as their timeout allows.
public final class ValkeyClusterClient: Sendable {
    let settings: ValkeyClusterClientConfiguration
    private let logger: Logger
    private let factory: ConnectionFactory

    private struct State {
        var cluster: ClusterState
        var nodes: [ValkeyServerAddress: ValkeyNode] = [:]
        /// The one survey that is under way.
        var survey: Task<Void, Never>?
        var isStopped = false
        /// Commands without keys go to one primary after the other.
        var turn = 0
    }
    /// Held for a few lines at a time.
    private let state: Mutex<State>

    /// - Parameters:
    ///   - seeds: some nodes; the others are learnt from them.
    ///   - eventLoopGroup: the shared group by default.
    ///   - logger: hears of nothing above debug.
    public init(
        _ seeds: [ValkeyServerAddress], configuration: ValkeyClusterClientConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) {
        settings = configuration
        self.logger = logger
        factory = ConnectionFactory(configuration: configuration.client, group: eventLoopGroup, logger: logger)
        state = Mutex(State(cluster: ClusterState(seeds: seeds)))
    }

    /// Sends commands to one node, whatever their keys; nothing is redirected.
    public func execute(
        _ commands: [any ValkeyCommand], on address: ValkeyServerAddress, timeout: Duration? = nil
    ) async -> [Result<RESPToken, ValkeyClientError>] {
        guard !commands.isEmpty else { return [] }
        return await run(commands, slot: nil, on: node(at: address), timeout: timeout)
    }

    /// The primary of a key's slot, as far as it is known; read from the cluster if it is not.
    public func primary(for key: ValkeyKey) async throws(ValkeyClientError) -> ValkeyServerAddress {
        try await node(for: HashSlot(key: key)).address
    }

    /// Reads the map of slots anew: for those who sent commands to a node of their choice and were refused.
    public func refresh() async { await recover() }

    /// The primaries, as far as they are known; read from the cluster if none is.
    public func primaries() async throws(ValkeyClientError) -> [ValkeyServerAddress] {
        if state.withLock({ $0.cluster.map.covered }) == 0 { await recover() }
        let primaries = state.withLock { state in state.cluster.map.primaries.filter { state.cluster.map.serves($0) } }
        guard !primaries.isEmpty else { throw unknown }
        return primaries
    }
}

extension ValkeyClusterClient: ValkeyClientProtocol, CommandTarget {
    var configuration: ValkeyClientConfiguration { settings.client }

    public func execute(_ commands: [any ValkeyCommand], timeout: Duration?) async -> [Result<RESPToken, ValkeyClientError>] {
        let groups: [(slot: HashSlot?, indices: [Int])]
        do throws(ValkeyClientError) { groups = try ClusterState.groups(commands) } catch {
            return commands.map { _ in .failure(error) }
        }
        if groups.count == 1 { return await run(commands, slot: groups[0].slot, timeout: timeout) }
        return await withTaskGroup(of: [(Int, Result<RESPToken, ValkeyClientError>)].self) { tasks in
            for (slot, indices) in groups {
                tasks.addTask { Array(zip(indices, await self.run(indices.map { commands[$0] }, slot: slot, timeout: timeout))) }
            }
            var results: [Int: Result<RESPToken, ValkeyClientError>] = [:]
            for await part in tasks { results.merge(part, uniquingKeysWith: { $1 }) }
            return commands.indices.compactMap { results[$0] }
        }
    }

    public func withConnection<Value>(
        for key: ValkeyKey? = nil, _ body: (ValkeyConnection) async throws -> Value
    ) async throws -> Value {
        let node = try await node(for: key.map(HashSlot.init(key:)))
        return try await node.withConnection(deadline: .now() + TimeAmount(configuration.commandTimeout), body)
    }

    public func _subscribe<Value>(
        _ kind: ValkeySubscription.Kind, to channels: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value {
        try await subscribe(kind, process: process) { (_) async throws(ValkeyClientError) -> Places in
            let keys = channels.map { ValkeyKey($0) }
            guard kind == .shardChannels else { return [(try await self.node(for: nil), [keys])] }
            var places: [ValkeyServerAddress: (node: ValkeyNode, groups: [[ValkeyKey]])] = [:]
            for (slot, group) in Dictionary(grouping: keys, by: HashSlot.init(key:)) {
                let node = try await self.node(for: slot)
                places[node.address, default: (node, [])].groups.append(group)
            }
            return Array(places.values)
        }
    }

    public func run() async {
        while (try? await Task.sleep(for: settings.clusterRefreshInterval)) != nil { await recover() }
        shutdown()
    }

    public func shutdown() {
        let nodes = state.withLock { state in
            state.isStopped = true
            defer { state.nodes = [:] }
            return Array(state.nodes.values)
        }
        for node in nodes { node.stop() }
    }

    // MARK: Where commands go

    func node(for slot: HashSlot?) async throws(ValkeyClientError) -> ValkeyNode {
        if let address = address(for: slot) { return node(at: address) }
        await recover()
        if let address = address(for: slot) { return node(at: address) }
        throw unknown
    }

    private var unknown: ValkeyClientError {
        ValkeyClientError(.clusterError, execution: .notExecuted, message: "No node of the cluster serves the slot, or none can be reached.")
    }

    private func address(for slot: HashSlot?) -> ValkeyServerAddress? {
        state.withLock { state in
            if let slot { return state.cluster.map[slot] }
            let primaries = state.cluster.map.primaries
            guard !primaries.isEmpty else { return nil }
            state.turn = (state.turn + 1) % primaries.count
            return primaries[state.turn]
        }
    }

    private func node(at address: ValkeyServerAddress) -> ValkeyNode {
        let (node, isStopped) = state.withLock { state in
            let node = state.nodes[address] ?? ValkeyNode(address, factory: factory)
            if !state.isStopped { state.nodes[address] = node }
            return (node, state.isStopped)
        }
        if isStopped { node.stop() }
        return node
    }

    func node(after verdict: ReplyVerdict, from node: ValkeyNode) -> ValkeyNode? {
        switch verdict {
        case .moved(let slot, let host, let port):
            let address = ValkeyServerAddress.hostname(host.isEmpty ? node.address.host : host, port: port)
            state.withLock { $0.cluster.moved(slot, to: address) }
            // One slot has moved, so others may have. Nobody waits for it.
            _ = survey()
            return self.node(at: address)
        case .ask(_, let host, let port): return self.node(at: .hostname(host.isEmpty ? node.address.host : host, port: port))
        default: return nil
        }
    }

    // MARK: The map

    /// Reads the map anew. Tasks that ask at the same time share one survey.
    func recover() async { await survey().value }

    private func survey() -> Task<Void, Never> {
        state.withLock { state in
            if let survey = state.survey { return survey }
            let survey = Task { await self.readMap() }
            state.survey = survey
            return survey
        }
    }

    private func readMap() async {
        let addresses = state.withLock { $0.cluster.candidates(most: settings.surveyedNodes, start: .random(in: 0..<HashSlot.count)) }
        let survey = ClusterSurvey(
            nodes: addresses.map(node(at:)), isEncrypted: configuration.tls.isEnabled, timeout: settings.surveyTimeout)
        let views = await survey.views()
        let unneeded = state.withLock { state in
            state.cluster.adopt(views, asked: addresses.count)
            state.survey = nil
            let unneeded = state.nodes.filter { !state.cluster.needs($0.key) }
            for address in unneeded.keys { state.nodes[address] = nil }
            return unneeded
        }
        for node in unneeded.values { node.stop() }
        logger.debug("cluster surveyed", metadata: ["asked": "\(addresses.count)", "answered": "\(views.count)"])
    }
}
