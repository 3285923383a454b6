namespace KadOrleans.Cli;

/// <summary><c>kad admin bans</c>: ids and address ranges that get no response and are not asked.</summary>
internal static class BanCommands
{
    private const string Path = "/v1/admin/bans";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("bans", "List, make and end bans of node ids and addresses.")
    {
        Aliases = { "ban" },
        Examples = ApiCommand.Examples("bans", "bans add 203.0.113.0/24", "bans remove 203.0.113.0/24"),
    }.With(
        List(io, new ExampleCommand("list", "List the bans in force.") { Examples = ApiCommand.Examples("bans list") }),
        Change(io, "add", "Ban a node id, an address or a range: it leaves the tables, gets no response, and is not asked.", HttpMethod.Put, "banned"),
        Change(io, "remove", "End a ban, given as the list has it.", HttpMethod.Delete, "no longer banned")));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) =>
    {
        printer.Rows(result.List("bans"), ("ban", "ban"), ("since", "since"));
        printer.NoteMissing(result);
    });

    private static Command Change(CommandIo io, string name, string description, HttpMethod method, string outcome)
    {
        var ban = new Argument<string>("BAN") { Description = "An id of 40 hexadecimal digits, an address, or ADDRESS/LENGTH." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description) { Examples = ApiCommand.Examples($"bans {name} 203.0.113.0/24", $"bans {name} 2001:db8::/48") }.With(ban),
            parsed => new ApiRequest(method, Path + ApiRequest.QueryOf(("ban", parsed.GetValue(ban)))),
            (printer, result) =>
            {
                printer.Line($"{result.Text("ban")} is {outcome}.");
                printer.NoteMissing(result);
            });
    }
}

/// <summary><c>kad admin limits</c>: quotas and rates that are changed without a restart.</summary>
internal static class LimitCommands
{
    private const string Path = "/v1/admin/limits";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("limits", "List the limits, or change one while the node or the cluster runs.")
    {
        Aliases = { "limit" },
        Examples = ApiCommand.Examples("limits", "limits set totalKeys 500000"),
    }.With(
        List(io, new ExampleCommand("list", "List the limits.") { Examples = ApiCommand.Examples("limits list") }),
        Set(io),
        Reset(io)));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) =>
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
        var (name, value) = (Name(), new Argument<string>("VALUE") { Description = "A whole number of the limit's unit." });
        return ApiCommand.Create(
            io,
            new ExampleCommand("set", "Change a limit. It holds in place of the setting, after restarts too.")
            {
                Examples = ApiCommand.Examples("limits set totalKeys 500000", "limits set requestsPerSource 1000"),
            }.With(name, value),
            parsed => new ApiRequest(HttpMethod.Put, PathOf(parsed.GetValue(name)!) + ApiRequest.QueryOf(("value", parsed.GetValue(value)))),
            static (printer, result) => Print(printer, result, result.Text("value")));
    }

    private static Command Reset(CommandIo io)
    {
        var name = Name();
        return ApiCommand.Create(
            io,
            new ExampleCommand("reset", "Set a limit back to the setting.")
            {
                Examples = ApiCommand.Examples("limits reset totalKeys", "limits reset upload"),
            }.With(name),
            parsed => new ApiRequest(HttpMethod.Delete, PathOf(parsed.GetValue(name)!)),
            static (printer, result) => Print(printer, result, "as the setting says"));
    }

    private static Argument<string> Name() => new("NAME") { Description = "A limit of the list, such as totalKeys." };

    private static string PathOf(string name) => $"{Path}/{Uri.EscapeDataString(name)}";

    private static void Print(ResultPrinter printer, JsonObject result, string outcome)
    {
        printer.Line($"{result.Text("name")} is {outcome}.");
        printer.NoteMissing(result);
    }
}
