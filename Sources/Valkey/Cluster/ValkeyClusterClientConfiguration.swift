/// How a client of a cluster behaves.
public struct ValkeyClusterClientConfiguration: Sendable {
    /// For the connections to each node.
    public var client: ValkeyClientConfiguration
    /// How often the map of slots is read again while all is well. What goes wrong is noticed by the command that meets it.
    public var clusterRefreshInterval: Duration
    /// How many nodes are asked at once.
    public var surveyedNodes: Int
    /// How long they may take together.
    public var surveyTimeout: Duration

    /// - Parameters:
    ///   - clusterRefreshInterval: 30 s by default.
    ///   - surveyedNodes: 6 by default.
    ///   - surveyTimeout: 1 s by default.
    public init(
        client: ValkeyClientConfiguration = .init(), clusterRefreshInterval: Duration = .seconds(30), surveyedNodes: Int = 6,
        surveyTimeout: Duration = .seconds(1)
    ) {
        self.client = client
        self.client.databaseNumber = 0
        self.clusterRefreshInterval = clusterRefreshInterval
        self.surveyedNodes = max(1, surveyedNodes)
        self.surveyTimeout = surveyTimeout
    }
}
