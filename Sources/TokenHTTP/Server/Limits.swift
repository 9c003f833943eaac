public import NIOCore

/// What one connection, one request and the whole server may take (canon 58). Each bound has its reason beside it.
public struct Limits: Sendable, Hashable {
    /// The longest body. A login is at most 2 KiB of text, which JSON escapes can make six times as long.
    public var bodyBytes = 16_384
    /// The longest header field: an access token signed with ML-DSA-87 takes up to 16 KiB.
    public var headerFieldBytes = 20_480
    /// All header fields of a request together: one token and what proxies add.
    public var headerBytes = 32_768
    /// How many header fields; browsers send some twenty, proxies add some ten.
    public var headerFields = 100
    /// Connections at once; more wait in the system's queue. Each takes some 10 KiB, so that this many take 160 MiB at the worst.
    public var connections = 16_384
    /// How long a connection without a request is kept: longer than the pause between the requests of a busy caller. Also how long a head
    /// may take to arrive.
    public var idleTimeout = TimeAmount.seconds(75)
    /// How long a body may take to arrive, and how long an answer may lie untaken: a slow phone needs seconds for 16 KiB.
    public var requestTimeout = TimeAmount.seconds(30)
    /// How long TLS may take to be agreed: a few round trips, also from the other side of the earth.
    public var handshake = TimeAmount.seconds(10)
    /// How long the other side has to take the last answer before the connection is cut.
    public var linger = TimeAmount.seconds(1)
    /// How often connections look at the clock; timeouts are late by at most this.
    public var timerStep = TimeAmount.seconds(5)
    /// Requests that cost a signature, or a write, at work or waiting at once: a second's work of one core.
    public var work = 4_096
    /// The same from one connection: HTTP/2 allows a hundred at once, which would be everybody else's share too.
    public var workPerConnection = 32
    /// Requests at once that are sent on to an API: each has a connection of its own there, and keeps up
    /// to 64 KiB of its body to send it again, so that this many take 64 MiB and two thousand descriptors at the worst.
    public var proxied = 1_024
    /// The same from one connection.
    public var proxiedPerConnection = 32
    /// The longest body that is sent on. Nothing of a long one is kept; it has a minute to arrive, so that more comes over a fast line alone.
    public var proxiedBodyBytes = 1 << 30
    /// How long one request that is sent on may take with its whole answer: a long download, and no connection for ever.
    public var proxiedTime = Duration.seconds(3_600)
    /// Tokens remembered by one event loop.
    public var cachedTokens = 131_072
    /// Bytes that remembered tokens take in one event loop; with the usual 900 bytes a token, some 70,000.
    public var cachedBytes = 64 << 20

    /// The usual bounds.
    public init() {}
}
