using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster shards</c>: the number of a cluster's shards, and its doubling.</summary>
internal static class ShardCommands
{
    private const string Path = "/v1/admin/shards";

    public static Command Create(CommandIo io) => Command(
        io,
        new ExampleCommand("shards", "Show the number of a cluster's shards, or double it.")
        {
            Aliases = { "shard" },
            Examples = ["kad-cluster shards --token-file operator.token", "kad-cluster shards double --token-file operator.token"],
        }.With(
            Command(io, Named("show", "Show the number of shards, and how far a doubling is."), HttpMethod.Get, Path),
            Command(io, Named("double", "Begin to double the number of shards. It cannot be stopped."), HttpMethod.Post, $"{Path}:double")),
        HttpMethod.Get,
        Path);

    private static ExampleCommand Named(string name, string description) => new(name, description)
    {
        Examples = [$"kad-cluster shards {name} --token-file operator.token", $"kad-cluster shards {name} --json --token-file operator.token"],
    };

    private static Command Command(CommandIo io, ExampleCommand command, HttpMethod method, string path) => ApiCommand.Create(
        io,
        command,
        _ => new ApiRequest(method, path),
        static (printer, result) => printer.Line(result.Text("split") is { Length: > 0 } split
            ? $"{result.Count("count", "shard")}, which are being doubled: {split} are split."
            : $"{result.Count("count", "shard")}."));
}
