/// What an error of the server asks the client to do. All that ask for another try say that nothing was executed.
enum ReplyVerdict: Equatable {
    /// It is the answer.
    case final
    /// The slot lives elsewhere for good. An empty host is the host that answered.
    case moved(slot: Int, host: String, port: Int)
    /// This one key lives elsewhere already, while its slot moves.
    case ask(slot: Int, host: String, port: Int)
    /// The server cannot say yet: keys are on their way, it loads, or its cluster has no majority.
    case tryAgain
    /// The script or function is not known there.
    case unknownCode

    init(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 3)
        switch words.first {
        case "MOVED": self = Self.redirection(words).map { .moved(slot: $0, host: $1, port: $2) } ?? .final
        case "ASK": self = Self.redirection(words).map { .ask(slot: $0, host: $1, port: $2) } ?? .final
        case "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN": self = .tryAgain
        case "NOSCRIPT": self = .unknownCode
        case "ERR" where text.hasPrefix("ERR Function not found"): self = .unknownCode
        default: self = .final
        }
    }

    private static func redirection(_ words: [Substring]) -> (Int, String, Int)? {
        guard words.count >= 3, let slot = Int(words[1]), (0..<HashSlot.count).contains(slot),
            let colon = words[2].lastIndex(of: ":"), let port = Int(words[2][words[2].index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        let host = words[2][..<colon]
        return (slot, host == "?" ? "" : String(host), port)
    }
}
