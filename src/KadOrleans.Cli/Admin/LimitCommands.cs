using KadOrleans.Cli.Commands;

namespace KadOrleans.Cli.Admin;

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
        var value = new Argument<string>("VALUE") { Description = "A whole number of the limit's unit." };
        return Change(
            io,
            new ExampleCommand("set", "Change a limit. It holds in place of the setting, after restarts too.")
            {
                Examples = ApiCommand.Examples("limits set totalKeys 500000", "limits set requestsPerSource 1000"),
            },
            value,
            HttpMethod.Put,
            static result => result.Text("value"));
    }

    private static Command Reset(CommandIo io) => Change(
        io,
        new ExampleCommand("reset", "Set a limit back to the setting.") { Examples = ApiCommand.Examples("limits reset totalKeys", "limits reset upload") },
        null,
        HttpMethod.Delete,
        static _ => "as the setting says");

    private static Command Change(
        CommandIo io, ExampleCommand command, Argument<string>? value, HttpMethod method, Func<JsonObject, string> outcome)
    {
        var name = new Argument<string>("NAME") { Description = "A limit of the list, such as totalKeys." };
        command.Add(name);
        if (value is not null)
        {
            command.Add(value);
        }

        return ApiCommand.Create(
            io,
            command,
            parsed => new ApiRequest(
                method,
                $"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}" + ApiRequest.QueryOf(("value", value is null ? null : parsed.GetValue(value)))),
            (printer, result) =>
            {
                printer.Line($"{result.Text("name")} is {outcome(result)}.");
                printer.NoteMissing(result);
            });
    }
}
