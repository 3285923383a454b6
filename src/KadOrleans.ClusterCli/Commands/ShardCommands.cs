using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster shards</c>: the number of a cluster's shards, its doubling, and the silo that a shard is on.</summary>
internal static class ShardCommands
{
    private const string Path = "/v1/admin/shards";

    public static Command Create(CommandIo io) => Command(
        io,
        new ExampleCommand("shards", "Show the number of a cluster's shards, double it, or find the silo of a shard.")
        {
            Aliases = { "shard" },
            Examples = ["kad-cluster shards --token-file operator.token", "kad-cluster shards find greeting --token-file operator.token"],
        }.With(
            Find(io),
            Command(io, Named("show", "Show the number of shards, and how far a doubling is."), HttpMethod.Get, Path),
            Command(io, Named("double", "Begin to double the number of shards. It cannot be stopped."), HttpMethod.Post, $"{Path}:double")),
        HttpMethod.Get,
        Path);

    private static Command Find(CommandIo io)
    {
        var key = new KeyCommands.KeyArgument();
        var number = new Option<string?>("--number") { Description = "The shard's number, as 'kad-cluster usage' lists it, in place of a key.", HelpName = "N" };
        return ApiCommand.Create(
            io,
            key.AddTo(new ExampleCommand("find", "Show the shard of a key, and the silo that it is active on.")
            {
                Examples = ["kad-cluster shards find greeting --token-file operator.token", "kad-cluster shards find --number 17 --json --token-file operator.token"],
            }).With(number),
            parsed => ApiRequest.Get((parsed.GetValue(number), key.IsGiven(parsed)) switch
            {
                ({ } shard, false) => $"{Path}/{Uri.EscapeDataString(shard)}",
                (null, true) => key.PathOf(parsed, "/shard"),
                ({ } shard, true) => throw CommandException.WrongUsage($"Both a key and --number '{shard}' are given; one of them is needed."),
                _ => throw CommandException.WrongUsage("No shard is given; KEY, --digest HEX or --number N is needed."),
            }),
            static (printer, result) =>
            {
                var silos = result.List("silos");
                printer.Line($"Shard {result.Text("number")} (in logs {result.Text("name")}) is "
                    + (silos.Count > 0 ? $"active on {string.Join(", ", silos)}." : "not active."));
                if (result.List("missing") is { Count: > 0 } missing)
                {
                    printer.Note($"These silos do not respond, so it may be active there: {string.Join(", ", missing)}.");
                }
            });
    }

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
