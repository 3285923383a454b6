namespace KadOrleans.Cli;

/// <summary><c>kad admin</c>: the commands that call the HTTP API of a node or a silo.</summary>
internal static class AdminCommand
{
    public static Command Create(CommandIo io) => new ExampleCommand("admin", "Look into a running node or cluster over HTTP, and change what it holds.")
    {
        Examples =
        [
            "kad admin usage --url http://silo.example.org:8080 --token-file operator.token",
            "kad admin set greeting hello --data kad-data",
            "kad admin edges --token-file operator.token",
            "kad admin ban add 203.0.113.0/24 --data kad-data",
        ],
    }.With(
        NodeCommands.Status(io),
        KeyCommands.Get(io),
        KeyCommands.Set(io),
        KeyCommands.Delete(io),
        KeyCommands.List(io),
        KeyCommands.Create(io),
        KeyCommands.Publications(io),
        KeepCommand.Create(io),
        UsageCommands.Usage(io),
        UsageCommands.Sources(io),
        NodeCommands.Table(io),
        NodeCommands.Lookup(io),
        EdgeCommands.Create(io),
        SiloCommands.Silos(io),
        NodeCommands.Contact(io),
        BanCommands.Create(io),
        LimitCommands.Create(io),
        NodeCommands.Run(io),
        CrawlCommands.Create(io),
        TransferCommands.Export(io),
        TransferCommands.Import(io),
        SiloCommands.Shards(io),
        UsageCommands.Audit(io));
}
