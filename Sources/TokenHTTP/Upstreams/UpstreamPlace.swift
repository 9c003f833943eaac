/// Tokens of others as a server has them: the tokens, who keeps them, and the names under which callers know them.
public struct UpstreamPlace: Sendable {
    let upstreams: Upstreams
    let keeper: UpstreamKeeper
    private let tags = UpstreamTags()

    /// - Parameter keeper: of the same upstreams; run it beside the server.
    public init(_ upstreams: Upstreams, keeper: UpstreamKeeper) {
        self.upstreams = upstreams
        self.keeper = keeper
    }

    /// What an event loop begins with.
    func desk(_ local: LocalCaller) -> UpstreamDesk { UpstreamDesk(upstreams, tags: tags, local: local) }

    /// The endpoints of one listener.
    func endpoints(_ rule: UpstreamGate.Rule, _ loops: EventLoops) -> [any Endpoint] {
        UpstreamRoom(upstreams: upstreams, gate: UpstreamGate(rule: rule), loops: loops, tags: tags).endpoints
    }

    /// The reverse proxy of one listener; nil where no upstream has one.
    func proxy(_ rule: UpstreamGate.Rule, _ loops: EventLoops, _ limits: Limits) -> UpstreamProxy? {
        guard upstreams.all.contains(where: { $0.proxy != nil }) else { return nil }
        return UpstreamProxy(
            room: UpstreamRoom(upstreams: upstreams, gate: UpstreamGate(rule: rule), loops: loops, tags: tags), limits: limits,
            share: WorkShare(limits.proxied, perConnection: limits.proxiedPerConnection))
    }

    /// Their figures.
    var metrics: any MetricsSource { UpstreamMetrics(upstreams: upstreams, keeper: keeper) }
}
