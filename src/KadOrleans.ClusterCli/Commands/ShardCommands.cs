using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster shards</c>: the number of a cluster's shards, and its doubling.</summary>
internal static class ShardCommands
{
    public static Command Create(CommandIo io) => new ExampleCommand("shards", "Show the number of a cluster's shards, or double it.")
    {
        Examples = ["kad-cluster shards show --token-file operator.token", "kad-cluster shards double --token-file operator.token"],
    }.With(
        Command(io, "show", "Show the number of shards, and how far a doubling is.", HttpMethod.Get, "/v1/admin/shards"),
        Command(io, "double", "Begin to double the number of shards. It cannot be stopped.", HttpMethod.Post, "/v1/admin/shards:double"));

    private static Command Command(CommandIo io, string name, string description, HttpMethod method, string path) => ApiCommand.Create(
        io,
        new ExampleCommand(name, description)
        {
            Examples = [$"kad-cluster shards {name} --token-file operator.token", $"kad-cluster shards {name} --json --token-file operator.token"],
        },
        _ => new ApiRequest(method, path),
        static (printer, result) => printer.Line(result.Text("split") is { Length: > 0 } split
            ? $"{result.Text("count")} shards, which are being doubled: {split} are split."
            : $"{result.Text("count")} shards."));
}
