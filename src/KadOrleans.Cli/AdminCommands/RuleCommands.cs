namespace KadOrleans.Cli;

internal static class BanCommands
{
    private const string Path = "/v1/admin/bans";

    public static Command Create(CommandIo io) => ApiCommand.Group(
        ApiCommand.Verb(
            "bans",
            "List, make and end bans of node ids, addresses and owners of items.",
            "bans", "bans add 203.0.113.0/24", "bans remove 203.0.113.0/24").Alias("ban"),
        command => List(io, command),
        ApiCommand.Verb("list", "List the bans in force.", "bans list"),
        Change(
            io,
            "add",
            "Ban a node id, an address or a range: it leaves the tables, gets no response, and is not asked. Or an owner, whose items are refused.",
            static ban => new ApiRequest(HttpMethod.Put, Path, new JsonObject { ["ban"] = ban }),
            "banned"),
        Change(
            io,
            "remove",
            "End a ban, written as 'bans list' shows it.",
            static ban => new ApiRequest(HttpMethod.Delete, Path + ApiRequest.QueryOf(("ban", ban))),
            "no longer banned"));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) =>
    {
        printer.Rows(result.List("bans"), ("ban", "ban"), ("since", "since"));
        printer.SayMissing(result);
    });

    private static Command Change(CommandIo io, string name, string description, Func<string, ApiRequest> request, string outcome)
    {
        var ban = new Argument<string>("BAN") { Description = "An id of 40 hexadecimal digits, an owner's public key of 64, an address, or ADDRESS/LENGTH." };
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(name, description, $"bans {name} 203.0.113.0/24", $"bans {name} 2001:db8::/48").With(ban),
            parsed => request(parsed.GetValue(ban) is var given && Ban.TryParse(given, out _)
                ? given
                : throw CommandException.WrongUsage($"BAN is '{given}'; {Ban.Allowed}.")),
            (printer, result) => printer.Changed(result, "ban", outcome));
    }
}

internal static class LimitCommands
{
    private const string Path = "/v1/admin/limits";

    public static Command Create(CommandIo io) => ApiCommand.Group(
        ApiCommand.Verb(
            "limits",
            "List the limits, or change one while the node or the cluster runs.",
            "limits", "limits set totalKeys 500000").Alias("limit"),
        command => List(io, command),
        ApiCommand.Verb("list", "List the limits.", "limits list"),
        Set(io),
        Reset(io));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) =>
    {
        printer.Rows(
            result.List("limits"),
            ("limit", "name"), ("value", "value"), ("setting", "setting"), ("least", "least"), ("most", "most"), ("unit", "unit"), ("changed", "since"));
        if (result.List("limits").Any(limit => limit.Text("setting").Length == 0))
        {
            printer.Say("A limit without a setting: each edge has its own.");
        }

        printer.SayMissing(result);
    });

    private static Command Set(CommandIo io)
    {
        var (name, value) = (Name(), new Argument<string>("VALUE") { Description = "A whole number, within the bounds that 'limits list' shows." });
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(
                "set",
                "Change a limit. It holds in place of the setting, after restarts too.",
                "limits set totalKeys 500000", "limits set requestsPerSource 1000").With(name, value),
            parsed => new ApiRequest(
                HttpMethod.Put, PathOf(parsed.GetValue(name)!), new JsonObject { ["value"] = ReadValue(parsed.GetValue(value)!) }),
            static (printer, result) => printer.Changed(result, "name", result.Text("value")));
    }

    // The server has the bounds.
    private static long ReadValue(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw CommandException.WrongUsage($"VALUE is '{text}'; {Numbers.Whole} is needed, within the bounds that 'kad admin limits' shows.");

    private static Command Reset(CommandIo io)
    {
        var name = Name();
        return ApiCommand.Create(
            io,
            ApiCommand.Verb("reset", "Set a limit back to the setting.", "limits reset totalKeys", "limits reset upload").With(name),
            parsed => new ApiRequest(HttpMethod.Delete, PathOf(parsed.GetValue(name)!)),
            static (printer, result) => printer.Changed(result, "name", "as the setting says"));
    }

    private static Argument<string> Name() => new("NAME") { Description = "A limit's name, as 'limits list' shows it, such as totalKeys." };

    private static string PathOf(string name) => $"{Path}/{Uri.EscapeDataString(name)}";
}
