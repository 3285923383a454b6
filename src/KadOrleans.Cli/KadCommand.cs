namespace KadOrleans.Cli;

/// <summary>The <c>kad</c> command: what the process runs, and what a test can run without one.</summary>
public static class KadCommand
{
    // Runs one command line and returns its ExitCode. A mistake ends in a sentence, never in an exception. Cancelled, a node
    // stops in order, and any other command is interrupted.
    public static Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken = default) =>
        Create(io).RunAsync(args, io, cancellationToken);

    public static ProgramCommand Create(CommandIo io) => new(
        "kad",
        "Runs a node of a Kademlia network, sends requests to one, and manages nodes and clusters over HTTP.",
        [
            "kad node --listen 0.0.0.0:8468 --bootstrap node.example.org:8468",
            "kad get greeting --via 127.0.0.1:8468",
            "kad admin usage --data kad-data",
        ])
    {
        NodeCommand.Create(io),
        SetCommand.Create(io),
        GetCommand.Create(io),
        WatchCommand.Create(io),
        ItemCommand.Create(io),
        PingCommand.Create(io),
        StunCommand.Create(io),
        FindNodeCommand.Create(io),
        CrawlCommand.Create(io),
        SizeCommand.Create(io),
        StateCommand.Create(io),
        TokenCommand.Create(io),
        AdminCommand.Create(io),
    };
}
