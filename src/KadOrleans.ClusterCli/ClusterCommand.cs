using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Commands;

namespace KadOrleans.ClusterCli;

/// <summary>The <c>kad-cluster</c> command: what the process runs, and what a test can run without one.</summary>
internal static class ClusterCommand
{
    /// <summary>The commands, with their options and arguments.</summary>
    public static ProgramCommand Create(CommandIo io) => new(
        "kad-cluster",
        "Looks into a running node or cluster over HTTP, and changes what it holds.",
        [
            "kad-cluster usage --url http://silo.example.org:8080 --token-file operator.token",
            "kad-cluster set greeting hello --data kad-data",
            "kad-cluster edges --token-file operator.token",
            "kad-cluster ban add 203.0.113.0/24 --data kad-data",
        ])
    {
        StatusCommand.Create(io),
        KeyCommands.Get(io),
        KeyCommands.Set(io),
        KeysCommand.Create(io),
        KeyCommands.Create(io),
        PublicationsCommand.Create(io),
        UsageCommand.Create(io),
        SourcesCommand.Create(io),
        TableCommand.Create(io),
        LookupCommand.Create(io),
        EdgeCommands.Create(io),
        SilosCommand.Create(io),
        ContactCommands.Create(io),
        BanCommands.Create(io),
        LimitCommands.Create(io),
        RunCommand.Create(io),
        CrawlCommands.Create(io),
        ImportCommand.Create(io),
        ShardCommands.Create(io),
        AuditCommand.Create(io),
    };
}
