import HTTPTypes
import Testing
import TokenCore

@testable import TokenHTTP

/// Who counts as this machine: by table, because each row was somebody's hole once.
@Suite struct LocalCallerTests {
    struct Call: Sendable, CustomTestStringConvertible {
        let what: String
        var peer = "127.0.0.1"
        var host = "localhost:8080"
        var fields: [(String, String)] = [("Content-Type", "application/json")]
        let refusal: LocalCaller.Refusal?
        var testDescription: String { what }
    }

    static let calls: [Call] = [
        Call(what: "curl on this machine", refusal: nil),
        Call(what: "over IPv6", peer: "::1", host: "[::1]:8080", refusal: nil),
        Call(what: "IPv4 over an IPv6 socket", peer: "::ffff:127.0.0.1", refusal: nil),
        Call(what: "another loopback address", peer: "127.8.8.8", host: "127.0.0.1", refusal: nil),
        Call(what: "a host in capitals", host: "LOCALHOST", refusal: nil),
        Call(what: "a charset on the type", fields: [("Content-Type", "application/json; charset=utf-8")], refusal: nil),
        Call(what: "another machine", peer: "10.0.0.7", refusal: .peer),
        Call(what: "another machine that says localhost", peer: "192.0.2.1", host: "localhost", refusal: .peer),
        Call(what: "another machine over IPv6", peer: "2001:db8::1", host: "[::1]", refusal: .peer),
        Call(what: "a reverse proxy here", fields: [("X-Forwarded-For", "203.0.113.9"), ("Content-Type", "application/json")], refusal: .proxy),
        Call(what: "a proxy that claims loopback", fields: [("X-Forwarded-For", "127.0.0.1")], refusal: .proxy),
        Call(what: "a proxy with its host", fields: [("X-Forwarded-Host", "localhost")], refusal: .proxy),
        Call(what: "a proxy of RFC 7239", fields: [("Forwarded", "for=127.0.0.1")], refusal: .proxy),
        Call(what: "a proxy of RFC 9110", fields: [("Via", "1.1 nginx")], refusal: .proxy),
        Call(what: "a proxy's older name", fields: [("X-Forwarded", "for=1.2.3.4")], refusal: .proxy),
        Call(what: "a proxy's oldest name", fields: [("Forwarded-For", "1.2.3.4")], refusal: .proxy),
        Call(what: "a proxy that names its client", fields: [("X-Client-IP", "127.0.0.1")], refusal: .proxy),
        Call(what: "a network before the proxy", fields: [("CF-Connecting-IP", "1.2.3.4")], refusal: .proxy),
        Call(what: "another network before it", fields: [("True-Client-IP", "1.2.3.4")], refusal: .proxy),
        Call(what: "a proxy that changed the target", fields: [("X-Original-URL", "/login")], refusal: .proxy),
        Call(what: "a proxy with underscores", fields: [("X_Forwarded_For", "1.2.3.4")], refusal: .proxy),
        Call(what: "a page that was rebound", host: "evil.example:8080", refusal: .host),
        Call(what: "a host that begins well", host: "localhost.evil.example", refusal: .host),
        Call(what: "a host that begins like an address", host: "127.0.0.1.evil.example", refusal: .host),
        Call(what: "an address in octal", host: "0177.0.0.1", refusal: .host),
        Call(what: "an address with a leading zero", host: "127.0.0.01", refusal: .host),
        Call(what: "an address with too large a number", host: "127.0.0.256", refusal: .host),
        Call(what: "an address in three numbers", host: "127.0.1", refusal: .host),
        Call(what: "an address in five numbers", host: "127.0.0.0.1", refusal: .host),
        Call(what: "an address with an empty number", host: "127.0..1", refusal: .host),
        Call(what: "an address that ends with a dot", host: "127.0.0.1.", refusal: .host),
        Call(what: "another address", host: "128.0.0.1", refusal: .host),
        Call(what: "the last loopback address", host: "127.255.255.255:80", refusal: nil),
        Call(what: "another address of IPv6", host: "[::2]", refusal: .host),
        Call(what: "an address of IPv6 that goes on", host: "[::1]x", refusal: .host),
        Call(what: "a port that is too long", host: "localhost:123456", refusal: .host),
        Call(what: "a port that is empty", host: "localhost:", refusal: .host),
        Call(what: "a name as long as localhost", host: "localh0st", refusal: .host),
        Call(what: "an address in one number", host: "2130706433", refusal: .host),
        Call(what: "a port that is none", host: "localhost:evil", refusal: .host),
        Call(what: "a user name", host: "localhost@evil.example", refusal: .host),
        Call(what: "no host", host: "", refusal: .host),
        Call(what: "this machine's name for all", host: "0.0.0.0", refusal: .host),
        Call(what: "a web page elsewhere", fields: [("Origin", "https://evil.example")], refusal: .browser),
        Call(what: "a web page without origin", fields: [("Origin", "null")], refusal: .browser),
        Call(what: "a web page here", fields: [("Origin", "http://localhost:8080")], refusal: .browser),
        Call(what: "a navigation", fields: [("Sec-Fetch-Site", "cross-site")], refusal: .browser),
        Call(what: "a form of a web page", fields: [("Content-Type", "application/x-www-form-urlencoded")], refusal: .contentType),
        Call(what: "text that is JSON", fields: [("Content-Type", "text/plain")], refusal: .contentType),
        Call(what: "a type in capitals", fields: [("Content-Type", "Application/JSON ;q=1")], refusal: nil),
        Call(what: "two types", fields: [("Content-Type", "application/json"), ("Content-Type", "text/plain")], refusal: .contentType),
        Call(what: "no type", fields: [], refusal: .contentType),
    ]

    @Test(arguments: calls) func theRuleHolds(_ call: Call) throws {
        #expect(try refusal(call, LocalCaller()) == call.refusal)
    }

    @Test func aNetworkThatIsAllowedCallsByAnyNameButNotThroughAProxyOrABrowser() throws {
        let rule = LocalCaller(alsoFrom: [try AddressRange("10.1.0.0/16")])
        let pod = Call(what: "a pod", peer: "10.1.2.3", host: "mintmark.svc", refusal: nil)
        #expect(try refusal(pod, rule) == nil)
        #expect(try refusal(Call(what: "the next network", peer: "10.2.0.1", host: "mintmark.svc", refusal: nil), rule) == .peer)
        #expect(try refusal(Call(what: "proxied", peer: "10.1.2.3", fields: [("Via", "x")], refusal: nil), rule) == .proxy)
        #expect(
            try refusal(
                Call(what: "rebound", peer: "10.1.2.3", host: "evil.example", fields: [("Origin", "http://evil.example")], refusal: nil), rule)
                == .browser)
    }

    @Test func aSocketWithoutAddressIsNobody() {
        #expect(LocalCaller().refusal(peer: nil, authority: "localhost", fields: [:], hasBody: false) == .peer)
    }

    private func refusal(_ call: Call, _ rule: LocalCaller) throws -> LocalCaller.Refusal? {
        var fields = HTTPFields()
        for (name, value) in call.fields { fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
        return rule.refusal(peer: IPAddress(call.peer), authority: call.host, fields: fields, hasBody: true)
    }
}
