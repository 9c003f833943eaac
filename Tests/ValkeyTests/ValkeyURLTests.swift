import Testing
import Valkey

/// One line says where the servers are.
@Suite("URLs")
struct ValkeyURLTests {
    @Test func everythingIsRead() throws {
        let url = try ValkeyURL("valkeys://us%40er:p%3Ass@localhost:7000/3")
        #expect(url.addresses == [.hostname("localhost", port: 7000)] && url.usesTLS && !url.isCluster && url.databaseNumber == 3)
        #expect(url.authentication == .init(username: "us@er", password: "p:ss"))
    }

    @Test func whatIsNotSaidIsUsual() throws {
        let url = try ValkeyURL("redis://h")
        #expect(url.addresses == [.hostname("h", port: 6379)] && !url.usesTLS && url.authentication == nil && url.databaseNumber == 0)
        #expect(try ValkeyURL("rediss://:p@[::1]:1/").addresses == [.hostname("::1", port: 1)])
        #expect(try ValkeyURL("VALKEY://:a@b@h").authentication == .init(username: "default", password: "a@b"))
    }

    @Test func severalHostsAreACluster() throws {
        let url = try ValkeyURL("valkey://a,b:2,[::1]:3")
        #expect(url.isCluster && url.addresses == [.hostname("a"), .hostname("b", port: 2), .hostname("::1", port: 3)])
        #expect(try ValkeyURL("valkey://a?cluster=true").isCluster)
        #expect(try !ValkeyURL("valkey://a/1?cluster=false").isCluster)
    }

    @Test(arguments: [
        ("http://h", ValkeyURL.Problem.scheme("http")), ("localhost:6379", .scheme("localhost")), ("valkey://", .noHost), ("valkey://a,,b", .noHost),
        ("valkey://:6379", .noHost), ("valkey://h:0", .port("0")), ("valkey://h:65536", .port("65536")), ("valkey://h:x", .port("x")),
        ("valkey://h:", .port("")), ("valkey://[::1", .brackets), ("valkey://[::1]x", .brackets), ("valkey://::1", .brackets),
        ("valkey://a%4:p@h", .encoding), ("valkey://a%+1:p@h", .encoding), ("valkey://%ff:p@h", .encoding), ("valkey://user@h", .noPassword),
        ("valkey://user:@h", .noPassword), ("valkey://h/x", .database("x")), ("valkey://h/-1", .database("-1")), ("valkey://h/1/2", .database("1/2")),
        ("valkey://a,b/1", .databaseInCluster(1)), ("valkey://h?tls=true", .parameter("tls")),
        ("valkey://h?cluster=yes", .value(parameter: "cluster", "yes")), ("valkey://h?cluster", .value(parameter: "cluster", "")),
        ("valkey://a,b?cluster=false", .severalHosts),
    ])
    func mistakesAreNamed(text: String, problem: ValkeyURL.Problem) {
        #expect(throws: problem) { try ValkeyURL(text) }
        #expect(problem.description.hasSuffix("."))
    }

    @Test func passwordsAreNotShown() throws {
        let url = try ValkeyURL("valkey://user:hunter2@h")
        #expect(!"\(url)".contains("hunter2"))
    }
}
