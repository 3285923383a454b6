using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster limits</c>: quotas and rates that are changed without a restart.</summary>
internal static class LimitCommands
{
    private const string Path = "/v1/admin/limits";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("limits", "List the limits, or change one while the node or the cluster runs.")
    {
        Aliases = { "limit" },
        Examples = ["kad-cluster limits --data kad-data", "kad-cluster limits set totalKeys 500000 --token-file operator.token"],
    }.With(
        List(io, new ExampleCommand("list", "List the limits.")
        {
            Examples = ["kad-cluster limits list --data kad-data", "kad-cluster limits list --json --token-file operator.token"],
        }),
        Set(io),
        Reset(io)));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.Create(
        io,
        command,
        static _ => ApiRequest.Get(Path),
        static (printer, result) =>
        {
            printer.Rows(
                result.List("limits"),
                ("limit", "name"),
                ("value", "value"),
                ("setting", "setting"),
                ("least", "least"),
                ("most", "most"),
                ("unit", "unit"),
                ("changed", "since"));
            if (result.List("limits").Any(limit => limit.Text("setting").Length == 0))
            {
                printer.Note("A limit without a setting: each edge has its own.");
            }

            printer.NoteMissing(result);
        });

    private static Command Set(CommandIo io)
    {
        var name = Name();
        var value = new Argument<string>("VALUE") { Description = "A whole number of the limit's unit." };
        return ApiCommand.Create(
            io,
            new ExampleCommand("set", "Change a limit. It holds in place of the setting, after restarts too.")
            {
                Examples = ["kad-cluster limits set totalKeys 500000 --data kad-data", "kad-cluster limits set requestsPerSource 1000 --token-file operator.token"],
            }.With(name, value),
            parsed => new ApiRequest(HttpMethod.Put, PathOf(parsed, name) + ApiRequest.QueryOf(("value", parsed.GetValue(value)))),
            static (printer, result) =>
            {
                printer.Line($"{result.Text("name")} is {result.Text("value")}.");
                printer.NoteMissing(result);
            });
    }

    private static Command Reset(CommandIo io)
    {
        var name = Name();
        return ApiCommand.Create(
            io,
            new ExampleCommand("reset", "Set a limit back to the setting.")
            {
                Examples = ["kad-cluster limits reset totalKeys --data kad-data", "kad-cluster limits reset upload --token-file operator.token"],
            }.With(name),
            parsed => new ApiRequest(HttpMethod.Delete, PathOf(parsed, name)),
            static (printer, result) =>
            {
                printer.Line($"{result.Text("name")} is as the setting says.");
                printer.NoteMissing(result);
            });
    }

    private static Argument<string> Name() => new("NAME") { Description = "A limit of the list, such as totalKeys." };

    private static string PathOf(ParseResult parsed, Argument<string> name) => $"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}";
}
