import FuzzDriver
import TokenSealing

/// Any bytes as a refresh token: refused, or a token with exactly one text.
@main
enum FuzzRefreshToken {
    static func main() {
        _ = fuzz { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            if let token = try? RefreshToken.decode(bytes) {
                precondition(token.text == bytes)
                precondition((try? RefreshToken.decode(token.text)) == token)
            }
            return 0
        }
    }
}
