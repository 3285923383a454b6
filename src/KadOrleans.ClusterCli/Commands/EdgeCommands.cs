using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster edges</c>: the names of a cluster's edges and their leases.</summary>
internal static class EdgeCommands
{
    private const string Path = "/v1/admin/edges";

    public static Command Create(CommandIo io) => new ExampleCommand("edges", "List edges with their leases, drain and resume them, rotate their ids, forget names.")
    {
        Examples = ["kad-cluster edges list --token-file operator.token", "kad-cluster edges drain edge-3 --token-file operator.token"],
    }.With(
        List(io),
        Change(io, "drain", "End an edge's lease and give it no other: it stops answering within 10 s, and its ids stay reserved.", "drain"),
        Change(io, "resume", "End a drain.", "resume"),
        Change(io, "rotate-ids", "Give an edge other node ids, within 10 s.", "rotateIds"),
        Change(io, "forget", "Remove a name and its ids. Not of a live edge.", "forget"));

    private static Command List(CommandIo io) => ApiCommand.Create(
        io,
        new ExampleCommand("list", "List the names of edges. A silent one was killed, or does not reach the cluster.")
        {
            Examples = ["kad-cluster edges list --token-file operator.token", "kad-cluster edges list --json --token-file operator.token"],
        },
        static _ => ApiRequest.Get(Path),
        static (printer, result) => printer.Table(
            ["name", "state", "ids", "endpoint", "contacts", "epoch", "last seen"],
            [
                .. result.List("edges").Select(edge => new[]
                {
                    edge.Text("name"), edge.Text("state"), $"{edge.List("ids").Count}", string.Join(' ', edge.List("endpoints").Take(1)),
                    edge.Text("contacts"), edge.Text("epoch"), edge.Text("lastSeen"),
                }),
            ]));

    private static Command Change(CommandIo io, string name, string description, string action)
    {
        var edge = new Argument<string>("NAME") { Description = "The edge's name." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description)
            {
                Examples = [$"kad-cluster edges {name} edge-3 --token-file operator.token", $"kad-cluster edges {name} edge-3 --json --token-file operator.token"],
            }.With(edge),
            parsed => new ApiRequest(
                HttpMethod.Post, $"{Path}/{Uri.EscapeDataString(parsed.GetValue(edge)!)}" + ApiRequest.QueryOf(("action", action))),
            static (printer, result) => printer.Line(result.Text("changed") == "true" ? "Done." : "It was so already."));
    }
}

/// <summary><c>kad-cluster contact</c>: what tables know of a contact, and its end there.</summary>
internal static class ContactCommands
{
    private const string Path = "/v1/admin/contacts/";

    public static Command Create(CommandIo io) => new ExampleCommand("contact", "Look at a contact of the routing tables, or drop it.")
    {
        Examples =
        [
            "kad-cluster contact show 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
            "kad-cluster contact drop 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
        ],
    }.With(
        Command(io, "show", "Show what each routing table knows of a contact.", HttpMethod.Get, static (printer, result) => printer.Rows(
            result.List("contacts"),
            ("table", "table"), ("endpoint", "endpoint"), ("waits", "isReplacement"), ("first seen", "firstSeen"), ("last seen", "lastSeen"), ("failures", "failures"))),
        Command(io, "drop", "Drop a contact from all routing tables. It comes back when it is heard of again.", HttpMethod.Delete, static (printer, result) =>
            printer.Line($"It left {result.Text("tables")} tables.")));

    private static Command Command(
        CommandIo io, string name, string description, HttpMethod method, Action<KadOrleans.Cli.Output.ResultPrinter, System.Text.Json.Nodes.JsonObject> print)
    {
        var id = new Argument<string>("ID") { Description = "The contact's node id: 40 hexadecimal digits." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description)
            {
                Examples =
                [
                    $"kad-cluster contact {name} 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
                    $"kad-cluster contact {name} 356a192b7913b04c54574d18c28d46e6395428ab --token-file operator.token --json",
                ],
            }.With(id),
            parsed => new ApiRequest(method, Path + Keys.ParseId("ID", parsed.GetValue(id)!)),
            print);
    }
}

/// <summary><c>kad-cluster run</c>: begins work now that is done at intervals otherwise.</summary>
internal static class RunCommand
{
    public static Command Create(CommandIo io)
    {
        var work = new Argument<string>("WORK") { Description = "refresh (all buckets), walk (a random one) or republish (what is due)." };
        return ApiCommand.Create(
            io,
            new ExampleCommand("run", "Begin work now that is done at intervals otherwise.")
            {
                Examples = ["kad-cluster run refresh --data kad-data", "kad-cluster run republish --token-file operator.token"],
            }.With(work),
            parsed => new ApiRequest(HttpMethod.Post, "/v1/admin/run" + ApiRequest.QueryOf(("work", parsed.GetValue(work)))),
            static (printer, result) => printer.Line($"Begun by {result.Text("begun")}; see the log or the metrics for its end."));
    }
}

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
