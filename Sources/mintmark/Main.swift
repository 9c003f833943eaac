import MintmarkCommands

/// The program; everything it does is in `MintmarkCommands`, where tests can reach it.
@main
enum Main {
    static func main() async { await mintmark() }
}
